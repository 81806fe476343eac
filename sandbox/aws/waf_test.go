package aws

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func seen(metric string) map[string]any {
	return map[string]any{"cloudwatchMetricsEnabled": true, "metricName": metric, "sampledRequestsEnabled": true}
}

func aclOf(scope string, rules ...any) map[string]any {
	return map[string]any{"scope": scope, "defaultAction": map[string]any{"allow": map[string]any{}}, "visibilityConfig": seen("all"), "rules": rules}
}

// ruleOf is a rule that blocks.
func ruleOf(name string, priority int, statement map[string]any) map[string]any {
	return map[string]any{
		"name": name, "priority": priority, "statement": statement, "visibilityConfig": seen(name),
		"action": map[string]any{"block": map[string]any{}},
	}
}

func groupOf(name string, priority int, group string) map[string]any {
	return with(ruleOf(name, priority, map[string]any{"managedRuleGroupStatement": map[string]any{"vendorName": "AWS", "name": group}}),
		map[string]any{"action": nil, "overrideAction": map[string]any{"none": map[string]any{}}})
}

func rateOf(limit int) map[string]any {
	return map[string]any{"rateBasedStatement": map[string]any{"limit": limit, "aggregateKeyType": "IP"}}
}

func uriMatch(constraint, transformation string) map[string]any {
	return map[string]any{"byteMatchStatement": map[string]any{
		"searchString": "/x", "positionalConstraint": constraint, "fieldToMatch": map[string]any{"uriPath": map[string]any{}},
		"textTransformations": []any{map[string]any{"priority": 0, "type": transformation}},
	}}
}

func TestWebACL_CapacityIsTheSumOfItsRules(t *testing.T) {
	w := newWorld(t)
	not := func(s map[string]any) map[string]any {
		return map[string]any{"notStatement": map[string]any{"statements": []any{s}}}
	}
	scoped := rateOf(100)
	scoped["rateBasedStatement"].(map[string]any)["scopeDownStatement"] = uriMatch("STARTS_WITH", "LOWERCASE")
	for name, c := range map[string]struct {
		rules []any
		want  float64
	}{
		"none":       {nil, 0},
		"groups":     {[]any{groupOf("a", 0, "AWSManagedRulesCommonRuleSet"), groupOf("b", 1, "AWSManagedRulesSQLiRuleSet"), groupOf("c", 2, "AWSManagedRulesAmazonIpReputationList")}, 925},
		"rate":       {[]any{ruleOf("a", 0, rateOf(10))}, 2},
		"scoped":     {[]any{ruleOf("a", 0, scoped)}, 2 + 2 + 10},
		"once":       {[]any{ruleOf("a", 0, uriMatch("EXACTLY", "LOWERCASE")), ruleOf("b", 1, not(uriMatch("CONTAINS", "LOWERCASE")))}, 2 + 10 + 10},
		"none given": {[]any{ruleOf("a", 0, uriMatch("EXACTLY", "NONE"))}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			acl := w.make(typeWebACL, aclOf("REGIONAL", c.rules...))
			assert.Equal(t, c.want, acl.outputs["capacity"])
		})
	}
}

func TestWebACL_TakesRulesAsTheAPIWritesThem(t *testing.T) {
	w := newWorld(t)
	rule := func(limit int) string {
		return fmt.Sprintf(`[{"Name":"rate","Priority":1,"Action":{"Block":{}},"Statement":{"RateBasedStatement":{"Limit":%d,"AggregateKeyType":"IP",
			"ScopeDownStatement":{"NotStatement":{"Statement":{"IPSetReferenceStatement":{"ARN":"a","IPSetForwardedIPConfig":{"Position":"ANY"}}}}}}},
			"VisibilityConfig":{"CloudWatchMetricsEnabled":true,"MetricName":"rate","SampledRequestsEnabled":true}}]`, limit)
	}
	acl := with(aclOf("REGIONAL"), map[string]any{"rules": nil, "ruleJson": rule(10)})
	assert.Equal(t, 2.0+5, w.make(typeWebACL, acl).outputs["capacity"])
	_, err := w.try(typeWebACL, with(acl, map[string]any{"ruleJson": rule(9)}))
	assert.ErrorContains(t, err, "limit: must be between 10 and 2000000000, got 9")
	_, err = w.try(typeWebACL, with(acl, map[string]any{"ruleJson": "{"}))
	assert.ErrorContains(t, err, "ruleJson: must be a JSON list")
}

func TestWebACL_Refuses(t *testing.T) {
	w := newWorld(t)
	var heavy []any
	for i := range 8 {
		heavy = append(heavy, groupOf(fmt.Sprintf("g%d", i), i, "AWSManagedRulesCommonRuleSet"))
	}
	edited := func(rule, edit map[string]any) map[string]any { return aclOf("REGIONAL", with(rule, edit)) }
	override := map[string]any{"managedRuleGroupStatement": map[string]any{
		"vendorName": "AWS", "name": "AWSManagedRulesSQLiRuleSet",
		"ruleActionOverrides": []any{map[string]any{"name": "SQLi_Everything", "actionToUse": map[string]any{"count": map[string]any{}}}},
	}}
	w.make(typeWebACL, with(aclOf("REGIONAL"), map[string]any{"name": "one"}))
	w.refuses(t, map[string]refusal{
		"name twice":        {typeWebACL, with(aclOf("REGIONAL"), map[string]any{"name": "one"}), "WAFDuplicateItemException"},
		"scope":             {typeWebACL, aclOf("GLOBAL"), "scope: must be one of"},
		"default action":    {typeWebACL, with(aclOf("REGIONAL"), map[string]any{"defaultAction": map[string]any{}}), "must be one of allow, block"},
		"too heavy":         {typeWebACL, aclOf("REGIONAL", heavy...), "takes 5600 WCU; the limit is 5000"},
		"rate below floor":  {typeWebACL, aclOf("REGIONAL", ruleOf("a", 0, rateOf(9))), "limit: must be between 10"},
		"priority twice":    {typeWebACL, aclOf("REGIONAL", ruleOf("a", 3, rateOf(10)), ruleOf("b", 3, rateOf(10))), "rules[0] has the priority 3 too"},
		"rule twice":        {typeWebACL, aclOf("REGIONAL", ruleOf("a", 1, rateOf(10)), ruleOf("a", 2, rateOf(10))), `two rules are called "a"`},
		"metric twice":      {typeWebACL, edited(ruleOf("a", 1, rateOf(10)), map[string]any{"visibilityConfig": seen("all")}), `metricName: is used twice, got "all"`},
		"reserved metric":   {typeWebACL, edited(ruleOf("a", 1, rateOf(10)), map[string]any{"visibilityConfig": seen("All")}), "neither All nor Default_Action"},
		"no such group":     {typeWebACL, aclOf("REGIONAL", groupOf("a", 0, "AWSManagedRulesEverything")), "the stand-in knows the rule groups"},
		"no such rule":      {typeWebACL, edited(groupOf("a", 0, ""), map[string]any{"statement": override}), `has no rule "SQLi_Everything"`},
		"bots unconfigured": {typeWebACL, aclOf("REGIONAL", groupOf("a", 0, "AWSManagedRulesBotControlRuleSet")), "managedRuleGroupConfigs: is required"},
		"action of a group": {typeWebACL, edited(groupOf("a", 0, "AWSManagedRulesSQLiRuleSet"), map[string]any{"overrideAction": nil, "action": map[string]any{"block": map[string]any{}}}), "has overrideAction instead"},
		"no action":         {typeWebACL, edited(ruleOf("a", 0, rateOf(10)), map[string]any{"action": nil}), "action: must be one of [allow block captcha challenge count]"},
		"no statement":      {typeWebACL, aclOf("REGIONAL", ruleOf("a", 0, map[string]any{})), "must have exactly one statement"},
		"rate within":       {typeWebACL, aclOf("REGIONAL", ruleOf("a", 0, map[string]any{"notStatement": map[string]any{"statements": []any{rateOf(10)}}})), "rateBasedStatement: cannot be nested"},
		"window":            {typeWebACL, aclOf("REGIONAL", ruleOf("a", 0, map[string]any{"rateBasedStatement": map[string]any{"limit": 10, "evaluationWindowSec": 90}})), "must be one of [60 120 300 600]"},
		"forwarded":         {typeWebACL, aclOf("REGIONAL", ruleOf("a", 0, map[string]any{"rateBasedStatement": map[string]any{"limit": 10, "aggregateKeyType": "FORWARDED_IP"}})), "forwardedIpConfig: is required"},
		"not known":         {typeWebACL, edited(groupOf("a", 0, ""), map[string]any{"statement": map[string]any{"ruleGroupReferenceStatement": map[string]any{"arn": "a"}}}), "does not know the capacity of the statement"},
	})
}

func TestWebACLLogging_Refuses(t *testing.T) {
	w := newWorld(t)
	acl := w.make(typeWebACL, aclOf("REGIONAL"))
	good := w.make(typeLogGroup, map[string]any{"name": "aws-waf-logs-dev"})
	bad := w.make(typeLogGroup, map[string]any{"name": "waf-dev"})
	redact := func(field map[string]any) map[string]any {
		return map[string]any{"redactedFields": []any{field}}
	}
	logging := map[string]any{"resourceArn": acl.outputs.str("arn"), "logDestinationConfigs": []any{good.outputs.str("arn")}}
	to := func(arns ...any) map[string]any { return map[string]any{"logDestinationConfigs": arns} }
	w.refusesChanges(t, typeWebACLLogging, logging, map[string]change{
		"no acl":        {map[string]any{"resourceArn": "x"}, "WAFNonexistentItemException"},
		"prefix":        {to(bad.outputs.str("arn")), `the name begins with aws-waf-logs-, got "waf-dev"`},
		"no group":      {to("arn:aws:logs:af-south-1:" + w.accountID() + ":log-group:aws-waf-logs-x"), "does not exist in af-south-1"},
		"other region":  {to("arn:aws:logs:us-east-1:" + w.accountID() + ":log-group:aws-waf-logs-dev"), "in the web ACL's account and region"},
		"no bucket":     {to("arn:aws:s3:::aws-waf-logs-none"), "The bucket aws-waf-logs-none does not exist"},
		"firehose":      {to("arn:aws:firehose:af-south-1:1:deliverystream/aws-waf-logs-x"), "it does not know Firehose"},
		"two":           {to("a", "b"), "must be one destination, got 2"},
		"header's case": {redact(map[string]any{"singleHeader": map[string]any{"name": "Authorization"}}), "lower-case characters"},
		"two in one":    {redact(map[string]any{"method": map[string]any{}, "uriPath": map[string]any{}}), "must be one of method"},
	})
	made := w.make(typeWebACLLogging, with(logging, redact(map[string]any{"singleHeader": map[string]any{"name": "authorization"}})))
	_, err := w.try(typeWebACLLogging, logging)
	assert.ErrorContains(t, err, "one resource would undo the other")
	require.NoError(t, w.delete(made))
}

package waf

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	aclToken         = "aws:wafv2/webAcl:WebAcl"
	loggingToken     = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
	associationToken = "aws:wafv2/webAclAssociation:WebAclAssociation"
	groupToken       = "aws:cloudwatch/logGroup:LogGroup"
	policyToken      = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
	aclARN           = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/x"
)

func defaults() *ACLArgs {
	return &ACLArgs{Name: "cloudinsight-prod", Region: "us-east-1", AccountID: pulumitest.AccountID, LogKeyARN: pulumi.String("arn:logs")}
}

func record(t *testing.T, args *ACLArgs) (*pulumitest.Recorder, *ACL, string, error) {
	t.Helper()
	var acl *ACL
	arn := make(chan string, 1)
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) (err error) {
		if acl, err = NewACL(ctx, "edge", args); err != nil {
			arn <- ""
			return err
		}
		acl.ARN.ApplyT(func(text string) string { arn <- text; return text })
		return nil
	}, pulumitest.Outputs(aclToken, func(*pulumitest.Resource) map[string]any { return map[string]any{"arn": aclARN} }))
	return rec, acl, <-arn, err
}

func TestACL_DefaultsAreForProduction(t *testing.T) {
	rec, acl, arn, err := record(t, defaults())
	require.NoError(t, err)
	assert.Equal(t, aclARN, arn)
	assert.Equal(t, 1177, acl.Capacity)
	made := rec.Named(t, aclToken, "edge")
	for path, want := range map[string]any{
		"scope": "CLOUDFRONT", "defaultAction.allow": map[string]any{}, "defaultAction.block": nil, "name": nil,
		"visibilityConfig.metricName": "cloudinsight-prod", "visibilityConfig.sampledRequestsEnabled": false, "tags.Component": "waf",
		"rules[0].name": "rate-limit", "rules[0].priority": 10.0, "rules[0].action.block": map[string]any{}, "rules[0].overrideAction": nil,
		"rules[0].statement.rateBasedStatement.limit": 2000.0, "rules[0].statement.rateBasedStatement.evaluationWindowSec": 300.0,
		"rules[0].statement.rateBasedStatement.aggregateKeyType": "IP",
		"rules[3].name": "owasp-core", "rules[3].priority": 40.0, "rules[3].overrideAction.none": map[string]any{}, "rules[3].action": nil,
		"rules[3].statement.managedRuleGroupStatement.name":                                     "AWSManagedRulesCommonRuleSet",
		"rules[3].statement.managedRuleGroupStatement.vendorName":                               "AWS",
		"rules[3].statement.managedRuleGroupStatement.ruleActionOverrides[0].name":              "SizeRestrictions_BODY",
		"rules[3].statement.managedRuleGroupStatement.ruleActionOverrides[0].actionToUse.count": map[string]any{},
		"rules[5].visibilityConfig.metricName":                                                  "sql-injection", "rules[5].visibilityConfig.sampledRequestsEnabled": false, "rules[6]": nil,
	} {
		assert.Equal(t, want, made.Input(path), path)
	}
	assert.Zero(t, rec.Count(associationToken))
}

func TestACL_LogsWhatMattersAndNoCredentials(t *testing.T) {
	rec, acl, _, err := record(t, defaults())
	require.NoError(t, err)
	group := rec.Named(t, groupToken, "edge")
	assert.Equal(t, "aws-waf-logs-cloudinsight-prod", group.Input("name"))
	assert.Equal(t, acl.LogGroup, group.Input("name"))
	assert.Equal(t, 90.0, group.Input("retentionInDays"))
	assert.Equal(t, "arn:logs", group.Input("kmsKeyId"))

	logging := rec.Named(t, loggingToken, "edge")
	assert.True(t, logging.DependsOnNamed(groupToken, "edge"))
	assert.True(t, logging.DependsOnNamed(policyToken, "edge"), "WAF may write before it is told to")
	assert.Equal(t, aclARN, logging.Input("resourceArn"))
	assert.Equal(t, []any{
		map[string]any{"singleHeader": map[string]any{"name": "authorization"}}, map[string]any{"singleHeader": map[string]any{"name": "cookie"}},
	}, logging.Input("redactedFields"))
	assert.Equal(t, "DROP", logging.Input("loggingFilter.defaultBehavior"))
	assert.Equal(t, "KEEP", logging.Input("loggingFilter.filters[0].behavior"))
	assert.Equal(t, "MEETS_ANY", logging.Input("loggingFilter.filters[0].requirement"))
	assert.Equal(t, "BLOCK", logging.Input("loggingFilter.filters[0].conditions[0].actionCondition.action"))
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Sid": "DeliverWebACLLogs", "Effect": "Allow",
		"Principal": {"Service": ["delivery.logs.amazonaws.com"]}, "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
		"Resource": ["arn:aws:logs:us-east-1:111122223333:log-group:aws-waf-logs-cloudinsight-prod:*"], "Condition": {
			"StringEquals": {"aws:SourceAccount": ["111122223333"]}, "ArnLike": {"aws:SourceArn": ["arn:aws:logs:us-east-1:111122223333:*"]}}}]}`,
		rec.Named(t, policyToken, "edge").Input("policyDocument").(string))
}

func TestACL_EverythingSet(t *testing.T) {
	args := defaults()
	args.Region, args.Regional, args.CapacityBudget, args.LogRetentionDays, args.LogAllowed = "af-south-1", true, 2000, 7, true
	args.Rules = []Rule{{Kind: SQLInjection, Count: true}, {Kind: RateLimit, Limit: 100, WindowSeconds: 60, Count: true}}
	args.RedactHeaders = []string{"x-api-key"}
	args.LoadBalancers = map[string]pulumi.StringInput{"public": pulumi.String("arn:alb")}
	rec, acl, _, err := record(t, args)
	require.NoError(t, err)
	assert.Equal(t, 202, acl.Capacity)
	made := rec.Named(t, aclToken, "edge")
	for path, want := range map[string]any{
		"scope": "REGIONAL", "rules[0].overrideAction.count": map[string]any{}, "rules[0].overrideAction.none": nil,
		"rules[1].action.count": map[string]any{}, "rules[1].action.block": nil, "rules[1].priority": 20.0,
		"rules[1].statement.rateBasedStatement.limit": 100.0, "rules[1].statement.rateBasedStatement.evaluationWindowSec": 60.0,
	} {
		assert.Equal(t, want, made.Input(path), path)
	}
	association := rec.Named(t, associationToken, "edge-public")
	assert.Equal(t, "arn:alb", association.Input("resourceArn"))
	assert.Equal(t, aclARN, association.Input("webAclArn"))
	logging := rec.Named(t, loggingToken, "edge")
	assert.Nil(t, logging.Input("loggingFilter"))
	assert.Equal(t, "x-api-key", logging.Input("redactedFields[2].singleHeader.name"))
	assert.Equal(t, 7.0, rec.Named(t, groupToken, "edge").Input("retentionInDays"))
	assert.Len(t, rec.Children(rec.Named(t, aclType, "edge")), len(rec.All())-1, "all are its children")
}

func TestACL_LeavesTheCallersRulesAlone(t *testing.T) {
	args := defaults()
	args.Rules = []Rule{{Kind: RateLimit}}
	_, _, _, err := record(t, args)
	require.NoError(t, err)
	assert.Equal(t, []Rule{{Kind: RateLimit}}, args.Rules)
}

func TestACL_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ACLArgs)
		want   string
	}{
		"name":        {func(a *ACLArgs) { a.Name = "Cloud Insight" }, "name: must match"},
		"account":     {func(a *ACLArgs) { a.AccountID = "1" }, `account id: must be twelve digits, got "1"`},
		"region":      {func(a *ACLArgs) { a.Region = "af-south-1" }, `region: must be us-east-1 for CloudFront, got "af-south-1"`},
		"no region":   {func(a *ACLArgs) { a.Region, a.Regional = "", true }, "region: is required"},
		"rule":        {func(a *ACLArgs) { a.Rules = []Rule{{Kind: RateLimit, Limit: 9}} }, "rules[0]: limit: must be between 10"},
		"over budget": {func(a *ACLArgs) { a.CapacityBudget = 1176 }, "rules: must need 1176 capacity units at most, got 1177"},
		"over price": {func(a *ACLArgs) {
			a.Rules = append(DefaultRules(), Rule{Kind: Linux}, Rule{Kind: POSIX}, Rule{Kind: AdminProtection})
		}, "rules: must need 1500 capacity units at most, got 1577"},
		"budget":       {func(a *ACLArgs) { a.CapacityBudget = 5001 }, "capacity budget: must be between 1 and 5000, got 5001"},
		"alb":          {func(a *ACLArgs) { a.LoadBalancers = map[string]pulumi.StringInput{"a": pulumi.String("x")} }, "load balancers: must be left out where the ACL is CloudFront's"},
		"no key":       {func(a *ACLArgs) { a.LogKeyARN = nil }, "log key: is required"},
		"retention":    {func(a *ACLArgs) { a.LogRetentionDays = -1 }, "log retention: must be positive, got -1 days"},
		"header":       {func(a *ACLArgs) { a.RedactHeaders = []string{"X-Api-Key"} }, `redact headers[0]: must match`},
		"all together": {func(a *ACLArgs) { *a = ACLArgs{} }, "log key: is required"},
	} {
		t.Run(name, func(t *testing.T) {
			args := defaults()
			c.change(args)
			rec, _, _, err := record(t, args)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All(), "nothing is registered")
		})
	}
	_, _, _, err := record(t, nil)
	assert.ErrorContains(t, err, `web acl "edge": name: must match`)
}

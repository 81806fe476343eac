package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// rulesOf are the rules of a web ACL, from whichever of the two properties has them, in the words of the SDK.
func rulesOf(in props) ([]props, error) {
	text := in.str("ruleJson")
	if text == "" {
		return in.objects("rules"), nil
	}
	var raw []map[string]any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, fmt.Errorf("ruleJson: must be a JSON list of rules as the WAF API has them: %w", err)
	}
	var rules []props
	for _, r := range raw {
		m, _ := sdkWords(r).(map[string]any)
		rules = append(rules, m)
	}
	return rules, nil
}

// sdkWords turns the API's names of properties into those of the SDK: IPSetReferenceStatement is ipSetReferenceStatement.
func sdkWords(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[sdkWord(k)] = sdkWords(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = sdkWords(e)
		}
		return out
	}
	return v
}

func sdkWord(name string) string {
	if name == "" {
		return name
	}
	if name == strings.ToUpper(name) {
		return strings.ToLower(name)
	}
	for api, sdk := range map[string]string{
		"IPSet": "ipSet", "HTTPMethod": "httpMethod", "JA3": "ja3", "JA4": "ja4", "CloudWatch": "cloudwatch",
		"ForwardedIPConfig": "forwardedIpConfig", "ForwardedIP": "forwardedIp", "AWSManagedRules": "awsManagedRules",
	} {
		if rest, ok := strings.CutPrefix(name, api); ok {
			return sdk + strings.ReplaceAll(rest, "IPConfig", "IpConfig")
		}
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// webACLRules judges the rules by themselves.
// https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html
func webACLRules(in props, p *problems) {
	rules, err := rulesOf(in)
	if err != nil {
		p.add("ruleJson", "%v", err)
		return
	}
	names, priorities, metrics := map[string]int{}, map[int]int{}, map[string]int{}
	if m := in.object("visibilityConfig").str("metricName"); m != "" {
		metrics[m] = -1
	}
	for i, rule := range rules {
		path := fmt.Sprintf("rules[%d]", i)
		name, m := rule.str("name"), rule.object("visibilityConfig").str("metricName")
		if rule.known("name") && !wafName.MatchString(name) {
			p.add(path+".name", "must match %s, got %q", wafName, name)
		}
		if _, twice := names[name]; twice && name != "" {
			p.add(path+".name", "WAFDuplicateItemException: two rules are called %q", name)
		}
		priority := rule.number("priority")
		if first, twice := priorities[priority]; twice && rule.known("priority") {
			p.add(path+".priority", "WAFInvalidParameterException: rules[%d] has the priority %d too", first, priority)
		}
		if priority < 0 {
			p.add(path+".priority", "must be at least 0, got %d", priority)
		}
		// AWS takes two rules with one metric and then counts both in it: no alarm could tell them apart.
		if _, twice := metrics[m]; twice && m != "" {
			p.add(path+".visibilityConfig.metricName", "is used twice, got %q", m)
		}
		names[name], metrics[m] = i, i
		if rule.known("priority") {
			priorities[priority] = i
		}
		metric(rule.object("visibilityConfig"), path+".visibilityConfig", p)
		ruleAction(rule, path, p)
		wafStatement(rule.object("statement"), path+".statement", 0, p)
	}
}

// ruleAction: rule groups have actions of their own and can only be overridden; every other rule has an action.
func ruleAction(rule props, path string, p *problems) {
	group := rule.object("statement").has("managedRuleGroupStatement") || rule.object("statement").has("ruleGroupReferenceStatement")
	wanted, other, allowed := "action", "overrideAction", []string{"allow", "block", "captcha", "challenge", "count"}
	if group {
		wanted, other, allowed = "overrideAction", "action", []string{"count", "none"}
	}
	if rule.has(other) {
		p.add(path+"."+other, "a rule with this statement has %s instead", wanted)
	}
	if got := oneStatement(rule.object(wanted)); !contains(allowed, got) && (rule.known(wanted) || !rule.has(wanted)) {
		p.add(path+"."+wanted, "must be one of %v, got %v", allowed, sortedKeys(rule.object(wanted)))
	}
}

// oneStatement returns the only property that is set, or "".
func oneStatement(s props) string {
	if keys := sortedKeys(s); len(keys) == 1 {
		return keys[0]
	}
	return ""
}

// wafStatement judges a statement and those within; depth 0 is a rule's own.
// https://docs.aws.amazon.com/waf/latest/APIReference/API_Statement.html
func wafStatement(s props, path string, depth int, p *problems) {
	typ := oneStatement(s)
	if typ == "" {
		if len(s) != 1 {
			p.add(path, "must have exactly one statement, got %v", sortedKeys(s))
		}
		return
	}
	body := s.object(typ)
	path += "." + typ
	if depth > 0 && contains([]string{"rateBasedStatement", "managedRuleGroupStatement", "ruleGroupReferenceStatement"}, typ) {
		p.add(path, "cannot be nested in another statement")
	}
	switch typ {
	case "andStatement", "orStatement":
		within := body.objects("statements")
		if len(within) < 2 && body.known("statements") {
			p.add(path+".statements", "must be at least 2, got %d", len(within))
		}
		for i, inner := range within {
			wafStatement(inner, fmt.Sprintf("%s.statements[%d]", path, i), depth+1, p)
		}
	case "notStatement":
		// The SDK has a list of one, the API a single one.
		for _, inner := range negated(body) {
			wafStatement(inner, path+".statements[0]", depth+1, p)
		}
	case "rateBasedStatement":
		rateStatement(body, path, p)
	case "managedRuleGroupStatement":
		groupStatement(body, path, p)
	}
	if down := body.object("scopeDownStatement"); down != nil {
		wafStatement(down, path+".scopeDownStatement", depth+1, p)
	}
}

func negated(body props) []props {
	if one := body.object("statement"); one != nil {
		return []props{one}
	}
	return body.objects("statements")
}

// rateStatement: https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html
func rateStatement(body props, path string, p *problems) {
	p.between(body, path+".limit", "limit", 10, 2000000000)
	if w := body.number("evaluationWindowSec"); body.known("evaluationWindowSec") && !slices.Contains([]int{60, 120, 300, 600}, w) {
		p.add(path+".evaluationWindowSec", "must be one of [60 120 300 600], got %d", w)
	}
	p.oneOf(body, path+".aggregateKeyType", "aggregateKeyType", "IP", "FORWARDED_IP", "CUSTOM_KEYS", "CONSTANT")
	for typ, name := range map[string]string{"FORWARDED_IP": "forwardedIpConfig", "CUSTOM_KEYS": "customKeys", "CONSTANT": "scopeDownStatement"} {
		if body.str("aggregateKeyType") == typ && !body.has(name) {
			p.add(path+"."+name, "is required for the aggregate key type %s", typ)
		}
	}
	if n := len(body.objects("customKeys")); n > 5 {
		p.add(path+".customKeys", "must be at most 5, got %d", n)
	}
}

func groupStatement(body props, path string, p *problems) {
	if !body.known("name") || !body.known("vendorName") {
		return
	}
	name := body.str("name")
	group, ok := managedRuleGroups[name]
	if !ok || body.str("vendorName") != "AWS" {
		p.add(path+".name", "WAFInvalidParameterException: the stand-in knows the rule groups of vendor AWS, %v, got %q of %q", sortedKeys(managedRuleGroups), name, body.str("vendorName"))
		return
	}
	for i, o := range body.objects("ruleActionOverrides") {
		at := fmt.Sprintf("%s.ruleActionOverrides[%d]", path, i)
		if !contains(group.rules, o.str("name")) && o.known("name") {
			p.add(at+".name", "%s has no rule %q that the stand-in knows; it knows %v", name, o.str("name"), group.rules)
		}
		if got := oneStatement(o.object("actionToUse")); !contains([]string{"allow", "block", "captcha", "challenge", "count"}, got) && o.known("actionToUse") {
			p.add(at+".actionToUse", "must be one action, got %v", sortedKeys(o.object("actionToUse")))
		}
	}
	if group.configured && !body.has("managedRuleGroupConfigs") {
		p.add(path+".managedRuleGroupConfigs", "is required for %s", name)
	}
}

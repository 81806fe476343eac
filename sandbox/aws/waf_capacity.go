package aws

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ruleGroup is a managed rule group.
type ruleGroup struct {
	capacity   int
	configured bool     // it needs a configuration of its own
	rules      []string // those whose action may be overridden, as far as the stand-in knows them
}

// managedRuleGroups are AWS's own, with their capacity.
// https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
var managedRuleGroups = map[string]ruleGroup{
	"AWSManagedRulesCommonRuleSet": {capacity: 700, rules: []string{
		"NoUserAgent_HEADER", "UserAgent_BadBots_HEADER", "SizeRestrictions_QUERYSTRING", "SizeRestrictions_Cookie_HEADER", "SizeRestrictions_BODY",
		"SizeRestrictions_URIPATH", "EC2MetaDataSSRF_BODY", "EC2MetaDataSSRF_COOKIE", "EC2MetaDataSSRF_URIPATH", "EC2MetaDataSSRF_QUERYARGUMENTS",
		"GenericLFI_QUERYARGUMENTS", "GenericLFI_URIPATH", "GenericLFI_BODY", "RestrictedExtensions_URIPATH", "RestrictedExtensions_QUERYARGUMENTS",
		"GenericRFI_QUERYARGUMENTS", "GenericRFI_BODY", "GenericRFI_URIPATH", "CrossSiteScripting_COOKIE", "CrossSiteScripting_QUERYARGUMENTS",
		"CrossSiteScripting_BODY", "CrossSiteScripting_URIPATH",
	}},
	"AWSManagedRulesKnownBadInputsRuleSet": {capacity: 200, rules: []string{
		"JavaDeserializationRCE_HEADER", "JavaDeserializationRCE_BODY", "JavaDeserializationRCE_URIPATH", "JavaDeserializationRCE_QUERYSTRING",
		"Host_localhost_HEADER", "PROPFIND_METHOD", "ExploitablePaths_URIPATH", "Log4JRCE_HEADER", "Log4JRCE_QUERYSTRING", "Log4JRCE_BODY", "Log4JRCE_URIPATH",
	}},
	"AWSManagedRulesSQLiRuleSet": {capacity: 200, rules: []string{
		"SQLi_QUERYARGUMENTS", "SQLiExtendedPatterns_QUERYARGUMENTS", "SQLi_BODY", "SQLiExtendedPatterns_BODY", "SQLi_COOKIE",
	}},
	"AWSManagedRulesAmazonIpReputationList": {capacity: 25, rules: []string{
		"AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList",
	}},
	"AWSManagedRulesAnonymousIpList":        {capacity: 50, rules: []string{"AnonymousIPList", "HostingProviderIPList"}},
	"AWSManagedRulesAdminProtectionRuleSet": {capacity: 100, rules: []string{"AdminProtection_URIPATH"}},
	"AWSManagedRulesLinuxRuleSet":           {capacity: 200},
	"AWSManagedRulesUnixRuleSet":            {capacity: 100},
	"AWSManagedRulesWindowsRuleSet":         {capacity: 200},
	"AWSManagedRulesPHPRuleSet":             {capacity: 100},
	"AWSManagedRulesWordPressRuleSet":       {capacity: 100},
	"AWSManagedRulesBotControlRuleSet":      {capacity: 50, configured: true},
	"AWSManagedRulesATPRuleSet":             {capacity: 50, configured: true},
	"AWSManagedRulesACFPRuleSet":            {capacity: 50, configured: true},
}

// capacityOf is what rules take, in web ACL capacity units.
// https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html and the page of each statement there.
func capacityOf(rules []props) (int, error) {
	u := &units{transformed: map[string]bool{}}
	for _, rule := range rules {
		if err := u.statement(rule.object("statement")); err != nil {
			return 0, fmt.Errorf("rule %q: %w", rule.str("name"), err)
		}
	}
	return u.total, nil
}

// units adds capacity up. A component of the request with a transformation is paid for once in a web ACL.
type units struct {
	total       int
	transformed map[string]bool
}

func (u *units) statement(s props) error {
	typ := oneStatement(s)
	body := s.object(typ)
	switch typ {
	case "geoMatchStatement", "labelMatchStatement", "asnMatchStatement":
		u.total++
	case "ipSetReferenceStatement":
		u.total++
		if body.object("ipSetForwardedIpConfig").str("position") == "ANY" {
			u.total += 4
		}
	case "andStatement", "orStatement":
		for _, inner := range body.objects("statements") {
			if err := u.statement(inner); err != nil {
				return err
			}
		}
	case "notStatement":
		for _, inner := range negated(body) {
			if err := u.statement(inner); err != nil {
				return err
			}
		}
	case "rateBasedStatement":
		u.total += 2 + 30*len(body.objects("customKeys"))
	case "managedRuleGroupStatement":
		u.total += managedRuleGroups[body.str("name")].capacity
	default:
		base, ok := matchUnits(typ, body)
		if !ok {
			return fmt.Errorf("aws stand-in: it does not know the capacity of the statement %q; add it to sandbox/aws", typ)
		}
		u.match(base, body)
	}
	if down := body.object("scopeDownStatement"); down != nil {
		return u.statement(down)
	}
	return nil
}

// matchUnits is what a statement takes that looks into a component of the request, before transformations.
func matchUnits(typ string, body props) (int, bool) {
	switch typ {
	case "byteMatchStatement":
		if contains([]string{"EXACTLY", "STARTS_WITH", "ENDS_WITH"}, body.str("positionalConstraint")) {
			return 2, true
		}
		return 10, true
	case "regexMatchStatement":
		return 3, true
	case "regexPatternSetReferenceStatement":
		return 25, true
	case "sizeConstraintStatement":
		return 1, true
	case "sqliMatchStatement":
		if body.str("sensitivityLevel") == "HIGH" {
			return 30, true
		}
		return 20, true
	case "xssMatchStatement":
		return 40, true
	}
	return 0, false
}

func (u *units) match(base int, body props) {
	field := body.object("fieldToMatch")
	if field.has("jsonBody") {
		base *= 2
	}
	if field.has("allQueryArguments") {
		base += 10
	}
	u.total += base
	component, err := json.Marshal(field)
	if err != nil {
		component = nil // plain values: there is nothing that has no JSON
	}
	for _, t := range body.objects("textTransformations") {
		typ := t.str("type")
		key := strings.ToLower(string(component)) + typ
		if typ != "NONE" && !u.transformed[key] {
			u.transformed[key] = true
			u.total += 10
		}
	}
}

package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	typeWebACL            = "aws:wafv2/webAcl:WebAcl"
	typeWebACLAssociation = "aws:wafv2/webAclAssociation:WebAclAssociation"
	typeWebACLLogging     = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"

	scopeCloudFront = "CLOUDFRONT"
)

// wafName is the name of a web ACL and of a rule: https://docs.aws.amazon.com/waf/latest/APIReference/API_WebACL.html
var wafName = regexp.MustCompile(`^[\w-]{1,128}$`)

// wafKinds are web ACLs, what they guard and where they log.
// Rules: https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html, API_CreateWebACL.html and
// API_LoggingConfiguration.html.
var wafKinds = map[string]kind{
	typeWebACL: {
		name: "name", nameMax: 128,
		replace: []string{"name", "namePrefix", "scope"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "scope", "scope", "REGIONAL", scopeCloudFront)
			if n := in.str("name"); in.known("name") && !wafName.MatchString(n) {
				p.add("name", "must match %s, got %q", wafName, n)
			}
			if in.known("defaultAction") && oneStatement(in.object("defaultAction")) == "" {
				p.add("defaultAction", "must be one of allow, block")
			}
			metric(in.object("visibilityConfig"), "visibilityConfig", p)
			p.apart(in, "rules", "ruleJson")
			p.unknownTo(in, "associationConfig", "dataProtectionConfig")
			webACLRules(in, p)
		},
		create: func(c *call) error {
			if c.in.str("scope") == scopeCloudFront && c.region != "us-east-1" {
				return fail("CreateWebACL", "WAFInvalidParameterException", "The scope CLOUDFRONT is valid in us-east-1 only, got %s", c.region)
			}
			for _, other := range c.byProp(typeWebACL, "name", c.in.str("name")) {
				if other.String("scope") == c.in.str("scope") {
					return fail("CreateWebACL", "WAFDuplicateItemException", "The resource that you tried to save is a duplicate of an existing one: %s", other.ID)
				}
			}
			c.id = newUUID()
			place := "regional"
			if c.in.str("scope") == scopeCloudFront {
				place = "global"
			}
			c.arn = c.arnOf("wafv2", fmt.Sprintf("%s/webacl/%s/%s", place, c.in.str("name"), c.id))
			c.out = props{"lockToken": newUUID()}
			return checkCapacity(c, "CreateWebACL")
		},
		update: func(c *call) error { return checkCapacity(c, "UpdateWebACL") },
		remove: func(c *call) error {
			if used := c.byProp(typeWebACLAssociation, "webAclArn", c.arn); len(used) > 0 {
				return fail("DeleteWebACL", "WAFAssociatedItemException", "%s still guards %s", c.id, used[0].String("resourceArn"))
			}
			for _, d := range c.state.List(typeDistribution) {
				if d.String("webAclId") == c.arn {
					return fail("DeleteWebACL", "WAFAssociatedItemException", "%s still guards %s", c.id, d.ARN)
				}
			}
			return nil
		},
	},
	typeWebACLLogging: {
		replace: []string{"resourceArn"},
		rules:   wafLoggingRules,
		create: func(c *call) error {
			if c.find(typeWebACLLogging, c.in.str("resourceArn")) != nil {
				return fail("PutLoggingConfiguration", "WAFDuplicateItemException", "A web ACL has one logging configuration: one resource would undo the other")
			}
			c.id = c.in.str("resourceArn")
			return checkWAFLogging(c)
		},
		update: checkWAFLogging,
	},
	typeWebACLAssociation: {
		replace: []string{"resourceArn", "webAclArn"},
		create: func(c *call) error {
			const operation = "AssociateWebACL"
			target, acl := c.in.str("resourceArn"), c.in.str("webAclArn")
			if !c.hasWebACL(acl) {
				return fail(operation, "WAFNonexistentItemException", "AWS WAF couldn't perform the operation because your resource doesn't exist: %s", acl)
			}
			if strings.Contains(acl, ":global/") {
				return fail(operation, "WAFInvalidParameterException", "A CLOUDFRONT web ACL is set on the distribution, not associated: %s", acl)
			}
			// Application load balancers, not network ones: those have no layer 7 to look at.
			if strings.Contains(target, ":loadbalancer/net/") {
				return fail(operation, "WAFInvalidParameterException", "The ARN isn't valid: a web ACL cannot be attached to a network load balancer, got %s", target)
			}
			if !strings.Contains(target, ":loadbalancer/app/") {
				return fmt.Errorf("aws stand-in: it does not know whether a web ACL can be attached to %s", target)
			}
			if c.state.Get(typeLoadBalancer, target) == nil {
				return fail(operation, "WAFUnavailableEntityException", "The resource does not exist: %s", target)
			}
			if used := c.byProp(typeWebACLAssociation, "resourceArn", target); len(used) > 0 {
				return fail(operation, "WAFDuplicateItemException", "%s has a web ACL already", target)
			}
			c.id = acl + "," + target
			return nil
		},
	},
}

// hasWebACL says whether the call's region has the web ACL.
func (c *call) hasWebACL(arn string) bool {
	acl := c.byARN(typeWebACL, arn)
	return acl != nil && acl.Region == c.region
}

// checkCapacity computes what the rules take and refuses what AWS does not allow for one web ACL.
// https://docs.aws.amazon.com/waf/latest/developerguide/limits.html
func checkCapacity(c *call, operation string) error {
	rules, err := rulesOf(c.in)
	if err != nil {
		return err
	}
	used, err := capacityOf(rules)
	if err != nil {
		return err
	}
	if used > 5000 {
		return fail(operation, "WAFLimitsExceededException", "Your web ACL takes %d WCU; the limit is 5000", used)
	}
	c.out["capacity"] = float64(used)
	return nil
}

// wafLoggingRules: https://docs.aws.amazon.com/waf/latest/developerguide/logging-destinations.html
func wafLoggingRules(in props, p *problems) {
	if n := len(in.strings("logDestinationConfigs")); in.known("logDestinationConfigs") && n != 1 {
		p.add("logDestinationConfigs", "must be one destination, got %d", n)
	}
	for i, field := range in.objects("redactedFields") {
		path := fmt.Sprintf("redactedFields[%d]", i)
		if len(field) != 1 {
			p.add(path, "must be one of method, queryString, singleHeader, uriPath, got %v", sortedKeys(field))
		}
		name := field.object("singleHeader").str("name")
		if field.has("singleHeader") && field.known("singleHeader") && (name == "" || len(name) > 64 || name != strings.ToLower(name)) {
			p.add(path+".singleHeader.name", "must be 1 to 64 lower-case characters, got %q", name)
		}
	}
	if filter := in.object("loggingFilter"); filter != nil {
		p.oneOf(filter, "loggingFilter.defaultBehavior", "defaultBehavior", "KEEP", "DROP")
		for i, f := range filter.objects("filters") {
			path := fmt.Sprintf("loggingFilter.filters[%d]", i)
			p.oneOf(f, path+".behavior", "behavior", "KEEP", "DROP")
			p.oneOf(f, path+".requirement", "requirement", "MEETS_ALL", "MEETS_ANY")
		}
	}
}

func checkWAFLogging(c *call) error {
	const operation = "PutLoggingConfiguration"
	if acl := c.in.str("resourceArn"); !c.hasWebACL(acl) {
		return fail(operation, "WAFNonexistentItemException", "AWS WAF couldn't perform the operation because your resource doesn't exist in %s: %s", c.region, acl)
	}
	destination := strings.TrimSuffix(c.in.strings("logDestinationConfigs")[0], ":*")
	part := strings.SplitN(destination, ":", 7)
	name := part[len(part)-1]
	invalid := func(format string, args ...any) error {
		return fail(operation, "WAFInvalidParameterException", "Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes., "+
			"field: LOG_DESTINATION, parameter: %s: %s", destination, fmt.Sprintf(format, args...))
	}
	if strings.HasPrefix(destination, "arn:aws:firehose:") {
		return fmt.Errorf("aws stand-in: it does not know Firehose, and so not %s", destination)
	}
	group := len(part) == 7 && part[2] == "logs" && part[5] == "log-group"
	bucket := len(part) == 6 && part[2] == "s3"
	switch {
	case !group && !bucket:
		return invalid("it is no log group, bucket or delivery stream")
	case !strings.HasPrefix(name, "aws-waf-logs-"):
		return invalid("the name begins with aws-waf-logs-, got %q", name)
	case group && (part[3] != c.region || part[4] != c.state.AccountID):
		return invalid("the log group is in the web ACL's account and region, %s", c.region)
	case group && c.find(typeLogGroup, name) == nil:
		return fail(operation, "WAFLogDestinationPermissionIssueException", "The log group %s does not exist in %s", name, c.region)
	case bucket && c.state.Get(typeBucket, name) == nil:
		return fail(operation, "WAFLogDestinationPermissionIssueException", "The bucket %s does not exist", name)
	}
	return nil
}

// metric judges how CloudWatch is to call a rule or web ACL.
// https://docs.aws.amazon.com/waf/latest/APIReference/API_VisibilityConfig.html
func metric(visibility props, path string, p *problems) {
	name := visibility.str("metricName")
	if visibility.known("metricName") && (!wafMetric.MatchString(name) || slices.Contains([]string{"All", "Default_Action"}, name)) {
		p.add(path+".metricName", "must match %s and be neither All nor Default_Action, got %q", wafMetric, name)
	}
}

var wafMetric = regexp.MustCompile(`^[\w#:./-]{1,255}$`)

package aws

import (
	"fmt"
	"strings"
)

const (
	typeWebACL            = "aws:wafv2/webAcl:WebAcl"
	typeWebACLAssociation = "aws:wafv2/webAclAssociation:WebAclAssociation"
)

// wafKinds are web ACLs and what they guard.
// Rules: https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html and API_CreateWebACL.html.
var wafKinds = map[string]kind{
	typeWebACL: {
		name: "name", nameMax: 128,
		replace: []string{"name", "namePrefix", "scope"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "scope", "scope", "REGIONAL", "CLOUDFRONT")
		},
		create: func(c *call) error {
			if c.in.str("scope") == "CLOUDFRONT" && c.region != "us-east-1" {
				return fail("CreateWebACL", "WAFInvalidParameterException", "The scope CLOUDFRONT is valid in us-east-1 only, got %s", c.region)
			}
			c.id = newUUID()
			place := "regional"
			if c.in.str("scope") == "CLOUDFRONT" {
				place = "global"
			}
			c.arn = c.arnOf("wafv2", fmt.Sprintf("%s/webacl/%s/%s", place, c.in.str("name"), c.id))
			c.out = props{"lockToken": newUUID()}
			return nil
		},
		remove: func(c *call) error {
			if used := c.byProp(typeWebACLAssociation, "webAclArn", c.arn); len(used) > 0 {
				return fail("DeleteWebACL", "WAFAssociatedItemException", "%s still guards %s", c.id, used[0].String("resourceArn"))
			}
			return nil
		},
	},
	typeWebACLAssociation: {
		replace: []string{"resourceArn", "webAclArn"},
		create: func(c *call) error {
			const operation = "AssociateWebACL"
			target, acl := c.in.str("resourceArn"), c.in.str("webAclArn")
			found := false
			for _, r := range c.inRegion(typeWebACL) {
				found = found || r.ARN == acl
			}
			if !found {
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

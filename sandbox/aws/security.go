package aws

import (
	"fmt"
	"regexp"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeSecurityGroup  = "aws:ec2/securityGroup:SecurityGroup"
	typeDefaultGroup   = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	typeGroupRule      = "aws:ec2/securityGroupRule:SecurityGroupRule"
	typeIngressRule    = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	typeEgressRule     = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	groupDescriptionOK = `^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}$`
)

var groupDescription = regexp.MustCompile(groupDescriptionOK)

// securityKinds are the security groups and their rules.
// Rules: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html and API_IpPermission.html.
var securityKinds = map[string]kind{
	typeSecurityGroup: {
		name: "name", nameMax: 255,
		replace: []string{"name", "namePrefix", "description", "vpcId"},
		rules: func(in props, p *problems) {
			describe(in, "description", p)
			if n := in.str("name"); len(n) > 255 || len(n) > 2 && n[:3] == "sg-" {
				p.add("name", "has at most 255 characters and does not begin with sg-, got %q", n)
			}
			for _, direction := range []string{"ingress", "egress"} {
				for i, rule := range in.objects(direction) {
					permission(rule, fmt.Sprintf("%s[%d]", direction, i), "protocol", p)
				}
			}
		},
		create: func(c *call) error {
			if err := c.needVPC("CreateSecurityGroup"); err != nil {
				return err
			}
			for _, other := range c.byProp(typeSecurityGroup, "vpcId", c.in.str("vpcId")) {
				if other.String("name") == c.in.str("name") {
					return fail("CreateSecurityGroup", "InvalidGroup.Duplicate",
						"The security group '%s' already exists for VPC '%s'", c.in.str("name"), c.in.str("vpcId"))
				}
			}
			c.id = newID("sg")
			c.arn = c.arnOf("ec2", "security-group/"+c.id)
			c.out = props{"ownerId": c.state.AccountID}
			if !c.in.has("description") {
				c.out["description"] = "Managed by Pulumi"
			}
			return nil
		},
		remove: removeSecurityGroup,
	},
	typeDefaultGroup: {
		replace: []string{"vpcId"},
		create: func(c *call) error {
			if err := c.needVPC("DescribeSecurityGroups"); err != nil {
				return err
			}
			c.id = c.find(typeVPC, c.in.str("vpcId")).String("defaultSecurityGroupId")
			c.arn = c.arnOf("ec2", "security-group/"+c.id)
			c.out = props{"ownerId": c.state.AccountID, "name": "default", "description": "default VPC security group"}
			return nil
		},
	},
	typeGroupRule: {
		replace: []string{"securityGroupId", "type", "protocol", "fromPort", "toPort", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "self", "sourceSecurityGroupId"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "type", "type", "ingress", "egress")
			describe(in, "description", p)
			permission(in, "", "protocol", p)
		},
		create: func(c *call) error {
			if err := needGroups(c, "AuthorizeSecurityGroup", "securityGroupId", "sourceSecurityGroupId"); err != nil {
				return err
			}
			if err := refuseDuplicate(c, typeGroupRule, "securityGroupId", "type", "protocol", "fromPort", "toPort", "cidrBlocks", "sourceSecurityGroupId", "self"); err != nil {
				return err
			}
			c.id = "sgrule-" + hexDigits(10)
			c.out = props{"securityGroupRuleId": newID("sgr")}
			return nil
		},
	},
	typeIngressRule: ruleKind(),
	typeEgressRule:  ruleKind(),
}

// ruleKind is one rule of a security group as a resource of its own.
func ruleKind() kind {
	sources := []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"}
	return kind{
		replace: []string{"securityGroupId"},
		rules: func(in props, p *problems) {
			exactlyOne(in, p, "", sources)
			p.cidr(in, "cidrIpv4", "cidrIpv4", 0, 32)
			describe(in, "description", p)
			permission(in, "", "ipProtocol", p)
		},
		create: func(c *call) error {
			if err := needGroups(c, "AuthorizeSecurityGroup", "securityGroupId", "referencedSecurityGroupId"); err != nil {
				return err
			}
			if err := refuseDuplicate(c, kindOfURN(c.urn), append(sources, "ipProtocol", "fromPort", "toPort")...); err != nil {
				return err
			}
			if err := checkPrefixList(c); err != nil {
				return err
			}
			c.id = newID("sgr")
			c.arn = c.arnOf("ec2", "security-group-rule/"+c.id)
			c.out = props{"securityGroupRuleId": c.id}
			return nil
		},
	}
}

func describe(in props, name string, p *problems) {
	if d := in.str(name); !groupDescription.MatchString(d) {
		p.add(name, "must match %s, got %q", groupDescriptionOK, d)
	}
}

func permission(rule props, path, protocol string, p *problems) {
	p.between(rule, join(path, "fromPort"), "fromPort", -1, 65535)
	p.between(rule, join(path, "toPort"), "toPort", -1, 65535)
	for i, block := range rule.strings("cidrBlocks") {
		if _, err := parseCIDR(block); err != nil {
			p.add(fmt.Sprintf("%s[%d]", join(path, "cidrBlocks"), i), "%v", err)
		}
	}
	switch rule.str(protocol) {
	case "tcp", "udp":
		if rule.known("fromPort") && rule.known("toPort") && rule.number("fromPort") > rule.number("toPort") {
			p.add(join(path, "fromPort"), "must not be above toPort, got %d and %d", rule.number("fromPort"), rule.number("toPort"))
		}
		if !rule.has("fromPort") || !rule.has("toPort") {
			p.add(join(path, "fromPort"), "%s needs fromPort and toPort", rule.str(protocol))
		}
	case "-1", "icmp", "icmpv6", "":
	default:
		p.add(join(path, protocol), "must be one of [tcp udp icmp icmpv6 -1], got %q", rule.str(protocol))
	}
}

func needGroups(c *call, operation string, names ...string) error {
	for _, name := range names {
		if id := c.in.str(name); id != "" && c.find(typeSecurityGroup, id) == nil {
			return fail(operation, "InvalidGroup.NotFound", "The security group '%s' does not exist", id)
		}
	}
	return nil
}

func refuseDuplicate(c *call, typ string, names ...string) error {
	for _, other := range c.byProp(typ, "securityGroupId", c.in["securityGroupId"]) {
		same := true
		for _, name := range names {
			same = same && fmt.Sprint(other.Props[name]) == fmt.Sprint(c.in[name])
		}
		if same {
			return fail("AuthorizeSecurityGroup", "InvalidPermission.Duplicate", "the specified rule already exists in %s: %s", c.in.str("securityGroupId"), other.ID)
		}
	}
	return nil
}

// checkPrefixList: a rule with a prefix list counts for as many as the list has room for.
func checkPrefixList(c *call) error {
	list := c.in.str("prefixListId")
	if list != "" && originFacing[c.region] != list && len(c.byProp(typeEndpoint, "prefixListId", list)) == 0 {
		return fail("AuthorizeSecurityGroup", "InvalidPrefixListID.NotFound", "The prefix list ID '%s' does not exist in %s", list, c.region)
	}
	weight := func(list string) int {
		if list != "" && list == originFacing[c.region] {
			return originFacingWeight
		}
		return 1
	}
	rules := weight(list)
	for _, r := range c.byProp(kindOfURN(c.urn), "securityGroupId", c.in["securityGroupId"]) {
		rules += weight(r.String("prefixListId"))
	}
	if rules > groupQuota {
		return fail("AuthorizeSecurityGroup", "RulesPerSecurityGroupLimitExceeded",
			"The maximum number of rules per security group has been reached: %d of %d in %s, where a prefix list counts its entries", rules, groupQuota, c.in.str("securityGroupId"))
	}
	return nil
}

func removeSecurityGroup(c *call) error {
	refuse := func(user *account.Resource) error {
		return fail("DeleteSecurityGroup", "DependencyViolation", "resource %s has a dependent object: %s", c.id, user.ID)
	}
	for typ, name := range map[string]string{
		typeGroupRule: "sourceSecurityGroupId", typeIngressRule: "referencedSecurityGroupId", typeEgressRule: "referencedSecurityGroupId",
	} {
		for _, rule := range c.byProp(typ, name, c.id) {
			if rule.String("securityGroupId") != c.id {
				return refuse(rule)
			}
		}
	}
	for typ, name := range map[string]string{typeEndpoint: "securityGroupIds", typeLoadBalancer: "securityGroups"} {
		if used := c.holding(typ, name, c.id); len(used) > 0 {
			return refuse(used[0])
		}
	}
	for _, cluster := range c.inRegion(typeCluster) {
		if contains(props(cluster.Props).object("vpcConfig").strings("securityGroupIds"), c.id) {
			return refuse(cluster)
		}
	}
	if store := storeUsing(c, c.id, func(u storeUses) []string { return u.groups }); store != nil {
		return refuse(store)
	}
	return nil
}

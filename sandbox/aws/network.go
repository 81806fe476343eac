package aws

import (
	"fmt"
	"net/netip"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeVPC              = "aws:ec2/vpc:Vpc"
	typeCIDRAssociation  = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
	typeSubnet           = "aws:ec2/subnet:Subnet"
	typeRouteTable       = "aws:ec2/routeTable:RouteTable"
	typeRoute            = "aws:ec2/route:Route"
	typeTableAssociation = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	typeNetworkACL       = "aws:ec2/networkAcl:NetworkAcl"
	typeACLRule          = "aws:ec2/networkAclRule:NetworkAclRule"
	typeACLAssociation   = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
)

// networkKinds are the VPC, its address ranges, subnets, routes and access lists.
// Rules: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html and subnet-sizing.html,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html for the codes.
var networkKinds = map[string]kind{
	typeVPC: {
		replace: []string{"cidrBlock", "instanceTenancy", "ipv4IpamPoolId"},
		rules: func(in props, p *problems) {
			p.cidr(in, "cidrBlock", "cidrBlock", 16, 28)
			p.oneOf(in, "instanceTenancy", "instanceTenancy", "default", "dedicated")
			if !in.has("cidrBlock") && !in.has("ipv4IpamPoolId") {
				p.add("cidrBlock", "is required without an IPAM pool")
			}
		},
		create: createVPC,
		remove: removeVPC,
	},
	typeCIDRAssociation: {
		replace: []string{"vpcId", "cidrBlock"},
		rules:   func(in props, p *problems) { p.cidr(in, "cidrBlock", "cidrBlock", 16, 28) },
		create:  createCIDRAssociation,
		remove: func(c *call) error {
			for _, s := range c.byProp(typeSubnet, "vpcId", c.in.str("vpcId")) {
				if inside(s.String("cidrBlock"), c.in.str("cidrBlock")) {
					return fail("DisassociateVpcCidrBlock", "DependencyViolation", "The CIDR block %s has the subnet %s", c.in.str("cidrBlock"), s.ID)
				}
			}
			return nil
		},
	},
	typeSubnet: {
		replace: []string{"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId"},
		rules:   func(in props, p *problems) { p.cidr(in, "cidrBlock", "cidrBlock", 16, 28) },
		create:  createSubnet,
		remove:  removeSubnet,
	},
	typeRouteTable: {
		replace: []string{"vpcId"},
		create: func(c *call) error {
			if err := c.needVPC("CreateRouteTable"); err != nil {
				return err
			}
			c.id = newID("rtb")
			c.arn = c.arnOf("ec2", "route-table/"+c.id)
			c.out = props{"ownerId": c.state.AccountID}
			return checkInlineRoutes(c)
		},
		update: checkInlineRoutes,
		remove: func(c *call) error {
			if used := c.byProp(typeTableAssociation, "routeTableId", c.id); len(used) > 0 {
				return fail("DeleteRouteTable", "DependencyViolation",
					"The routeTable '%s' has dependencies and cannot be deleted: it is associated with %s", c.id, used[0].String("subnetId"))
			}
			return nil
		},
	},
	typeRoute: {
		replace: []string{"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"},
		rules:   routeRules,
		create:  createRoute,
	},
	typeTableAssociation: {
		replace: []string{"subnetId", "gatewayId"},
		create: func(c *call) error {
			table := c.find(typeRouteTable, c.in.str("routeTableId"))
			if table == nil {
				return fail("AssociateRouteTable", "InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", c.in.str("routeTableId"))
			}
			subnet := c.find(typeSubnet, c.in.str("subnetId"))
			if subnet == nil {
				return fail("AssociateRouteTable", "InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", c.in.str("subnetId"))
			}
			if table.String("vpcId") != subnet.String("vpcId") {
				return fail("AssociateRouteTable", "InvalidParameterValue", "route table %s and subnet %s belong to different networks", table.ID, subnet.ID)
			}
			if has := c.byProp(typeTableAssociation, "subnetId", subnet.ID); len(has) > 0 {
				return fail("AssociateRouteTable", "Resource.AlreadyAssociated",
					"the specified association for route table %s conflicts with an existing association of %s", table.ID, subnet.ID)
			}
			c.id = newID("rtbassoc")
			return nil
		},
	},
	typeNetworkACL: {
		replace: []string{"vpcId"},
		rules:   aclRules,
		create: func(c *call) error {
			if err := c.needVPC("CreateNetworkAcl"); err != nil {
				return err
			}
			c.id = newID("acl")
			c.arn = c.arnOf("ec2", "network-acl/"+c.id)
			c.out = props{"ownerId": c.state.AccountID}
			return checkACLSubnets(c)
		},
		update: checkACLSubnets,
	},
	typeACLRule: {
		replace: []string{"networkAclId", "ruleNumber", "egress", "protocol", "ruleAction", "cidrBlock", "fromPort", "toPort", "ipv6CidrBlock", "icmpType", "icmpCode"},
		rules:   func(in props, p *problems) { aclEntry(in, "", "ruleNumber", "ruleAction", p) },
		create: func(c *call) error {
			acl := c.in.str("networkAclId")
			if c.find(typeNetworkACL, acl) == nil {
				return fail("CreateNetworkAclEntry", "InvalidNetworkAclID.NotFound", "The networkAcl ID '%s' does not exist", acl)
			}
			for _, r := range c.byProp(typeACLRule, "networkAclId", acl) {
				if r.Props["ruleNumber"] == c.in["ruleNumber"] && props(r.Props).boolean("egress") == c.in.boolean("egress") {
					return fail("CreateNetworkAclEntry", "NetworkAclEntryAlreadyExists",
						"The network acl entry identified by %d already exists", c.in.number("ruleNumber"))
				}
			}
			c.id = "nacl-" + hexDigits(10)
			return nil
		},
	},
	typeACLAssociation: {
		replace: []string{"subnetId"},
		create: func(c *call) error {
			acl, subnet := c.find(typeNetworkACL, c.in.str("networkAclId")), c.find(typeSubnet, c.in.str("subnetId"))
			if acl == nil || subnet == nil || acl.String("vpcId") != subnet.String("vpcId") {
				return fail("ReplaceNetworkAclAssociation", "InvalidParameterValue",
					"network acl %s and subnet %s do not exist in one network", c.in.str("networkAclId"), c.in.str("subnetId"))
			}
			c.id = newID("aclassoc")
			return nil
		},
	},
}

// vpcQuota is the default number of VPCs in a region: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
const vpcQuota = 5

func createVPC(c *call) error {
	if len(c.inRegion(typeVPC)) >= vpcQuota {
		return fail("CreateVpc", "VpcLimitExceeded", "The maximum number of VPCs has been reached (%d in %s)", vpcQuota, c.region)
	}
	c.id = newID("vpc")
	c.arn = c.arnOf("ec2", "vpc/"+c.id)
	group := &account.Resource{Type: typeSecurityGroup, ID: newID("sg"), Region: c.region, MadeFor: c.urn, Props: map[string]any{
		"name": "default", "vpcId": c.id, "description": "default VPC security group",
	}}
	group.ARN = c.arnOf("ec2", "security-group/"+group.ID)
	c.state.Put(group)
	table := newID("rtb")
	c.out = props{
		"defaultNetworkAclId": newID("acl"), "defaultRouteTableId": table, "mainRouteTableId": table,
		"defaultSecurityGroupId": group.ID, "dhcpOptionsId": newID("dopt"), "ownerId": c.state.AccountID,
	}
	for name, standard := range map[string]any{"enableDnsSupport": true, "enableDnsHostnames": false, "instanceTenancy": "default"} {
		if !c.in.has(name) {
			c.out[name] = standard
		}
	}
	return nil
}

func removeVPC(c *call) error {
	for _, typ := range []string{
		typeSubnet, typeInternetGateway, typeRouteTable, typeNetworkACL, typeEndpoint, typeCIDRAssociation,
	} {
		if used := c.byProp(typ, "vpcId", c.id); len(used) > 0 {
			return fail("DeleteVpc", "DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted: %s", c.id, used[0].ID)
		}
	}
	for _, group := range c.byProp(typeSecurityGroup, "vpcId", c.id) {
		if group.String("name") != "default" {
			return fail("DeleteVpc", "DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted: %s", c.id, group.ID)
		}
	}
	c.state.Delete(typeSecurityGroup, c.in.str("defaultSecurityGroupId"))
	return nil
}

func createCIDRAssociation(c *call) error {
	if err := c.needVPC("AssociateVpcCidrBlock"); err != nil {
		return err
	}
	block := c.in.str("cidrBlock")
	for _, has := range vpcBlocks(c, c.in.str("vpcId")) {
		if overlap(has, block) {
			return fail("AssociateVpcCidrBlock", "InvalidVpc.Range", "The CIDR '%s' conflicts with %s of the VPC", block, has)
		}
	}
	// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html, "IPv4 CIDR block association restrictions"
	primary := c.find(typeVPC, c.in.str("vpcId")).String("cidrBlock")
	private := []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"}
	for _, a := range private {
		for _, b := range append(private, "198.19.0.0/16") {
			if a != b && inside(primary, a) && inside(block, b) {
				return fail("AssociateVpcCidrBlock", "InvalidVpc.Range", "The CIDR '%s' is restricted: a VPC in %s takes none from %s", block, a, b)
			}
		}
	}
	c.id = newID("vpc-cidr-assoc")
	return nil
}

func createSubnet(c *call) error {
	if err := c.needVPC("CreateSubnet"); err != nil {
		return err
	}
	vpc, block := c.in.str("vpcId"), c.in.str("cidrBlock")
	within := false
	for _, has := range vpcBlocks(c, vpc) {
		within = within || inside(block, has)
	}
	if !within {
		return fail("CreateSubnet", "InvalidSubnet.Range", "The CIDR '%s' is invalid: it lies outside %v of %s", block, vpcBlocks(c, vpc), vpc)
	}
	for _, other := range c.byProp(typeSubnet, "vpcId", vpc) {
		if overlap(other.String("cidrBlock"), block) {
			return fail("CreateSubnet", "InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet: %s has %s", block, other.ID, other.String("cidrBlock"))
		}
	}
	zone := c.in.str("availabilityZone")
	if zone == "" {
		zone = zonesOf(c.region)[0].name
	}
	if zoneID(c.region, zone) == "" {
		return fail("CreateSubnet", "InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the zones of %s", zone, c.region)
	}
	c.id = newID("subnet")
	c.arn = c.arnOf("ec2", "subnet/"+c.id)
	c.out = props{"availabilityZone": zone, "availabilityZoneId": zoneID(c.region, zone), "ownerId": c.state.AccountID}
	return nil
}

func removeSubnet(c *call) error {
	users := c.byProp(typeNATGateway, "subnetId", c.id)
	for _, typ := range []string{typeEndpoint, typeNodeGroup} {
		users = append(users, c.holding(typ, "subnetIds", c.id)...)
	}
	users = append(users, c.holding(typeLoadBalancer, "subnets", c.id)...)
	for _, cluster := range c.inRegion(typeCluster) {
		if contains(props(cluster.Props).object("vpcConfig").strings("subnetIds"), c.id) {
			users = append(users, cluster)
		}
	}
	if store := storeUsing(c, c.id, func(u storeUses) []string { return u.subnets }); store != nil {
		users = append(users, store)
	}
	if len(users) > 0 {
		return fail("DeleteSubnet", "DependencyViolation",
			"The subnet '%s' has dependencies and cannot be deleted: a network interface of %s", c.id, users[0].ID)
	}
	return nil
}

func (c *call) needVPC(operation string) error {
	if c.find(typeVPC, c.in.str("vpcId")) == nil {
		return fail(operation, "InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", c.in.str("vpcId"))
	}
	return nil
}

// inRegion lists the resources of a type in the call's region.
func (c *call) inRegion(typ string) []*account.Resource {
	var all []*account.Resource
	for _, r := range c.state.List(typ) {
		if r.Region == c.region {
			all = append(all, r)
		}
	}
	return all
}

// vpcBlocks are the VPC's own address range and the associated ones.
func vpcBlocks(c *call, vpc string) []string {
	blocks := []string{c.find(typeVPC, vpc).String("cidrBlock")}
	for _, a := range c.byProp(typeCIDRAssociation, "vpcId", vpc) {
		blocks = append(blocks, a.String("cidrBlock"))
	}
	return blocks
}

func inside(inner, outer string) bool {
	a, errA := netip.ParsePrefix(inner)
	b, errB := netip.ParsePrefix(outer)
	return errA == nil && errB == nil && b.Bits() <= a.Bits() && b.Contains(a.Addr())
}

func overlap(one, other string) bool {
	a, errA := netip.ParsePrefix(one)
	b, errB := netip.ParsePrefix(other)
	return errA == nil && errB == nil && a.Overlaps(b)
}

// aclRules: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html; 20 rules a direction is the default quota.
func aclRules(in props, p *problems) {
	for _, direction := range []string{"ingress", "egress"} {
		rules := in.objects(direction)
		if len(rules) > 20 {
			p.add(direction, "the quota is 20 rules, got %d", len(rules))
		}
		seen := map[int]bool{}
		for i, rule := range rules {
			path := fmt.Sprintf("%s[%d]", direction, i)
			aclEntry(rule, path, "ruleNo", "action", p)
			if n := rule.number("ruleNo"); seen[n] {
				p.add(path+".ruleNo", "is used twice, got %d", n)
			} else {
				seen[n] = true
			}
		}
	}
}

func aclEntry(rule props, path, number, action string, p *problems) {
	p.between(rule, join(path, number), number, 1, 32766)
	p.oneOf(rule, join(path, action), action, "allow", "deny")
	p.cidr(rule, join(path, "cidrBlock"), "cidrBlock", 0, 32)
	p.between(rule, join(path, "fromPort"), "fromPort", 0, 65535)
	p.between(rule, join(path, "toPort"), "toPort", 0, 65535)
	if rule.known("fromPort") && rule.known("toPort") && rule.number("fromPort") > rule.number("toPort") {
		p.add(join(path, "fromPort"), "must not be above toPort, got %d and %d", rule.number("fromPort"), rule.number("toPort"))
	}
	if rule.str("protocol") == "-1" && (rule.number("fromPort") != 0 || rule.number("toPort") != 0) {
		p.add(join(path, "protocol"), "all protocols have no ports, got %d to %d", rule.number("fromPort"), rule.number("toPort"))
	}
}

func checkACLSubnets(c *call) error {
	for _, id := range c.in.strings("subnetIds") {
		subnet := c.find(typeSubnet, id)
		if subnet == nil || subnet.String("vpcId") != c.in.str("vpcId") {
			return fail("ReplaceNetworkAclAssociation", "InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist in %s", id, c.in.str("vpcId"))
		}
		for _, other := range c.holding(typeNetworkACL, "subnetIds", id) {
			if other.ID != c.id {
				return fail("ReplaceNetworkAclAssociation", "InvalidParameterValue", "subnet %s is associated with %s already", id, other.ID)
			}
		}
	}
	return nil
}

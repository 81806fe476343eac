package aws

import (
	"fmt"
	"math/rand/v2"
)

const (
	typeInternetGateway = "aws:ec2/internetGateway:InternetGateway"
	typeEIP             = "aws:ec2/eip:Eip"
	typeNATGateway      = "aws:ec2/natGateway:NatGateway"
)

// eipQuota is the default number of Elastic IPs in a region: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
const eipQuota = 5

// gatewayKinds are the ways out of a VPC.
// Rules: https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html and nat-gateway-basics.html.
var gatewayKinds = map[string]kind{
	typeInternetGateway: {
		create: func(c *call) error {
			if c.in.has("vpcId") {
				if err := attachInternetGateway(c); err != nil {
					return err
				}
			}
			c.id = newID("igw")
			c.arn = c.arnOf("ec2", "internet-gateway/"+c.id)
			c.out = props{"ownerId": c.state.AccountID}
			return nil
		},
		update: attachInternetGateway,
		remove: func(c *call) error {
			for _, nat := range c.inRegion(typeNATGateway) {
				if vpc := c.in.str("vpcId"); vpc != "" && vpcOf(c, nat) == vpc && nat.String("publicIp") != "" {
					return fail("DetachInternetGateway", "DependencyViolation",
						"Network %s has some mapped public address(es), as of %s. Please unmap those before detaching the gateway", vpc, nat.ID)
				}
			}
			for _, lb := range c.byProp(typeLoadBalancer, "vpcId", c.in["vpcId"]) {
				if !props(lb.Props).boolean("internal") {
					return fail("DetachInternetGateway", "DependencyViolation",
						"Network %s has some mapped public address(es), as of %s. Please unmap those before detaching the gateway", c.in.str("vpcId"), lb.ID)
				}
			}
			return nil
		},
	},
	typeEIP: {
		replace: []string{"domain", "publicIpv4Pool", "networkBorderGroup"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "domain", "domain", "vpc")
		},
		create: func(c *call) error {
			if len(c.inRegion(typeEIP)) >= eipQuota {
				return fail("AllocateAddress", "AddressLimitExceeded", "The maximum number of addresses has been reached (%d in %s)", eipQuota, c.region)
			}
			c.id = newID("eipalloc")
			c.arn = c.arnOf("ec2", "elastic-ip/"+c.id)
			// 203.0.113.0/24 is kept for documentation: https://www.rfc-editor.org/rfc/rfc5737
			address := fmt.Sprintf("203.0.113.%d", 1+rand.IntN(254))
			c.out = props{
				"allocationId": c.id, "publicIp": address, "publicDns": fmt.Sprintf("ec2-%s.%s.compute.amazonaws.com", address, c.region),
				"domain": "vpc", "publicIpv4Pool": "amazon", "networkBorderGroup": c.region,
			}
			return nil
		},
		remove: func(c *call) error {
			if used := c.byProp(typeNATGateway, "allocationId", c.id); len(used) > 0 {
				return fail("ReleaseAddress", "InvalidIPAddress.InUse", "The address with allocation id %s is in use by %s", c.id, used[0].ID)
			}
			for _, lb := range c.inRegion(typeLoadBalancer) {
				if mentions(lb.Props["subnetMappings"], c.id) {
					return fail("ReleaseAddress", "InvalidIPAddress.InUse", "The address with allocation id %s is in use by %s", c.id, lb.ID)
				}
			}
			return nil
		},
	},
	typeNATGateway: {
		replace: []string{"subnetId", "allocationId", "connectivityType", "privateIp"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "connectivityType", "connectivityType", "public", "private")
			if in.str("connectivityType") != "private" && !in.has("allocationId") {
				p.add("allocationId", "is required for a public NAT gateway")
			}
		},
		create: createNATGateway,
		remove: func(c *call) error {
			if used := c.byProp(typeRoute, "natGatewayId", c.id); len(used) > 0 {
				// AWS allows it and leaves a black hole behind; in a program it is always a missing dependency.
				return fail("DeleteNatGateway", "DependencyViolation", "route %s leads to %s", used[0].ID, c.id)
			}
			return nil
		},
	},
}

func attachInternetGateway(c *call) error {
	if err := c.needVPC("AttachInternetGateway"); err != nil {
		return err
	}
	for _, other := range c.byProp(typeInternetGateway, "vpcId", c.in.str("vpcId")) {
		if other.ID != c.id {
			return fail("AttachInternetGateway", "InvalidParameterValue", "Network %s already has an internet gateway attached: %s", c.in.str("vpcId"), other.ID)
		}
	}
	return nil
}

func createNATGateway(c *call) error {
	subnet := c.find(typeSubnet, c.in.str("subnetId"))
	if subnet == nil {
		return fail("CreateNatGateway", "InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", c.in.str("subnetId"))
	}
	c.id = newID("nat")
	c.arn = c.arnOf("ec2", "natgateway/"+c.id)
	c.out = props{"networkInterfaceId": newID("eni"), "privateIp": firstFreeAddress(subnet.String("cidrBlock")), "connectivityType": "public"}
	if c.in.str("connectivityType") == "private" {
		c.out["connectivityType"] = "private"
		return nil
	}
	if len(c.byProp(typeInternetGateway, "vpcId", subnet.String("vpcId"))) == 0 {
		return fail("CreateNatGateway", "Gateway.NotAttached", "Network %s has no Internet gateway attached", subnet.String("vpcId"))
	}
	address := c.find(typeEIP, c.in.str("allocationId"))
	if address == nil {
		return fail("CreateNatGateway", "InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", c.in.str("allocationId"))
	}
	if used := c.byProp(typeNATGateway, "allocationId", address.ID); len(used) > 0 {
		return fail("CreateNatGateway", "Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated with %s", address.ID, used[0].ID)
	}
	c.out["publicIp"], c.out["associationId"] = address.String("publicIp"), newID("eipassoc")
	return nil
}

// firstFreeAddress is the first that AWS hands out: it keeps the first four of each subnet and the last.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func firstFreeAddress(block string) string {
	p, err := parseCIDR(block)
	if err != nil {
		return ""
	}
	a := p.Addr()
	for range 4 {
		a = a.Next()
	}
	return a.String()
}

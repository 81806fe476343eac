package aws

import (
	"fmt"
	"math/rand/v2"
	"regexp"
)

const typeLoadBalancer = "aws:lb/loadBalancer:LoadBalancer"

// loadBalancerZones are the zones that the load balancers' host names are in: https://docs.aws.amazon.com/general/latest/gr/elb.html
var loadBalancerZones = map[string]map[string]string{
	"af-south-1": {"application": "Z268VQBMOI5EKX", "network": "Z203XCE67M25HM"},
	"eu-west-1":  {"application": "Z32O12XQLNTSW2", "network": "Z2IFOLAFXWLO4F"},
	"us-east-1":  {"application": "Z35SXDOTRQ7X7K", "network": "Z26RNL4JYFTOTI"},
}

var loadBalancerName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$`)

// elbKinds are load balancers.
// Rules: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
var elbKinds = map[string]kind{
	typeLoadBalancer: {
		name: "name", nameMax: 32,
		replace: []string{"name", "namePrefix", "internal", "loadBalancerType"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "loadBalancerType", "loadBalancerType", "application", "network", "gateway")
			p.oneOf(in, "ipAddressType", "ipAddressType", "ipv4", "dualstack", "dualstack-without-public-ipv4")
			if n := in.str("name"); in.known("name") && !loadBalancerName.MatchString(n) {
				p.add("name", "must match %s, got %q", loadBalancerName, n)
			}
		},
		create: createLoadBalancer,
		remove: func(c *call) error {
			if c.in.boolean("enableDeletionProtection") {
				return fail("DeleteLoadBalancer", "OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", c.arn)
			}
			if used := c.byProp(typeWebACLAssociation, "resourceArn", c.arn); len(used) > 0 {
				return fail("DeleteLoadBalancer", "ResourceInUse", "Load balancer '%s' has the web ACL association %s", c.arn, used[0].ID)
			}
			return nil
		},
	},
}

func createLoadBalancer(c *call) error {
	const operation = "CreateLoadBalancer"
	kindOf := c.in.str("loadBalancerType")
	if kindOf == "" {
		kindOf = "application"
	}
	for _, other := range c.byProp(typeLoadBalancer, "name", c.in.str("name")) {
		return fail(operation, "DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists: %s", c.in.str("name"), other.ID)
	}
	subnets := c.in.strings("subnets")
	for _, mapping := range c.in.objects("subnetMappings") {
		subnets = append(subnets, mapping.str("subnetId"))
	}
	zones, vpc := map[string]bool{}, ""
	for _, id := range subnets {
		subnet := c.find(typeSubnet, id)
		if subnet == nil {
			return fail(operation, "SubnetNotFound", "The subnet ID '%s' does not exist", id)
		}
		if zone := subnet.String("availabilityZone"); zones[zone] {
			return fail(operation, "InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone: %s", zone)
		}
		zones[subnet.String("availabilityZone")] = true
		vpc = subnet.String("vpcId")
		if !c.in.boolean("internal") && len(c.byProp(typeInternetGateway, "vpcId", vpc)) == 0 {
			return fail(operation, "InvalidSubnet", "VPC %s has no internet gateway", vpc)
		}
	}
	if least := map[string]int{"application": 2, "network": 1, "gateway": 1}[kindOf]; len(zones) < least {
		return fail(operation, "ValidationError", "At least %d subnets in different Availability Zones must be specified for a %s load balancer, got %d", least, kindOf, len(zones))
	}
	for _, id := range c.in.strings("securityGroups") {
		if c.find(typeSecurityGroup, id) == nil {
			return fail(operation, "InvalidSecurityGroup", "The security group '%s' does not exist", id)
		}
	}
	short := map[string]string{"application": "app", "network": "net", "gateway": "gwy"}[kindOf]
	code := hexDigits(16)
	suffix := fmt.Sprintf("%s/%s/%s", short, c.in.str("name"), code)
	c.arn = c.arnOf("elasticloadbalancing", "loadbalancer/"+suffix)
	c.id = c.arn
	c.out = props{
		"arnSuffix": suffix, "vpcId": vpc, "zoneId": loadBalancerZones[c.region][kindOf], "loadBalancerType": kindOf,
		"dnsName": loadBalancerHost(kindOf, c.in.str("name"), code, c.region, c.in.boolean("internal")),
	}
	return nil
}

// loadBalancerHost is the host name that AWS gives.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html and the like for network ones.
func loadBalancerHost(kindOf, name, code, region string, internal bool) string {
	if kindOf != "application" {
		return fmt.Sprintf("%s-%s.elb.%s.amazonaws.com", name, code, region)
	}
	if internal {
		name = "internal-" + name
	}
	return fmt.Sprintf("%s-%d.%s.elb.amazonaws.com", name, 1e9+rand.IntN(1e9), region)
}

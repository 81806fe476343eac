package aws

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
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
			if n := in.str("name"); in.known("name") && (!loadBalancerName.MatchString(n) || strings.HasPrefix(n, "internal-")) {
				p.add("name", "must match %s and not begin with internal-, got %q", loadBalancerName, n)
			}
			p.apart(in, "subnets", "subnetMappings")
			if !in.has("subnets") && !in.has("subnetMappings") {
				p.add("subnets", "one of subnets, subnetMappings is required")
			}
			p.between(in, "idleTimeout", "idleTimeout", 1, 4000)
			p.oneOf(in, "desyncMitigationMode", "desyncMitigationMode", "monitor", "defensive", "strictest")
			p.oneOf(in, "dnsRecordClientRoutingPolicy", "dnsRecordClientRoutingPolicy", "any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity")
			p.oneOf(in, "xffHeaderProcessingMode", "xffHeaderProcessingMode", "append", "preserve", "remove")
		},
		replaceWhen: []condition{{"securityGroups", "given to or taken from a network load balancer", func(old, now props) bool {
			return now.str("loadBalancerType") == "network" && old.has("securityGroups") != now.has("securityGroups")
		}}},
		create: createLoadBalancer,
		update: func(c *call) error { _, err := placeLoadBalancer(c, "SetSubnets"); return err },
		remove: func(c *call) error {
			if c.in.boolean("enableDeletionProtection") {
				return fail("DeleteLoadBalancer", "OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", c.arn)
			}
			if used := c.byProp(typeWebACLAssociation, "resourceArn", c.arn); len(used) > 0 {
				return fail("DeleteLoadBalancer", "ResourceInUse", "Load balancer '%s' has the web ACL association %s", c.arn, used[0].ID)
			}
			// The listeners go along: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
			for _, listener := range c.byProp(typeListener, "loadBalancerArn", c.arn) {
				for _, rule := range c.byProp(typeListenerRule, "listenerArn", listener.ID) {
					c.state.Remove(rule)
				}
				c.state.Remove(listener)
			}
			return nil
		},
	},
}

func createLoadBalancer(c *call) error {
	for _, other := range c.byProp(typeLoadBalancer, "name", c.in.str("name")) {
		return fail("CreateLoadBalancer", "DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists: %s", c.in.str("name"), other.ID)
	}
	vpc, err := placeLoadBalancer(c, "CreateLoadBalancer")
	if err != nil {
		return err
	}
	kindOf := balancerType(c.in)
	code := hexDigits(16)
	suffix := fmt.Sprintf("%s/%s/%s", map[string]string{"application": "app", "network": "net", "gateway": "gwy"}[kindOf], c.in.str("name"), code)
	c.arn = c.arnOf("elasticloadbalancing", "loadbalancer/"+suffix)
	c.id = c.arn
	c.out = props{
		"arnSuffix": suffix, "vpcId": vpc, "zoneId": loadBalancerZones[c.region][kindOf], "loadBalancerType": kindOf,
		"dnsName": loadBalancerHost(kindOf, c.in.str("name"), code, c.region, c.in.boolean("internal")),
	}
	c.standard(props{"ipAddressType": "ipv4", "internal": false, "enableDeletionProtection": false, "subnets": toList(balancerSubnets(c.in))})
	if kindOf == "application" && !c.in.has("securityGroups") {
		c.out["securityGroups"] = []any{c.find(typeVPC, vpc).String("defaultSecurityGroupId")}
	}
	return nil
}

func balancerType(in props) string {
	if typ := in.str("loadBalancerType"); typ != "" {
		return typ
	}
	return "application"
}

func balancerSubnets(in props) []string {
	subnets := in.strings("subnets")
	for _, mapping := range in.objects("subnetMappings") {
		subnets = append(subnets, mapping.str("subnetId"))
	}
	return subnets
}

// placeLoadBalancer judges where a load balancer is and what it may write to, and returns its VPC.
func placeLoadBalancer(c *call, operation string) (vpc string, err error) {
	kindOf, zones := balancerType(c.in), map[string]bool{}
	for _, id := range balancerSubnets(c.in) {
		subnet := c.find(typeSubnet, id)
		if subnet == nil {
			return "", fail(operation, "SubnetNotFound", "The subnet ID '%s' does not exist", id)
		}
		if zone := subnet.String("availabilityZone"); zones[zone] {
			return "", fail(operation, "InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone: %s", zone)
		}
		if vpc != "" && vpc != subnet.String("vpcId") {
			return "", fail(operation, "InvalidConfigurationRequest", "The subnets are in %s and %s", vpc, subnet.String("vpcId"))
		}
		zones[subnet.String("availabilityZone")] = true
		vpc = subnet.String("vpcId")
		if !c.in.boolean("internal") && len(c.byProp(typeInternetGateway, "vpcId", vpc)) == 0 {
			return "", fail(operation, "InvalidSubnet", "VPC %s has no internet gateway", vpc)
		}
	}
	if least := map[string]int{"application": 2, "network": 1, "gateway": 1}[kindOf]; len(zones) < least {
		return "", fail(operation, "ValidationError", "At least %d subnets in different Availability Zones must be specified for a %s load balancer, got %d", least, kindOf, len(zones))
	}
	if err := groupsIn(c, operation, "InvalidSecurityGroup", vpc, c.in.strings("securityGroups")); err != nil {
		return "", err
	}
	for _, mapping := range c.in.objects("subnetMappings") {
		if id := mapping.str("allocationId"); id != "" && (c.find(typeEIP, id) == nil || kindOf != "network") {
			return "", fail(operation, "AllocationIdNotFound", "The allocation ID '%s' does not exist, or the load balancer is no network one", id)
		}
	}
	return vpc, checkBalancerLogs(c, operation)
}

// checkBalancerLogs: the bucket is in the same region, admits who delivers the logs, and is encrypted in a way that they can write.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html and
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/enable-access-logs.html
func checkBalancerLogs(c *call, operation string) error {
	logs := c.in.object("accessLogs")
	if !logs.boolean("enabled") {
		return nil
	}
	bucket := c.bucketOf(logs.str("bucket"))
	if bucket == nil || bucket.Region != c.region {
		return fail(operation, "InvalidConfigurationRequest", "The S3 bucket %s does not exist in %s", logs.str("bucket"), c.region)
	}
	key := "AWSLogs/" + c.state.AccountID + "/elasticloadbalancing/" + c.region + "/log"
	if prefix := logs.str("prefix"); prefix != "" {
		key = prefix + "/" + key
	}
	service := "logdelivery.elasticloadbalancing.amazonaws.com"
	source := c.arnOf("elasticloadbalancing", "loadbalancer/app/"+c.in.str("name")+"/"+hexDigits(16))
	if balancerType(c.in) == "network" {
		service, source = "delivery.logs.amazonaws.com", c.arnOf("logs", "")
	}
	write := c.asService(service, source, "", "").with("s3:x-amz-acl", "bucket-owner-full-control")
	if !c.bucketAdmits(bucket, write, "s3:PutObject", key) {
		return fail(operation, "InvalidConfigurationRequest", "Access Denied for bucket: %s. Please check S3bucket permission: its policy does not let %s put %s", bucket.ID, service, key)
	}
	for _, rule := range c.settingOf(typeBucketEncryption, bucket).objects("rules") {
		if how := rule.object("applyServerSideEncryptionByDefault").str("sseAlgorithm"); how != "AES256" && balancerType(c.in) != "network" {
			return fail(operation, "InvalidConfigurationRequest", "Access logs of an application load balancer go into a bucket encrypted with AES256 only, %s has %s", bucket.ID, how)
		}
	}
	holds(bucket, "logs of the load balancer "+c.in.str("name"))
	c.state.Put(bucket)
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

package aws

import (
	"encoding/json"
	"fmt"
	"strings"
)

const (
	typeEndpoint      = "aws:ec2/vpcEndpoint:VpcEndpoint"
	typeEndpointTable = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
	typeFlowLog       = "aws:ec2/flowLog:FlowLog"
)

// endpointServices are the services that the stand-in knows to have an endpoint of that kind in its regions.
// https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
var endpointServices = map[string][]string{
	"Gateway": {"s3", "dynamodb"},
	"Interface": {
		"autoscaling", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "kms", "logs", "monitoring",
		"s3", "secretsmanager", "sns", "sqs", "ssm", "ssmmessages", "sts", "xray",
	},
}

// endpointKinds are VPC endpoints and flow logs.
var endpointKinds = map[string]kind{
	typeEndpoint: {
		replace: []string{"vpcId", "serviceName", "vpcEndpointType", "serviceRegion"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "vpcEndpointType", "vpcEndpointType", "Gateway", "Interface", "GatewayLoadBalancer")
			document(in, "policy", p)
			if in.str("vpcEndpointType") == "Interface" && in.has("routeTableIds") {
				p.add("routeTableIds", "only a gateway endpoint has route tables")
			}
			if in.str("vpcEndpointType") != "Interface" && (in.has("subnetIds") || in.has("securityGroupIds") || in.boolean("privateDnsEnabled")) {
				p.add("vpcEndpointType", "only an interface endpoint has subnets, security groups and private DNS")
			}
		},
		create: createEndpoint,
		update: checkEndpoint,
	},
	typeEndpointTable: {
		replace: []string{"vpcEndpointId", "routeTableId"},
		create: func(c *call) error {
			endpoint, table := c.find(typeEndpoint, c.in.str("vpcEndpointId")), c.find(typeRouteTable, c.in.str("routeTableId"))
			if endpoint == nil || table == nil || endpoint.String("vpcId") != table.String("vpcId") {
				return fail("ModifyVpcEndpoint", "InvalidRouteTableId.NotFound", "%s and %s do not exist in one VPC", c.in.str("vpcEndpointId"), c.in.str("routeTableId"))
			}
			c.id = "a-" + endpoint.ID + hexDigits(10)
			return nil
		},
	},
	typeFlowLog: {
		replace: []string{
			"vpcId", "subnetId", "eniId", "trafficType", "logDestination", "logDestinationType", "logGroupName", "iamRoleArn",
			"logFormat", "maxAggregationInterval", "destinationOptions",
		},
		rules: func(in props, p *problems) {
			exactlyOne(in, p, "", []string{"vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId"})
			p.oneOf(in, "trafficType", "trafficType", "ACCEPT", "REJECT", "ALL")
			p.oneOf(in, "logDestinationType", "logDestinationType", "cloud-watch-logs", "s3", "kinesis-data-firehose")
			if v := in.number("maxAggregationInterval"); in.known("maxAggregationInterval") && v != 60 && v != 600 {
				p.add("maxAggregationInterval", "must be 60 or 600 seconds, got %d", v)
			}
			if in.str("logDestinationType") != "s3" && !in.has("iamRoleArn") {
				p.add("iamRoleArn", "is required for CloudWatch Logs")
			}
		},
		create: createFlowLog,
	},
}

// createEndpoint: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
func createEndpoint(c *call) error {
	if err := c.needVPC("CreateVpcEndpoint"); err != nil {
		return err
	}
	kindOf := c.in.str("vpcEndpointType")
	if kindOf == "" {
		kindOf = "Gateway"
	}
	service, inRegion := strings.CutPrefix(c.in.str("serviceName"), "com.amazonaws."+c.region+".")
	if !inRegion || !contains(endpointServices[kindOf], service) {
		return fail("CreateVpcEndpoint", "InvalidServiceName",
			"The Vpc Endpoint Service '%s' does not exist as %s in %s", c.in.str("serviceName"), kindOf, c.region)
	}
	for _, other := range c.byProp(typeEndpoint, "vpcId", c.in.str("vpcId")) {
		if other.Props["serviceName"] == c.in["serviceName"] && other.Props["privateDnsEnabled"] == true && c.in.boolean("privateDnsEnabled") {
			return fail("CreateVpcEndpoint", "InvalidParameter", "private-dns-enabled cannot be set because there is already a conflicting DNS domain for %s: %s", service, other.ID)
		}
	}
	if err := checkEndpoint(c); err != nil {
		return err
	}
	c.id = newID("vpce")
	c.arn = c.arnOf("ec2", "vpc-endpoint/"+c.id)
	c.out = props{"ownerId": c.state.AccountID, "state": "available", "vpcEndpointType": kindOf, "requesterManaged": false}
	if kindOf == "Gateway" {
		c.out["prefixListId"] = newID("pl")
	}
	return nil
}

func checkEndpoint(c *call) error {
	vpc := c.find(typeVPC, c.in.str("vpcId"))
	if c.in.boolean("privateDnsEnabled") && (vpc.Props["enableDnsSupport"] != true || vpc.Props["enableDnsHostnames"] != true) {
		return fail("CreateVpcEndpoint", "InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for %s", vpc.ID)
	}
	seen := map[string]string{}
	for _, id := range c.in.strings("subnetIds") {
		subnet := c.find(typeSubnet, id)
		if subnet == nil || subnet.String("vpcId") != vpc.ID {
			return fail("CreateVpcEndpoint", "InvalidSubnetId.NotFound", "The subnet ID '%s' does not exist in %s", id, vpc.ID)
		}
		zone := subnet.String("availabilityZone")
		if seen[zone] != "" {
			return fail("CreateVpcEndpoint", "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of %s: %s", id, seen[zone])
		}
		seen[zone] = id
	}
	for _, id := range c.in.strings("securityGroupIds") {
		group := c.find(typeSecurityGroup, id)
		if group == nil || group.String("vpcId") != vpc.ID {
			return fail("CreateVpcEndpoint", "InvalidGroup.NotFound", "The security group '%s' does not exist in %s", id, vpc.ID)
		}
	}
	for _, id := range c.in.strings("routeTableIds") {
		table := c.find(typeRouteTable, id)
		if table == nil || table.String("vpcId") != vpc.ID {
			return fail("CreateVpcEndpoint", "InvalidRouteTableId.NotFound", "The routeTable ID '%s' does not exist in %s", id, vpc.ID)
		}
	}
	return nil
}

// createFlowLog: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html
func createFlowLog(c *call) error {
	if c.in.has("vpcId") {
		if err := c.needVPC("CreateFlowLogs"); err != nil {
			return err
		}
	}
	destination := c.in.str("logDestination")
	switch c.in.str("logDestinationType") {
	case "s3":
		name, _, _ := strings.Cut(strings.TrimPrefix(destination, "arn:aws:s3:::"), "/")
		bucket := c.state.Get(typeBucket, name)
		if bucket == nil {
			return fail("CreateFlowLogs", "InvalidParameter", "LogDestination: %s does not exist", destination)
		}
		bucket.Props[bucketHoldsObjects] = "flow logs"
	default:
		group := strings.TrimSuffix(destination[strings.LastIndex(destination, ":log-group:")+1:], ":*")
		group = strings.TrimPrefix(group, "log-group:")
		if c.find(typeLogGroup, group) == nil {
			return fail("CreateFlowLogs", "InvalidParameter", "LogDestination: %s does not exist", destination)
		}
		role := roleOf(c, c.in.str("iamRoleArn"))
		if role == nil || !trusts(role, "vpc-flow-logs.amazonaws.com") {
			return fail("CreateFlowLogs", "InvalidParameter",
				"DeliverLogsPermissionArn %s is not a role that vpc-flow-logs.amazonaws.com may assume", c.in.str("iamRoleArn"))
		}
	}
	c.id = newID("fl")
	c.arn = c.arnOf("ec2", "vpc-flow-log/"+c.id)
	return nil
}

// document refuses a known text that is no JSON object.
func document(in props, name string, p *problems) {
	text, ok := in[name].(string)
	if !ok {
		return
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		p.add(name, "must be a JSON object: %v", err)
	}
}

// kindOfURN returns the resource type in a URN: the last of the $-separated types.
func kindOfURN(urn string) string {
	parts := strings.Split(urn, "::")
	if len(parts) < 3 {
		panic(fmt.Sprintf("%q is no URN", urn))
	}
	types := strings.Split(parts[2], "$")
	return types[len(types)-1]
}

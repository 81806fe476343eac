package pulumitest

import (
	"fmt"
	"strings"
)

// identity says how AWS names a resource of one type.
type identity struct {
	// arn of the resource, with {id}; empty for types without one. {region} and {account} are filled in.
	arn string
	// prefix of an EC2 id, to which 17 digits are added; empty where the name is the id.
	prefix string
}

const (
	ec2ARN = "arn:aws:ec2:{region}:{account}:"
	eksARN = "arn:aws:eks:{region}:{account}:"
	iamARN = "arn:aws:iam::{account}:"
)

var identities = map[string]identity{
	"aws:cloudwatch/logGroup:LogGroup":                                {arn: "arn:aws:logs:{region}:{account}:log-group:{id}"},
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":               {ec2ARN + "security-group/{id}", "sg"},
	"aws:ec2/eip:Eip":                                                 {ec2ARN + "elastic-ip/{id}", "eipalloc"},
	"aws:ec2/flowLog:FlowLog":                                         {ec2ARN + "vpc-flow-log/{id}", "fl"},
	"aws:ec2/internetGateway:InternetGateway":                         {ec2ARN + "internet-gateway/{id}", "igw"},
	"aws:ec2/launchTemplate:LaunchTemplate":                           {ec2ARN + "launch-template/{id}", "lt"},
	"aws:ec2/natGateway:NatGateway":                                   {"", "nat"},
	"aws:ec2/networkAcl:NetworkAcl":                                   {ec2ARN + "network-acl/{id}", "acl"},
	"aws:ec2/placementGroup:PlacementGroup":                           {arn: ec2ARN + "placement-group/{id}"},
	"aws:ec2/route:Route":                                             {"", "r-rtb"},
	"aws:ec2/routeTable:RouteTable":                                   {ec2ARN + "route-table/{id}", "rtb"},
	"aws:ec2/routeTableAssociation:RouteTableAssociation":             {"", "rtbassoc"},
	"aws:ec2/securityGroup:SecurityGroup":                             {ec2ARN + "security-group/{id}", "sg"},
	"aws:ec2/subnet:Subnet":                                           {ec2ARN + "subnet/{id}", "subnet"},
	"aws:ec2/vpc:Vpc":                                                 {ec2ARN + "vpc/{id}", "vpc"},
	"aws:ec2/vpcEndpoint:VpcEndpoint":                                 {ec2ARN + "vpc-endpoint/{id}", "vpce"},
	"aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": {"", "vpc-cidr-assoc"},
	"aws:eks/accessEntry:AccessEntry":                                 {arn: eksARN + "access-entry/{id}"},
	"aws:eks/addon:Addon":                                             {arn: eksARN + "addon/{id}"},
	"aws:eks/cluster:Cluster":                                         {arn: eksARN + "cluster/{id}"},
	"aws:eks/nodeGroup:NodeGroup":                                     {arn: eksARN + "nodegroup/{id}"},
	"aws:iam/instanceProfile:InstanceProfile":                         {arn: iamARN + "instance-profile/{id}"},
	"aws:iam/policy:Policy":                                           {arn: iamARN + "policy/{id}"},
	"aws:iam/role:Role":                                               {arn: iamARN + "role/{id}"},
	"aws:kms/key:Key":                                                 {arn: "arn:aws:kms:{region}:{account}:key/{id}"},
	"aws:s3/bucketV2:BucketV2":                                        {arn: "arn:aws:s3:::{id}"},
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":         {ec2ARN + "security-group-rule/{id}", "sgr"},
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":       {ec2ARN + "security-group-rule/{id}", "sgr"},
}

// typeOutputs are outputs beyond the inputs and the ARN that components read.
var typeOutputs = map[string]func(*Resource) map[string]any{
	"aws:cloudwatch/logGroup:LogGroup": named,
	"aws:ec2/eip:Eip": func(found *Resource) map[string]any {
		return map[string]any{"allocationId": found.ID, "publicIp": "198.51.100.7"}
	},
	"aws:ec2/launchTemplate:LaunchTemplate": func(found *Resource) map[string]any {
		return map[string]any{"name": physicalName(found), "latestVersion": 1, "defaultVersion": 1}
	},
	"aws:ec2/placementGroup:PlacementGroup": named,
	"aws:ec2/vpc:Vpc": func(found *Resource) map[string]any {
		return map[string]any{"ownerId": AccountID, "defaultSecurityGroupId": "sg-" + digits(found, 17)}
	},
	"aws:iam/instanceProfile:InstanceProfile": named,
	"aws:iam/role:Role":                       named,
	"aws:kms/alias:Alias": func(found *Resource) map[string]any {
		return map[string]any{"targetKeyArn": arn(identities["aws:kms/key:Key"].arn, fmt.Sprint(found.Inputs["targetKeyId"]))}
	},
	"aws:kms/key:Key": func(found *Resource) map[string]any {
		return map[string]any{"keyId": found.ID}
	},
}

func named(found *Resource) map[string]any { return map[string]any{"name": physicalName(found)} }

// idOf makes up the id that AWS would give. It depends on the URN alone, so golden texts stay as they are.
func idOf(found *Resource) string {
	if prefix := identities[found.Type].prefix; prefix != "" {
		return prefix + "-" + digits(found, 17)
	}
	switch found.Type {
	case "aws:kms/key:Key":
		d := digits(found, 32)
		return fmt.Sprintf("%s-%s-%s-%s-%s", d[:8], d[8:12], d[12:16], d[16:20], d[20:])
	case "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
		issuer, _ := found.Inputs["url"].(string)
		return arn(iamARN+"oidc-provider/{id}", strings.TrimPrefix(issuer, "https://"))
	case "aws:iam/policy:Policy":
		return arn(iamARN+"policy/{id}", physicalName(found))
	case "aws:eks/nodeGroup:NodeGroup":
		return fmt.Sprintf("%v:%v", found.Inputs["clusterName"], physicalName(found))
	}
	return physicalName(found)
}

func arnOf(found *Resource) string {
	if strings.HasPrefix(found.ID, "arn:") {
		return found.ID
	}
	return arn(identities[found.Type].arn, found.ID)
}

func arn(pattern, id string) string {
	if strings.HasPrefix(pattern, eksARN) {
		id = strings.ReplaceAll(id, ":", "/")
	}
	return strings.NewReplacer("{region}", Region, "{account}", AccountID, "{id}", id).Replace(pattern)
}

// physicalName is the name that the program chose, else the one that Pulumi makes of its own.
func physicalName(found *Resource) string {
	for _, key := range []string{
		"nodeGroupName", "addonName", "bucket", "name", "identifier", "clusterIdentifier", "clusterName", "replicationGroupId", "userId", "userGroupId",
	} {
		if name, ok := found.Inputs[key].(string); ok {
			return name
		}
	}
	return found.Name + "-" + digits(found, 7)
}

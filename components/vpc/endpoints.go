package vpc

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awsvpc "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// endpoints make ways to AWS services that bypass the NAT gateway: S3 through the route tables of nodes and pods, the
// others through an address in each private subnet.
func (b *builder) endpoints(s *subnets, r *routes) error {
	tables := pulumi.StringArray{}
	private := pulumi.StringArray{}
	for _, zone := range b.args.Zones {
		tables = append(tables, r.private[zone].ID())
		private = append(private, s.private[zone].ID())
	}
	_, err := ec2.NewVpcEndpoint(b.ctx, b.name+"-s3", &ec2.VpcEndpointArgs{
		VpcId:           b.vpc.ID(),
		ServiceName:     b.serviceName("s3"),
		VpcEndpointType: pulumi.String("Gateway"),
		RouteTableIds:   tables,
		Tags:            b.tags(b.name + "-s3"),
	}, b.parent)
	if err != nil || len(b.args.InterfaceEndpoints) == 0 {
		return err
	}
	group, err := b.endpointGroup()
	if err != nil {
		return err
	}
	for _, service := range b.args.InterfaceEndpoints {
		name := b.name + "-" + strings.ReplaceAll(service, ".", "-")
		_, err := ec2.NewVpcEndpoint(b.ctx, name, &ec2.VpcEndpointArgs{
			VpcId:             b.vpc.ID(),
			ServiceName:       b.serviceName(service),
			VpcEndpointType:   pulumi.String("Interface"),
			PrivateDnsEnabled: pulumi.Bool(true),
			SubnetIds:         private,
			SecurityGroupIds:  pulumi.StringArray{group.ID()},
			Tags:              b.tags(name),
		}, b.parent)
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) serviceName(service string) pulumi.String {
	return pulumi.String("com.amazonaws." + b.args.Region + "." + service)
}

// endpointGroup lets in TLS from the network. Endpoints answer and never call, so the group has no way out.
func (b *builder) endpointGroup() (*ec2.SecurityGroup, error) {
	name := b.name + "-endpoints"
	group, err := ec2.NewSecurityGroup(b.ctx, name, &ec2.SecurityGroupArgs{
		VpcId:       b.vpc.ID(),
		Description: pulumi.String("Interface endpoints of " + b.name),
		Tags:        b.tags(name),
	}, b.parent)
	if err != nil {
		return nil, err
	}
	for _, source := range b.inside() {
		rule := name + "-from-" + source.name
		_, err := awsvpc.NewSecurityGroupIngressRule(b.ctx, rule, &awsvpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: group.ID(),
			Description:     pulumi.String("TLS from " + source.description),
			IpProtocol:      pulumi.String("tcp"),
			FromPort:        pulumi.Int(443),
			ToPort:          pulumi.Int(443),
			CidrIpv4:        pulumi.String(source.prefix.String()),
			Tags:            b.tags(rule),
		}, b.parent)
		if err != nil {
			return nil, err
		}
	}
	return group, nil
}

package edge

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awsvpc "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// securityGroup lets CloudFront in, and the load balancer to its targets.
func (b *balancer) securityGroup() (err error) {
	b.firewall, err = ec2.NewSecurityGroup(b.ctx, b.name, &ec2.SecurityGroupArgs{
		Description: pulumi.String("Load balancer of " + b.args.Name),
		VpcId:       b.args.VPCID.ToStringOutput().ToStringPtrOutput(),
		Tags:        b.tags(b.args.Name + "-edge"),
	}, b.parent)
	if err != nil {
		return err
	}
	if err := b.admitCloudFront(); err != nil {
		return err
	}
	for _, label := range slices.Sorted(maps.Keys(b.args.Targets)) {
		for _, port := range b.ports() {
			if err := b.open(label, port); err != nil {
				return err
			}
		}
	}
	return nil
}

// ports of the pods, each once.
func (b *balancer) ports() []int {
	return slices.Compact([]int{b.args.TargetPort, b.args.HealthCheckPort})
}

// admitCloudFront names AWS's own list of the addresses from which CloudFront asks. The list counts as 55 of the 60 rules
// that a security group has: there is room for this one.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
func (b *balancer) admitCloudFront() error {
	list := "com.amazonaws.global.cloudfront.origin-facing"
	found, err := ec2.LookupManagedPrefixList(b.ctx, &ec2.LookupManagedPrefixListArgs{Name: &list}, b.parent.(pulumi.InvokeOption))
	if err != nil {
		return fmt.Errorf("prefix list %s: %w", list, err)
	}
	rule, err := awsvpc.NewSecurityGroupIngressRule(b.ctx, b.name+"-from-cloudfront", &awsvpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: b.firewall.ID(),
		Description:     pulumi.String("TLS from CloudFront"),
		IpProtocol:      pulumi.String("tcp"),
		FromPort:        pulumi.Int(Port),
		ToPort:          pulumi.Int(Port),
		PrefixListId:    pulumi.String(found.Id),
		Tags:            b.tags(b.name + "-from-cloudfront"),
	}, b.parent)
	b.rules = append(b.rules, rule)
	return err
}

// open one port of a target, on both sides.
func (b *balancer) open(label string, port int) error {
	child := fmt.Sprintf("%s-to-%s-%d", b.name, label, port)
	out, err := awsvpc.NewSecurityGroupEgressRule(b.ctx, child, &awsvpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId:           b.firewall.ID(),
		Description:               pulumi.String("To " + label),
		IpProtocol:                pulumi.String("tcp"),
		FromPort:                  pulumi.Int(port),
		ToPort:                    pulumi.Int(port),
		ReferencedSecurityGroupId: b.args.Targets[label],
		Tags:                      b.tags(child),
	}, b.parent)
	if err != nil {
		return err
	}
	in, err := awsvpc.NewSecurityGroupIngressRule(b.ctx, child, &awsvpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId:           b.args.Targets[label],
		Description:               pulumi.String("From the load balancer of " + b.args.Name),
		IpProtocol:                pulumi.String("tcp"),
		FromPort:                  pulumi.Int(port),
		ToPort:                    pulumi.Int(port),
		ReferencedSecurityGroupId: b.firewall.ID(),
		Tags:                      b.tags(child),
	}, b.parent)
	b.rules = append(b.rules, out, in)
	return err
}

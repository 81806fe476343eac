package documentdb

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// securityGroup lets the clients in, each by a rule of its name, and nothing out. Its AWS name is left to Pulumi, so
// that a new one can stand beside the old one while the cluster changes over.
func (b *builder) securityGroup() (*ec2.SecurityGroup, error) {
	group, err := ec2.NewSecurityGroup(b.ctx, b.name, &ec2.SecurityGroupArgs{
		Description: pulumi.String("DocumentDB " + b.args.Name),
		VpcId:       b.args.VPCID,
		Tags:        b.tags(b.args.Name),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("security group: %w", err)
	}
	for _, client := range slices.Sorted(maps.Keys(b.args.Clients)) {
		if _, err := vpc.NewSecurityGroupIngressRule(b.ctx, b.name+"-from-"+client, &vpc.SecurityGroupIngressRuleArgs{
			Description:               pulumi.String("DocumentDB from " + client),
			SecurityGroupId:           group.ID(),
			ReferencedSecurityGroupId: b.args.Clients[client],
			IpProtocol:                pulumi.String("tcp"),
			FromPort:                  pulumi.Int(Port),
			ToPort:                    pulumi.Int(Port),
			Tags:                      b.tags(b.args.Name + "-from-" + client),
		}, b.parent); err != nil {
			return nil, fmt.Errorf("ingress from %q: %w", client, err)
		}
	}
	return group, nil
}

package rds

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func (b *builder) subnetGroup() (*rds.SubnetGroup, error) {
	return rds.NewSubnetGroup(b.ctx, b.name, &rds.SubnetGroupArgs{
		Name:        pulumi.String(b.args.Name),
		Description: pulumi.String("Subnets of PostgreSQL " + b.args.Name),
		SubnetIds:   b.args.SubnetIDs,
		Tags:        b.tags(b.args.Name),
	}, b.parent)
}

// securityGroup opens nothing of its own. Its AWS name is left to Pulumi, so that a new one can stand beside the old one
// while the database changes over.
func (b *builder) securityGroup(suffix, description string) (*ec2.SecurityGroup, error) {
	group, err := ec2.NewSecurityGroup(b.ctx, b.name+suffix, &ec2.SecurityGroupArgs{
		Description: pulumi.String(description),
		VpcId:       b.args.VPCID,
		Tags:        b.tags(b.args.Name + suffix),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("security group: %w", err)
	}
	return group, nil
}

// admitClients lets every client in by a rule of its name.
func (b *builder) admitClients(suffix string, group *ec2.SecurityGroup) error {
	for _, client := range slices.Sorted(maps.Keys(b.args.Clients)) {
		if err := b.admit(suffix, group, client, b.args.Clients[client]); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) admit(suffix string, group *ec2.SecurityGroup, client string, from pulumi.StringInput) error {
	_, err := vpc.NewSecurityGroupIngressRule(b.ctx, b.name+suffix+"-from-"+client, &vpc.SecurityGroupIngressRuleArgs{
		Description:               pulumi.String("PostgreSQL from " + client),
		SecurityGroupId:           group.ID(),
		ReferencedSecurityGroupId: from,
		IpProtocol:                pulumi.String("tcp"),
		FromPort:                  pulumi.Int(Port),
		ToPort:                    pulumi.Int(Port),
		Tags:                      b.tags(b.args.Name + suffix + "-from-" + client),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("ingress from %q: %w", client, err)
	}
	return nil
}

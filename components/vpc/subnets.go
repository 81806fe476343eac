package vpc

import (
	"maps"
	"net/netip"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// subnets holds the subnets of the network by zone.
type subnets struct {
	public, private, data, pods map[string]*ec2.Subnet
}

func (b *builder) subnets() (*subnets, error) {
	// The AWS Load Balancer Controller and EKS find subnets by these tags.
	// https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
	shared := map[string]string{"kubernetes.io/cluster/" + b.args.ClusterName: "shared"}
	balancers := map[string]string{"kubernetes.io/role/elb": "1"}
	internalBalancers := map[string]string{"kubernetes.io/role/internal-elb": "1"}

	made := &subnets{}
	var err error
	if made.public, err = b.tier("public", b.args.Zones, b.plan.Public, nil, shared, balancers); err != nil {
		return nil, err
	}
	if made.private, err = b.tier("private", b.args.Zones, b.plan.Private, nil, shared, internalBalancers); err != nil {
		return nil, err
	}
	if made.data, err = b.tier("data", b.args.DataZones, b.plan.Data, nil); err != nil {
		return nil, err
	}
	if b.args.PodCIDR == "" {
		return made, nil
	}
	second, err := ec2.NewVpcIpv4CidrBlockAssociation(b.ctx, b.name+"-pods", &ec2.VpcIpv4CidrBlockAssociationArgs{
		VpcId:     b.vpc.ID(),
		CidrBlock: pulumi.String(b.args.PodCIDR),
	}, b.parent)
	if err != nil {
		return nil, err
	}
	made.pods, err = b.tier("pods", b.args.Zones, b.plan.Pods, second, shared)
	return made, err
}

// tier makes the subnets of one tier. Those in a secondary range wait for it.
func (b *builder) tier(
	tier string, zones []string, ranges map[string]netip.Prefix, after pulumi.Resource, more ...map[string]string,
) (map[string]*ec2.Subnet, error) {
	options := pulumi.Composite(b.parent)
	if after != nil {
		options = pulumi.Composite(b.parent, pulumi.DependsOn([]pulumi.Resource{after}))
	}
	all := map[string]string{"Tier": tier}
	for _, set := range more {
		maps.Copy(all, set)
	}
	made := map[string]*ec2.Subnet{}
	for _, zone := range zones {
		name := b.name + "-" + tier + "-" + zone
		subnet, err := ec2.NewSubnet(b.ctx, name, &ec2.SubnetArgs{
			VpcId:            b.vpc.ID(),
			AvailabilityZone: pulumi.String(zone),
			CidrBlock:        pulumi.String(ranges[zone].String()),
			// Load balancers and NAT gateways bring their own public addresses; nothing else should have one.
			MapPublicIpOnLaunch: pulumi.Bool(false),
			Tags:                b.tags(name, all),
		}, options)
		if err != nil {
			return nil, err
		}
		made[zone] = subnet
	}
	return made, nil
}

package vpc

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"
)

const anywhere = "0.0.0.0/0"

// routes are the route tables and what leads out of them.
type routes struct {
	// private tables by zone; those of the nodes and pods.
	private map[string]*ec2.RouteTable
	// associations by subnet name.
	associations map[*ec2.Subnet]*ec2.RouteTableAssociation
	natAddresses pulumi.StringArrayOutput
}

// routes gives the public tier one table to the internet, the private tier one a zone to its NAT gateway, and the data
// tier one without a way out.
func (b *builder) routes(s *subnets) (*routes, error) {
	made := &routes{private: map[string]*ec2.RouteTable{}, associations: map[*ec2.Subnet]*ec2.RouteTableAssociation{}}
	internet, err := ec2.NewInternetGateway(b.ctx, b.name, &ec2.InternetGatewayArgs{
		VpcId: b.vpc.ID(),
		Tags:  b.tags(b.name),
	}, b.parent)
	if err != nil {
		return nil, err
	}
	public, err := b.table("public")
	if err != nil {
		return nil, err
	}
	toInternet, err := ec2.NewRoute(b.ctx, b.name+"-public-internet", &ec2.RouteArgs{
		RouteTableId:         public.ID(),
		DestinationCidrBlock: pulumi.String(anywhere),
		GatewayId:            internet.ID(),
	}, b.parent)
	if err != nil {
		return nil, err
	}
	for _, zone := range b.args.Zones {
		if err := b.associate(made, "public-"+zone, s.public[zone], public, toInternet); err != nil {
			return nil, err
		}
	}
	if err := b.privateRoutes(made, s, toInternet); err != nil {
		return nil, err
	}
	data, err := b.table("data")
	if err != nil {
		return nil, err
	}
	for _, zone := range b.args.DataZones {
		if err := b.associate(made, "data-"+zone, s.data[zone], data); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// privateRoutes keeps a table for each zone even with a single gateway: a switch to one in each changes routes only.
func (b *builder) privateRoutes(made *routes, s *subnets, toInternet pulumi.Resource) error {
	gateways, err := b.natGateways(made, s, toInternet)
	if err != nil {
		return err
	}
	for _, zone := range b.args.Zones {
		table, err := b.table("private-" + zone)
		if err != nil {
			return err
		}
		gateway, ok := gateways[zone]
		if !ok {
			gateway = gateways[b.args.Zones[0]]
		}
		toGateway, err := ec2.NewRoute(b.ctx, b.name+"-private-"+zone+"-internet", &ec2.RouteArgs{
			RouteTableId:         table.ID(),
			DestinationCidrBlock: pulumi.String(anywhere),
			NatGatewayId:         gateway.ID(),
		}, b.parent)
		if err != nil {
			return err
		}
		made.private[zone] = table
		if err := b.associate(made, "private-"+zone, s.private[zone], table, toGateway); err != nil {
			return err
		}
		if pods, ok := s.pods[zone]; ok {
			if err := b.associate(made, "pods-"+zone, pods, table, toGateway); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *builder) natGateways(made *routes, s *subnets, toInternet pulumi.Resource) (map[string]*ec2.NatGateway, error) {
	zones := b.args.Zones
	if b.args.NATGateways == NATSingle {
		zones = zones[:1]
	}
	gateways := map[string]*ec2.NatGateway{}
	addresses := pulumi.StringArray{}
	for _, zone := range zones {
		name := b.name + "-nat-" + zone
		// An address without a way to the internet cannot be attached.
		after := pulumi.DependsOn([]pulumi.Resource{toInternet})
		address, err := ec2.NewEip(b.ctx, name, &ec2.EipArgs{
			Domain: pulumi.String("vpc"),
			Tags:   b.tags(name),
		}, b.parent, after)
		if err != nil {
			return nil, err
		}
		gateways[zone], err = ec2.NewNatGateway(b.ctx, name, &ec2.NatGatewayArgs{
			AllocationId: address.ID(),
			SubnetId:     s.public[zone].ID(),
			Tags:         b.tags(name),
		}, b.parent, after)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, address.PublicIp)
	}
	made.natAddresses = addresses.ToStringArrayOutput()
	return gateways, nil
}

func (b *builder) table(name string) (*ec2.RouteTable, error) {
	return ec2.NewRouteTable(b.ctx, b.name+"-"+name, &ec2.RouteTableArgs{
		VpcId: b.vpc.ID(),
		Tags:  b.tags(b.name + "-" + name),
	}, b.parent)
}

// associate waits for the routes of the table, so that a subnet that is associated is one that works.
func (b *builder) associate(made *routes, name string, subnet *ec2.Subnet, table *ec2.RouteTable, after ...pulumi.Resource) error {
	association, err := ec2.NewRouteTableAssociation(b.ctx, b.name+"-"+name, &ec2.RouteTableAssociationArgs{
		RouteTableId: table.ID(),
		SubnetId:     subnet.ID(),
	}, b.parent, pulumi.DependsOn(after))
	made.associations[subnet] = association
	return err
}

// reachable returns the ids of subnets by zone, and as a list in the order of the zones, when their routes are there.
func (r *routes) reachable(tier map[string]*ec2.Subnet, zones []string) (map[string]pulumi.StringOutput, pulumi.StringArrayOutput) {
	ids := map[string]pulumi.StringOutput{}
	list := pulumi.StringArray{}
	for _, zone := range zones {
		subnet := tier[zone]
		ids[zone] = after(subnet.ID().ToStringOutput(), r.associations[subnet].ID())
		list = append(list, ids[zone])
	}
	return ids, list.ToStringArrayOutput()
}

// after returns the value once the other is known.
func after(value pulumi.StringOutput, other pulumi.IDOutput) pulumi.StringOutput {
	return pulumix.Cast[pulumi.StringOutput](pulumix.Apply2(value, other.ToStringOutput(),
		func(value, _ string) string { return value }))
}

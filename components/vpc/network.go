// Package vpc builds the private network that everything of an environment lives in: a VPC with a public tier for load
// balancers and NAT gateways, a private tier for nodes, and a data tier that has no route to the internet.
//
// Subnets and all that hangs on them are named by zone, and their addresses follow internal/addressplan, so a zone can
// be added without replacing anything. The package refuses networks of fewer than two zones and flow logs without a place
// to go. It makes no security groups for workloads; those belong to the components that listen.
package vpc

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/addressplan"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const networkType = "cloudinsight:vpc:Network"

// Network is a VPC with its subnets, ways out, endpoints and flow logs.
type Network struct {
	pulumi.ResourceState

	// ID of the VPC.
	ID pulumi.StringOutput
	// PublicSubnetIDs, PrivateSubnetIDs and DataSubnetIDs are in the order of the zones asked for. They are known when
	// the routes of the subnets are, so what runs in them finds its way out.
	PublicSubnetIDs  pulumi.StringArrayOutput
	PrivateSubnetIDs pulumi.StringArrayOutput
	DataSubnetIDs    pulumi.StringArrayOutput
	// PublicSubnets, PrivateSubnets, DataSubnets and PodSubnets hold subnet ids by zone; PodSubnets is empty
	// without a pod range.
	PublicSubnets  map[string]pulumi.StringOutput
	PrivateSubnets map[string]pulumi.StringOutput
	DataSubnets    map[string]pulumi.StringOutput
	PodSubnets     map[string]pulumi.StringOutput
	// NATAddresses are the public IPv4 addresses that outgoing traffic comes from.
	NATAddresses pulumi.StringArrayOutput
	// FlowLogDestinationARN is the log group or bucket that holds the flow logs.
	FlowLogDestinationARN pulumi.StringOutput
	// Plan is the address plan that was applied.
	Plan addressplan.Plan
}

// NetworkArgs says which network to build.
type NetworkArgs struct {
	// Region of the provider, such as af-south-1; names the endpoint services.
	Region string
	// CIDR is the IPv4 range of the VPC, private and from /16 to /20.
	CIDR string
	// Zones of the public and private tiers, at least two. The first holds the gateway of NATSingle.
	Zones []string
	// ClusterName is the EKS cluster that the subnets are tagged for.
	ClusterName string

	// DataZones of the data tier, at least two (default Zones).
	DataZones []string
	// NATGateways is NATPerZone or NATSingle (default NATPerZone).
	NATGateways NATGateways
	// PodCIDR is a secondary range for pods (default none).
	PodCIDR string
	// Subnets that leave the address plan, by tier and zone (default none).
	Subnets addressplan.Subnets
	// InterfaceEndpoints are short AWS service names such as "ecr.api" (default none). The S3 gateway endpoint, which
	// costs nothing, is always made.
	InterfaceEndpoints []string
	// FlowLogs says where the traffic records go (default S3).
	FlowLogs FlowLogs

	// LogKeyARN is the KMS key of flow logs in CloudWatch, required there. Its policy must let
	// logs.<region>.amazonaws.com use it.
	LogKeyARN pulumi.StringInput
}

// NATGateways says how many NAT gateways a network has.
type NATGateways string

// One gateway for all zones is cheaper; one in each survives the loss of a zone.
const (
	NATPerZone NATGateways = "perZone"
	NATSingle  NATGateways = "single"
)

// FlowLogs says where the records of the VPC's traffic go.
type FlowLogs struct {
	// Destination is LogsToS3 or LogsToCloudWatch (default LogsToS3).
	Destination LogDestination
	// BucketARN of the bucket that takes the records, required for LogsToS3. Its policy holds FlowLogDelivery and is
	// there when the ARN is known; its key lets delivery.logs.amazonaws.com in. How long records stay is its lifecycle's
	// matter.
	BucketARN pulumi.StringInput
	// RetentionDays of records in CloudWatch, which takes a fixed set of values (default 2557, seven years).
	RetentionDays int
}

// LogDestination is a store for flow logs.
type LogDestination string

// S3 is cheap to keep; CloudWatch is quick to search.
const (
	LogsToS3         LogDestination = "s3"
	LogsToCloudWatch LogDestination = "cloudWatch"
)

// NewNetwork registers the network. The name is the prefix of every Name tag and of the names that AWS keeps fixed.
func NewNetwork(ctx *pulumi.Context, name string, args *NetworkArgs, opts ...pulumi.ResourceOption) (*Network, error) {
	a := args.withDefaults()
	plan, err := a.validate(name)
	if err != nil {
		return nil, err
	}
	n := &Network{Plan: plan}
	if err := ctx.RegisterComponentResourceV2(networkType, name, a.inputs(), n, opts...); err != nil {
		return nil, fmt.Errorf("network %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, plan: plan, parent: pulumi.Parent(n)}
	if err := b.build(n); err != nil {
		return nil, fmt.Errorf("network %q: %w", name, err)
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{
		"id":                    n.ID,
		"publicSubnetIds":       n.PublicSubnetIDs,
		"privateSubnetIds":      n.PrivateSubnetIDs,
		"dataSubnetIds":         n.DataSubnetIDs,
		"natAddresses":          n.NATAddresses,
		"flowLogDestinationArn": n.FlowLogDestinationARN,
	})
}

func (args *NetworkArgs) withDefaults() NetworkArgs {
	a := NetworkArgs{}
	if args != nil {
		a = *args
	}
	if a.DataZones == nil {
		a.DataZones = a.Zones
	}
	if a.NATGateways == "" {
		a.NATGateways = NATPerZone
	}
	if a.FlowLogs.Destination == "" {
		a.FlowLogs.Destination = LogsToS3
	}
	if a.FlowLogs.RetentionDays == 0 {
		a.FlowLogs.RetentionDays = 2557
	}
	return a
}

func (args NetworkArgs) inputs() pulumi.Map {
	return pulumi.Map{
		"cidr":               pulumi.String(args.CIDR),
		"podCidr":            pulumi.String(args.PodCIDR),
		"zones":              pulumi.ToStringArray(args.Zones),
		"dataZones":          pulumi.ToStringArray(args.DataZones),
		"natGateways":        pulumi.String(args.NATGateways),
		"interfaceEndpoints": pulumi.ToStringArray(args.InterfaceEndpoints),
		"flowLogs":           pulumi.String(args.FlowLogs.Destination),
	}
}

// builder carries what all children need.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   NetworkArgs
	plan   addressplan.Plan
	parent pulumi.ResourceOption

	vpc *ec2.Vpc
}

func (b *builder) build(n *Network) error {
	var err error
	b.vpc, err = ec2.NewVpc(b.ctx, b.name, &ec2.VpcArgs{
		CidrBlock: pulumi.String(b.args.CIDR),
		// Endpoints answer under the names of their services, and nodes register under theirs.
		EnableDnsHostnames: pulumi.Bool(true),
		EnableDnsSupport:   pulumi.Bool(true),
		Tags:               b.tags(b.name),
	}, b.parent)
	if err != nil {
		return err
	}
	// AWS gives each VPC a group that lets its members talk; without rules, nothing can rely on it by accident.
	_, err = ec2.NewDefaultSecurityGroup(b.ctx, b.name+"-default", &ec2.DefaultSecurityGroupArgs{
		VpcId: b.vpc.ID(),
		Tags:  b.tags(b.name + "-default"),
	}, b.parent)
	if err != nil {
		return err
	}
	subnets, err := b.subnets()
	if err != nil {
		return err
	}
	routes, err := b.routes(subnets)
	if err != nil {
		return err
	}
	if err := b.acls(subnets); err != nil {
		return err
	}
	if err := b.endpoints(subnets, routes); err != nil {
		return err
	}
	n.FlowLogDestinationARN, err = b.flowLogs()
	if err != nil {
		return err
	}

	n.ID = b.vpc.ID().ToStringOutput()
	n.PublicSubnets, n.PublicSubnetIDs = routes.reachable(subnets.public, b.args.Zones)
	n.PrivateSubnets, n.PrivateSubnetIDs = routes.reachable(subnets.private, b.args.Zones)
	n.DataSubnets, n.DataSubnetIDs = routes.reachable(subnets.data, b.args.DataZones)
	n.PodSubnets, _ = routes.reachable(subnets.pods, b.podZones())
	n.NATAddresses = routes.natAddresses
	return nil
}

// tags of one child; the provider's default tags come on top.
func (b *builder) tags(name string, more ...map[string]string) pulumi.StringMap {
	return pulumi.ToStringMap(tags.Of("vpc", name, more...))
}

// podZones is empty without a pod range.
func (b *builder) podZones() []string {
	if b.args.PodCIDR == "" {
		return nil
	}
	return b.args.Zones
}

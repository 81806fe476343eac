package eks

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awseks "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/instances"
	"github.com/cloudinsight/platform/internal/tags"
)

// NodeGroup is a managed node group.
type NodeGroup struct {
	// InstanceTypes of one architecture and size; several give spot capacity more pools.
	InstanceTypes []string
	// Min, Desired and Max numbers of nodes. An autoscaler may change the desired number: it only counts at creation.
	Min, Desired, Max int

	// Spot buys spare capacity, which AWS may take back (default on demand).
	Spot bool
	// AMI family, AL2023 or Bottlerocket (default AL2023).
	AMI AMI
	// DiskGiB of the root volume (default 50).
	DiskGiB int
	// Labels and Taints of the nodes.
	Labels map[string]string
	Taints []Taint
	// Placement strategy on the hardware: cluster, partition or spread (default none).
	Placement string
	// Zones of the nodes (default all).
	Zones []string
}

// Taint keeps pods off a node unless they tolerate it. Effect is NoSchedule, PreferNoSchedule or NoExecute.
type Taint struct{ Key, Value, Effect string }

// AMI is a family of EKS-optimized images.
type AMI string

// The families. Amazon Linux 2 has no images since Kubernetes 1.33.
const (
	AL2023       AMI = "al2023"
	Bottlerocket AMI = "bottlerocket"
)

// amiTypes are EKS's names, by family and architecture.
var amiTypes = map[AMI]map[string]string{
	AL2023:       {"amd64": "AL2023_x86_64_STANDARD", "arm64": "AL2023_ARM_64_STANDARD"},
	Bottlerocket: {"amd64": "BOTTLEROCKET_x86_64", "arm64": "BOTTLEROCKET_ARM_64"},
}

// effects are EKS's names of Kubernetes's taint effects.
var effects = map[string]string{
	"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE",
}

func (g NodeGroup) withDefaults(zones []string) NodeGroup {
	if g.AMI == "" {
		g.AMI = AL2023
	}
	if g.DiskGiB == 0 {
		g.DiskGiB = 50
	}
	if len(g.Zones) == 0 {
		g.Zones = zones
	}
	return g
}

func (g NodeGroup) validate(subnets map[string]pulumi.StringOutput) error {
	var problems []error
	if g.Min < 0 || g.Min > g.Desired || g.Desired > g.Max || g.Max < 1 {
		problems = append(problems, fmt.Errorf("size: must hold 0 <= min <= desired <= max and max >= 1, got %d, %d, %d", g.Min, g.Desired, g.Max))
	}
	if amiTypes[g.AMI] == nil {
		problems = append(problems, fmt.Errorf("ami: must be al2023 or bottlerocket, got %q", g.AMI))
	}
	if len(g.InstanceTypes) == 0 {
		problems = append(problems, errors.New("instance types: must have at least one"))
	}
	arch := ""
	for _, name := range g.InstanceTypes {
		t, ok := instances.Lookup(name)
		if !ok {
			problems = append(problems, fmt.Errorf("instance types: %q is not known", name))
			continue
		}
		if arch != "" && arch != t.Arch {
			problems = append(problems, fmt.Errorf("instance types: must have one architecture, got %s and %s", arch, t.Arch))
		}
		arch = t.Arch
	}
	for i, t := range g.Taints {
		if effects[t.Effect] == "" {
			problems = append(problems, fmt.Errorf("taints[%d].effect: must be NoSchedule, PreferNoSchedule or NoExecute, got %q", i, t.Effect))
		}
	}
	for _, zone := range g.Zones {
		if _, ok := subnets[zone]; !ok {
			problems = append(problems, fmt.Errorf("zones: %q has no private subnet", zone))
		}
	}
	return errors.Join(problems...)
}

// arch of the group's instance types; validate has seen that there is one.
func (g NodeGroup) arch() string {
	t, _ := instances.Lookup(g.InstanceTypes[0])
	return t.Arch
}

// maxPods that the smallest of the types can address.
func (g NodeGroup) maxPods(customNetworking bool) int {
	least := 0
	for _, name := range g.InstanceTypes {
		t, _ := instances.Lookup(name)
		if pods := t.MaxPods(customNetworking); least == 0 || pods < least {
			least = pods
		}
	}
	return least
}

func (b *builder) nodeGroups(after []pulumi.Resource) ([]pulumi.Resource, error) {
	var made []pulumi.Resource
	for _, purpose := range slices.Sorted(maps.Keys(b.args.NodeGroups)) {
		group, err := b.nodeGroup(purpose, b.args.NodeGroups[purpose], after)
		if err != nil {
			return nil, fmt.Errorf("node group %q: %w", purpose, err)
		}
		made = append(made, group)
	}
	return made, nil
}

func (b *builder) nodeGroup(purpose string, g NodeGroup, after []pulumi.Resource) (*awseks.NodeGroup, error) {
	template, err := b.launchTemplate(purpose, g)
	if err != nil {
		return nil, err
	}
	capacity := "ON_DEMAND"
	if g.Spot {
		capacity = "SPOT"
	}
	taints := awseks.NodeGroupTaintArray{}
	for _, t := range g.Taints {
		taints = append(taints, &awseks.NodeGroupTaintArgs{
			Key: pulumi.String(t.Key), Value: pulumi.String(t.Value), Effect: pulumi.String(effects[t.Effect]),
		})
	}
	return awseks.NewNodeGroup(b.ctx, b.name+"-"+purpose, &awseks.NodeGroupArgs{
		ClusterName:   b.clusterName,
		NodeGroupName: pulumi.String(purpose),
		NodeRoleArn:   b.nodeRole.Arn,
		SubnetIds:     b.subnets(g.Zones),
		InstanceTypes: pulumi.ToStringArray(g.InstanceTypes),
		AmiType:       pulumi.String(amiTypes[g.AMI][g.arch()]),
		CapacityType:  pulumi.String(capacity),
		ScalingConfig: &awseks.NodeGroupScalingConfigArgs{
			MinSize: pulumi.Int(g.Min), DesiredSize: pulumi.Int(g.Desired), MaxSize: pulumi.Int(g.Max),
		},
		UpdateConfig: &awseks.NodeGroupUpdateConfigArgs{MaxUnavailable: pulumi.Int(1)},
		LaunchTemplate: &awseks.NodeGroupLaunchTemplateArgs{
			Id: template.ID(), Version: pulumi.Sprintf("%d", template.LatestVersion),
		},
		Labels: pulumi.ToStringMap(tags.Merge(g.Labels, map[string]string{"cloudinsight.com/purpose": purpose})),
		Taints: taints,
		Tags:   pulumi.ToStringMap(tags.Of("eks", b.args.Name+"-"+purpose)),
	}, b.parent, pulumi.DependsOn(slices.Concat(after, b.nodeRole.policies)),
		// The autoscaler and the off-hours schedule move it; raise min to raise it for good.
		pulumi.IgnoreChanges([]string{"scalingConfig.desiredSize"}))
}

func (b *builder) launchTemplate(purpose string, g NodeGroup) (*ec2.LaunchTemplate, error) {
	name := b.args.Name + "-" + purpose
	var placement ec2.LaunchTemplatePlacementPtrInput
	if g.Placement != "" {
		group, err := ec2.NewPlacementGroup(b.ctx, b.name+"-"+purpose, &ec2.PlacementGroupArgs{
			Name: pulumi.String(name), Strategy: pulumi.String(g.Placement), Tags: pulumi.ToStringMap(tags.Of("eks", name)),
		}, b.parent)
		if err != nil {
			return nil, fmt.Errorf("placement group: %w", err)
		}
		placement = &ec2.LaunchTemplatePlacementArgs{GroupName: group.Name}
	}
	// What EC2 launches gets its tags from here alone.
	launched := pulumi.ToStringMap(tags.Merge(b.args.Tags, tags.Of("eks", name)))
	var specs ec2.LaunchTemplateTagSpecificationArray
	for _, resource := range []string{"instance", "volume", "network-interface"} {
		specs = append(specs, &ec2.LaunchTemplateTagSpecificationArgs{ResourceType: pulumi.String(resource), Tags: launched})
	}
	template, err := ec2.NewLaunchTemplate(b.ctx, b.name+"-"+purpose, &ec2.LaunchTemplateArgs{
		Name:                 pulumi.String(name),
		Description:          pulumi.String("Nodes of " + name),
		UpdateDefaultVersion: pulumi.Bool(true),
		MetadataOptions: &ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"),
			HttpTokens:   pulumi.String("required"),
			// One hop ends at the node: pods get their credentials from Pod Identity, never from the node.
			HttpPutResponseHopLimit: pulumi.Int(1),
		},
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{&ec2.LaunchTemplateBlockDeviceMappingArgs{
			DeviceName: pulumi.String(rootDevice(g.AMI)),
			Ebs: &ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
				VolumeSize: pulumi.Int(g.DiskGiB), VolumeType: pulumi.String("gp3"),
				Encrypted: pulumi.String("true"), DeleteOnTermination: pulumi.String("true"),
			},
		}},
		Monitoring:        &ec2.LaunchTemplateMonitoringArgs{Enabled: pulumi.Bool(true)},
		Placement:         placement,
		UserData:          pulumi.String(userData(g.AMI, g.maxPods(len(b.args.PodSubnets) > 0))),
		TagSpecifications: specs,
		Tags:              pulumi.ToStringMap(tags.Of("eks", name)),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("launch template: %w", err)
	}
	return template, nil
}

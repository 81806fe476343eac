package eks

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	pulumieks "github.com/pulumi/pulumi-eks/sdk/v2/go/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const clusterType = "cloudinsight:eks:Cluster"

// Cluster is an EKS cluster with its nodes and add-ons.
type Cluster struct {
	pulumi.ResourceState

	// Name of the cluster, ARN, and the URL of its API server.
	Name     pulumi.StringOutput
	ARN      pulumi.StringOutput
	Endpoint pulumi.StringOutput
	// KubeconfigJSON gets its credentials from `aws eks get-token`; it holds no secret.
	KubeconfigJSON pulumi.StringOutput
	// SecurityGroupID is the group that EKS puts on control plane and nodes.
	SecurityGroupID pulumi.StringOutput
	// OIDCProviderARN and OIDCIssuer are for roles of service accounts where Pod Identity is not supported.
	OIDCProviderARN pulumi.StringOutput
	OIDCIssuer      pulumi.StringOutput
	// NodeRoleARN is the role of all nodes.
	NodeRoleARN pulumi.StringOutput
	// Ready is what has to be there before anything is applied to the cluster, and to outlive it.
	Ready []pulumi.Resource
}

// ClusterArgs says which cluster to build.
type ClusterArgs struct {
	// Name of the cluster, 1 to 100 letters, digits, hyphens and underscores.
	Name string
	// Region of the provider, such as af-south-1.
	Region string
	// NodeGroups by purpose, at least one.
	NodeGroups map[string]NodeGroup
	// PrivateSubnets of the control plane's interfaces and the nodes, ids by zone, at least two zones.
	PrivateSubnets map[string]pulumi.StringOutput
	// VPCID of the subnets.
	VPCID pulumi.StringInput
	// SecretsKeyARN encrypts Kubernetes secrets, LogKeyARN the control plane's logs.
	SecretsKeyARN pulumi.StringInput
	LogKeyARN     pulumi.StringInput

	// Version of Kubernetes, a minor of Versions() (default the newest).
	Version string
	// PublicAccessCIDRs may reach the API server from the internet (default none: private only).
	PublicAccessCIDRs []string
	// ServiceCIDR of Kubernetes services (default 172.20.0.0/16).
	ServiceCIDR string
	// LogRetentionDays of the control plane's logs (default 90).
	LogRetentionDays int
	// PodSubnets by zone, for pods with addresses of their own range; empty: pods share the nodes' subnets.
	PodSubnets map[string]pulumi.StringOutput
	// AdminRoleARNs are IAM roles that administer the cluster besides its creator, which must not be among them.
	AdminRoleARNs []string
	// Tags for what the provider's default tags do not reach: instances, volumes and interfaces.
	Tags map[string]string
	// PermissionsBoundary of the roles (default none).
	PermissionsBoundary pulumi.StringPtrInput
}

// NewCluster registers the cluster and its children.
func NewCluster(ctx *pulumi.Context, name string, args *ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("cluster %q: %w", name, err)
	}
	c := &Cluster{}
	inputs := pulumi.Map{"name": pulumi.String(a.Name), "version": pulumi.String(a.Version)}
	if err := ctx.RegisterComponentResourceV2(clusterType, name, inputs, c, opts...); err != nil {
		return nil, fmt.Errorf("cluster %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(c)}
	if err := b.build(c); err != nil {
		return nil, fmt.Errorf("cluster %q: %w", name, err)
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{
		"name": c.Name, "endpoint": c.Endpoint, "securityGroupId": c.SecurityGroupID, "oidcIssuer": c.OIDCIssuer,
	})
}

func (args *ClusterArgs) withDefaults() ClusterArgs {
	a := ClusterArgs{}
	if args != nil {
		a = *args
	}
	if a.Version == "" {
		a.Version = Versions()[len(versions)-1]
	}
	if a.ServiceCIDR == "" {
		a.ServiceCIDR = "172.20.0.0/16"
	}
	if a.LogRetentionDays == 0 {
		a.LogRetentionDays = 90
	}
	groups := map[string]NodeGroup{}
	for purpose, g := range a.NodeGroups {
		groups[purpose] = g.withDefaults(slices.Sorted(maps.Keys(a.PrivateSubnets)))
	}
	a.NodeGroups = groups
	return a
}

func (a *ClusterArgs) validate() error {
	var problems []error
	if a.Name == "" || len(a.Name) > 100 {
		problems = append(problems, fmt.Errorf("name: must have 1 to 100 characters, got %q", a.Name))
	}
	if _, err := addonsOf(a.Version); err != nil {
		problems = append(problems, err)
	}
	// https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
	if len(a.PrivateSubnets) < 2 {
		problems = append(problems, fmt.Errorf("private subnets: must span at least 2 zones, got %d", len(a.PrivateSubnets)))
	}
	for i, cidr := range a.PublicAccessCIDRs {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			problems = append(problems, fmt.Errorf("public access cidrs[%d]: must be a CIDR block, got %q", i, cidr))
		}
	}
	for i, arn := range a.AdminRoleARNs {
		if !strings.HasPrefix(arn, "arn:aws:iam::") || !strings.Contains(arn, ":role/") {
			problems = append(problems, fmt.Errorf("admin role arns[%d]: must be the ARN of an IAM role, got %q", i, arn))
		}
	}
	if len(a.NodeGroups) == 0 {
		problems = append(problems, errors.New("node groups: must have at least one"))
	}
	for _, purpose := range slices.Sorted(maps.Keys(a.NodeGroups)) {
		if err := a.NodeGroups[purpose].validate(a.PrivateSubnets); err != nil {
			problems = append(problems, fmt.Errorf("node group %q: %w", purpose, err))
		}
	}
	return errors.Join(problems...)
}

// builder carries what the steps of one cluster share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   ClusterArgs
	parent pulumi.ResourceOption

	addons   Addons
	cluster  *pulumieks.Cluster
	nodeRole *role
	// clusterName depends on the cluster, unlike args.Name: what takes it is deleted first.
	clusterName pulumi.StringOutput
}

func (b *builder) build(c *Cluster) (err error) {
	if b.addons, err = addonsOf(b.args.Version); err != nil {
		return err
	}
	if err := b.controlPlane(); err != nil {
		return err
	}
	oidc, err := b.oidcProvider()
	if err != nil {
		return err
	}
	admins, err := b.admins()
	if err != nil {
		return err
	}
	before, err := b.addonsBeforeNodes()
	if err != nil {
		return err
	}
	groups, err := b.nodeGroups(before)
	if err != nil {
		return err
	}
	after, err := b.addonsAfterNodes(groups)
	if err != nil {
		return err
	}
	c.Name = b.clusterName
	c.ARN = b.cluster.EksCluster.Arn()
	c.Endpoint = b.cluster.EksCluster.Endpoint()
	c.KubeconfigJSON = b.cluster.KubeconfigJson
	c.SecurityGroupID = b.cluster.EksCluster.VpcConfig().ClusterSecurityGroupId().Elem()
	c.OIDCProviderARN = oidc.Arn
	c.OIDCIssuer = oidc.Url
	c.NodeRoleARN = b.nodeRole.Arn
	c.Ready = slices.Concat([]pulumi.Resource{b.cluster}, admins, before, groups, after)
	return nil
}

// controlPlane makes the cluster through pulumi-eks, without what that component adds by default.
func (b *builder) controlPlane() error {
	// Made first: EKS makes a group without retention and key when it finds none, and never deletes it.
	logs, err := cloudwatch.NewLogGroup(b.ctx, b.name+"-control-plane", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("/aws/eks/" + b.args.Name + "/cluster"),
		RetentionInDays: pulumi.Int(b.args.LogRetentionDays),
		KmsKeyId:        b.args.LogKeyARN,
		Tags:            pulumi.ToStringMap(tags.Of("eks", b.args.Name+"-control-plane")),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("log group: %w", err)
	}
	service, err := b.newRole("control-plane", iam.AssumeService("eks.amazonaws.com"), "AmazonEKSClusterPolicy")
	if err != nil {
		return err
	}
	if b.nodeRole, err = b.newRole("node", iam.AssumeService("ec2.amazonaws.com"),
		"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore"); err != nil {
		return err
	}
	group, err := b.controlPlaneGroup()
	if err != nil {
		return err
	}
	mode := pulumieks.AuthenticationModeApi
	b.cluster, err = pulumieks.NewCluster(b.ctx, b.name, &pulumieks.ClusterArgs{
		Name:                            pulumi.String(b.args.Name),
		Version:                         pulumi.String(b.args.Version),
		VpcId:                           b.args.VPCID,
		PrivateSubnetIds:                b.subnets(slices.Sorted(maps.Keys(b.args.PrivateSubnets))),
		AuthenticationMode:              &mode,
		EndpointPrivateAccess:           pulumi.Bool(true),
		EndpointPublicAccess:            pulumi.Bool(len(b.args.PublicAccessCIDRs) > 0),
		PublicAccessCidrs:               pulumi.ToStringArray(b.args.PublicAccessCIDRs),
		EncryptionConfigKeyArn:          b.args.SecretsKeyARN,
		EnabledClusterLogTypes:          pulumi.ToStringArray([]string{"api", "audit", "authenticator", "controllerManager", "scheduler"}),
		KubernetesServiceIpAddressRange: pulumi.String(b.args.ServiceCIDR),
		ServiceRole:                     service.Role,
		// The component would make a node role of its own, which no node has.
		InstanceRole:         b.nodeRole.Role,
		ClusterSecurityGroup: group,
		SkipDefaultNodeGroup: pulumi.BoolRef(true),
		UseDefaultVpcCni:     pulumi.BoolRef(true),
		CreateOidcProvider:   pulumi.Bool(false),
		ClusterTags:          pulumi.ToStringMap(tags.Of("eks", b.args.Name)),
	}, b.parent, pulumi.DependsOn(slices.Concat([]pulumi.Resource{logs}, service.policies)))
	if err != nil {
		return err
	}
	b.clusterName = b.cluster.EksCluster.Name()
	return nil
}

// controlPlaneGroup is on the control plane's interfaces besides the group that EKS makes. It opens nothing of its own:
// the component would open all egress.
func (b *builder) controlPlaneGroup() (*ec2.SecurityGroup, error) {
	group, err := ec2.NewSecurityGroup(b.ctx, b.name+"-control-plane", &ec2.SecurityGroupArgs{
		Name:        pulumi.String(b.args.Name + "-control-plane"),
		Description: pulumi.String("Control plane of " + b.args.Name + "; the group that EKS makes carries the traffic"),
		VpcId:       b.args.VPCID,
		Tags:        pulumi.ToStringMap(tags.Of("eks", b.args.Name+"-control-plane")),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("security group: %w", err)
	}
	return group, nil
}

// subnets lists the private subnets of the zones.
func (b *builder) subnets(zones []string) pulumi.StringArray {
	var ids pulumi.StringArray
	for _, zone := range zones {
		ids = append(ids, b.args.PrivateSubnets[zone])
	}
	return ids
}

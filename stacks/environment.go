package stacks

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/apps"
	"github.com/cloudinsight/platform/components/access"
	"github.com/cloudinsight/platform/components/eks"
	"github.com/cloudinsight/platform/components/namespace"
	"github.com/cloudinsight/platform/components/vpc"
	"github.com/cloudinsight/platform/config"
)

// environment is what the steps of one environment share.
type environment struct {
	ctx     *pulumi.Context
	cfg     *config.Config
	shared  *contract
	name    string // cloudinsight-<environment>: the prefix of every fixed name
	account string

	aws        *aws.Provider
	recovery   *aws.Provider // for the disaster recovery region; nil without copies there
	billing    *aws.Provider // for us-east-1, where AWS exports cost data; nil without an export
	kubernetes *kubernetes.Provider
}

// deployEnvironment builds an environment from the ground up; each step gets what the ones above it made.
func deployEnvironment(ctx *pulumi.Context, cfg *config.Config) (err error) {
	e := &environment{ctx: ctx, cfg: cfg, name: "cloudinsight-" + string(cfg.Environment)}
	if e.shared, err = readShared(ctx, cfg); err != nil {
		return err
	}
	if err = bindRoles(ctx, e.shared.permissionsBoundaryARN); err != nil {
		return err
	}
	if err = e.newProviders(); err != nil {
		return err
	}
	keys, err := e.newKeys()
	if err != nil {
		return err
	}
	refuge, err := e.newRefuge()
	if err != nil {
		return err
	}
	buckets, err := e.newBuckets(keys, refuge)
	if err != nil {
		return err
	}
	network, err := e.newNetwork(keys, buckets)
	if err != nil {
		return err
	}
	cluster, err := e.newCluster(keys, network)
	if err != nil {
		return err
	}
	data, err := e.newData(keys, buckets, network, cluster)
	if err != nil {
		return err
	}
	safety, err := e.newSafety(keys, refuge, data)
	if err != nil {
		return err
	}
	if e.kubernetes, err = newKubernetesProvider(ctx, e.name, cluster); err != nil {
		return err
	}
	if _, err = eks.NewStorageClass(ctx, "gp3", pulumi.Parent(cluster), pulumi.Provider(e.kubernetes), pulumi.DependsOn(cluster.Ready)); err != nil {
		return err
	}
	services := e.appsArgs(keys, cluster, network, data)
	space, err := e.newNamespace(cluster, services.Peak())
	if err != nil {
		return err
	}
	people, err := e.newAccess(cluster, space)
	if err != nil {
		return err
	}
	services.DependsOn = slices.Concat(services.DependsOn, space.Ready)
	running, err := apps.NewApps(ctx, e.name, services, e.both())
	if err != nil {
		return err
	}
	e.export(network, cluster, data, safety, space, people, running)
	return nil
}

func (e *environment) newNetwork(keys *environmentKeys, buckets *environmentBuckets) (*vpc.Network, error) {
	n := e.cfg.Network
	return vpc.NewNetwork(e.ctx, e.name, &vpc.NetworkArgs{
		Region: e.cfg.Region, CIDR: n.CIDR, Zones: n.Zones, DataZones: n.DataZones, ClusterName: e.name,
		NATGateways: vpc.NATGateways(n.NATGateways), PodCIDR: n.PodCIDR, Subnets: subnets(n.Subnets), InterfaceEndpoints: n.InterfaceEndpoints,
		FlowLogs:  vpc.FlowLogs{Destination: vpc.LogDestination(n.FlowLogs.Destination), RetentionDays: e.cfg.Logs.RetentionDays, BucketARN: buckets.logs.ARN},
		LogKeyARN: keys.logs.ARN,
	}, e.onlyAWS())
}

func (e *environment) newCluster(keys *environmentKeys, network *vpc.Network) (*eks.Cluster, error) {
	c := e.cfg.Cluster
	return eks.NewCluster(e.ctx, e.name, &eks.ClusterArgs{
		Name: e.name, Region: e.cfg.Region, Version: c.Version, NodeGroups: nodeGroups(e.cfg.NodeGroups),
		PrivateSubnets: network.PrivateSubnets, PodSubnets: network.PodSubnets, VPCID: network.ID,
		PublicAccessCIDRs: c.PublicAccessCIDRs, AdminRoleARNs: c.AdminRoleARNs, ServiceCIDR: c.ServiceCIDR, LogRetentionDays: e.cfg.Logs.RetentionDays,
		SecretsKeyARN: keys.cluster.ARN, LogKeyARN: keys.logs.ARN, Tags: defaultTags(e.cfg),
	}, e.onlyAWS())
}

func (e *environment) newNamespace(cluster *eks.Cluster, peak apps.Demand) (*namespace.Namespace, error) {
	quota, err := quota(e.cfg.Apps, peak)
	if err != nil {
		return nil, err
	}
	return namespace.NewNamespace(e.ctx, e.name, &namespace.Args{
		Namespace: e.name, Environment: string(e.cfg.Environment), KubernetesVersion: e.cfg.Cluster.Version,
		QoS: qos(e.cfg.Apps.QoS), Quota: quota, DependsOn: cluster.Ready,
	}, e.both())
}

func (e *environment) newAccess(cluster *eks.Cluster, space *namespace.Namespace) (*access.Access, error) {
	return access.NewAccess(e.ctx, e.name, &access.Args{
		Environment: string(e.cfg.Environment), Namespace: e.name, Teams: teams(e.cfg.Access.Teams),
		ClusterName: cluster.Name, ClusterARN: cluster.ARN, AccountID: pulumi.String(e.account),
		DependsOn: slices.Concat(space.Ready, cluster.Ready),
	}, e.both())
}

func (e *environment) appsArgs(keys *environmentKeys, cluster *eks.Cluster, network *vpc.Network, data *environmentData) *apps.Args {
	a := e.cfg.Apps
	return &apps.Args{
		Settings: apps.Settings{
			Namespace: e.name, Environment: string(e.cfg.Environment), Region: e.cfg.Region, QoS: qos(a.QoS), Replicas: a.Replicas,
			Autoscaling: autoscaling(a.Autoscaling), LogLevel: string(a.LogLevel), DataTierCIDRs: ranges(network.Plan.Data), EndpointCIDRs: e.endpointRanges(network),
		},
		Images: images(e.shared.at(e.cfg.Region).registryHost, a.Images), Services: overrides(a.Services), ExtraServices: extraServices(a.ExtraServices),
		Stores: data.stores(e, keys), ClusterName: cluster.Name, DependsOn: cluster.Ready,
	}
}

// endpointRanges are where pods find AWS's services: the private tier, when the one that they call has an endpoint there.
func (e *environment) endpointRanges(network *vpc.Network) []string {
	if !slices.Contains(e.cfg.Network.InterfaceEndpoints, "secretsmanager") {
		return nil
	}
	return ranges(network.Plan.Private)
}

func (e *environment) export(
	network *vpc.Network, cluster *eks.Cluster, data *environmentData, safety *environmentSafety,
	space *namespace.Namespace, people *access.Access, running *apps.Apps,
) {
	urls := pulumi.StringMap{}
	for name, service := range running.Services {
		urls[name] = service.URL
	}
	for name, value := range map[string]pulumi.Input{
		OutputRegion: pulumi.String(e.cfg.Region), OutputVPCID: network.ID, OutputNATAddresses: network.NATAddresses,
		OutputClusterName: cluster.Name, OutputClusterEndpoint: cluster.Endpoint, OutputKubeconfig: cluster.KubeconfigJSON,
		OutputNamespace: space.Name, OutputServices: urls, OutputPlaceholders: running.Placeholders, OutputTeamRoles: people.RoleARNs,
		OutputStores: data.endpoints(), OutputSecrets: pulumi.StringMap(inputs(safety.secrets.ARNs)), OutputAlarmTopics: topics(safety.alarms),
	} {
		e.ctx.Export(name, value)
	}
}

// onlyAWS is for components without Kubernetes objects, both for the others.
func (e *environment) onlyAWS() pulumi.ResourceOption { return pulumi.Providers(e.aws) }
func (e *environment) both() pulumi.ResourceOption    { return pulumi.Providers(e.aws, e.kubernetes) }

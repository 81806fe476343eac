// Package msk makes the Kafka cluster of an environment: the same number of brokers in each zone, in subnets without a way
// to the internet. Clients come over TLS and as an IAM role, on port 9098; there is no other way in, and no password.
//
// It refuses fewer than two zones, volumes that MSK does not have, and storage that grows by itself in the regions where
// MSK cannot do that. Topics are not made here: what may be written is decided with the services, and tools/topics makes
// it.
//
// A kafka.t3.small is for trying things out: MSK takes 4 new IAM connections a second on each, where larger brokers take
// 100, and cannot move a cluster of them from ZooKeeper to KRaft.
// https://docs.aws.amazon.com/msk/latest/developerguide/limits.html
// https://docs.aws.amazon.com/msk/latest/developerguide/zk-to-kraft-migration.html
package msk

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awsmsk "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/msk"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const clusterType = "cloudinsight:msk:Cluster"

// Port is where brokers listen for clients with IAM credentials.
// https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html
const Port = 9098

// Cluster is a Kafka cluster with its configuration, security group and log group.
type Cluster struct {
	pulumi.ResourceState

	// ARN of the cluster; TopicARN and GroupARN make the ARNs of what it holds.
	ARN pulumi.StringOutput
	// BootstrapBrokers is where clients begin: host:9098 of brokers, with commas.
	BootstrapBrokers pulumi.StringOutput
	// Name of the cluster; it resolves when the cluster is active.
	Name pulumi.StringOutput
	// SecurityGroupID is the group on the brokers.
	SecurityGroupID pulumi.StringOutput
	// Ready is what has to be there before a client can connect.
	Ready []pulumi.Resource

	alarms []alarm.Alarm
}

// ClusterArgs says which cluster to build.
type ClusterArgs struct {
	// Name of the cluster, 1 to 64 letters, digits and hyphens, such as cloudinsight-dev.
	Name string
	// Region of the provider, such as af-south-1.
	Region string
	// InstanceType of the brokers, such as kafka.m5.large.
	InstanceType string
	// SubnetsByZone holds the subnet of each zone that has brokers, at least two. Changing it replaces the cluster.
	SubnetsByZone map[string]pulumi.StringOutput
	// VPCID of the subnets.
	VPCID pulumi.StringInput
	// KeyARN encrypts what the brokers store, LogKeyARN their logs. Changing KeyARN replaces the cluster.
	KeyARN    pulumi.StringInput
	LogKeyARN pulumi.StringInput

	// KafkaVersion as MSK spells it (default 3.9.x). Going back replaces the cluster.
	KafkaVersion string
	// BrokersPerZone (default 1): MSK takes only whole multiples of the zones.
	BrokersPerZone int
	// VolumeGiB of each broker, 1 to 16384 (default 100). It can grow and never shrink.
	VolumeGiB int
	// MaxVolumeGiB up to which MSK enlarges the volumes by itself (default 0: it does not).
	MaxVolumeGiB int
	// AutoCreateTopics lets a client make a topic by writing to it, with whatever it misspelled.
	AutoCreateTopics bool
	// Clients are security groups that may connect, by a name for each.
	Clients map[string]pulumi.StringInput
	// MetricsClients are security groups that may read Prometheus metrics from the brokers, by a name for each.
	MetricsClients map[string]pulumi.StringInput
	// LogRetentionDays of the brokers' logs (default 90).
	LogRetentionDays int
	// Unprotected lets Pulumi delete and replace the cluster, with all that it holds.
	Unprotected bool
	// Classification of the data: confidential, anonymised or synthetic (default confidential).
	Classification string
}

// NewCluster registers the cluster and its children.
func NewCluster(ctx *pulumi.Context, name string, args *ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("kafka %q: %w", name, err)
	}
	c := &Cluster{}
	inputs := pulumi.Map{"name": pulumi.String(a.Name), "kafkaVersion": pulumi.String(a.KafkaVersion), "brokers": pulumi.Int(a.brokers())}
	if err := ctx.RegisterComponentResourceV2(clusterType, name, inputs, c, opts...); err != nil {
		return nil, fmt.Errorf("kafka %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(c)}
	if err := b.build(c); err != nil {
		return nil, fmt.Errorf("kafka %q: %w", name, err)
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{
		"arn": c.ARN, "name": c.Name, "bootstrapBrokers": c.BootstrapBrokers, "securityGroupId": c.SecurityGroupID,
	})
}

// Alarms are what to watch about the cluster.
func (c *Cluster) Alarms() []alarm.Alarm { return c.alarms }

// builder carries what the steps of one cluster share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   ClusterArgs
	parent pulumi.ResourceOption
}

func (b *builder) build(c *Cluster) error {
	// Its name says where log delivery writes: below /aws/vendedlogs/ the size of the resource policy that AWS keeps for
	// log groups does not limit how many there are.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-CloudWatchLogs.html
	logs, err := cloudwatch.NewLogGroup(b.ctx, b.name+"-broker", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("/aws/vendedlogs/msk/" + b.args.Name + "/broker"),
		RetentionInDays: pulumi.Int(b.args.LogRetentionDays),
		KmsKeyId:        b.args.LogKeyARN,
		Tags:            b.tags(b.args.Name + "-broker"),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("log group: %w", err)
	}
	configuration, err := b.configuration()
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	group, rules, err := b.securityGroup()
	if err != nil {
		return fmt.Errorf("security group: %w", err)
	}
	cluster, err := b.cluster(configuration, group, logs)
	if err != nil {
		return err
	}
	if err := b.storageScaling(cluster); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	c.ARN = cluster.Arn
	c.BootstrapBrokers = cluster.BootstrapBrokersSaslIam
	c.Name = cluster.ClusterName
	c.SecurityGroupID = group.ID().ToStringOutput()
	c.Ready = append([]pulumi.Resource{cluster}, rules...)
	c.alarms = alarms(b.args.Name, cluster.ClusterName, b.args.brokers())
	return nil
}

func (b *builder) cluster(configuration *awsmsk.Configuration, group *ec2.SecurityGroup, logs *cloudwatch.LogGroup) (*awsmsk.Cluster, error) {
	// The name is taken until the old cluster is gone.
	opts := []pulumi.ResourceOption{b.parent, pulumi.Protect(!b.args.Unprotected), pulumi.DeleteBeforeReplace(true)}
	if b.args.MaxVolumeGiB > 0 {
		// The volumes have grown since; asking for the first size is asking to shrink them, which MSK refuses. Only then:
		// ignored always, a change of VolumeGiB would do nothing.
		opts = append(opts, pulumi.IgnoreChanges([]string{"brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize"}))
	}
	return awsmsk.NewCluster(b.ctx, b.name, &awsmsk.ClusterArgs{
		ClusterName:         pulumi.String(b.args.Name),
		KafkaVersion:        pulumi.String(b.args.KafkaVersion),
		NumberOfBrokerNodes: pulumi.Int(b.args.brokers()),
		BrokerNodeGroupInfo: &awsmsk.ClusterBrokerNodeGroupInfoArgs{
			InstanceType:  pulumi.String(b.args.InstanceType),
			ClientSubnets: b.subnets(),
			// Other groups would replace the cluster, so there is this one, and clients are rules of it.
			SecurityGroups: pulumi.StringArray{group.ID()},
			StorageInfo: &awsmsk.ClusterBrokerNodeGroupInfoStorageInfoArgs{
				EbsStorageInfo: &awsmsk.ClusterBrokerNodeGroupInfoStorageInfoEbsStorageInfoArgs{VolumeSize: pulumi.Int(b.args.VolumeGiB)},
			},
		},
		ClientAuthentication: &awsmsk.ClusterClientAuthenticationArgs{
			Unauthenticated: pulumi.Bool(false),
			Sasl:            &awsmsk.ClusterClientAuthenticationSaslArgs{Iam: pulumi.Bool(true), Scram: pulumi.Bool(false)},
		},
		EncryptionInfo: &awsmsk.ClusterEncryptionInfoArgs{
			EncryptionAtRestKmsKeyArn: b.args.KeyARN,
			EncryptionInTransit: &awsmsk.ClusterEncryptionInfoEncryptionInTransitArgs{
				ClientBroker: pulumi.String("TLS"),
				InCluster:    pulumi.Bool(true),
			},
		},
		ConfigurationInfo: &awsmsk.ClusterConfigurationInfoArgs{Arn: configuration.Arn, Revision: configuration.LatestRevision},
		// The least level that tells of under-replicated partitions. Numbers by topic would be CloudWatch metrics paid for
		// one by one, topics times brokers; Prometheus gets them from the brokers for nothing.
		// https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
		EnhancedMonitoring: pulumi.String("PER_BROKER"),
		OpenMonitoring: &awsmsk.ClusterOpenMonitoringArgs{Prometheus: &awsmsk.ClusterOpenMonitoringPrometheusArgs{
			JmxExporter:  &awsmsk.ClusterOpenMonitoringPrometheusJmxExporterArgs{EnabledInBroker: pulumi.Bool(true)},
			NodeExporter: &awsmsk.ClusterOpenMonitoringPrometheusNodeExporterArgs{EnabledInBroker: pulumi.Bool(true)},
		}},
		LoggingInfo: &awsmsk.ClusterLoggingInfoArgs{BrokerLogs: &awsmsk.ClusterLoggingInfoBrokerLogsArgs{
			CloudwatchLogs: &awsmsk.ClusterLoggingInfoBrokerLogsCloudwatchLogsArgs{Enabled: pulumi.Bool(true), LogGroup: logs.Name},
		}},
		Tags: b.tags(b.args.Name, map[string]string{"DataClassification": b.args.Classification}),
	}, opts...)
}

// subnets of the zones in the order of their names.
func (b *builder) subnets() pulumi.StringArray {
	var ids pulumi.StringArray
	for _, zone := range slices.Sorted(maps.Keys(b.args.SubnetsByZone)) {
		ids = append(ids, b.args.SubnetsByZone[zone])
	}
	return ids
}

func (b *builder) tags(name string, more ...map[string]string) pulumi.StringMap {
	return pulumi.ToStringMap(tags.Of("msk", name, more...))
}

package msk

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	clusterToken       = "aws:msk/cluster:Cluster"
	configurationToken = "aws:msk/configuration:Configuration"
	targetToken        = "aws:appautoscaling/target:Target"
	policyToken        = "aws:appautoscaling/policy:Policy"
	logToken           = "aws:cloudwatch/logGroup:LogGroup"
	ruleToken          = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	firewallToken      = "aws:ec2/securityGroup:SecurityGroup"

	clusterARN = "arn:aws:kafka:af-south-1:111122223333:cluster/cloudinsight-prod/abc-1"
)

func subnets(zones ...string) map[string]pulumi.StringOutput {
	all := map[string]pulumi.StringOutput{}
	for _, zone := range zones {
		all[zone] = pulumi.String("subnet-" + zone).ToStringOutput()
	}
	return all
}

func defaults() *ClusterArgs {
	return &ClusterArgs{
		Name: "cloudinsight-prod", Region: "af-south-1", InstanceType: "kafka.m5.large", VPCID: pulumi.String("vpc-1"),
		SubnetsByZone: subnets("af-south-1c", "af-south-1a", "af-south-1b"), KeyARN: pulumi.String("arn:data"), LogKeyARN: pulumi.String("arn:logs"),
	}
}

func record(t *testing.T, args *ClusterArgs) (*pulumitest.Recorder, *Cluster, error) {
	t.Helper()
	var cluster *Cluster
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) (err error) {
		cluster, err = NewCluster(ctx, "kafka", args)
		return err
	}, pulumitest.Outputs(clusterToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"arn": clusterARN, "bootstrapBrokersSaslIam": "b-1.example:9098,b-2.example:9098"}
	}), pulumitest.Outputs(configurationToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"arn": "arn:configuration", "latestRevision": 1}
	}))
	return rec, cluster, err
}

func recorded(t *testing.T, args *ClusterArgs) (*pulumitest.Recorder, *Cluster) {
	t.Helper()
	rec, cluster, err := record(t, args)
	require.NoError(t, err)
	return rec, cluster
}

func TestCluster_DefaultsAreForProduction(t *testing.T) {
	rec, _ := recorded(t, defaults())
	c := rec.Named(t, clusterToken, "kafka")
	for path, want := range map[string]any{
		"clusterName": "cloudinsight-prod", "kafkaVersion": "3.9.x", "numberOfBrokerNodes": 3.0, "enhancedMonitoring": "PER_BROKER",
		"brokerNodeGroupInfo.instanceType":                          "kafka.m5.large",
		"brokerNodeGroupInfo.clientSubnets":                         []any{"subnet-af-south-1a", "subnet-af-south-1b", "subnet-af-south-1c"},
		"brokerNodeGroupInfo.securityGroups":                        []any{rec.Named(t, firewallToken, "kafka").ID},
		"brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize": 100.0,
		"brokerNodeGroupInfo.connectivityInfo":                      nil,
		"clientAuthentication.unauthenticated":                      false,
		"clientAuthentication.sasl":                                 map[string]any{"iam": true, "scram": false},
		"clientAuthentication.tls":                                  nil,
		"encryptionInfo.encryptionAtRestKmsKeyArn":                  "arn:data",
		"encryptionInfo.encryptionInTransit":                        map[string]any{"clientBroker": "TLS", "inCluster": true},
		"configurationInfo":                                         map[string]any{"arn": "arn:configuration", "revision": 1.0},
		"openMonitoring.prometheus.jmxExporter.enabledInBroker":     true,
		"openMonitoring.prometheus.nodeExporter.enabledInBroker":    true,
		"loggingInfo.brokerLogs.cloudwatchLogs":                     map[string]any{"enabled": true, "logGroup": "/aws/vendedlogs/msk/cloudinsight-prod/broker"},
		"tags.DataClassification":                                   "confidential",
		"tags.Component":                                            "msk",
	} {
		assert.Equal(t, want, c.Input(path), path)
	}
	assert.True(t, c.Protect)
	assert.True(t, c.DeleteBeforeReplace, "the name is taken until the old one is gone")
	assert.Empty(t, c.IgnoreChanges, "else a larger volumeGiB would do nothing")
	assert.Zero(t, rec.Count(targetToken)+rec.Count(policyToken)+rec.Count(ruleToken))

	logs := rec.Named(t, logToken, "kafka-broker")
	assert.Equal(t, 90.0, logs.Input("retentionInDays"))
	assert.Equal(t, "arn:logs", logs.Input("kmsKeyId"))
	assert.True(t, c.DependsOnNamed(logToken, "kafka-broker"))
	assert.True(t, c.DependsOnNamed(configurationToken, "kafka"))
}

func TestCluster_ConfigurationIsNamedByItsVersion(t *testing.T) {
	args := defaults()
	args.KafkaVersion = "3.9.x.kraft"
	rec, _ := recorded(t, args)
	configuration := rec.Named(t, configurationToken, "kafka")
	assert.Equal(t, "cloudinsight-prod-3-9-x-kraft", configuration.Input("name"))
	assert.Equal(t, []any{"3.9.x.kraft"}, configuration.Input("kafkaVersions"))
	assert.False(t, configuration.DeleteBeforeReplace, "the old one is in use until the cluster has moved")
	assert.Equal(t, serverProperties(3, false), configuration.Input("serverProperties"))
}

func TestServerProperties(t *testing.T) {
	for name, c := range map[string]struct {
		brokers    int
		autoCreate bool
		want       []string
	}{
		"three brokers": {3, false, []string{"auto.create.topics.enable=false", "default.replication.factor=3", "min.insync.replicas=2",
			"offsets.topic.replication.factor=3", "transaction.state.log.replication.factor=3", "transaction.state.log.min.isr=2",
			"log.retention.hours=168", "unclean.leader.election.enable=false"}},
		"many brokers":          {9, false, []string{"default.replication.factor=3", "min.insync.replicas=2"}},
		"one may always be out": {2, true, []string{"auto.create.topics.enable=true", "default.replication.factor=2", "min.insync.replicas=1", "transaction.state.log.min.isr=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(strings.TrimSpace(serverProperties(c.brokers, c.autoCreate)), "\n")
			assert.Len(t, lines, 8)
			assert.Subset(t, lines, c.want)
		})
	}
}

func TestCluster_EverythingSet(t *testing.T) {
	args := defaults()
	args.Region, args.SubnetsByZone = "eu-west-1", subnets("eu-west-1a", "eu-west-1b")
	args.BrokersPerZone, args.VolumeGiB, args.MaxVolumeGiB = 2, 200, 1000
	args.AutoCreateTopics, args.Unprotected, args.Classification, args.LogRetentionDays = true, true, "synthetic", 7
	args.Clients = map[string]pulumi.StringInput{"nodes": pulumi.String("sg-nodes")}
	args.MetricsClients = map[string]pulumi.StringInput{"prometheus": pulumi.String("sg-prometheus")}
	rec, cluster := recorded(t, args)
	c := rec.Named(t, clusterToken, "kafka")
	assert.Equal(t, 4.0, c.Input("numberOfBrokerNodes"), "as many in each zone")
	assert.Equal(t, 200.0, c.Input("brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize"))
	assert.Equal(t, []string{"brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize"}, c.IgnoreChanges)
	assert.False(t, c.Protect)
	assert.Equal(t, "synthetic", c.Input("tags.DataClassification"))
	assert.Contains(t, rec.Named(t, configurationToken, "kafka").Input("serverProperties"), "auto.create.topics.enable=true\n")
	assert.Equal(t, 7.0, rec.Named(t, logToken, "kafka-broker").Input("retentionInDays"))

	target := rec.Named(t, targetToken, "kafka-storage")
	for path, want := range map[string]any{
		"maxCapacity": 1000.0, "minCapacity": 1.0, "resourceId": clusterARN, "serviceNamespace": "kafka", "scalableDimension": "kafka:broker-storage:VolumeSize",
	} {
		assert.Equal(t, want, target.Input(path), path)
	}
	policy := rec.Named(t, policyToken, "kafka-storage")
	assert.Equal(t, "TargetTrackingScaling", policy.Input("policyType"))
	tracking := policy.Input("targetTrackingScalingPolicyConfiguration").(map[string]any)
	assert.Equal(t, true, tracking["disableScaleIn"])
	assert.Equal(t, 60.0, tracking["targetValue"])
	assert.True(t, policy.DependsOnNamed(targetToken, "kafka-storage") && target.DependsOnNamed(clusterToken, "kafka"), "gone before the cluster")

	for name, want := range map[string]struct {
		source   string
		from, to float64
	}{"kafka-from-nodes": {"sg-nodes", 9098, 9098}, "kafka-metrics-from-prometheus": {"sg-prometheus", 11001, 11002}} {
		rule := rec.Named(t, ruleToken, name)
		assert.Equal(t, want.source, rule.Input("referencedSecurityGroupId"), name)
		assert.Equal(t, want.from, rule.Input("fromPort"), name)
		assert.Equal(t, want.to, rule.Input("toPort"), name)
	}
	assert.Equal(t, 2, rec.Count(ruleToken))
	assert.Len(t, cluster.Ready, 3, "the brokers and the rules that let clients in")
}

func TestCluster_OutputsAndChildren(t *testing.T) {
	outputs := make(chan []any, 1)
	pulumitest.Run(t, func(ctx *pulumi.Context) error {
		c, err := NewCluster(ctx, "kafka", defaults())
		if err != nil {
			return err
		}
		pulumi.All(c.ARN, c.Name, c.BootstrapBrokers).ApplyT(func(all []any) error { outputs <- all; return nil })
		return nil
	}, pulumitest.Outputs(clusterToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"arn": clusterARN, "bootstrapBrokersSaslIam": "b-1.example:9098"}
	}))
	assert.Equal(t, []any{clusterARN, "cloudinsight-prod", "b-1.example:9098"}, <-outputs)

	rec, _ := recorded(t, defaults())
	component := rec.Named(t, clusterType, "kafka")
	assert.Len(t, rec.Children(component), len(rec.All())-1, "all are its children")
}

func TestARNs_OfWhatAClusterHolds(t *testing.T) {
	assert.Equal(t, "arn:aws:kafka:af-south-1:111122223333:topic/cloudinsight-prod/abc-1/cost.records", TopicARN(clusterARN, "cost.records"))
	assert.Equal(t, "arn:aws:kafka:af-south-1:111122223333:group/cloudinsight-prod/abc-1/cost*", GroupARN(clusterARN, "cost*"))
}

func TestCluster_AlarmsAreForTheClusterAndEachBroker(t *testing.T) {
	_, cluster := recorded(t, defaults())
	names := map[string]bool{}
	for _, a := range cluster.Alarms() {
		assert.NoError(t, a.WithDefaults().Validate(), a.Name)
		assert.False(t, names[a.Name], "%s is there twice", a.Name)
		assert.Equal(t, "AWS/Kafka", a.Namespace)
		assert.Contains(t, a.Dimensions, "Cluster Name", a.Name)
		names[a.Name] = true
	}
	assert.Len(t, names, 2+3*3)
	for _, name := range []string{"offline-partitions", "no-controller", "disk-3", "cpu-3", "under-replicated-3"} {
		assert.True(t, names["cloudinsight-prod-kafka-"+name], name)
	}
}

func TestCluster_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ClusterArgs)
		want   string
	}{
		"name":             {func(a *ClusterArgs) { a.Name = "cloud_insight" }, `name: must be 1 to 64 letters, digits and hyphens, got "cloud_insight"`},
		"region":           {func(a *ClusterArgs) { a.Region = "" }, "region: must be given"},
		"no vpc":           {func(a *ClusterArgs) { a.VPCID = nil }, "vpc id: must be given"},
		"no key":           {func(a *ClusterArgs) { a.KeyARN = nil }, "key: must be given"},
		"no log key":       {func(a *ClusterArgs) { a.LogKeyARN = nil }, "log key: must be given"},
		"version":          {func(a *ClusterArgs) { a.KafkaVersion = "3.9" }, `kafka version: must be spelled as MSK does, such as 3.9.x, got "3.9"`},
		"instance type":    {func(a *ClusterArgs) { a.InstanceType = "m5.large" }, `instance type: must be a broker type such as kafka.m5.large, got "m5.large"`},
		"one zone":         {func(a *ClusterArgs) { a.SubnetsByZone = subnets("af-south-1a") }, "subnets: must be in at least 2 zones, got 1"},
		"brokers":          {func(a *ClusterArgs) { a.BrokersPerZone = -1 }, "brokers per zone: must be at least 1, got -1"},
		"negative volume":  {func(a *ClusterArgs) { a.VolumeGiB = -1 }, "volume: must be between 1 and 16384 GiB, got -1"},
		"large volume":     {func(a *ClusterArgs) { a.VolumeGiB = 16385 }, "volume: must be between 1 and 16384 GiB, got 16385"},
		"max below volume": {func(a *ClusterArgs) { a.Region, a.MaxVolumeGiB = "eu-west-1", 99 }, "max volume: must be between the volume, 100 GiB, and 16384 GiB, got 99"},
		"max too large":    {func(a *ClusterArgs) { a.Region, a.MaxVolumeGiB = "eu-west-1", 16385 }, "max volume: must be between"},
		"no scaling there": {func(a *ClusterArgs) { a.MaxVolumeGiB = 200 }, "max volume: must be 0 in af-south-1, where MSK cannot enlarge volumes by itself, got 200"},
		"log retention":    {func(a *ClusterArgs) { a.LogRetentionDays = -1 }, "log retention: must be positive, got -1 days"},
		"classification":   {func(a *ClusterArgs) { a.Classification = "secret" }, `classification: must be one of [confidential anonymised synthetic], got "secret"`},
		"client":           {func(a *ClusterArgs) { a.Clients = map[string]pulumi.StringInput{"": pulumi.String("sg")} }, `clients: must have a name and a security group each, got ""`},
		"metrics client":   {func(a *ClusterArgs) { a.MetricsClients = map[string]pulumi.StringInput{"prometheus": nil} }, `metrics clients: must have a name and a security group each, got "prometheus"`},
		"all at once":      {func(a *ClusterArgs) { *a = ClusterArgs{} }, "log key: must be given, logs are always encrypted\ninstance type:"},
	} {
		t.Run(name, func(t *testing.T) {
			args := defaults()
			c.change(args)
			rec, _, err := record(t, args)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All(), "nothing is registered")
		})
	}
}

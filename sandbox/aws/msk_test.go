package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type kafkas struct {
	*ground
	configuration, logs made
}

func newKafkas(t *testing.T) *kafkas {
	k := &kafkas{ground: newGround(t)}
	k.configuration = k.make(typeKafkaConfiguration, map[string]any{"name": "main", "kafkaVersions": []any{"3.9.x"}, "serverProperties": "auto.create.topics.enable=false\n"})
	k.logs = k.make(typeLogGroup, map[string]any{"name": "/aws/vendedlogs/msk/main"})
	return k
}

// brokers are a cluster's, with other values.
func (k *kafkas) brokers(with map[string]any) map[string]any {
	return changed(map[string]any{
		"instanceType": "kafka.t3.small", "clientSubnets": []any{k.a.id, k.b.id}, "securityGroups": []any{k.group.id},
		"storageInfo": map[string]any{"ebsStorageInfo": map[string]any{"volumeSize": 20}},
	}, with)
}

func (k *kafkas) cluster(with map[string]any) map[string]any {
	return changed(map[string]any{
		"clusterName": "main", "kafkaVersion": "3.9.x", "numberOfBrokerNodes": 2, "brokerNodeGroupInfo": k.brokers(nil),
		"clientAuthentication": map[string]any{"sasl": map[string]any{"iam": true}},
		"encryptionInfo":       map[string]any{"encryptionAtRestKmsKeyArn": k.key.outputs.str("arn")},
		"configurationInfo":    map[string]any{"arn": k.configuration.id, "revision": 1},
		"loggingInfo":          map[string]any{"brokerLogs": map[string]any{"cloudwatchLogs": map[string]any{"enabled": true, "logGroup": k.logs.id}}},
	}, with)
}

func TestMSK_FillsInWhatAWSDoes(t *testing.T) {
	k := newKafkas(t)
	out := k.make(typeKafka, k.cluster(nil)).outputs
	assert.Regexp(t, `^b-1\.main\.[a-z2-7]{6}\.c2\.kafka\.af-south-1\.amazonaws\.com:9098,b-2\.main\.[a-z2-7]{6}\.c2\.kafka\.af-south-1\.amazonaws\.com:9098$`, out["bootstrapBrokersSaslIam"])
	assert.Empty(t, out["bootstrapBrokersTls"], "nobody gets in without authentication")
	assert.Empty(t, out["bootstrapBrokers"])
	assert.Contains(t, out["zookeeperConnectString"], "z-1.main.")
	assert.Regexp(t, `^arn:aws:kafka:af-south-1:\d{12}:cluster/main/`, out["arn"])
	assert.Equal(t, "TLS", out.object("encryptionInfo").object("encryptionInTransit")["clientBroker"])
	assert.Equal(t, "DISABLED", out.object("brokerNodeGroupInfo").object("connectivityInfo").object("publicAccess")["type"])
	assert.Equal(t, 20.0, out.object("brokerNodeGroupInfo").object("storageInfo").object("ebsStorageInfo")["volumeSize"])
	assert.Equal(t, "LOCAL", out["storageMode"])

	open := k.make(typeKafka, k.cluster(map[string]any{"clusterName": "open", "clientAuthentication": nil, "kafkaVersion": "4.0.x.kraft", "configurationInfo": nil})).outputs
	assert.Contains(t, open["bootstrapBrokersTls"], ":9094")
	assert.Empty(t, open["bootstrapBrokersSaslIam"])
	assert.Empty(t, open["zookeeperConnectString"])
}

func TestMSK_Refuses(t *testing.T) {
	k := newKafkas(t)
	same := k.subnet("10.0.3.0/24", "af-south-1a")
	third := k.subnet("10.0.4.0/24", "af-south-1c")
	brokers := func(with map[string]any) map[string]any {
		return map[string]any{"brokerNodeGroupInfo": k.brokers(with)}
	}
	logs := func(group string) map[string]any {
		return map[string]any{"loggingInfo": map[string]any{"brokerLogs": map[string]any{"cloudwatchLogs": map[string]any{"enabled": true, "logGroup": group}}}}
	}
	k.refusesChanges(t, typeKafka, k.cluster(nil), map[string]change{
		"name":          {map[string]any{"clusterName": "main_1"}, "clusterName: must match"},
		"version":       {map[string]any{"kafkaVersion": "3.9"}, "kafkaVersion: must be one of"},
		"uneven":        {map[string]any{"numberOfBrokerNodes": 3}, "must be a multiple of Availability Zones in the Client Subnets parameter, got 3 for 2"},
		"uneven of 3":   {brokers(map[string]any{"clientSubnets": []any{k.a.id, k.b.id, third.id}}), "got 2 for 3"},
		"one subnet":    {brokers(map[string]any{"clientSubnets": []any{k.a.id}}), "specify either two or three client subnets, got 1"},
		"same zone":     {brokers(map[string]any{"clientSubnets": []any{k.a.id, same.id}}), "must be in distinct Availability Zones"},
		"class":         {brokers(map[string]any{"instanceType": "kafka.m7g.large"}), "Unsupported InstanceType: kafka.m7g.large; af-south-1 has kafka.m5, kafka.t3 there"},
		"group":         {brokers(map[string]any{"securityGroups": []any{"sg-none"}}), "'sg-none' does not exist"},
		"volume":        {brokers(map[string]any{"storageInfo": map[string]any{"ebsStorageInfo": map[string]any{"volumeSize": 20000}}}), "volumeSize: must be between 1 and 16384"},
		"throughput":    {brokers(map[string]any{"storageInfo": map[string]any{"ebsStorageInfo": map[string]any{"provisionedThroughput": map[string]any{"enabled": true}}}}), "needs kafka.m5.4xlarge"},
		"tiered":        {map[string]any{"storageMode": "TIERED"}, "not supported for kafka.t3.small"},
		"quota":         {map[string]any{"numberOfBrokerNodes": 32}, "numberOfBrokerNodes: must be between 1 and 30"},
		"public":        {brokers(map[string]any{"connectivityInfo": map[string]any{"publicAccess": map[string]any{"type": "SERVICE_PROVIDED_EIPS"}}}), "publicAccess.type: must be one of [DISABLED]"},
		"revision":      {map[string]any{"configurationInfo": map[string]any{"arn": k.configuration.id, "revision": 2}}, "Revision 2 of"},
		"configuration": {map[string]any{"configurationInfo": map[string]any{"arn": "arn:none", "revision": 1}}, "The configuration ARN does not exist"},
		"for another":   {map[string]any{"kafkaVersion": "3.8.x"}, "is for Kafka [3.9.x], not for 3.8.x"},
		"logs":          {logs("/none"), "The specified log group does not exist: /none"},
		"key":           {map[string]any{"encryptionInfo": map[string]any{"encryptionAtRestKmsKeyArn": "arn:aws:kms:eu-west-1:1:key/none"}}, "there is none in af-south-1"},
		"plain text":    {map[string]any{"encryptionInfo": map[string]any{"encryptionInTransit": map[string]any{"clientBroker": "PLAINTEXT"}}}, "authentication of clients needs TLS"},
		"nobody":        {map[string]any{"clientAuthentication": map[string]any{"unauthenticated": false}}, "needs one way at least"},
		"monitoring":    {map[string]any{"enhancedMonitoring": "ALL"}, "enhancedMonitoring: must be one of"},
	})
	k.make(typeKafka, k.cluster(nil))
	_, err := k.try(typeKafka, k.cluster(nil))
	assert.ErrorContains(t, err, "A cluster with the name main already exists")
	assert.ErrorContains(t, k.delete(k.configuration), "Configuration is in use by one or more clusters")
	assert.ErrorContains(t, k.delete(k.key), "encrypts arn:aws:kafka")
	assert.ErrorContains(t, k.delete(k.a), "has dependencies")
}

func TestMSK_Configuration(t *testing.T) {
	k := newKafkas(t)
	in := map[string]any{"name": "other", "serverProperties": "# a comment\n\nmin.insync.replicas = 1\n"}
	k.refusesChanges(t, typeKafkaConfiguration, in, map[string]change{
		"unknown": {map[string]any{"serverProperties": "auto.create.topic=true"}, `unsupported configuration property "auto.create.topic"`},
		"value":   {map[string]any{"serverProperties": "min.insync.replicas=two"}, "min.insync.replicas must be a whole number"},
		"truth":   {map[string]any{"serverProperties": "auto.create.topics.enable=yes"}, "must be true or false"},
		"no line": {map[string]any{"serverProperties": "what"}, "must be lines of name=value"},
		"name":    {map[string]any{"name": "a.b"}, "name: must match"},
		"taken":   {map[string]any{"name": "main"}, "A resource with this name already exists"},
		"version": {map[string]any{"kafkaVersions": []any{"1.0"}}, "kafkaVersions: must be of"},
	})
	made := k.make(typeKafkaConfiguration, in)
	out, err := k.update(made, changed(in, map[string]any{"serverProperties": "min.insync.replicas=2"}))
	require.NoError(t, err)
	assert.Equal(t, 2.0, out["latestRevision"], "a change is a new revision")
}

func TestMSK_Updates(t *testing.T) {
	k := newKafkas(t)
	cluster := k.make(typeKafka, k.cluster(map[string]any{"numberOfBrokerNodes": 4}))
	volume := func(size int) map[string]any {
		return k.cluster(map[string]any{"numberOfBrokerNodes": 4, "brokerNodeGroupInfo": k.brokers(map[string]any{
			"storageInfo": map[string]any{"ebsStorageInfo": map[string]any{"volumeSize": size}},
		})})
	}
	out, err := k.update(cluster, volume(40))
	require.NoError(t, err)
	assert.Equal(t, 40.0, out.object("brokerNodeGroupInfo").object("storageInfo").object("ebsStorageInfo")["volumeSize"])
	assert.NotEqual(t, cluster.outputs["currentVersion"], out["currentVersion"])
	_, err = k.update(cluster, volume(20))
	assert.ErrorContains(t, err, "40 GiB cannot become 20")
	_, err = k.update(cluster, k.cluster(nil))
	assert.ErrorContains(t, err, "4 brokers cannot become 2")
	_, err = k.update(cluster, changed(volume(40), map[string]any{"kafkaVersion": "3.9.x.kraft", "configurationInfo": nil}))
	assert.ErrorContains(t, err, "cannot be upgraded to KRaft in place")
	require.NoError(t, k.delete(cluster))
}

func TestAutoScaling_OfBrokerStorage(t *testing.T) {
	k := newKafkas(t)
	cluster := k.make(typeKafka, k.cluster(nil))
	target := map[string]any{"serviceNamespace": "kafka", "scalableDimension": "kafka:broker-storage:VolumeSize", "resourceId": cluster.id, "minCapacity": 1, "maxCapacity": 100}
	policy := map[string]any{
		"name": "grow", "policyType": "TargetTrackingScaling", "serviceNamespace": "kafka", "scalableDimension": "kafka:broker-storage:VolumeSize", "resourceId": cluster.id,
		"targetTrackingScalingPolicyConfiguration": map[string]any{
			"targetValue": 60, "disableScaleIn": true, "predefinedMetricSpecification": map[string]any{"predefinedMetricType": "KafkaBrokerStorageUtilization"},
		},
	}
	k.refusesChanges(t, typeScalingTarget, target, map[string]change{
		"cape town": {nil, "Automatic scaling of broker storage is not available in af-south-1"},
		"dimension": {map[string]any{"scalableDimension": "kafka:broker:Count"}, "scalableDimension: must be one of"},
		"namespace": {map[string]any{"serviceNamespace": "ecs"}, "serviceNamespace: must be one of [kafka]"},
		"capacity":  {map[string]any{"minCapacity": 200}, "maximum capacity cannot be less than minimum capacity"},
	})
	k.refusesChanges(t, typeScalingPolicy, policy, map[string]change{
		"no target": {nil, "No scalable target registered"},
		"value":     {map[string]any{"targetTrackingScalingPolicyConfiguration": map[string]any{"targetValue": 95}}, "targetValue: must be between 10 and 80"},
		"type":      {map[string]any{"policyType": "StepScaling"}, "policyType: must be one of [TargetTrackingScaling]"},
	})
	k.in("eu-west-1", func() {
		_, err := k.try(typeScalingTarget, target)
		assert.ErrorContains(t, err, "The resource does not exist", "the cluster is in another region")
		e := elsewhere(k, "eu-west-1")
		target["resourceId"], policy["resourceId"] = e.id, e.id
		registered := k.make(typeScalingTarget, target)
		assert.Contains(t, registered.outputs["roleArn"], "AWSServiceRoleForApplicationAutoScaling_KafkaCluster")
		grows := k.make(typeScalingPolicy, policy)
		_, err = k.try(typeScalingPolicy, changed(policy, map[string]any{"name": "again"}))
		assert.ErrorContains(t, err, "Only one TargetTrackingScaling policy")
		require.NoError(t, k.delete(registered))
		assert.Nil(t, k.read(grows).Outputs)
	})
}

// elsewhere is a cluster with all that it needs in another region.
func elsewhere(k *kafkas, region string) made {
	vpc := k.make(typeVPC, map[string]any{"cidrBlock": "10.1.0.0/16"})
	subnet := func(cidr, zone string) string {
		return k.make(typeSubnet, map[string]any{"vpcId": vpc.id, "cidrBlock": cidr, "availabilityZone": region + zone}).id
	}
	return k.make(typeKafka, map[string]any{
		"clusterName": "main", "kafkaVersion": "3.9.x", "numberOfBrokerNodes": 2, "brokerNodeGroupInfo": map[string]any{
			"instanceType": "kafka.m7g.large", "clientSubnets": []any{subnet("10.1.0.0/24", "a"), subnet("10.1.1.0/24", "b")},
			"securityGroups": []any{k.make(typeSecurityGroup, map[string]any{"vpcId": vpc.id}).id},
		},
	})
}

package aws

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/managed"
)

const typeKafka = "aws:msk/cluster:Cluster"

// kafkaVersions that can be made: https://docs.aws.amazon.com/msk/latest/developerguide/supported-kafka-versions.html
var kafkaVersions = []string{
	"3.8.x", "3.8.x.kraft", "3.9.x", "3.9.x.kraft", "4.0.x.kraft", "4.1.x.kraft", "4.2.x.kraft",
}

var kafkaName = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// kafkaKinds are MSK clusters and their configurations.
// Rules: https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html, .../developerguide/limits.html,
// .../developerguide/msk-update-storage.html, .../developerguide/version-upgrades.html
var kafkaKinds = map[string]kind{
	typeKafka: {
		name: "clusterName", nameMax: 64,
		replace: []string{
			"clusterName", "brokerNodeGroupInfo.azDistribution", "brokerNodeGroupInfo.clientSubnets", "brokerNodeGroupInfo.securityGroups",
			"encryptionInfo.encryptionAtRestKmsKeyArn", "encryptionInfo.encryptionInTransit.inCluster",
		},
		replaceWhen: []condition{{"kafkaVersion", "lowered", func(old, now props) bool {
			return now.str("kafkaVersion") < old.str("kafkaVersion") // as texts, which is how the provider compares
		}}},
		rules:  kafkaRules,
		create: createKafka,
		update: updateKafka,
	},
	typeKafkaConfiguration: configurationKind,
}

func kafkaRules(in props, p *problems) {
	if n := in.str("clusterName"); in.known("clusterName") && !kafkaName.MatchString(n) {
		p.add("clusterName", "must match %s, got %q", kafkaName, n)
	}
	p.oneOf(in, "kafkaVersion", "kafkaVersion", kafkaVersions...)
	p.oneOf(in, "enhancedMonitoring", "enhancedMonitoring", "DEFAULT", "PER_BROKER", "PER_TOPIC_PER_BROKER", "PER_TOPIC_PER_PARTITION")
	p.oneOf(in, "storageMode", "storageMode", "LOCAL", "TIERED")
	brokers := in.object("brokerNodeGroupInfo")
	p.oneOf(brokers, "brokerNodeGroupInfo.azDistribution", "azDistribution", "DEFAULT")
	p.oneOf(brokers.object("connectivityInfo").object("publicAccess"), "brokerNodeGroupInfo.connectivityInfo.publicAccess.type", "type", "DISABLED")
	p.unknownTo(brokers.object("connectivityInfo"), "vpcConnectivity")
	brokerRules(in, brokers, p)
	transit := in.object("encryptionInfo").object("encryptionInTransit")
	p.oneOf(transit, "encryptionInfo.encryptionInTransit.clientBroker", "clientBroker", "TLS", "TLS_PLAINTEXT", "PLAINTEXT")
	auth := in.object("clientAuthentication")
	sasl := auth.object("sasl")
	if transit.str("clientBroker") == "PLAINTEXT" && (sasl.boolean("iam") || sasl.boolean("scram") || auth.has("tls")) {
		p.add("encryptionInfo.encryptionInTransit.clientBroker", "BadRequestException: authentication of clients needs TLS")
	}
	if auth.has("unauthenticated") && auth.known("unauthenticated") && !auth.boolean("unauthenticated") && !sasl.boolean("iam") && !sasl.boolean("scram") && !auth.has("tls") {
		p.add("clientAuthentication", "BadRequestException: a cluster needs one way at least for clients to connect")
	}
	logs := in.object("loggingInfo").object("brokerLogs")
	p.unknownTo(logs, "firehose")
	if s3 := logs.object("s3"); s3.boolean("enabled") && !s3.has("bucket") {
		p.add("loggingInfo.brokerLogs.s3.bucket", "is required")
	}
	if group := logs.object("cloudwatchLogs"); group.boolean("enabled") && !group.has("logGroup") {
		p.add("loggingInfo.brokerLogs.cloudwatchLogs.logGroup", "is required")
	}
}

func brokerRules(in, brokers props, p *problems) {
	volume := brokers.object("storageInfo").object("ebsStorageInfo")
	p.between(volume, "brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize", "volumeSize", 1, 16384)
	small := brokers.str("instanceType") == "kafka.t3.small"
	if small && volume.object("provisionedThroughput").boolean("enabled") {
		p.add("brokerNodeGroupInfo.storageInfo.ebsStorageInfo.provisionedThroughput", "BadRequestException: needs kafka.m5.4xlarge or larger")
	}
	if small && in.str("storageMode") == "TIERED" {
		p.add("storageMode", "BadRequestException: tiered storage is not supported for kafka.t3.small")
	}
	nodes := in.number("numberOfBrokerNodes")
	if most := brokerQuota(in.str("kafkaVersion")); in.known("numberOfBrokerNodes") && (nodes < 1 || nodes > most) {
		p.add("numberOfBrokerNodes", "must be between 1 and %d, got %d", most, nodes)
	}
	list, _ := brokers["clientSubnets"].([]any)
	if list == nil {
		return
	}
	if len(list) != 2 && len(list) != 3 {
		p.add("brokerNodeGroupInfo.clientSubnets", "BadRequestException: specify either two or three client subnets, got %d", len(list))
		return
	}
	if in.known("numberOfBrokerNodes") && nodes%len(list) != 0 {
		p.add("numberOfBrokerNodes", "BadRequestException: the number of broker nodes must be a multiple of Availability Zones in the Client Subnets parameter, got %d for %d", nodes, len(list))
	}
}

// brokerQuota of a cluster: https://docs.aws.amazon.com/msk/latest/developerguide/limits.html
func brokerQuota(version string) int {
	if strings.HasSuffix(version, ".kraft") {
		return 60
	}
	return 30
}

func createKafka(c *call) error {
	const operation = "CreateCluster"
	name := c.in.str("clusterName")
	if len(c.byProp(typeKafka, "clusterName", name)) > 0 {
		return fail(operation, "ConflictException", "A cluster with the name %s already exists in this account and region.", name)
	}
	if err := checkKafka(c, operation); err != nil {
		return err
	}
	uuid := newUUID() + "-" + hexDigits(1)
	c.arn = c.arnOf("kafka", "cluster/"+name+"/"+uuid)
	c.id = c.arn
	c.out["clusterUuid"] = uuid
	c.out["__host"] = strings.ToLower(name) + "." + strings.ToLower(upperID(6)) + ".c2.kafka." + c.region + ".amazonaws.com"
	c.standard(props{"enhancedMonitoring": "DEFAULT", "storageMode": "LOCAL"})
	describeKafka(c)
	return nil
}

func checkKafka(c *call, operation string) error {
	const code = "BadRequestException"
	brokers := c.in.object("brokerNodeGroupInfo")
	if class := brokers.str("instanceType"); !managed.Offered(managed.Kafka, class, c.region) {
		return fail(operation, code, "Unsupported InstanceType: %s; %s", class, offeredThere(managed.Kafka, c.region))
	}
	subnets := brokers.strings("clientSubnets")
	vpc, zones, err := spread(c, operation, code, subnets)
	if err != nil {
		return err
	}
	if len(zones) != len(subnets) {
		return fail(operation, code, "The client subnets must be in distinct Availability Zones, got %d in %v", len(subnets), zones)
	}
	if err := groupsIn(c, operation, code, vpc, brokers.strings("securityGroups")); err != nil {
		return err
	}
	if info := c.in.object("configurationInfo"); info != nil {
		if err := usableConfiguration(c, operation, info); err != nil {
			return err
		}
	}
	logs := c.in.object("loggingInfo").object("brokerLogs")
	if group := logs.object("cloudwatchLogs"); group.boolean("enabled") && c.find(typeLogGroup, group.str("logGroup")) == nil {
		return fail(operation, code, "The specified log group does not exist: %s", group.str("logGroup"))
	}
	if s3 := logs.object("s3"); s3.boolean("enabled") && c.find(typeBucket, s3.str("bucket")) == nil {
		return fail(operation, code, "The specified bucket does not exist: %s", s3.str("bucket"))
	}
	return usableKeys(c, c.in.object("encryptionInfo"), operation, code, "encryptionAtRestKmsKeyArn")
}

// describeKafka sets what DescribeCluster and GetBootstrapBrokers answer.
func describeKafka(c *call) {
	info, _ := clone(map[string]any(c.in.object("brokerNodeGroupInfo"))).(map[string]any)
	addMissing(info, map[string]any{
		"azDistribution":   "DEFAULT",
		"connectivityInfo": map[string]any{"publicAccess": map[string]any{"type": "DISABLED"}},
		"storageInfo":      map[string]any{"ebsStorageInfo": map[string]any{"volumeSize": 100.0}},
	})
	encryption, _ := clone(map[string]any(c.in.object("encryptionInfo"))).(map[string]any)
	if encryption == nil {
		encryption = map[string]any{}
	}
	addMissing(encryption, map[string]any{
		"encryptionAtRestKmsKeyArn": c.arnOf("kms", "alias/aws/kafka"),
		"encryptionInTransit":       map[string]any{"clientBroker": "TLS", "inCluster": true},
	})
	c.out["brokerNodeGroupInfo"], c.out["encryptionInfo"] = info, encryption
	c.out["currentVersion"] = "K" + upperID(13)
	host, _ := c.out["__host"].(string)
	nodes := c.in.number("numberOfBrokerNodes")
	list := func(wanted bool, letter string, count, port int) string {
		var all []string
		for n := range count {
			all = append(all, fmt.Sprintf("%s-%d.%s:%d", letter, n+1, host, port))
		}
		if !wanted {
			return ""
		}
		return strings.Join(all, ",")
	}
	auth := c.in.object("clientAuthentication")
	client := props(encryption).object("encryptionInTransit").str("clientBroker")
	open := !c.in.has("clientAuthentication") || auth.boolean("unauthenticated")
	keeper := !strings.HasSuffix(c.in.str("kafkaVersion"), ".kraft")
	few := min(nodes, 3)
	maps.Copy(c.out, props{
		"bootstrapBrokers":          list(open && client != "TLS", "b", few, 9092),
		"bootstrapBrokersTls":       list(client != "PLAINTEXT" && (open || auth.has("tls")), "b", few, 9094),
		"bootstrapBrokersSaslScram": list(auth.object("sasl").boolean("scram"), "b", few, 9096),
		"bootstrapBrokersSaslIam":   list(auth.object("sasl").boolean("iam"), "b", few, 9098),
		"zookeeperConnectString":    list(keeper, "z", 3, 2181),
		"zookeeperConnectStringTls": list(keeper, "z", 3, 2182),
	})
	for _, way := range []string{"PublicSaslIam", "PublicSaslScram", "PublicTls", "VpcConnectivitySaslIam", "VpcConnectivitySaslScram", "VpcConnectivityTls"} {
		c.out["bootstrapBrokers"+way] = ""
	}
}

// addMissing fills in what is not there, all through.
func addMissing(into, from map[string]any) {
	for name, v := range from {
		inner, isMap := into[name].(map[string]any)
		if wanted, ok := v.(map[string]any); ok && isMap {
			addMissing(inner, wanted)
		} else if into[name] == nil {
			into[name] = v
		}
	}
}

func updateKafka(c *call) error {
	const code = "BadRequestException"
	if err := checkKafka(c, "UpdateCluster"); err != nil {
		return err
	}
	if was, want := c.old.number("numberOfBrokerNodes"), c.in.number("numberOfBrokerNodes"); want < was {
		return fail("UpdateBrokerCount", code, "Brokers hold partitions until these are moved, which the stand-in cannot tell: %d brokers cannot become %d", was, want)
	}
	size := func(of props) int {
		return of.object("brokerNodeGroupInfo").object("storageInfo").object("ebsStorageInfo").number("volumeSize")
	}
	if was, want := size(c.old), size(c.in); want != 0 && want < was {
		return fail("UpdateBrokerStorage", code, "The target volume size must be larger than the current one: %d GiB cannot become %d", was, want)
	}
	was, want := c.old.str("kafkaVersion"), c.in.str("kafkaVersion")
	kraft := func(version string) bool { return strings.HasSuffix(version, ".kraft") }
	if was != want && kraft(was) != kraft(want) {
		// https://docs.aws.amazon.com/msk/latest/developerguide/kraft-intro.html
		return fail("UpdateClusterKafkaVersion", code, "A cluster with ZooKeeper cannot be upgraded to KRaft in place by a change of its version: %s to %s", was, want)
	}
	if c.in.str("storageMode") == "LOCAL" && c.old.str("storageMode") == "TIERED" {
		return fail("UpdateStorage", code, "Tiered storage cannot be turned off for a cluster")
	}
	describeKafka(c)
	return nil
}

func kafkaUses(_ *call, r props) storeUses {
	brokers := r.object("brokerNodeGroupInfo")
	return storeUses{
		subnets: brokers.strings("clientSubnets"), groups: brokers.strings("securityGroups"),
		keys: []string{r.object("encryptionInfo").str("encryptionAtRestKmsKeyArn")},
	}
}

// usableConfiguration: https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-operations.html
func usableConfiguration(c *call, operation string, info props) error {
	const code = "BadRequestException"
	configuration := c.find(typeKafkaConfiguration, info.str("arn"))
	if configuration == nil {
		return fail(operation, code, "The configuration ARN does not exist: %s", info.str("arn"))
	}
	latest, _ := configuration.Props["latestRevision"].(float64)
	if revision := info.number("revision"); revision < 1 || revision > int(latest) {
		return fail(operation, code, "Revision %d of %s does not exist; the latest is %v", revision, info.str("arn"), latest)
	}
	versions := props(configuration.Props).strings("kafkaVersions")
	if version := c.in.str("kafkaVersion"); len(versions) > 0 && !slices.Contains(versions, version) {
		return fail(operation, code, "The configuration %s is for Kafka %v, not for %s", configuration.String("name"), versions, version)
	}
	return nil
}

package apps

import (
	"slices"

	"github.com/cloudinsight/platform/components/msk"
	"github.com/cloudinsight/platform/internal/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// What a policy needs to know of the stores.
const (
	kafkaCluster = "kafka cluster"
	redisGroup   = "redis replication group"
	redisUser    = "redis user"
)

func secretOf(store Store) string { return string(store) + " secret" }
func keyOf(store Store) string    { return string(store) + " key" }

// policy is what the service may do with its stores; nil without any, since a
// role without permissions needs no policy.
func (a ServiceArgs) policy() pulumi.StringInput {
	arns := pulumi.StringMap{}
	for _, store := range a.Row.Stores {
		switch store {
		case PostgreSQL:
			arns[secretOf(store)], arns[keyOf(store)] = a.Stores.PostgreSQL.SecretARN, a.Stores.PostgreSQL.SecretKeyARN
		case DocumentDB:
			arns[secretOf(store)] = a.Stores.DocumentDB.SecretARN
			if key := a.Stores.DocumentDB.SecretKeyARN; key != nil {
				arns[keyOf(store)] = key
			}
		case Kafka:
			arns[kafkaCluster] = a.Stores.Kafka.ClusterARN
		case Redis:
			arns[redisGroup], arns[redisUser] = a.Stores.Redis.ReplicationGroupARN, a.Stores.Redis.UserARNs[a.Row.Name]
		}
	}
	if len(arns) == 0 {
		return nil
	}
	return arns.ToStringMapOutput().ApplyT(func(known map[string]string) string {
		return permissions(a.Row, a.Region, known).JSON()
	}).(pulumi.StringOutput)
}

// morePolicies are those that come with a store.
func (a ServiceArgs) morePolicies() map[string]pulumi.StringInput {
	if !a.Row.CostData {
		return nil
	}
	return map[string]pulumi.StringInput{"cost-data": a.Stores.CostData.Policy}
}

// permissions of a row on what the ARNs name.
func permissions(row Row, region string, arns map[string]string) iam.Document {
	var d iam.Document
	for _, store := range row.Stores {
		switch store {
		case PostgreSQL:
			d.Statements = append(d.Statements, readSecret("PostgreSQL", region, arns[secretOf(store)], arns[keyOf(store)])...)
		case DocumentDB:
			d.Statements = append(d.Statements, readSecret("DocumentDB", region, arns[secretOf(store)], arns[keyOf(store)])...)
		case Kafka:
			d.Statements = append(d.Statements, events(row, arns[kafkaCluster])...)
		case Redis:
			// Both have to be named: the cache, and as whom.
			// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
			d.Statements = append(d.Statements, iam.Statement{
				Sid: "ConnectRedis", Actions: []string{"elasticache:Connect"}, Resources: []string{arns[redisGroup], arns[redisUser]},
			})
		}
	}
	return d
}

// readSecret allows to read one secret, and to use its key through that alone.
func readSecret(label, region, secret, key string) []iam.Statement {
	all := []iam.Statement{{
		Sid:       "Read" + label + "Secret",
		Actions:   []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"},
		Resources: []string{secret},
	}}
	if key == "" {
		return all
	}
	return append(all, iam.Statement{
		Sid: "Decrypt" + label + "Secret", Actions: []string{"kms:Decrypt"}, Resources: []string{key},
		Conditions: iam.Conditions{"StringEquals": {"kms:ViaService": {"secretsmanager." + region + ".amazonaws.com"}}},
	})
}

// events allows to write and read the topics of a row, and no other.
// https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
func events(row Row, cluster string) []iam.Statement {
	connect := iam.Statement{Sid: "ConnectKafka", Actions: []string{"kafka-cluster:Connect"}, Resources: []string{cluster}}
	all := []iam.Statement{}
	if writes := row.writes(); len(writes) > 0 {
		// Producers write idempotently unless told not to, and MSK does not take
		// the right to write to some topics for the right to that.
		// https://docs.aws.amazon.com/msk/latest/developerguide/create-iam-access-control-policies.html
		connect.Actions = append(connect.Actions, "kafka-cluster:WriteDataIdempotently")
		all = append(all, iam.Statement{
			Sid:       "WriteEvents",
			Actions:   []string{"kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"},
			Resources: topicARNs(cluster, writes),
		})
	}
	if len(row.Consumes) > 0 {
		all = append(all, iam.Statement{
			Sid:       "ReadEvents",
			Actions:   []string{"kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"},
			Resources: topicARNs(cluster, row.Consumes),
		}, iam.Statement{
			Sid:       "JoinGroup",
			Actions:   []string{"kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"},
			Resources: []string{msk.GroupARN(cluster, consumerGroup(row.Name))},
		})
	}
	return slices.Insert(all, 0, connect)
}

func topicARNs(cluster string, topics []string) []string {
	var arns []string
	for _, topic := range topics {
		arns = append(arns, msk.TopicARN(cluster, topic))
	}
	return arns
}

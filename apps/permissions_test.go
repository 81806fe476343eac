package apps

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	topicARN = "arn:aws:kafka:af-south-1:111122223333:topic/cloudinsight-test/0a1b-2/"
	groupARN = "arn:aws:kafka:af-south-1:111122223333:group/cloudinsight-test/0a1b-2/"
	redisARN = "arn:aws:elasticache:af-south-1:111122223333:"
)

func readsSecretOf(label, suffix string) []iam.Statement {
	return []iam.Statement{
		{Sid: "Read" + label + "Secret", Actions: []string{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"},
			Resources: []string{"arn:secret:" + suffix}},
		{Sid: "Decrypt" + label + "Secret", Actions: []string{"kms:Decrypt"}, Resources: []string{"arn:key:" + suffix},
			Conditions: iam.Conditions{"StringEquals": {"kms:ViaService": {"secretsmanager.af-south-1.amazonaws.com"}}}},
	}
}

func connectsRedisAs(service string) iam.Statement {
	return iam.Statement{Sid: "ConnectRedis", Actions: []string{"elasticache:Connect"},
		Resources: []string{redisARN + "replicationgroup:cloudinsight-test", redisARN + "user:" + service}}
}

var connectsKafka = iam.Statement{Sid: "ConnectKafka", Resources: []string{clusterARN},
	Actions: []string{"kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"}}

func writesTo(topics ...string) iam.Statement {
	return iam.Statement{Sid: "WriteEvents", Actions: []string{"kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"},
		Resources: under(topicARN, topics)}
}

func readsFrom(service string, topics ...string) []iam.Statement {
	return []iam.Statement{
		{Sid: "ReadEvents", Actions: []string{"kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"}, Resources: under(topicARN, topics)},
		{Sid: "JoinGroup", Actions: []string{"kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"}, Resources: []string{groupARN + service}},
	}
}

func under(prefix string, names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, prefix+name)
	}
	return all
}

func TestPermissions_ByService(t *testing.T) {
	rec := run(t, argsOf("staging"))
	documents := readsSecretOf("DocumentDB", "docs")
	for service, want := range map[string][]iam.Statement{
		"frontend": {connectsRedisAs("frontend")},
		"user":     slices.Concat(readsSecretOf("PostgreSQL", "pg"), []iam.Statement{connectsRedisAs("user")}),
		"cost":     slices.Concat(documents, []iam.Statement{connectsKafka, writesTo("cost.collected"), connectsRedisAs("cost")}),
		"metric":   slices.Concat(documents, []iam.Statement{connectsKafka, writesTo("metric.collected")}),
		"anomaly": slices.Concat(documents,
			[]iam.Statement{connectsKafka, writesTo("anomaly.detected", "cost.collected.dlt", "metric.collected.dlt")},
			readsFrom("anomaly", "cost.collected", "metric.collected")),
		"forecast": slices.Concat(documents,
			[]iam.Statement{connectsKafka, writesTo("forecast.updated", "cost.collected.dlt", "metric.collected.dlt")},
			readsFrom("forecast", "cost.collected", "metric.collected")),
		"notification": slices.Concat(documents,
			[]iam.Statement{connectsKafka, writesTo("anomaly.detected.dlt", "forecast.updated.dlt")},
			readsFrom("notification", "anomaly.detected", "forecast.updated")),
	} {
		policy := rec.Named(t, rolePolicyType, "apps-"+service)
		assert.JSONEq(t, iam.Document{Statements: want}.JSON(), policy.Input("policy").(string), service)
		assert.Contains(t, policy.Input("role"), "cloudinsight-staging-app-"+service)
	}
}

func TestPermissions_CostDataIsItsOwnPolicy(t *testing.T) {
	rec := run(t, argsOf("staging"))
	policy := rec.Named(t, rolePolicyType, "apps-cost-cost-data")
	assert.Equal(t, "cost-data", policy.Input("name"))
	assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[]}`, policy.Input("policy").(string))
	assert.Equal(t, rec.Named(t, rolePolicyType, "apps-cost").Input("role"), policy.Input("role"))
	assert.Equal(t, 7+1+1, rec.Count(rolePolicyType), "each service's, the job's, and this one")
}

// No policy allows more than what it names, and none is too long: all inline
// policies of a role share 10,240 characters.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func TestPermissions_NoWildcards(t *testing.T) {
	for _, policy := range run(t, argsOf("prod")).OfType(rolePolicyType) {
		text := policy.Input("policy").(string)
		assert.NotContains(t, text, "*", policy.Name)
		assert.Less(t, len(text), 5000, policy.Name)
	}
}

func TestPermissions_OfTheTopicsJob(t *testing.T) {
	policy := rolePolicy(t, run(t, argsOf("staging")), "apps-topics")
	require.Len(t, policy.Statement, 2)
	assert.Equal(t, []string{"kafka-cluster:Connect", "kafka-cluster:DescribeCluster"}, policy.Statement[0].Action)
	assert.Equal(t, []string{clusterARN}, policy.Statement[0].Resource)
	assert.Equal(t, []string{
		"kafka-cluster:AlterTopic", "kafka-cluster:AlterTopicDynamicConfiguration", "kafka-cluster:CreateTopic",
		"kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration",
	}, policy.Statement[1].Action)
	var names []string
	for _, topic := range TopicCatalog() {
		names = append(names, topicARN+topic.Name)
	}
	assert.ElementsMatch(t, names, policy.Statement[1].Resource)
}

type recordedPolicy struct {
	Statement []struct{ Action, Resource []string }
}

func rolePolicy(t *testing.T, rec *pulumitest.Recorder, name string) recordedPolicy {
	t.Helper()
	var policy recordedPolicy
	decoder := json.NewDecoder(strings.NewReader(rec.Named(t, rolePolicyType, name).Input("policy").(string)))
	require.NoError(t, decoder.Decode(&policy))
	return policy
}

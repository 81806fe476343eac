package apps

import (
	"slices"
	"strings"
	"testing"

	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
)

// environmentOf is what a service's process gets.
func environmentOf(t *testing.T, rec *pulumitest.Recorder, service string) map[string]string {
	t.Helper()
	env := map[string]string{}
	for key, value := range rec.Named(t, configMapType, "apps-"+service).Inputs["data"].(map[string]any) {
		env[key] = value.(string)
	}
	return env
}

func TestWiring_Environment(t *testing.T) {
	rec := run(t, argsOf("staging"))
	for service, want := range map[string]map[string]string{
		"frontend": {
			"AWS_REGION": "af-south-1",
			"REDIS_HOST": "redis.example", "REDIS_READER_HOST": "redis-ro.example", "REDIS_PORT": "6379",
			"REDIS_USER": "cloudinsight-staging-frontend", "REDIS_REPLICATION_GROUP": "cloudinsight-test",
			"REDIS_TLS": "true", "REDIS_AUTH": "iam",
		},
		"user": {
			"POSTGRESQL_HOST": "pg.example", "POSTGRESQL_READER_HOST": "pg-ro.example", "POSTGRESQL_PORT": "5432",
			"POSTGRESQL_DATABASE": "cloudinsight", "POSTGRESQL_SECRET_ARN": "arn:secret:pg", "POSTGRESQL_SSLMODE": "verify-full",
			"SPRING_DATASOURCE_URL": "jdbc:postgresql://pg.example:5432/cloudinsight?sslmode=verify-full&sslrootcert=" + trustBundle,
			"SPRING_CONFIG_IMPORT":  "aws-secretsmanager:arn:secret:pg?prefix=spring.datasource.",
			"REDIS_USER":            "cloudinsight-staging-user", "SPRING_DATA_REDIS_USERNAME": "cloudinsight-staging-user",
			"SPRING_DATA_REDIS_HOST": "redis.example", "SPRING_DATA_REDIS_PORT": "6379", "SPRING_DATA_REDIS_SSL_ENABLED": "true",
		},
		"cost": {
			"DOCUMENTDB_HOST": "docs.example", "DOCUMENTDB_READER_HOST": "docs-ro.example", "DOCUMENTDB_PORT": "27017",
			"DOCUMENTDB_DATABASE": "cost", "DOCUMENTDB_SECRET_ARN": "arn:secret:docs",
			"DOCUMENTDB_OPTIONS":       "tls=true&replicaSet=rs0&readPreference=secondaryPreferred&retryWrites=false",
			"SPRING_DATA_MONGODB_HOST": "docs.example", "SPRING_DATA_MONGODB_PORT": "27017", "SPRING_DATA_MONGODB_DATABASE": "cost",
			"SPRING_DATA_MONGODB_AUTHENTICATION_DATABASE": "admin", "SPRING_DATA_MONGODB_REPLICA_SET_NAME": "rs0",
			"SPRING_DATA_MONGODB_SSL_BUNDLE": "aws", "SPRING_SSL_BUNDLE_PEM_AWS_TRUSTSTORE_CERTIFICATE": "file:" + trustBundle,
			"SPRING_CONFIG_IMPORT":    "aws-secretsmanager:arn:secret:docs?prefix=spring.data.mongodb.",
			"KAFKA_BOOTSTRAP_SERVERS": "b-1.example:9098,b-2.example:9098",
			"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "AWS_MSK_IAM",
			"KAFKA_TOPIC_COST_COLLECTED":     "cost.collected",
			"SPRING_KAFKA_BOOTSTRAP_SERVERS": "b-1.example:9098,b-2.example:9098", "SPRING_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
			"SPRING_KAFKA_PROPERTIES_SASL_MECHANISM": "AWS_MSK_IAM",
			"COST_DATA_QUEUE_URL":                    "https://sqs.example/cost", "COST_DATA_DATABASE": "cost", "COST_DATA_WORKGROUP": "cost-wg",
		},
		"anomaly": {
			"KAFKA_CONSUMER_GROUP": "anomaly", "SPRING_KAFKA_CONSUMER_GROUP_ID": "anomaly",
			"KAFKA_TOPIC_COST_COLLECTED": "cost.collected", "KAFKA_TOPIC_COST_COLLECTED_DLT": "cost.collected.dlt",
			"KAFKA_TOPIC_METRIC_COLLECTED": "metric.collected", "KAFKA_TOPIC_METRIC_COLLECTED_DLT": "metric.collected.dlt",
			"KAFKA_TOPIC_ANOMALY_DETECTED": "anomaly.detected",
		},
	} {
		env := environmentOf(t, rec, service)
		for key, value := range want {
			assert.Equal(t, value, env[key], "%s %s", service, key)
		}
	}
}

// A process is told of its own stores and topics, and of no other.
func TestWiring_NothingElse(t *testing.T) {
	rec := run(t, argsOf("staging"))
	words := map[Store][]string{
		PostgreSQL: {"POSTGRESQL_", "SPRING_DATASOURCE_"},
		DocumentDB: {"DOCUMENTDB_", "SPRING_DATA_MONGODB_", "SPRING_SSL_"},
		Kafka:      {"KAFKA_", "SPRING_KAFKA_"},
		Redis:      {"REDIS_", "SPRING_DATA_REDIS_"},
	}
	for _, row := range Catalog() {
		env := environmentOf(t, rec, row.Name)
		for key, value := range env {
			for store, prefixes := range words {
				told := slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
				assert.False(t, told && !slices.Contains(row.Stores, store), "%s: %s", row.Name, key)
			}
			if strings.HasPrefix(key, "COST_DATA_") {
				assert.True(t, row.CostData, "%s: %s", row.Name, key)
			}
			if strings.HasPrefix(key, "KAFKA_TOPIC_") {
				assert.Contains(t, append(row.writes(), row.Consumes...), value, row.Name)
			}
			if strings.HasPrefix(key, "SPRING_") {
				assert.Equal(t, JVM, row.Runtime, "%s: %s", row.Name, key)
			}
		}
		assert.Equal(t, len(row.Consumes) > 0, env["KAFKA_CONSUMER_GROUP"] != "", row.Name)
		assert.Equal(t, row.Runtime == JVM && row.readsSecrets(), env["SPRING_CONFIG_IMPORT"] != "", row.Name)
	}
}

func TestWiring_TwoSecrets(t *testing.T) {
	args := argsOf("staging")
	args.ExtraServices = []Row{{Name: "report", Runtime: JVM, Port: 9000, Stores: []Store{DocumentDB, PostgreSQL}}}
	env := environmentOf(t, run(t, args), "report")
	assert.Equal(t, "aws-secretsmanager:arn:secret:pg?prefix=spring.datasource.,"+
		"aws-secretsmanager:arn:secret:docs?prefix=spring.data.mongodb.", env["SPRING_CONFIG_IMPORT"])
}

// made is a resource that stands for a store.
type made struct {
	pulumi.CustomResourceState

	Value pulumi.StringOutput `pulumi:"value"`
}

const madeType = "test:test:Store"

// A service waits for its own stores, and for no other; nobody but the users of
// Kafka waits for the topics.
func TestWiring_NothingWaitsForAStoreItDoesNotUse(t *testing.T) {
	args := argsOf("prod")
	args.ClusterName = pulumi.String("cloudinsight-prod")
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		resources := map[string]*made{}
		for _, name := range []string{"postgresql", "documentdb", "kafka", "kafka ready", "redis", "cost data"} {
			resources[name] = &made{}
			if err := ctx.RegisterResource(madeType, name, nil, resources[name]); err != nil {
				return err
			}
		}
		value := func(name string) pulumi.StringInput { return resources[name].Value }
		s := args.Stores
		s.PostgreSQL.Host, s.PostgreSQL.SecretARN = value("postgresql"), value("postgresql")
		s.DocumentDB.Host, s.DocumentDB.SecretARN = value("documentdb"), value("documentdb")
		s.Kafka.BootstrapBrokers, s.Kafka.ClusterARN = value("kafka"), value("kafka")
		s.Kafka.Ready = []pulumi.Resource{resources["kafka ready"]}
		s.Redis.Host, s.Redis.ReplicationGroupARN = value("redis"), value("redis")
		s.CostData.QueueURL, s.CostData.Policy = value("cost data"), value("cost data")
		_, err := NewApps(ctx, "apps", args)
		return err
	}, pulumitest.Outputs(madeType, func(r *pulumitest.Resource) map[string]any { return map[string]any{"value": r.Name} }))

	for _, row := range Catalog() {
		var want []string
		for _, store := range row.Stores {
			want = append(want, string(store))
		}
		if slices.Contains(row.Stores, Kafka) {
			want = append(want, "kafka ready")
		}
		if row.CostData {
			want = append(want, "cost data")
		}
		waits := dependencies(rec, rec.Named(t, deploymentType, "apps-"+row.Name))
		var got []string
		job := false
		for _, r := range waits {
			job = job || r.Type == jobType
			if r.Type == madeType {
				got = append(got, r.Name)
			}
		}
		assert.ElementsMatch(t, want, got, row.Name)
		assert.Equal(t, slices.Contains(row.Stores, Kafka), job, "%s and the topics job", row.Name)
	}
}

// dependencies are all resources that one waits for, in any number of steps.
func dependencies(rec *pulumitest.Recorder, of *pulumitest.Resource) []*pulumitest.Resource {
	byURN := map[string]*pulumitest.Resource{}
	for _, r := range rec.All() {
		byURN[r.URN] = r
	}
	var all []*pulumitest.Resource
	seen := map[string]bool{}
	var visit func(r *pulumitest.Resource)
	visit = func(r *pulumitest.Resource) {
		for _, urn := range r.DependsOn {
			if next := byURN[urn]; next != nil && !seen[urn] {
				seen[urn] = true
				all = append(all, next)
				visit(next)
			}
		}
	}
	visit(of)
	return all
}

// A first preview knows no store yet.
func TestWiring_PreviewWithUnknownStores(t *testing.T) {
	args := argsOf("dev")
	args.ClusterName = pulumi.String("cloudinsight-dev")
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var store made
		if err := ctx.RegisterResource(madeType, "store", nil, &store); err != nil {
			return err
		}
		args.Stores.PostgreSQL.Host, args.Stores.Kafka.ClusterARN = store.Value, store.Value
		_, err := NewApps(ctx, "apps", args)
		return err
	}, pulumitest.Preview())
	assert.Equal(t, 7, rec.Count(deploymentType))
	assert.Equal(t, "5432", rec.Named(t, configMapType, "apps-user").Input("data.POSTGRESQL_PORT"))
}

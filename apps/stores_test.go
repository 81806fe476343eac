package apps

import (
	"strings"
	"testing"

	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStores_ByRows(t *testing.T) {
	assert.Equal(t, []Store{DocumentDB, Kafka, PostgreSQL, Redis}, StoresOf(Catalog()))
	assert.Equal(t, []string{"frontend", "user", "cost"}, UsersOf(Catalog(), Redis))
	assert.Equal(t, []string{"user"}, UsersOf(Catalog(), PostgreSQL))
	assert.True(t, UsesStore(Catalog(), Kafka))
	assert.True(t, UsesCostData(Catalog()))

	plain := []Row{{Name: "report"}}
	assert.Empty(t, StoresOf(plain))
	assert.False(t, UsesStore(plain, Kafka))
	assert.False(t, UsesCostData(plain))
}

func TestStores_RedisUserName(t *testing.T) {
	assert.Equal(t, "cloudinsight-dev-user", RedisUserName("dev", "user"))
}

func TestStores_Refused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Stores)
		want   string
	}{
		"no PostgreSQL":     {func(s *Stores) { s.PostgreSQL = nil }, "stores.postgresql: is required by user"},
		"no DocumentDB":     {func(s *Stores) { s.DocumentDB = nil }, "stores.documentdb: is required by cost, metric, anomaly, forecast, notification"},
		"no Kafka":          {func(s *Stores) { s.Kafka = nil }, "stores.kafka: is required by cost, metric, anomaly, forecast, notification"},
		"no Redis":          {func(s *Stores) { s.Redis = nil }, "stores.redis: is required by frontend, user, cost"},
		"no cost data":      {func(s *Stores) { s.CostData = nil }, "stores.costData: is required by a service with costData"},
		"PostgreSQL's host": {func(s *Stores) { s.PostgreSQL.Host = nil }, "stores.postgresql.host: is required"},
		"its secret":        {func(s *Stores) { s.PostgreSQL.SecretARN = nil }, "stores.postgresql.secretArn: is required"},
		"its key":           {func(s *Stores) { s.PostgreSQL.SecretKeyARN = nil }, "stores.postgresql.secretKeyArn: is required"},
		"its database":      {func(s *Stores) { s.PostgreSQL.Database = "" }, "stores.postgresql.database: is required"},
		"its port":          {func(s *Stores) { s.PostgreSQL.Port = 65536 }, "stores.postgresql.port: must be between 1 and 65535, got 65536"},
		"DocumentDB's host": {func(s *Stores) { s.DocumentDB.Host = nil }, "stores.documentdb.host: is required"},
		"its own secret":    {func(s *Stores) { s.DocumentDB.SecretARN = nil }, "stores.documentdb.secretArn: is required"},
		"the brokers":       {func(s *Stores) { s.Kafka.BootstrapBrokers = nil }, "stores.kafka.bootstrapBrokers: is required"},
		"the cluster":       {func(s *Stores) { s.Kafka.ClusterARN = nil }, "stores.kafka.clusterArn: is required"},
		"too few brokers":   {func(s *Stores) { s.Kafka.Brokers = 2 }, "stores.kafka.brokers: must be at least the 3 replicas of a topic, got 2"},
		"Redis' host":       {func(s *Stores) { s.Redis.Host = nil }, "stores.redis.host: is required"},
		"replication group": {func(s *Stores) { s.Redis.ReplicationGroupARN = nil }, "stores.redis.replicationGroupArn: is required"},
		"a user's ARN":      {func(s *Stores) { delete(s.Redis.UserARNs, "cost") }, "stores.redis.userArns.cost: is required"},
		"the queue":         {func(s *Stores) { s.CostData.QueueURL = nil }, "stores.costData.queueUrl: is required"},
		"the policy":        {func(s *Stores) { s.CostData.Policy = nil }, "stores.costData.policy: is required"},
	} {
		t.Run(name, func(t *testing.T) {
			args := argsOf("staging")
			args.ClusterName = pulumi.String("cloudinsight-staging")
			c.change(&args.Stores)
			err := args.withDefaults().validate()
			require.ErrorContains(t, err, c.want)
			assert.Len(t, strings.Split(err.Error(), "\n"), 1, "one problem, one line: %v", err)
		})
	}
}

// Stores that no row names may be absent, and so may a reader's host.
func TestStores_OnlyThoseThatAreUsed(t *testing.T) {
	args := &ServiceArgs{
		Settings: Settings{Namespace: "shop", Environment: "dev", Region: "af-south-1", DataTierCIDRs: []string{"10.1.21.0/24"}},
		Row:      Row{Name: "report", Runtime: Node, Port: 9000, Stores: []Store{Redis}},
		Stores: Stores{Redis: &RedisStore{
			Host: pulumi.String("redis.example"), ReplicationGroupARN: pulumi.String("arn:group"),
			UserARNs: map[string]pulumi.StringOutput{"report": pulumi.String("arn:user").ToStringOutput()},
		}},
		ClusterName: pulumi.String("cloudinsight-dev"),
	}
	a := args.withDefaults()
	assert.Contains(t, a.environment(), "REDIS_HOST")
	assert.NotContains(t, a.environment(), "REDIS_READER_HOST")
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := NewService(ctx, "report", args)
		return err
	})
	assert.Equal(t, 1, rec.Count(rolePolicyType))
}

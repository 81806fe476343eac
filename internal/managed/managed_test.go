package managed_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudinsight/platform/internal/managed"
)

func TestOffered_DiffersByRegion(t *testing.T) {
	for _, test := range []struct {
		service managed.Service
		class   string
		cape    bool
		ireland bool
	}{
		{managed.PostgreSQL, "db.t3.micro", true, true},
		{managed.PostgreSQL, "db.r5.large", true, true},
		{managed.PostgreSQL, "db.r7g.large", false, true},
		{managed.PostgreSQL, "db.r5.tiny", false, false},
		{managed.DocumentDB, "db.t3.medium", true, true},
		{managed.DocumentDB, "db.t3.micro", false, false},
		{managed.DocumentDB, "db.r8g.large", false, true},
		{managed.Kafka, "kafka.t3.small", true, true},
		{managed.Kafka, "kafka.m7g.large", false, true},
		{managed.ElastiCache, "cache.t3.micro", true, true},
		{managed.ElastiCache, "cache.r6g.large", false, true},
		{managed.ElastiCache, "db.t3.micro", false, false},
		{managed.PostgreSQL, "db.r6i.32xlarge", true, true},
		{managed.PostgreSQL, "db.t3.16xlarge", false, false},
		{managed.ElastiCache, "cache.r5.8xlarge", false, false},
		{managed.ElastiCache, "large", false, false},
	} {
		assert.Equal(t, test.cape, managed.Offered(test.service, test.class, "af-south-1"), "%s %s", test.service, test.class)
		assert.Equal(t, test.ireland, managed.Offered(test.service, test.class, "eu-west-1"), "%s %s", test.service, test.class)
		assert.Equal(t, test.cape || test.ireland, managed.Exists(test.service, test.class), "%s %s", test.service, test.class)
	}
	assert.Empty(t, managed.Classes(managed.Kafka, "mars"))
}

func TestBurstable(t *testing.T) {
	assert.True(t, managed.Burstable("db.t4g.medium"))
	assert.False(t, managed.Burstable("kafka.m5.large"))
}

func TestVersions_AreKnownForEveryService(t *testing.T) {
	for _, s := range []managed.Service{managed.PostgreSQL, managed.DocumentDB, managed.Kafka, managed.ElastiCache} {
		assert.NotEmpty(t, managed.Versions(s), string(s))
	}
}

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	topics, err := parse([]byte(`[
		{"name": "metric.samples", "partitions": 12, "retentionHours": -1},
		{"name": "cost.records", "partitions": 6, "retentionHours": 168, "replicationFactor": 3, "config": {"cleanup.policy": "delete"}},
		{"name": "plain", "partitions": 1}]`))
	require.NoError(t, err)
	assert.Equal(t, topic{Name: "cost.records", Partitions: 6, RetentionHours: 168, ReplicationFactor: 3, Config: map[string]string{"cleanup.policy": "delete"}}, topics[0])
	assert.Equal(t, map[string]string{"cleanup.policy": "delete", "retention.ms": "604800000"}, topics[0].settings())
	assert.Equal(t, map[string]string{"cleanup.policy": "delete"}, topics[0].Config, "asking for settings leaves the topic as it is")
	assert.Equal(t, map[string]string{"retention.ms": "-1"}, topics[1].settings())
	assert.Empty(t, topics[2].settings())
}

func TestParse_Refuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no list":           {`{}`, "cannot unmarshal object"},
		"misspelled key":    {`[{"name": "a", "partition": 1}]`, `unknown field "partition"`},
		"two lists":         {`[{"name": "a", "partitions": 1}] []`, "must hold one list"},
		"nothing":           {`[]`, "must hold at least one topic"},
		"name":              {`[{"name": "a b", "partitions": 1}]`, `[0] "a b": name: must be 1 to 249 letters`},
		"parent folder":     {`[{"name": "..", "partitions": 1}]`, `[0] "..": name`},
		"of Kafka's own":    {`[{"name": "__consumer_offsets", "partitions": 1}]`, "must not begin with two underscores"},
		"no partitions":     {`[{"name": "a"}]`, `[0] "a": partitions: must be between 1 and 10000, got 0`},
		"many partitions":   {`[{"name": "a", "partitions": 10001}]`, "got 10001"},
		"retention":         {`[{"name": "a", "partitions": 1, "retentionHours": -2}]`, "retentionHours: must be positive, 0 or -1, got -2"},
		"replicas":          {`[{"name": "a", "partitions": 1, "replicationFactor": -1}]`, "replicationFactor: must be between 0 and 100, got -1"},
		"retention twice":   {`[{"name": "a", "partitions": 1, "retentionHours": 1, "config": {"retention.ms": "1"}}]`, "must not hold retention.ms beside retentionHours"},
		"name twice":        {`[{"name": "a", "partitions": 1}, {"name": "a", "partitions": 1}]`, `[1] "a": name: must differ from "a"`},
		"dot or underscore": {`[{"name": "a.b", "partitions": 1}, {"name": "a_b", "partitions": 1}]`, `[1] "a_b": name: must differ from "a.b" in more than dots and underscores`},
		"all at once":       {`[{"name": "a"}, {"name": "b"}]`, "got 0\n[1] \"b\": partitions"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse([]byte(c.text))
			assert.ErrorContains(t, err, c.want)
		})
	}
}

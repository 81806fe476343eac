package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// brokers are three that speak Kafka's protocol and want no credentials, with a topic that no file names.
type brokers struct {
	*kfake.Cluster
	t *testing.T
}

func newBrokers(t *testing.T, options ...kfake.Opt) *brokers {
	t.Helper()
	c, err := kfake.NewCluster(append(options, kfake.NumBrokers(3), kfake.SeedTopics(2, "somebody-elses"))...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return &brokers{c, t}
}

func anybody(context.Context) ([]kgo.Opt, error) { return nil, nil }

// file writes topics for the command to read.
func file(t *testing.T, topics ...topic) string {
	t.Helper()
	text, err := json.Marshal(topics)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "topics.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// run runs the command and returns what it says, line by line.
func (b *brokers) run(args []string, topics ...topic) ([]string, error) {
	b.t.Helper()
	var out strings.Builder
	args = append([]string{"--timeout", "20s", "--topics", file(b.t, topics...)}, args...)
	err := run(b.t.Context(), args, strings.Join(b.ListenAddrs(), ","), &out, anybody)
	return strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' }), err
}

func (b *brokers) admin() *kadm.Client {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.ListenAddrs()...))
	require.NoError(b.t, err)
	b.t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// partitions by topic, of all topics.
func (b *brokers) partitions() map[string]int {
	b.t.Helper()
	details, err := b.admin().ListTopics(b.t.Context())
	require.NoError(b.t, err)
	all := map[string]int{}
	for name, detail := range details {
		all[name] = len(detail.Partitions)
	}
	return all
}

// setting is what a topic overrides, "" when it does not.
func (b *brokers) setting(topic, name string) string {
	b.t.Helper()
	resources, err := b.admin().DescribeTopicConfigs(b.t.Context(), topic)
	require.NoError(b.t, err)
	for _, c := range resources[0].Configs {
		if c.Key == name && c.Source == kmsg.ConfigSourceDynamicTopicConfig {
			return c.MaybeValue()
		}
	}
	return ""
}

var (
	records = topic{Name: "cost.records", Partitions: 6, RetentionHours: 168, ReplicationFactor: 3, Config: map[string]string{"cleanup.policy": "compact"}}
	dead    = topic{Name: "cost.records.dead", Partitions: 1}
)

func TestRun_CreatesWhatIsMissingAndThenChangesNothing(t *testing.T) {
	b := newBrokers(t)
	said, err := b.run(nil, records, dead)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"cost.records: created with 6 partitions, 3 replicas, cleanup.policy=compact, retention.ms=604800000",
		"cost.records.dead: created with 1 partition",
	}, said)
	assert.Equal(t, map[string]int{"cost.records": 6, "cost.records.dead": 1, "somebody-elses": 2}, b.partitions())
	assert.Equal(t, "604800000", b.setting("cost.records", "retention.ms"))
	assert.Equal(t, "compact", b.setting("cost.records", "cleanup.policy"))

	changes := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics, kmsg.CreatePartitions, kmsg.IncrementalAlterConfigs}, Observe: true, Count: -1})
	said, err = b.run(nil, records, dead)
	require.NoError(t, err)
	assert.Equal(t, []string{"cost.records: unchanged", "cost.records.dead: unchanged"}, said)
	assert.Zero(t, changes.Hits(), "the brokers were asked to change nothing")
}

func TestRun_GrowsTopics(t *testing.T) {
	b := newBrokers(t, kfake.SeedTopics(2, "cost.records"))
	said, err := b.run(nil, topic{Name: "cost.records", Partitions: 6, RetentionHours: 1})
	require.NoError(t, err)
	assert.Equal(t, []string{"cost.records: grew from 2 to 6 partitions, set retention.ms=3600000"}, said)
	assert.Equal(t, 6, b.partitions()["cost.records"])
}

func TestRun_RefusesWhatCannotBeDoneBeforeItChangesAnything(t *testing.T) {
	b := newBrokers(t, kfake.SeedTopics(6, "cost.records", "metric.samples"))
	said, err := b.run(nil,
		topic{Name: "cost.records", Partitions: 3}, topic{Name: "a.new.one", Partitions: 1}, topic{Name: "metric.samples", Partitions: 12, ReplicationFactor: 2})
	assert.ErrorContains(t, err, "cost.records: partitions: must be at least the 6 that there are, got 3")
	assert.ErrorContains(t, err, "metric.samples: replicationFactor: must be the 3 that there are, got 2")
	assert.Empty(t, said)
	assert.Equal(t, map[string]int{"cost.records": 6, "metric.samples": 6, "somebody-elses": 2}, b.partitions())
}

func TestRun_SetsBackWhatSomebodyHasChanged(t *testing.T) {
	b := newBrokers(t)
	_, err := b.run(nil, records)
	require.NoError(t, err)
	short, theirs := "1000", "10"
	_, err = b.admin().AlterTopicConfigs(t.Context(), []kadm.AlterConfig{
		{Op: kadm.SetConfig, Name: "retention.ms", Value: &short}, {Op: kadm.SetConfig, Name: "segment.ms", Value: &theirs},
	}, "cost.records")
	require.NoError(t, err)
	require.Equal(t, "1000", b.setting("cost.records", "retention.ms"))

	said, err := b.run(nil, records)
	require.NoError(t, err)
	assert.Equal(t, []string{"cost.records: set retention.ms=604800000 (was 1000)"}, said)
	assert.Equal(t, "604800000", b.setting("cost.records", "retention.ms"))
	assert.Equal(t, "10", b.setting("cost.records", "segment.ms"), "the file says nothing about it")
}

func TestRun_DryRunSaysAndDoesNot(t *testing.T) {
	b := newBrokers(t, kfake.SeedTopics(2, "metric.samples"))
	said, err := b.run([]string{"--dry-run"}, records, topic{Name: "metric.samples", Partitions: 4, RetentionHours: 24})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"cost.records: would create with 6 partitions, 3 replicas, cleanup.policy=compact, retention.ms=604800000",
		"metric.samples: would grow from 2 to 4 partitions, would set retention.ms=86400000",
	}, said)
	assert.Equal(t, map[string]int{"metric.samples": 2, "somebody-elses": 2}, b.partitions())
	assert.Empty(t, b.setting("metric.samples", "retention.ms"))
}

func TestRun_ReportsEveryProblemAndMakesTheRest(t *testing.T) {
	b := newBrokers(t, kfake.SeedTopics(2, "grows", "settings"))
	b.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Topic: "cost.records", Err: kerr.TopicAuthorizationFailed, Count: -1},
		kfake.Fault{Keys: []kmsg.Key{kmsg.CreatePartitions}, Topic: "grows", Err: kerr.ReassignmentInProgress, Count: -1},
		kfake.Fault{Keys: []kmsg.Key{kmsg.IncrementalAlterConfigs}, Resource: "settings", Err: kerr.PolicyViolation, Count: -1},
	)
	said, err := b.run(nil, records, dead, topic{Name: "grows", Partitions: 3}, topic{Name: "settings", Partitions: 2, RetentionHours: 1})
	for _, want := range []string{"cost.records: TOPIC_AUTHORIZATION_FAILED", "grows: partitions: REASSIGNMENT_IN_PROGRESS", "settings: settings: POLICY_VIOLATION"} {
		assert.ErrorContains(t, err, want)
	}
	assert.Equal(t, []string{"cost.records.dead: created with 1 partition"}, said)
}

func TestRun_MoreReplicasThanBrokersIsTheBrokersToRefuse(t *testing.T) {
	b := newBrokers(t)
	_, err := b.run(nil, topic{Name: "wide", Partitions: 1, ReplicationFactor: 4})
	assert.ErrorContains(t, err, "wide: INVALID_REPLICATION_FACTOR")
}

func TestRun_WhatMayNotBeReadStopsIt(t *testing.T) {
	b := newBrokers(t, kfake.SeedTopics(2, "grows", "settings"))
	for _, refusal := range []*kerr.Error{kerr.TopicAuthorizationFailed, kerr.InvalidRequest} {
		fault := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Resource: "settings", Err: refusal, Count: -1})
		said, err := b.run(nil, topic{Name: "grows", Partitions: 3}, topic{Name: "settings", Partitions: 2})
		assert.ErrorContains(t, err, refusal.Message)
		assert.Empty(t, said)
		assert.Equal(t, 2, b.partitions()["grows"])
		fault.Remove()
	}

	b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "hidden", Err: kerr.TopicAuthorizationFailed, Count: -1},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "odd", Err: kerr.InvalidTopicException, Count: -1})
	for name, want := range map[string]string{"hidden": "TOPIC_AUTHORIZATION_FAILED", "odd": "odd: INVALID_TOPIC_EXCEPTION"} {
		said, err := b.run(nil, topic{Name: name, Partitions: 3})
		assert.ErrorContains(t, err, want)
		assert.Empty(t, said)
	}
}

func TestRun_GivesUpWhenNobodyAnswers(t *testing.T) {
	b := newBrokers(t)
	addresses := strings.Join(b.ListenAddrs(), ",")
	b.Close()
	started := time.Now()
	err := run(t.Context(), []string{"--timeout", "1s", "--topics", file(t, dead)}, addresses, os.Stdout, anybody)
	assert.ErrorContains(t, err, "brokers: ")
	assert.Less(t, time.Since(started), 15*time.Second)
}

func TestRun_RefusesToStart(t *testing.T) {
	good := file(t, dead)
	missing := filepath.Join(t.TempDir(), "missing.json")
	for name, c := range map[string]struct {
		args    []string
		brokers string
		want    string
	}{
		"no file named":  {nil, "b:9098", `--topics: must name a file`},
		"an argument":    {[]string{"--topics", good, "more"}, "b:9098", `["more"]`},
		"unknown flag":   {[]string{"--force"}, "b:9098", "not defined: -force"},
		"no brokers":     {[]string{"--topics", good}, "", "KAFKA_BOOTSTRAP_SERVERS: must hold the brokers"},
		"no such file":   {[]string{"--topics", missing}, "b:9098", "missing.json"},
		"bad topics":     {[]string{"--topics", file(t, topic{Name: "a"})}, "b:9098", `topics.json: [0] "a": partitions: must be`},
		"broken brokers": {[]string{"--topics", good}, "b:port", "KAFKA_BOOTSTRAP_SERVERS: "},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			err := run(t.Context(), c.args, c.brokers, &out, anybody)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, out.String())
		})
	}
}

func TestSay_NamesEverySettingInOrder(t *testing.T) {
	c := change{topic: topic{Name: "a"}, set: map[string]string{"b": "2", "a": "1", "c": "3"}, from: map[string]string{"b": "0"}}
	assert.Equal(t, "a: set a=1, b=2 (was 0), c=3", c.say(false))
	assert.Equal(t, "a: would set a=1, b=2 (was 0), c=3", c.say(true))
}

package apps

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEvents_CatalogIsValid(t *testing.T) {
	assert.Empty(t, flowProblems(topics, Catalog(), replicas))
}

func TestEvents_EveryTopicHasItsDeadLetters(t *testing.T) {
	all := TopicCatalog()
	require.Len(t, all, 8)
	for i := 0; i < len(all); i += 2 {
		topic, dead := all[i], all[i+1]
		assert.Equal(t, topic.Name+".dlt", dead.Name)
		assert.Greater(t, dead.RetentionHours, topic.RetentionHours, topic.Name)
		assert.Less(t, dead.Partitions, topic.Partitions, topic.Name)
	}
}

// Each pod of the largest scale of a reader of much gets a partition.
func TestEvents_PartitionsForEveryReader(t *testing.T) {
	most := environments["prod"].settings.ceiling()
	for _, topic := range topics {
		if strings.HasSuffix(topic.Name, ".collected") {
			assert.GreaterOrEqual(t, topic.Partitions, most, topic.Name)
		}
	}
}

func TestEvents_Refused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(topics *[]Topic, rows *[]Row)
		want   string
	}{
		"underscore": {func(topics *[]Topic, _ *[]Row) { (*topics)[0].Name = "cost_collected" },
			"topics.cost_collected: must be named by 1 to 245 letters, digits, dots and hyphens"},
		"no name":   {func(topics *[]Topic, _ *[]Row) { (*topics)[0].Name = "" }, "topics.: must be named by"},
		"only dots": {func(topics *[]Topic, _ *[]Row) { (*topics)[0].Name = ".." }, "topics...: must be named by"},
		"long name": {func(topics *[]Topic, _ *[]Row) { (*topics)[0].Name = strings.Repeat("a", 246) }, "must be named by 1 to 245"},
		"dead letters of dead letters": {func(topics *[]Topic, _ *[]Row) { (*topics)[0].Name = "cost.dlt" },
			"topics.cost.dlt: must not end in .dlt: each topic has such a one already"},
		"punctuation only": {func(topics *[]Topic, _ *[]Row) { (*topics)[1].Name = "cost-collected" },
			`topics.cost-collected: must differ from "cost.collected" in more than punctuation`},
		"same name": {func(topics *[]Topic, _ *[]Row) { (*topics)[1].Name = "cost.collected" },
			`topics.cost.collected: must differ from "cost.collected"`},
		"uneven": {func(topics *[]Topic, _ *[]Row) { (*topics)[0].Partitions = 10 },
			"topics.cost.collected.partitions: must be a multiple of 3, got 10"},
		"no partitions": {func(topics *[]Topic, _ *[]Row) { (*topics)[0].Partitions = 0 },
			"topics.cost.collected.partitions: must be a multiple of 3, got 0"},
		"too many partitions": {func(topics *[]Topic, _ *[]Row) { (*topics)[0].Partitions = 300 },
			"topics: must have at most 900 replicas of partitions on 3 brokers, Kafka's own included, got 1344"},
		"not kept": {func(topics *[]Topic, _ *[]Row) { (*topics)[0].RetentionHours = 0 },
			"topics.cost.collected.retentionHours: must be from 1 and below the 336 of its dead-letter topic, got 0"},
		"kept as long as dead letters": {func(topics *[]Topic, _ *[]Row) { (*topics)[0].RetentionHours = 336 },
			"below the 336 of its dead-letter topic, got 336"},
		"nobody writes": {func(_ *[]Topic, rows *[]Row) { row(rows, "metric").Produces = []string{"cost.collected"} },
			"topics.metric.collected: must be produced by a service, got none"},
		"nobody reads": {func(_ *[]Topic, rows *[]Row) { row(rows, "notification").Consumes = []string{"anomaly.detected"} },
			"topics.forecast.updated: must be consumed by a service, got none"},
	} {
		t.Run(name, func(t *testing.T) {
			changed, rows := slices.Clone(topics), Catalog()
			c.change(&changed, &rows)
			var found []string
			for _, problem := range flowProblems(changed, rows, replicas) {
				found = append(found, problem.Error())
			}
			assert.Contains(t, strings.Join(found, "\n"), c.want)
		})
	}
}

// row is a row that may be changed.
func row(rows *[]Row, name string) *Row {
	i := slices.IndexFunc(*rows, func(r Row) bool { return r.Name == name })
	return &(*rows)[i]
}

func TestEvents_RowRefused(t *testing.T) {
	for name, c := range map[string]struct {
		row  Row
		want string
	}{
		"unknown produced": {Row{Stores: []Store{Kafka}, Produces: []string{"cost.lost"}},
			`row.produces[0]: must be a topic of the event flow, got "cost.lost"`},
		"unknown consumed": {Row{Stores: []Store{Kafka}, Consumes: []string{"cost.collected", "cost.collected.dlt"}},
			`row.consumes[1]: must be a topic of the event flow, got "cost.collected.dlt"`},
		"own output": {Row{Stores: []Store{Kafka}, Consumes: []string{"cost.collected"}, Produces: []string{"cost.collected"}},
			`row.consumes[0]: must not be a topic that it produces, got "cost.collected"`},
		"Kafka without topics": {Row{Stores: []Store{Kafka}}, `row.stores: must not have "kafka" without produces or consumes`},
		"topics without Kafka": {Row{Stores: []Store{Redis}, Produces: []string{"cost.collected"}},
			`row.stores: must have "kafka" with produces or consumes, got [redis]`},
	} {
		t.Run(name, func(t *testing.T) {
			found := c.row.eventProblems("row", topics)
			require.Len(t, found, 1)
			assert.EqualError(t, found[0], c.want)
		})
	}
}

// More brokers carry more partitions.
func TestEvents_PartitionsByBrokers(t *testing.T) {
	many := slices.Clone(topics)
	many[0].Partitions = 300
	assert.Len(t, flowProblems(many, Catalog(), 3), 1)
	assert.Empty(t, flowProblems(many, Catalog(), 6))
}

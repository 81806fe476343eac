package apps

import (
	"regexp"
	"slices"
	"strings"
)

// The events of the product.
const (
	costCollected   = "cost.collected"
	metricCollected = "metric.collected"
	anomalyDetected = "anomaly.detected"
	forecastUpdated = "forecast.updated"
)

// Topic is a Kafka topic.
type Topic struct {
	// Name in letters, digits, dots and hyphens. Kafka takes underscores too,
	// but its metrics cannot tell them from dots.
	Name string
	// Partitions bound how many pods of a service read at once; a multiple of 3,
	// so that each broker of a three-zone cluster leads as many. Their number can
	// grow, never shrink.
	Partitions int
	// RetentionHours is how long an event can be read.
	RetentionHours int
}

// topics is the event flow. What cost and metric collected comes in volume, in
// partitions enough for each pod of a reader's largest scale; what is found in
// it is little. A week is enough for readers to catch up after an outage.
var topics = []Topic{
	{Name: costCollected, Partitions: 24, RetentionHours: 7 * 24},
	{Name: metricCollected, Partitions: 24, RetentionHours: 3 * 24},
	{Name: anomalyDetected, Partitions: 6, RetentionHours: 7 * 24},
	{Name: forecastUpdated, Partitions: 6, RetentionHours: 7 * 24},
}

// TopicCatalog returns the topics of the event flow, each followed by its
// dead-letter topic.
func TopicCatalog() []Topic { return withDeadLetters(topics) }

func withDeadLetters(topics []Topic) []Topic {
	var all []Topic
	for _, topic := range topics {
		all = append(all, topic, topic.deadLetter())
	}
	return all
}

const (
	deadLetterSuffix = ".dlt"
	// deadLetterPartitions are few: nothing reads them until a person does. The
	// reader that gives up on an event leaves the choice of the partition to
	// Kafka, not to that of the event.
	deadLetterPartitions = 3
	// deadLetterHours leave time to find and fix what an event failed on.
	deadLetterHours = 14 * 24
)

// deadLetter is where the readers of a topic put what they cannot handle.
func (t Topic) deadLetter() Topic {
	return Topic{Name: deadLetterOf(t.Name), Partitions: deadLetterPartitions, RetentionHours: deadLetterHours}
}

func deadLetterOf(topic string) string { return topic + deadLetterSuffix }

// consumerGroup is the group that the pods of a service read in: each event
// reaches one of them.
func consumerGroup(service string) string { return service }

const (
	// replicas of a partition, one in each of three zones.
	replicas = 3
	// inSyncReplicas must have a message before it counts as written: one broker
	// may be away and writing goes on.
	inSyncReplicas = 2
	// brokerPartitions is how many replicas of partitions the smallest broker
	// is good for. https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html
	brokerPartitions = 300
	// ownPartitions are Kafka's own, for consumer offsets and transactions.
	ownPartitions = 50 + 50
)

// maxTopicName is Kafka's limit.
const maxTopicName = 249

var topicNames = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)

// flowProblems judges the topics, and that every event has a writer and a
// reader among the services.
func flowProblems(topics []Topic, rows []Row, brokers int) problems {
	var p problems
	for i, topic := range topics {
		p = append(p, topic.problems()...)
		for _, other := range topics[:i] {
			if envName(other.Name) == envName(topic.Name) {
				p.add("topics.%s: must differ from %q in more than punctuation", topic.Name, other.Name)
			}
		}
		if !slices.ContainsFunc(rows, func(r Row) bool { return slices.Contains(r.Produces, topic.Name) }) {
			p.add("topics.%s: must be produced by a service, got none", topic.Name)
		}
		if !slices.ContainsFunc(rows, func(r Row) bool { return slices.Contains(r.Consumes, topic.Name) }) {
			p.add("topics.%s: must be consumed by a service, got none", topic.Name)
		}
	}
	partitions := ownPartitions
	for _, topic := range withDeadLetters(topics) {
		partitions += topic.Partitions
	}
	if need := partitions * replicas; brokers >= replicas && need > brokers*brokerPartitions {
		p.add("topics: must have at most %d replicas of partitions on %d brokers, Kafka's own included, got %d",
			brokers*brokerPartitions, brokers, need)
	}
	return p
}

// problems of a topic by itself.
func (t Topic) problems() problems {
	var p problems
	if !topicNames.MatchString(t.Name) || strings.Trim(t.Name, ".") == "" || len(deadLetterOf(t.Name)) > maxTopicName {
		p.add("topics.%s: must be named by 1 to %d letters, digits, dots and hyphens", t.Name, maxTopicName-len(deadLetterSuffix))
	}
	if strings.HasSuffix(t.Name, deadLetterSuffix) {
		p.add("topics.%s: must not end in %s: each topic has such a one already", t.Name, deadLetterSuffix)
	}
	if t.Partitions < 1 || t.Partitions%replicas != 0 {
		p.add("topics.%s.partitions: must be a multiple of %d, got %d", t.Name, replicas, t.Partitions)
	}
	if t.Partitions < deadLetterPartitions {
		p.add("topics.%s.partitions: must be at least the %d of its dead-letter topic, got %d", t.Name, deadLetterPartitions, t.Partitions)
	}
	if t.RetentionHours < 1 || t.RetentionHours >= deadLetterHours {
		p.add("topics.%s.retentionHours: must be from 1 and below the %d of its dead-letter topic, got %d",
			t.Name, deadLetterHours, t.RetentionHours)
	}
	return p
}

// eventProblems judges the topics that a row names.
func (r Row) eventProblems(where string, topics []Topic) problems {
	var p problems
	known := func(key string, names []string) {
		for i, name := range names {
			if !slices.ContainsFunc(topics, func(t Topic) bool { return t.Name == name }) {
				p.add("%s.%s[%d]: must be a topic of the event flow, got %q", where, key, i, name)
			}
		}
	}
	known("produces", r.Produces)
	known("consumes", r.Consumes)
	for i, name := range r.Consumes {
		if slices.Contains(r.Produces, name) {
			p.add("%s.consumes[%d]: must not be a topic that it produces, got %q", where, i, name)
		}
	}
	kafka, events := slices.Contains(r.Stores, Kafka), len(r.Produces)+len(r.Consumes) > 0
	if kafka && !events {
		p.add("%s.stores: must not have %q without produces or consumes", where, Kafka)
	}
	if events && !kafka {
		p.add("%s.stores: must have %q with produces or consumes, got %v", where, Kafka, r.Stores)
	}
	return p
}

// envName is a name as part of an environment variable.
func envName(name string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}

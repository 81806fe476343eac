package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// topic is what the file says about one.
type topic struct {
	Name       string `json:"name"`
	Partitions int    `json:"partitions"`
	// RetentionHours of a message; 0 leaves it to the brokers, -1 keeps messages for good.
	RetentionHours int `json:"retentionHours"`
	// ReplicationFactor is how many brokers hold a message; 0 leaves it to the brokers.
	ReplicationFactor int `json:"replicationFactor"`
	// Config holds settings by Kafka's names.
	Config map[string]string `json:"config"`
}

const retention = "retention.ms"

// settings are all that the topic overrides.
func (t topic) settings() map[string]string {
	all := maps.Clone(t.Config)
	if all == nil {
		all = map[string]string{}
	}
	switch {
	case t.RetentionHours > 0:
		all[retention] = strconv.FormatInt(int64(t.RetentionHours)*60*60*1000, 10)
	case t.RetentionHours == -1:
		all[retention] = "-1"
	}
	return all
}

// More than these is a slip of the finger.
const (
	mostPartitions = 10000
	mostReplicas   = 100
)

// topicName is what Kafka takes.
var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// parse reads the file and returns the topics by name, or everything that is wrong with them.
func parse(text []byte) ([]topic, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var topics []topic
	if err := decoder.Decode(&topics); err != nil {
		return nil, fmt.Errorf("must be a list of topics as JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("must hold one list, got more after it")
	}
	if len(topics) == 0 {
		return nil, errors.New("must hold at least one topic")
	}
	var problems []error
	// Kafka's metrics cannot tell a dot from an underscore, so it refuses names that differ in nothing else.
	taken := map[string]string{}
	for i, t := range topics {
		for _, problem := range t.validate() {
			problems = append(problems, fmt.Errorf("[%d] %q: %w", i, t.Name, problem))
		}
		key := strings.ReplaceAll(t.Name, ".", "_")
		if other, ok := taken[key]; ok {
			problems = append(problems, fmt.Errorf("[%d] %q: name: must differ from %q in more than dots and underscores", i, t.Name, other))
		}
		taken[key] = t.Name
	}
	slices.SortFunc(topics, func(a, b topic) int { return strings.Compare(a.Name, b.Name) })
	return topics, errors.Join(problems...)
}

func (t topic) validate() []error {
	var problems []error
	refuse := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !topicName.MatchString(t.Name) || t.Name == "." || t.Name == ".." {
		refuse("name: must be 1 to 249 letters, digits, dots, hyphens and underscores")
	}
	if strings.HasPrefix(t.Name, "__") {
		refuse("name: must not begin with two underscores, as Kafka's own do")
	}
	if t.Partitions < 1 || t.Partitions > mostPartitions {
		refuse("partitions: must be between 1 and %d, got %d", mostPartitions, t.Partitions)
	}
	if t.RetentionHours < -1 {
		refuse("retentionHours: must be positive, 0 or -1, got %d", t.RetentionHours)
	}
	if t.ReplicationFactor < 0 || t.ReplicationFactor > mostReplicas {
		refuse("replicationFactor: must be between 0 and %d, got %d", mostReplicas, t.ReplicationFactor)
	}
	if _, ok := t.Config[retention]; ok && t.RetentionHours != 0 {
		refuse("config: must not hold %s beside retentionHours", retention)
	}
	return problems
}

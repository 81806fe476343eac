package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// existing is what the brokers say about a topic.
type existing struct {
	partitions, replicas int
	// settings that the topic itself overrides, not the brokers' defaults.
	settings map[string]string
}

// change is what has to be done about one topic. With nothing to do all but the topic is zero.
type change struct {
	topic  topic
	create bool
	// addTo is the count of partitions to grow from, to topic.Partitions.
	addTo int
	// set holds the settings that differ, from holds what they are.
	set, from map[string]string
}

// plan compares what is wanted with what there is, or returns every difference that cannot be made good.
func plan(wanted []topic, there map[string]existing) ([]change, error) {
	var changes []change
	var problems []error
	for _, t := range wanted {
		e, ok := there[t.Name]
		if !ok {
			changes = append(changes, change{topic: t, create: true})
			continue
		}
		c := change{topic: t, set: map[string]string{}, from: map[string]string{}}
		if t.Partitions < e.partitions {
			problems = append(problems, fmt.Errorf("%s: partitions: must be at least the %d that there are, got %d; they cannot be taken away", t.Name, e.partitions, t.Partitions))
		}
		if t.ReplicationFactor != 0 && t.ReplicationFactor != e.replicas {
			problems = append(problems, fmt.Errorf("%s: replicationFactor: must be the %d that there are, got %d; replicas are moved with kafka-reassign-partitions", t.Name, e.replicas, t.ReplicationFactor))
		}
		if t.Partitions > e.partitions {
			c.addTo = e.partitions
		}
		// A value that only happens to be the brokers' default is set all the same: the default may change.
		for name, value := range t.settings() {
			is, ok := e.settings[name]
			if !ok || is != value {
				c.set[name] = value
			}
			if ok {
				c.from[name] = is
			}
		}
		changes = append(changes, c)
	}
	return changes, errors.Join(problems...)
}

// say is the line about a change that has been made, or would be.
func (c change) say(dryRun bool) string {
	verb := func(done, would string) string {
		if dryRun {
			return "would " + would
		}
		return done
	}
	t := c.topic
	if c.create {
		text := fmt.Sprintf("%s: %s with %s", t.Name, verb("created", "create"), count(t.Partitions, "partition"))
		if t.ReplicationFactor > 0 {
			text += ", " + count(t.ReplicationFactor, "replica")
		}
		return text + assignments(t.settings(), nil)
	}
	var parts []string
	if c.addTo > 0 {
		parts = append(parts, fmt.Sprintf("%s from %d to %s", verb("grew", "grow"), c.addTo, count(t.Partitions, "partition")))
	}
	if len(c.set) > 0 {
		parts = append(parts, verb("set", "set")+strings.TrimPrefix(assignments(c.set, c.from), ","))
	}
	if len(parts) == 0 {
		return t.Name + ": unchanged"
	}
	return t.Name + ": " + strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// assignments lists settings by name, with what they were.
func assignments(to, from map[string]string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(to)) {
		fmt.Fprintf(&text, ", %s=%s", name, to[name])
		if was, ok := from[name]; ok {
			fmt.Fprintf(&text, " (was %s)", was)
		}
	}
	return text.String()
}

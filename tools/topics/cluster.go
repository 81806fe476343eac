package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// cluster is the brokers, and how to change them.
type cluster struct {
	admin *kadm.Client
	// dryRun asks the brokers whether they would do it.
	dryRun bool
	out    io.Writer
}

// reconcile makes the topics what is wanted. A topic that fails does not keep the others from being made.
func (c *cluster) reconcile(ctx context.Context, wanted []topic) error {
	there, err := c.read(ctx, wanted)
	if err != nil {
		return err
	}
	changes, err := plan(wanted, there)
	if err != nil {
		return err
	}
	var problems []error
	for _, change := range changes {
		if err := c.apply(ctx, change); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", change.topic.Name, err))
			continue
		}
		fmt.Fprintln(c.out, change.say(c.dryRun))
	}
	return errors.Join(problems...)
}

// read asks about the wanted topics; those that do not exist are not in the answer.
func (c *cluster) read(ctx context.Context, wanted []topic) (map[string]existing, error) {
	var names []string
	for _, t := range wanted {
		names = append(names, t.Name)
	}
	details, err := c.admin.ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("brokers: %w", err)
	}
	there := map[string]existing{}
	var problems []error
	for _, detail := range details.Sorted() {
		switch {
		case errors.Is(detail.Err, kerr.UnknownTopicOrPartition):
		case detail.Err != nil:
			problems = append(problems, fmt.Errorf("%s: %w", detail.Topic, detail.Err))
		default:
			there[detail.Topic] = existing{partitions: len(detail.Partitions), replicas: detail.Partitions.NumReplicas()}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return there, c.readSettings(ctx, there)
}

// readSettings adds the settings that topics override.
func (c *cluster) readSettings(ctx context.Context, there map[string]existing) error {
	resources, err := c.admin.DescribeTopicConfigs(ctx, slices.Sorted(maps.Keys(there))...)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	var problems []error
	for _, resource := range resources {
		if resource.Err != nil {
			problems = append(problems, fmt.Errorf("%s: settings: %w", resource.Name, resource.Err))
			continue
		}
		e := there[resource.Name]
		e.settings = map[string]string{}
		for _, config := range resource.Configs {
			if config.Source == kmsg.ConfigSourceDynamicTopicConfig {
				e.settings[config.Key] = config.MaybeValue()
			}
		}
		there[resource.Name] = e
	}
	return errors.Join(problems...)
}

func (c *cluster) apply(ctx context.Context, change change) error {
	if change.create {
		return c.create(ctx, change.topic)
	}
	if change.addTo > 0 {
		if err := c.grow(ctx, change.topic); err != nil {
			return fmt.Errorf("partitions: %w", err)
		}
	}
	if len(change.set) > 0 {
		if err := c.set(ctx, change.topic.Name, change.set); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
	}
	return nil
}

func (c *cluster) create(ctx context.Context, t topic) error {
	// -1 is the brokers' default.
	replicas := int16(-1)
	if t.ReplicationFactor > 0 {
		replicas = int16(t.ReplicationFactor)
	}
	settings := map[string]*string{}
	for name, value := range t.settings() {
		settings[name] = &value
	}
	ask := c.admin.CreateTopics
	if c.dryRun {
		ask = c.admin.ValidateCreateTopics
	}
	responses, err := ask(ctx, int32(t.Partitions), replicas, settings, t.Name)
	if err != nil {
		return err
	}
	response, err := responses.On(t.Name, nil)
	if err != nil {
		return err
	}
	return explained(response.Err, response.ErrMessage)
}

func (c *cluster) grow(ctx context.Context, t topic) error {
	ask := c.admin.UpdatePartitions
	if c.dryRun {
		ask = c.admin.ValidateUpdatePartitions
	}
	responses, err := ask(ctx, t.Partitions, t.Name)
	if err != nil {
		return err
	}
	response, err := responses.On(t.Name, nil)
	if err != nil {
		return err
	}
	return explained(response.Err, response.ErrMessage)
}

func (c *cluster) set(ctx context.Context, name string, settings map[string]string) error {
	var alterations []kadm.AlterConfig
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		value := settings[key]
		alterations = append(alterations, kadm.AlterConfig{Op: kadm.SetConfig, Name: key, Value: &value})
	}
	ask := c.admin.AlterTopicConfigs
	if c.dryRun {
		ask = c.admin.ValidateAlterTopicConfigs
	}
	responses, err := ask(ctx, alterations, name)
	if err != nil {
		return err
	}
	response, err := responses.On(name, nil)
	if err != nil {
		return err
	}
	return explained(response.Err, response.ErrMessage)
}

// explained adds the broker's own words to an error, where it found some.
func explained(err error, message string) error {
	if err == nil || message == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, message)
}

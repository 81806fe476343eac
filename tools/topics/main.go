// The topics command makes the Kafka topics of an environment what a file says they are. It runs in the cluster, as a Job
// with a role of its own, whenever the file changes; run again, it changes nothing.
//
//	topics --topics FILE [--dry-run] [--timeout 2m]
//
// FILE holds a list of topics as JSON:
//
//	[{"name": "cost.records", "partitions": 6, "retentionHours": 168, "replicationFactor": 3,
//	  "config": {"cleanup.policy": "delete"}}]
//
// Brokers come from KAFKA_BOOTSTRAP_SERVERS, host:port with commas. It connects with TLS and signs in with the AWS
// credentials of its surroundings, such as those of EKS Pod Identity. The role needs kafka-cluster:Connect on the
// cluster, and on the topics DescribeTopic, CreateTopic, AlterTopic, DescribeTopicDynamicConfiguration and
// AlterTopicDynamicConfiguration.
//
// It creates what is missing, adds partitions, and sets what is set differently. It refuses, before it changes anything,
// to take partitions away or to move replicas. Topics that the file does not name stay as they are, and so do settings
// that it does not name.
//
// Each topic is a line of output. The exit code is 0 when the topics are as the file says, and 1 with every problem on
// the standard error output when they are not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const brokersVariable = "KAFKA_BOOTSTRAP_SERVERS"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Getenv(brokersVariable), os.Stdout, signIn)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// run is the command. How to sign in is given, so that tests can talk to brokers that want no credentials.
func run(ctx context.Context, args []string, brokers string, out io.Writer, signIn func(context.Context) ([]kgo.Opt, error)) error {
	flags := flag.NewFlagSet("topics", flag.ContinueOnError)
	path := flags.String("topics", "", "file with the topics, as JSON")
	dryRun := flags.Bool("dry-run", false, "say what would change, and let the brokers judge it, without changing it")
	timeout := flags.Duration("timeout", 2*time.Minute, "give up after this long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *path == "" || flags.NArg() > 0 {
		return fmt.Errorf("--topics: must name a file, got %q and %q", *path, flags.Args())
	}
	if brokers == "" {
		return fmt.Errorf("%s: must hold the brokers, host:port with commas", brokersVariable)
	}
	text, err := os.ReadFile(*path)
	if err != nil {
		return err
	}
	wanted, err := parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", *path, err)
	}

	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	options, err := signIn(ctx)
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.ClientID("topics"))...)
	if err != nil {
		return fmt.Errorf("%s: %w", brokersVariable, err)
	}
	defer client.Close()
	cluster := &cluster{admin: kadm.NewClient(client), dryRun: *dryRun, out: out}
	return cluster.reconcile(ctx, wanted)
}

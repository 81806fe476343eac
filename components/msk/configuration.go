package msk

import (
	"fmt"
	"strings"

	awsmsk "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/msk"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// configuration of the brokers. MSK binds one to the versions it was made for, so a new version makes a new one, under a
// name of its own since the old one is in use until the cluster has moved; a changed property is a new revision.
func (b *builder) configuration() (*awsmsk.Configuration, error) {
	return awsmsk.NewConfiguration(b.ctx, b.name, &awsmsk.ConfigurationArgs{
		Name:             pulumi.String(b.args.Name + "-" + strings.ReplaceAll(b.args.KafkaVersion, ".", "-")),
		Description:      pulumi.String("Brokers of " + b.args.Name),
		KafkaVersions:    pulumi.StringArray{pulumi.String(b.args.KafkaVersion)},
		ServerProperties: pulumi.String(serverProperties(b.args.brokers(), b.args.AutoCreateTopics)),
	}, b.parent)
}

// serverProperties are Kafka's settings where MSK's own would not do, in a fixed order.
// https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-properties.html
func serverProperties(brokers int, autoCreateTopics bool) string {
	replicas := min(3, brokers)
	// One less than the replicas, else no broker could restart without stopping all writes.
	// https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html
	inSync := min(2, replicas-1)
	var text strings.Builder
	for _, property := range []struct {
		name  string
		value any
	}{
		{"auto.create.topics.enable", autoCreateTopics},
		{"default.replication.factor", replicas},
		{"min.insync.replicas", inSync},
		{"offsets.topic.replication.factor", replicas},
		{"transaction.state.log.replication.factor", replicas},
		{"transaction.state.log.min.isr", inSync},
		// A topic says for itself how long it keeps what; a week is for those that do not.
		{"log.retention.hours", 7 * 24},
		// MSK's default lets a replica that lacks acknowledged messages take over, and they are gone.
		{"unclean.leader.election.enable", false},
	} {
		fmt.Fprintf(&text, "%s=%v\n", property.name, property.value)
	}
	return text.String()
}

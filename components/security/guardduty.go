package security

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/guardduty"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// features that GuardDuty looks at besides the account's own logs.
var features = []string{"EBS_MALWARE_PROTECTION", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS", "RUNTIME_MONITORING", "S3_DATA_EVENTS"}

// agents of runtime monitoring, in the order in which AWS lists them: one that is left out or out of order would be a
// difference in every preview. There is nothing but EKS to run one on.
var agents = []struct{ name, status string }{
	{"EKS_ADDON_MANAGEMENT", "ENABLED"}, {"ECS_FARGATE_AGENT_MANAGEMENT", "DISABLED"}, {"EC2_AGENT_MANAGEMENT", "DISABLED"},
}

// detect turns GuardDuty on. Findings are passed on every quarter of an hour while they last, not every six hours.
func (b *builder) detect() error {
	detector, err := guardduty.NewDetector(b.ctx, b.name, &guardduty.DetectorArgs{
		Enable:                     pulumi.Bool(true),
		FindingPublishingFrequency: pulumi.String("FIFTEEN_MINUTES"),
		Tags:                       pulumi.ToStringMap(tags.Of("security", b.args.Name)),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	b.account.DetectorID = detector.ID().ToStringOutput()
	b.account.Ready = append(b.account.Ready, detector)
	for _, name := range features {
		feature, err := guardduty.NewDetectorFeature(b.ctx, b.name+"-"+child(name), &guardduty.DetectorFeatureArgs{
			DetectorId:               detector.ID(),
			Name:                     pulumi.String(name),
			Status:                   pulumi.String("ENABLED"),
			AdditionalConfigurations: additional(name),
		}, b.parent)
		if err != nil {
			return fmt.Errorf("detector: %s: %w", name, err)
		}
		b.account.Ready = append(b.account.Ready, feature)
	}
	return nil
}

func additional(feature string) guardduty.DetectorFeatureAdditionalConfigurationArrayInput {
	if feature != "RUNTIME_MONITORING" {
		return nil
	}
	var all guardduty.DetectorFeatureAdditionalConfigurationArray
	for _, agent := range agents {
		all = append(all, guardduty.DetectorFeatureAdditionalConfigurationArgs{Name: pulumi.String(agent.name), Status: pulumi.String(agent.status)})
	}
	return all
}

// child turns AWS's spelling into that of names.
func child(feature string) string { return strings.ToLower(strings.ReplaceAll(feature, "_", "-")) }

// announce sends GuardDuty's findings to a topic.
func (b *builder) announce() error {
	name := b.args.Name + "-findings"
	topic, err := sns.NewTopic(b.ctx, b.name+"-findings", &sns.TopicArgs{
		Name:           pulumi.String(name),
		DisplayName:    pulumi.String("Security findings"),
		KmsMasterKeyId: b.args.KeyARN,
		Tags:           pulumi.ToStringMap(tags.Of("security", name)),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("findings: topic: %w", err)
	}
	policy, err := sns.NewTopicPolicy(b.ctx, b.name+"-findings", &sns.TopicPolicyArgs{
		Arn: topic.Arn, Policy: topic.Arn.ApplyT(func(arn string) string { return b.args.publishers(arn, name).JSON() }),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("findings: policy: %w", err)
	}
	rule, err := cloudwatch.NewEventRule(b.ctx, b.name+"-findings", &cloudwatch.EventRuleArgs{
		Name:         pulumi.String(name),
		Description:  pulumi.String(fmt.Sprintf("Findings of GuardDuty of severity %d and above", b.args.LeastSeverity)),
		EventPattern: pulumi.String(findings(b.args.LeastSeverity)),
		Tags:         pulumi.ToStringMap(tags.Of("security", name)),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("findings: rule: %w", err)
	}
	target, err := cloudwatch.NewEventTarget(b.ctx, b.name+"-findings", &cloudwatch.EventTargetArgs{
		Rule: rule.Name, TargetId: pulumi.String("topic"), Arn: topic.Arn,
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{policy}))
	if err != nil {
		return fmt.Errorf("findings: target: %w", err)
	}
	b.account.FindingsTopicARN = topic.Arn
	b.account.Ready = append(b.account.Ready, target)
	return nil
}

// findings is the pattern of the events to pass on.
// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
func findings(leastSeverity int) string {
	var pattern strings.Builder
	encoder := json.NewEncoder(&pattern)
	// Else >= would read \u003e= in every preview.
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		Source     []string `json:"source"`
		DetailType []string `json:"detail-type"`
		Detail     any      `json:"detail"`
	}{
		[]string{"aws.guardduty"}, []string{"GuardDuty Finding"},
		map[string]any{"severity": []any{map[string]any{"numeric": []any{">=", leastSeverity}}}},
	})
	if err != nil {
		// Texts and a number: there is nothing that encoding/json could refuse.
		panic(err)
	}
	return strings.TrimSpace(pattern.String())
}

// publishers lets the rule publish, and no other, over TLS only. The topic's policy is the place to say so: EventBridge
// does not tell KMS for which rule it acts.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
func (a *Args) publishers(topicARN, rule string) iam.Document {
	return iam.Document{Statements: []iam.Statement{
		{
			Sid: "Rule", Actions: []string{"sns:Publish"}, Resources: []string{topicARN},
			Principals: iam.Principals{Service: []string{"events.amazonaws.com"}},
			Conditions: iam.Conditions{"ArnEquals": {"aws:SourceArn": {fmt.Sprintf("arn:aws:events:%s:%s:rule/%s", a.Region, a.AccountID, rule)}}},
		},
		{
			Sid: "DenyInsecureTransport", Deny: true, Actions: []string{"sns:Publish"}, Resources: []string{topicARN},
			Principals: iam.Principals{Everyone: true}, Conditions: iam.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
		},
	}}
}

// Package alarms makes the CloudWatch alarms of an environment from what its components say about themselves, and one
// encrypted SNS topic for each severity, to which the account's alarms and EventBridge may publish and nobody else. Who
// listens to a topic is decided elsewhere.
//
// It refuses alarms that CloudWatch would refuse, and two alarms of one name: CloudWatch would let the second replace
// the first.
//
// The key must let cloudwatch.amazonaws.com and events.amazonaws.com use it, the latter without conditions.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
package alarms

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const alarmsType = "cloudinsight:alarms:Alarms"

// Alarms are the alarms of an environment and where they ring.
type Alarms struct {
	pulumi.ResourceState

	// TopicARN by severity; there is one for each of alarm.Severities. It resolves when the topic has its policy.
	TopicARN map[alarm.Severity]pulumi.StringOutput
	// ARNs of the alarms by name.
	ARNs map[string]pulumi.StringOutput
}

// Args says what to watch.
type Args struct {
	// AccountID of twelve digits; alarms of other accounts may not publish.
	AccountID string
	// KeyARN encrypts the messages.
	KeyARN pulumi.StringInput

	// Name is the beginning of the topics' names, such as cloudinsight-dev (default the component's name).
	Name string
	// Alarms by component; the label is for errors.
	Alarms map[string][]alarm.Alarm
}

// NewAlarms registers the topics and the alarms.
func NewAlarms(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Alarms, error) {
	a := args.withDefaults(name)
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("alarms %q: %w", name, err)
	}
	all := &Alarms{TopicARN: map[alarm.Severity]pulumi.StringOutput{}, ARNs: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResourceV2(alarmsType, name, pulumi.Map{"name": pulumi.String(a.Name)}, all, opts...); err != nil {
		return nil, fmt.Errorf("alarms %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(all)}
	outputs := pulumi.Map{}
	for _, severity := range alarm.Severities() {
		arn, err := b.topic(severity)
		if err != nil {
			return nil, fmt.Errorf("alarms %q: topic %q: %w", name, severity, err)
		}
		all.TopicARN[severity], outputs[string(severity)] = arn, arn
	}
	for _, label := range slices.Sorted(maps.Keys(a.Alarms)) {
		for _, one := range a.Alarms[label] {
			arn, err := b.alarm(one, all.TopicARN[one.Severity])
			if err != nil {
				return nil, fmt.Errorf("alarms %q: %s: %q: %w", name, label, one.Name, err)
			}
			all.ARNs[one.Name] = arn
		}
	}
	return all, ctx.RegisterResourceOutputs(all, outputs)
}

func (args *Args) withDefaults(name string) Args {
	a := Args{}
	if args != nil {
		a = *args
	}
	if a.Name == "" {
		a.Name = name
	}
	complete := map[string][]alarm.Alarm{}
	for label, list := range a.Alarms {
		for _, one := range list {
			complete[label] = append(complete[label], one.WithDefaults())
		}
	}
	a.Alarms = complete
	return a
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	// Leaves room for the severity in the 256 characters of a topic's name.
	topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,240}$`)
)

func (a *Args) validate() error {
	var problems []error
	if !accountID.MatchString(a.AccountID) {
		problems = append(problems, fmt.Errorf("account id: must be twelve digits, got %q", a.AccountID))
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("key arn: must be given"))
	}
	if !topicName.MatchString(a.Name) {
		problems = append(problems, fmt.Errorf("name: must match %s, got %q", topicName, a.Name))
	}
	owner := map[string]string{}
	for _, label := range slices.Sorted(maps.Keys(a.Alarms)) {
		for i, one := range a.Alarms[label] {
			if err := one.Validate(); err != nil {
				problems = append(problems, fmt.Errorf("%s: alarms[%d] %q: %w", label, i, one.Name, err))
			}
			if other, taken := owner[one.Name]; taken {
				problems = append(problems, fmt.Errorf("%s: alarms[%d]: must have a name of its own, got %q as %s has", label, i, one.Name, other))
			}
			owner[one.Name] = label
		}
	}
	return errors.Join(problems...)
}

// builder carries what the steps share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   Args
	parent pulumi.ResourceOption
}

func (b *builder) topic(severity alarm.Severity) (pulumi.StringOutput, error) {
	name := b.args.Name + "-" + string(severity)
	topic, err := sns.NewTopic(b.ctx, b.name+"-"+string(severity), &sns.TopicArgs{
		Name:           pulumi.String(name),
		DisplayName:    pulumi.String(name),
		KmsMasterKeyId: b.args.KeyARN,
		// SHA-256; the default is SHA-1.
		SignatureVersion: pulumi.Int(2),
		Tags:             pulumi.ToStringMap(tags.Of("alarms", name)),
	}, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	policy, err := sns.NewTopicPolicy(b.ctx, b.name+"-"+string(severity), &sns.TopicPolicyArgs{
		Arn:    topic.Arn,
		Policy: topic.Arn.ApplyT(b.args.policy),
	}, b.parent)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return policy.Arn, nil
}

// policy of a topic. EventBridge publishes without saying for whom: a condition would drop its messages unseen,
// so it has none.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
func (a *Args) policy(topicARN string) string {
	publish := func(sid, service string, conditions iam.Conditions) iam.Statement {
		return iam.Statement{
			Sid: sid, Principals: iam.Principals{Service: []string{service}},
			Actions: []string{"sns:Publish"}, Resources: []string{topicARN}, Conditions: conditions,
		}
	}
	return iam.Document{Statements: []iam.Statement{
		publish("Alarms", "cloudwatch.amazonaws.com", iam.Conditions{"StringEquals": {"aws:SourceAccount": {a.AccountID}}}),
		publish("Rules", "events.amazonaws.com", nil),
		{
			Sid: "DenyInsecureTransport", Deny: true, Principals: iam.Principals{Everyone: true},
			Actions: []string{"sns:Publish"}, Resources: []string{topicARN}, Conditions: iam.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
		},
	}}.JSON()
}

// alarm tells its topic when it rings and when it is over.
func (b *builder) alarm(a alarm.Alarm, topicARN pulumi.StringOutput) (pulumi.StringOutput, error) {
	operator, missing := "GreaterThanThreshold", "notBreaching"
	if a.Below {
		operator = "LessThanThreshold"
	}
	if a.MissingIsBreaching {
		missing = "breaching"
	}
	args := &cloudwatch.MetricAlarmArgs{
		Name:               pulumi.String(a.Name),
		AlarmDescription:   pulumi.String(a.Description),
		Namespace:          pulumi.String(a.Namespace),
		MetricName:         pulumi.String(a.Metric),
		Dimensions:         a.Dimensions,
		ComparisonOperator: pulumi.String(operator),
		Threshold:          pulumi.Float64(a.Threshold),
		Period:             pulumi.Int(a.PeriodSeconds),
		EvaluationPeriods:  pulumi.Int(a.Periods),
		TreatMissingData:   pulumi.String(missing),
		AlarmActions:       pulumi.Array{topicARN},
		OkActions:          pulumi.Array{topicARN},
		Tags:               pulumi.ToStringMap(tags.Of("alarms", a.Name, map[string]string{"Severity": string(a.Severity)})),
	}
	if a.IsPercentile() {
		args.ExtendedStatistic = pulumi.String(a.Statistic)
	} else {
		args.Statistic = pulumi.String(a.Statistic)
	}
	made, err := cloudwatch.NewMetricAlarm(b.ctx, a.Name, args, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return made.Arn, nil
}

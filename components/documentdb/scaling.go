package documentdb

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sfn"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

// ReplicaScaling keeps the replicas' CPU below a limit.
//
// Before a cluster is deleted, and before scaling is switched off, the replicas that were added have to go:
// `aws stepfunctions start-execution --state-machine-arn … --input '{"action":"clear"}'`.
type ReplicaScaling struct {
	// Min and Max instances, the writer included: Instances ≤ Min ≤ Max ≤ 16 (default of Min: Instances). What the
	// program has made is never removed.
	Min, Max int
	// CPUPercent of the replicas' average from which on one is added, 20 to 95 (default 70). One is removed after an
	// hour at less than half of it.
	CPUPercent float64
}

func (s ReplicaScaling) withDefaults(instances int) ReplicaScaling {
	if s.Min == 0 {
		s.Min = instances
	}
	if s.CPUPercent == 0 {
		s.CPUPercent = 70
	}
	return s
}

func (s ReplicaScaling) validate(instances int) (problems []error) {
	if instances < 2 {
		problems = append(problems, fmt.Errorf("replica scaling: must have a replica to measure, got %d instances", instances))
	}
	if s.Min < instances || s.Max < s.Min || s.Max > maxInstances {
		problems = append(problems, fmt.Errorf("replica scaling: must have %d ≤ min ≤ max ≤ %d, got min %d and max %d", instances, maxInstances, s.Min, s.Max))
	}
	if s.CPUPercent < 20 || s.CPUPercent > 95 {
		problems = append(problems, fmt.Errorf("replica scaling: cpu percent: must be between 20 and 95, got %v", s.CPUPercent))
	}
	return problems
}

// replicaScaling makes the machine, and for each direction an alarm and a rule that starts the machine when it rings.
func (b *builder) replicaScaling() error {
	if b.args.ReplicaScaling == nil {
		return nil
	}
	name := b.args.Name + "-replicas"
	role, err := b.role("replicas", "Adds and removes replicas of "+b.args.Name,
		iam.AssumeService("states.amazonaws.com", iam.Conditions{"StringEquals": {"aws:SourceAccount": {b.args.AccountID}}}))
	if err != nil {
		return err
	}
	policy, err := awsiam.NewRolePolicy(b.ctx, b.name+"-replicas", &awsiam.RolePolicyArgs{
		Role: role.ID(), Policy: pulumi.String(b.args.replicaPolicy().JSON()),
	}, pulumi.Parent(role))
	if err != nil {
		return fmt.Errorf("role %q: %w", "replicas", err)
	}
	// Executions keep their history for 90 days. A log of them would need leave to change any log delivery.
	machine, err := sfn.NewStateMachine(b.ctx, b.name+"-replicas", &sfn.StateMachineArgs{
		Name:       pulumi.String(name),
		Type:       pulumi.String("STANDARD"),
		RoleArn:    role.Arn,
		Definition: pulumi.String(b.args.definition()),
		Tags:       b.tags(name),
	}, b.parent, pulumi.DeleteBeforeReplace(true), pulumi.DependsOn([]pulumi.Resource{policy}))
	if err != nil {
		return fmt.Errorf("state machine: %w", err)
	}
	starter, err := b.starter(machine)
	if err != nil {
		return err
	}
	high := b.args.ReplicaScaling.CPUPercent
	if err := b.trigger("scale-out", actionAdd, "GreaterThanThreshold", high, 3, machine, starter); err != nil {
		return err
	}
	return b.trigger("scale-in", actionRemove, "LessThanThreshold", high/2, 12, machine, starter)
}

// starter is the role with which rules start the machine. AWS names no condition that EventBridge would meet.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
func (b *builder) starter(machine *sfn.StateMachine) (*awsiam.Role, error) {
	role, err := b.role("replicas-start", "Starts the machine that scales replicas of "+b.args.Name,
		iam.AssumeService("events.amazonaws.com"))
	if err != nil {
		return nil, err
	}
	if _, err := awsiam.NewRolePolicy(b.ctx, b.name+"-replicas-start", &awsiam.RolePolicyArgs{
		Role: role.ID(), Policy: machine.Arn.ApplyT(startPolicy).(pulumi.StringOutput),
	}, pulumi.Parent(role)); err != nil {
		return nil, fmt.Errorf("role %q: %w", "replicas-start", err)
	}
	return role, nil
}

// trigger starts the machine when the replicas' CPU crosses a threshold. The alarm tells nobody: being busy is what the
// machine is there for. EventBridge hears of every change of an alarm's state, without an action.
func (b *builder) trigger(purpose, action, operator string, threshold float64, periods int, machine *sfn.StateMachine, starter *awsiam.Role) error {
	name, child := b.args.Name+"-"+purpose, b.name+"-"+purpose
	alarm, err := cloudwatch.NewMetricAlarm(b.ctx, child, &cloudwatch.MetricAlarmArgs{
		Name:               pulumi.String(name),
		AlarmDescription:   pulumi.String("Starts the machine " + b.args.Name + "-replicas to " + action + " a replica"),
		Namespace:          pulumi.String("AWS/DocDB"),
		MetricName:         pulumi.String("CPUUtilization"),
		Dimensions:         pulumi.StringMap{"DBClusterIdentifier": b.cluster.ClusterIdentifier, "Role": pulumi.String("READER")},
		Statistic:          pulumi.String("Average"),
		ComparisonOperator: pulumi.String(operator),
		Threshold:          pulumi.Float64(threshold),
		Period:             pulumi.Int(300),
		EvaluationPeriods:  pulumi.Int(periods),
		TreatMissingData:   pulumi.String("notBreaching"),
		Tags:               b.tags(name),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("alarm %q: %w", purpose, err)
	}
	rule, err := cloudwatch.NewEventRule(b.ctx, child, &cloudwatch.EventRuleArgs{
		Name:         pulumi.String(name),
		Description:  pulumi.String("The alarm " + name + " rings"),
		EventPattern: alarm.Arn.ApplyT(ringing).(pulumi.StringOutput),
		Tags:         b.tags(name),
	}, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return fmt.Errorf("rule %q: %w", purpose, err)
	}
	if _, err := cloudwatch.NewEventTarget(b.ctx, child, &cloudwatch.EventTargetArgs{
		Rule:     rule.Name,
		TargetId: pulumi.String("replicas"),
		Arn:      machine.Arn,
		RoleArn:  starter.Arn,
		Input:    pulumi.String(jsonText(map[string]string{"action": action, "alarm": name})),
	}, b.parent); err != nil {
		return fmt.Errorf("target %q: %w", purpose, err)
	}
	return nil
}

// ringing is the event of an alarm that begins to ring.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
func ringing(alarmARN string) string {
	return jsonText(map[string]any{
		"source":      []string{"aws.cloudwatch"},
		"detail-type": []string{"CloudWatch Alarm State Change"},
		"resources":   []string{alarmARN},
		"detail":      map[string]any{"state": map[string]any{"value": []string{"ALARM"}}},
	})
}

func startPolicy(machineARN string) string {
	return iam.Document{Statements: []iam.Statement{{Sid: "Start", Actions: []string{"states:StartExecution"}, Resources: []string{machineARN}}}}.JSON()
}

// replicaPolicy lets the machine look at instances and alarms, and make, tag and delete instances with its own prefix.
// DocumentDB's permissions are those of RDS.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
func (a *ClusterArgs) replicaPolicy() iam.Document {
	rds := fmt.Sprintf("arn:aws:rds:%s:%s:", a.Region, a.AccountID)
	own := rds + "db:" + a.Name + "-auto-*"
	return iam.Document{Statements: []iam.Statement{
		{Sid: "Look", Actions: []string{"rds:DescribeDBInstances"}, Resources: []string{rds + "db:*"}},
		{
			Sid: "Listen", Actions: []string{"cloudwatch:DescribeAlarms"},
			Resources: []string{fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s-scale-*", a.Region, a.AccountID, a.Name)},
		},
		{
			Sid: "Add", Actions: []string{"rds:CreateDBInstance"}, Resources: []string{own, rds + "cluster:" + a.Name},
			Conditions: iam.Conditions{"StringEqualsIfExists": {"rds:DatabaseClass": {a.InstanceClass}}},
		},
		{Sid: "Change", Actions: []string{"rds:AddTagsToResource", "rds:DeleteDBInstance"}, Resources: []string{own}},
	}}
}

// role makes a role; purpose is the end of its name.
func (b *builder) role(purpose, description string, trust iam.Document) (*awsiam.Role, error) {
	name := b.args.Name + "-" + purpose
	role, err := awsiam.NewRole(b.ctx, b.name+"-"+purpose, &awsiam.RoleArgs{
		Name:                pulumi.String(name),
		Description:         pulumi.String(description),
		AssumeRolePolicy:    pulumi.String(trust.JSON()),
		PermissionsBoundary: b.args.PermissionsBoundary,
		Tags:                b.tags(name),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("role %q: %w", purpose, err)
	}
	return role, nil
}

func sortedTags(all map[string]string) []tag {
	var sorted []tag
	for _, key := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, tag{key, all[key]})
	}
	return sorted
}

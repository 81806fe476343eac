package alarms_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/alarms"
	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	topicToken  = "aws:sns/topic:Topic"
	policyToken = "aws:sns/topicPolicy:TopicPolicy"
	alarmToken  = "aws:cloudwatch/metricAlarm:MetricAlarm"
)

func cpu() alarm.Alarm {
	return alarm.Alarm{
		Name: "dev-cpu", Description: "Busy.", Namespace: "AWS/RDS", Metric: "CPUUtilization", Threshold: 75,
		Dimensions: pulumi.StringMap{"DBInstanceIdentifier": pulumi.String("dev")},
	}
}

func defaults(all ...alarm.Alarm) *alarms.Args {
	return &alarms.Args{
		AccountID: pulumitest.AccountID, KeyARN: pulumi.String("arn:key"), Alarms: map[string][]alarm.Alarm{"database": all},
	}
}

func record(t *testing.T, args *alarms.Args) (*pulumitest.Recorder, map[alarm.Severity]string, error) {
	t.Helper()
	arns := map[alarm.Severity]string{}
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		made, err := alarms.NewAlarms(ctx, "alarms", args)
		if err != nil {
			return err
		}
		var all []any
		for _, severity := range alarm.Severities() {
			all = append(all, made.TopicARN[severity])
		}
		pulumi.All(all...).ApplyT(func(of []any) int {
			for i, severity := range alarm.Severities() {
				arns[severity] = of[i].(string)
			}
			return 0
		})
		return nil
	}, pulumitest.Outputs(topicToken, func(r *pulumitest.Resource) map[string]any { return map[string]any{"arn": "arn:" + r.Name} }))
	return rec, arns, err
}

func recorded(t *testing.T, args *alarms.Args) (*pulumitest.Recorder, map[alarm.Severity]string) {
	t.Helper()
	rec, arns, err := record(t, args)
	require.NoError(t, err)
	return rec, arns
}

func TestAlarms_ATopicForEachSeverity(t *testing.T) {
	rec, arns := recorded(t, defaults())
	assert.Equal(t, map[alarm.Severity]string{
		"critical": "arn:alarms-critical", "high": "arn:alarms-high", "medium": "arn:alarms-medium", "low": "arn:alarms-low",
	}, arns)
	assert.Equal(t, 4, rec.Count(topicToken))
	topic := rec.Named(t, topicToken, "alarms-critical")
	assert.Equal(t, "arn:key", topic.Input("kmsMasterKeyId"))
	assert.Equal(t, "alarms-critical", topic.Input("name"))
	assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Alarms","Effect":"Allow","Principal":{"Service":["cloudwatch.amazonaws.com"]},"Action":["sns:Publish"],"Resource":["arn:alarms-critical"],
		 "Condition":{"StringEquals":{"aws:SourceAccount":["111122223333"]}}},
		{"Sid":"Rules","Effect":"Allow","Principal":{"Service":["events.amazonaws.com"]},"Action":["sns:Publish"],"Resource":["arn:alarms-critical"]},
		{"Sid":"DenyInsecureTransport","Effect":"Deny","Principal":"*","Action":["sns:Publish"],"Resource":["arn:alarms-critical"],
		 "Condition":{"Bool":{"aws:SecureTransport":["false"]}}}]}`, rec.Named(t, policyToken, "alarms-critical").Input("policy").(string))
}

func TestAlarms_RingAtTheTopicOfTheirSeverity(t *testing.T) {
	rec, _ := recorded(t, defaults(cpu()))
	a := rec.Named(t, alarmToken, "dev-cpu")
	for path, want := range map[string]any{
		"name": "dev-cpu", "namespace": "AWS/RDS", "metricName": "CPUUtilization", "statistic": "Average", "extendedStatistic": nil,
		"comparisonOperator": "GreaterThanThreshold", "threshold": 75.0, "period": 300.0, "evaluationPeriods": 3.0,
		"treatMissingData": "notBreaching", "dimensions.DBInstanceIdentifier": "dev", "tags.Severity": "high",
		"alarmActions": []any{"arn:alarms-high"}, "okActions": []any{"arn:alarms-high"}, "insufficientDataActions": nil,
	} {
		assert.Equal(t, want, a.Input(path), path)
	}
	assert.True(t, a.DependsOnNamed(policyToken, "alarms-high"), "a topic without a policy would lose the message")
}

func TestAlarms_EverythingSet(t *testing.T) {
	one := cpu()
	one.Below, one.MissingIsBreaching, one.Severity, one.Statistic, one.PeriodSeconds, one.Periods = true, true, alarm.Critical, "p99", 60, 5
	args := defaults(one)
	args.Name = "cloudinsight-dev"
	rec, _ := recorded(t, args)
	a := rec.Named(t, alarmToken, "dev-cpu")
	for path, want := range map[string]any{
		"statistic": nil, "extendedStatistic": "p99", "comparisonOperator": "LessThanThreshold", "treatMissingData": "breaching",
		"period": 60.0, "evaluationPeriods": 5.0, "alarmActions": []any{"arn:alarms-critical"},
	} {
		assert.Equal(t, want, a.Input(path), path)
	}
	assert.Equal(t, "cloudinsight-dev-low", rec.Named(t, topicToken, "alarms-low").Input("name"))
	component := rec.Named(t, "cloudinsight:alarms:Alarms", "alarms")
	assert.Len(t, rec.Children(component), 4+4+1)
}

func TestAlarms_Refuses(t *testing.T) {
	long := cpu()
	long.Metric = ""
	for name, c := range map[string]struct {
		args *alarms.Args
		want string
	}{
		"nothing given": {nil, "account id: must be twelve digits"},
		"no key":        {&alarms.Args{AccountID: pulumitest.AccountID}, "key arn: must be given"},
		"name":          {&alarms.Args{AccountID: pulumitest.AccountID, KeyARN: pulumi.String("k"), Name: "a.b"}, `name: must match`},
		"bad alarm":     {defaults(cpu(), long), `database: alarms[1] "dev-cpu": metric: must have a namespace and a name`},
		"one name twice": {&alarms.Args{
			AccountID: pulumitest.AccountID, KeyARN: pulumi.String("k"), Alarms: map[string][]alarm.Alarm{"a": {cpu()}, "b": {cpu()}},
		}, `b: alarms[0]: must have a name of its own, got "dev-cpu" as a has`},
	} {
		t.Run(name, func(t *testing.T) {
			rec, _, err := record(t, c.args)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All(), "nothing is registered")
		})
	}
}

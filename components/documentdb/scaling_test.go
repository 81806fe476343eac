package documentdb

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func scaled() *ClusterArgs {
	args := defaults()
	args.ReplicaScaling = &ReplicaScaling{Max: 9}
	args.Tags = map[string]string{"Owner": "platform"}
	return args
}

func TestReplicaScaling_AlarmsStartTheMachine(t *testing.T) {
	rec, _, _ := recorded(t, scaled())
	for _, c := range []struct {
		purpose, operator, action string
		threshold, periods        float64
	}{
		{"scale-out", "GreaterThanThreshold", "add", 70, 3},
		{"scale-in", "LessThanThreshold", "remove", 35, 12},
	} {
		const name = "cloudinsight-dev-documents-"
		inputs(t, rec.Named(t, "aws:cloudwatch/metricAlarm:MetricAlarm", "documents-"+c.purpose), map[string]any{
			"name": name + c.purpose, "metricName": "CPUUtilization", "dimensions.Role": "READER", "comparisonOperator": c.operator,
			"dimensions.DBClusterIdentifier": "cloudinsight-dev-documents", "threshold": c.threshold, "evaluationPeriods": c.periods,
			"alarmActions": nil, "treatMissingData": "notBreaching",
		})
		rule := rec.Named(t, "aws:cloudwatch/eventRule:EventRule", "documents-"+c.purpose)
		assert.JSONEq(t, `{"source":["aws.cloudwatch"],"detail-type":["CloudWatch Alarm State Change"],
			"resources":["arn:alarm:documents-`+c.purpose+`"],"detail":{"state":{"value":["ALARM"]}}}`, rule.Input("eventPattern").(string))
		target := rec.Named(t, "aws:cloudwatch/eventTarget:EventTarget", "documents-"+c.purpose)
		inputs(t, target, map[string]any{"arn": "arn:machine", "rule": rule.Input("name")})
		assert.JSONEq(t, `{"action":"`+c.action+`","alarm":"`+name+c.purpose+`"}`, target.Input("input").(string))
	}
}

func TestReplicaScaling_RolesAreSmall(t *testing.T) {
	rec, _, _ := recorded(t, scaled())
	machine := rec.Named(t, "aws:sfn/stateMachine:StateMachine", "documents-replicas")
	policy := rec.Named(t, "aws:iam/rolePolicy:RolePolicy", "documents-replicas")
	assert.Contains(t, machine.DependsOn, policy.URN)
	assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Look","Effect":"Allow","Action":["rds:DescribeDBInstances"],"Resource":["arn:aws:rds:af-south-1:111122223333:db:*"]},
		{"Sid":"Listen","Effect":"Allow","Action":["cloudwatch:DescribeAlarms"],
		 "Resource":["arn:aws:cloudwatch:af-south-1:111122223333:alarm:cloudinsight-dev-documents-scale-*"]},
		{"Sid":"Add","Effect":"Allow","Action":["rds:CreateDBInstance"],"Resource":["arn:aws:rds:af-south-1:111122223333:cluster:cloudinsight-dev-documents",
		 "arn:aws:rds:af-south-1:111122223333:db:cloudinsight-dev-documents-auto-*"],"Condition":{"StringEqualsIfExists":{"rds:DatabaseClass":["db.r5.large"]}}},
		{"Sid":"Change","Effect":"Allow","Action":["rds:AddTagsToResource","rds:DeleteDBInstance"],
		 "Resource":["arn:aws:rds:af-south-1:111122223333:db:cloudinsight-dev-documents-auto-*"]}]}`, policy.Input("policy").(string))
	assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Sid":"Start","Effect":"Allow","Action":["states:StartExecution"],"Resource":["arn:machine"]}]}`,
		rec.Named(t, "aws:iam/rolePolicy:RolePolicy", "documents-replicas-start").Input("policy").(string))
}

// parsed reads the definition back as Step Functions gets it.
func parsed(t *testing.T) machine {
	t.Helper()
	args := scaled().withDefaults()
	var m machine
	require.NoError(t, json.Unmarshal([]byte(args.definition()), &m))
	return m
}

func TestMachine_EveryStateLeadsToTheEnd(t *testing.T) {
	m := parsed(t)
	next := func(s state) []string {
		var all []string
		for _, name := range []string{s.Next, s.Default} {
			if name != "" {
				all = append(all, name)
			}
		}
		for _, c := range s.Choices {
			all = append(all, c.Next)
		}
		return all
	}
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		require.Contains(t, m.States, name)
		if seen[name] {
			return
		}
		seen[name] = true
		for _, to := range next(m.States[name]) {
			visit(to)
		}
	}
	visit(m.StartAt)
	assert.Len(t, seen, len(m.States), "a state that nothing leads to")
	for name, s := range m.States {
		assert.Equal(t, s.Type == "Succeed", len(next(s)) == 0, name)
	}
	assert.Equal(t, "JSONata", m.QueryLanguage)
	assert.Positive(t, m.TimeoutSeconds)
}

func TestMachine_StaysWithinBounds(t *testing.T) {
	m := parsed(t)
	assert.Equal(t, []choice{
		{"{% $changes > 0 %}", "Wait"},
		{"{% $states.context.Execution.Input.action = 'add' and $count < 9 %}", "Add"},
		{"{% $states.context.Execution.Input.action = 'remove' and $count($own) > 0 and $count > 3 %}", "Remove"},
		{"{% $states.context.Execution.Input.action = 'clear' and $count($own) > 0 %}", "Remove"},
	}, m.States["Decide"].Choices)
	assert.Equal(t, "Done", m.States["Decide"].Default)
	assert.Empty(t, m.States["Add"].Retry, "an answer that got lost would make two")
}

func TestMachine_CallsDocumentDBOnly(t *testing.T) {
	m := parsed(t)
	for name, resource := range map[string]string{
		"Look": "docdb:describeDBInstances", "Add": "docdb:createDBInstance", "Remove": "docdb:deleteDBInstance", "Listen": "cloudwatch:describeAlarms",
	} {
		assert.Equal(t, "arn:aws:states:::aws-sdk:"+resource, m.States[name].Resource)
	}
	assert.Equal(t, map[string]any{
		"DbClusterIdentifier": "cloudinsight-dev-documents", "DbInstanceIdentifier": "{% 'cloudinsight-dev-documents-auto-' & $substringBefore($uuid(), '-') %}",
		"DbInstanceClass": "db.r5.large", "Engine": "docdb", "PromotionTier": 15.0, "PreferredMaintenanceWindow": "sun:00:00-sun:02:00", "CopyTagsToSnapshot": true,
		"Tags": []any{
			map[string]any{"Key": "Component", "Value": "documentdb"}, map[string]any{"Key": "DataClassification", "Value": "confidential"},
			map[string]any{"Key": "Name", "Value": "cloudinsight-dev-documents-auto"}, map[string]any{"Key": "Owner", "Value": "platform"},
		},
	}, m.States["Add"].Arguments)
}

func TestClasses_HaveLimits(t *testing.T) {
	for class, want := range map[string]int{"db.t3.medium": 1000, "db.r5.large": 3400, "db.r6g.2xlarge": 14200, "db.r5.24xlarge": 60000} {
		assert.Equal(t, want, connections[class], class)
	}
	assert.NotContains(t, Classes(), "db.r6g.24xlarge")
}

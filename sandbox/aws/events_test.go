package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// with is a copy of the inputs with some of them changed; nil takes one away.
func with(in, edit map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range in {
		out[k] = v
	}
	for k, v := range edit {
		out[k] = v
		if v == nil {
			delete(out, k)
		}
	}
	return out
}

func TestAlarm_Refuses(t *testing.T) {
	w := newWorld(t)
	plain := w.make(typeTopic, map[string]any{"name": "plain"}).id
	open := w.make(typeTopic, map[string]any{"name": "open", "kmsMasterKeyId": w.keyFor(`"cloudwatch.amazonaws.com"`)}).id
	locked := w.make(typeTopic, map[string]any{"name": "locked", "kmsMasterKeyId": w.keyFor("")}).id
	managed := w.make(typeTopic, map[string]any{"name": "managed", "kmsMasterKeyId": "alias/aws/sns"}).id
	ordered := w.make(typeTopic, map[string]any{"name": "t.fifo", "fifoTopic": true}).id
	alarm := map[string]any{
		"name": "cpu", "namespace": "AWS/RDS", "metricName": "CPUUtilization", "statistic": "Average", "comparisonOperator": "GreaterThanThreshold",
		"threshold": 80, "period": 300, "evaluationPeriods": 3, "alarmActions": []any{open},
	}
	query := func(queries ...any) map[string]any {
		return with(alarm, map[string]any{"metricName": nil, "namespace": nil, "statistic": nil, "period": nil, "metricQueries": queries})
	}
	sum := map[string]any{"id": "total", "expression": "a+b", "returnData": true}
	for name, test := range map[string]struct {
		edit map[string]any
		want string
	}{
		"operator":         {map[string]any{"comparisonOperator": "Above"}, "comparisonOperator: must be one of"},
		"period":           {map[string]any{"period": 90}, "period: must be 10, 20, 30 or a multiple of 60, got 90"},
		"more than a day":  {map[string]any{"evaluationPeriods": 289}, "must not be above 86400 seconds, got 289 times 300"},
		"more than a week": {map[string]any{"period": 86400, "evaluationPeriods": 8}, "must not be above 604800 seconds"},
		"datapoints":       {map[string]any{"datapointsToAlarm": 4}, "datapointsToAlarm: must be between 1 and 3"},
		"namespace":        {map[string]any{"namespace": "AWS/RSD"}, `does not know "AWS/RSD"`},
		"missing data":     {map[string]any{"treatMissingData": "ok"}, "treatMissingData: must be one of"},
		"two statistics":   {map[string]any{"extendedStatistic": "p99"}, "statistic or extendedStatistic, and only one of them"},
		"no such metric":   {map[string]any{"metricName": nil}, "metricName or metricQueries"},
		"no threshold":     {map[string]any{"threshold": nil}, "threshold or thresholdMetricId"},
		"no topic":         {map[string]any{"alarmActions": []any{"arn:aws:sns:af-south-1:1:x"}}, "does not exist in af-south-1"},
		"fifo topic":       {map[string]any{"alarmActions": []any{ordered}}, "A FIFO topic can't be an alarm's action"},
		"locked topic":     {map[string]any{"okActions": []any{locked}}, "does not let cloudwatch.amazonaws.com generate data keys"},
		"AWS's key":        {map[string]any{"okActions": []any{managed}}, "no notification would arrive"},
		"lambda":           {map[string]any{"alarmActions": []any{"arn:aws:lambda:af-south-1:1:function:x"}}, "does not know whether an alarm can act by"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.try(typeAlarm, with(alarm, test.edit))
			assert.ErrorContains(t, err, test.want)
		})
	}
	w.refuses(t, map[string]refusal{
		"two results":   {typeAlarm, query(sum, with(sum, map[string]any{"id": "again"})), "exactly one query has returnData, got 2"},
		"query id":      {typeAlarm, query(with(sum, map[string]any{"id": "Total"})), "must match"},
		"query of both": {typeAlarm, query(with(sum, map[string]any{"metric": map[string]any{"metricName": "x", "namespace": "y", "period": 60, "stat": "Sum"}})), "expression or metric, and only one of them"},
	})
	made := w.make(typeAlarm, with(alarm, map[string]any{"okActions": []any{plain}}))
	assert.Equal(t, "arn:aws:cloudwatch:af-south-1:"+w.accountID()+":alarm:cpu", made.outputs.str("arn"))
	assert.Equal(t, "missing", made.outputs.str("treatMissingData"))
	w.make(typeAlarm, with(query(sum), map[string]any{"name": "sum"}))
	_, err := w.try(typeAlarm, alarm)
	assert.ErrorContains(t, err, "is there already")
	w.configure("eu-west-1")
	w.make(typeAlarm, with(alarm, map[string]any{"alarmActions": nil}))
	w.configure("af-south-1")
	require.NoError(t, w.delete(made))
}

func TestEventRule_AndItsTargets(t *testing.T) {
	w := newWorld(t)
	w.refuses(t, map[string]refusal{
		"nothing":          {typeEventRule, map[string]any{"name": "a"}, "a rule has eventPattern or scheduleExpression"},
		"no JSON":          {typeEventRule, map[string]any{"eventPattern": "{"}, "Event pattern is not valid"},
		"no list":          {typeEventRule, map[string]any{"eventPattern": `{"source":"aws.guardduty"}`}, `must be an object or an array, got "aws.guardduty"`},
		"nested":           {typeEventRule, map[string]any{"eventPattern": `{"detail":{"severity":7}}`}, "eventPattern.detail.severity"},
		"schedule":         {typeEventRule, map[string]any{"scheduleExpression": "daily"}, "must be one of the forms"},
		"bus":              {typeEventRule, map[string]any{"eventBusName": "x", "eventPattern": `{"source":["a"]}`}, "Event bus x does not exist"},
		"target of none":   {typeEventTarget, map[string]any{"rule": "none", "arn": "arn:aws:sns:af-south-1:1:x"}, "Rule none does not exist"},
		"role of others":   {typeEventRule, map[string]any{"eventPattern": `{"source":["a"]}`, "roleArn": w.role("s3.amazonaws.com")}, "cannot be assumed by events.amazonaws.com"},
		"state of no kind": {typeEventRule, map[string]any{"eventPattern": `{"source":["a"]}`, "state": "ON"}, "state: must be one of"},
	})
	rule := w.make(typeEventRule, map[string]any{"name": "findings", "eventPattern": `{"source":["aws.guardduty"],"detail":{"severity":[{"numeric":[">=",7]}]}}`})
	assert.Equal(t, "ENABLED", rule.outputs.str("state"))
	topic := w.make(typeTopic, map[string]any{"name": "t", "kmsMasterKeyId": w.keyFor(`"events.amazonaws.com"`)}).id
	locked := w.make(typeTopic, map[string]any{"name": "locked", "kmsMasterKeyId": w.keyFor("")}).id
	states := w.make(typeStateMachine, map[string]any{"name": "m", "roleArn": w.role("states.amazonaws.com"), "definition": `{"StartAt":"a","States":{"a":{"Type":"Succeed"}}}`}).id
	target := func(arn string) map[string]any { return map[string]any{"rule": "findings", "arn": arn} }
	w.refuses(t, map[string]refusal{
		"no topic":        {typeEventTarget, target("arn:aws:sns:af-south-1:1:x"), "the target does not exist in af-south-1"},
		"locked topic":    {typeEventTarget, target(locked), "does not let events.amazonaws.com"},
		"no role":         {typeEventTarget, target(states), "RoleArn is required"},
		"no ARN":          {typeEventTarget, target("x"), "not in correct format"},
		"lambda":          {typeEventTarget, target("arn:aws:lambda:af-south-1:1:function:x"), "does not know whether events can go to"},
		"two inputs":      {typeEventTarget, with(target(topic), map[string]any{"input": "{}", "inputPath": "$"}), "only one of"},
		"no dead letters": {typeEventTarget, with(target(topic), map[string]any{"deadLetterConfig": map[string]any{"arn": "x"}}), "dead-letter queue does not exist"},
	})
	made := w.make(typeEventTarget, target(topic))
	w.make(typeEventTarget, with(target(states), map[string]any{"roleArn": w.role("events.amazonaws.com")}))
	assert.ErrorContains(t, w.delete(rule), "Rule can't be deleted since it has targets")
	require.NoError(t, w.delete(made))
}

func TestStateMachine_DefinitionHasToHoldTogether(t *testing.T) {
	w := newWorld(t)
	role := w.role("states.amazonaws.com")
	machine := func(definition string) map[string]any {
		return map[string]any{"name": "restore", "roleArn": role, "definition": definition}
	}
	w.refuses(t, map[string]refusal{
		"no JSON":           {typeStateMachine, machine("{"), "INVALID_JSON_DESCRIPTION"},
		"no states":         {typeStateMachine, machine(`{"StartAt":"a"}`), "there is no state"},
		"no start":          {typeStateMachine, machine(`{"StartAt":"b","States":{"a":{"Type":"Succeed"}}}`), `no state is called "b"`},
		"no next":           {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Pass","Next":"b"}}}`), `no state is called "b"`},
		"next and end":      {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Pass","Next":"a","End":true}}}`), "has Next or End, and only one of them"},
		"no end":            {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Pass","Next":"a"}}}`), "no state ends the execution"},
		"out of reach":      {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Succeed"},"b":{"Type":"Succeed"}}}`), "States.b: InvalidDefinition: no transition leads to it"},
		"type":              {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Jump"}}}`), "Type must be one of"},
		"task of nothing":   {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Task","End":true}}}`), "Resource must be an ARN"},
		"choice of nothing": {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Choice"},"b":{"Type":"Succeed"}}}`), "Choice needs Choices"},
		"wait for nothing":  {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Wait","End":true}}}`), "Wait has exactly one of"},
		"catch of nothing":  {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Pass","End":true,"Catch":[{"Next":"c"}]}}}`), `no state is called "c"`},
		"in a map":          {typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"x","States":{"y":{"Type":"Succeed"}}}}}}`), "a.ItemProcessor.StartAt"},
		"role of others":    {typeStateMachine, with(machine(`{"StartAt":"a","States":{"a":{"Type":"Succeed"}}}`), map[string]any{"roleArn": w.role("s3.amazonaws.com")}), "is authorized to assume the provided role"},
		"no log group":      {typeStateMachine, with(machine(`{"StartAt":"a","States":{"a":{"Type":"Succeed"}}}`), map[string]any{"loggingConfiguration": map[string]any{"logDestination": "arn:aws:logs:af-south-1:1:log-group:/x:*"}}), "The log destination does not exist"},
	})
	group := w.make(typeLogGroup, map[string]any{"name": "/aws/vendedlogs/states/x"})
	made := w.make(typeStateMachine, with(machine(`{"StartAt":"start","States":{
		"start":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:rds:describeDBInstances","Next":"ready","Catch":[{"ErrorEquals":["States.ALL"],"Next":"failed"}]},
		"ready":{"Type":"Choice","Choices":[{"Variable":"$.a","IsPresent":true,"Next":"both"}],"Default":"wait"},
		"wait":{"Type":"Wait","Seconds":30,"Next":"start"},
		"both":{"Type":"Parallel","Branches":[{"StartAt":"x","States":{"x":{"Type":"Pass","End":true}}}],"End":true},
		"failed":{"Type":"Fail","Cause":"no"}}}`), map[string]any{"loggingConfiguration": map[string]any{"level": "ALL", "logDestination": group.outputs.str("arn") + ":*"}}))
	assert.Equal(t, "STANDARD", made.outputs.str("type"))
	_, err := w.try(typeStateMachine, machine(`{"StartAt":"a","States":{"a":{"Type":"Succeed"}}}`))
	assert.ErrorContains(t, err, "State Machine Already Exists")
}

func TestSchedule_Refuses(t *testing.T) {
	w := newWorld(t)
	queue := w.make(typeQueue, map[string]any{"name": "q"}).outputs.str("arn")
	schedule := map[string]any{
		"name": "s", "scheduleExpression": "rate(1 hour)", "flexibleTimeWindow": map[string]any{"mode": "OFF"},
		"target": map[string]any{"arn": queue, "roleArn": w.role("scheduler.amazonaws.com")},
	}
	w.refuses(t, map[string]refusal{
		"no group":      {typeSchedule, with(schedule, map[string]any{"groupName": "none"}), "Schedule group none does not exist"},
		"expression":    {typeSchedule, with(schedule, map[string]any{"scheduleExpression": "hourly"}), "must be one of the forms"},
		"window":        {typeSchedule, with(schedule, map[string]any{"flexibleTimeWindow": map[string]any{"mode": "FLEXIBLE"}}), "goes together with mode FLEXIBLE"},
		"role":          {typeSchedule, with(schedule, map[string]any{"target": map[string]any{"arn": queue, "roleArn": w.role("events.amazonaws.com")}}), "cannot be assumed by scheduler.amazonaws.com"},
		"no target":     {typeSchedule, with(schedule, map[string]any{"target": map[string]any{"arn": queue + "x", "roleArn": w.role("scheduler.amazonaws.com")}}), "The target does not exist"},
		"default group": {typeScheduleGroup, map[string]any{"name": "default"}, "not be default"},
	})
	group := w.make(typeScheduleGroup, map[string]any{"name": "g"})
	made := w.make(typeSchedule, with(schedule, map[string]any{"groupName": "g"}))
	assert.Equal(t, "g/s", made.id)
	w.make(typeSchedule, schedule)
	require.NoError(t, w.delete(group))
	assert.Nil(t, w.read(made).Outputs, "schedules go with their group")
}

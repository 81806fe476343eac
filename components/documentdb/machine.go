package documentdb

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cloudinsight/platform/internal/tags"
)

// What the machine can be asked for, as the "action" of its input.
const (
	// actionAdd one replica, and one more for as long as the alarm rings.
	actionAdd = "add"
	// actionRemove one replica, and one more for as long as the alarm rings.
	actionRemove = "remove"
	// actionClear removes every replica that the machine has made. The cluster can't be deleted before.
	actionClear = "clear"
)

// machine is a Step Functions state machine. https://states-language.net/spec.html
type machine struct {
	Comment        string
	QueryLanguage  string
	StartAt        string
	TimeoutSeconds int
	States         map[string]state
}

type state struct {
	Type      string
	Resource  string            `json:",omitempty"`
	Arguments any               `json:",omitempty"`
	Assign    map[string]string `json:",omitempty"`
	Retry     []retry           `json:",omitempty"`
	Choices   []choice          `json:",omitempty"`
	Default   string            `json:",omitempty"`
	Seconds   int               `json:",omitempty"`
	Next      string            `json:",omitempty"`
}

type choice struct{ Condition, Next string }

type retry struct {
	ErrorEquals     []string
	IntervalSeconds int
	MaxAttempts     int
	BackoffRate     float64
}

// jsonata wraps an expression. https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
func jsonata(format string, args ...any) string { return "{% " + fmt.Sprintf(format, args...) + " %}" }

// action is whether the execution was asked for one.
func action(name string) string {
	return fmt.Sprintf("$states.context.Execution.Input.action = '%s'", name)
}

// definition of the machine: look at the cluster, change it by one replica when that is asked for and within bounds,
// wait until the change tells, and look again while the alarm rings. One execution at a time changes something: all
// others see an instance that is not available, and wait as well. It only ever removes what it has made itself, so the
// instances of the program stay the program's.
func (a *ClusterArgs) definition() string {
	retries := []retry{{ErrorEquals: []string{"States.TaskFailed"}, IntervalSeconds: 30, MaxAttempts: 3, BackoffRate: 2}}
	own := a.Name + "-auto-"
	m := machine{
		Comment:       "Adds or removes one read replica of " + a.Name + " at a time",
		QueryLanguage: "JSONata",
		StartAt:       "Look",
		// An instance that never becomes available must not keep an execution for ever.
		TimeoutSeconds: 6 * 60 * 60,
		States: map[string]state{
			"Look": {
				Type: "Task", Resource: "arn:aws:states:::aws-sdk:docdb:describeDBInstances", Retry: retries, Next: "Decide",
				Arguments: describeInstances{Filters: []filter{{Name: "db-cluster-id", Values: []string{a.Name}}}},
				Assign: map[string]string{
					"count":   jsonata("$count($states.result.DbInstances)"),
					"changes": jsonata("$count($states.result.DbInstances[DbInstanceStatus != 'available'])"),
					"own":     jsonata("[$states.result.DbInstances[$contains(DbInstanceIdentifier, '%s')].DbInstanceIdentifier]", own),
				},
			},
			"Decide": {Type: "Choice", Default: "Done", Choices: []choice{
				{jsonata("$changes > 0"), "Wait"},
				{jsonata("%s and $count < %d", action(actionAdd), a.ReplicaScaling.Max), "Add"},
				{jsonata("%s and $count($own) > 0 and $count > %d", action(actionRemove), a.ReplicaScaling.Min), "Remove"},
				{jsonata("%s and $count($own) > 0", action(actionClear)), "Remove"},
			}},
			"Add": {
				Type: "Task", Resource: "arn:aws:states:::aws-sdk:docdb:createDBInstance", Next: "Wait",
				// Not tried again: an answer that got lost would make two.
				Arguments: a.replica(own),
			},
			"Remove": {
				Type: "Task", Resource: "arn:aws:states:::aws-sdk:docdb:deleteDBInstance", Retry: retries, Next: "Wait",
				Arguments: deleteInstance{DbInstanceIdentifier: jsonata("$own[0]")},
			},
			// A replica is there after about ten minutes, and then needs time to take over some of the load.
			"Wait":  {Type: "Wait", Seconds: 15 * 60, Next: "Again"},
			"Again": {Type: "Choice", Default: "Listen", Choices: []choice{{jsonata("%s", action(actionClear)), "Look"}}},
			"Listen": {
				Type: "Task", Resource: "arn:aws:states:::aws-sdk:cloudwatch:describeAlarms", Retry: retries, Next: "Rings",
				Arguments: describeAlarms{AlarmNames: []string{jsonata("$states.context.Execution.Input.alarm")}},
				Assign:    map[string]string{"rings": jsonata("$states.result.MetricAlarms[0].StateValue = 'ALARM'")},
			},
			"Rings": {Type: "Choice", Default: "Done", Choices: []choice{{jsonata("$rings"), "Look"}}},
			"Done":  {Type: "Succeed"},
		},
	}
	return jsonText(m)
}

// jsonText of a value that encoding/json never refuses: text, numbers, and lists and maps of them. Comparisons stay
// readable; they go to no web page.
func jsonText(value any) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// Arguments of the tasks. Step Functions spells the names in its own way: Db, not DB.
// https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
type (
	filter struct {
		Name   string
		Values []string
	}
	describeInstances struct{ Filters []filter }
	describeAlarms    struct{ AlarmNames []string }
	deleteInstance    struct{ DbInstanceIdentifier string }
	createInstance    struct {
		DbClusterIdentifier        string
		DbInstanceIdentifier       string
		DbInstanceClass            string
		Engine                     string
		PromotionTier              int
		PreferredMaintenanceWindow string
		CopyTagsToSnapshot         bool
		Tags                       []tag
	}
	tag struct{ Key, Value string }
)

// replica is like the program's instances, but the last to be promoted.
func (a *ClusterArgs) replica(prefix string) createInstance {
	return createInstance{
		DbClusterIdentifier:        a.Name,
		DbInstanceIdentifier:       jsonata("'%s' & $substringBefore($uuid(), '-')", prefix),
		DbInstanceClass:            a.InstanceClass,
		Engine:                     "docdb",
		PromotionTier:              15,
		PreferredMaintenanceWindow: a.MaintenanceWindow,
		CopyTagsToSnapshot:         true,
		Tags:                       sortedTags(tags.Merge(a.Tags, a.storeTags(a.Name+"-auto"))),
	}
}

package engine

import (
	"context"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// Result is what a run did.
type Result struct {
	Environment string         `json:"environment"`
	Operation   string         `json:"operation"`
	Changes     map[string]int `json:"changes"` // resources by what was done, as the engine counts them: create, update, same ...
	Duration    time.Duration  `json:"durationNanoseconds"`
	Engine      time.Duration  `json:"engineNanoseconds"` // of Duration, the engine's own run
	Steps       []Step         `json:"steps,omitempty"`   // of a preview: what up would do, by URN
	Diagnostics []Diagnostic   `json:"diagnostics,omitempty"`
	Kept        []string       `json:"kept,omitempty"`      // of down: what AWS keeps on purpose, such as final snapshots
	Recovered   []string       `json:"recovered,omitempty"` // what a killed engine had left, and what became of it
	Report      *Report        `json:"report,omitempty"`
}

// Changed counts the resources that were, or in a preview would be, changed.
func (r Result) Changed() int {
	changed := 0
	for op, count := range r.Changes {
		if op != string(apitype.OpSame) && op != string(apitype.OpRead) {
			changed += count
		}
	}
	return changed
}

// eventSink is where the Automation API sends the engine's events.
type eventSink = chan<- events.EngineEvent

// marks are how a finished step is shown; a step that is not listed is not shown.
var marks = map[apitype.OpType]string{
	apitype.OpCreate: "+", apitype.OpUpdate: "~", apitype.OpDelete: "-", apitype.OpImport: "=",
	apitype.OpCreateReplacement: "+-", apitype.OpDeleteReplaced: "--",
}

// run calls the engine, shows what it does and collects what it says. The error is a *Failure when the engine ran.
func (s *session) run(ctx context.Context, operation string, call func(context.Context, eventSink) error) (Result, error) {
	started := time.Now()
	result := Result{Environment: s.env, Operation: operation, Changes: map[string]int{}}
	shown := newProgress(s.Out)
	var found diagnostics
	planned := plannedSteps{}
	stream := make(chan events.EngineEvent)
	over, drained := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(drained)
		for {
			select {
			case e, open := <-stream:
				if !open {
					return
				}
				result.take(e.EngineEvent, shown, planned, &found)
			case <-over:
				return
			}
		}
	}()
	err := call(ctx, stream)
	// The API returns after its last event was taken; it does not always close the stream.
	close(over)
	<-drained
	shown.close()
	result.Duration, result.Engine = time.Since(started), time.Since(started)
	result.Diagnostics, result.Steps = found.list, planned.sorted()
	if err == nil {
		return result, nil
	}
	failure := &Failure{Environment: s.env, Operation: operation, Diagnostics: found.errors()}
	if ctx.Err() != nil {
		failure.Diagnostics = append([]Diagnostic{{Severity: Error, Message: "interrupted; run it again to go on"}}, failure.Diagnostics...)
	}
	if len(failure.Diagnostics) == 0 {
		failure.Diagnostics = []Diagnostic{{Severity: Error, Message: cliError(err)}}
	}
	return result, failure
}

// take notes one event.
func (r *Result) take(e apitype.EngineEvent, shown *progress, planned plannedSteps, found *diagnostics) {
	switch {
	case e.ResourcePreEvent != nil:
		if e.ResourcePreEvent.Planning {
			// Shown when all are known: they come in no certain order.
			planned.take(e.ResourcePreEvent.Metadata)
			shown.end(e.ResourcePreEvent.Metadata, "")
			return
		}
		shown.begin(e.ResourcePreEvent.Metadata)
	case e.ResOutputsEvent != nil:
		if !e.ResOutputsEvent.Planning {
			shown.end(e.ResOutputsEvent.Metadata, marks[e.ResOutputsEvent.Metadata.Op])
		}
	case e.ResOpFailedEvent != nil:
		shown.end(e.ResOpFailedEvent.Metadata, "x")
	case e.DiagnosticEvent != nil:
		found.add(e.DiagnosticEvent)
	case e.SummaryEvent != nil:
		for op, count := range e.SummaryEvent.ResourceChanges {
			r.Changes[string(op)] = count
		}
	}
}

// cliError is what the CLI wrote to its standard error: the Automation API wraps it in a report of its own.
func cliError(err error) string {
	text := err.Error()
	if first, _, _ := strings.Cut(text, "\n"); strings.HasSuffix(first, "signal: killed") {
		return "the engine was killed; run it again to go on"
	}
	if _, after, found := strings.Cut(text, "\nstderr: "); found {
		if stderr := strings.TrimSpace(after); stderr != "" {
			return strings.TrimPrefix(stderr, "error: ")
		}
	}
	return text
}

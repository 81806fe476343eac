package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cloudinsight/platform/sandbox/engine"
)

// printResult says what a run did.
func printResult(out io.Writer, r engine.Result) {
	for _, note := range r.Recovered {
		fmt.Fprintf(out, "repaired: %s\n", note)
	}
	for _, d := range r.Diagnostics {
		if d.Severity != engine.Error {
			fmt.Fprintf(out, "%s: %s\n", d.Severity, strings.ReplaceAll(d.Message, "\n", "\n  "))
		}
	}
	if r.Report != nil {
		printReport(out, *r.Report, textTable)
	}
	printSteps(out, r.Steps)
	for _, what := range r.Kept {
		fmt.Fprintf(out, "kept by AWS on purpose: %s\n", what)
	}
	took := ", " + r.Duration.Round(100*time.Millisecond).String()
	if r.Operation == "preview" {
		took = "" // the same preview reads the same, whoever asks and whenever
	}
	fmt.Fprintf(out, "%s %s: %s%s\n", r.Operation, r.Environment, outcome(r), took)
}

// printSteps shows what a preview found to do.
func printSteps(out io.Writer, steps []engine.Step) {
	for _, step := range steps {
		fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(step.String(), "\n", "\n  "))
	}
}

// outcome is the run in a few words.
func outcome(r engine.Result) string {
	if r.Operation == "down" {
		left := "nothing left in the account"
		if len(r.Kept) > 0 {
			left = fmt.Sprintf("nothing else than these %d left in the account", len(r.Kept))
		}
		return fmt.Sprintf("%d resources deleted, %s, no control plane left on this machine", r.Changes["delete"], left)
	}
	if r.Changed() == 0 {
		return fmt.Sprintf("no changes (%d resources)", r.Changes["same"])
	}
	var parts []string
	for _, op := range slices.Sorted(maps.Keys(r.Changes)) {
		if r.Changes[op] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", r.Changes[op], op))
		}
	}
	return strings.Join(parts, ", ")
}

// table prints rows under their heads.
type table func(out io.Writer, heads []string, rows [][]string)

func textTable(out io.Writer, heads []string, rows [][]string) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{heads}, rows...) {
		fmt.Fprintln(w, "  "+strings.Join(row, "\t"))
	}
	w.Flush()
	fmt.Fprintln(out)
}

func markdownTable(out io.Writer, heads []string, rows [][]string) {
	fmt.Fprintf(out, "| %s |\n|%s\n", strings.Join(heads, " | "), strings.Repeat(" --- |", len(heads)))
	for _, row := range rows {
		fmt.Fprintf(out, "| %s |\n", strings.ReplaceAll(strings.Join(row, " | "), "\n", " "))
	}
	fmt.Fprintln(out)
}

// printReport shows what an environment has.
func printReport(out io.Writer, r engine.Report, print table) {
	if len(r.Components) == 0 {
		fmt.Fprintf(out, "%s: nothing is up\n", r.Environment)
		return
	}
	fmt.Fprintln(out)
	var rows [][]string
	total := 0
	for _, c := range r.Components {
		name := c.Name
		if name == "" {
			name = "(the stack itself)"
		}
		rows = append(rows, []string{name, c.Type, count(c.AWS), count(c.Kubernetes), count(c.Other)})
		total += c.Total()
	}
	print(out, []string{"COMPONENT", "TYPE", "AWS", "KUBERNETES", "OTHER"}, rows)
	fmt.Fprintf(out, "%d resources\n\n", total)
	if len(r.Outputs) > 0 {
		rows = nil
		for _, name := range slices.Sorted(maps.Keys(r.Outputs)) {
			rows = append(rows, []string{name, plain(r.Outputs[name])})
		}
		print(out, []string{"OUTPUT", "VALUE"}, rows)
	}
	for _, c := range r.Clusters {
		printCluster(out, c, print)
	}
	if len(r.Unverified) > 0 {
		rows = nil
		for _, text := range r.Unverified {
			rows = append(rows, []string{text})
		}
		print(out, []string{"NOT VERIFIED"}, rows)
	}
}

// printChains shows what waits for the stores that take long to make.
func printChains(out io.Writer, c engine.Chains, print table) {
	if len(c.Stores) == 0 {
		return
	}
	var chains, waiting [][]string
	for _, store := range c.Stores {
		chains = append(chains, []string{store.Store, strings.Join(store.Longest, " → ")})
		waiting = append(waiting, wrapped(store.Store, store.Waiting)...)
	}
	print(out, []string{"STORE", "LONGEST CHAIN OF WHAT WAITS"}, chains)
	print(out, []string{"STORE", "WHAT WAITS"}, append(waiting, wrapped("none", c.Free)...))
}

// wrapped is a row for a list, and further ones where it is long.
func wrapped(head string, list []string) [][]string {
	var rows [][]string
	for line := range slices.Chunk(list, 6) {
		rows = append(rows, []string{head, strings.Join(line, ", ")})
		head = ""
	}
	return rows
}

func count(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// plain shows an output in one line.
func plain(value any) string {
	switch v := value.(type) {
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, k+"="+plain(v[k]))
		}
		return strings.Join(parts, " ")
	case []any:
		parts := make([]string, 0, len(v))
		for _, item := range v {
			parts = append(parts, plain(item))
		}
		return strings.Join(parts, ", ")
	default:
		return fmt.Sprint(v)
	}
}

// printCluster shows nodes, workloads and what waits.
func printCluster(out io.Writer, c engine.Cluster, print table) {
	if !c.Running {
		fmt.Fprintf(out, "cluster %s: the control plane is stopped\n\n", c.Name)
		return
	}
	fmt.Fprintf(out, "cluster %s at %s\n\n", c.Name, c.Endpoint)
	var rows [][]string
	for _, n := range c.Nodes {
		state := "Ready"
		if !n.Ready {
			state = "not ready"
		}
		rows = append(rows, []string{n.Name, n.Type, n.Zone, n.Group, n.Capacity, state})
	}
	print(out, []string{"NODE", "TYPE", "ZONE", "GROUP", "CAPACITY", "STATE"}, rows)
	rows = nil
	for _, w := range c.Workloads {
		rows = append(rows, []string{w.Namespace, w.Name, fmt.Sprintf("%d/%d", w.Ready, w.Desired)})
	}
	if len(rows) > 0 {
		print(out, []string{"NAMESPACE", "DEPLOYMENT", "READY"}, rows)
	}
	rows = nil
	for _, n := range c.Pods {
		rows = append(rows, []string{n.Name, fmt.Sprintf("%d/%d", n.Ready, n.Total)})
	}
	print(out, []string{"NAMESPACE", "PODS READY"}, rows)
	for _, w := range c.Waiting {
		fmt.Fprintf(out, "not ready: %s\n", w)
	}
	for _, p := range c.Problems {
		fmt.Fprintf(out, "not as the account asks: %s\n", p)
	}
}

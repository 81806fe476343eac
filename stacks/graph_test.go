package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

// TestGraph_TheDocumentShowsTheRealResources draws docs/resources.md from what the stacks register.
func TestGraph_TheDocumentShowsTheRealResources(t *testing.T) {
	var text strings.Builder
	text.WriteString("# What an environment is made of\n\nGenerated from what the program registers: `go test ./stacks -update`.\n\n" +
		"An arrow leads from a component to one whose outputs it takes or that has to be there first.\n\n```mermaid\nflowchart TB\n")
	writeGraph(&text, deploy(t, "prod"))
	text.WriteString("```\n\n## Resources by component\n\n| component | resource | " + strings.Join(environments, " | ") + " |\n|---|---|" +
		strings.Repeat("---:|", len(environments)) + "\n")
	writeTable(&text, t)
	pulumitest.Golden(t, "../docs/resources.md", text.String())
}

// component is the topmost of our components that a resource is in.
func component(r *pulumitest.Resource) *pulumitest.Resource {
	for r.Parent != nil {
		r = r.Parent
	}
	if strings.HasPrefix(r.Type, "cloudinsight:") {
		return r
	}
	return nil
}

// label is short: the package, and the domain of a key.
func label(r *pulumitest.Resource) string {
	pkg := strings.Split(r.Type, ":")[1]
	if _, domain, ok := strings.Cut(strings.TrimPrefix(r.Name, "cloudinsight-"), "-"); ok {
		return pkg + " " + domain
	}
	return pkg
}

func writeGraph(text *strings.Builder, rec *pulumitest.Recorder) {
	byURN := map[string]*pulumitest.Resource{}
	for _, r := range rec.All() {
		byURN[r.URN] = r
	}
	nodes, edges := map[string]int{}, map[string]bool{}
	for _, r := range rec.All() {
		from := component(r)
		if from == nil {
			continue
		}
		nodes[label(from)]++
		for _, urn := range r.DependsOn {
			if on := byURN[urn]; on != nil {
				if to := component(on); to != nil && to != from {
					edges[fmt.Sprintf("  %s --> %s\n", id(label(from)), id(label(to)))] = true
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		fmt.Fprintf(text, "  %s[\"%s<br>%d resources\"]\n", id(name), name, nodes[name])
	}
	for _, edge := range slices.Sorted(maps.Keys(edges)) {
		text.WriteString(edge)
	}
}

func id(name string) string { return strings.ReplaceAll(name, " ", "_") }

func writeTable(text *strings.Builder, t *testing.T) {
	counts := map[string]map[string]int{}
	for _, environment := range environments {
		for _, r := range deploy(t, environment).All() {
			c := component(r)
			if c == nil || !r.Custom {
				continue
			}
			parts := strings.Split(r.Type, ":")
			service, _, _ := strings.Cut(parts[1], "/")
			row := fmt.Sprintf("| %s | %s %s |", label(c), service, parts[2])
			if counts[row] == nil {
				counts[row] = map[string]int{}
			}
			counts[row][environment]++
		}
	}
	for _, row := range slices.Sorted(maps.Keys(counts)) {
		text.WriteString(row)
		for _, environment := range environments {
			fmt.Fprintf(text, " %d |", counts[row][environment])
		}
		text.WriteString("\n")
	}
}

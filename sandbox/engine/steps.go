package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// Step is what a preview would do to one resource.
type Step struct {
	Op         string     `json:"op"` // as the engine counts them: create, update, replace, delete ...
	URN        string     `json:"urn"`
	Properties []Property `json:"properties,omitempty"` // of an update or a replacement, what changes; by path
}

// Property is one property that changes. Old and New are JSON, shortened; what is secret is not in them.
type Property struct {
	Path     string `json:"path"`
	Old      string `json:"old"`      // "-" when it was not there
	New      string `json:"new"`      // "-" when it goes
	Replaces bool   `json:"replaces"` // it can't be changed in place
}

// planMarks are how a planned step is shown; one that is not listed changes nothing, or is half of a replacement.
var planMarks = map[apitype.OpType]string{
	apitype.OpCreate: "+", apitype.OpUpdate: "~", apitype.OpDelete: "-", apitype.OpImport: "=", apitype.OpReplace: "+-",
}

// String is the step as an operator reads it: a line for the resource and one for each property.
func (s Step) String() string {
	text := planMarks[apitype.OpType(s.Op)] + " " + label(s.URN)
	for _, p := range s.Properties {
		text += "\n    " + p.String()
	}
	return text
}

// String is the change in one line.
func (p Property) String() string {
	text := p.Path + ": " + p.Old + " → " + p.New
	if p.Replaces {
		text += " (forces replacement)"
	}
	return text
}

// plannedSteps are the steps that a preview announces, by URN. The halves of a replacement are one step.
type plannedSteps map[string]Step

// take notes a step of a preview.
func (all plannedSteps) take(m apitype.StepEventMetadata) {
	op := m.Op
	if op == apitype.OpCreateReplacement {
		op = apitype.OpReplace
	}
	if planMarks[op] == "" || !worthALine(m) {
		return
	}
	s := Step{Op: string(op), URN: m.URN}
	if op == apitype.OpReplace || op == apitype.OpUpdate {
		s.Properties = changedProperties(m)
	}
	all[m.URN] = s
}

// sorted are the steps in an order that does not depend on which came first.
func (all plannedSteps) sorted() []Step {
	var steps []Step
	for _, s := range all {
		steps = append(steps, s)
	}
	slices.SortFunc(steps, func(a, b Step) int { return strings.Compare(a.URN, b.URN) })
	return steps
}

// changedProperties are the properties that a step changes, as far as its provider tells them apart.
func changedProperties(m apitype.StepEventMetadata) []Property {
	diff := m.DetailedDiff
	if len(diff) == 0 {
		diff = map[string]apitype.PropertyDiff{}
		for _, key := range m.Diffs {
			diff[key] = apitype.PropertyDiff{Kind: apitype.DiffUpdate, InputDiff: true}
		}
		for _, key := range m.Keys {
			diff[key] = apitype.PropertyDiff{Kind: apitype.DiffUpdateReplace, InputDiff: true}
		}
	}
	var was, wanted map[string]any
	var recorded map[string]any
	if m.Old != nil {
		was, recorded = m.Old.Inputs, m.Old.Outputs
	}
	if m.New != nil {
		wanted = m.New.Inputs
	}
	var changed []Property
	for path, d := range diff {
		p := Property{Path: path, Old: shownAt(was, path), New: shownAt(wanted, path)}
		if !d.InputDiff {
			p.Old = shownAt(recorded, path)
		}
		p.Replaces = strings.HasSuffix(string(d.Kind), "-replace") || slices.Contains(m.Keys, path)
		changed = append(changed, p)
	}
	slices.SortFunc(changed, func(a, b Property) int { return strings.Compare(a.Path, b.Path) })
	return changed
}

// valueShown is the most that is shown of a property's value.
const valueShown = 120

// shownAt shows the value at a path of a resource's properties: "-" when there is none, and nothing of a secret.
func shownAt(properties map[string]any, path string) string {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		return "?"
	}
	value := withoutSecrets(map[string]any(properties))
	for _, key := range parsed {
		if value == secretShown {
			break
		}
		switch k := key.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[k]
		case int:
			list, _ := value.([]any)
			if value = nil; k >= 0 && k < len(list) {
				value = list[k]
			}
		}
	}
	switch value {
	case nil:
		return "-"
	case plugin.UnknownStringValue:
		return "(known after the update)"
	case secretShown:
		return secretShown
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	short := strings.ReplaceAll(string(text), plugin.UnknownStringValue, "(known after the update)")
	if runes := []rune(short); len(runes) > valueShown {
		short = string(runes[:valueShown]) + "…"
	}
	return short
}

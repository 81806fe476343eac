package aws

import (
	"encoding/json"
	"strings"
)

// machine is a state machine's definition, or one inside a Parallel or Map state.
type machine struct {
	StartAt string
	States  map[string]state
}

type state struct {
	Type, Next, Default, Resource string
	End                           bool
	Choices                       []choice
	Catch                         []struct{ Next string }
	Branches                      []machine
	ItemProcessor, Iterator       *machine
	Seconds, SecondsPath          any
	Timestamp, TimestampPath      any
}

type choice struct{ Next string }

// stateMachineRules judge a definition as CreateStateMachine does.
// https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html and https://states-language.net/spec.html
func stateMachineRules(text, path string, p *problems) {
	var m machine
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		p.add(path, "InvalidDefinition: INVALID_JSON_DESCRIPTION: %v", err)
		return
	}
	if len(text) > 1<<20 {
		p.add(path, "InvalidDefinition: has at most 1 MiB, got %d bytes", len(text))
	}
	m.rules(path, p)
}

func (m machine) rules(path string, p *problems) {
	if len(m.States) == 0 {
		p.add(path+".States", "InvalidDefinition: there is no state")
		return
	}
	if _, ok := m.States[m.StartAt]; !ok {
		p.add(path+".StartAt", "InvalidDefinition: MISSING_TRANSITION_TARGET: no state is called %q", m.StartAt)
	}
	terminal := false
	for _, name := range sortedKeys(m.States) {
		s, at := m.States[name], path+".States."+name
		if len(name) > 80 {
			p.add(at, "InvalidDefinition: a state's name has at most 80 characters, got %d", len(name))
		}
		s.rules(at, p)
		for _, next := range s.nexts() {
			if _, ok := m.States[next]; !ok {
				p.add(at, "InvalidDefinition: MISSING_TRANSITION_TARGET: no state is called %q", next)
			}
		}
		terminal = terminal || s.End || s.Type == "Succeed" || s.Type == "Fail"
	}
	if !terminal {
		p.add(path, "InvalidDefinition: no state ends the execution")
	}
	reached := m.reached()
	for _, name := range sortedKeys(m.States) {
		if !reached[name] {
			p.add(path+".States."+name, "InvalidDefinition: no transition leads to it")
		}
	}
}

func (m machine) reached() map[string]bool {
	seen, queue := map[string]bool{}, []string{m.StartAt}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if s, ok := m.States[name]; ok && !seen[name] {
			seen[name] = true
			queue = append(queue, s.nexts()...)
		}
	}
	return seen
}

func (s state) nexts() []string {
	var all []string
	for _, next := range []string{s.Next, s.Default} {
		if next != "" {
			all = append(all, next)
		}
	}
	for _, c := range s.Choices {
		all = append(all, c.Next)
	}
	for _, c := range s.Catch {
		all = append(all, c.Next)
	}
	return all
}

func (s state) rules(at string, p *problems) {
	wrong := func(format string, args ...any) {
		p.add(at, "InvalidDefinition: SCHEMA_VALIDATION_FAILED: "+format, args...)
	}
	switch s.Type {
	case "Succeed", "Fail":
		if s.Next != "" || s.End {
			wrong("%s has neither Next nor End", s.Type)
		}
		return
	case "Choice":
		if len(s.Choices) == 0 {
			wrong("Choice needs Choices")
		}
		if s.Next != "" || s.End {
			wrong("Choice has neither Next nor End")
		}
		return
	case "Task":
		if !strings.HasPrefix(s.Resource, "arn:aws:") {
			wrong("Resource must be an ARN, got %q", s.Resource)
		}
	case "Wait":
		given := 0
		for _, v := range []any{s.Seconds, s.SecondsPath, s.Timestamp, s.TimestampPath} {
			if v != nil {
				given++
			}
		}
		if given != 1 {
			wrong("Wait has exactly one of Seconds, SecondsPath, Timestamp, TimestampPath, got %d", given)
		}
	case "Parallel":
		if len(s.Branches) == 0 {
			wrong("Parallel needs Branches")
		}
		for _, b := range s.Branches {
			b.rules(at+".Branches", p)
		}
	case "Map":
		inner := s.ItemProcessor
		if inner == nil {
			inner = s.Iterator
		}
		if inner == nil {
			wrong("Map needs an ItemProcessor")
		} else {
			inner.rules(at+".ItemProcessor", p)
		}
	case "Pass":
	default:
		wrong("Type must be one of [Task Pass Choice Wait Succeed Fail Parallel Map], got %q", s.Type)
		return
	}
	if (s.Next != "") == s.End {
		wrong("has Next or End, and only one of them")
	}
}

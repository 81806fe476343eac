// Package schema describes the AWS resource types and functions that the stand-in knows: which properties each has, of
// which type, and which are required. It is extracted from the source of the Pulumi AWS SDK that go.mod pins, so what the
// SDK does not have the stand-in does not accept.
package schema

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

//go:generate go run ./extract

//go:embed schema.json
var raw []byte

//go:embed types.txt
var tokens string

// Schema is all that is known.
type Schema struct {
	Version   string              `json:"version"` // of the AWS SDK
	Provider  Object              `json:"provider"`
	Resources map[string]Resource `json:"resources"` // by type token
	Functions map[string]Resource `json:"functions"` // by function token
	Types     map[string]Object   `json:"types"`     // nested objects, by "package.Name"
}

// Resource is a resource type or a function.
type Resource struct {
	Inputs  Object   `json:"inputs"`
	Outputs Object   `json:"outputs"` // what can be read of it: inputs are among them
	Secrets []string `json:"secrets,omitempty"`
}

// Object is a set of properties by name.
type Object map[string]Property

// Property is the type of one property.
type Property struct {
	Type     Type `json:"type"`
	Required bool `json:"required,omitempty"`
}

// Type is written as Go writes it: string, int, float64, bool, any, []T, map[string]T, or the name of a nested object.
type Type string

// Elem returns the element type of a list or map, or "".
func (t Type) Elem() Type {
	for _, prefix := range []string{"[]", "map[string]"} {
		if rest, ok := strings.CutPrefix(string(t), prefix); ok {
			return Type(rest)
		}
	}
	return ""
}

// IsList says whether values are lists.
func (t Type) IsList() bool { return strings.HasPrefix(string(t), "[]") }

// IsMap says whether values are maps with free keys.
func (t Type) IsMap() bool { return strings.HasPrefix(string(t), "map[string]") }

// IsObject says whether values are objects described in Schema.Types.
func (t Type) IsObject() bool { return !t.IsList() && !t.IsMap() && strings.Contains(string(t), ".") }

// Load returns the embedded schema.
var Load = sync.OnceValues(func() (*Schema, error) {
	s := &Schema{}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("aws schema: %w", err)
	}
	return s, nil
})

// Tokens lists the tokens of types.txt.
func Tokens() []string {
	var all []string
	for line := range strings.Lines(tokens) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

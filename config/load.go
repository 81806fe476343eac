package config

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
)

// namespace is the Pulumi project, which prefixes the keys that are ours.
const namespace = "cloudinsight:"

// FromEnv reads the configuration that the Pulumi engine hands to its program, in PULUMI_CONFIG. See Parse.
func FromEnv(services []string, jobs ...string) (*Config, error) {
	values := map[string]string{}
	if text := os.Getenv("PULUMI_CONFIG"); text != "" {
		if err := json.Unmarshal([]byte(text), &values); err != nil {
			return nil, fmt.Errorf("config: PULUMI_CONFIG: %w", err)
		}
	}
	return Parse(values, services, jobs...)
}

// Parse reads the configuration of one stack from Pulumi's flat form: keys with their namespace, objects as JSON.
// Other namespaces, such as aws:, are left alone. The services are the names of the catalog, against which
// apps.images, apps.services and apps.extraServices are judged; jobs are further images that the program runs. The error is
// of type Problems.
func Parse(values map[string]string, services []string, jobs ...string) (*Config, error) {
	var problems Problems
	given := map[string]any{}
	for key, text := range values {
		if name, ours := strings.CutPrefix(key, namespace); ours {
			given[name] = rawValue(name, text)
		}
	}

	c := &Config{}
	c.setDefaults()
	decode(&problems, c, given)
	mistyped := slices.Clone(problems)

	problems.misplaced(c, given)
	c.resolve()
	for _, found := range c.judge(services, jobs) {
		if !mistyped.concern(found.Path) {
			problems = append(problems, found)
		}
	}
	if len(problems) > 0 {
		problems.sort()
		return nil, problems
	}
	return c, nil
}

// misplaced clears the areas that say nothing about the stack, and notes those that were given all the same. An empty one
// says nothing anywhere: Pulumi.yaml gives it for a key that the stack leaves out.
func (p *Problems) misplaced(c *Config, given map[string]any) {
	elsewhere, where := "shared", "environments"
	if c.Environment == Shared {
		elsewhere, where = "environments", "the shared stack"
	}
	of := reflect.ValueOf(c).Elem()
	for i := range of.NumField() {
		field := of.Type().Field(i)
		if field.Tag.Get("only") != elsewhere {
			continue
		}
		of.Field(i).SetZero()
		area := keyOf(field)
		object, isObject := given[area].(map[string]any)
		if _, set := given[area]; set && (!isObject || len(object) > 0) {
			p.add(area, "has no meaning in %s", where)
		}
	}
}

// rawValue undoes Pulumi's flattening: strings come as they are, everything else as JSON. A scalar key keeps text that
// merely looks like JSON, as in environment: "1".
func rawValue(name, text string) any {
	if isText(name) {
		return text
	}
	if text == "" {
		return nil // as YAML has it for a key without a value
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return text
	}
	return value
}

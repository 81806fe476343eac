package aws

import (
	"fmt"
	"sort"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// props are a resource's properties as plain values: string, float64, bool, []any, map[string]any, or unknown.
type props map[string]any

// unknown is a value that the engine does not have yet at preview. Rules pass it over: it is judged when it is known.
type unknown struct{}

// plain takes secrets and outputs off; assets stay as they are.
func plain(v resource.PropertyValue) any {
	switch {
	case v.IsSecret():
		return plain(v.SecretValue().Element)
	case v.IsComputed():
		return unknown{}
	case v.IsOutput():
		if !v.OutputValue().Known {
			return unknown{}
		}
		return plain(v.OutputValue().Element)
	case v.IsArray():
		list := make([]any, len(v.ArrayValue()))
		for i, e := range v.ArrayValue() {
			list[i] = plain(e)
		}
		return list
	case v.IsObject():
		return map[string]any(plainMap(v.ObjectValue()))
	case v.IsNull():
		return nil
	default:
		return v.V
	}
}

// plainMap drops null properties: to AWS they are absent.
func plainMap(m resource.PropertyMap) props {
	out := props{}
	for k, v := range m {
		if p := plain(v); p != nil {
			out[string(k)] = p
		}
	}
	return out
}

// rich is the way back; unknown becomes computed.
func rich(v any) resource.PropertyValue {
	switch v := v.(type) {
	case unknown:
		return resource.MakeComputed(resource.NewStringProperty(""))
	case []any:
		list := make([]resource.PropertyValue, len(v))
		for i, e := range v {
			list[i] = rich(e)
		}
		return resource.NewArrayProperty(list)
	case map[string]any:
		m := resource.PropertyMap{}
		for k, e := range v {
			m[resource.PropertyKey(k)] = rich(e)
		}
		return resource.NewObjectProperty(m)
	default:
		return resource.NewPropertyValue(v)
	}
}

// has says whether the property is set, known or not.
func (p props) has(name string) bool { return p[name] != nil }

// known says whether the property is set to a value that is known all through.
func (p props) known(name string) bool { return p.has(name) && !hasUnknown(p[name]) }

func hasUnknown(v any) bool {
	switch v := v.(type) {
	case unknown:
		return true
	case []any:
		for _, e := range v {
			if hasUnknown(e) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if hasUnknown(e) {
				return true
			}
		}
	}
	return false
}

func (p props) str(name string) string { s, _ := p[name].(string); return s }
func (p props) boolean(name string) bool {
	b, _ := p[name].(bool)
	return b
}
func (p props) number(name string) int { f, _ := p[name].(float64); return int(f) }

func (p props) object(name string) props { m, _ := p[name].(map[string]any); return m }

func (p props) objects(name string) []props {
	list, _ := p[name].([]any)
	var all []props
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}

// strings returns the known strings of a list.
func (p props) strings(name string) []string {
	list, _ := p[name].([]any)
	var all []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// clone copies maps and lists all through.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = clone(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = clone(e)
		}
		return l
	default:
		return v
	}
}

func toList(all []string) []any {
	list := make([]any, len(all))
	for i, s := range all {
		list[i] = s
	}
	return list
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// text shows a value in an error.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case unknown:
		return "an unknown value"
	default:
		return fmt.Sprint(v)
	}
}

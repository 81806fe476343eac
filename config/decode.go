package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// enum is implemented by the types that take one of a few texts.
type enum interface{ values() []string }

// withDefaults is implemented by the pointers to types whose zero value is not their default.
type withDefaults interface{ setDefaults() }

// decode lays what was given over the defaults that c holds. It walks the values against the Go types, because
// encoding/json stops at the first problem and names Go's fields and not the user's path.
func decode(problems *Problems, c *Config, given map[string]any) {
	(&decoder{problems}).value("", reflect.ValueOf(c).Elem(), given)
}

type decoder struct{ problems *Problems }

func (d *decoder) value(path string, into reflect.Value, from any) {
	switch into.Kind() {
	case reflect.Struct:
		d.object(path, into, from)
	case reflect.Map:
		d.dictionary(path, into, from)
	case reflect.Slice:
		d.list(path, into, from)
	case reflect.String:
		d.text(path, into, from)
	case reflect.Int:
		d.integer(path, into, from)
	case reflect.Bool:
		if flag, ok := from.(bool); ok {
			into.SetBool(flag)
		} else {
			d.mistyped(path, "true or false", from)
		}
	default:
		panic(fmt.Sprintf("config: %s: no decoding for %s", path, into.Type()))
	}
}

func (d *decoder) object(path string, into reflect.Value, from any) {
	object, ok := from.(map[string]any)
	if !ok {
		d.mistyped(path, "an object", from)
		return
	}
	fields := fieldsByKey(into)
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if field, known := fields[key]; known {
			d.value(join(path, key), field, object[key])
		} else {
			d.problems.add(join(path, key), "unknown key%s", suggest(key, slices.Sorted(maps.Keys(fields))))
		}
	}
}

func (d *decoder) dictionary(path string, into reflect.Value, from any) {
	object, ok := from.(map[string]any)
	if !ok {
		d.mistyped(path, "an object", from)
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		element := d.element(join(path, key), into.Type().Elem(), object[key])
		into.SetMapIndex(reflect.ValueOf(key), element)
	}
}

func (d *decoder) list(path string, into reflect.Value, from any) {
	items, ok := from.([]any)
	if !ok {
		d.mistyped(path, "a list", from)
		return
	}
	list := reflect.MakeSlice(into.Type(), 0, len(items))
	for i, item := range items {
		list = reflect.Append(list, d.element(fmt.Sprintf("%s[%d]", path, i), into.Type().Elem(), item))
	}
	into.Set(list)
}

// element makes one value of a list or map, over the defaults of its type.
func (d *decoder) element(path string, of reflect.Type, from any) reflect.Value {
	element := reflect.New(of)
	if t, ok := element.Interface().(withDefaults); ok {
		t.setDefaults()
	}
	d.value(path, element.Elem(), from)
	return element.Elem()
}

func (d *decoder) text(path string, into reflect.Value, from any) {
	text, ok := from.(string)
	if !ok {
		want := "a string"
		if _, number := from.(json.Number); number {
			want = "a string (put it in quotes)"
		}
		d.mistyped(path, want, from)
		return
	}
	if e, ok := into.Interface().(enum); ok && !slices.Contains(e.values(), text) {
		d.problems.add(path, "must be one of %s, got %q", strings.Join(e.values(), ", "), text)
		return
	}
	into.SetString(text)
}

func (d *decoder) integer(path string, into reflect.Value, from any) {
	number, ok := from.(json.Number)
	if !ok {
		d.mistyped(path, "a whole number", from)
		return
	}
	n, err := strconv.ParseInt(number.String(), 10, 32)
	if err != nil {
		d.mistyped(path, "a whole number", from)
		return
	}
	into.SetInt(n)
}

func (d *decoder) mistyped(path, want string, got any) {
	d.problems.add(path, "must be %s, got %s", want, describe(got))
}

// describe shows a value that has the wrong type.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case string:
		return strconv.Quote(v)
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	default:
		return fmt.Sprint(v)
	}
}

// fieldsByKey returns the settable fields of a struct by their key in the stack file.
func fieldsByKey(of reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range of.NumField() {
		fields[keyOf(of.Type().Field(i))] = of.Field(i)
	}
	return fields
}

func keyOf(field reflect.StructField) string { return field.Tag.Get("json") }

// isText says whether a key of the project holds a string, which Pulumi passes without quotes.
func isText(key string) bool {
	of := reflect.TypeFor[Config]()
	for i := range of.NumField() {
		if keyOf(of.Field(i)) == key {
			return of.Field(i).Type.Kind() == reflect.String
		}
	}
	return false
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

package kubernetes

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refreshedInputs puts the live values into the recorded inputs. Only fields that the inputs have are looked at, except
// in lists and maps that are owned as a whole: there an addition is a change as well.
func refreshedInputs(o object, inputs resource.PropertyMap, live *unstructured.Unstructured) resource.PropertyMap {
	content := live.DeepCopy().Object
	if o.gvk.Group == "" && o.gvk.Kind == "Secret" {
		showStringData(inputs, content)
	}
	d := drift{kind: o.gvk.Kind}
	return d.value(nil, resource.NewObjectProperty(inputs), content, true).ObjectValue()
}

// showStringData gives a live Secret the stringData that the server keeps as data only.
func showStringData(inputs resource.PropertyMap, live map[string]any) {
	wanted := bare(inputs["stringData"])
	data, _ := live["data"].(map[string]any)
	if !wanted.IsObject() {
		return
	}
	shown := map[string]any{}
	for key := range wanted.ObjectValue() {
		text, _ := data[string(key)].(string)
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && data[string(key)] != nil {
			shown[string(key)] = string(decoded)
		}
	}
	live["stringData"] = shown
}

type drift struct{ kind string }

// value returns in with the live value in it; in itself when both mean the same. present tells a live null from a field
// that is not there.
func (d drift) value(path []string, in resource.PropertyValue, live any, present bool) resource.PropertyValue {
	switch {
	case in.IsSecret():
		return resource.MakeSecret(d.value(path, in.SecretValue().Element, live, present))
	case in.IsOutput():
		return d.value(path, bare(in), live, present)
	case !present:
		return in
	case in.IsObject():
		if m, ok := live.(map[string]any); ok {
			return d.object(path, in.ObjectValue(), m)
		}
	case in.IsArray():
		if l, ok := live.([]any); ok {
			return d.list(path, in.ArrayValue(), l)
		}
	case d.same(path, plain(in), live):
		return in
	}
	return resource.NewPropertyValue(live)
}

func (d drift) object(path []string, in resource.PropertyMap, live map[string]any) resource.PropertyValue {
	out := resource.PropertyMap{}
	for key, value := range in {
		at := append(slices.Clone(path), string(key))
		l, present := live[string(key)]
		if !present && !empty(value) {
			continue
		}
		out[key] = d.value(at, value, l, present)
	}
	if len(path) > 0 && slices.Contains(wholeMaps, path[len(path)-1]) && path[0] != "metadata" {
		for key, l := range live {
			if _, ok := out[resource.PropertyKey(key)]; !ok {
				out[resource.PropertyKey(key)] = resource.NewPropertyValue(l)
			}
		}
	}
	return resource.NewObjectProperty(out)
}

func (d drift) list(path []string, in []resource.PropertyValue, live []any) resource.PropertyValue {
	at := append(slices.Clone(path), "*")
	out := []resource.PropertyValue{}
	if slices.Equal(path, []string{"metadata", "finalizers"}) {
		for _, item := range in {
			if slices.Contains(live, plain(item)) {
				out = append(out, item)
			}
		}
		return resource.NewArrayProperty(out)
	}
	if keys := d.itemKeys(path); keys != nil {
		for _, item := range in {
			if i := slices.IndexFunc(live, func(l any) bool { return sameItem(keys, plain(item), l) }); i >= 0 {
				out = append(out, d.value(at, item, live[i], true))
			}
		}
		return resource.NewArrayProperty(out)
	}
	for i, l := range live {
		if i < len(in) {
			out = append(out, d.value(at, in[i], l, true))
		} else {
			out = append(out, resource.NewPropertyValue(l))
		}
	}
	return resource.NewArrayProperty(out)
}

// wholeMaps are maps that server-side apply owns as one value.
var wholeMaps = []string{"selector", "matchLabels", "nodeSelector"}

// itemKeys are the keys that identify the items of lists which several managers may share; nil for a list that is owned
// as a whole. They are the merge keys of the Kubernetes API.
func (d drift) itemKeys(path []string) []string {
	switch path[len(path)-1] {
	case "containers", "initContainers", "ephemeralContainers", "env", "volumes", "imagePullSecrets", "secrets":
		return []string{"name"}
	case "volumeMounts":
		return []string{"mountPath"}
	case "volumeDevices":
		return []string{"devicePath"}
	case "hostAliases":
		return []string{"ip"}
	case "topologySpreadConstraints":
		return []string{"topologyKey", "whenUnsatisfiable"}
	case "ownerReferences":
		return []string{"uid"}
	case "ports":
		switch {
		case d.kind == "Service":
			return []string{"port", "protocol"}
		case slices.Contains(path, "containers"), slices.Contains(path, "initContainers"):
			return []string{"containerPort", "protocol"}
		}
	}
	return nil
}

// sameItem compares the keys of two items. The protocol of a port may be left to its default.
func sameItem(keys []string, a, b any) bool {
	one, okA := a.(map[string]any)
	two, okB := b.(map[string]any)
	if !okA || !okB {
		return false
	}
	for _, key := range keys {
		x, y := one[key], two[key]
		if key == "protocol" {
			x, y = orElse(x, "TCP"), orElse(y, "TCP")
		}
		if fmt.Sprint(x) != fmt.Sprint(y) {
			return false
		}
	}
	return true
}

func orElse(v any, otherwise string) any {
	if v == nil || v == "" {
		return otherwise
	}
	return v
}

// quantityFields hold amounts of resources, which the server rewrites: 1000m becomes 1, 1024Mi becomes 1Gi.
var quantityFields = []string{
	"limits", "requests", "hard", "capacity", "min", "max", "default", "defaultRequest", "maxLimitRequestRatio",
	"sizeLimit", "averageValue", "overhead", "divisor",
}

func (d drift) same(path []string, in, live any) bool {
	if reflect.DeepEqual(in, live) {
		return true
	}
	if x, ok := number(in); ok {
		y, ok := number(live)
		return ok && x == y
	}
	a, okA := in.(string)
	b, okB := live.(string)
	isQuantity := slices.ContainsFunc(path, func(s string) bool { return slices.Contains(quantityFields, s) })
	if !okA || !okB || !isQuantity || path[0] == "metadata" || path[0] == "data" || path[0] == "stringData" {
		return false
	}
	x, errX := quantity.ParseQuantity(a)
	y, errY := quantity.ParseQuantity(b)
	return errX == nil && errY == nil && x.Cmp(y) == 0
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// empty values are dropped by the server and mean the same as nothing.
func empty(v resource.PropertyValue) bool {
	switch x := plain(v).(type) {
	case nil:
		return true
	case bool:
		return !x
	case string:
		return x == ""
	case int64:
		return x == 0
	case []any:
		return len(x) == 0
	case map[string]any:
		return !slices.ContainsFunc(keysOf(x), func(k string) bool { return !strings.HasPrefix(k, "__") })
	}
	return false
}

func keysOf(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

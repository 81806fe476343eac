package aws

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"

	"github.com/cloudinsight/platform/sandbox/aws/schema"
)

// Diff compares what the program asks for with what the state says was asked for, and says what AWS can't change in place.
func (p *Provider) Diff(_ context.Context, req plugin.DiffRequest) (plugin.DiffResponse, error) {
	_, k, err := p.lookUp(string(req.Type))
	if err != nil {
		return plugin.DiffResponse{}, err
	}
	return diffProps(plainMap(req.OldInputs), plainMap(req.NewInputs), k, req.IgnoreChanges), nil
}

func diffProps(old, now props, k kind, ignore []string) plugin.DiffResult {
	delete(old, "__defaults")
	delete(now, "__defaults")
	d := &differ{kind: k, ignore: ignore, old: old, now: now, found: map[string]plugin.PropertyDiff{}}
	d.compare("", map[string]any(old), map[string]any(now))
	if len(d.found) == 0 {
		return plugin.DiffResult{Changes: plugin.DiffNone}
	}
	result := plugin.DiffResult{Changes: plugin.DiffSome, DetailedDiff: d.found}
	for path, change := range d.found {
		result.ChangedKeys = append(result.ChangedKeys, resource.PropertyKey(top(path)))
		if replaces(change.Kind) {
			result.ReplaceKeys = append(result.ReplaceKeys, resource.PropertyKey(path))
		}
	}
	// Two resources can't have one name: a replacement that keeps its name has to go before it comes.
	if k.name != "" && old.has(k.name) && reflect.DeepEqual(old[k.name], now[k.name]) {
		result.DeleteBeforeReplace = len(result.ReplaceKeys) > 0
	}
	return result
}

type differ struct {
	kind   kind
	ignore []string
	old    props
	now    props
	found  map[string]plugin.PropertyDiff
}

func (d *differ) compare(path string, old, now any) {
	oldMap, oldIs := old.(map[string]any)
	nowMap, nowIs := now.(map[string]any)
	if oldIs && nowIs {
		names := map[string]bool{}
		for k := range oldMap {
			names[k] = true
		}
		for k := range nowMap {
			names[k] = true
		}
		for _, k := range sortedKeys(names) {
			d.compare(join(path, k), oldMap[k], nowMap[k])
		}
		return
	}
	oldList, oldIs := old.([]any)
	nowList, nowIs := now.([]any)
	if oldIs && nowIs {
		for i := range max(len(oldList), len(nowList)) {
			var o, n any
			if i < len(oldList) {
				o = oldList[i]
			}
			if i < len(nowList) {
				n = nowList[i]
			}
			d.compare(path+"["+strconv.Itoa(i)+"]", o, n)
		}
		return
	}
	if reflect.DeepEqual(old, now) || sameJSON(old, now) || d.under(path, d.ignore) {
		return
	}
	change := plugin.PropertyDiff{Kind: plugin.DiffUpdate, InputDiff: true}
	switch {
	case old == nil:
		change.Kind = plugin.DiffAdd
	case now == nil:
		change.Kind = plugin.DiffDelete
	}
	if d.under(path, d.kind.replace) || d.kind.cannot(path, d.old, d.now) {
		change.Kind = change.Kind.AsReplace()
	}
	d.found[path] = change
}

// cannot says whether AWS can't make this one change in place.
func (k kind) cannot(path string, old, now props) bool {
	for _, c := range k.replaceWhen {
		if c.path == path && c.is(old, now) {
			return true
		}
	}
	return false
}

// under says whether the path is one of paths or inside one of them.
func (d *differ) under(path string, paths []string) bool {
	for _, p := range paths {
		if path == p || strings.HasPrefix(path, p+".") || strings.HasPrefix(path, p+"[") {
			return true
		}
	}
	return false
}

func replaces(k plugin.DiffKind) bool {
	return k == plugin.DiffAddReplace || k == plugin.DiffDeleteReplace || k == plugin.DiffUpdateReplace
}

// sameJSON says whether both are texts of the same JSON document: AWS keeps documents, not their white space.
func sameJSON(a, b any) bool {
	s, ok := a.(string)
	t, ok2 := b.(string)
	if !ok || !ok2 || !strings.HasPrefix(s, "{") || !strings.HasPrefix(t, "{") {
		return false
	}
	var x, y any
	return json.Unmarshal([]byte(s), &x) == nil && json.Unmarshal([]byte(t), &y) == nil && reflect.DeepEqual(x, y)
}

func top(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}

// fromJSON parses text where the type is no string.
func fromJSON(v any, t schema.Type) any {
	s, ok := v.(string)
	if !ok || t == "string" || t == "" {
		return v
	}
	var parsed any
	if json.Unmarshal([]byte(s), &parsed) != nil {
		return v
	}
	return parsed
}

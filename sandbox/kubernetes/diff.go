package kubernetes

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// Diff compares what the program says now with what it said before, or with what a refresh found. Fields that cannot be
// changed in place (see immutable) replace the object; an object that keeps its name is deleted first.
func (p *Provider) Diff(_ context.Context, req plugin.DiffRequest) (plugin.DiffResponse, error) {
	if req.Type == releaseType {
		return diffRelease(req), nil
	}
	s, c, err := p.configured()
	if err != nil {
		return plugin.DiffResponse{}, err
	}
	olds, news := comparable(req.OldInputs, c), comparable(req.NewInputs, c)
	detailed := plugin.NewDetailedDiffFromObjectDiff(olds.Diff(news), true)
	if len(detailed) == 0 {
		return plugin.DiffResponse{Changes: plugin.DiffNone}, nil
	}
	kind := bare(news["kind"])
	o, err := parseType(req.Type, textOf(kind))
	if err != nil {
		return plugin.DiffResponse{}, err
	}
	rules := immutable(o, s, olds)
	for path, d := range detailed {
		parsed, err := resource.ParsePropertyPath(path)
		if err == nil && rules.match(parsed) {
			detailed[path] = d.ToReplace()
		}
	}
	return plugin.DiffResponse{
		Changes:      plugin.DiffSome,
		DetailedDiff: detailed,
		// Whatever the reason for a replacement (the program can ask for one too), two objects cannot share a name.
		DeleteBeforeReplace: sameName(olds, news) && !annotated(oldMetadata(news), annotationAutonamed),
	}, nil
}

// comparable drops what is no difference: secrecy, and the default namespace where it is spelled out. The namespace of
// a custom kind can only be completed once its definition exists.
func comparable(in resource.PropertyMap, c *cluster) resource.PropertyMap {
	out := reveal(resource.NewObjectProperty(in)).ObjectValue()
	metadata := out["metadata"]
	if !metadata.IsObject() || c.connect() != nil {
		return out
	}
	if m := metadata.ObjectValue(); m["namespace"].IsString() && m["namespace"].StringValue() == c.fallback {
		delete(m, "namespace")
	}
	return out
}

// reveal is a deep copy without secret and output wrappers.
func reveal(v resource.PropertyValue) resource.PropertyValue {
	v = bare(v)
	switch {
	case v.IsArray():
		list := make([]resource.PropertyValue, len(v.ArrayValue()))
		for i, e := range v.ArrayValue() {
			list[i] = reveal(e)
		}
		return resource.NewArrayProperty(list)
	case v.IsObject():
		m := make(resource.PropertyMap, len(v.ObjectValue()))
		for k, e := range v.ObjectValue() {
			if len(k) < 2 || k[:2] != "__" {
				m[k] = reveal(e)
			}
		}
		return resource.NewObjectProperty(m)
	}
	return v
}

func sameName(olds, news resource.PropertyMap) bool {
	before, after := oldMetadata(olds), oldMetadata(news)
	for _, key := range []resource.PropertyKey{"name", "namespace"} {
		if after[key].IsComputed() || !before[key].DeepEquals(after[key]) {
			return false
		}
	}
	return true
}

func textOf(v resource.PropertyValue) string {
	if v.IsString() {
		return v.StringValue()
	}
	return ""
}

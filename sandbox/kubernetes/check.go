package kubernetes

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// Check completes an object with its name and namespace, and refuses one that names no kind or the wrong one. What the
// object says is judged by the API server: at preview by a dry run (see previewObject), else when it is applied.
func (p *Provider) Check(ctx context.Context, req plugin.CheckRequest) (plugin.CheckResponse, error) {
	if req.Type == releaseType {
		return p.checkRelease(ctx, req)
	}
	_, c, err := p.configured()
	if err != nil {
		return plugin.CheckResponse{}, err
	}
	news := req.News.Copy()
	o, failures, err := identify(req, news)
	if err != nil || len(failures) > 0 {
		return plugin.CheckResponse{Properties: news, Failures: failures}, err
	}
	if len(req.Olds) > 0 {
		p.recorded.Store(req.URN, true)
	}
	value := bare(news["metadata"])
	if value.IsComputed() {
		return plugin.CheckResponse{Properties: news}, nil
	}
	metadata := resource.PropertyMap{}
	if value.IsObject() {
		metadata = value.ObjectValue()
	} else if value.HasValue() {
		return refuse(news, "metadata", "must be an object, got %s", value.TypeString())
	}
	if annotated(metadata, annotationAutonamed) && has(metadata, "name") && !annotated(oldMetadata(req.Olds), annotationAutonamed) {
		return refuse(news, "metadata", "annotation %s is set by the provider: remove it", annotationAutonamed)
	}
	_, replacement := p.recorded.Load(req.URN)
	metadata, problem := nameObject(req, o, metadata, replacement)
	if problem != "" {
		return refuse(news, "metadata", "%s", problem)
	}
	if !has(metadata, "namespace") {
		if namespace := c.namespaceFor(ctx, o); namespace != "" {
			metadata = metadata.Copy()
			metadata["namespace"] = resource.NewStringProperty(namespace)
		}
	}
	wrapped := resource.NewObjectProperty(metadata)
	if news["metadata"].IsSecret() {
		wrapped = resource.MakeSecret(wrapped)
	}
	news["metadata"] = wrapped
	return plugin.CheckResponse{Properties: news}, nil
}

func refuse(news resource.PropertyMap, key resource.PropertyKey, format string, args ...any) (plugin.CheckResponse, error) {
	return plugin.CheckResponse{Properties: news, Failures: []plugin.CheckFailure{{
		Property: key, Reason: fmt.Sprintf(format, args...),
	}}}, nil
}

// identify reads the kind of the object from its inputs and compares it with the resource's type.
func identify(req plugin.CheckRequest, news resource.PropertyMap) (object, []plugin.CheckFailure, error) {
	var failures []plugin.CheckFailure
	text := map[resource.PropertyKey]string{}
	for _, key := range []resource.PropertyKey{"apiVersion", "kind"} {
		switch v := bare(news[key]); {
		case v.IsComputed():
			failures = append(failures, plugin.CheckFailure{Property: key, Reason: "must be known at preview"})
		case !v.IsString() || v.StringValue() == "":
			failures = append(failures, plugin.CheckFailure{Property: key, Reason: "must be set"})
		default:
			text[key] = v.StringValue()
		}
	}
	o, err := parseType(req.Type, text["kind"])
	if err != nil {
		return o, nil, err
	}
	if v := text["apiVersion"]; v != "" && v != o.gvk.GroupVersion().String() {
		failures = append(failures, plugin.CheckFailure{Property: "apiVersion", Reason: fmt.Sprintf(
			"must be %q as in the type %q, got %q", o.gvk.GroupVersion(), req.Type, v)})
	}
	for key := range news {
		if strings.HasPrefix(string(key), "__") {
			delete(news, key)
		}
	}
	return o, failures, nil
}

package aws

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"

	"github.com/cloudinsight/platform/sandbox/aws/schema"
)

// Check judges inputs by the schema and by the kind's own rules, gives a name where none is given, and adds the
// provider's default tags, as the AWS provider does.
func (p *Provider) Check(_ context.Context, req plugin.CheckRequest) (plugin.CheckResponse, error) {
	token := string(req.Type)
	typ, k, err := p.lookUp(token)
	if err != nil {
		return plugin.CheckResponse{}, err
	}
	news := req.News.Copy()
	if k.name != "" && !news.HasValue(resource.PropertyKey(k.name)) && !news.HasValue(resource.PropertyKey(k.name+"Prefix")) {
		news[resource.PropertyKey(k.name)], err = autoname(req, k)
		if err != nil {
			return plugin.CheckResponse{}, err
		}
	}
	if _, taggable := typ.Inputs["tags"]; taggable {
		p.addDefaultTags(news)
	}
	found := &problems{}
	in := plainMap(news)
	p.checkObject(found, "", typ.Inputs, in)
	if k.rules != nil {
		k.rules(in, found)
	}
	if _, taggable := typ.Inputs["tags"]; taggable {
		checkTags(in, found)
	}
	var failures []plugin.CheckFailure
	for _, f := range found.sorted() {
		failures = append(failures, plugin.CheckFailure{
			Property: resource.PropertyKey(f.path),
			Reason:   fmt.Sprintf("%s: %s", f.path, f.reason),
		})
	}
	return plugin.CheckResponse{Properties: news, Failures: failures}, nil
}

func (p *Provider) lookUp(token string) (schema.Resource, kind, error) {
	typ, ok := p.schema.Resources[token]
	if !ok {
		return schema.Resource{}, kind{}, fmt.Errorf(
			"aws stand-in: it does not know the type %q: nothing can be said about what AWS would do; add it to sandbox/aws", token)
	}
	return typ, kinds[token], nil
}

// autoname is the resource's name with a random end, kept from run to run.
func autoname(req plugin.CheckRequest, k kind) (resource.PropertyValue, error) {
	if old := req.Olds[resource.PropertyKey(k.name)]; old.IsString() && strings.HasPrefix(old.StringValue(), autonameStem(req.Name, k)) {
		return old, nil
	}
	seed := req.RandomSeed
	if len(seed) < 4 {
		seed = make([]byte, 4)
		if _, err := rand.Read(seed); err != nil {
			return resource.PropertyValue{}, fmt.Errorf("aws stand-in: %w", err)
		}
	}
	return resource.NewStringProperty(autonameStem(req.Name, k) + hex.EncodeToString(seed)[:7]), nil
}

func autonameStem(name string, k kind) string {
	if longest := k.nameMax - 8; k.nameMax > 0 && len(name) > longest {
		name = name[:longest]
	}
	return name + "-"
}

func (p *Provider) addDefaultTags(news resource.PropertyMap) {
	if len(p.defaultTags) == 0 || news["tags"].ContainsUnknowns() {
		return
	}
	tags := resource.PropertyMap{}
	for k, v := range p.defaultTags {
		tags[resource.PropertyKey(k)] = resource.NewStringProperty(v)
	}
	if given := news["tags"]; given.IsObject() {
		for k, v := range given.ObjectValue() {
			tags[k] = v
		}
	}
	news["tags"] = resource.NewObjectProperty(tags)
}

// checkTags holds AWS's restrictions: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
func checkTags(in props, p *problems) {
	tags := in.object("tags")
	if len(tags) > 50 {
		p.add("tags", "AWS allows 50 tags on a resource, got %d", len(tags))
	}
	for _, k := range sortedKeys(tags) {
		if len(k) > 128 || strings.HasPrefix(strings.ToLower(k), "aws:") {
			p.add("tags", "a key has at most 128 characters and does not begin with aws:, got %q", k)
		}
		if v, ok := tags[k].(string); ok && len(v) > 256 {
			p.add("tags."+k, "a value has at most 256 characters, got %d", len(v))
		}
	}
}

func (p *Provider) checkObject(found *problems, path string, o schema.Object, in props) {
	for _, name := range sortedKeys(o) {
		if o[name].Required && !in.has(name) {
			found.add(join(path, name), "is required")
		}
	}
	for _, name := range sortedKeys(in) {
		prop, ok := o[name]
		if !ok {
			if !strings.HasPrefix(name, "__") {
				found.add(join(path, name), "the AWS SDK %s has no such property%s", p.schema.Version, didYouMean(name, o))
			}
			continue
		}
		p.checkValue(found, join(path, name), prop.Type, in[name])
	}
}

func (p *Provider) checkValue(found *problems, path string, t schema.Type, v any) {
	if _, ok := v.(unknown); ok || v == nil {
		return
	}
	wrong := func(want string) { found.add(path, "must be %s, got %s", want, text(v)) }
	switch {
	case t == "any":
	case t.IsList():
		list, ok := v.([]any)
		if !ok {
			wrong("a list")
		}
		for i, e := range list {
			p.checkValue(found, fmt.Sprintf("%s[%d]", path, i), t.Elem(), e)
		}
	case t.IsMap():
		m, ok := v.(map[string]any)
		if !ok {
			wrong("a map")
		}
		for _, k := range sortedKeys(m) {
			p.checkValue(found, join(path, k), t.Elem(), m[k])
		}
	case t.IsObject():
		m, ok := v.(map[string]any)
		if !ok {
			wrong("an object")
			return
		}
		p.checkObject(found, path, p.schema.Types[string(t)], m)
	case t == "string":
		if _, ok := v.(string); !ok {
			wrong("a string")
		}
	case t == "bool":
		if _, ok := v.(bool); !ok {
			wrong("true or false")
		}
	case t == "int":
		if f, ok := v.(float64); !ok || f != math.Trunc(f) {
			wrong("a whole number")
		}
	case t == "float64":
		if _, ok := v.(float64); !ok {
			wrong("a number")
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func didYouMean(name string, o schema.Object) string {
	for _, known := range sortedKeys(o) {
		if strings.EqualFold(known, name) || strings.HasPrefix(known, name) || strings.HasPrefix(name, known) {
			return fmt.Sprintf("; did you mean %q?", known)
		}
	}
	return ""
}

package kubernetes

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// bare takes the secret and output wrappers off a value; an output that is not known becomes computed.
func bare(v resource.PropertyValue) resource.PropertyValue {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsOutput():
			if !v.OutputValue().Known {
				return resource.MakeComputed(resource.NewStringProperty(""))
			}
			v = v.OutputValue().Element
		default:
			return v
		}
	}
}

// plain turns a value into what JSON decoding would give, with whole numbers as int64 as Kubernetes wants them.
// Unknown values become nil: callers that cannot have them ask ContainsUnknowns first.
func plain(v resource.PropertyValue) any {
	v = bare(v)
	switch {
	case v.IsBool():
		return v.BoolValue()
	case v.IsNumber():
		if n := v.NumberValue(); n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int64(n)
		}
		return v.NumberValue()
	case v.IsString():
		return v.StringValue()
	case v.IsArray():
		list := make([]any, len(v.ArrayValue()))
		for i, e := range v.ArrayValue() {
			list[i] = plain(e)
		}
		return list
	case v.IsObject():
		return plainMap(v.ObjectValue())
	case v.IsResourceReference():
		return plain(v.ResourceReferenceValue().ID)
	}
	return nil
}

func plainMap(m resource.PropertyMap) map[string]any {
	out := make(map[string]any, len(m))
	for k, e := range m {
		out[string(k)] = plain(e)
	}
	return out
}

// withSecretsOf marks in a copy of out what is secret in the inputs. A secret list or map that the server completed is
// secret as a whole.
func withSecretsOf(in, out resource.PropertyValue) resource.PropertyValue {
	if in.IsSecret() || in.IsOutput() && in.OutputValue().Secret {
		if out.IsSecret() {
			return out
		}
		return resource.MakeSecret(out)
	}
	in = bare(in)
	switch {
	case in.IsObject() && out.IsObject():
		copied := out.ObjectValue().Copy()
		for k, e := range in.ObjectValue() {
			if o, ok := copied[k]; ok {
				copied[k] = withSecretsOf(e, o)
			}
		}
		return resource.NewObjectProperty(copied)
	case in.IsArray() && out.IsArray():
		// The server may order a list differently, so a secret in one item makes the list secret.
		if in.ContainsSecrets() {
			return resource.MakeSecret(out)
		}
	}
	return out
}

// redactor replaces what is secret in the inputs wherever an error message quotes it.
func redactor(in resource.PropertyMap) *strings.Replacer {
	var pairs []string
	var collect func(v resource.PropertyValue, secret bool)
	collect = func(v resource.PropertyValue, secret bool) {
		if v.IsSecret() || v.IsOutput() && v.OutputValue().Secret {
			secret = true
		}
		v = bare(v)
		switch {
		case v.IsString() && secret && len(v.StringValue()) > 3:
			pairs = append(pairs, v.StringValue(), "[secret]")
			// The API server quotes values in Go syntax.
			if quoted, err := json.Marshal(v.StringValue()); err == nil {
				pairs = append(pairs, strings.Trim(string(quoted), `"`), "[secret]")
			}
		case v.IsArray():
			for _, e := range v.ArrayValue() {
				collect(e, secret)
			}
		case v.IsObject():
			for _, k := range v.ObjectValue().StableKeys() {
				collect(v.ObjectValue()[k], secret)
			}
		}
	}
	collect(resource.NewObjectProperty(in), false)
	return strings.NewReplacer(pairs...)
}

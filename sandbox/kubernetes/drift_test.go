package kubernetes

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func refreshed(kind string, inputs resource.PropertyMap, live map[string]any) resource.PropertyMap {
	group := ""
	if kind == "Deployment" {
		group = "apps"
	}
	o := object{gvk: schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind}}
	return refreshedInputs(o, inputs, &unstructured.Unstructured{Object: live})
}

func TestRefreshSeesNoDrift(t *testing.T) {
	for name, c := range map[string]struct {
		kind     string
		in, live map[string]any
	}{
		"defaults and additions of others": {"Deployment",
			map[string]any{"metadata": map[string]any{"name": "x", "labels": map[string]any{"a": "1"}},
				"spec": map[string]any{"replicas": 2, "containers": []any{map[string]any{"name": "c", "image": "i", "ports": []any{map[string]any{"containerPort": 80}}}}}},
			map[string]any{"metadata": map[string]any{"name": "x", "uid": "u", "labels": map[string]any{"a": "1", "b": "2"}},
				"spec": map[string]any{"replicas": int64(2), "paused": false, "containers": []any{
					map[string]any{"name": "sidecar", "image": "s"},
					map[string]any{"name": "c", "image": "i", "imagePullPolicy": "Always", "ports": []any{map[string]any{"containerPort": int64(80), "protocol": "TCP"}}}}},
				"status": map[string]any{"replicas": int64(2)}}},
		"quantities": {"Pod",
			map[string]any{"spec": map[string]any{"resources": map[string]any{"requests": map[string]any{"cpu": "1000m", "memory": "1024Mi"}}}},
			map[string]any{"spec": map[string]any{"resources": map[string]any{"requests": map[string]any{"cpu": "1", "memory": "1Gi"}}}}},
		"empty values the server drops": {"NetworkPolicy",
			map[string]any{"spec": map[string]any{"podSelector": map[string]any{}, "ingress": []any{}, "n": 0, "b": false, "s": ""}},
			map[string]any{"spec": map[string]any{"podSelector": map[string]any{}}}},
		"finalizers of others": {"PersistentVolumeClaim",
			map[string]any{"metadata": map[string]any{"finalizers": []any{"mine"}}},
			map[string]any{"metadata": map[string]any{"finalizers": []any{"kubernetes.io/pvc-protection", "mine"}}}},
		"secret text": {"Secret",
			map[string]any{"stringData": map[string]any{"k": "value"}},
			map[string]any{"data": map[string]any{"k": "dmFsdWU="}}},
	} {
		t.Run(name, func(t *testing.T) {
			in := properties(c.in)
			assert.Equal(t, in, refreshed(c.kind, in, c.live))
		})
	}
}

func TestRefreshFindsDrift(t *testing.T) {
	for name, c := range map[string]struct {
		kind           string
		in, live, want map[string]any
	}{
		"value": {"Deployment", spec("replicas", 2), spec("replicas", int64(3)), spec("replicas", 3)},
		"quantity": {"Pod", spec("limits", map[string]any{"cpu": "500m"}), spec("limits", map[string]any{"cpu": "2"}),
			spec("limits", map[string]any{"cpu": "2"})},
		"text that looks like a quantity": {"ConfigMap", map[string]any{"data": map[string]any{"limits": "1000m"}},
			map[string]any{"data": map[string]any{"limits": "1"}}, map[string]any{"data": map[string]any{"limits": "1"}}},
		"removed key": {"ConfigMap", map[string]any{"data": map[string]any{"a": "1", "b": "2"}},
			map[string]any{"data": map[string]any{"a": "1"}}, map[string]any{"data": map[string]any{"a": "1"}}},
		"label taken away": {"Pod", map[string]any{"metadata": map[string]any{"labels": map[string]any{"a": "1"}}},
			map[string]any{"metadata": map[string]any{}}, map[string]any{"metadata": map[string]any{}}},
		"container taken away": {"Deployment", spec("containers", []any{map[string]any{"name": "a"}, map[string]any{"name": "b"}}),
			spec("containers", []any{map[string]any{"name": "b"}}), spec("containers", []any{map[string]any{"name": "b"}})},
		"rule added to a whole list": {"Role", map[string]any{"rules": []any{map[string]any{"verbs": []any{"get"}}}},
			map[string]any{"rules": []any{map[string]any{"verbs": []any{"get"}}, map[string]any{"verbs": []any{"*"}}}},
			map[string]any{"rules": []any{map[string]any{"verbs": []any{"get"}}, map[string]any{"verbs": []any{"*"}}}}},
		"selector widened": {"Service", spec("selector", map[string]any{"app": "a"}),
			spec("selector", map[string]any{"app": "a", "tier": "b"}), spec("selector", map[string]any{"app": "a", "tier": "b"})},
		"secret text": {"Secret", map[string]any{"stringData": map[string]any{"k": "value"}},
			map[string]any{"data": map[string]any{"k": "b3RoZXI="}}, map[string]any{"stringData": map[string]any{"k": "other"}}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, properties(c.want), refreshed(c.kind, properties(c.in), c.live))
		})
	}
}

func TestRefreshKeepsSecrecy(t *testing.T) {
	in := resource.PropertyMap{"data": resource.MakeSecret(resource.NewObjectProperty(properties(map[string]any{"k": "b25l"})))}
	got := refreshed("Secret", in, map[string]any{"data": map[string]any{"k": "dHdv"}})
	assert.True(t, got["data"].IsSecret())
	assert.Equal(t, "dHdv", got["data"].SecretValue().Element.ObjectValue()["k"].StringValue())
}

func TestOutputsMarkSecrets(t *testing.T) {
	live := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "x", "managedFields": []any{map[string]any{"manager": "m"}}},
		"data":     map[string]any{"open": "a", "hidden": "b"}}}
	in := properties(map[string]any{"data": map[string]any{"open": "a"}})
	in["data"].ObjectValue()["hidden"] = resource.MakeSecret(resource.NewStringProperty("b"))
	out := request{object: object{gvk: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}}, inputs: in, manager: "m", initial: "v1"}.outputs(live)
	assert.True(t, out["data"].ObjectValue()["hidden"].IsSecret())
	assert.False(t, out["data"].ObjectValue()["open"].IsSecret())
	assert.NotContains(t, out["metadata"].ObjectValue(), resource.PropertyKey("managedFields"))
	assert.Equal(t, "m", out[outputManager].StringValue())

	live.SetKind("Secret")
	secret := request{object: object{gvk: schema.GroupVersionKind{Version: "v1", Kind: "Secret"}}}.outputs(live)
	assert.True(t, secret["data"].IsSecret(), "a Secret's data is secret even where the program did not say so")
}

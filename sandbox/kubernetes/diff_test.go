package kubernetes

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDiffReplaces(t *testing.T) {
	named := map[string]any{"name": "x", "namespace": "n"}
	for name, c := range map[string]struct {
		typ, apiVersion, kind string
		settings              map[string]any
		before, after         map[string]any
		replaces              []string // empty: changed in place
		keepsOld              bool     // create before delete
	}{
		"deployment image": {typ: "kubernetes:apps/v1:Deployment", apiVersion: "apps/v1", kind: "Deployment",
			before: spec("template", "a"), after: spec("template", "b")},
		"deployment selector": {typ: "kubernetes:apps/v1:Deployment", apiVersion: "apps/v1", kind: "Deployment",
			before:   spec("selector", map[string]any{"matchLabels": map[string]any{"a.b/c": "1"}}),
			after:    spec("selector", map[string]any{"matchLabels": map[string]any{"a.b/c": "2"}}),
			replaces: []string{`spec.selector.matchLabels["a.b/c"]`}},
		"stateful volume templates": {typ: "kubernetes:apps/v1:StatefulSet", apiVersion: "apps/v1", kind: "StatefulSet",
			before: spec("volumeClaimTemplates", []any{"a"}), after: spec("volumeClaimTemplates", []any{"b"}),
			replaces: []string{"spec.volumeClaimTemplates[0]"}},
		"service cluster address": {typ: "kubernetes:core/v1:Service", apiVersion: "v1", kind: "Service",
			before: spec("clusterIP", "10.0.0.1"), after: spec("clusterIP", "None"), replaces: []string{"spec.clusterIP"}},
		"service port": {typ: "kubernetes:core/v1:Service", apiVersion: "v1", kind: "Service",
			before: spec("port", 80), after: spec("port", 81)},
		"job template": {typ: "kubernetes:batch/v1:Job", apiVersion: "batch/v1", kind: "Job",
			before: spec("template", "a"), after: spec("template", "b"), replaces: []string{"spec.template"}},
		"claim": {typ: "kubernetes:core/v1:PersistentVolumeClaim", apiVersion: "v1", kind: "PersistentVolumeClaim",
			before: spec("storageClassName", "a"), after: spec("storageClassName", "b"), replaces: []string{"spec.storageClassName"}},
		"pod image": {typ: "kubernetes:core/v1:Pod", apiVersion: "v1", kind: "Pod",
			before: spec("containers", []any{map[string]any{"name": "a", "image": "1"}}),
			after:  spec("containers", []any{map[string]any{"name": "a", "image": "2"}}), replaces: []string{"spec.containers[0].image"}},
		"role of a binding": {typ: "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", apiVersion: "rbac.authorization.k8s.io/v1",
			kind: "RoleBinding", before: map[string]any{"roleRef": map[string]any{"name": "a"}},
			after: map[string]any{"roleRef": map[string]any{"name": "b"}}, replaces: []string{"roleRef.name"}},
		"config data": {typ: "kubernetes:core/v1:ConfigMap", apiVersion: "v1", kind: "ConfigMap",
			before: map[string]any{"data": map[string]any{"k": "1"}}, after: map[string]any{"data": map[string]any{"k": "2"}},
			replaces: []string{"data.k"}},
		"config data, mutable": {typ: "kubernetes:core/v1:ConfigMap", apiVersion: "v1", kind: "ConfigMap",
			settings: map[string]any{"enableConfigMapMutable": true},
			before:   map[string]any{"data": map[string]any{"k": "1"}}, after: map[string]any{"data": map[string]any{"k": "2"}}},
		"config data, mutable but frozen": {typ: "kubernetes:core/v1:ConfigMap", apiVersion: "v1", kind: "ConfigMap",
			settings: map[string]any{"enableConfigMapMutable": "true"},
			before:   map[string]any{"immutable": true, "data": map[string]any{"k": "1"}},
			after:    map[string]any{"immutable": true, "data": map[string]any{"k": "2"}}, replaces: []string{"data.k"}},
		"name": {typ: "kubernetes:core/v1:Service", apiVersion: "v1", kind: "Service",
			before: map[string]any{"metadata": named}, after: map[string]any{"metadata": map[string]any{"name": "y", "namespace": "n"}},
			replaces: []string{"metadata.name"}, keepsOld: true},
		"patch of a config": {typ: "kubernetes:core/v1:ConfigMapPatch", apiVersion: "v1", kind: "ConfigMap",
			before: map[string]any{"data": map[string]any{"k": "1"}}, after: map[string]any{"data": map[string]any{"k": "2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := configuredProvider(t, properties(c.settings))
			whole := func(m map[string]any) resource.PropertyMap {
				all := map[string]any{"apiVersion": c.apiVersion, "kind": c.kind, "metadata": named}
				for k, v := range m {
					all[k] = v
				}
				return properties(all)
			}
			urn := urnOf(c.typ, "x")
			diff, err := p.Diff(context.Background(), plugin.DiffRequest{
				URN: urn, Type: urn.Type(), ID: "n/x", OldInputs: whole(c.before), NewInputs: whole(c.after),
			})
			require.NoError(t, err)
			require.Equal(t, plugin.DiffSome, diff.Changes)
			var replaces []string
			for path, d := range diff.DetailedDiff {
				if d.Kind.IsReplace() {
					replaces = append(replaces, path)
				}
			}
			assert.Equal(t, c.replaces, replaces)
			assert.Equal(t, !c.keepsOld, diff.DeleteBeforeReplace)
		})
	}
}

func spec(field string, value any) map[string]any {
	return map[string]any{"spec": map[string]any{field: value}}
}

func TestDiffSeesNoDifference(t *testing.T) {
	p := configuredProvider(t, nil)
	old := properties(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "x"}, "data": map[string]any{"k": "dg=="}})
	same := old.Copy()
	same["data"] = resource.MakeSecret(old["data"])
	same["metadata"] = resource.NewObjectProperty(properties(map[string]any{"name": "x", "namespace": "default"}))
	urn := urnOf("kubernetes:core/v1:Secret", "x")
	diff, err := p.Diff(context.Background(), plugin.DiffRequest{URN: urn, Type: urn.Type(), ID: "default/x", OldInputs: old, NewInputs: same})
	require.NoError(t, err)
	assert.Equal(t, plugin.DiffNone, diff.Changes)
}

func TestDiffConfig(t *testing.T) {
	p := New()
	a, b := kubeconfigFor("https://a", "x"), kubeconfigFor("https://b", "x")
	unknown := resource.MakeComputed(resource.NewStringProperty(""))
	for name, c := range map[string]struct {
		olds, news resource.PropertyMap
		replaces   string
		changed    bool
	}{
		"nothing":            {properties(map[string]any{"kubeconfig": a}), properties(map[string]any{"kubeconfig": a}), "", false},
		"another server":     {properties(map[string]any{"kubeconfig": a}), properties(map[string]any{"kubeconfig": b}), "kubeconfig", true},
		"another context":    {properties(map[string]any{"kubeconfig": a}), properties(map[string]any{"kubeconfig": kubeconfigFor("https://a", "y")}), "", true},
		"unknown kubeconfig": {properties(map[string]any{"kubeconfig": a}), resource.PropertyMap{"kubeconfig": unknown}, "kubeconfig", true},
		"namespace":          {properties(map[string]any{"kubeconfig": a}), properties(map[string]any{"kubeconfig": a, "namespace": "n"}), "", true},
		"same cluster, another kubeconfig": {properties(map[string]any{"kubeconfig": a, "clusterIdentifier": "c"}),
			properties(map[string]any{"kubeconfig": b, "clusterIdentifier": "c"}), "", true},
		"same cluster, unknown kubeconfig": {properties(map[string]any{"kubeconfig": a, "clusterIdentifier": "c"}),
			resource.PropertyMap{"kubeconfig": unknown, "clusterIdentifier": resource.NewStringProperty("c")}, "", true},
		"another cluster": {properties(map[string]any{"kubeconfig": a, "clusterIdentifier": "c"}),
			properties(map[string]any{"kubeconfig": a, "clusterIdentifier": "d"}), "clusterIdentifier", true},
	} {
		t.Run(name, func(t *testing.T) {
			diff, err := p.DiffConfig(context.Background(), plugin.DiffConfigRequest{OldInputs: c.olds, NewInputs: c.news})
			require.NoError(t, err)
			assert.Equal(t, c.changed, diff.Changes == plugin.DiffSome)
			var replaces string
			for path, d := range diff.DetailedDiff {
				if d.Kind.IsReplace() {
					replaces += path
				}
			}
			assert.Equal(t, c.replaces, replaces)
		})
	}
}

func TestCheckConfig(t *testing.T) {
	for name, c := range map[string]struct {
		in   map[string]any
		want string
	}{
		"good": {map[string]any{"kubeconfig": kubeconfigFor("https://a", "x"), "clusterIdentifier": "c", "enableConfigMapMutable": true,
			"suppressDeprecationWarnings": "true", "kubeClientSettings": `{"qps":50,"burst":100}`, "enableServerSideApply": true}, ""},
		"unknown key":     {map[string]any{"kubeConfig": "x"}, "is not a setting"},
		"client side":     {map[string]any{"enableServerSideApply": false}, "server-side apply only"},
		"rendering":       {map[string]any{"renderYamlToDirectory": "/x"}, "is not supported"},
		"mistyped switch": {map[string]any{"deleteUnreachable": 3}, "must be true or false"},
		"mistyped text":   {map[string]any{"context": true}, "must be a string"},
		"no kubeconfig":   {map[string]any{"kubeconfig": "s3cr3t"}, "must be a kubeconfig"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := New().CheckConfig(context.Background(), plugin.CheckConfigRequest{News: properties(c.in)})
			require.NoError(t, err)
			if c.want == "" {
				assert.Empty(t, resp.Failures)
				return
			}
			require.Len(t, resp.Failures, 1)
			assert.Contains(t, resp.Failures[0].Reason, c.want)
			assert.NotContains(t, resp.Failures[0].Reason, "s3cr3t")
		})
	}
}

package definitions

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// archive is a module's archive with one file.
func archive(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "module.zip")
	f, err := os.Create(path)
	require.NoError(t, err)
	w := zip.NewWriter(f)
	part, err := w.Create(name)
	require.NoError(t, err)
	_, err = part.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	return path
}

func TestExtract(t *testing.T) {
	o := Operator{Name: "widgets", Module: "example.com/widgets", Version: "v1.2.3", Files: []string{"crds/*.yaml"}}
	list, err := o.extract(archive(t, "example.com/widgets@v1.2.3/crds/all.yaml", `kind: Namespace
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com, annotations: {api-approved.kubernetes.io: "yes"}}
spec:
  group: example.com
  conversion: {strategy: Webhook}
  properties: {description: {type: string, description: what it says, default: {description: kept}}}
status: {storedVersions: []}
`))
	require.NoError(t, err)
	assert.Equal(t, []map[string]any{{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "widgets.example.com", "annotations": map[string]any{"api-approved.kubernetes.io": "yes"}},
		"spec": map[string]any{"group": "example.com", "properties": map[string]any{
			"description": map[string]any{"type": "string", "default": map[string]any{"description": "kept"}}}},
	}}, list)

	_, err = o.extract(archive(t, "example.com/widgets@v1.2.3/crds/deep/all.yaml", "kind: CustomResourceDefinition"))
	require.EqualError(t, err, "module example.com/widgets@v1.2.3 has no definition in crds/*.yaml")
	_, err = o.extract(archive(t, "example.com/widgets@v1.2.3/crds/bad.yaml", "a: [\n"))
	require.ErrorContains(t, err, "bad.yaml: ")
}

func TestInstalls(t *testing.T) {
	for name, c := range map[string]struct {
		chart  string
		values map[string]any
		want   bool
	}{
		"off unless switched on": {"cert-manager", nil, false},
		"switched on":            {"cert-manager", map[string]any{"crds": map[string]any{"enabled": true}}, true},
		"on":                     {"oci://registry.example.com/charts/argo-cd", nil, true},
		"switched off":           {"argo-cd", map[string]any{"crds": map[string]any{"install": false}}, false},
		"no switch":              {"aws-load-balancer-controller", map[string]any{"crds": false}, true},
	} {
		t.Run(name, func(t *testing.T) {
			o, ok := ForChart(c.chart)
			require.True(t, ok)
			assert.Equal(t, c.want, o.Installs(c.values))
		})
	}
	_, ok := ForChart("metrics-server")
	assert.False(t, ok)
}

func TestCatalog(t *testing.T) {
	names, charts, kinds := map[string]bool{}, map[string]bool{}, map[schema.GroupKind]bool{}
	for _, o := range Operators {
		assert.False(t, names[o.Name], o.Name)
		names[o.Name] = true
		for _, chart := range o.Charts {
			assert.False(t, charts[chart], chart)
			charts[chart] = true
		}
		if o.Module == "" {
			assert.NotEmpty(t, o.Kinds, o.Name)
			assert.Empty(t, o.Version, o.Name)
		} else {
			assert.Regexp(t, `^h1:`, o.Sum, o.Name)
			assert.NotEmpty(t, o.Files, o.Name)
			assert.Empty(t, o.Kinds, "%s: what has a module is verified", o.Name)
		}
		for _, k := range o.Kinds {
			kind := schema.GroupKind{Group: k.Group, Kind: k.Kind}
			assert.False(t, kinds[kind], k)
			kinds[kind] = true
			assert.False(t, Verified(kind), k)
		}
	}
	assert.True(t, Verified(schema.GroupKind{Group: "cert-manager.io", Kind: "Certificate"}))
}

func TestLoadWithoutModule(t *testing.T) {
	o, _ := ForChart("aws-load-balancer-controller")
	list, err := o.Load("nowhere")
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, "targetgroupbindings.elbv2.k8s.aws", list[0].GetName())
	scope, _, _ := unstructured.NestedString(list[1].Object, "spec", "scope")
	assert.Equal(t, "Cluster", scope)

	o, _ = ForChart("argo-cd")
	_, err = o.Load(t.TempDir())
	require.ErrorContains(t, err, "run `make tools`")
}

// All modules have what the catalog says, at the content that it pins.
func TestBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the operators' modules")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "argo-cd-v1.0.0.json"), []byte("[]"), 0o644))
	require.NoError(t, Build(context.Background(), dir))
	assert.NoFileExists(t, filepath.Join(dir, "argo-cd-v1.0.0.json"))
	for _, o := range Operators {
		list, err := o.Load(dir)
		require.NoError(t, err)
		assert.NotEmpty(t, list, o.Name)
		t.Log(o, len(list))
	}

	changed := Operators[0]
	changed.Sum = "h1:other"
	err := changed.build(context.Background(), dir)
	require.ErrorContains(t, err, "checksum must be h1:other, got h1:")
}

package kubernetes

import (
	"context"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// configuredProvider returns a provider whose kubeconfig points nowhere: what it does must not need a cluster.
func configuredProvider(t *testing.T, extra resource.PropertyMap) *Provider {
	t.Helper()
	in := resource.PropertyMap{"kubeconfig": resource.NewStringProperty(kubeconfigFor("https://127.0.0.1:1", "alpha"))}
	for k, v := range extra {
		in[k] = v
	}
	p := New()
	_, err := p.Configure(context.Background(), plugin.ConfigureRequest{Inputs: in})
	require.NoError(t, err)
	return p
}

func kubeconfigFor(server, context string) string {
	return `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"` + server + `"}}],` +
		`"users":[{"name":"u","user":{"token":"hidden"}}],` +
		`"contexts":[{"name":"` + context + `","context":{"cluster":"c","user":"u"}}],"current-context":"` + context + `"}`
}

func urnOf(typ, name string) resource.URN {
	return resource.NewURN("dev", "cloudinsight", "", tokens.Type(typ), name)
}

func properties(fields map[string]any) resource.PropertyMap {
	return resource.NewPropertyMapFromMap(fields)
}

func check(t *testing.T, p *Provider, typ, name string, olds, news resource.PropertyMap) plugin.CheckResponse {
	t.Helper()
	urn := urnOf(typ, name)
	resp, err := p.Check(context.Background(), plugin.CheckRequest{
		URN: urn, Name: name, Type: urn.Type(), Olds: olds, News: news, RandomSeed: []byte("seed"),
	})
	require.NoError(t, err)
	return resp
}

func TestAutoname(t *testing.T) {
	urn := urnOf("kubernetes:core/v1:ConfigMap", "Settings_of.app")
	first := autoname(urn, []byte("a"), false)
	assert.Regexp(t, `^settings-of\.app-[0-9a-f]{8}$`, first)
	assert.Equal(t, first, autoname(urn, []byte("b"), false), "a repeated first run must find what it made")
	assert.NotEqual(t, first, autoname(urn, []byte("a"), true), "a replacement needs a name of its own")
	assert.NotEqual(t, first, autoname(urnOf("kubernetes:core/v1:ConfigMap", "other"), nil, false))
	long := autoname(urnOf("kubernetes:core/v1:ConfigMap", strings.Repeat("x", 80)), nil, false)
	assert.Len(t, long, maxName)
}

func TestCheckNamesAndPlaces(t *testing.T) {
	p := configuredProvider(t, nil)
	const typ = "kubernetes:core/v1:ConfigMap"
	base := map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}

	resp := check(t, p, typ, "settings", nil, properties(base))
	require.Empty(t, resp.Failures)
	metadata := resp.Properties["metadata"].ObjectValue()
	assert.Equal(t, autoname(urnOf(typ, "settings"), nil, false), metadata["name"].StringValue())
	assert.Equal(t, "default", metadata["namespace"].StringValue())
	assert.Equal(t, "true", annotation(metadata, annotationAutonamed))

	again := check(t, p, typ, "settings", resp.Properties, properties(base))
	assert.Equal(t, resp.Properties, again.Properties, "the name of the recorded object is kept")
	replaced := check(t, p, typ, "settings", nil, properties(base))
	assert.NotEqual(t, metadata["name"], replaced.Properties["metadata"].ObjectValue()["name"])

	scoped := check(t, p, "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "r", nil, properties(map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": map[string]any{"name": "r"}}))
	assert.NotContains(t, scoped.Properties["metadata"].ObjectValue(), resource.PropertyKey("namespace"))
}

func TestCheckKeepsSecrets(t *testing.T) {
	p := configuredProvider(t, nil)
	in := properties(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s"}})
	in["data"] = resource.MakeSecret(resource.NewObjectProperty(properties(map[string]any{"k": "dg=="})))
	resp := check(t, p, "kubernetes:core/v1:Secret", "s", nil, in)
	assert.True(t, resp.Properties["data"].IsSecret())
}

func TestCheckRefuses(t *testing.T) {
	p := configuredProvider(t, nil)
	metadata := func(m map[string]any) map[string]any {
		return map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": m}
	}
	for name, c := range map[string]struct {
		typ, want string
		in        map[string]any
	}{
		"no kind":        {"kubernetes:apps/v1:Deployment", "kind: must be set", map[string]any{"apiVersion": "apps/v1"}},
		"no apiVersion":  {"kubernetes:apps/v1:Deployment", "apiVersion: must be set", map[string]any{"kind": "Deployment"}},
		"other version":  {"kubernetes:apps/v1:Deployment", `apiVersion: must be "apps/v1"`, map[string]any{"apiVersion": "apps/v1beta1", "kind": "Deployment"}},
		"generated name": {"kubernetes:apps/v1:Deployment", "generateName is not supported", metadata(map[string]any{"generateName": "x-"})},
		"nameless patch": {"kubernetes:apps/v1:DeploymentPatch", "must be set: a patch says", metadata(map[string]any{})},
		"own annotation": {"kubernetes:apps/v1:Deployment", "set by the provider", metadata(map[string]any{
			"name": "x", "annotations": map[string]any{annotationAutonamed: "true"}})},
		"metadata text": {"kubernetes:apps/v1:Deployment", "metadata: must be an object", map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment", "metadata": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			resp := check(t, p, c.typ, "x", nil, properties(c.in))
			var got []string
			for _, f := range resp.Failures {
				got = append(got, string(f.Property)+": "+f.Reason)
			}
			require.NotEmpty(t, got)
			assert.Contains(t, strings.Join(got, "\n"), c.want)
		})
	}
}

func TestParseType(t *testing.T) {
	for typ, c := range map[string]struct {
		kind, want string
		patch      bool
	}{
		"kubernetes:core/v1:Pod":                             {"Pod", "/v1, Kind=Pod", false},
		"kubernetes:rbac.authorization.k8s.io/v1:Role":       {"", "rbac.authorization.k8s.io/v1, Kind=Role", false},
		"kubernetes:storage.k8s.io/v1:StorageClassPatch":     {"StorageClass", "storage.k8s.io/v1, Kind=StorageClass", true},
		"kubernetes:example.com/v1:ConfigPatch":              {"ConfigPatch", "example.com/v1, Kind=ConfigPatch", false},
		"kubernetes:example.com/v1:WaitList":                 {"WaitList", "example.com/v1, Kind=WaitList", false},
		"kubernetes:monitoring.coreos.com/v1:ServiceMonitor": {"ServiceMonitor", "monitoring.coreos.com/v1, Kind=ServiceMonitor", false},
	} {
		o, err := parseType(tokens.Type(typ), c.kind)
		require.NoError(t, err, typ)
		assert.Equal(t, c.want, o.gvk.String(), typ)
		assert.Equal(t, c.patch, o.patch, typ)
	}
	for _, typ := range []string{
		"kubernetes:helm.sh/v4:Chart", "kubernetes:yaml:ConfigFile", "kubernetes:yaml/v2:ConfigGroup",
		"kubernetes:kustomize:Directory", "kubernetes:core/v1:PodList", "kubernetes:meta/v1:Status", "aws:s3/bucket:Bucket",
	} {
		_, err := parseType(tokens.Type(typ), "")
		require.Error(t, err, typ)
		assert.Contains(t, err.Error(), typ)
	}
	_, err := parseType("kubernetes:core/v1:Pod", "Secret")
	assert.ErrorContains(t, err, `must be "Pod"`)
}

package kubernetes

import (
	"context"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// chart is a release as a program registers it.
func chart(name, version, namespace string, rest map[string]any) map[string]any {
	m := map[string]any{"chart": name, "version": version, "name": name, "namespace": namespace, "compat": "true",
		"repositoryOpts": map[string]any{"repo": "https://charts.example.com"}}
	for k, v := range rest {
		m[k] = v
	}
	return m
}

func TestReleaseRefusals(t *testing.T) {
	p := configuredProvider(t, nil)
	for name, c := range map[string]struct {
		change map[string]any
		want   string
	}{
		"no version":          {map[string]any{"version": nil}, "version: must be set"},
		"a range":             {map[string]any{"version": "~1.2"}, `version: must be one exact version like 1.2.3: a range installs another chart on another day, got "~1.2"`},
		"not known":           {map[string]any{"version": resource.MakeComputed(resource.NewStringProperty(""))}, "version: must be known at preview"},
		"no chart":            {map[string]any{"chart": ""}, "chart: must be set"},
		"a typing error":      {map[string]any{"skipCRDs": true}, "skipCRDs: is not a property of a Helm release in the Kubernetes SDK v4.30.0"},
		"a wrong type":        {map[string]any{"createNamespace": "yes"}, "createNamespace: must be a boolean, got string"},
		"values as text":      {map[string]any{"values": "a: 1"}, "values: must be an object, got string"},
		"an output":           {map[string]any{"manifest": map[string]any{}}, "manifest: must not be set: it is what the release gives"},
		"negative timeout":    {map[string]any{"timeout": -1}, "timeout: must be at least 0 seconds, got -1"},
		"a long name":         {map[string]any{"name": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, "name: must be a DNS name of at most 53 characters"},
		"no repository":       {map[string]any{"repositoryOpts": nil}, `repositoryOpts: repo: must be set for the chart "web", so that every machine finds it`},
		"OCI and repository":  {map[string]any{"chart": "oci://registry.example.com/web"}, `repositoryOpts: repo: must not be set for the OCI reference "oci://registry.example.com/web"`},
		"a path":              {map[string]any{"chart": "./web"}, `repositoryOpts: the chart must be the name of one in repo or an OCI reference, got "./web"`},
		"repository property": {map[string]any{"repositoryOpts": map[string]any{"repo": "https://charts.example.com", "url": "x"}}, "repositoryOpts: url: is not a property of it"},
	} {
		t.Run(name, func(t *testing.T) {
			news := properties(chart("web", "1.2.3", "default", nil))
			for k, v := range properties(c.change) {
				news[k] = v
			}
			urn := urnOf(string(releaseType), "web")
			checked, err := p.Check(context.Background(), plugin.CheckRequest{URN: urn, Type: releaseType, News: news})
			require.NoError(t, err)
			require.Len(t, checked.Failures, 1)
			assert.Contains(t, string(checked.Failures[0].Property)+": "+checked.Failures[0].Reason, c.want)
		})
	}
}

func TestReleaseIsNamed(t *testing.T) {
	p := configuredProvider(t, nil)
	urn := urnOf(string(releaseType), "a-release-with-a-name-that-is-rather-long-for-what-helm-takes")
	news := properties(chart("web", "1.2.3", "", nil))
	delete(news, "name")
	first, err := p.Check(context.Background(), plugin.CheckRequest{URN: urn, Type: releaseType, News: news})
	require.NoError(t, err)
	name := first.Properties["name"].StringValue()
	assert.Regexp(t, `^a-release-with-a-name-that-is-rather-long-fo-[0-9a-f]{8}$`, name)
	assert.Equal(t, "default", first.Properties["namespace"].StringValue())
	again, err := p.Check(context.Background(), plugin.CheckRequest{URN: urn, Type: releaseType, News: news, Olds: first.Properties, RandomSeed: []byte("x")})
	require.NoError(t, err)
	assert.Equal(t, name, again.Properties["name"].StringValue())

	delete(news, "repositoryOpts")
	other := first.Properties.Copy()
	other["name"] = resource.NewStringProperty("other")
	diff, err := p.Diff(context.Background(), plugin.DiffRequest{URN: urn, Type: releaseType, OldInputs: first.Properties, NewInputs: other})
	require.NoError(t, err)
	assert.Equal(t, plugin.DiffUpdateReplace, diff.DetailedDiff["name"].Kind)
	assert.True(t, diff.DeleteBeforeReplace)
}

// The tests that bring definitions are not parallel: the quota controller starts anew whenever the kinds change, and other
// tests count on it.
func TestReleaseBringsDefinitions(t *testing.T) {
	s := newStack(t, nil)
	argo := chart("argo-rollouts", "2.40.0", "rollouts", map[string]any{"values": map[string]any{"controller": map[string]any{"replicas": 2}}})
	require.NoError(t, s.preview("argo", argo))
	require.ErrorContains(t, s.up("argo", argo), `release "rollouts/argo-rollouts": namespace "rollouts" does not exist: make it first, or set createNamespace`)
	argo["createNamespace"] = true
	require.NoError(t, s.up("argo", argo))
	assert.Contains(t, s.log(), "release argo-rollouts: chart argo-rollouts version 2.40.0 was not rendered: the sandbox cannot fetch charts; its objects are not verified "+
		"(objects of its custom kinds are, against the definitions of argo-rollouts v1.10.2)")
	urn := urnOf(string(releaseType), "argo")
	out := s.deployed[urn].outputs
	assert.Equal(t, resource.ID("rollouts/argo-rollouts"), s.deployed[urn].id)
	assert.Equal(t, "deployed", out["status"].ObjectValue()["status"].StringValue())
	assert.Contains(t, out["resourceNames"].String(), "rollouts.argoproj.io")
	assert.Contains(t, out[outputUnverified].StringValue(), "not rendered")

	// The API server judges its kinds.
	template := manifest("argoproj.io/v1alpha1", "AnalysisTemplate", "rollouts", "errors", map[string]any{"spec": map[string]any{
		"metrics": []any{map[string]any{"name": "errors", "provider": map[string]any{"web": map[string]any{"url": "http://x", "jsonPath": "{$.ok}"}}}}}})
	require.NoError(t, s.up("errors", template))
	assert.NotContains(t, s.deployed[urnOf(typeOf(template, ""), "errors")].outputs, outputUnverified)
	template["spec"].(map[string]any)["metric"] = "errors"
	require.ErrorContains(t, s.preview("errors", template), `.spec.metric: field not declared in schema`)
	require.NoError(t, s.down("errors", template))

	// A second run changes nothing; a changed value is a revision; what somebody changed is found.
	changed, _ := s.refresh("argo", argo)
	assert.Empty(t, changed)
	argo["version"] = "2.40.1"
	require.NoError(t, s.preview("argo", argo))
	require.NoError(t, s.up("argo", argo))
	assert.Equal(t, float64(2), s.deployed[urn].outputs["status"].ObjectValue()["revision"].NumberValue())
	s.edit(manifest("v1", "Secret", "rollouts", "sandbox.release.argo-rollouts", nil), `{"stringData":{"release":"{\"chart\":\"argo-rollouts\",\"version\":\"2.0.0\",\"values\":{}}"}}`)
	changed, _ = s.refresh("argo", argo)
	assert.Contains(t, changed, "version")
	assert.Contains(t, changed, "values.controller")
	require.NoError(t, s.up("argo", argo))

	// A definition that somebody deleted is missed, and comes back.
	definition := manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "experiments.argoproj.io", nil)
	client, o := s.client(definition)
	require.NoError(t, client.Delete(context.Background(), o.name, metav1.DeleteOptions{}))
	require.Eventually(t, func() bool {
		_, err := client.Get(context.Background(), o.name, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	}, time.Minute, 100*time.Millisecond)
	old := s.deployed[urn]
	_, err := s.p.Read(context.Background(), plugin.ReadRequest{URN: urn, Type: releaseType, ID: old.id, Inputs: old.inputs, State: old.outputs})
	require.ErrorContains(t, err, `release "rollouts/argo-rollouts": its definitions are gone: experiments.argoproj.io`)
	_, err = s.p.Update(context.Background(), plugin.UpdateRequest{URN: urn, Type: releaseType, ID: old.id, OldInputs: old.inputs, OldOutputs: old.outputs, NewInputs: old.inputs})
	require.NoError(t, err)
	assert.False(t, missing(t, s, definition))

	// Another release of the same operator keeps its definitions; the last one takes them along.
	second := chart("argo-rollouts", "2.40.1", "rollouts", map[string]any{"name": "second"})
	require.NoError(t, s.up("second", second))
	require.NoError(t, s.down("argo", argo))
	assert.False(t, missing(t, s, definition))
	require.NoError(t, s.down("second", second))
	assert.True(t, missing(t, s, definition))
	assert.True(t, missing(t, s, manifest("v1", "Secret", "rollouts", "sandbox.release.second", nil)))
	assert.False(t, missing(t, s, manifest("v1", "Namespace", "", "rollouts", nil)), "Helm leaves the namespace")
}

// missing says whether an object is gone or on its way out.
func missing(t *testing.T, s *stack, m map[string]any) bool {
	t.Helper()
	client, o := s.client(m)
	live, err := client.Get(context.Background(), o.name, metav1.GetOptions{})
	if err != nil {
		require.True(t, apierrors.IsNotFound(err), "%s", err)
		return true
	}
	return live.GetDeletionTimestamp() != nil
}

func TestReleaseWithoutModule(t *testing.T) {
	s := newStack(t, nil)
	binding := manifest("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", "default", "edge", map[string]any{"spec": map[string]any{"targetType": "ip"}})
	require.ErrorContains(t, s.up("edge", binding), `targetgroupbinding "default/edge": the cluster has no kind TargetGroupBinding in elbv2.k8s.aws/v1beta1`)
	controller := chart("aws-load-balancer-controller", "1.14.0", "kube-system", nil)
	require.NoError(t, s.up("controller", controller))
	assert.Contains(t, s.log(), "nor are those of its custom kinds: no Go module has their definitions")
	require.NoError(t, s.up("edge", binding))
	assert.Contains(t, s.deployed[urnOf(typeOf(binding, ""), "edge")].outputs[outputUnverified].StringValue(), `targetgroupbinding "default/edge": not verified`)
	changed, _ := s.refresh("edge", binding)
	assert.Empty(t, changed)
	s.edit(binding, `{"spec":{"targetType":"instance"}}`)
	changed, _ = s.refresh("edge", binding)
	assert.Contains(t, changed, "spec.targetType")
	require.NoError(t, s.down("edge", binding))
	require.NoError(t, s.down("controller", controller))
}

func TestReleaseOfNoOperator(t *testing.T) {
	s := newStack(t, nil)
	server := chart("metrics-server", "3.13.0", "kube-system", map[string]any{"values": map[string]any{"token": resource.MakeSecret(resource.NewStringProperty("hush"))}})
	require.NoError(t, s.up("server", server))
	assert.NotContains(t, s.log(), "hush")
	assert.True(t, s.deployed[urnOf(string(releaseType), "server")].outputs["values"].ContainsSecrets())

	// The next run knows nothing of the release; another resource may not have its name.
	require.NoError(t, newStack(t, nil).up("server", server))
	const want = `release "kube-system/metrics-server": already exists and was not made by this resource`
	require.ErrorContains(t, s.preview("other", server), want)
	require.ErrorContains(t, s.up("other", server), want)
	require.NoError(t, s.down("server", server))
	require.NoError(t, s.up("server", server))
	client, o := s.client(manifest("v1", "Secret", "kube-system", "sandbox.release.metrics-server", nil))
	require.NoError(t, client.Delete(context.Background(), o.name, metav1.DeleteOptions{}))
	_, gone := s.refresh("server", server)
	assert.True(t, gone)
}

func TestReleaseSwitchesDefinitionsOff(t *testing.T) {
	s := newStack(t, nil)
	on := map[string]any{"crds": map[string]any{"enabled": true}}
	manager := chart("cert-manager", "v1.21.2", "default", map[string]any{"values": on})
	issuers := manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "issuers.cert-manager.io", nil)
	require.NoError(t, s.up("manager", manager))
	assert.False(t, missing(t, s, issuers))
	manager["values"] = map[string]any{}
	require.NoError(t, s.up("manager", manager))
	assert.True(t, missing(t, s, issuers), "the chart leaves them out unless told otherwise")
	manager["values"], manager["skipCrds"] = on, true
	require.NoError(t, s.up("manager", manager))
	assert.True(t, missing(t, s, issuers))
	require.NoError(t, s.down("manager", manager))
}

// The API server takes the definitions of every operator; those of the other tests are not installed again.
// They go with the control plane.
func TestDefinitionsAreServed(t *testing.T) {
	s := newStack(t, nil)
	for _, name := range []string{"external-secrets", "argo-cd", "external-dns", "base", "nginx-ingress", "kong"} {
		require.NoError(t, s.up(name, chart(name, "1.0.0", "default", nil)), name)
	}
}

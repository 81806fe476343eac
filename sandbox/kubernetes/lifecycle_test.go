package kubernetes

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// deployment is a workload as the services are; change may alter its pod's container.
func deployment(namespace, name string, replicas int, change func(container map[string]any)) map[string]any {
	container := map[string]any{"name": "main", "image": placeholder, "ports": []any{map[string]any{"containerPort": 80}},
		"resources": map[string]any{"requests": map[string]any{"cpu": "10m", "memory": "16Mi"}}}
	if change != nil {
		change(container)
	}
	labels := map[string]any{"app": name}
	return manifest("apps/v1", "Deployment", namespace, name, map[string]any{"spec": map[string]any{
		"replicas": replicas, "selector": map[string]any{"matchLabels": labels},
		"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{"containers": []any{container}}},
	}})
}

func service(namespace, name string) map[string]any {
	return manifest("v1", "Service", namespace, name, map[string]any{"spec": map[string]any{
		"selector": map[string]any{"app": name}, "ports": []any{map[string]any{"port": 80}}}})
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	home := s.namespace("life", nil)
	web := deployment("life", "web", 2, nil)
	require.NoError(t, s.up("web", web))
	require.NoError(t, s.up("web", service("life", "web")))
	out := s.deployed[urnOf("kubernetes:apps/v1:Deployment", "web")].outputs
	assert.Equal(t, float64(2), out["status"].ObjectValue()["availableReplicas"].NumberValue())
	assert.Equal(t, resource.ID("life/web"), s.deployed[urnOf("kubernetes:apps/v1:Deployment", "web")].id)
	assert.Contains(t, s.log(), "true [1/2] waiting for ")

	before := s.get(web).GetResourceVersion()
	require.NoError(t, s.up("web", web))
	assert.Equal(t, before, s.get(web).GetResourceVersion(), "a second run changes nothing")
	changed, gone := s.refresh("web", web)
	assert.Empty(t, changed)
	assert.False(t, gone)

	s.edit(web, `{"metadata":{"labels":{"theirs":"1"}},"spec":{"template":{"spec":{"containers":[{"name":"main","image":"`+placeholder+`","env":[{"name":"A","value":"1"}],"resources":{"requests":{"cpu":"20m","memory":"16Mi"}}}]}}}}`)
	changed, _ = s.refresh("web", web)
	assert.Contains(t, changed, "spec.template.spec.containers[0].resources.requests.cpu")
	assert.Contains(t, changed, "spec.template.spec.containers[0].ports")
	err := s.up("web", web)
	require.ErrorContains(t, err, `deployment "life/web": `)
	require.ErrorContains(t, err, `.resources.requests.cpu is owned by "kubectl-edit"`)
	web["metadata"].(map[string]any)["annotations"] = map[string]any{annotationPatchForce: "true"}
	require.NoError(t, s.up("web", web))
	assert.Equal(t, "1", s.get(web).GetLabels()["theirs"], "what others added stays theirs")
	changed, _ = s.refresh("web", web)
	assert.Empty(t, changed)

	require.NoError(t, s.down("web", service("life", "web")))
	require.NoError(t, s.down("web", web))
	require.NoError(t, s.down("ns-life", home))
	for _, m := range []map[string]any{web, home} {
		client, o := s.client(m)
		_, err = client.Get(context.Background(), o.name, metav1.GetOptions{})
		assert.True(t, apierrors.IsNotFound(err), "%s is really gone when its deletion returns", o)
	}
}

func TestDeleteOfWhatIsGone(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	m := manifest("v1", "ConfigMap", "default", "goes", map[string]any{"data": map[string]any{"k": "v"}})
	require.NoError(t, s.up("goes", m))
	client, o := s.client(m)
	require.NoError(t, client.Delete(context.Background(), o.name, metav1.DeleteOptions{}))
	_, gone := s.refresh("goes", m)
	assert.True(t, gone)
	require.NoError(t, s.down("goes", m))
}

func TestCreateRefusesWhatOthersMade(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("taken", nil)
	m := manifest("v1", "ServiceAccount", "taken", "default", nil)
	require.Eventually(t, func() bool {
		client, o := s.client(m)
		_, err := client.Get(context.Background(), o.name, metav1.GetOptions{})
		return err == nil
	}, 10*time.Second, 50*time.Millisecond)
	const want = `serviceaccount "taken/default": already exists`
	require.ErrorContains(t, s.preview("sa", m), want)
	err := s.up("sa", m)
	require.ErrorContains(t, err, want)
	require.ErrorContains(t, err, "ServiceAccountPatch")

	upsert := newStack(t, map[string]any{"upsertExistingObjects": true})
	require.NoError(t, upsert.up("sa", m))
}

func TestCreateResumesAnInterruptedRun(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	m := manifest("v1", "ConfigMap", "default", "resumed", map[string]any{"data": map[string]any{"k": "v"}})
	require.NoError(t, s.up("c", m))
	uid := s.get(m).GetUID()

	// The next run knows nothing of the object: the engine was killed before it wrote its state.
	next := newStack(t, nil)
	require.NoError(t, next.up("c", m))
	assert.Equal(t, uid, next.get(m).GetUID())
	// Its own state of the object must not make it disappear when an older record is deleted in the same run.
	next.deployed[urnOf("kubernetes:core/v1:ConfigMap", "c")] = s.deployed[urnOf("kubernetes:core/v1:ConfigMap", "c")]
	require.NoError(t, next.down("c", m))
	assert.Equal(t, uid, next.get(m).GetUID())
	require.NoError(t, s.down("c", m))

	bare := manifest("v1", "ServiceAccount", "default", "resumed", nil)
	require.NoError(t, s.up("sa", bare))
	require.NoError(t, newStack(t, nil).up("sa", bare), "even an object without fields is recognized")
	changed, _ := s.refresh("sa", bare)
	assert.Empty(t, changed)
	require.NoError(t, s.down("sa", bare))
}

func TestReplacementIsPreviewed(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("replaced", nil)
	web := deployment("replaced", "web", 0, nil)
	require.NoError(t, s.up("web", web))
	spec := web["spec"].(map[string]any)
	spec["selector"] = map[string]any{"matchLabels": map[string]any{"app": "other"}}
	spec["template"].(map[string]any)["metadata"] = map[string]any{"labels": map[string]any{"app": "other"}}
	require.ErrorContains(t, s.preview("web", web), "field is immutable", "in place it cannot be changed")
	// The engine previews a replacement as a new object while the old one is still there.
	next := newStack(t, nil)
	require.NoError(t, next.preview("web", web))
	// And then deletes the old one first.
	next.deployed[urnOf("kubernetes:apps/v1:Deployment", "web")] = s.deployed[urnOf("kubernetes:apps/v1:Deployment", "web")]
	require.NoError(t, next.down("web", web))
	require.NoError(t, next.up("web", web))
}

func TestPatchOfWhatOthersMade(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	whole := manifest("storage.k8s.io/v1", "StorageClass", "", "theirs", map[string]any{"provisioner": "ebs.csi.aws.com"})
	whole["metadata"].(map[string]any)["annotations"] = map[string]any{"storageclass.kubernetes.io/is-default-class": "true"}
	client, o := s.client(whole)
	_, err := client.Create(context.Background(), &unstructured.Unstructured{Object: whole}, metav1.CreateOptions{FieldManager: "eks"})
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Delete(context.Background(), o.name, metav1.DeleteOptions{})) }()

	patch := manifest("storage.k8s.io/v1", "StorageClass", "", "theirs", nil)
	annotations := map[string]any{"storageclass.kubernetes.io/is-default-class": "false"}
	patch["metadata"].(map[string]any)["annotations"] = annotations
	require.ErrorContains(t, s.apply("theirs", patch, "Patch", false), `is owned by "eks"`)
	annotations[annotationPatchForce] = "true"
	require.NoError(t, s.apply("theirs", patch, "Patch", false))
	assert.Equal(t, "false", s.get(whole).GetAnnotations()["storageclass.kubernetes.io/is-default-class"])
	require.NoError(t, s.remove("theirs", patch, "Patch"))
	live := s.get(whole)
	assert.NotContains(t, live.GetAnnotations(), "storageclass.kubernetes.io/is-default-class", "the patch's fields are given up")
	provisioner, _, _ := unstructured.NestedString(live.Object, "provisioner")
	assert.Equal(t, "ebs.csi.aws.com", provisioner, "the object itself stays")

	missing := manifest("storage.k8s.io/v1", "StorageClass", "", "none", nil)
	require.ErrorContains(t, s.apply("none", missing, "Patch", false), "there is nothing to patch")
}

func TestCustomResources(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	widget := manifest("example.com/v1", "Widget", "default", "w", map[string]any{"spec": map[string]any{"size": 3}})
	require.NoError(t, s.preview("w", widget), "the definition may come in the same run")
	require.ErrorContains(t, s.up("w", widget), `widget "default/w": the cluster has no kind Widget in example.com/v1`)

	definition := manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "widgets.example.com", map[string]any{"spec": map[string]any{
		"group": "example.com", "scope": "Namespaced", "names": map[string]any{"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
		"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true, "subresources": map[string]any{"status": map[string]any{}},
			"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "properties": map[string]any{
				"spec": map[string]any{"type": "object", "properties": map[string]any{"size": map[string]any{"type": "integer"}}}, "status": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}}}})

	// Definition and object at the same time: the object waits for its kind.
	s.p.patience.missing = 20 * time.Second
	var group sync.WaitGroup
	errs := make([]error, 2)
	group.Go(func() { errs[0] = s.up("w", widget) })
	group.Go(func() { errs[1] = s.up("d", definition) })
	group.Wait()
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	changed, _ := s.refresh("d", definition)
	assert.Empty(t, changed)
	changed, _ = s.refresh("w", widget)
	assert.Empty(t, changed)
	widget["spec"] = map[string]any{"sizes": 3}
	require.ErrorContains(t, s.preview("w", widget), "sizes")

	waits := manifest("example.com/v1", "Widget", "default", "waits", nil)
	annotations := map[string]any{annotationWaitFor: "ready", annotationPropagation: "background"}
	waits["metadata"].(map[string]any)["annotations"] = annotations
	require.ErrorContains(t, s.up("waits", waits), `annotation pulumi.com/waitFor: must be condition=Type`)
	annotations[annotationWaitFor] = "condition=Ready"
	require.NoError(t, s.up("waits", waits), "no operator runs that could make it ready")

	require.NoError(t, s.down("waits", waits))
	require.NoError(t, s.down("d", definition))
	require.NoError(t, s.down("w", widget), "an object whose kind is gone is gone")
}

func TestManyObjectsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("many", nil)
	start := time.Now()
	var group sync.WaitGroup
	errs := make(chan error, 60)
	for i := range 60 {
		group.Go(func() {
			name := fmt.Sprintf("c%d", i)
			errs <- s.up(name, manifest("v1", "ConfigMap", "many", name, map[string]any{"data": map[string]any{"k": "v"}}))
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	assert.Less(t, time.Since(start), 10*time.Second)
	t.Logf("60 objects in %s", time.Since(start).Round(time.Millisecond))
}

func TestUnreachableCluster(t *testing.T) {
	p := configuredProvider(t, nil)
	p.patience.missing = 100 * time.Millisecond
	urn := urnOf("kubernetes:core/v1:ConfigMap", "x")
	in := properties(manifest("v1", "ConfigMap", "n", "x", nil))
	ctx := context.Background()

	preview, err := p.Create(ctx, plugin.CreateRequest{URN: urn, Type: urn.Type(), Properties: in, Preview: true})
	require.NoError(t, err, "a preview needs no cluster")
	assert.Equal(t, in, preview.Properties)
	_, err = p.Create(ctx, plugin.CreateRequest{URN: urn, Type: urn.Type(), Properties: in})
	require.ErrorContains(t, err, `configmap "n/x": the cluster cannot be reached`)
	_, err = p.Delete(ctx, plugin.DeleteRequest{URN: urn, Type: urn.Type(), ID: "n/x", Inputs: in, Outputs: in})
	require.ErrorContains(t, err, "PULUMI_K8S_DELETE_UNREACHABLE")
	_, err = p.Read(ctx, plugin.ReadRequest{URN: urn, Type: urn.Type(), ID: "n/x", Inputs: in, State: in})
	require.ErrorContains(t, err, "cannot be reached")

	p = configuredProvider(t, properties(map[string]any{"deleteUnreachable": true}))
	p.patience.missing = 100 * time.Millisecond
	_, err = p.Delete(ctx, plugin.DeleteRequest{URN: urn, Type: urn.Type(), ID: "n/x", Inputs: in, Outputs: in})
	require.NoError(t, err)
}

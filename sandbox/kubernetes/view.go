package kubernetes

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// view reads from the cluster what belongs to an object that is being waited for.
type view struct {
	cluster *cluster
	since   time.Time // events that last happened before are history
}

var (
	pods           = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	events         = schema.GroupVersionResource{Version: "v1", Resource: "events"}
	replicaSets    = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	endpointSlices = schema.GroupVersionResource{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"}
	storageClasses = schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}
)

// list reads objects of a namespace from the API server's cache.
func list[T any](ctx context.Context, v *view, what schema.GroupVersionResource, namespace string, o metav1.ListOptions) ([]T, error) {
	o.ResourceVersion = "0"
	found, err := v.cluster.dynamic.Resource(what).Namespace(namespace).List(ctx, o)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(found.Items))
	for i := range found.Items {
		if err := decode(&found.Items[i], &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func decode(u *unstructured.Unstructured, into any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, into)
}

// podsOf lists the pods that a selector matches and one of the owners controls. Without owners the selector decides.
func (v *view) podsOf(ctx context.Context, namespace string, selector *metav1.LabelSelector, owners ...types.UID) ([]corev1.Pod, error) {
	match, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil, err
	}
	found, err := list[corev1.Pod](ctx, v, pods, namespace, metav1.ListOptions{LabelSelector: match.String()})
	if err != nil || len(owners) == 0 {
		return found, err
	}
	return controlledBy(found, func(p *corev1.Pod) metav1.Object { return p }, owners), nil
}

// setsOf lists the ReplicaSets of a Deployment.
func (v *view) setsOf(ctx context.Context, d *appsv1.Deployment) ([]appsv1.ReplicaSet, error) {
	match, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return nil, err
	}
	found, err := list[appsv1.ReplicaSet](ctx, v, replicaSets, d.Namespace, metav1.ListOptions{LabelSelector: match.String()})
	return controlledBy(found, func(s *appsv1.ReplicaSet) metav1.Object { return s }, []types.UID{d.UID}), err
}

func controlledBy[T any](items []T, object func(*T) metav1.Object, owners []types.UID) []T {
	var out []T
	for i := range items {
		for _, owner := range owners {
			if ref := metav1.GetControllerOf(object(&items[i])); ref != nil && ref.UID == owner {
				out = append(out, items[i])
			}
		}
	}
	return out
}

// warnings lists the warning events of a namespace that happened since the wait began, newest last.
func (v *view) warnings(ctx context.Context, namespace string) ([]corev1.Event, error) {
	found, err := list[corev1.Event](ctx, v, events, namespace, metav1.ListOptions{FieldSelector: "type=Warning"})
	var fresh []corev1.Event
	for _, e := range found {
		if !lastSeen(e).Before(v.since.Truncate(time.Second)) {
			fresh = append(fresh, e)
		}
	}
	return fresh, err
}

func lastSeen(e corev1.Event) time.Time {
	last := e.LastTimestamp.Time
	if e.Series != nil && e.Series.LastObservedTime.After(last) {
		last = e.Series.LastObservedTime.Time
	}
	if e.EventTime.After(last) {
		last = e.EventTime.Time
	}
	return last
}

// slicesOf lists the endpoint slices of a Service.
func (v *view) slicesOf(ctx context.Context, s *corev1.Service) ([]discoveryv1.EndpointSlice, error) {
	match := labels.Set{discoveryv1.LabelServiceName: s.Name}.String()
	return list[discoveryv1.EndpointSlice](ctx, v, endpointSlices, s.Namespace, metav1.ListOptions{LabelSelector: match})
}

// confirm drops the refusals that are no longer true. Controllers retry a refused pod after ever longer pauses and leave
// the old message in place meanwhile, so after the cause is fixed the message alone would fail the next run too.
func (v *view) confirm(ctx context.Context, live *unstructured.Unstructured, found []problem) []problem {
	path, ok := podTemplates[live.GroupVersionKind().GroupKind()]
	var out []problem
	for _, p := range found {
		if p.class == refused && ok {
			if template, has, _ := unstructured.NestedMap(live.Object, path...); has &&
				v.cluster.tryPod(ctx, live.GetNamespace(), template) == nil {
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

// podTemplates tells where workloads keep the template of their pods.
var podTemplates = map[schema.GroupKind][]string{
	{Group: "apps", Kind: "Deployment"}:  {"spec", "template"},
	{Group: "apps", Kind: "StatefulSet"}: {"spec", "template"},
	{Group: "apps", Kind: "DaemonSet"}:   {"spec", "template"},
	{Group: "apps", Kind: "ReplicaSet"}:  {"spec", "template"},
	{Group: "batch", Kind: "Job"}:        {"spec", "template"},
}

// tryPod asks the server whether it would accept a pod made from a template.
func (c *cluster) tryPod(ctx context.Context, namespace string, template map[string]any) error {
	pod := &unstructured.Unstructured{Object: map[string]any{}}
	for _, key := range []string{"metadata", "spec"} {
		if v, ok := template[key]; ok {
			pod.Object[key] = v
		}
	}
	pod.SetAPIVersion("v1")
	pod.SetKind("Pod")
	pod.SetName("")
	pod.SetGenerateName("dry-run-")
	pod.SetNamespace(namespace)
	client, _, err := c.resource(object{gvk: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, namespace: namespace})
	if err != nil {
		return err
	}
	_, err = client.Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

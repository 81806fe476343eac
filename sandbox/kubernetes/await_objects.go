package kubernetes

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// judgeService waits for what makes a Service useful: an address for a load balancer, ready endpoints for a selector.
// Headless, external and selectorless Services are ready at once, and so is one whose only workloads are scaled to zero.
func judgeService(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
	var s corev1.Service
	if err := decode(live, &s); err != nil {
		return verdict{}, err
	}
	switch {
	case s.Spec.Type == corev1.ServiceTypeExternalName, s.Spec.ClusterIP == corev1.ClusterIPNone:
		return verdict{ready: true}, nil
	case s.Spec.Type == corev1.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) == 0:
		warnings, err := v.warnings(ctx, s.Namespace)
		return verdict{
			progress: "[1/2] waiting for a load balancer controller to give the service an address",
			problems: eventsAbout(warnings, s.UID),
		}, err
	case len(s.Spec.Selector) == 0:
		return verdict{ready: true}, nil
	}
	slices, err := v.slicesOf(ctx, &s)
	if err != nil || readyEndpoints(slices) > 0 {
		return verdict{ready: err == nil}, err
	}
	return v.withoutEndpoints(ctx, &s)
}

func readyEndpoints(slices []discoveryv1.EndpointSlice) int {
	n := 0
	for _, slice := range slices {
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				n++
			}
		}
	}
	return n
}

// withoutEndpoints explains why nothing is behind a Service: its pods, the workloads that should make them, or none.
func (v *view) withoutEndpoints(ctx context.Context, s *corev1.Service) (verdict, error) {
	selector := &metav1.LabelSelector{MatchLabels: s.Spec.Selector}
	members, err := v.podsOf(ctx, s.Namespace, selector)
	if err != nil {
		return verdict{}, err
	}
	workloads, err := v.workloadsBehind(ctx, s)
	if err != nil {
		return verdict{}, err
	}
	want := int32(0)
	for _, w := range workloads {
		want += w.replicas
	}
	match := labels.Set(s.Spec.Selector).String()
	switch {
	case len(members) == 0 && len(workloads) > 0 && want == 0:
		return verdict{ready: true}, nil
	case len(members) == 0 && len(workloads) == 0:
		return verdict{progress: fmt.Sprintf("[1/1] waiting for pods that the selector %s matches: there is none, and no workload makes one", match)}, nil
	}
	warnings, err := v.warnings(ctx, s.Namespace)
	seen := verdict{progress: fmt.Sprintf("[1/1] waiting for a ready endpoint, %s matched by the selector %s",
		plural(int32(len(members)), "pod"), match)}
	for _, w := range workloads {
		for _, p := range append(w.problems, explainOwners(warnings, []types.UID{w.uid})...) {
			seen.problems = append(seen.problems, problem{p.class, fmt.Sprintf("%s %q: %s", w.kind, w.name, p.text)})
		}
	}
	seen.problems = append(seen.problems, explainPods(members, warnings)...)
	return seen, err
}

// workload is what makes pods for a Service.
type workload struct {
	kind, name string
	uid        types.UID
	replicas   int32
	problems   []problem
}

// workloadsBehind lists the ReplicaSets and StatefulSets whose pods a Service selects. Deployments are seen by their
// ReplicaSets, of which those scaled down to make room for a newer one do not count.
func (v *view) workloadsBehind(ctx context.Context, s *corev1.Service) ([]workload, error) {
	match := labels.SelectorFromSet(s.Spec.Selector)
	sets, err := list[appsv1.ReplicaSet](ctx, v, replicaSets, s.Namespace, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var out []workload
	for _, set := range sets {
		if !match.Matches(labels.Set(set.Spec.Template.Labels)) {
			continue
		}
		w := workload{kind: "replicaset", name: set.Name, uid: set.UID, replicas: orOne(set.Spec.Replicas)}
		for _, c := range set.Status.Conditions {
			if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue && w.replicas > 0 {
				w.problems = append(w.problems, problem{refused, refusal(c.Message)})
			}
		}
		out = append(out, w)
	}
	stateful, err := list[appsv1.StatefulSet](ctx, v,
		schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}, s.Namespace, metav1.ListOptions{})
	for _, set := range stateful {
		if match.Matches(labels.Set(set.Spec.Template.Labels)) {
			out = append(out, workload{kind: "statefulset", name: set.Name, uid: set.UID, replicas: orOne(set.Spec.Replicas)})
		}
	}
	return out, err
}

// eventsAbout turns the warnings about an object into explanations of a wait.
func eventsAbout(warnings []corev1.Event, uid types.UID) []problem {
	var out []problem
	for _, e := range warnings {
		if e.InvolvedObject.UID == uid {
			out = append(out, problem{hint, join(e.Reason, e.Message)})
		}
	}
	return out
}

// judgeClaim waits for a volume, except where the storage class binds only once a pod uses the claim.
func judgeClaim(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
	var claim corev1.PersistentVolumeClaim
	if err := decode(live, &claim); err != nil {
		return verdict{}, err
	}
	if claim.Status.Phase == corev1.ClaimBound {
		return verdict{ready: true}, nil
	}
	if name := claim.Spec.StorageClassName; name != nil && *name != "" {
		var class storagev1.StorageClass
		if found, err := v.cluster.dynamic.Resource(storageClasses).Get(ctx, *name, metav1.GetOptions{}); err == nil {
			if err := decode(found, &class); err != nil {
				return verdict{}, err
			}
		}
		if mode := class.VolumeBindingMode; mode != nil && *mode == storagev1.VolumeBindingWaitForFirstConsumer {
			return verdict{ready: true}, nil
		}
	}
	warnings, err := v.warnings(ctx, claim.Namespace)
	return verdict{
		progress: fmt.Sprintf("[1/1] waiting for the claim to be bound, it is %s", claim.Status.Phase),
		problems: eventsAbout(warnings, claim.UID),
	}, err
}

func judgeNamespace(_ context.Context, _ *view, live *unstructured.Unstructured) (verdict, error) {
	phase, _, _ := unstructured.NestedString(live.Object, "status", "phase")
	return verdict{ready: phase == "Active", progress: fmt.Sprintf("[1/1] waiting for the namespace to be Active, it is %s", phase)}, nil
}

func judgeIngress(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
	var i networkingv1.Ingress
	if err := decode(live, &i); err != nil {
		return verdict{}, err
	}
	if len(i.Status.LoadBalancer.Ingress) > 0 {
		return verdict{ready: true}, nil
	}
	warnings, err := v.warnings(ctx, i.Namespace)
	return verdict{
		progress: "[1/1] waiting for an ingress controller to give the ingress an address",
		problems: eventsAbout(warnings, i.UID),
	}, err
}

func judgeDefinition(_ context.Context, _ *view, live *unstructured.Unstructured) (verdict, error) {
	seen := conditionIs(live, "Established", "True")
	if names, message := condition(live, "NamesAccepted"); names == "False" {
		seen.problems = []problem{{certain, "its names are not accepted: " + message}}
	}
	return seen, nil
}

func judgeAPIService(_ context.Context, _ *view, live *unstructured.Unstructured) (verdict, error) {
	return conditionIs(live, "Available", "True"), nil
}

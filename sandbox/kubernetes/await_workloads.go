package kubernetes

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

const revisionAnnotation = "deployment.kubernetes.io/revision"

// notObserved is the progress of an object whose controller has not seen the change yet.
const notObserved = "[1/2] waiting for the controller to see the change"

func judgeDeployment(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
	var d appsv1.Deployment
	if err := decode(live, &d); err != nil {
		return verdict{}, err
	}
	seen := deploymentProgress(&d)
	if seen.ready {
		return seen, nil
	}
	sets, err := v.setsOf(ctx, &d)
	if err != nil {
		return seen, err
	}
	var owners []types.UID
	for _, s := range sets {
		// Only the current revision is waited for: what an older one suffers from is being replaced.
		if s.Annotations[revisionAnnotation] != d.Annotations[revisionAnnotation] {
			continue
		}
		owners = append(owners, s.UID)
		for _, c := range s.Status.Conditions {
			if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
				seen.problems = append(seen.problems, problem{refused, refusal(c.Message)})
			}
		}
	}
	if len(owners) == 0 {
		return seen, nil
	}
	return v.withPods(ctx, seen, d.Namespace, d.Spec.Selector, owners...)
}

// deploymentProgress is the rollout's own account: all replicas updated, the old ones gone, the new ones available.
func deploymentProgress(d *appsv1.Deployment) verdict {
	want := orOne(d.Spec.Replicas)
	if d.Status.ObservedGeneration < d.Generation {
		return verdict{progress: notObserved}
	}
	if d.Spec.Paused {
		return verdict{ready: true}
	}
	s := d.Status
	switch {
	case s.UpdatedReplicas < want || s.AvailableReplicas < want:
		out := verdict{progress: fmt.Sprintf("[1/2] waiting for %s, %d updated, %d available",
			plural(want, "replica"), s.UpdatedReplicas, s.AvailableReplicas),
			state: outOf(min(s.UpdatedReplicas, s.AvailableReplicas), want, "replica")}
		for _, c := range s.Conditions {
			if c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded" {
				// The condition outlasts its cause until the next pod is ready, so it is not final.
				out.problems = append(out.problems, problem{certain, c.Message})
			}
		}
		return out
	case s.Replicas > s.UpdatedReplicas:
		return verdict{progress: fmt.Sprintf("[2/2] waiting for %s to go", plural(s.Replicas-s.UpdatedReplicas, "old replica"))}
	}
	return verdict{ready: true}
}

func judgeStatefulSet(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
	var s appsv1.StatefulSet
	if err := decode(live, &s); err != nil {
		return verdict{}, err
	}
	seen := statefulSetProgress(&s)
	if seen.ready {
		return seen, nil
	}
	return v.withPods(ctx, seen, s.Namespace, s.Spec.Selector, s.UID)
}

func statefulSetProgress(s *appsv1.StatefulSet) verdict {
	want := orOne(s.Spec.Replicas)
	if s.Status.ObservedGeneration < s.Generation {
		return verdict{progress: notObserved}
	}
	updated := s.Status.UpdatedReplicas
	mustUpdate := want
	if strategy := s.Spec.UpdateStrategy; strategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		mustUpdate = 0
	} else if strategy.RollingUpdate != nil && strategy.RollingUpdate.Partition != nil {
		mustUpdate = max(0, want-*strategy.RollingUpdate.Partition)
	}
	if s.Status.ReadyReplicas < want || updated < mustUpdate {
		return verdict{progress: fmt.Sprintf("[1/2] waiting for %s, %d updated, %d ready",
			plural(want, "replica"), updated, s.Status.ReadyReplicas),
			state: outOf(min(updated, s.Status.ReadyReplicas), want, "replica")}
	}
	return verdict{ready: true}
}

func judgeDaemonSet(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
	var d appsv1.DaemonSet
	if err := decode(live, &d); err != nil {
		return verdict{}, err
	}
	seen := daemonSetProgress(&d)
	if seen.ready {
		return seen, nil
	}
	return v.withPods(ctx, seen, d.Namespace, d.Spec.Selector, d.UID)
}

func daemonSetProgress(d *appsv1.DaemonSet) verdict {
	s := d.Status
	if s.ObservedGeneration < d.Generation {
		return verdict{progress: notObserved}
	}
	updated := s.UpdatedNumberScheduled
	if d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		updated = s.DesiredNumberScheduled
	}
	if updated < s.DesiredNumberScheduled || s.NumberAvailable < s.DesiredNumberScheduled {
		return verdict{progress: fmt.Sprintf("[1/2] waiting for a pod on %s, %d updated, %d available",
			plural(s.DesiredNumberScheduled, "node"), updated, s.NumberAvailable),
			state: outOf(min(updated, s.NumberAvailable), s.DesiredNumberScheduled, "pod")}
	}
	return verdict{ready: true}
}

func judgeReplicaSet(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
	var s appsv1.ReplicaSet
	if err := decode(live, &s); err != nil {
		return verdict{}, err
	}
	want := orOne(s.Spec.Replicas)
	switch {
	case s.Status.ObservedGeneration < s.Generation:
		return verdict{progress: notObserved}, nil
	case s.Status.AvailableReplicas >= want && s.Status.Replicas == want:
		return verdict{ready: true}, nil
	}
	seen := verdict{
		progress: fmt.Sprintf("[1/2] waiting for %s, %d available", plural(want, "replica"), s.Status.AvailableReplicas),
		state:    outOf(s.Status.AvailableReplicas, want, "replica"),
	}
	for _, c := range s.Status.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
			seen.problems = append(seen.problems, problem{refused, refusal(c.Message)})
		}
	}
	return v.withPods(ctx, seen, s.Namespace, s.Spec.Selector, s.UID)
}

func judgeJob(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
	var j batchv1.Job
	if err := decode(live, &j); err != nil {
		return verdict{}, err
	}
	seen := jobProgress(&j)
	if seen.ready || j.Spec.Selector == nil {
		return seen, nil
	}
	return v.withPods(ctx, seen, j.Namespace, j.Spec.Selector, j.UID)
}

func jobProgress(j *batchv1.Job) verdict {
	seen := verdict{progress: fmt.Sprintf("[1/1] waiting for %s, %d succeeded, %d failed",
		plural(orOne(j.Spec.Completions), "completion"), j.Status.Succeeded, j.Status.Failed)}
	if j.Spec.Suspend != nil && *j.Spec.Suspend {
		return verdict{ready: true}
	}
	for _, c := range j.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobComplete:
			return verdict{ready: true}
		case c.Type == batchv1.JobFailed:
			seen.problems = append(seen.problems, problem{final, fmt.Sprintf("%s: %s", c.Reason, c.Message)})
		}
	}
	return seen
}

func judgePod(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
	var p corev1.Pod
	if err := decode(live, &p); err != nil {
		return verdict{}, err
	}
	if p.Status.Phase == corev1.PodSucceeded || podReady(&p) {
		return verdict{ready: true}, nil
	}
	warnings, err := v.warnings(ctx, p.Namespace)
	return verdict{
		progress: fmt.Sprintf("[1/1] waiting for the pod to be ready, it is %s", orElse(string(p.Status.Phase), "Pending")),
		problems: explainPod(&p, warnings),
	}, err
}

// withPods adds to a verdict what the pods of a workload and the events about it say.
func (v *view) withPods(
	ctx context.Context, seen verdict, namespace string, selector *metav1.LabelSelector, owners ...types.UID,
) (verdict, error) {
	members, err := v.podsOf(ctx, namespace, selector, owners...)
	if err != nil {
		return seen, err
	}
	warnings, err := v.warnings(ctx, namespace)
	if err != nil {
		return seen, err
	}
	seen.problems = append(seen.problems, explainOwners(warnings, owners)...)
	seen.problems = append(seen.problems, explainPods(members, warnings)...)
	return seen, nil
}

func orOne(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// outOf reads like "1 of 3 replicas available".
func outOf(n, want int32, noun string) string {
	return fmt.Sprintf("%d of %s available", n, plural(want, noun))
}

func plural(n int32, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

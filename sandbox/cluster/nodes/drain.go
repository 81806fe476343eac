package nodes

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// drainPatience is how long a node that goes waits for disruption budgets; EKS waits 15 minutes and then fails or forces.
// https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
const drainPatience = 30 * time.Second

// remove takes a node out of the cluster: cordon, evict, delete. It does as much as it can now and says whether the node
// is gone. With at once set nothing is waited for, as there is no group left that the instance could belong to.
func (m *Manager) remove(ctx context.Context, node *corev1.Node, atOnce bool) (done bool, err error) {
	since, err := time.Parse(time.RFC3339, node.Annotations[annotationRemoval])
	if err != nil {
		since = time.Now()
		patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}},"spec":{"unschedulable":true}}`, annotationRemoval, since.Format(time.RFC3339))
		if err := m.patchNode(ctx, node.Name, patch); err != nil {
			return false, err
		}
	}
	left := 0
	for _, pod := range m.podsOn(node.Name) {
		if finished(pod) || ownedByDaemonSet(pod) {
			continue
		}
		left++
		if pod.DeletionTimestamp != nil {
			continue
		}
		eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
		err := m.client.PolicyV1().Evictions(pod.Namespace).Evict(ctx, eviction)
		// Too many requests: a disruption budget does not allow it now.
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsTooManyRequests(err) {
			return false, fmt.Errorf("evict pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
	}
	if left > 0 && !atOnce && time.Since(since) < drainPatience {
		return false, nil
	}

	now := int64(0)
	for _, pod := range m.podsOn(node.Name) {
		err := m.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		if err != nil && !apierrors.IsNotFound(err) {
			return false, fmt.Errorf("delete pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
	}
	if err := m.client.CoreV1().Nodes().Delete(ctx, node.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("delete node %q: %w", node.Name, err)
	}
	m.log.Info("node removed", "node", node.Name, "podsLeft", left)
	return true, nil
}

func ownedByDaemonSet(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "DaemonSet"
}

func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

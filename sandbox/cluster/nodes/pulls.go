package nodes

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pullRetry is when a failed pull turns from ErrImagePull into ImagePullBackOff, as after the kubelet's first retry.
const pullRetry = 10 * time.Second

// failedPulls returns why images of the pod cannot be pulled, by image.
func (m *Manager) failedPulls(pod *corev1.Pod) map[string]error {
	m.mu.Lock()
	cluster := m.cluster
	m.mu.Unlock()
	failed := map[string]error{}
	for _, c := range append(append([]corev1.Container(nil), pod.Spec.InitContainers...), pod.Spec.Containers...) {
		if err := CheckImage(cluster, c.Image, m.extraImages); err != nil {
			failed[c.Image] = err
		}
	}
	return failed
}

// reportFailedPulls puts the reason into the pod's status, first as a failed pull and then as the wait for the next one.
// A new image in the account is noticed without that wait.
func (m *Manager) reportFailedPulls(ctx context.Context, pod *corev1.Pod, failed map[string]error) error {
	now := metav1.Now()
	first := !waitsForImage(pod)
	if first {
		for _, image := range sortedKeys(failed) {
			m.records.Eventf(pod, corev1.EventTypeWarning, "Failed", "Failed to pull image %q: %v", image, failed[image])
		}
		m.queue.AddAfter(pod.Namespace+"/"+pod.Name, pullRetry)
	} else if pod.Status.StartTime != nil && now.Sub(pod.Status.StartTime.Time) < pullRetry-time.Second {
		return nil
	}
	status := corev1.PodStatus{ContainerStatuses: waiting(pod, func(image string) (string, string) {
		err, ok := failed[image]
		switch {
		case !ok:
			return "ContainerCreating", ""
		case first:
			return "ErrImagePull", err.Error()
		default:
			return "ImagePullBackOff", fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %v", image, err)
		}
	})}
	for _, c := range pod.Spec.InitContainers {
		if err, ok := failed[c.Image]; ok {
			status.InitContainerStatuses = append(status.InitContainerStatuses, waitingStatus(c, "ErrImagePull", err.Error()))
		}
	}
	if first {
		status.StartTime = &now
	}
	return m.patchStatus(ctx, pod, status)
}

// waiting is the status of the pod's containers, none of which runs.
func waiting(pod *corev1.Pod, why func(image string) (reason, message string)) []corev1.ContainerStatus {
	var statuses []corev1.ContainerStatus
	for _, c := range pod.Spec.Containers {
		reason, message := why(c.Image)
		statuses = append(statuses, waitingStatus(c, reason, message))
	}
	return statuses
}

func waitingStatus(c corev1.Container, reason, message string) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name: c.Name, Image: c.Image,
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
	}
}

// waitsForImage says whether a pull of the pod has failed.
func waitsForImage(pod *corev1.Pod) bool {
	for _, c := range append(append([]corev1.ContainerStatus(nil), pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...) {
		if w := c.State.Waiting; w != nil && strings.Contains(w.Reason, "ImagePull") {
			return true
		}
	}
	return false
}

package kubernetes

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// imageFailures are the reasons for which a container waits on an image that it will not get.
var imageFailures = []string{
	"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable",
}

// startFailures are the reasons for which a container cannot be started as it is configured.
var startFailures = []string{"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreStartHookError"}

// explainPods says for each pod that is not ready why not. Pods that suffer the same are told once, by the first one.
func explainPods(members []corev1.Pod, warnings []corev1.Event) []problem {
	type key struct {
		class class
		cause string
	}
	var out []problem
	index := map[key]int{}
	more := map[int]int{}
	for i := range members {
		pod := &members[i]
		if pod.DeletionTimestamp != nil || podReady(pod) {
			continue
		}
		for _, found := range explainPod(pod, warnings) {
			k := key{found.class, found.text}
			if at, ok := index[k]; ok {
				more[at]++
				continue
			}
			index[k] = len(out)
			out = append(out, problem{found.class, fmt.Sprintf("pod %q: %s", pod.Name, found.text)})
		}
	}
	for at, n := range more {
		out[at].text += fmt.Sprintf(" (and %s like it)", plural(int32(n), "more pod"))
	}
	return out
}

// explainPod says why a pod is not ready: it fits no node, an image, a start, an end, a probe.
func explainPod(pod *corev1.Pod, warnings []corev1.Event) []problem {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Message != "" {
			return []problem{{unschedulable, fmt.Sprintf("%s: %s", c.Reason, c.Message)}}
		}
	}
	if pod.Status.Phase == corev1.PodFailed && pod.Status.Reason != "" {
		return []problem{{crashing, join(pod.Status.Reason, pod.Status.Message)}}
	}
	var out []problem
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if found, ok := explainContainer(pod, status, warnings); ok {
			out = append(out, found)
		}
	}
	return out
}

func explainContainer(pod *corev1.Pod, status corev1.ContainerStatus, warnings []corev1.Event) (problem, bool) {
	where := fmt.Sprintf("container %q: ", status.Name)
	switch {
	case status.State.Waiting != nil:
		reason, message := status.State.Waiting.Reason, status.State.Waiting.Message
		switch {
		case slices.Contains(imageFailures, reason):
			// The two texts that alternate while the kubelet tries again are one problem.
			image := imageOf(pod, status)
			if !strings.Contains(message, image) {
				message = strings.TrimSuffix(fmt.Sprintf("image %q: %s", image, message), ": ")
			}
			return problem{certain, where + join(reason, message)}, true
		case slices.Contains(startFailures, reason):
			return problem{crashing, where + join(reason, message)}, true
		case reason == "CrashLoopBackOff":
			return problem{crashing, where + join(reason, lastEnd(status, message))}, true
		}
	case status.State.Terminated != nil && status.State.Terminated.ExitCode != 0:
		return problem{crashing, where + endOf(status.State.Terminated)}, true
	case status.State.Running != nil && !status.Ready:
		if text := probeFailure(pod.UID, status.Name, warnings); text != "" {
			return problem{hint, where + text}, true
		}
	}
	return problem{}, false
}

// imageOf is the image that a container was asked to run: the status may hold an id instead.
func imageOf(pod *corev1.Pod, status corev1.ContainerStatus) string {
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if c.Name == status.Name {
			return c.Image
		}
	}
	return status.Image
}

func lastEnd(status corev1.ContainerStatus, otherwise string) string {
	if t := status.LastTerminationState.Terminated; t != nil {
		return fmt.Sprintf("%s, restarted %d times", endOf(t), status.RestartCount)
	}
	return otherwise
}

func endOf(t *corev1.ContainerStateTerminated) string {
	text := fmt.Sprintf("ended with exit code %d", t.ExitCode)
	if t.Reason != "" {
		text += " (" + t.Reason + ")"
	}
	return join(text, strings.TrimSpace(t.Message))
}

// probeFailure is the latest event about a failing probe of a container.
func probeFailure(pod types.UID, container string, warnings []corev1.Event) string {
	var latest corev1.Event
	for _, e := range warnings {
		about := e.InvolvedObject
		if e.Reason == "Unhealthy" && about.UID == pod && strings.Contains(about.FieldPath, "{"+container+"}") &&
			!lastSeen(e).Before(lastSeen(latest)) {
			latest = e
		}
	}
	return strings.TrimSpace(latest.Message)
}

// explainOwners says which pods of a workload were refused before they existed. Workloads without a condition for that
// (StatefulSet, DaemonSet, Job) tell it by an event only.
func explainOwners(warnings []corev1.Event, owners []types.UID) []problem {
	latest := map[types.UID]corev1.Event{}
	for _, e := range warnings {
		uid := e.InvolvedObject.UID
		if e.Reason == "FailedCreate" && slices.Contains(owners, uid) && !lastSeen(e).Before(lastSeen(latest[uid])) {
			latest[uid] = e
		}
	}
	var out []problem
	for _, uid := range owners {
		e, ok := latest[uid]
		if ok && !strings.Contains(e.Message, "already exists") {
			out = append(out, problem{refused, refusal(e.Message)})
		}
	}
	return out
}

// refusal words why the API server refused a pod. Controllers put the generated pod name first, which differs from one
// attempt to the next and would make one problem look like many.
func refusal(message string) string {
	text := message
	if _, after, ok := strings.Cut(text, "error: "); ok && strings.HasPrefix(text, "create Pod ") {
		text = after
	}
	if _, after, ok := strings.Cut(text, " is forbidden: "); ok {
		text = after
	}
	text = strings.TrimPrefix(text, "Error creating: ")
	return "its pods are refused: " + text
}

func podReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func join(reason, message string) string {
	if message == "" {
		return reason
	}
	return reason + ": " + message
}

package nodes

import (
	"context"
	"encoding/json"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
)

func (m *Manager) newRecorder(b record.EventBroadcaster) record.EventRecorder {
	b.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: m.client.CoreV1().Events("")})
	return b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet"})
}

func (m *Manager) podChanged(pod *corev1.Pod, wake func()) {
	if m.holdAddress(pod) || m.nodeMissing(pod) {
		m.queue.Add(pod.Namespace + "/" + pod.Name)
	}
	if isNetworkPlugin(pod) && podReady(pod) {
		wake()
	}
}

// holdAddress notes the address that a pod has, and says whether the pod is bound to a node but not prepared yet.
func (m *Manager) holdAddress(pod *corev1.Pod) bool {
	if pod.Spec.NodeName == "" || finished(pod) || pod.DeletionTimestamp != nil {
		return false
	}
	if pod.Status.PodIP == "" {
		return true
	}
	if addr, err := netip.ParseAddr(pod.Status.PodIP); err == nil && !pod.Spec.HostNetwork {
		m.mu.Lock()
		m.addresses[pod.Namespace+"/"+pod.Name] = addr
		m.mu.Unlock()
	}
	return false
}

func (m *Manager) podDeleted(obj any) {
	key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj)
	if err != nil {
		return
	}
	m.mu.Lock()
	delete(m.addresses, key)
	m.mu.Unlock()
}

// nodeMissing says whether the pod is bound to a node that is not (yet, or any more) known.
func (m *Manager) nodeMissing(pod *corev1.Pod) bool {
	if pod.Spec.NodeName == "" {
		return false
	}
	_, err := m.nodes.Get(pod.Spec.NodeName)
	return apierrors.IsNotFound(err)
}

// nodeDeleted looks after the pods that a removed node leaves.
func (m *Manager) nodeDeleted(obj any) {
	name, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj)
	if err != nil {
		return
	}
	for _, pod := range m.podsOn(name) {
		m.queue.Add(pod.Namespace + "/" + pod.Name)
	}
}

func (m *Manager) work(ctx context.Context) {
	for {
		key, shutdown := m.queue.Get()
		if shutdown {
			return
		}
		again, err := m.prepare(ctx, key)
		if err != nil && ctx.Err() == nil {
			m.log.Warn("pod not prepared", "pod", key, "error", err)
		}
		if again || err != nil {
			m.queue.AddRateLimited(key)
		} else {
			m.queue.Forget(key)
		}
		m.queue.Done(key)
	}
}

// prepare does for a pod what a kubelet does before it starts the containers: it gives the pod an address and pulls the
// images. The condition that it sets at the end is what kwok's stages wait for. Again asks for another try.
func (m *Manager) prepare(ctx context.Context, key string) (again bool, err error) {
	obj, exists, err := m.pods.GetByKey(key)
	if err != nil || !exists {
		return false, err
	}
	pod := obj.(*corev1.Pod)
	if m.nodeMissing(pod) {
		return m.dropOrphan(ctx, pod)
	}
	if pod.Spec.NodeName == "" || pod.Status.PodIP != "" || finished(pod) || pod.DeletionTimestamp != nil {
		return false, nil
	}
	node, err := m.nodes.Get(pod.Spec.NodeName)
	if err != nil || node.Annotations[annotationSlot] == "" {
		return false, err
	}
	if failed := m.failedPulls(pod); len(failed) > 0 {
		return false, m.reportFailedPulls(ctx, pod, failed)
	}

	addr, err := m.podAddress(pod, node)
	if err != nil {
		m.records.Eventf(pod, corev1.EventTypeWarning, "FailedCreatePodSandBox", "failed to assign an IP address to container: %v", err)
		return false, err
	}
	now := metav1.Now()
	status := corev1.PodStatus{
		HostIP: internalIP(node), HostIPs: []corev1.HostIP{{IP: internalIP(node)}},
		PodIP: addr, PodIPs: []corev1.PodIP{{IP: addr}},
		StartTime:         &now,
		Conditions:        []corev1.PodCondition{{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue, LastTransitionTime: now}},
		ContainerStatuses: waiting(pod, func(string) (string, string) { return "ContainerCreating", "" }),
	}
	return false, m.patchStatus(ctx, pod, status)
}

// dropOrphan deletes a pod whose node is gone, as the garbage collector of pods does after 40 seconds. Again is for a node
// that the watch has not shown yet.
func (m *Manager) dropOrphan(ctx context.Context, pod *corev1.Pod) (again bool, err error) {
	_, err = m.client.CoreV1().Nodes().Get(ctx, pod.Spec.NodeName, metav1.GetOptions{})
	if err == nil {
		return true, nil
	}
	if !apierrors.IsNotFound(err) {
		return false, err
	}
	now, uid := int64(0), pod.UID
	err = m.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &uid},
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		err = nil // gone already, or another pod of that name
	}
	return false, err
}

// podAddress is the node's own for pods in the host's network, else a free one of the node's subnet.
func (m *Manager) podAddress(pod *corev1.Pod, node *corev1.Node) (string, error) {
	if pod.Spec.HostNetwork {
		return internalIP(node), nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	key := pod.Namespace + "/" + pod.Name
	addr, ok := m.addresses[key]
	if !ok {
		var err error
		if addr, err = freeAddress(node.Annotations[annotationSubnet], string(pod.UID), m.addressUsed); err != nil {
			return "", err
		}
		m.addresses[key] = addr
	}
	return addr.String(), nil
}

// patchStatus merges status into the pod's: conditions by type, lists of containers as a whole.
func (m *Manager) patchStatus(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error {
	raw, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID}, "status": status})
	if err != nil {
		return err
	}
	_, err = m.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, raw, metav1.PatchOptions{}, "status")
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // deleted or replaced meanwhile
	}
	return err
}

package cluster

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
	"github.com/cloudinsight/platform/sandbox/cluster/nodes"
)

func nodeGroup(name, instanceType string, size int) map[string]any {
	return map[string]any{
		"nodeGroupName": name, "subnetIds": []any{"subnet-b", "subnet-a"}, "instanceTypes": []any{instanceType},
		"capacityType": "SPOT", "amiType": "AL2023_x86_64_STANDARD", "labels": map[string]any{"purpose": name},
		"scalingConfig": map[string]any{"desiredSize": size},
	}
}

// startNodes gives the cluster its network plugin and a group of that size, and takes both away after the test.
func startNodes(t *testing.T, f *fixture, group, instanceType string, size int) {
	t.Helper()
	f.put(t, desired.TypeAddon, "vpc-cni", map[string]any{
		"addonName": "vpc-cni", "addonVersion": "v1.20.4-eksbuild.1", "configurationValues": `{"env":{"ENABLE_PREFIX_DELEGATION":"true"}}`,
	})
	f.put(t, desired.TypeNodeGroup, group, nodeGroup(group, instanceType, size))
	t.Cleanup(func() {
		f.remove(t, desired.TypeNodeGroup, group)
		assert.NoError(t, f.plane.WaitNodes(testContext(t, 30*time.Second), group, 0))
		f.remove(t, desired.TypeAddon, "vpc-cni")
	})
	require.NoError(t, f.plane.WaitNodes(testContext(t, time.Minute), group, size))
}

func (f *fixture) nodesOf(t *testing.T, group string) map[string]corev1.Node {
	t.Helper()
	list, err := f.client.CoreV1().Nodes().List(context.Background(), metav1.ListOptions{LabelSelector: "eks.amazonaws.com/nodegroup=" + group})
	require.NoError(t, err)
	byName := map[string]corev1.Node{}
	for _, node := range list.Items {
		byName[node.Name] = node
	}
	return byName
}

// namespace makes a namespace that is removed after the test.
func (f *fixture) namespace(t *testing.T, labels map[string]string) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: labels}}
	made, err := f.client.CoreV1().Namespaces().Create(context.Background(), ns, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, f.client.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{}))
	})
	require.Eventually(t, func() bool {
		_, err := f.client.CoreV1().ServiceAccounts(made.Name).Get(context.Background(), "default", metav1.GetOptions{})
		return err == nil
	}, 10*time.Second, 50*time.Millisecond)
	return made.Name
}

func placeholder() corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: nodes.PlaceholderImage}}}
}

func (f *fixture) pod(t *testing.T, namespace, name string, spec corev1.PodSpec) {
	t.Helper()
	_, err := f.client.CoreV1().Pods(namespace).Create(context.Background(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// eventually waits until the pod is as wanted, and fails with what it was last.
func (f *fixture) eventually(t *testing.T, namespace, name string, wanted func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var err error
		pod, err = f.client.CoreV1().Pods(namespace).Get(context.Background(), name, metav1.GetOptions{})
		if err == nil && wanted(pod) {
			return pod
		}
	}
	require.FailNow(t, "pod is not as wanted", "%+v", pod.Status)
	return nil
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) corev1.PodCondition {
	for _, c := range pod.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return corev1.PodCondition{}
}

func ready(pod *corev1.Pod) bool {
	return condition(pod, corev1.PodReady).Status == corev1.ConditionTrue
}

func waitingReason(pod *corev1.Pod) (reason, message string) {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Waiting != nil {
			return c.State.Waiting.Reason, c.State.Waiting.Message
		}
	}
	return "", ""
}

func TestNodesMirrorTheNodeGroup(t *testing.T) {
	f := sharedPlane(t)
	startNodes(t, f, "workload", "t3.medium", 2)
	made := f.nodesOf(t, "workload")
	require.Len(t, made, 2)
	zones := map[string]string{}
	for name, node := range made {
		zone := node.Labels["topology.kubernetes.io/zone"]
		zones[zone] = name
		assert.Regexp(t, `^ip-10-2-1[12]-\d+\.af-south-1\.compute\.internal$`, name)
		assert.Regexp(t, `^aws:///`+zone+`/i-0[0-9a-f]{16}$`, node.Spec.ProviderID)
		assert.Equal(t, "t3.medium", node.Labels["node.kubernetes.io/instance-type"])
		assert.Equal(t, "af-south-1", node.Labels["topology.kubernetes.io/region"])
		assert.Equal(t, "SPOT", node.Labels["eks.amazonaws.com/capacityType"])
		assert.Equal(t, "workload", node.Labels["purpose"])
		assert.Equal(t, "v1.36.3", node.Status.NodeInfo.KubeletVersion)
		assert.Equal(t, "1930m", node.Status.Allocatable.Cpu().String())
		assert.Equal(t, "110", node.Status.Allocatable.Pods().String(), "prefix delegation")
		assert.Equal(t, int64(3246), node.Status.Allocatable.Memory().Value()>>20)
	}
	assert.Len(t, zones, 2, "one node in each zone")
	assert.True(t, strings.HasPrefix(zones["af-south-1a"], "ip-10-2-11-"), "the address is of the zone's subnet")

	t.Run("scale up keeps the nodes", func(t *testing.T) {
		f.put(t, desired.TypeNodeGroup, "workload", nodeGroup("workload", "t3.medium", 3))
		require.NoError(t, f.plane.WaitNodes(testContext(t, 30*time.Second), "workload", 3))
		for name := range made {
			assert.Contains(t, f.nodesOf(t, "workload"), name)
		}
	})
	t.Run("scale down removes the newest", func(t *testing.T) {
		f.put(t, desired.TypeNodeGroup, "workload", nodeGroup("workload", "t3.medium", 2))
		require.NoError(t, f.plane.WaitNodes(testContext(t, 60*time.Second), "workload", 2))
		assert.ElementsMatch(t, keys(made), keys(f.nodesOf(t, "workload")))
	})
	t.Run("a deleted node comes back", func(t *testing.T) {
		require.NoError(t, f.client.CoreV1().Nodes().Delete(context.Background(), zones["af-south-1a"], metav1.DeleteOptions{}))
		require.Eventually(t, func() bool { return len(f.nodesOf(t, "workload")) == 2 }, 10*time.Second, 50*time.Millisecond)
		assert.ElementsMatch(t, keys(made), keys(f.nodesOf(t, "workload")))
	})
	t.Run("labels and taints change in place", func(t *testing.T) {
		props := nodeGroup("workload", "t3.medium", 2)
		props["labels"] = map[string]any{"team": "platform"}
		props["taints"] = []any{map[string]any{"key": "only", "value": "batch", "effect": "NO_SCHEDULE"}}
		f.put(t, desired.TypeNodeGroup, "workload", props)
		require.Eventually(t, func() bool {
			for _, node := range f.nodesOf(t, "workload") {
				tainted := false
				for _, taint := range node.Spec.Taints {
					tainted = tainted || taint == corev1.Taint{Key: "only", Value: "batch", Effect: corev1.TaintEffectNoSchedule}
				}
				if _, old := node.Labels["purpose"]; old || node.Labels["team"] != "platform" || !tainted {
					return false
				}
			}
			return true
		}, 10*time.Second, 50*time.Millisecond)
		assert.ElementsMatch(t, keys(made), keys(f.nodesOf(t, "workload")))
	})
	t.Run("a new launch template version replaces the nodes", func(t *testing.T) {
		user := base64.StdEncoding.EncodeToString([]byte("apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {kubelet: {config: {maxPods: 40}}}\n"))
		f.put(t, desired.TypeLaunchTemplate, "lt-1", map[string]any{"userData": user})
		props := nodeGroup("workload", "t3.medium", 2)
		props["launchTemplate"] = map[string]any{"id": "lt-1", "version": "2"}
		f.put(t, desired.TypeNodeGroup, "workload", props)
		require.NoError(t, f.plane.WaitNodes(testContext(t, 60*time.Second), "workload", 2))
		for name, node := range f.nodesOf(t, "workload") {
			assert.NotContains(t, made, name)
			assert.Equal(t, "40", node.Status.Allocatable.Pods().String())
			assert.Equal(t, "lt-1", node.Labels["eks.amazonaws.com/sourceLaunchTemplateId"])
		}
	})
}

func keys[V any](m map[string]V) (all []string) {
	for key := range m {
		all = append(all, key)
	}
	return all
}

func TestNodesNeedANetworkPlugin(t *testing.T) {
	f := sharedPlane(t)
	f.put(t, desired.TypeNodeGroup, "early", nodeGroup("early", "t3.small", 1))
	err := f.plane.WaitNodes(testContext(t, 5*time.Second), "early", 1)
	require.ErrorContains(t, err, "NetworkPluginNotReady")
	startNodes(t, f, "early", "t3.small", 1)
}

func TestUnknownInstanceTypeIsAProblem(t *testing.T) {
	f := sharedPlane(t)
	f.put(t, desired.TypeNodeGroup, "strange", nodeGroup("strange", "x99.mega", 1))
	t.Cleanup(func() { f.remove(t, desired.TypeNodeGroup, "strange") })
	err := f.plane.WaitNodes(testContext(t, 20*time.Second), "strange", 1)
	require.ErrorContains(t, err, `node group "strange": instance type "x99.mega": not in the table of internal/instances`)
	require.Eventually(t, func() bool {
		problems, err := f.plane.Problems()
		return err == nil && strings.Contains(fmt.Sprint(problems), "x99.mega")
	}, 5*time.Second, 50*time.Millisecond)
	assert.Empty(t, f.nodesOf(t, "strange"))
}

func TestPods(t *testing.T) {
	f := sharedPlane(t)
	startNodes(t, f, "workload", "t3.medium", 1)
	ctx := context.Background()
	namespace := f.namespace(t, nil)

	t.Run("run with an address of the subnet", func(t *testing.T) {
		began := time.Now()
		f.pod(t, namespace, "plain", placeholder())
		pod := f.eventually(t, namespace, "plain", ready)
		assert.Equal(t, corev1.PodRunning, pod.Status.Phase)
		assert.True(t, strings.HasPrefix(pod.Status.PodIP, "10.2.11."), pod.Status.PodIP)
		assert.Less(t, time.Since(began), 6*time.Second)
	})
	t.Run("what does not fit stays pending with the scheduler's reason", func(t *testing.T) {
		replicas := int32(3)
		spec := placeholder()
		spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1200Mi")}
		labels := map[string]string{"app": "big"}
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "big"}, Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		}}
		_, err := f.client.AppsV1().Deployments(namespace).Create(ctx, deployment, metav1.CreateOptions{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = f.client.AppsV1().Deployments(namespace).Delete(ctx, "big", metav1.DeleteOptions{}) })
		require.Eventually(t, func() bool {
			d, err := f.client.AppsV1().Deployments(namespace).Get(ctx, "big", metav1.GetOptions{})
			return err == nil && d.Status.ReadyReplicas == 2
		}, 20*time.Second, 50*time.Millisecond)
		list, err := f.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=big", FieldSelector: "status.phase=Pending"})
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		assert.Contains(t, condition(&list.Items[0], corev1.PodScheduled).Message, "Insufficient memory")
	})
	t.Run("a job's pod completes", func(t *testing.T) {
		spec := placeholder()
		spec.RestartPolicy = corev1.RestartPolicyNever
		job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "once"}, Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: spec}}}
		_, err := f.client.BatchV1().Jobs(namespace).Create(ctx, job, metav1.CreateOptions{})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			j, err := f.client.BatchV1().Jobs(namespace).Get(ctx, "once", metav1.GetOptions{})
			return err == nil && j.Status.Succeeded == 1
		}, 20*time.Second, 50*time.Millisecond)
	})
	t.Run("readiness gates are waited for", func(t *testing.T) {
		spec := placeholder()
		spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/registered"}}
		f.pod(t, namespace, "gated", spec)
		pod := f.eventually(t, namespace, "gated", func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodRunning })
		assert.Equal(t, "ReadinessGatesNotReady", condition(pod, corev1.PodReady).Reason)
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: "example.com/registered", Status: corev1.ConditionTrue})
		_, err := f.client.CoreV1().Pods(namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		require.NoError(t, err)
		f.eventually(t, namespace, "gated", ready)
	})
	t.Run("deletion ends", func(t *testing.T) {
		require.NoError(t, f.client.CoreV1().Pods(namespace).Delete(ctx, "plain", metav1.DeleteOptions{}))
		require.Eventually(t, func() bool {
			_, err := f.client.CoreV1().Pods(namespace).Get(ctx, "plain", metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		}, 10*time.Second, 50*time.Millisecond)
	})
}

func TestImagesMustExist(t *testing.T) {
	f := sharedPlane(t)
	startNodes(t, f, "workload", "t3.medium", 1)
	namespace := f.namespace(t, nil)
	var number string
	require.NoError(t, f.account.View(func(s *account.State) error { number = s.AccountID; return nil }))
	image := number + ".dkr.ecr.af-south-1.amazonaws.com/cloudinsight/user:1.0.0"
	spec := placeholder()
	spec.Containers[0].Image = image
	f.pod(t, namespace, "user", spec)
	pod := f.eventually(t, namespace, "user", func(p *corev1.Pod) bool { r, _ := waitingReason(p); return r == "ErrImagePull" })
	_, message := waitingReason(pod)
	assert.Contains(t, message, `nothing was pushed under that tag or digest to repository "cloudinsight/user"`)
	assert.Equal(t, corev1.PodPending, pod.Status.Phase)
	f.eventually(t, namespace, "user", func(p *corev1.Pod) bool { r, _ := waitingReason(p); return r == "ImagePullBackOff" })
	require.Eventually(t, func() bool {
		events, err := f.client.CoreV1().Events(namespace).List(context.Background(), metav1.ListOptions{FieldSelector: "reason=Failed"})
		return err == nil && len(events.Items) > 0 && strings.Contains(events.Items[0].Message, "Failed to pull image")
	}, 10*time.Second, 50*time.Millisecond)

	f.put(t, desired.TypeImage, "user", map[string]any{"repositoryName": "cloudinsight/user", "imageTag": "1.0.0"})
	f.eventually(t, namespace, "user", ready)
}

func TestPodSecurityRefuses(t *testing.T) {
	f := sharedPlane(t)
	namespace := f.namespace(t, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	_, err := f.client.CoreV1().Pods(namespace).Create(context.Background(),
		&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "root"}, Spec: placeholder()}, metav1.CreateOptions{})
	require.True(t, apierrors.IsForbidden(err), "%v", err)
	assert.Contains(t, err.Error(), `violates PodSecurity "restricted:latest"`)
}

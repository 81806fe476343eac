package kubernetes

import (
	"errors"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

func podWith(name string, status corev1.PodStatus) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "cost", Image: "registry/cost:1"}}},
		Status:     status,
	}
}

func waitingFor(reason, message string) corev1.PodStatus {
	return corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
		Name: "cost", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}}}
}

func TestExplainPods(t *testing.T) {
	crash := waitingFor("CrashLoopBackOff", "back-off")
	crash.ContainerStatuses[0].RestartCount = 4
	crash.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error", Message: "no database\n"}
	running := corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
		Name: "cost", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}}
	for name, c := range map[string]struct {
		status corev1.PodStatus
		class  class
		want   string
	}{
		"image": {waitingFor("ImagePullBackOff", "not found"), certain,
			`pod "p": container "cost": ImagePullBackOff: image "registry/cost:1": not found`},
		"image, named": {waitingFor("ErrImagePull", `no such image registry/cost:1`), certain,
			`pod "p": container "cost": ErrImagePull: no such image registry/cost:1`},
		"missing secret": {waitingFor("CreateContainerConfigError", `secret "db" not found`), crashing,
			`pod "p": container "cost": CreateContainerConfigError: secret "db" not found`},
		"crash": {crash, crashing, `pod "p": container "cost": CrashLoopBackOff: ended with exit code 3 (Error): no database, restarted 4 times`},
		"no node": {corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
			Reason: "Unschedulable", Message: "0/3 nodes are available: 3 Insufficient cpu."}}}, unschedulable,
			`pod "p": Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.`},
		"evicted": {corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "low on memory"}, crashing, `pod "p": Evicted: low on memory`},
		"probe":   {running, hint, `pod "p": container "cost": Readiness probe failed: 503`},
	} {
		t.Run(name, func(t *testing.T) {
			warnings := []corev1.Event{
				{Reason: "Unhealthy", Message: "Readiness probe failed: 503", LastTimestamp: metav1.Now(),
					InvolvedObject: corev1.ObjectReference{UID: "p", FieldPath: "spec.containers{cost}"}},
				{Reason: "Unhealthy", Message: "another pod's", LastTimestamp: metav1.Now(),
					InvolvedObject: corev1.ObjectReference{UID: "q", FieldPath: "spec.containers{cost}"}},
			}
			assert.Equal(t, []problem{{c.class, c.want}}, explainPods([]corev1.Pod{podWith("p", c.status)}, warnings))
		})
	}
}

func TestExplainPodsTellsTheSameOnce(t *testing.T) {
	ready := corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
	found := explainPods([]corev1.Pod{
		podWith("a", waitingFor("ErrImagePull", "x")), podWith("b", waitingFor("ErrImagePull", "x")),
		podWith("c", waitingFor("ErrImagePull", "x")), podWith("d", ready),
	}, nil)
	require.Len(t, found, 1)
	assert.Equal(t, `pod "a": container "cost": ErrImagePull: image "registry/cost:1": x (and 2 more pods like it)`, found[0].text)
}

func TestRefusal(t *testing.T) {
	for message, want := range map[string]string{
		`pods "cost-6d-" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2`: "its pods are refused: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2",
		`Error creating: pods "cost-6d-x7" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot`:  `its pods are refused: violates PodSecurity "restricted:latest": runAsNonRoot`,
		`create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: maximum cpu usage`:             "its pods are refused: maximum cpu usage",
		`admission webhook "x" denied the request`:                                                                `its pods are refused: admission webhook "x" denied the request`,
	} {
		assert.Equal(t, want, refusal(message))
	}
	warnings := []corev1.Event{
		{Reason: "FailedCreate", Message: "old", LastTimestamp: metav1.NewTime(time.Unix(1, 0)), InvolvedObject: corev1.ObjectReference{UID: "db"}},
		{Reason: "FailedCreate", Message: "new", LastTimestamp: metav1.NewTime(time.Unix(2, 0)), InvolvedObject: corev1.ObjectReference{UID: "db"}},
	}
	assert.Equal(t, []problem{{refused, "its pods are refused: new"}}, explainOwners(warnings, []types.UID{"db"}))
}

func TestVigil(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	limits := patience{certain: 15 * time.Second, unschedulable: 30 * time.Second, crashing: time.Minute}
	pull := verdict{progress: "0 of 2", problems: []problem{{certain, "pull"}}}

	v := newVigil(limits, start)
	assert.Empty(t, v.overdue(at(0), pull))
	assert.Empty(t, v.overdue(at(5), verdict{progress: "0 of 2"}), "out of sight between two attempts")
	assert.Empty(t, v.overdue(at(9), pull))
	assert.Len(t, v.overdue(at(15), pull), 1)

	v = newVigil(limits, start)
	v.overdue(at(0), pull)
	assert.Empty(t, v.overdue(at(14), verdict{progress: "1 of 2", problems: pull.problems}), "progress starts the patience anew")
	assert.Empty(t, v.overdue(at(23), verdict{progress: "1 of 2", problems: pull.problems}))
	assert.Len(t, v.overdue(at(29), verdict{progress: "1 of 2", problems: pull.problems}), 1)

	v = newVigil(limits, start)
	v.overdue(at(0), pull)
	assert.Empty(t, v.overdue(at(20), pull), "gone for longer than a flicker: it counts from its return")

	v = newVigil(limits, start)
	mixed := verdict{problems: []problem{{unschedulable, "no node"}, {hint, "probe"}, {final, "over"}}}
	assert.Equal(t, []problem{{final, "over"}}, v.overdue(at(0), mixed))
}

func TestProgress(t *testing.T) {
	two := int32(2)
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: 3}, Spec: appsv1.DeploymentSpec{Replicas: &two}}
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: 2, UpdatedReplicas: 2, AvailableReplicas: 2, Replicas: 2}
	assert.False(t, deploymentProgress(d).ready, "the status is about an older generation")
	d.Status.ObservedGeneration = 3
	assert.True(t, deploymentProgress(d).ready)
	d.Status.Replicas = 3
	assert.Equal(t, "[2/2] waiting for 1 old replica to go", deploymentProgress(d).progress)
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: 3, UpdatedReplicas: 1, AvailableReplicas: 2, Replicas: 3,
		Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: "ProgressDeadlineExceeded", Message: "too slow"}}}
	seen := deploymentProgress(d)
	assert.Equal(t, "1 of 2 replicas available", seen.fact())
	assert.Equal(t, []problem{{certain, "too slow"}}, seen.problems)

	partition := int32(1)
	s := &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: &two}, Status: appsv1.StatefulSetStatus{ReadyReplicas: 2, UpdatedReplicas: 1}}
	assert.False(t, statefulSetProgress(s).ready)
	s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: &partition}
	assert.True(t, statefulSetProgress(s).ready)

	ds := &appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, UpdatedNumberScheduled: 3, NumberAvailable: 2}}
	assert.Equal(t, "2 of 3 pods available", daemonSetProgress(ds).fact())

	j := &batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded", Message: "limit"}}}}
	assert.Equal(t, []problem{{final, "BackoffLimitExceeded: limit"}}, jobProgress(j).problems)
}

func TestWaitFor(t *testing.T) {
	live := &unstructured.Unstructured{Object: map[string]any{"status": map[string]any{"phase": "Running", "conditions": []any{
		map[string]any{"type": "Ready", "status": "False", "reason": "Syncing", "message": "on its way"}}}}}
	for text, ready := range map[string]bool{
		"condition=Ready": false, "condition=Ready=False": true, "jsonpath={.status.phase}=Running": true,
		"jsonpath={.status.phase}": true, "jsonpath={.status.nothing}": false,
		`["jsonpath={.status.phase}=Running","condition=Ready"]`: false,
	} {
		look, err := waitFor(text)
		require.NoError(t, err, text)
		seen, err := look(t.Context(), nil, live)
		require.NoError(t, err, text)
		assert.Equal(t, ready, seen.ready, text)
	}
	_, err := waitFor("ready")
	assert.ErrorContains(t, err, annotationWaitFor)
}

func TestDescribe(t *testing.T) {
	o := object{gvk: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, namespace: "dev", name: "cost"}
	conflict := apierrors.NewApplyConflict([]metav1.StatusCause{{
		Type: metav1.CauseTypeFieldManagerConflict, Field: ".spec.replicas", Message: `conflict with "kubectl-edit" using apps/v1`}}, "conflict")
	assert.Equal(t, `deployment "dev/cost": .spec.replicas is owned by "kubectl-edit" using apps/v1: leave the field to its owner, `+
		`or take it with the annotation pulumi.com/patchForce: "true"`, describeText(o, conflict))

	secret := resource.PropertyMap{"spec": resource.MakeSecret(resource.NewStringProperty("hunter2"))}
	err := describe(request{object: o, inputs: secret}, errors.New(`invalid value "hunter2"`))
	assert.EqualError(t, err, `deployment "dev/cost": invalid value "[secret]"`)
}

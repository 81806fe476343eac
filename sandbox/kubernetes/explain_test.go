package kubernetes

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var restricted = map[string]any{"pod-security.kubernetes.io/enforce": "restricted"}

func TestPodSecurityRefusal(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("strict", restricted)
	web := deployment("strict", "web", 2, nil)
	require.NoError(t, s.preview("web", web))
	assert.Contains(t, s.log(), `would violate PodSecurity "restricted:latest": `, "the server's own warning, at preview")

	start := time.Now()
	err := s.up("web", web)
	require.ErrorContains(t, err, `deployment "strict/web": 0 of 2 replicas available: its pods are refused: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false`)
	assert.Less(t, time.Since(start), 15*time.Second)

	// A Service in front of it says the same instead of waiting for endpoints that cannot come.
	require.ErrorContains(t, s.up("web", service("strict", "web")), `violates PodSecurity "restricted:latest"`)
	// A StatefulSet has no condition for it: the events tell.
	set := manifest("apps/v1", "StatefulSet", "strict", "db", map[string]any{"spec": map[string]any{"serviceName": "db",
		"selector": web["spec"].(map[string]any)["selector"], "template": web["spec"].(map[string]any)["template"]}})
	require.ErrorContains(t, s.up("db", set), `statefulset "strict/db": 0 of 1 replica available: its pods are refused: violates PodSecurity`)

	for _, m := range []map[string]any{set, service("strict", "web"), web} {
		name := m["metadata"].(map[string]any)["name"].(string)
		require.NoError(t, s.down(name, m))
	}
}

// Not parallel, so that it comes before the tests that bring definitions: the quota controller counts nothing new while it
// learns new kinds.
func TestQuotaRefusalAndRecovery(t *testing.T) {
	s := newStack(t, nil)
	s.namespace("small", nil)
	quota := manifest("v1", "ResourceQuota", "small", "pods", map[string]any{"spec": map[string]any{"hard": map[string]any{"pods": "1"}}})
	require.NoError(t, s.up("quota", quota))
	web := deployment("small", "web", 2, nil)
	err := s.up("web", web)
	require.ErrorContains(t, err, `deployment "small/web": 1 of 2 replicas available: its pods are refused: exceeded quota: pods, requested: pods=1, used: pods=1, limited: pods=1`)

	quota["spec"] = map[string]any{"hard": map[string]any{"pods": "4"}}
	require.NoError(t, s.up("quota", quota))
	// The controller's old message is still there; a run after the fix must not fall for it.
	web["metadata"].(map[string]any)["labels"] = map[string]any{"again": "1"}
	require.NoError(t, s.up("web", web))
	require.NoError(t, s.down("web", web))
}

func TestLimitRangeRefusal(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("limits", nil)
	require.NoError(t, s.up("lr", manifest("v1", "LimitRange", "limits", "lr", map[string]any{"spec": map[string]any{
		"limits": []any{map[string]any{"type": "Container", "max": map[string]any{"cpu": "5m"}, "default": map[string]any{"cpu": "5m"}}}}})))
	web := deployment("limits", "web", 1, func(c map[string]any) {
		c["resources"] = map[string]any{"limits": map[string]any{"cpu": "1"}, "requests": map[string]any{"cpu": "10m"}}
	})
	require.ErrorContains(t, s.up("web", web), "its pods are refused: maximum cpu usage per Container is 5m")
	require.NoError(t, s.down("web", web))
}

func TestUnschedulable(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("big", nil)
	web := deployment("big", "web", 1, func(c map[string]any) {
		c["resources"] = map[string]any{"requests": map[string]any{"cpu": "100"}}
	})
	err := s.up("web", web)
	require.ErrorContains(t, err, `deployment "big/web": 0 of 1 replica available: pod "web-`)
	require.ErrorContains(t, err, "Insufficient cpu")
	require.NoError(t, s.down("web", web))
}

func TestImageThatCannotBePulled(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("pull", nil)
	web := deployment("pull", "web", 2, func(c map[string]any) { c["image"] = missingImage })
	err := s.up("web", web)
	require.ErrorContains(t, err, `deployment "pull/web": 0 of 2 replicas available: pod "web-`)
	require.ErrorContains(t, err, `container "main": `)
	require.ErrorContains(t, err, missingImage)
	require.ErrorContains(t, s.up("web", service("pull", "web")), `service "pull/web": waiting for a ready endpoint`)
	require.NoError(t, s.down("web", service("pull", "web")))

	// The object is in the state, so the repaired program updates it.
	web = deployment("pull", "web", 2, nil)
	require.NoError(t, s.up("web", web))
	require.NoError(t, s.down("web", web))
}

func TestInvalidObjectIsRefusedAtPreview(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("invalid", nil)
	for name, c := range map[string]struct {
		want   string
		change func(map[string]any)
	}{
		"unknown field": {"imagePullPolice", func(c map[string]any) { c["imagePullPolice"] = "Always" }},
		"wrong type":    {"containerPort", func(c map[string]any) { c["ports"] = []any{map[string]any{"containerPort": "eighty"}} }},
		"bad value":     {"imagePullPolicy: Unsupported value", func(c map[string]any) { c["imagePullPolicy"] = "Sometimes" }},
	} {
		t.Run(name, func(t *testing.T) {
			m := deployment("invalid", "web", 1, c.change)
			err := s.preview("web", m)
			require.ErrorContains(t, err, `deployment "invalid/web": `)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, s.up("web", m), c.want)
		})
	}
	require.NoError(t, s.preview("later", deployment("not-there-yet", "web", 1, nil)), "the namespace may come in the same run")
	require.ErrorContains(t, s.up("later", deployment("not-there-yet", "web", 1, nil)), `namespace "not-there-yet" does not exist`)
}

func TestServiceWithoutPods(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("empty", nil)
	m := service("empty", "web")
	m["metadata"].(map[string]any)["annotations"] = map[string]any{annotationTimeout: "2"}
	require.ErrorContains(t, s.up("web", m), "the selector app=web matches: there is none")
	require.NoError(t, s.down("web", m))
	for name, spec := range map[string]map[string]any{
		"headless": {"clusterIP": "None", "selector": map[string]any{"app": "x"}, "ports": []any{map[string]any{"port": 80}}},
		"external": {"type": "ExternalName", "externalName": "example.com"},
		"bare":     {"ports": []any{map[string]any{"port": 80}}},
	} {
		m := manifest("v1", "Service", "empty", name, map[string]any{"spec": spec})
		require.NoError(t, s.up(name, m), name)
		require.NoError(t, s.down(name, m), name)
	}
	idle := deployment("empty", "idle", 0, nil)
	require.NoError(t, s.up("idle", idle))
	require.NoError(t, s.up("idle", service("empty", "idle")), "a workload scaled to zero has no endpoints on purpose")
}

func TestClaimThatWaitsForItsPod(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("claims", nil)
	class := manifest("storage.k8s.io/v1", "StorageClass", "", "late", map[string]any{"provisioner": "ebs.csi.aws.com", "volumeBindingMode": "WaitForFirstConsumer"})
	require.NoError(t, s.up("late", class))
	claim := manifest("v1", "PersistentVolumeClaim", "claims", "data", map[string]any{"spec": map[string]any{
		"accessModes": []any{"ReadWriteOnce"}, "storageClassName": "late", "resources": map[string]any{"requests": map[string]any{"storage": "1024Mi"}}}})
	require.NoError(t, s.up("data", claim))
	changed, _ := s.refresh("data", claim)
	assert.Empty(t, changed)
	require.NoError(t, s.down("data", claim))
	require.NoError(t, s.down("late", class))
}

func TestCancelEndsAWait(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	s.namespace("cancel", nil)
	s.p.patience.unschedulable = time.Minute
	go func() {
		for !strings.Contains(s.log(), "1 updated, 0 available") && t.Context().Err() == nil {
			time.Sleep(50 * time.Millisecond)
		}
		_ = s.p.SignalCancellation(t.Context())
	}()
	web := deployment("cancel", "web", 1, func(c map[string]any) {
		c["resources"] = map[string]any{"requests": map[string]any{"cpu": "100"}}
	})
	err := s.up("web", web)
	fresh := newStack(t, nil)
	s.p = fresh.p // the next run, for what is still to be deleted
	require.ErrorContains(t, err, `deployment "cancel/web": canceled: 0 of 1 replica available`)
	require.NoError(t, s.down("web", web))
}

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/engine"
)

// world is a sandbox of its own with copies of the real stack files, on the programs that make tools has built.
type world struct {
	*engine.Engine
	t     *testing.T
	shown *lockedBuffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the real engine and control plane")
	}
	t.Parallel() // each world is mostly waiting
	checkout, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	for _, name := range []string{"Pulumi.yaml", "Pulumi.shared.yaml", "Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"} {
		text, err := os.ReadFile(filepath.Join(checkout, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	bin := filepath.Join(checkout, ".sandbox", "bin")
	program := filepath.Join(bin, "cloudinsight")
	require.FileExists(t, program, "run make tools first")
	w := &world{t: t, shown: &lockedBuffer{}}
	w.Engine, err = engine.New(engine.Options{
		ProjectDir: dir, SourceDir: checkout, Bin: bin, Program: program, Owner: os.Getpid(), Out: w.shown,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := w.Stop(ctx)
		assert.NoError(t, err)
		if t.Failed() {
			t.Log(w.shown.String())
		}
	})
	return w
}

// lockedBuffer takes the progress of runs side by side.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// set changes keys of one area in an environment's stack file; the file as it was comes back with the returned function.
func (w *world) set(env, area string, change map[string]any) (restore func()) {
	w.t.Helper()
	path := filepath.Join(w.ProjectDir, "Pulumi."+env+".yaml")
	was, err := os.ReadFile(path)
	require.NoError(w.t, err)
	var file struct {
		Config map[string]any `json:"config"`
	}
	require.NoError(w.t, yaml.Unmarshal(was, &file))
	object, _ := file.Config["cloudinsight:"+area].(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	for k, v := range change {
		object[k] = v
	}
	file.Config["cloudinsight:"+area] = object
	text, err := yaml.Marshal(file)
	require.NoError(w.t, err)
	require.NoError(w.t, os.WriteFile(path, text, 0o644))
	return func() { require.NoError(w.t, os.WriteFile(path, was, 0o644)) }
}

func (w *world) up(env string) engine.Result {
	w.t.Helper()
	result, err := w.Up(context.Background(), env)
	require.NoError(w.t, err)
	return result
}

// down removes an environment on purpose, with what holds its data.
func (w *world) down(env string) engine.Result {
	w.t.Helper()
	defer w.set(env, "protection", map[string]any{"locked": false})()
	result, err := w.Down(context.Background(), env)
	require.NoError(w.t, err)
	return result
}

// noChange is what a run after a good one has to find.
func (w *world) noChange(env string) {
	w.t.Helper()
	again := w.up(env)
	assert.Zero(w.t, again.Changed(), "a second up changes nothing, got %v", again.Changes)
}

// client enters the cluster as the control plane's own administrator.
func (w *world) client(env string) kubernetes.Interface {
	w.t.Helper()
	plane, err := w.Planes().Open("cloudinsight-" + env)
	require.NoError(w.t, err)
	client, err := kubernetes.NewForConfig(plane.AdminConfig())
	require.NoError(w.t, err)
	return client
}

// empty asserts that nothing is left of an environment: no resource in the account, no process, no state.
func (w *world) empty(env string) {
	w.t.Helper()
	require.NoError(w.t, w.Account().View(func(s *account.State) error {
		assert.Empty(w.t, s.OfStack(env))
		return nil
	}))
	_, err := w.Planes().Open("cloudinsight-" + env)
	assert.Error(w.t, err, "the control plane is gone")
}

const services = 7

func TestEnvironment_Life(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.up("shared")
	before := map[string]bool{}
	require.NoError(t, w.Account().View(func(s *account.State) error {
		for _, r := range s.Resources {
			before[r.Type+" "+r.ID] = true
		}
		return nil
	}))
	first := w.up("dev")
	assert.Greater(t, first.Changes["create"], 100)
	c := first.Report.Clusters[0]
	require.Len(t, c.Nodes, 1)
	assert.Equal(t, engine.Node{
		Name: c.Nodes[0].Name, Type: "t3.medium", Zone: c.Nodes[0].Zone, Group: "workload", Capacity: "SPOT", Ready: true,
	}, c.Nodes[0])
	assert.Contains(t, []string{"af-south-1a", "af-south-1b"}, c.Nodes[0].Zone)
	require.Len(t, c.Workloads, services)
	for _, workload := range c.Workloads {
		assert.Equal(t, int32(1), workload.Ready, workload.Name)
	}
	assert.Len(t, first.Report.Outputs["placeholders"], services+1, "what runs no image of its own is said, the job of the topics with it")
	assert.Empty(t, c.Waiting)

	require.NoError(t, w.Account().View(func(s *account.State) error {
		roles := 0
		for _, r := range s.OfStack("dev") {
			if r.Type == "aws:iam/role:Role" {
				roles++
				assert.Contains(t, r.String("permissionsBoundary"), ":policy/cloudinsight-boundary", "%s, of %s", r.ID, r.URN)
			}
		}
		assert.Greater(t, roles, services, "those of remote components among them")
		return nil
	}))

	w.noChange("dev")
	refreshed, err := w.Refresh(ctx, "dev")
	require.NoError(t, err)
	assert.Zero(t, refreshed.Changed(), "nothing drifted by itself: %v", refreshed.Changes)

	t.Run("a field that somebody else has taken is not taken back in silence", func(t *testing.T) {
		deployments := w.client("dev").AppsV1().Deployments("cloudinsight-dev")
		_, err := deployments.Patch(ctx, "metric", types.StrategicMergePatchType,
			[]byte(`{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":77}}}}`), metav1.PatchOptions{FieldManager: "kubectl-edit"})
		require.NoError(t, err)
		drifted, err := w.Refresh(ctx, "dev")
		require.NoError(t, err)
		assert.Equal(t, 1, drifted.Changes["update"], "%v", drifted.Changes)
		_, err = w.Up(ctx, "dev")
		for _, want := range []string{"cloudinsight-dev/metric", "terminationGracePeriodSeconds", "kubectl-edit"} {
			assert.ErrorContains(t, err, want)
		}
		require.NoError(t, deployments.Delete(ctx, "metric", metav1.DeleteOptions{}))
	})

	t.Run("drift in the account and in the cluster is found and mended", func(t *testing.T) {
		const logs = "/aws/eks/cloudinsight-dev/cluster"
		require.NoError(t, w.Account().Update(func(s *account.State) error {
			s.Get("aws:cloudwatch/logGroup:LogGroup", logs).Props["retentionInDays"] = 3653.0
			return nil
		}))
		client := w.client("dev")
		require.NoError(t, client.CoreV1().Services("cloudinsight-dev").Delete(ctx, "user", metav1.DeleteOptions{}))
		drifted, err := w.Refresh(ctx, "dev")
		require.NoError(t, err)
		assert.Equal(t, 1, drifted.Changes["update"], "%v", drifted.Changes)
		assert.Equal(t, 2, drifted.Changes["delete"], "%v", drifted.Changes)
		mended := w.up("dev")
		assert.Equal(t, 3, mended.Changed(), "%v", mended.Changes)
		w.noChange("dev")
		require.NoError(t, w.Account().View(func(s *account.State) error {
			assert.Equal(t, 7.0, s.Get("aws:cloudwatch/logGroup:LogGroup", logs).Props["retentionInDays"])
			return nil
		}))
	})

	t.Run("scaling the node group scales the nodes, and up does not scale it back", func(t *testing.T) {
		require.NoError(t, w.Account().Update(func(s *account.State) error {
			group := s.Get("aws:eks/nodeGroup:NodeGroup", "cloudinsight-dev:workload")
			group.Props["scalingConfig"].(map[string]any)["desiredSize"] = 2.0
			return nil
		}))
		require.NoError(t, w.Planes().WaitNodes(ctx, "cloudinsight-dev", "workload", 2))
		nodes, err := w.client("dev").CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		require.NoError(t, err)
		zones := map[string]bool{}
		for _, n := range nodes.Items {
			zones[n.Labels[corev1.LabelTopologyZone]] = true
		}
		assert.Len(t, zones, 2, "two nodes are in two zones")
		_, err = w.Refresh(ctx, "dev")
		require.NoError(t, err)
		w.noChange("dev")
	})

	t.Run("down leaves nothing", func(t *testing.T) {
		w.down("dev")
		w.empty("dev")
		require.NoError(t, w.Account().View(func(s *account.State) error {
			for _, r := range s.Resources {
				assert.True(t, r.Kept != "" || before[r.Type+" "+r.ID], "nor has AWS left anything of its own: %s %s", r.Type, r.ID)
			}
			return nil
		}))
	})
}

// What the control plane finds out is reported by the object's name and with the reason.
func TestEnvironment_ReportsWhatTheControlPlaneRefuses(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	up := w.up("staging")
	for _, workload := range up.Report.Clusters[0].Workloads {
		assert.Equal(t, int32(2), workload.Ready, "%s: up ends when the autoscaler's minimum is ready", workload.Name)
	}
	for name, c := range map[string]struct {
		apps map[string]any
		want []string
	}{
		"a quota too small": {
			map[string]any{"quota": map[string]any{"cpu": "100m", "memory": "300Mi"}, "logLevel": "WARN"},
			[]string{"exceeded quota", "cloudinsight-staging"},
		},
		"pods that fit no node": {
			map[string]any{"services": map[string]any{"cost": map[string]any{"cpu": "7", "memory": "64Gi"}}, "qos": "guaranteed"},
			[]string{"cost", "Insufficient"},
		},
		"an image that no registry has": {
			map[string]any{"images": map[string]any{"cost": "9.9.9"}},
			[]string{"cost", "cloudinsight/cost:9.9.9", "ImagePull"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer w.set("staging", "apps", c.apps)()
			_, err := w.Up(ctx, "staging")
			require.Error(t, err)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
	w.up("staging")
	w.noChange("staging")
	t.Run("a pod that violates restricted", func(t *testing.T) {
		root := int64(0)
		_, err := w.client("staging").CoreV1().Pods("cloudinsight-staging").Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "root"},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "root", Image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0", SecurityContext: &corev1.SecurityContext{RunAsUser: &root},
			}}},
		}, metav1.CreateOptions{})
		assert.ErrorContains(t, err, `violates PodSecurity "restricted`)
	})
	w.down("staging")
	w.empty("staging")
}

// A configuration that is wrong is refused whole, and nothing is made.
func TestEnvironment_RefusesAWrongConfigurationBeforeAnythingIsMade(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.set("prod", "cluster", map[string]any{"publicAccessCidrs": []any{"0.0.0.0/0"}, "versions": "1.36"})
	w.set("prod", "network", map[string]any{"zones": []any{"af-south-1a"}})
	_, err := w.Up(ctx, "prod")
	require.Error(t, err)
	for _, want := range []string{"cluster.publicAccessCidrs", "cluster.versions", "network.zones"} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "goroutine", "no stack trace of the program")
	w.empty("prod")
}

// Two environments at once share the account and the machine, and nothing else.
func TestEnvironment_TwoSideBySide(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.up("shared")
	both := []string{"dev", "staging"}
	var wg sync.WaitGroup
	errs := make([]error, len(both))
	for i, env := range both {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, errs[i] = w.Up(ctx, env)
		}()
	}
	wg.Wait()
	for i, env := range both {
		require.NoError(t, errs[i], env)
		w.noChange(env)
	}
	before := w.names("staging")
	w.down("dev")
	assert.Equal(t, before, w.names("staging"), "the neighbor stays as it was")
	w.noChange("staging")
}

// names are what the account has of an environment.
func (w *world) names(env string) []string {
	var all []string
	require.NoError(w.t, w.Account().View(func(s *account.State) error {
		for _, r := range s.OfStack(env) {
			all = append(all, r.Type+" "+r.ID)
		}
		return nil
	}))
	return all
}

// An engine that is killed leaves a state behind from which the next run goes on: nothing is lost and nothing made twice.
func TestEnvironment_SurvivesAKilledEngine(t *testing.T) {
	w := newWorld(t)
	w.up("shared")
	for _, moment := range []string{"aws:ec2:Vpc", "eks:Cluster", "aws:eks:NodeGroup", "kubernetes:apps/v1:Deployment"} {
		w.killWhenShown(t, "dev", moment)
	}
	w.up("dev")
	w.noChange("dev")
	made := map[string]int{}
	require.NoError(t, w.Account().View(func(s *account.State) error {
		for _, r := range s.OfStack("dev") {
			if r.URN != "" {
				made[r.URN]++
			}
		}
		return nil
	}))
	for urn, count := range made {
		assert.Equal(t, 1, count, "%s was made %d times", urn, count)
	}
	w.down("dev")
	w.empty("dev")
}

// killWhenShown kills the engine as soon as its progress shows the text.
func (w *world) killWhenShown(t *testing.T, env, text string) {
	t.Helper()
	start := len(w.shown.String())
	over := make(chan error, 1)
	go func() {
		_, err := w.Up(context.Background(), env)
		over <- err
	}()
	deadline := time.After(3 * time.Minute)
	for {
		select {
		case err := <-over:
			t.Fatalf("up ended before %q was shown: %v", text, err)
		case <-deadline:
			t.Fatalf("%q was never shown", text)
		case <-time.After(20 * time.Millisecond):
		}
		if strings.Contains(w.shown.String()[start:], text) {
			break
		}
	}
	require.NotZero(t, killEngines(t, filepath.Join(w.Root, "projects", env)), "an engine to kill")
	assert.Error(t, <-over)
}

// killEngines kills the pulumi processes that work in a folder and returns how many there were.
func killEngines(t *testing.T, dir string) int {
	t.Helper()
	killed := 0
	procs, err := os.ReadDir("/proc")
	require.NoError(t, err)
	for _, p := range procs {
		cwd, err := os.Readlink(filepath.Join("/proc", p.Name(), "cwd"))
		if err != nil || cwd != dir {
			continue
		}
		exe, err := os.Readlink(filepath.Join("/proc", p.Name(), "exe"))
		if err != nil || filepath.Base(exe) != "pulumi" {
			continue
		}
		if kill(p.Name()) {
			killed++
		}
	}
	return killed
}

// kill ends a process without giving it a chance to say goodbye.
func kill(pid string) bool {
	n, err := strconv.Atoi(pid)
	return err == nil && syscall.Kill(n, syscall.SIGKILL) == nil
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// running returns the supervisor and its five children, all of which run.
func running(t *testing.T, dir string) record {
	t.Helper()
	r, err := readRecord(dir)
	require.NoError(t, err)
	require.Len(t, r.Children, len(programNames))
	require.Len(t, r.left(), len(programNames)+1)
	return r
}

func gone(r record) func() bool { return func() bool { return len(r.left()) == 0 } }

func TestStopAndStartKeepAddressAndContent(t *testing.T) {
	f := newPlane(t)
	ctx := testContext(t, 2*time.Minute)
	endpoint := f.plane.Endpoint()
	first := running(t, f.plane.Dir())

	require.NoError(t, f.plane.Start(ctx), "starting a running cluster does nothing")
	assert.Equal(t, first.PID, running(t, f.plane.Dir()).PID)
	_, err := Create(ctx, testOptions(t, filepath.Dir(f.plane.Dir())))
	require.ErrorIs(t, err, ErrExists)

	require.ErrorIs(t, Supervise(ctx, f.plane.Dir()), ErrSupervised, "one supervisor per cluster")
	dirs, err := List(filepath.Dir(f.plane.Dir()))
	require.NoError(t, err)
	assert.Equal(t, []string{f.plane.Dir()}, dirs)

	note := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "note"}, Data: map[string]string{"kept": "yes"}}
	_, err = f.client.CoreV1().ConfigMaps("default").Create(ctx, note, metav1.CreateOptions{})
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, f.plane.Stop(ctx))
	t.Logf("stopped in %s", time.Since(began).Round(10*time.Millisecond))
	assert.Empty(t, first.left(), "a process is left after Stop")
	assert.False(t, f.plane.Running())
	require.NoError(t, f.plane.Stop(ctx), "stopping a stopped cluster does nothing")

	again, err := Open(f.plane.Dir(), nil)
	require.NoError(t, err)
	began = time.Now()
	require.NoError(t, again.Start(ctx))
	t.Logf("started again in %s", time.Since(began).Round(10*time.Millisecond))
	assert.Equal(t, endpoint, again.Endpoint())
	got, err := f.client.CoreV1().ConfigMaps("default").Get(ctx, "note", metav1.GetOptions{})
	require.NoError(t, err, "the old client still reaches the cluster")
	assert.Equal(t, "yes", got.Data["kept"])
}

// errgroup collects the errors of functions that run at once.
type errgroup struct {
	all  sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func (g *errgroup) Go(f func() error) {
	g.all.Go(func() {
		err := f()
		g.mu.Lock()
		defer g.mu.Unlock()
		g.errs = append(g.errs, err)
	})
}

func (g *errgroup) Wait() error {
	g.all.Wait()
	return errors.Join(g.errs...)
}

func TestNothingOutlivesItsSupervisor(t *testing.T) {
	f := newPlane(t)
	ctx := testContext(t, 2*time.Minute)

	t.Run("killed supervisor", func(t *testing.T) {
		r := running(t, f.plane.Dir())
		require.NoError(t, syscall.Kill(r.PID, syscall.SIGKILL))
		require.Eventually(t, gone(r), 5*time.Second, 10*time.Millisecond, "children outlived a killed supervisor")
		assert.False(t, f.plane.Running())
	})
	t.Run("starts at once after that", func(t *testing.T) {
		var starts errgroup
		for range 3 {
			starts.Go(func() error { return f.plane.Start(ctx) })
		}
		require.NoError(t, starts.Wait(), "all of them find the one cluster")
	})
	t.Run("killed child comes back", func(t *testing.T) {
		r := running(t, f.plane.Dir())
		require.NoError(t, syscall.Kill(r.Children[programScheduler].PID, syscall.SIGKILL))
		require.Eventually(t, func() bool {
			now, err := readRecord(f.plane.Dir())
			return err == nil && now.Children[programScheduler] != r.Children[programScheduler] && len(now.left()) == len(programNames)+1
		}, 10*time.Second, 20*time.Millisecond)
		assert.True(t, f.plane.Running())
	})
	t.Run("removed directory", func(t *testing.T) {
		r := running(t, f.plane.Dir())
		require.NoError(t, os.RemoveAll(f.plane.Dir()))
		require.Eventually(t, gone(r), 15*time.Second, 20*time.Millisecond, "processes outlived their directory")
		back, err := filepath.Glob(filepath.Join(f.plane.Dir(), "*", "*"))
		require.NoError(t, err)
		assert.Empty(t, back, "the directory came back")
	})
}

func TestClusterEndsWithItsOwner(t *testing.T) {
	owner := exec.Command("sleep", "600")
	require.NoError(t, owner.Start())
	t.Cleanup(func() { _ = owner.Process.Kill(); _ = owner.Wait() })
	options := testOptions(t, t.TempDir())
	options.OwnerPID = owner.Process.Pid
	f := makeFixture(t, options)
	t.Cleanup(func() { require.NoError(t, f.plane.Delete(context.Background())) })
	r := running(t, f.plane.Dir())
	require.NoError(t, owner.Process.Kill())
	require.Eventually(t, gone(r), 15*time.Second, 20*time.Millisecond)
}

func TestStartRefusesATakenPort(t *testing.T) {
	f := newPlane(t)
	ctx := testContext(t, 2*time.Minute)
	require.NoError(t, f.plane.Stop(ctx))
	listener, err := net.Listen("tcp", f.plane.Endpoint()[len("https://"):])
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	err = f.plane.Start(ctx)
	require.ErrorIs(t, err, ErrPortTaken)
	assert.Contains(t, err.Error(), fmt.Sprint(listener.Addr().(*net.TCPAddr).Port))
}

func TestCreateRefuses(t *testing.T) {
	_, err := Create(context.Background(), Options{BinDir: t.TempDir(), ServiceCIDR: "10.0.0.0/30", OIDCIssuer: "http://x"})
	for _, want := range []string{
		"Dir: must be set", "Name: must be set", "Supervisor: must be set", `ServiceCIDR: must be an IPv4 range of at least 256 addresses, got "10.0.0.0/30"`,
		`OIDCIssuer: must be an https URL, got "http://x"`, "program kube-apiserver: not in",
	} {
		assert.ErrorContains(t, err, want)
	}

	dir := t.TempDir()
	options := testOptions(t, dir)
	options.Version = "1.35"
	_, err = Create(testContext(t, time.Minute), options)
	require.ErrorContains(t, err, "want Kubernetes 1.35")
	_, err = os.Stat(options.Dir)
	assert.True(t, os.IsNotExist(err), "a failed Create leaves nothing")
}

func TestSupervisorReportsWhyItGaveUp(t *testing.T) {
	f := newPlane(t)
	ctx := testContext(t, 2*time.Minute)
	require.NoError(t, f.plane.Stop(ctx))
	require.NoError(t, os.WriteFile(pki(f.plane.Dir(), "service-accounts.pub"), []byte("damaged"), 0o600))
	err := f.plane.Start(ctx)
	require.ErrorContains(t, err, "kube-apiserver ended 5 times")
	assert.False(t, f.plane.Running())
}

func TestStalePIDsAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	bystander := record{process: process{PID: os.Getpid(), Start: "1"}}
	require.NoError(t, bystander.write(dir))
	assert.Empty(t, bystander.left(), "same number, another start: another process")
	require.NoError(t, stop(testContext(t, time.Second), dir)) // would end this test's process
}

package engine

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func lockFile(t *testing.T, pid int, host string) string {
	t.Helper()
	content, err := json.Marshal(backendLock{PID: pid, Hostname: host})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "lock.json")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func TestHolderOfALock(t *testing.T) {
	here, err := os.Hostname()
	require.NoError(t, err)
	dir := t.TempDir()
	shell, err := exec.LookPath("sleep")
	require.NoError(t, err)
	engine := filepath.Join(dir, "pulumi")
	content, err := os.ReadFile(shell)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(engine, content, 0o755))

	// A living engine holds it, until it is dead.
	cmd := exec.Command(engine, "60")
	require.NoError(t, cmd.Start())
	lock := lockFile(t, cmd.Process.Pid, here)
	pid, err := holder(lock)
	require.NoError(t, err)
	assert.Equal(t, cmd.Process.Pid, pid)
	require.NoError(t, cmd.Process.Kill())
	require.Eventually(t, func() bool { // as a zombie first: nobody has waited for it
		pid, err := holder(lock)
		return err == nil && pid == 0
	}, 5e9, 1e7)
	_ = cmd.Wait()
	pid, err = holder(lock)
	require.NoError(t, err)
	assert.Zero(t, pid)

	_, err = holder(lockFile(t, 1, "elsewhere"))
	assert.ErrorContains(t, err, `locked by process 1 of "elsewhere"`)

	pid, err = holder(filepath.Join(dir, "gone.json"))
	require.NoError(t, err)
	assert.Zero(t, pid)
}

// A process number that was given out again is not the engine.
func TestAnotherProgramIsNoEngine(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("the program of a process can't be told here")
	}
	assert.False(t, engineLives(os.Getpid()))
}

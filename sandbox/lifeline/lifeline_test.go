package lifeline

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test's own program is the plugin: TestMain plays the part that the variable names.
const part = "LIFELINE_TEST_PART"

func TestMain(m *testing.M) {
	switch os.Getenv(part) {
	case "plugin":
		if err := Hold(); err != nil {
			panic(err)
		}
		fmt.Println("ready")
		select {}
	case "wrapper":
		code, err := Run("/bin/sh", "-c", "echo $$; exec sleep 60")
		if err != nil {
			panic(err)
		}
		os.Exit(code)
	case "failing":
		code, err := Run("/bin/sh", "-c", "exit 7")
		if err != nil {
			panic(err)
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// start runs a part; the returned pipe is what an engine holds.
func start(t *testing.T, name, lock string) (cmd *exec.Cmd, engine io.Closer, firstLine string) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd = exec.Command(exe)
	cmd.Env = append(os.Environ(), part+"="+name, File+"="+lock)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	firstLine, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return cmd, in, strings.TrimSpace(firstLine)
}

func free(t *testing.T, lock string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return Wait(ctx, lock)
}

func TestPluginEndsWithItsEngine(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "line")
	cmd, engine, _ := start(t, "plugin", lock)
	require.Error(t, free(t, lock, 300*time.Millisecond), "a living plugin holds the line")
	require.NoError(t, engine.Close())
	require.NoError(t, free(t, lock, 10*time.Second))
	assert.Error(t, cmd.Wait(), "it was not asked to end")
}

func TestInterruptedPluginEndsAtOnce(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "line")
	cmd, _, _ := start(t, "plugin", lock)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.NoError(t, free(t, lock, 10*time.Second))
	assert.Error(t, cmd.Wait())
}

func TestWrappedProgramEndsWithTheEngine(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "line")
	cmd, engine, line := start(t, "wrapper", lock)
	pid, err := strconv.Atoi(line)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, 0))
	require.NoError(t, engine.Close())
	require.NoError(t, free(t, lock, 10*time.Second))
	assert.Error(t, cmd.Wait())
	assert.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
}

// A wrapper that is killed does not free the line while its program lives; on Linux the program is killed with it.
func TestLineOutlivesAKilledWrapper(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "line")
	cmd, _, line := start(t, "wrapper", lock)
	pid, err := strconv.Atoi(line)
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	if runtime.GOOS != "linux" {
		require.Error(t, free(t, lock, 300*time.Millisecond))
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	require.NoError(t, free(t, lock, 10*time.Second))
}

func TestRunReturnsTheExitCode(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), part+"=failing")
	_, err = cmd.StdinPipe()
	require.NoError(t, err)
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &exit)
	assert.Equal(t, 7, exit.ExitCode())
}

// Package lifeline ties a process to the engine that started it.
//
// The engine keeps the other end of a plugin's standard input open for as long as it lives, so the end of that input is
// the end of the engine, even one killed with SIGKILL. A held line also locks a file of the environment: whoever wants to
// repair what a killed engine left can wait until nobody writes any more.
package lifeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/cloudinsight/platform/sandbox/filelock"
)

// File is the environment variable that names the lock file. Without it only the standard input is watched.
const File = "SANDBOX_LIFELINE"

// Hold takes the line: the process exits as soon as the engine is gone.
func Hold() error {
	held, err := lockShared()
	if err != nil {
		return err
	}
	// The engine interrupts a plugin when it is done with it, and waits seconds for one that does not end.
	signal.Reset(syscall.SIGINT, syscall.SIGTERM)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = held.Close()
		os.Exit(1)
	}()
	return nil
}

// Run runs a program that knows nothing of lines: it is killed when the engine is gone. The program's exit code is
// returned; the error is for a program that could not be started.
func Run(name string, args ...string) (int, error) {
	held, err := lockShared()
	if err != nil {
		return 0, err
	}
	defer held.Close()
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if held != nil {
		// The program inherits the lock: a killed wrapper does not free it while its program still works.
		cmd.ExtraFiles = []*os.File{held}
	}
	cmd.SysProcAttr = dieWithParent()
	// The engine interrupts the whole process group; the program decides when it is done.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("lifeline: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = cmd.Process.Kill()
	}()
	if err := cmd.Wait(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return max(exit.ExitCode(), 1), nil
		}
		return 0, fmt.Errorf("lifeline: %w", err)
	}
	return 0, nil
}

// Wait returns when nobody holds a line on the file.
func Wait(ctx context.Context, path string) error {
	unlock, err := filelock.Lock(ctx, path, nil)
	if err != nil {
		return fmt.Errorf("lifeline: plugins of an engine are still running: %w", err)
	}
	unlock()
	return nil
}

// lockShared locks the file of the environment for as long as it is open; nil when no file is named.
func lockShared() (*os.File, error) {
	path := os.Getenv(File)
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lifeline: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH); err != nil {
		f.Close()
		return nil, fmt.Errorf("lifeline: lock %s: %w", path, err)
	}
	return f, nil
}

package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cloudinsight/platform/sandbox/lifeline"
)

const (
	// pluginsGone is how long the plugins of a killed engine may take to notice.
	pluginsGone = 30 * time.Second

	lockPoll = 500 * time.Millisecond
)

// backendLock is what the engine writes into its lock of a stack.
type backendLock struct {
	PID      int    `json:"pid"`
	Hostname string `json:"hostname"`
}

// waitForDeadEngine removes the stack's locks of engines that are dead, waits for those that live (a plain pulumi, or an
// engine that has outlived its sandbox), and for the plugins of the dead ones.
func (s *session) waitForDeadEngine(ctx context.Context) error {
	pattern := filepath.Join(s.stateDir(), ".pulumi", "locks", "organization", s.project.Name, s.env, "*.json")
	told := false
	for {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		alive := 0
		for _, file := range files {
			pid, err := holder(file)
			if err != nil {
				return err
			}
			if pid != 0 {
				alive = pid
				continue
			}
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("sandbox: %w", err)
			}
		}
		if alive == 0 {
			break
		}
		if !told {
			fmt.Fprintf(s.Out, "waiting for the engine that works on %s (process %d)\n", s.env, alive)
			told = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("sandbox: an engine still works on %s: %w", s.env, ctx.Err())
		case <-time.After(lockPoll):
		}
	}
	ctx, cancel := context.WithTimeout(ctx, pluginsGone)
	defer cancel()
	if err := lifeline.Wait(ctx, s.lifeline(s.env)); err != nil {
		return err
	}
	return s.removeUnfinished()
}

// removeUnfinished removes the files that a killed engine was writing. The backend writes each file under another name and
// renames it, so the file itself is whole; but it takes anything among the locks for a lock. Its files of metadata beside
// the content are not written so: an empty one would make the stack unreadable, which is why the backend's URL turns them off.
func (s *session) removeUnfinished() error {
	state := filepath.Join(s.stateDir(), ".pulumi")
	for _, pattern := range []string{
		filepath.Join(state, "locks", "organization", s.project.Name, s.env, "*.tmp"),
		filepath.Join(state, "stacks", s.project.Name, s.env+".json*.tmp"),
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		for _, file := range files {
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("sandbox: %w", err)
			}
		}
	}
	return nil
}

// holder returns the living process behind a lock file, or 0.
func holder(file string) (int, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) || len(content) == 0 && err == nil {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("sandbox: %w", err)
	}
	var lock backendLock
	if err := json.Unmarshal(content, &lock); err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	if here, err := os.Hostname(); err == nil && here != lock.Hostname {
		return 0, fmt.Errorf("%s: the stack is locked by process %d of %q; remove the file when that run is over",
			file, lock.PID, lock.Hostname)
	}
	if engineLives(lock.PID) {
		return lock.PID, nil
	}
	return 0, nil
}

// engineLives says whether the process is there, is no zombie and, where that can be told, is a pulumi.
func engineLives(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	// pid (name) state ...: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 || len(stat) < end+3 {
		return true
	}
	return strings.Contains(string(stat[:end]), "(pulumi") && stat[end+2] != 'Z'
}

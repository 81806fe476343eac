package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// process identifies a process beyond the reuse of its number.
type process struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // when it started, in the kernel's own unit
}

func processOf(pid int) process { return process{PID: pid, Start: startTime(pid)} }

// alive says whether this very process still runs.
func (p process) alive() bool {
	if p.PID <= 0 || syscall.Kill(p.PID, 0) == syscall.ESRCH {
		return false
	}
	return startTime(p.PID) == p.Start && p.Start != ""
}

// signal sends sig to the process, never to one that has taken over its number.
func (p process) signal(sig syscall.Signal) {
	if p.alive() {
		_ = syscall.Kill(p.PID, sig)
	}
}

// record is what a supervisor tells others about itself, in supervisor.json.
type record struct {
	process
	Ready    bool               `json:"ready"` // the cluster answers and its reconciling has begun
	Children map[string]process `json:"children,omitempty"`
}

const (
	recordFile  = "supervisor.json"
	lockFile    = "supervisor.lock"
	failureFile = "failure.txt" // why the last supervisor gave up
)

func readRecord(dir string) (record, error) {
	raw, err := os.ReadFile(filepath.Join(dir, recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	if err != nil {
		return record{}, fmt.Errorf("cluster: %w", err)
	}
	var r record
	if err := json.Unmarshal(raw, &r); err != nil {
		return record{}, fmt.Errorf("cluster: %s is damaged: %w", filepath.Join(dir, recordFile), err)
	}
	return r, nil
}

func (r record) write(dir string) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return writeFile(filepath.Join(dir, recordFile), raw)
}

// left are the processes of the record that still run.
func (r record) left() []process {
	var left []process
	if r.alive() {
		left = append(left, r.process)
	}
	for _, child := range r.Children {
		if child.alive() {
			left = append(left, child)
		}
	}
	return left
}

// lock takes the directory for this process, until it ends or calls unlock. It fails when another supervisor has it.
func lock(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cluster: %s: %w", dir, ErrSupervised)
	}
	return func() { _ = f.Close() }, nil
}

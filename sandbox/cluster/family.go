package cluster

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	// A program that ends is started again after a pause that grows with each end; one that has ended maxFailures times
	// without running for steady in between is given up, and with it the cluster.
	firstPause  = 300 * time.Millisecond
	maxFailures = 5
	steady      = time.Minute

	// endPatience is how long a program may take to end after SIGTERM.
	endPatience = 4 * time.Second
)

// program is one of the cluster's programs.
type program struct {
	name, path string
	arguments  []string
	log        io.WriteCloser
}

// family keeps the supervisor's children running.
type family struct {
	ctx     context.Context
	started func(name string, p process)
	intact  func() error // whether a program may be started again
	log     *slog.Logger
	spawn   chan func() // run on the thread that owns the children

	mu      sync.Mutex
	running map[string]*exec.Cmd
	ending  bool
	keepers sync.WaitGroup
}

// newFamily tells started about every child that it makes, and starts none again once intact returns an error.
func newFamily(ctx context.Context, started func(string, process), intact func() error, log *slog.Logger) *family {
	f := &family{ctx: ctx, started: started, intact: intact, log: log, spawn: make(chan func()), running: map[string]*exec.Cmd{}}
	go func() {
		// The kernel signals a child when the thread that made it ends, so that thread must last as long as the process:
		// it is locked and never given back.
		runtime.LockOSThread()
		for job := range f.spawn {
			job()
		}
		select {}
	}()
	return f
}

// start runs the program and keeps it running until the family ends. When it cannot be kept running, fail gets the reason.
// It returns once the program has been started, or could not be, for the first time.
func (f *family) start(p program, fail context.CancelCauseFunc) {
	begun := make(chan struct{})
	defer func() { <-begun }()
	f.keepers.Go(func() {
		first := sync.OnceFunc(func() { close(begun) })
		defer first()
		defer func() { _ = p.log.Close() }()
		failures := 0
		for pause := firstPause; ; pause *= 2 {
			began := time.Now()
			tail := &tailWriter{next: p.log}
			err := f.once(p, tail, first)
			if f.over() {
				return
			}
			if time.Since(began) > steady {
				failures, pause = 0, firstPause
			}
			failures++
			f.log.Warn("program ended", "program", p.name, "error", err, "failures", failures)
			if failures >= maxFailures {
				fail(fmt.Errorf("%s ended %d times (%w): %s", p.name, failures, err, tail.lines()))
				return
			}
			select {
			case <-f.ctx.Done():
				return
			case <-time.After(pause):
			}
			// A program would make its part of a removed directory anew.
			if err := f.intact(); err != nil {
				fail(err)
				return
			}
		}
	})
}

// once runs the program until it ends; begun is called when it runs.
func (f *family) once(p program, output io.Writer, begun func()) error {
	// The log is opened with its first line, which must not be after the directory has been removed: that would make it anew.
	fmt.Fprintf(output, "--- %s starts at %s\n", p.name, time.Now().Format(time.RFC3339))
	command := exec.Command(p.path, p.arguments...)
	command.Stdout, command.Stderr = output, output
	command.Dir = "/"
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	command.SysProcAttr = childAttributes()
	result := make(chan error)
	select {
	case f.spawn <- func() { result <- f.spawnOne(p.name, command) }:
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
	err := <-result
	begun()
	if err != nil {
		return err
	}
	err = command.Wait()
	f.mu.Lock()
	delete(f.running, p.name)
	f.mu.Unlock()
	return err
}

func (f *family) spawnOne(name string, command *exec.Cmd) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ending {
		return context.Canceled
	}
	if err := command.Start(); err != nil {
		return err
	}
	f.running[name] = command
	f.started(name, processOf(command.Process.Pid))
	return nil
}

func (f *family) over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ending || f.ctx.Err() != nil
}

// end ends all children and returns when none is left; etcd goes last, as the others write to it.
func (f *family) end() {
	f.mu.Lock()
	f.ending = true
	f.mu.Unlock()
	f.endAll(func(name string) bool { return name != programEtcd })
	f.endAll(func(string) bool { return true })
	f.keepers.Wait()
}

func (f *family) endAll(of func(name string) bool) {
	deadline, sig := time.Now().Add(endPatience), syscall.SIGTERM
	for sent := false; ; {
		left := 0
		f.mu.Lock()
		for name, command := range f.running {
			if of(name) {
				left++
				if !sent {
					_ = command.Process.Signal(sig)
				}
			}
		}
		f.mu.Unlock()
		if left == 0 {
			return
		}
		sent = true
		if sig == syscall.SIGTERM && time.Now().After(deadline) {
			sig, sent = syscall.SIGKILL, false
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// tailWriter passes output on and remembers its end, for the message when the program is given up.
type tailWriter struct {
	next io.Writer

	mu   sync.Mutex
	last []byte
}

func (t *tailWriter) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.last = append(t.last, p...)
	if len(t.last) > 4096 {
		t.last = append([]byte(nil), t.last[len(t.last)-4096:]...)
	}
	t.mu.Unlock()
	// A log that cannot be written (its directory is being removed) must not stop the program.
	_, _ = t.next.Write(p)
	return len(p), nil
}

func (t *tailWriter) lines() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(lastLines(t.last, 3))
}

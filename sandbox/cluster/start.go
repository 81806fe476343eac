package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/discovery"
)

// stopPatience is how long a supervisor may take to end its programs before it is killed, and they with it.
const stopPatience = 15 * time.Second

// Running says whether the cluster is up and answering.
func (c *ControlPlane) Running() bool {
	r, err := readRecord(c.settings.Dir)
	return err == nil && r.Ready && r.alive()
}

// Start starts the cluster if it is not running and returns when it answers. The API server's address never changes; when
// something else has taken its port, the error is ErrPortTaken.
func (c *ControlPlane) Start(ctx context.Context) error {
	s := &c.settings
	var ended <-chan error
	for launches := 0; ; {
		if c.Running() {
			return c.checkVersion()
		}
		// A supervisor that another process has launched may end before it answers, as when that process was killed and
		// the settings have changed since; then it takes another.
		if ended == nil && !s.supervised() {
			if launches++; launches > maxLaunches {
				return fmt.Errorf("cluster %q: supervisor ended %d times%s", s.Name, maxLaunches, c.hint())
			}
			r, err := readRecord(s.Dir)
			if err != nil {
				return err
			}
			for _, child := range r.left() { // a killed supervisor's, where the kernel does not see to them
				child.signal(syscall.SIGKILL)
			}
			if err := s.awaitPort(ctx); err != nil {
				return err
			}
			if err := s.write(); err != nil { // the supervisor's command and account may have moved
				return err
			}
			if ended, err = c.launch(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cluster %q: does not answer yet: %w%s", s.Name, ctx.Err(), c.hint())
		case err := <-ended:
			// Another Start may have been a moment earlier; then its supervisor has the lock.
			ended = nil
			if !s.supervised() && !c.Running() {
				return fmt.Errorf("cluster %q: supervisor ended (%w)%s", s.Name, err, c.hint())
			}
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// maxLaunches is how many supervisors one Start tries.
const maxLaunches = 5

// supervised says whether a supervisor holds the cluster.
func (s *settings) supervised() bool {
	unlock, err := lock(s.Dir)
	if err == nil {
		unlock()
	}
	return errors.Is(err, ErrSupervised)
}

// awaitPort returns when the API server's port is free. A server that was just killed holds it for a moment longer.
func (s *settings) awaitPort(ctx context.Context) error {
	for deadline := time.Now().Add(3 * time.Second); !portFree(s.APIPort); {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("cluster %q: %w: 127.0.0.1:%d is used by another program; stop that, or make the cluster anew", s.Name, ErrPortTaken, s.APIPort)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

// launch starts the supervisor in a session of its own, so that it outlives the caller and its terminal.
func (c *ControlPlane) launch() (ended <-chan error, err error) {
	s := &c.settings
	_ = os.Remove(filepath.Join(s.Dir, failureFile))
	out, err := os.Create(filepath.Join(s.Dir, "logs", "supervisor.out"))
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	defer out.Close()
	command := exec.Command(s.Supervisor[0], append(append([]string(nil), s.Supervisor[1:]...), s.Dir)...)
	command.Stdout, command.Stderr = out, out
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("cluster %q: start the supervisor: %w", s.Name, err)
	}
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	return done, nil
}

// hint is what the supervisor left as the reason of its end, or the last lines that it printed.
func (c *ControlPlane) hint() string {
	for _, name := range []string{failureFile, filepath.Join("logs", "supervisor.out")} {
		raw, err := os.ReadFile(filepath.Join(c.settings.Dir, name))
		if text := strings.TrimSpace(string(lastLines(raw, 8))); err == nil && text != "" {
			return ": " + text
		}
	}
	return "; see " + filepath.Join(c.settings.Dir, "logs")
}

func lastLines(raw []byte, n int) []byte {
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}

// checkVersion refuses a server of another minor version than the cluster was made for.
func (c *ControlPlane) checkVersion() error {
	want := c.settings.Version
	if want == "" {
		return nil
	}
	client, err := discovery.NewDiscoveryClientForConfig(c.AdminConfig())
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	got, err := client.ServerVersion()
	if err != nil {
		return fmt.Errorf("cluster %q: %w", c.settings.Name, err)
	}
	if !strings.HasPrefix(got.GitVersion, "v"+want+".") {
		return fmt.Errorf("cluster %q: want Kubernetes %s, but %s is %s", c.settings.Name, want, filepath.Join(c.settings.BinDir, programAPIServer), got.GitVersion)
	}
	return nil
}

// Stop ends the cluster's processes and returns when none is left. What the cluster holds stays for the next Start.
func (c *ControlPlane) Stop(ctx context.Context) error { return stop(ctx, c.settings.Dir) }

// Delete stops the cluster and removes its directory.
func (c *ControlPlane) Delete(ctx context.Context) error { return Remove(ctx, c.settings.Dir) }

// Remove is Delete for a directory that Open may not understand, such as the rest of an interrupted Create. It does
// nothing when there is no such directory.
func Remove(ctx context.Context, dir string) error {
	if err := stop(ctx, dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return nil
}

func stop(ctx context.Context, dir string) error {
	r, err := readRecord(dir)
	if err != nil {
		return err
	}
	r.signal(syscall.SIGTERM)
	killAt := time.Now().Add(stopPatience)
	for len(r.left()) > 0 {
		if time.Now().After(killAt) {
			for _, p := range r.left() {
				p.signal(syscall.SIGKILL)
			}
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("cluster: stop %s: %d processes are left", dir, len(r.left())), ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
		// A child may have been restarted since.
		if again, err := readRecord(dir); err == nil && again.PID == r.PID {
			r = again
		}
	}
	return nil
}

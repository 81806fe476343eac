package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/blang/semver"

	"github.com/cloudinsight/platform/sandbox/toolchain"
)

// stopGrace is how long an interrupted engine may take to finish what it is doing and to write its state.
const stopGrace = 30 * time.Second

// command runs the Pulumi CLI for the Automation API. Unlike the API's own, it does not hand the operator's environment
// on.
type command struct {
	path    string
	version semver.Version
	environ []string
}

func newCommand(tools toolchain.Tools, environ []string) (*command, error) {
	v, err := semver.ParseTolerant(tools.Version)
	if err != nil {
		return nil, fmt.Errorf("sandbox: version of %s: %w", tools.Engine, err)
	}
	return &command{path: tools.Engine, version: v, environ: environ}, nil
}

// Version is the engine's version.
func (c *command) Version() semver.Version { return c.version }

// Run runs one command of the CLI. When the context ends, the engine is interrupted as by Ctrl-C: it finishes the steps
// that are running and writes its state.
func (c *command) Run(ctx context.Context, dir string, stdin io.Reader, outs, errs []io.Writer, env []string, args ...string,
) (stdout, stderr string, code int, err error) {
	if args[0] != "--non-interactive" {
		args = append([]string{"--non-interactive"}, args...)
	}
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Dir = dir
	cmd.Env = append(append([]string{}, c.environ...), "PULUMI_AUTOMATION_API=true")
	for _, v := range env {
		// Of the API's own variables, PULUMI_HOME is set already and PULUMI_DEBUG_COMMANDS switches event logs on.
		if strings.HasPrefix(v, "PULUMI_DEBUG_COMMANDS=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	var o, e bytes.Buffer
	cmd.Stdin = stdin
	cmd.Stdout = io.MultiWriter(append(outs, &o)...)
	cmd.Stderr = io.MultiWriter(append(errs, &e)...)
	// A group of its own: a Ctrl-C at the terminal reaches the engine once, through the context.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopGrace
	err = cmd.Run()
	code = -1
	var exit *exec.ExitError
	switch {
	case err == nil:
		code = 0
	case errors.As(err, &exit):
		code = exit.ExitCode()
	}
	return o.String(), e.String(), code, err
}

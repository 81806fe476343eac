package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/filelock"
	"github.com/cloudinsight/platform/sandbox/toolchain"
)

// SharedStack is the stack that the environments build upon; it is brought up before the first of them.
const SharedStack = "shared"

// Options for New.
type Options struct {
	ProjectDir string    // Pulumi.yaml, Pulumi.<environment>.yaml and the program; required
	SourceDir  string    // the checkout with tools/ and sandbox/; default ProjectDir
	Root       string    // what the sandbox keeps; default ProjectDir/.sandbox
	Bin        string    // the built programs; default SourceDir/.sandbox/bin
	Program    string    // a program that is already built; default: ProjectDir is built
	Owner      int       // a process that the control planes must not outlive, such as a test's; 0: they stay
	Out        io.Writer // progress; default: nothing is shown
}

// Engine runs the program of one project against one sandbox. It may be used by several goroutines for different
// environments.
type Engine struct {
	Options

	project project
	account *account.Account

	prepare sync.Mutex
	tools   *toolchain.Tools
	program string
}

// New returns an engine for the project. Nothing is built or written yet.
func New(o Options) (*Engine, error) {
	if o.ProjectDir == "" {
		return nil, errors.New("sandbox: the project's folder is required")
	}
	var err error
	if o.ProjectDir, err = filepath.Abs(o.ProjectDir); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if o.SourceDir == "" {
		o.SourceDir = o.ProjectDir
	}
	if o.Root == "" {
		o.Root = filepath.Join(o.ProjectDir, ".sandbox")
	}
	if o.Bin == "" {
		o.Bin = filepath.Join(o.SourceDir, ".sandbox", "bin")
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	for _, dir := range []*string{&o.SourceDir, &o.Root, &o.Bin} {
		if *dir, err = filepath.Abs(*dir); err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
	}
	p, err := loadProject(o.ProjectDir)
	if err != nil {
		return nil, err
	}
	return &Engine{Options: o, project: p, account: account.Open(filepath.Join(o.Root, "account.json"))}, nil
}

// Account is the sandbox's AWS account.
func (e *Engine) Account() *account.Account { return e.account }

func (e *Engine) stateDir() string           { return filepath.Join(e.Root, "state") }
func (e *Engine) homeDir() string            { return filepath.Join(e.Root, "pulumi") }
func (e *Engine) passphraseFile() string     { return filepath.Join(e.Root, "passphrase") }
func (e *Engine) projectDir(n string) string { return filepath.Join(e.Root, "projects", n) }
func (e *Engine) lifeline(n string) string   { return filepath.Join(e.projectDir(n), "lifeline") }

// KubeconfigFile is where the environment's kubeconfig is written once its cluster is up.
func (e *Engine) KubeconfigFile(env string) string {
	return filepath.Join(e.projectDir(env), "kubeconfig")
}

func (e *Engine) sandboxBinary() string { return filepath.Join(e.Bin, "sandbox") }

// Prepare builds the tools and the program, and lays out what all environments share.
func (e *Engine) Prepare(ctx context.Context) (toolchain.Tools, error) {
	e.prepare.Lock()
	defer e.prepare.Unlock()
	if e.tools != nil {
		return *e.tools, nil
	}
	builder := toolchain.Builder{Source: e.SourceDir, Bin: e.Bin, Out: e.Out}
	tools, err := builder.Ensure(ctx)
	if err != nil {
		return toolchain.Tools{}, err
	}
	program := e.Program
	if program == "" {
		if program, err = builder.Program(ctx, e.ProjectDir, e.project.Name); err != nil {
			return toolchain.Tools{}, err
		}
	}
	unlock, err := filelock.Lock(ctx, filepath.Join(e.Root, ".lock"), nil)
	if err != nil {
		return toolchain.Tools{}, err
	}
	defer unlock()
	if err := errors.Join(e.layHome(tools), e.ensurePassphrase(), os.MkdirAll(e.stateDir(), 0o700)); err != nil {
		return toolchain.Tools{}, err
	}
	// The account with its first identity is made by the first write.
	if _, err := os.Stat(filepath.Join(e.Root, "account.json")); errors.Is(err, os.ErrNotExist) {
		if err := e.account.Update(func(*account.State) error { return nil }); err != nil {
			return toolchain.Tools{}, err
		}
	}
	e.tools, e.program = &tools, program
	return tools, nil
}

// session is the hold of one run on one environment.
type session struct {
	*Engine

	env   string
	role  string // whose access key the engine has
	stack auto.Stack
	tools toolchain.Tools
	close func()
}

// open prepares everything, takes the environment's lock and selects its stack.
func (e *Engine) open(ctx context.Context, env string) (*session, error) {
	if err := e.project.hasStack(env); err != nil {
		return nil, err
	}
	tools, err := e.Prepare(ctx)
	if err != nil {
		return nil, err
	}
	unlock, err := filelock.Lock(ctx, filepath.Join(e.projectDir(env), "lock"), func() {
		fmt.Fprintf(e.Out, "waiting for another run on %s\n", env)
	})
	if err != nil {
		return nil, err
	}
	s := &session{Engine: e, env: env, tools: tools, close: unlock}
	if err := s.init(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) init(ctx context.Context) error {
	if err := s.project.write(s.projectDir(s.env), s.env, s.program); err != nil {
		return err
	}
	if err := s.waitForDeadEngine(ctx); err != nil {
		return err
	}
	return s.actAs(ctx, account.DeployerName)
}

// actAs selects the stack with the access key of the identity that has this role.
func (s *session) actAs(ctx context.Context, role string) error {
	if role == s.role {
		return nil
	}
	vars, err := s.variables(s.env, role, s.tools)
	if err != nil {
		return err
	}
	command, err := newCommand(s.tools, s.environ(vars))
	if err != nil {
		return err
	}
	s.stack, err = auto.UpsertStackLocalSource(ctx, auto.FullyQualifiedStackName("organization", s.project.Name, s.env),
		s.projectDir(s.env), auto.Pulumi(command), auto.PulumiHome(s.homeDir()), auto.SecretsProvider("passphrase"))
	if err != nil {
		return fmt.Errorf("sandbox: select stack %s: %w", s.env, err)
	}
	s.role = role
	return nil
}

package toolchain

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/cloudinsight/platform/sandbox/filelock"
	"github.com/cloudinsight/platform/sandbox/kubernetes/definitions"
)

// Builder builds what a checkout pins.
type Builder struct {
	Source string    // the checkout, with tools/ and sandbox/
	Bin    string    // where the programs go
	Out    io.Writer // who is told of builds that take long
}

// Tools are the paths of what the sandbox runs.
type Tools struct {
	Engine  string // the pulumi executable
	Version string // its version, without "v"
	Bin     string // etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, kwok; crds/
	Shims   string // a folder for PATH: aws and kubectl
	Sandbox string // the sandbox itself, for plugins to start
	Node    string // runs the eks component provider
	EKS     string // the eks component provider's script
}

// kubernetesVersion is what the servers say of themselves; tools/kubernetes pins the module of the same version.
const kubernetesVersion = "1.36.3"

// modules are the programs of other people.
var modules = []module{
	{
		title: "the Kubernetes control plane", takes: "5 min", dir: "tools/kubernetes",
		flags: []string{"-ldflags", "-s -w -X k8s.io/component-base/version.gitVersion=v" + kubernetesVersion +
			" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"},
		packages: []string{
			"k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager",
			"k8s.io/kubernetes/cmd/kube-scheduler", "k8s.io/kubernetes/cmd/kubectl",
		},
		makes: []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"},
	},
	{
		// Its package is named after the module's version, so the program's name has to be given.
		title: "etcd", takes: "1 min", dir: "tools/kubernetes", flags: []string{"-ldflags", "-s -w"},
		packages: []string{"go.etcd.io/etcd/server/v3"}, makes: []string{"etcd"},
	},
	{
		title: "kwok", takes: "2 min", dir: "tools/kwok", flags: []string{"-ldflags", "-s -w"},
		packages: []string{"sigs.k8s.io/kwok/cmd/kwok"}, makes: []string{"kwok"},
	},
}

// Ensure builds what is missing or outdated. One process builds at a time; others wait for it.
func (b Builder) Ensure(ctx context.Context) (Tools, error) {
	unlock, err := b.lock(ctx)
	if err != nil {
		return Tools{}, err
	}
	defer unlock()
	t := Tools{Bin: b.Bin, Shims: filepath.Join(b.Bin, "shims"), Sandbox: filepath.Join(b.Bin, "sandbox")}
	if t.Engine, t.Version, err = b.engine(ctx); err != nil {
		return Tools{}, err
	}
	for _, m := range modules {
		if err := b.module(ctx, m); err != nil {
			return Tools{}, err
		}
	}
	if t.Node, t.EKS, err = b.component(ctx); err != nil {
		return Tools{}, err
	}
	if err := b.definitions(ctx); err != nil {
		return Tools{}, err
	}
	return t, b.own(ctx, t)
}

// definitions makes the custom resource definitions of charts from the modules of their operators.
func (b Builder) definitions(ctx context.Context) error {
	dir := filepath.Join(b.Bin, definitions.Folder)
	return b.long("the definitions of the operators' custom resources", "1 min", !exists(dir), func() ([]byte, error) {
		return nil, definitions.Build(ctx, dir)
	})
}

// Program builds the Pulumi program of a folder, and returns the binary.
func (b Builder) Program(ctx context.Context, dir, name string) (string, error) {
	unlock, err := b.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	out := filepath.Join(b.Bin, name)
	return out, b.long("the program", "5 min", !exists(out), func() ([]byte, error) {
		return goBuild(ctx, dir, "-o", out, ".")
	})
}

func (b Builder) lock(ctx context.Context) (func(), error) {
	return filelock.Lock(ctx, filepath.Join(b.Bin, ".lock"), func() {
		fmt.Fprintln(b.Out, "waiting for another build of the sandbox's programs")
	})
}

// own builds the sandbox and its aws command from this checkout.
func (b Builder) own(ctx context.Context, t Tools) error {
	if err := os.MkdirAll(t.Shims, 0o755); err != nil {
		return fmt.Errorf("tools: %w", err)
	}
	packages := []string{"./sandbox/awscli"}
	if exe, err := os.Executable(); err != nil || exe != t.Sandbox {
		packages = append(packages, "./sandbox")
	}
	err := b.long("the sandbox", "2 min", !exists(t.Sandbox), func() ([]byte, error) {
		return goBuild(ctx, b.Source, append([]string{"-o", b.Bin + string(filepath.Separator)}, packages...)...)
	})
	if err != nil {
		return err
	}
	for name, target := range map[string]string{"aws": "../awscli", "kubectl": "../kubectl"} {
		if err := symlink(target, filepath.Join(t.Shims, name)); err != nil {
			return fmt.Errorf("tools: %w", err)
		}
	}
	return nil
}

func goBuild(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-buildvcs=false"}, args...)...)
	cmd.Dir = dir
	// A workspace above the checkout would mix its modules into the pinned ones.
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	return cmd.CombinedOutput()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// symlink makes or corrects a symbolic link.
func symlink(target, path string) error {
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Symlink(target, path)
}

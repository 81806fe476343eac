package toolchain

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/blang/semver"
)

// engineVersion is the version that tools/engine pins, and the oldest that the sandbox uses from PATH.
const engineVersion = "3.259.0"

// engine returns the Pulumi CLI of the operator when it is new enough, else the one that is built here.
func (b Builder) engine(ctx context.Context) (path, version string, err error) {
	if path, err := exec.LookPath("pulumi"); err == nil {
		if version, err := b.installedVersion(ctx, path); err == nil && newEnough(version) {
			return path, version, nil
		}
	}
	err = b.module(ctx, module{
		title: "the Pulumi engine", takes: "4 min", dir: "tools/engine",
		// Without a version the Automation API refuses the engine.
		flags:    []string{"-ldflags", "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + engineVersion},
		packages: []string{"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"}, makes: []string{"pulumi"},
	})
	return filepath.Join(b.Bin, "pulumi"), engineVersion, err
}

// installedVersion asks a pulumi for its version; the answer is kept for as long as the file does not change.
func (b Builder) installedVersion(ctx context.Context, path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	key := fmt.Sprintf("%s %d %d ", path, info.Size(), info.ModTime().UnixNano())
	if kept, err := os.ReadFile(b.stampPath("pulumi-on-path")); err == nil {
		if version, ok := strings.CutPrefix(string(kept), key); ok {
			return version, nil
		}
	}
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	out, err := cmd.Output()
	if err != nil {
		return "", err
	}
	version := strings.TrimPrefix(strings.TrimSpace(string(out)), "v")
	return version, b.setStamp("pulumi-on-path", key+version)
}

// newEnough compares by major and minor rules: a later major version may drive differently.
func newEnough(version string) bool {
	v, err := semver.ParseTolerant(version)
	least := semver.MustParse(engineVersion)
	return err == nil && v.Major == least.Major && v.GTE(least)
}

package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// component installs the eks component provider from npm, as its lock file pins it, and returns node and its script.
func (b Builder) component(ctx context.Context) (node, script string, err error) {
	node, err = exec.LookPath("node")
	if err != nil {
		return "", "", errors.New("tools: node: must be on PATH, it runs the eks component provider")
	}
	source := filepath.Join(b.Source, "tools/eks")
	manifest := []string{filepath.Join(source, "package.json"), filepath.Join(source, "package-lock.json")}
	target := filepath.Join(b.Bin, "eks")
	script = filepath.Join(target, "node_modules/@pulumi/eks/cmd/provider/index.js")
	want, err := stamp(manifest)
	if err != nil {
		return "", "", err
	}
	if b.fresh([]string{"eks"}, want) && exists(script) {
		return node, script, nil
	}
	staging, err := os.MkdirTemp(b.Bin, ".build-")
	if err != nil {
		return "", "", fmt.Errorf("tools: %w", err)
	}
	defer os.RemoveAll(staging)
	for _, name := range manifest {
		content, err := os.ReadFile(name)
		if err != nil {
			return "", "", fmt.Errorf("tools: %w", err)
		}
		if err := os.WriteFile(filepath.Join(staging, filepath.Base(name)), content, 0o644); err != nil {
			return "", "", fmt.Errorf("tools: %w", err)
		}
	}
	err = b.long("the eks component provider", "1 min", true, func() ([]byte, error) {
		// Install scripts are not needed and are other people's code.
		cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error")
		cmd.Dir = staging
		return cmd.CombinedOutput()
	})
	if err != nil {
		return "", "", err
	}
	if err := errors.Join(os.RemoveAll(target), os.Rename(staging, target)); err != nil {
		return "", "", fmt.Errorf("tools: %w", err)
	}
	return node, script, b.setStamp("eks", want)
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/cloudinsight/platform/sandbox/engine"
)

const (
	plainProject = "name: plain\nruntime: go\n"
	plainStack   = "config:\n  plain:count: %d\n"
)

// measurePlain runs the engine on as many resources with nothing behind them. All are independent of each other, which is
// as fast as the engine gets.
func measurePlain(ctx context.Context, checkout, dir string, count int) (t times, err error) {
	project := filepath.Join(dir, "project")
	if err := os.MkdirAll(project, 0o755); err != nil {
		return t, err
	}
	for name, content := range map[string]string{"Pulumi.yaml": plainProject, "Pulumi.plain.yaml": fmt.Sprintf(plainStack, count)} {
		if err := os.WriteFile(filepath.Join(project, name), []byte(content), 0o644); err != nil {
			return t, err
		}
	}
	program := filepath.Join(dir, "plain")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, "./sandbox/bench/plain")
	build.Dir = checkout
	if out, err := build.CombinedOutput(); err != nil {
		return t, fmt.Errorf("%w\n%s", err, out)
	}
	root := filepath.Join(dir, "sandbox")
	if err := layPlugin(root, program); err != nil {
		return t, err
	}
	e, err := engine.New(engine.Options{
		ProjectDir: project, SourceDir: checkout, Root: root, Bin: filepath.Join(checkout, ".sandbox", "bin"), Program: program,
	})
	if err != nil {
		return t, err
	}
	// One run beforehand warms up what the environment's runs found warm.
	if _, err := e.Preview(ctx, "plain"); err != nil {
		return t, err
	}
	preview, err := e.Preview(ctx, "plain")
	if err != nil {
		return t, err
	}
	up, err := e.Up(ctx, "plain")
	if err != nil {
		return t, err
	}
	again, err := e.Up(ctx, "plain")
	if err != nil {
		return t, err
	}
	t = times{up: up.Engine, again: again.Engine, preview: preview.Engine}
	_, err = e.Down(ctx, "plain")
	return t, err
}

// layPlugin puts the plain resources' provider where the engine looks for it.
func layPlugin(root, program string) error {
	plugin := filepath.Join(root, "pulumi", "plugins", "resource-plain-v1.0.0")
	if err := os.MkdirAll(plugin, 0o755); err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' provider \"$@\"\n", program)
	return os.WriteFile(filepath.Join(plugin, "pulumi-resource-plain"), []byte(script), 0o755)
}

package toolchain

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkout is a builder for a module with one program that prints its text.
func checkout(t *testing.T) (Builder, module, *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	var out bytes.Buffer
	b := Builder{Source: dir, Bin: filepath.Join(dir, "bin"), Out: &out}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "tools/hello"), 0o755))
	require.NoError(t, os.MkdirAll(b.Bin, 0o755))
	write(t, dir, "tools/hello/go.mod", "module example.com/hello\n\ngo 1.26\n")
	write(t, dir, "tools/hello/go.sum", "")
	write(t, dir, "tools/hello/main.go", "package main\n\nvar text = \"one\"\n\nfunc main() { println(text) }\n")
	return b, module{title: "hello", takes: "1 s", dir: "tools/hello", packages: []string{"example.com/hello"}, makes: []string{"hello"}}, &out
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
}

func builtAt(t *testing.T, b Builder) time.Time {
	t.Helper()
	info, err := os.Stat(filepath.Join(b.Bin, "hello"))
	require.NoError(t, err)
	return info.ModTime()
}

func TestModuleIsBuiltOnceUntilItsPinsChange(t *testing.T) {
	ctx := context.Background()
	b, m, out := checkout(t)
	require.NoError(t, b.module(ctx, m))
	first := builtAt(t, b)
	assert.Contains(t, out.String(), "building hello (about 1 s the first time) ...")

	out.Reset()
	require.NoError(t, b.module(ctx, m))
	assert.Equal(t, first, builtAt(t, b), "built again without a reason")
	assert.Empty(t, out.String())

	write(t, b.Source, "tools/hello/go.sum", "\n")
	require.NoError(t, b.module(ctx, m))
	second := builtAt(t, b)
	assert.NotEqual(t, first, second, "changed pins")

	m.flags = []string{"-ldflags", "-X main.text=two"}
	require.NoError(t, b.module(ctx, m))
	third := builtAt(t, b)
	assert.NotEqual(t, second, third, "changed flags")

	require.NoError(t, os.Remove(filepath.Join(b.Bin, "hello")))
	require.NoError(t, b.module(ctx, m))
	assert.NotEqual(t, third, builtAt(t, b), "a missing program")
	left, err := filepath.Glob(filepath.Join(b.Bin, ".build-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestFailedBuildShowsTheCompiler(t *testing.T) {
	b, m, _ := checkout(t)
	write(t, b.Source, "tools/hello/main.go", "package main\n\nfunc main() { nowhere() }\n")
	err := b.module(context.Background(), m)
	require.ErrorContains(t, err, "building hello: exit status 1")
	assert.ErrorContains(t, err, "main.go:3:15: undefined: nowhere")
	assert.NoFileExists(t, filepath.Join(b.Bin, "hello"))
	assert.False(t, b.fresh(m.makes, ""), "a failed build leaves no stamp")
}

func TestEngineOnPath(t *testing.T) {
	for name, c := range map[string]struct {
		version string
		used    bool
	}{
		"new enough":    {"v3.259.0", true},
		"newer":         {"v3.300.1", true},
		"too old":       {"v3.258.9", false},
		"another major": {"v4.0.0", false},
		"no version":    {"what?", false},
	} {
		t.Run(name, func(t *testing.T) {
			b, _, _ := checkout(t)
			dir := t.TempDir()
			path := filepath.Join(dir, "pulumi")
			require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\necho "+c.version+"\n"), 0o755))
			version, err := b.installedVersion(context.Background(), path)
			require.NoError(t, err)
			assert.Equal(t, c.used, newEnough(version))

			// The second answer is the kept one, until the file changes.
			require.NoError(t, os.WriteFile(path+".new", []byte("#!/bin/sh\nexit 1\n"), 0o755))
			kept, err := b.installedVersion(context.Background(), path)
			require.NoError(t, err)
			assert.Equal(t, strings.TrimPrefix(c.version, "v"), kept)
			require.NoError(t, os.Rename(path+".new", path))
			_, err = b.installedVersion(context.Background(), path)
			assert.Error(t, err)
		})
	}
}

// The versions that the code names are those that the modules pin.
func TestVersionsAreThePinnedOnes(t *testing.T) {
	for file, want := range map[string]string{
		"../../tools/engine/go.mod":     "github.com/pulumi/pulumi/pkg/v3 v" + engineVersion,
		"../../tools/kubernetes/go.mod": "k8s.io/kubernetes v" + kubernetesVersion,
	} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(content), want, file)
	}
}

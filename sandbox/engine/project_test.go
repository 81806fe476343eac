package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// folder makes a project folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
	return dir
}

const settings = "name: p\nruntime: go\nconfig:\n  p:size:\n    type: integer\n"

func TestProjectIsCopiedWithoutItsSecretsProvider(t *testing.T) {
	p, err := loadProject(folder(t, map[string]string{
		"Pulumi.yaml": settings,
		"Pulumi.dev.yaml": "secretsprovider: awskms://alias/p\nencryptedkey: abc\nencryptionsalt: v1:theirs\n" +
			"config:\n  p:size: 3 # why three\n  p:flag: yes\n",
	}))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, p.write(dir, "dev", "/bin/program"))
	assertFile(t, filepath.Join(dir, "Pulumi.yaml"),
		"name: p\nruntime:\n    name: go\n    options:\n        binary: /bin/program\nconfig:\n    p:size:\n        type: integer\n")
	stack := filepath.Join(dir, "Pulumi.dev.yaml")
	assertFile(t, stack, "config:\n    p:size: 3 # why three\n    p:flag: yes\n")

	// The salt that the engine has written stays, or the state's secrets are lost.
	require.NoError(t, os.WriteFile(stack, []byte("config: {}\nencryptionsalt: v1:ours\n"), 0o600))
	require.NoError(t, p.write(dir, "dev", "/bin/program"))
	assertFile(t, stack, "config:\n    p:size: 3 # why three\n    p:flag: yes\nencryptionsalt: v1:ours\n")
}

func assertFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(got))
}

func TestProjectRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no project":       {nil, "Pulumi.yaml"},
		"no name":          {map[string]string{"Pulumi.yaml": "runtime: go\n"}, "name: is required"},
		"not a mapping":    {map[string]string{"Pulumi.yaml": "- a\n"}, "must be a mapping"},
		"no such stack":    {map[string]string{"Pulumi.yaml": settings, "Pulumi.qa.yaml": ""}, `must be one of qa (each has its Pulumi.<environment>.yaml), got "dev"`},
		"encrypted config": {map[string]string{"Pulumi.yaml": settings, "Pulumi.dev.yaml": "config:\n  p:key:\n    secure: AAA\n"}, "p:key: is encrypted by the stack's own secrets provider"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := loadProject(folder(t, c.files))
			if err == nil {
				err = p.hasStack("dev")
			}
			if err == nil {
				err = p.write(t.TempDir(), "dev", "program")
			}
			assert.ErrorContains(t, err, c.want)
		})
	}
}

package pulumitest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/encoding"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/stretchr/testify/require"
)

// StackConfig reads the project's own Pulumi.<stack>.yaml into the form in which the engine hands it to the program.
func StackConfig(t testing.TB, stack string) map[string]string {
	t.Helper()
	root := projectRoot(t)
	text, err := os.ReadFile(filepath.Join(root, "Pulumi."+stack+".yaml"))
	require.NoError(t, err)
	return ParseStack(t, string(text))
}

// ParseStack reads the text of a stack file in the same way.
func ParseStack(t testing.TB, text string) map[string]string {
	t.Helper()
	project, err := workspace.LoadProject(filepath.Join(projectRoot(t), "Pulumi.yaml"))
	require.NoError(t, err)
	stack, err := workspace.LoadProjectStackBytes(nil, project, []byte(text), "Pulumi.stack.yaml", encoding.YAML)
	require.NoError(t, err)
	plain, err := stack.Config.Decrypt(config.NopDecrypter)
	require.NoError(t, err)
	values := map[string]string{}
	for key, value := range plain {
		values[key.String()] = value
	}
	return values
}

// projectRoot is the folder of Pulumi.yaml at or above the test's.
func projectRoot(t testing.TB) string {
	t.Helper()
	folder, err := filepath.Abs(".")
	require.NoError(t, err)
	for {
		_, err := os.Stat(filepath.Join(folder, "Pulumi.yaml"))
		if err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if !errors.Is(err, os.ErrNotExist) || parent == folder {
			require.NoError(t, fmt.Errorf("no Pulumi.yaml at or above the test: %w", err))
		}
		folder = parent
	}
}

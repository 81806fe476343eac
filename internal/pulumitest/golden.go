package pulumitest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files, then fail once so that the change is looked at")

// Text renders what was registered: ordered by type and name, each resource with its parent, options and inputs. Secrets
// are hidden.
func (r *Recorder) Text() string {
	var out strings.Builder
	for _, found := range r.All() {
		fmt.Fprintf(&out, "%s %s\n", found.Type, found.Name)
		if found.Parent != nil {
			fmt.Fprintf(&out, "  parent: %s\n", found.Parent.Name)
		}
		if found.Provider != "" {
			fmt.Fprintf(&out, "  provider: %s\n", found.Provider)
		}
		found.options(&out)
		for _, line := range strings.Split(strings.TrimRight(render(found.Inputs), "\n"), "\n") {
			if line != "" {
				fmt.Fprintf(&out, "  %s\n", line)
			}
		}
		out.WriteString("\n")
	}
	return out.String()
}

func (r *Resource) options(out *strings.Builder) {
	for _, flag := range []struct {
		name string
		set  bool
	}{{"protect", r.Protect}, {"retainOnDelete", r.RetainOnDelete}, {"deleteBeforeReplace", r.DeleteBeforeReplace}} {
		if flag.set {
			fmt.Fprintf(out, "  %s\n", flag.name)
		}
	}
	for _, list := range []struct {
		name  string
		items []string
	}{{"aliases", r.Aliases}, {"ignoreChanges", r.IgnoreChanges}, {"replaceOnChanges", r.ReplaceOnChanges}} {
		if len(list.items) > 0 {
			fmt.Fprintf(out, "  %s: %s\n", list.name, strings.Join(list.items, ", "))
		}
	}
}

// render prints inputs as one line a value, with its path: the diff of a change is then the lines that it changes.
func render(inputs map[string]any) string {
	var out strings.Builder
	printValue(&out, nil, inputs)
	return out.String()
}

func printValue(out *strings.Builder, path resource.PropertyPath, value any) {
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 {
			fmt.Fprintf(out, "%s = {}\n", path)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			printValue(out, append(path[:len(path):len(path)], key), v[key])
		}
	case []any:
		if len(v) == 0 {
			fmt.Fprintf(out, "%s = []\n", path)
		}
		for i, item := range v {
			printValue(out, append(path[:len(path):len(path)], i), item)
		}
	case Secret:
		fmt.Fprintf(out, "%s = [secret]\n", path)
	case string:
		fmt.Fprintf(out, "%s = %s\n", path, quote(v))
	default:
		fmt.Fprintf(out, "%s = %v\n", path, v)
	}
}

// quote prints a text on one line, and a JSON document indented, so that a policy can be read.
func quote(text string) string {
	var indented bytes.Buffer
	if strings.HasPrefix(text, "{") && json.Indent(&indented, []byte(text), "", "  ") == nil {
		return indented.String()
	}
	return fmt.Sprintf("%q", text)
}

// Golden compares a text with a file beside the test. With -update it writes the file, and fails when that changed it.
func Golden(t testing.TB, path, text string) {
	t.Helper()
	want, err := os.ReadFile(path)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		if err != nil || string(want) != text {
			t.Errorf("%s: rewritten; look at its diff and run the tests again", path)
		}
		return
	}
	require.NoError(t, err, "run the test with -update to write the file")
	assert.Equal(t, string(want), text, "%s differs; run the test with -update when that is meant", path)
}

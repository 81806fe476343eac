package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/engine"
)

// Secrets are in the account, in the environment of processes and nowhere else: not in the state, the outputs, the
// settings, the kubeconfig, the logs, what is shown, or the arguments of a process.
func TestSecrets_AreNeverInClear(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	commands := w.watchCommands()
	w.up("prod")
	w.fillSecrets("prod")
	var results []engine.Result
	for _, run := range []func(context.Context, string) (engine.Result, error){w.Refresh, w.Up, w.Preview} {
		result, err := run(ctx, "prod")
		require.NoError(t, err)
		results = append(results, result)
	}
	secrets := w.secretValues()
	// Two access keys, the passphrase, the users of two databases, with the password each, and the two that were filled.
	require.GreaterOrEqual(t, len(secrets), 9)
	var leaks []string
	search := func(place string, content []byte) { leaks = append(leaks, secrets.find(place, content)...) }
	for _, env := range []string{engine.SharedStack, "prod"} {
		for _, args := range [][]string{{"stack", "export"}, {"stack", "output", "--json"}} {
			search("pulumi "+strings.Join(args, " ")+" of "+env, w.pulumi(env, args...))
		}
	}
	for _, result := range results {
		text, err := json.Marshal(result)
		require.NoError(t, err)
		search("the result of "+result.Operation, text)
	}
	leaks = append(leaks, w.searchFiles(secrets)...)
	w.down("prod")
	w.down(engine.SharedStack)
	leaks = append(leaks, w.searchFiles(secrets)...)
	search("what was shown", []byte(w.shown.String()))

	seen := commands()
	for _, program := range []string{"pulumi", "cloudinsight", "sandbox", "kube-apiserver"} {
		assert.True(t, slices.ContainsFunc(seen, func(line string) bool { return path.Base(strings.Fields(line)[0]) == program }),
			"arguments of %s were looked at", program)
	}
	for _, line := range seen {
		search("the arguments of "+strings.Fields(line)[0], []byte(line))
	}
	assert.Empty(t, leaks)
	t.Logf("looked for %d secrets in %d command lines and everything below %s", len(secrets), len(seen), w.Root)
}

// secretValues are all secrets that the sandbox holds, by what they are.
func (w *world) secretValues() secrets {
	w.t.Helper()
	all := secrets{}
	passphrase, err := os.ReadFile(filepath.Join(w.Root, "passphrase"))
	require.NoError(w.t, err)
	all["the passphrase of the state"] = strings.TrimSpace(string(passphrase))
	require.NoError(w.t, w.Account().View(func(s *account.State) error {
		for _, identity := range s.Identities {
			all["the secret access key of "+path.Base(identity.PrincipalARN)] = identity.SecretAccessKey
		}
		for _, r := range s.Resources {
			for i, value := range secretStrings(r.Props) {
				all[fmt.Sprintf("secret %d of %s", i, r.ID)] = value
			}
		}
		return nil
	}))
	for what, value := range all {
		require.GreaterOrEqual(w.t, len(value), shortestSecret, what)
	}
	return all
}

// secretStringProperty is where the account keeps the value of a secret, which no provider would tell.
const secretStringProperty = "__secretString"

// secretStrings are the values of secrets within properties. Of one that is a document, such as a user with a password,
// the parts are secrets too.
func secretStrings(properties map[string]any) []string {
	var found []string
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		switch v := properties[key].(type) {
		case map[string]any:
			found = append(found, secretStrings(v)...)
		case string:
			if key != secretStringProperty || v == "" {
				continue
			}
			found = append(found, v)
			var document map[string]any
			if json.Unmarshal([]byte(v), &document) == nil {
				if password, _ := document["password"].(string); password != "" {
					found = append(found, password)
				}
			}
		}
	}
	return found
}

// fillSecrets gives the empty secrets of an environment a value, as an operator does: out of the program's sight.
func (w *world) fillSecrets(env string) {
	w.t.Helper()
	require.NoError(w.t, w.Account().Update(func(s *account.State) error {
		for i, r := range s.OfStack(env) {
			if r.Type == "aws:secretsmanager/secret:Secret" && len(secretStrings(r.Props)) == 0 {
				r.Props[secretStringProperty] = fmt.Sprintf("https://hooks.example.com/T%d/\"quoted\"&b+c", i)
			}
		}
		return nil
	}))
}

// pulumi is what a plain pulumi prints.
func (w *world) pulumi(env string, args ...string) []byte {
	w.t.Helper()
	tools, err := w.Prepare(context.Background())
	require.NoError(w.t, err)
	environ, err := w.Environ(context.Background(), env)
	require.NoError(w.t, err)
	cmd := exec.Command(tools.Engine, append([]string{"-C", filepath.Join(w.Root, "projects", env)}, args...)...)
	cmd.Env = environ
	out, err := cmd.Output()
	require.NoError(w.t, err)
	require.NotEmpty(w.t, out)
	return out
}

// searchFiles looks into everything that the sandbox keeps, but for the account and the passphrase's own file.
func (w *world) searchFiles(all secrets) []string {
	w.t.Helper()
	var leaks []string
	searched := 0
	err := filepath.WalkDir(w.Root, func(file string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(w.Root, file)
		switch {
		case os.IsNotExist(err), err == nil && !entry.Type().IsRegular(), name == "passphrase", strings.HasPrefix(name, "account.json"):
			return nil
		case err != nil:
			return err
		}
		content, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			return nil
		}
		searched++
		leaks = append(leaks, all.find(name, content)...)
		return err
	})
	require.NoError(w.t, err)
	require.Greater(w.t, searched, 10, "files below %s", w.Root)
	return leaks
}

// watchCommands looks at the arguments of the world's processes until stop is called, which returns those that it saw.
func (w *world) watchCommands() (stop func() []string) {
	seen := map[string]bool{}
	over := make(chan struct{})
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		known := map[string]bool{} // process and arguments, so that each is judged once
		for {
			processes, _ := filepath.Glob("/proc/[0-9]*")
			for _, process := range processes {
				arguments, err := os.ReadFile(filepath.Join(process, "cmdline"))
				if err != nil || len(arguments) == 0 || known[process+string(arguments)] {
					continue
				}
				known[process+string(arguments)] = true
				environ, _ := os.ReadFile(filepath.Join(process, "environ"))
				if bytes.Contains(arguments, []byte(w.Root)) || bytes.Contains(environ, []byte(engine.RootVariable+"="+w.Root)) {
					seen[strings.TrimSpace(strings.ReplaceAll(string(arguments), "\x00", " "))] = true
				}
			}
			select {
			case <-over:
				return
			case <-time.After(25 * time.Millisecond):
			}
		}
	}()
	return func() []string {
		close(over)
		done.Wait()
		return slices.Sorted(maps.Keys(seen))
	}
}

// secrets are values that must not be found, by what they are.
type secrets map[string]string

// shortestSecret is how long a value has to be for a find to be no accident.
const shortestSecret = 8

// find says which secrets a text gives away.
func (all secrets) find(place string, content []byte) []string {
	var found []string
	for _, what := range slices.Sorted(maps.Keys(all)) {
		for _, disguise := range disguises(all[what]) {
			if bytes.Contains(content, []byte(disguise)) {
				found = append(found, fmt.Sprintf("%s: %s", place, what))
				break
			}
		}
	}
	return found
}

// disguises are the ways in which a value can be written: as it is, within JSON, JSON within JSON, a URL, and each of these
// in base64, by itself or in the middle of something longer.
func disguises(value string) []string {
	quoted := inJSON(value)
	plain := []string{value, quoted, inJSON(quoted), url.QueryEscape(value), url.PathEscape(value)}
	all := slices.Clone(plain)
	for _, text := range plain {
		for _, encoded := range inBase64(text) {
			all = append(all, encoded, url.QueryEscape(encoded))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func inJSON(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted[1 : len(quoted)-1])
}

// inBase64 is a text in base64 as it looks after any number of bytes: three bytes are four characters, so there are three
// ways. Characters that also hold bits of a neighbor are left out.
func inBase64(text string) []string {
	var all []string
	for before, shared := range []int{0, 2, 3} {
		bits := append(make([]byte, before), text...)
		whole := len(bits) * 8 / 6
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			all = append(all, alphabet.EncodeToString(bits)[shared:whole])
		}
	}
	return all
}

// The search finds what is planted, in every disguise, or it would prove nothing.
func TestSecrets_AreFoundWhenTheyAreThere(t *testing.T) {
	const value = `p"a<s>s&w/o+r?d`
	all := secrets{"the password": value, "another": "not-in-there"}
	document, err := json.Marshal(map[string]string{"password": value})
	require.NoError(t, err)
	nested, err := json.Marshal(map[string]string{"document": string(document)})
	require.NoError(t, err)
	encode := base64.StdEncoding.EncodeToString
	for name, content := range map[string]string{
		"as it is":             "before " + value + " after",
		"in JSON":              string(document),
		"in JSON within JSON":  string(nested),
		"in a query":           "https://example.com/?password=" + url.QueryEscape(value),
		"in a path":            "https://example.com/" + url.PathEscape(value),
		"in base64":            "x: " + encode([]byte(value)),
		"in base64, shifted":   "x: " + encode([]byte("1"+value+"2")),
		"in base64, shifted 2": "x: " + encode([]byte("12"+value+"345")),
		"in base64 for URLs":   "x: " + base64.URLEncoding.EncodeToString([]byte("user:"+value)),
		"JSON in base64":       "x: " + encode(document),
		"base64 in a query":    "?x=" + url.QueryEscape(encode([]byte(value))),
	} {
		assert.Equal(t, []string{"there: the password"}, all.find("there", []byte(content)), name)
	}
	assert.Empty(t, all.find("there", []byte("nothing of the kind, not even "+value[:len(value)-1])))
	assert.ElementsMatch(t, []string{"plain text", `{"username":"u","password":"a password"}`, "a password"}, secretStrings(map[string]any{
		"a": map[string]any{secretStringProperty: "plain text"}, secretStringProperty: `{"username":"u","password":"a password"}`, "b": "no secret",
	}))
}

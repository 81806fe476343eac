package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/lifeline"
	"github.com/cloudinsight/platform/sandbox/planes"
	"github.com/cloudinsight/platform/sandbox/toolchain"
)

// What the plugins and the aws command find the sandbox by.
const (
	RootVariable        = "SANDBOX_ROOT"        // the sandbox's folder
	EnvironmentVariable = "SANDBOX_ENVIRONMENT" // the environment that is being worked on
	ProjectVariable     = "SANDBOX_PROJECT"     // the environment's project folder, for pulumi -C
)

// inherited are the operator's variables that reach the engine. All others stay out: credentials, kubeconfigs, proxies
// and Pulumi settings of the operator's own would lead the sandbox out of itself.
var inherited = []string{"PATH", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "USER", "LOGNAME"}

// variables are what an environment's engine, its plugins and its program get to see, besides the inherited ones. The
// access key is that of the identity with this role.
func (e *Engine) variables(env, role string, tools toolchain.Tools) (map[string]string, error) {
	vars := map[string]string{
		"PATH":                          tools.Shims + string(os.PathListSeparator) + os.Getenv("PATH"),
		"KUBECONFIG":                    e.KubeconfigFile(env),
		"PULUMI_HOME":                   e.homeDir(),
		"PULUMI_BACKEND_URL":            "file://" + filepath.ToSlash(e.stateDir()) + "?metadata=skip", // see removeUnfinished
		"PULUMI_STACK":                  env,
		"PULUMI_CONFIG_PASSPHRASE_FILE": e.passphraseFile(),
		"PULUMI_SKIP_UPDATE_CHECK":      "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION":   "true",
		"PULUMI_IGNORE_AMBIENT_PLUGINS":                 "true",
		"PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
		"NODE_COMPILE_CACHE":                            filepath.Join(e.Root, "node"),
		lifeline.File:                                   e.lifeline(env),
		RootVariable:                                    e.Root,
		EnvironmentVariable:                             env,
	}
	if e.Owner != 0 {
		vars[planes.OwnerVariable] = strconv.Itoa(e.Owner)
	}
	err := e.account.View(func(s *account.State) error {
		var known []string
		for _, identity := range s.Identities {
			name := path.Base(identity.PrincipalARN)
			if name == role {
				vars["AWS_ACCESS_KEY_ID"], vars["AWS_SECRET_ACCESS_KEY"] = identity.AccessKeyID, identity.SecretAccessKey
				return nil
			}
			known = append(known, name)
		}
		return fmt.Errorf("identity: must be one of the account's roles %s, got %q", strings.Join(known, ", "), role)
	})
	return vars, err
}

// environ is the whole environment of a process of the sandbox.
func (e *Engine) environ(vars map[string]string) []string {
	env := []string{"HOME=" + filepath.Join(e.Root, "home")}
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok && vars[name] == "" {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		env = append(env, name+"="+vars[name])
	}
	return env
}

// Environ is the environment for a command that works on an environment's cluster or stack.
func (e *Engine) Environ(ctx context.Context, env string) ([]string, error) {
	vars, err := e.prepared(ctx, env)
	if err != nil {
		return nil, err
	}
	return e.environ(vars), nil
}

// Exports are shell commands that set the environment's variables for plain pulumi and kubectl. They hold the sandbox's
// own access key, which opens nothing elsewhere.
func (e *Engine) Exports(ctx context.Context, env string) (string, error) {
	vars, err := e.prepared(ctx, env)
	if err != nil {
		return "", err
	}
	// With pulumi from the operator's PATH first, the sandbox's own engine second.
	vars["PATH"] += string(os.PathListSeparator) + e.Bin
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(vars[name], "'", `'\''`))
	}
	return b.String(), nil
}

// prepared builds what is missing, writes the environment's project and returns its variables.
func (e *Engine) prepared(ctx context.Context, env string) (map[string]string, error) {
	if err := e.project.hasStack(env); err != nil {
		return nil, err
	}
	tools, err := e.Prepare(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.project.write(e.projectDir(env), env, e.program); err != nil {
		return nil, err
	}
	vars, err := e.variables(env, account.DeployerName, tools)
	if err == nil {
		vars[ProjectVariable] = e.projectDir(env)
	}
	return vars, err
}

// ensurePassphrase makes the key of the state's secrets, once.
func (e *Engine) ensurePassphrase() error {
	if _, err := os.Stat(e.passphraseFile()); err == nil {
		return nil
	}
	key := make([]byte, 24)
	if _, err := rand.Read(key); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return writeFile(e.passphraseFile(), []byte(hex.EncodeToString(key)), 0o600)
}

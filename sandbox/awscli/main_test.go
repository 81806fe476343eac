package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/token"
)

// sandboxEnv is the environment of an account's first identity.
func sandboxEnv(t *testing.T) (func(string) string, account.State) {
	root := t.TempDir()
	acc := account.Open(filepath.Join(root, "account.json"))
	var state account.State
	require.NoError(t, acc.Update(func(s *account.State) error { state = *s; return nil }))
	vars := map[string]string{
		"SANDBOX_ROOT": root, "AWS_REGION": "af-south-1",
		"AWS_ACCESS_KEY_ID": state.Identities[0].AccessKeyID, "AWS_SECRET_ACCESS_KEY": state.Identities[0].SecretAccessKey,
	}
	return func(name string) string { return vars[name] }, state
}

func TestGetTokenIsAcceptedByTheClusterOnly(t *testing.T) {
	env, state := sandboxEnv(t)
	var out bytes.Buffer
	require.NoError(t, run([]string{"--region", "af-south-1", "eks", "get-token", "--cluster-name", "one", "--output=json"}, env, &out))
	var credential struct {
		Kind, APIVersion string
		Status           struct {
			Token               string
			ExpirationTimestamp time.Time
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &credential))
	assert.Equal(t, "ExecCredential", credential.Kind)
	assert.Equal(t, "client.authentication.k8s.io/v1beta1", credential.APIVersion)
	assert.WithinDuration(t, time.Now().Add(token.Lifetime-time.Minute), credential.Status.ExpirationTimestamp, 5*time.Second)
	who, err := token.Verify(credential.Status.Token, "one", state.Identity, time.Now())
	require.NoError(t, err)
	assert.Equal(t, state.Identities[0].PrincipalARN, who.PrincipalARN)
	_, err = token.Verify(credential.Status.Token, "two", state.Identity, time.Now())
	assert.Error(t, err, "a token of one cluster must not open another")
}

func TestCallerIdentity(t *testing.T) {
	env, state := sandboxEnv(t)
	var out bytes.Buffer
	require.NoError(t, run([]string{"sts", "get-caller-identity"}, env, &out))
	assert.Contains(t, out.String(), state.Identities[0].PrincipalARN)
	assert.NotContains(t, out.String(), state.Identities[0].SecretAccessKey)

	stolen := func(name string) string {
		if name == "AWS_SECRET_ACCESS_KEY" {
			return "guessed"
		}
		return env(name)
	}
	assert.ErrorContains(t, run([]string{"sts", "get-caller-identity"}, stolen, &out), "InvalidClientTokenId")
}

func TestRefusedCommands(t *testing.T) {
	env, _ := sandboxEnv(t)
	nobody := func(string) string { return "" }
	for name, c := range map[string]struct {
		args  []string
		env   func(string) string
		want  string
		usage bool
	}{
		"another service":  {[]string{"s3", "ls"}, env, `"s3 ls"`, true},
		"unknown flag":     {[]string{"eks", "get-token", "--profile", "x"}, env, "--profile", true},
		"no cluster":       {[]string{"eks", "get-token"}, env, "--cluster-name: is required", true},
		"flag at the end":  {[]string{"eks", "get-token", "--cluster-name"}, env, "needs a value", true},
		"another format":   {[]string{"sts", "get-caller-identity", "--output", "text"}, env, "must be json", true},
		"no credentials":   {[]string{"eks", "get-token", "--cluster-name", "one"}, nobody, "unable to locate credentials", false},
		"nothing asked of": {nil, env, `""`, true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := run(c.args, c.env, &out)
			require.ErrorContains(t, err, c.want)
			assert.Equal(t, c.usage, errors.Is(err, errUsage))
			assert.Empty(t, out.String())
		})
	}
}

func TestVersionSatisfiesTheComponent(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"--version"}, func(string) string { return "" }, &out))
	assert.Regexp(t, `^aws-cli/2\.\d+\.\d+ `, out.String())
}

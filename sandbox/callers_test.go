package main

import (
	"bytes"
	"context"
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

// Who asks makes no difference to what is planned: a change that is reviewed under a role that may only read is the change
// that the deployer makes.
func TestPreview_IsTheSameForEveryCaller(t *testing.T) {
	w := newWorld(t)
	w.up("dev")
	t.Run("nothing to change", func(t *testing.T) { assert.Contains(t, w.previews(t, "dev"), "no changes") })
	w.set("dev", "apps", map[string]any{"logLevel": "WARN", "replicas": 2})
	w.set("dev", "network", map[string]any{"natGateways": "perZone"})
	t.Run("changes of all kinds", func(t *testing.T) { assert.Contains(t, w.previews(t, "dev"), "LOG_LEVEL") })
	t.Run("everything to make", func(t *testing.T) { assert.Contains(t, w.previews(t, "staging"), "+ aws:ec2:Vpc") })
	w.down("dev")
}

// previews asks as every identity of the account, and returns what all of them were told.
func (w *world) previews(t *testing.T, env string) string {
	t.Helper()
	var roles []string
	require.NoError(t, w.Account().View(func(s *account.State) error {
		for _, identity := range s.Identities {
			roles = append(roles, path.Base(identity.PrincipalARN))
		}
		return nil
	}))
	require.Greater(t, len(roles), 1, "callers")
	var first string
	for i, role := range roles {
		result, err := w.PreviewAs(context.Background(), env, role)
		require.NoError(t, err, role)
		var text bytes.Buffer
		printResult(&text, result)
		if i == 0 {
			first = text.String()
		}
		assert.Equal(t, first, text.String(), "%s is told what %s is told", role, roles[0])
	}
	return first
}

package main

import (
	"context"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/engine"
)

// protectedPart is a line of what down lists: "  keys.data: aws:kms:Key".
var protectedPart = regexp.MustCompile(`(?m)^  ([a-zA-Z.]+): aws:`)

// What is protected is not taken down by accident, is lifted part by part by the names that the refusal says, and goes on
// purpose. Then the environment comes up again beside what AWS has kept of the first.
func TestProtection_OfARealEnvironment(t *testing.T) {
	w := newWorld(t)
	w.set("staging", "protection", map[string]any{"locked": true}) // as prod is
	w.up("staging")
	w.liftedByName(t, "staging", "rds", "documentdb", "msk", "redis", "secrets", "backup", "keys.data", "storage.logs")

	down := w.down("staging")
	w.empty("staging")
	assert.NotEmpty(t, down.Kept)
	require.NoError(t, w.Account().View(func(s *account.State) error {
		assert.Len(t, s.Kept("staging"), len(down.Kept))
		return nil
	}))
	w.up("staging")
	w.noChange("staging")
	again := w.down("staging")
	assert.Greater(t, len(again.Kept), len(down.Kept), "the second final snapshots have names of their own")

	restore := w.set(engine.SharedStack, "protection", map[string]any{"locked": true})
	w.liftedByName(t, engine.SharedStack, "registry", "trail", "keys.logs", "storage.accessLogs")
	restore()
	w.down(engine.SharedStack)
	w.empty(engine.SharedStack)
}

// liftedByName asserts that down is refused with at least these parts, that the parts that it names are known to the
// settings, and that lifting them changes nothing else. The settings and the environment are as before then.
func (w *world) liftedByName(t *testing.T, env string, some ...any) {
	t.Helper()
	before := w.names(env)
	_, err := w.Down(context.Background(), env)
	require.ErrorContains(t, err, "write into Pulumi."+env+".yaml")
	assert.Equal(t, before, w.names(env), "nothing was touched")
	var parts []any
	for _, found := range protectedPart.FindAllStringSubmatch(err.Error(), -1) {
		parts = append(parts, found[1])
	}
	assert.Subset(t, parts, some)

	restore := w.set(env, "protection", map[string]any{"unprotected": parts})
	lifted := w.up(env)
	assert.Equal(t, lifted.Changes["update"], lifted.Changed(), "only the protection changes: %v", lifted.Changes)
	w.noChange(env)
	restore()
	w.up(env)
}

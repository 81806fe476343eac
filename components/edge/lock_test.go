package edge

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	secretToken  = "aws:secretsmanager/secret:Secret"
	versionToken = "aws:secretsmanager/secretVersion:SecretVersion"
)

func lockArgs() *LockArgs {
	return &LockArgs{Name: "cloudinsight-prod", KeyARN: pulumi.String("arn:secrets")}
}

// recordLock returns the value that is sent and those that are accepted, as they stand in the secrets.
func recordLock(t *testing.T, args *LockArgs) (*pulumitest.Recorder, string, []any, error) {
	t.Helper()
	values := make(chan []any, 1)
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		lock, err := NewLock(ctx, "lock", args)
		if err != nil {
			values <- []any{""}
			return err
		}
		all := []any{lock.Sent}
		for _, one := range lock.Accepted {
			all = append(all, one)
		}
		pulumi.All(all...).ApplyT(func(known []any) error { values <- known; return nil })
		return nil
	}, pulumitest.Invoke("aws:secretsmanager/getRandomPassword:getRandomPassword", func(args map[string]any) map[string]any {
		assert.Equal(t, true, args["excludePunctuation"], "it is the value of a header")
		return map[string]any{"id": "x", "randomPassword": "made-up-today"}
	}), pulumitest.Outputs(versionToken, func(r *pulumitest.Resource) map[string]any {
		return map[string]any{"secretString": "value of " + r.Name, "arn": "arn:" + r.Name}
	}))
	known := <-values
	return rec, known[0].(string), known[1:], err
}

func TestLock_KeepsItsFirstValue(t *testing.T) {
	rec, sent, accepted, err := recordLock(t, lockArgs())
	require.NoError(t, err)
	assert.Equal(t, "value of lock-first", sent, "what is in the secret counts, not what this run made up")
	assert.Equal(t, []any{sent}, accepted)
	version := rec.Named(t, versionToken, "lock-first")
	assert.Equal(t, pulumitest.Secret{Value: "made-up-today"}, version.Input("secretString"))
	assert.Equal(t, []string{"secretString"}, version.IgnoreChanges)
	secret := rec.Named(t, secretToken, "lock-first")
	assert.Equal(t, "arn:secrets", secret.Input("kmsKeyId"))
	assert.Equal(t, 30.0, secret.Input("recoveryWindowInDays"))
	assert.Nil(t, secret.Input("name"), "a deleted secret's name stays taken")
	assert.Len(t, rec.Children(rec.Named(t, lockType, "lock")), 2)
}

func TestLock_TwoValuesWhileItIsRotated(t *testing.T) {
	args := lockArgs()
	args.Accepted, args.Sent, args.NoRecovery = []string{"first", "2026-12"}, "2026-12", true
	rec, sent, accepted, err := recordLock(t, args)
	require.NoError(t, err)
	assert.Equal(t, "value of lock-2026-12", sent)
	assert.Equal(t, []any{"value of lock-first", "value of lock-2026-12"}, accepted)
	assert.Equal(t, 0.0, rec.Named(t, secretToken, "lock-2026-12").Input("recoveryWindowInDays"))
}

func TestLock_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*LockArgs)
		want   string
	}{
		"nothing":    {func(a *LockArgs) { *a = LockArgs{} }, "name: is required\nkey arn: is required"},
		"no value":   {func(a *LockArgs) { a.Accepted = []string{} }, "accepted: must be one label, or two while it is rotated"},
		"three":      {func(a *LockArgs) { a.Accepted = []string{"a", "b", "c"} }, `accepted: must be one label, or two while it is rotated, got ["a" "b" "c"]`},
		"label":      {func(a *LockArgs) { a.Accepted = []string{"A b"} }, "accepted[0]: must match"},
		"twice":      {func(a *LockArgs) { a.Accepted = []string{"a", "a"} }, `accepted[1]: must be there once, got "a" again`},
		"not let in": {func(a *LockArgs) { a.Sent = "second" }, `sent: must be one of those that are accepted, ["first"], got "second"`},
	} {
		t.Run(name, func(t *testing.T) {
			args := lockArgs()
			c.change(args)
			rec, _, _, err := recordLock(t, args)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All())
		})
	}
	_, _, _, err := recordLock(t, nil)
	assert.ErrorContains(t, err, `lock "lock": name: is required`)
}

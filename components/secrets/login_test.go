package secrets_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/secrets"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const versionToken = "aws:secretsmanager/secretVersion:SecretVersion"

func recordLogin(t *testing.T, a *secrets.LoginArgs) (*pulumitest.Recorder, string, error) {
	t.Helper()
	known := make(chan string, 1)
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		made, err := secrets.NewLogin(ctx, "database", a)
		if err != nil {
			known <- ""
			return err
		}
		made.Password.ApplyT(func(text string) string { known <- text; return text })
		return nil
	}, pulumitest.Invoke("aws:secretsmanager/getRandomPassword:getRandomPassword", func(args map[string]any) map[string]any {
		assert.Equal(t, true, args["excludePunctuation"], "RDS refuses / @ \" and space in a password")
		return map[string]any{"id": "x", "randomPassword": "made-up-today"}
	}), pulumitest.Outputs(versionToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"secretString": `{"username":"platform","password":"made-up-long-ago"}`, "arn": "arn:secret"}
	}))
	return rec, <-known, err
}

func login() *secrets.LoginArgs {
	return &secrets.LoginArgs{Name: "cloudinsight-prod", Description: "Master user", Username: "platform", KeyARN: pulumi.String(key)}
}

func TestLogin_KeepsItsFirstPassword(t *testing.T) {
	rec, password, err := recordLogin(t, login())
	require.NoError(t, err)
	version := rec.Named(t, versionToken, "database")
	assert.Equal(t, pulumitest.Secret{Value: `{"username":"platform","password":"made-up-today"}`}, version.Input("secretString"))
	assert.Equal(t, []string{"secretString"}, version.IgnoreChanges, "each run makes up another password")
	assert.Equal(t, "made-up-long-ago", password, "what is in the secret counts")

	secret := rec.Named(t, secretToken, "database")
	assert.True(t, secret.Protect)
	assert.Equal(t, 30.0, secret.Input("recoveryWindowInDays"))
	assert.Equal(t, key, secret.Input("kmsKeyId"))
	assert.Nil(t, secret.Input("name"), "a deleted secret's name stays taken")
	assert.Equal(t, "cloudinsight:secrets:Login", secret.Parent.Type)
}

func TestLogin_EverythingSet(t *testing.T) {
	a := login()
	a.NoRecovery, a.Unprotected, a.Classification = true, true, "synthetic"
	rec, _, err := recordLogin(t, a)
	require.NoError(t, err)
	secret := rec.Named(t, secretToken, "database")
	assert.False(t, secret.Protect)
	assert.Zero(t, secret.Input("recoveryWindowInDays"))
	assert.Equal(t, "synthetic", secret.Input("tags.DataClassification"))
}

func TestLogin_Refuses(t *testing.T) {
	rec, _, err := recordLogin(t, nil)
	for _, want := range []string{"name: is required", "username: is required", "key arn: is required"} {
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, rec.All())
}

package keys_test

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/keys"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	keyToken   = "aws:kms/key:Key"
	aliasToken = "aws:kms/alias:Alias"
)

func record(t *testing.T, args *keys.KeyArgs) (*pulumitest.Recorder, error) {
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := keys.NewKey(ctx, "logs", args)
		return err
	})
}

func TestKey_RotatesAndIsAdministeredByTheAccount(t *testing.T) {
	rec, err := record(t, &keys.KeyArgs{Alias: "cloudinsight-dev/logs", AccountID: pulumitest.AccountID})
	require.NoError(t, err)
	key := rec.Named(t, keyToken, "logs")
	assert.Equal(t, true, key.Input("enableKeyRotation"))
	assert.Equal(t, 30.0, key.Input("deletionWindowInDays"))
	assert.True(t, key.Protect, "what it has encrypted is lost with it")
	assert.Equal(t, "alias/cloudinsight-dev/logs", rec.Named(t, aliasToken, "logs").Input("name"))
	assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Sid":"AccountAdministers","Effect":"Allow",
		"Principal":{"AWS":["arn:aws:iam::111122223333:root"]},"Action":["kms:*"],"Resource":["*"]}]}`, key.Input("policy").(string))
}

func TestKey_ServicesUseItUnderTheirConditionsOnly(t *testing.T) {
	rec, err := record(t, &keys.KeyArgs{
		Alias: "a", AccountID: pulumitest.AccountID, DeletionWindowDays: 7,
		Users: []keys.ServiceUse{keys.LogGroups("af-south-1", pulumitest.AccountID), keys.LogDelivery(pulumitest.AccountID)},
	})
	require.NoError(t, err)
	var policy struct {
		Statement []struct {
			Principal map[string][]string
			Action    []string
			Condition map[string]map[string][]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(rec.Named(t, keyToken, "logs").Input("policy").(string)), &policy))
	require.Len(t, policy.Statement, 3)
	logs, delivery := policy.Statement[1], policy.Statement[2]
	assert.Equal(t, []string{"logs.af-south-1.amazonaws.com"}, logs.Principal["Service"])
	assert.Equal(t, []string{"arn:aws:logs:af-south-1:111122223333:log-group:*"}, logs.Condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"])
	assert.NotContains(t, logs.Action, "kms:*")
	assert.Equal(t, []string{"111122223333"}, delivery.Condition["StringEquals"]["aws:SourceAccount"])
}

func TestKey_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		args *keys.KeyArgs
		want []string
	}{
		"nothing given": {nil, []string{"alias: must match", "account id: must be twelve digits"}},
		"alias of aws":  {&keys.KeyArgs{Alias: "a b", AccountID: pulumitest.AccountID}, []string{`got "a b"`}},
		"service without a name": {&keys.KeyArgs{Alias: "a", AccountID: pulumitest.AccountID, Users: []keys.ServiceUse{{}}},
			[]string{"users[0]: service: is required"}},
		"too short wait": {&keys.KeyArgs{Alias: "a", AccountID: pulumitest.AccountID, DeletionWindowDays: 3}, []string{"must be between 7 and 30 days, got 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			rec, err := record(t, c.args)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, rec.All())
		})
	}
}

func TestKey_CanBeLetGo(t *testing.T) {
	rec, err := record(t, &keys.KeyArgs{Alias: "a", AccountID: pulumitest.AccountID, Unprotected: true})
	require.NoError(t, err)
	assert.False(t, rec.Named(t, keyToken, "logs").Protect)
}

func TestKey_ChildrenHaveItAsParent(t *testing.T) {
	rec, err := record(t, &keys.KeyArgs{Alias: "a", AccountID: pulumitest.AccountID})
	require.NoError(t, err)
	component := rec.Named(t, "cloudinsight:keys:Key", "logs")
	assert.Len(t, rec.Children(component), 2)
}

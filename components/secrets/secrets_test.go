package secrets_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/secrets"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	secretToken = "aws:secretsmanager/secret:Secret"
	policyToken = "aws:secretsmanager/secretPolicy:SecretPolicy"
	key         = "arn:aws:kms:af-south-1:111122223333:key/1"
)

func args() *secrets.Args {
	return &secrets.Args{
		Name: "cloudinsight-dev", AccountID: pulumitest.AccountID, KeyARN: pulumi.String(key),
		Secrets: map[string]string{"slack-webhook": "URL that alerts are posted to", "pagerduty": "Routing key"},
	}
}

func record(t *testing.T, a *secrets.Args) (*pulumitest.Recorder, error) {
	arn := pulumitest.Outputs(secretToken, func(r *pulumitest.Resource) map[string]any {
		return map[string]any{"arn": "arn:aws:secretsmanager:af-south-1:111122223333:secret:" + r.ID}
	})
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		made, err := secrets.NewSecrets(ctx, "main", a)
		if err == nil {
			for key, arn := range made.ARNs {
				ctx.Export(key, arn)
			}
			assert.Len(t, made.Ready, 2*len(made.ARNs))
		}
		return err
	}, arn)
}

func TestSecrets_AreEmptyEncryptedAndKept(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	require.Equal(t, 2, rec.Count(secretToken))
	secret := rec.Named(t, secretToken, "main-slack-webhook")
	assert.True(t, secret.Protect)
	assert.Equal(t, key, secret.Input("kmsKeyId"))
	assert.Equal(t, 30.0, secret.Input("recoveryWindowInDays"))
	assert.Equal(t, "URL that alerts are posted to", secret.Input("description"))
	assert.Equal(t, "confidential", secret.Input("tags.DataClassification"))
	assert.Nil(t, secret.Input("name"), "a deleted secret's name stays taken; Pulumi adds a random end")
	assert.Zero(t, rec.Count("aws:secretsmanager/secretVersion:SecretVersion"), "values never pass through the program")
}

func TestSecrets_RefuseReadersFromOutside(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	policy := rec.Named(t, policyToken, "main-pagerduty")
	assert.Equal(t, true, policy.Input("blockPublicPolicy"))
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Sid": "RefuseOutsiders", "Effect": "Deny", "Principal": "*",
		"Action": ["secretsmanager:*"], "Resource": ["*"], "Condition": {
			"StringNotEquals": {"aws:PrincipalAccount": ["111122223333"]}, "Bool": {"aws:PrincipalIsAWSService": ["false"]}}}]}`,
		policy.Input("policy").(string))
	assert.Equal(t, "arn:aws:secretsmanager:af-south-1:111122223333:secret:"+rec.Named(t, secretToken, "main-pagerduty").ID, policy.Input("secretArn"))
}

func TestSecrets_EverythingSet(t *testing.T) {
	a := args()
	a.RecoveryWindowDays, a.Unprotected, a.Classification = 7, true, "synthetic"
	rec, err := record(t, a)
	require.NoError(t, err)
	secret := rec.Named(t, secretToken, "main-pagerduty")
	assert.False(t, secret.Protect)
	assert.Equal(t, 7.0, secret.Input("recoveryWindowInDays"))
	assert.Equal(t, "synthetic", secret.Input("tags.DataClassification"))
}

func TestSecrets_CanGoAtOnce(t *testing.T) {
	a := args()
	a.NoRecovery = true
	rec, err := record(t, a)
	require.NoError(t, err)
	assert.Equal(t, 0.0, rec.Named(t, secretToken, "main-pagerduty").Input("recoveryWindowInDays"))
}

func TestSecrets_Refuse(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*secrets.Args)
		want   []string
	}{
		"nothing given": {func(a *secrets.Args) { *a = secrets.Args{} }, []string{
			"name: is required", "account id: must be twelve digits", "key arn: is required", "secrets: must have at least one",
		}},
		"key":             {func(a *secrets.Args) { a.Secrets = map[string]string{"Slack": "x"} }, []string{`secrets: keys must match`, `got "Slack"`}},
		"no description":  {func(a *secrets.Args) { a.Secrets = map[string]string{"slack": ""} }, []string{`secrets["slack"]: must say what the value is`}},
		"window":          {func(a *secrets.Args) { a.RecoveryWindowDays = 6 }, []string{"recovery window: must be between 7 and 30 days, got 6"}},
		"window and none": {func(a *secrets.Args) { a.RecoveryWindowDays, a.NoRecovery = 7, true }, []string{"recovery window: must be left out without recovery, got 7 days"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			rec, err := record(t, a)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, rec.All())
		})
	}
	_, err := record(t, nil)
	assert.ErrorContains(t, err, `secrets "main": name: is required`)
}

func TestSecrets_ChildrenHaveItAsParent(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.Len(t, rec.Children(rec.Named(t, "cloudinsight:secrets:Secrets", "main")), 4)
}

package aws

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

func TestSecrets_ANameStaysTakenUntilTheRecoveryWindowIsOver(t *testing.T) {
	w := newWorld(t)
	secret := w.make(typeSecret, map[string]any{"name": "slack", "recoveryWindowInDays": 7})
	assert.Regexp(t, `^arn:aws:secretsmanager:af-south-1:\d{12}:secret:slack-[A-Z2-7]{6}$`, secret.id)
	policy := w.make(typeSecretPolicy, map[string]any{"secretArn": secret.id, "policy": `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"secretsmanager:*","Resource":"*"}]}`})
	_, err := w.try(typeSecret, map[string]any{"name": "slack"})
	assert.ErrorContains(t, err, "ResourceExistsException")

	require.NoError(t, w.delete(policy))
	require.NoError(t, w.delete(secret))
	assert.Nil(t, w.read(secret).Outputs)
	until := time.Now().UTC().AddDate(0, 0, 7).Format(time.DateOnly)
	assert.Equal(t, map[string]string{secret.id: "scheduled for deletion until " + until}, w.kept())
	_, err = w.try(typeSecret, map[string]any{"name": "slack"})
	assert.ErrorContains(t, err, "You can't create this secret because a secret with this name is already scheduled for deletion.")
	_, err = w.try(typeSecretVersion, map[string]any{"secretId": secret.id, "secretString": "x"})
	assert.ErrorContains(t, err, "it was marked for deletion")
	w.in("eu-west-1", func() { w.make(typeSecret, map[string]any{"name": "slack"}) })

	require.NoError(t, w.provider.account.Update(func(s *account.State) error {
		s.KeptOf(typeSecret)[0].Until = time.Now().Add(-time.Minute)
		return nil
	}))
	again := w.make(typeSecret, map[string]any{"name": "slack", "recoveryWindowInDays": 0})
	assert.NotEqual(t, secret.id, again.id)
	require.NoError(t, w.delete(again))
	assert.Empty(t, w.kept(), "without a window it is gone at once")
	w.make(typeSecret, map[string]any{"name": "slack"})
}

func TestSecrets_Refuses(t *testing.T) {
	w := newWorld(t)
	secret := w.make(typeSecret, map[string]any{"name": "one"})
	w.refuses(t, map[string]refusal{
		"name":          {typeSecret, map[string]any{"name": "a b"}, "name: must match"},
		"window":        {typeSecret, map[string]any{"recoveryWindowInDays": 3}, "recoveryWindowInDays: must be 0 or between 7 and 30, got 3"},
		"key":           {typeSecret, map[string]any{"kmsKeyId": "arn:aws:kms:eu-west-1:1:key/none"}, "there is none in af-south-1"},
		"replicas":      {typeSecret, map[string]any{"replicas": []any{map[string]any{"region": "eu-west-1"}}}, "replicas: the stand-in does not know"},
		"no secret":     {typeSecretPolicy, map[string]any{"secretArn": "arn:none", "policy": anyTrust}, "Secrets Manager can't find the specified secret"},
		"public":        {typeSecretPolicy, map[string]any{"secretArn": secret.id, "blockPublicPolicy": true, "policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"secretsmanager:*","Resource":"*"}]}`}, "allows broad access to the secret"},
		"malformed":     {typeSecretPolicy, map[string]any{"secretArn": secret.id, "policy": "{"}, "MalformedPolicyDocument"},
		"two values":    {typeSecretVersion, map[string]any{"secretId": secret.id, "secretString": "a", "secretBinary": "b"}, "secretString: conflicts with secretBinary"},
		"no function":   {typeSecretRotation, map[string]any{"secretId": secret.id, "rotationRules": map[string]any{"automaticallyAfterDays": 7}}, "No Lambda rotation function ARN is associated"},
		"no days":       {typeSecretRotation, map[string]any{"secretId": secret.id, "rotationRules": map[string]any{}}, "automaticallyAfterDays or scheduleExpression is required"},
		"no expression": {typeSecretRotation, map[string]any{"secretId": secret.id, "rotationRules": map[string]any{"scheduleExpression": "daily"}}, "must be cron(…) or rate(…)"},
	})
}

func TestSecrets_ValuesStayInTheAccount(t *testing.T) {
	w := newWorld(t)
	secret := w.make(typeSecret, map[string]any{"name": "one"})
	version := w.make(typeSecretVersion, map[string]any{"secretId": secret.id, "secretString": "hush-hush"})
	assert.NotEmpty(t, version.outputs["versionId"])
	assert.NotContains(t, fmt.Sprint(w.read(secret)), "hush-hush")
	read := w.read(version)
	assert.True(t, read.Inputs["secretString"].IsSecret())
	assert.True(t, read.Outputs["secretString"].IsSecret())
	w.state(func(s *account.State) { assert.Equal(t, "hush-hush", s.Get(typeSecret, secret.id).String(secretValue)) })
	require.NoError(t, w.delete(version))
	w.state(func(s *account.State) { assert.Empty(t, s.Get(typeSecret, secret.id).String(secretValue)) })
}

func TestSecrets_OfDatabasesAreManaged(t *testing.T) {
	d := newDatabases(t)
	secret := d.make(typeDatabase, d.instance(nil)).outputs.objects("masterUserSecrets")[0].str("secretArn")
	assert.Contains(t, secret, ":secret:rds!db-")
	days := map[string]any{"automaticallyAfterDays": 30}
	d.refuses(t, map[string]refusal{
		"value":    {typeSecretVersion, map[string]any{"secretId": secret, "secretString": "mine"}, "it is managed by rds"},
		"function": {typeSecretRotation, map[string]any{"secretId": secret, "rotationRules": days, "rotationLambdaArn": "arn:x"}, "You can't specify a rotation Lambda function for a managed secret"},
	})
	rotation := d.make(typeSecretRotation, map[string]any{"secretId": secret, "rotationRules": days})
	assert.Equal(t, true, rotation.outputs["rotationEnabled"])
}

func TestKMS_DeletionIsScheduled(t *testing.T) {
	w := newWorld(t)
	key := w.make(typeKey, map[string]any{"deletionWindowInDays": 7})
	alias := w.make(typeAlias, map[string]any{"name": "alias/main", "targetKeyId": key.id})
	require.NoError(t, w.delete(alias))
	require.NoError(t, w.delete(key))
	assert.Nil(t, w.read(key).Outputs)
	until := time.Now().UTC().AddDate(0, 0, 7).Format(time.DateOnly)
	assert.Equal(t, map[string]string{key.id: "scheduled for deletion until " + until}, w.kept())
	w.refuses(t, map[string]refusal{
		"alias":  {typeAlias, map[string]any{"name": "alias/other", "targetKeyId": key.id}, "KMSInvalidStateException"},
		"logs":   {typeLogGroup, map[string]any{"kmsKeyId": key.outputs.str("arn")}, "is pending deletion."},
		"secret": {typeSecret, map[string]any{"kmsKeyId": key.outputs.str("arn")}, "it is pending deletion"},
	})
	again := w.make(typeKey, map[string]any{})
	w.make(typeAlias, map[string]any{"name": "alias/main", "targetKeyId": again.id})
	users := w.make(typeSecret, map[string]any{"kmsKeyId": again.outputs.str("arn"), "recoveryWindowInDays": 0})
	assert.ErrorContains(t, w.delete(again), "encrypts "+users.id)
}

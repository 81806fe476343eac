package aws

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

const anyTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func TestIAM_Refuses(t *testing.T) {
	w := newWorld(t)
	role := w.make(typeRole, map[string]any{"name": "one", "assumeRolePolicy": anyTrust})
	w.make(typeRoleAttachment, map[string]any{"role": role.id, "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
	w.refuses(t, map[string]refusal{
		"name twice":     {typeRole, map[string]any{"name": "one", "assumeRolePolicy": anyTrust}, "EntityAlreadyExists"},
		"long name":      {typeRole, map[string]any{"name": strings.Repeat("x", 65), "assumeRolePolicy": anyTrust}, "at most 64 characters"},
		"no json":        {typeRole, map[string]any{"assumeRolePolicy": "{"}, "MalformedPolicyDocument"},
		"no effect":      {typeRolePolicy, map[string]any{"role": "one", "policy": `{"Statement":[{"Action":"s3:*","Resource":"*"}]}`}, "Effect must be Allow or Deny"},
		"session":        {typeRole, map[string]any{"assumeRolePolicy": anyTrust, "maxSessionDuration": 60}, "maxSessionDuration: must be between 3600 and 43200"},
		"trusts nobody":  {typeRole, map[string]any{"assumeRolePolicy": `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::1:role/x"}}}`}, "Invalid principal in policy"},
		"managed policy": {typeRoleAttachment, map[string]any{"role": "one", "policyArn": "arn:aws:iam::aws:policy/AmazonEKSEverything"}, "does not exist or is not attachable"},
		"role":           {typeRolePolicy, map[string]any{"role": "two", "policy": anyTrust}, "The role with name two cannot be found"},
		"issuer":         {typeOIDC, map[string]any{"url": "http://issuer", "clientIdLists": []any{"a"}}, "url: must begin with https://"},
	})
	assert.ErrorContains(t, w.delete(role), "DeleteConflict")
}

func TestKMS_RefusesAPolicyThatLocksEverybodyOut(t *testing.T) {
	w := newWorld(t)
	id := ""
	require.NoError(t, w.provider.account.View(func(s *account.State) error { id = s.AccountID; return nil }))
	policy := func(principal, service string) string {
		return `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"kms:*","Resource":"*"},
			{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"kms:Decrypt","Resource":"*"}]}`
	}
	root := "arn:aws:iam::" + id + ":root"
	w.refuses(t, map[string]refusal{
		"another account": {typeKey, map[string]any{"policy": policy("arn:aws:iam::000000000001:root", "x")}, "will not allow you to update the key policy"},
		"a stranger":      {typeKey, map[string]any{"policy": policy(root, "cloudwach.amazonaws.com")}, "Invalid principal in policy"},
		"window":          {typeKey, map[string]any{"deletionWindowInDays": 1}, "deletionWindowInDays: must be between 7 and 30"},
		"alias of aws":    {typeAlias, map[string]any{"name": "alias/aws/ebs", "targetKeyId": "x"}, "not begin with alias/aws/"},
		"alias of no key": {typeAlias, map[string]any{"name": "alias/a", "targetKeyId": "x"}, "Key 'x' does not exist"},
	})
	forLogs := w.make(typeKey, map[string]any{"policy": policy(root, "logs.af-south-1.amazonaws.com")})
	other := w.make(typeKey, map[string]any{"policy": policy(root, "s3.amazonaws.com")})
	group := w.make(typeLogGroup, map[string]any{"name": "/a", "kmsKeyId": forLogs.outputs.str("arn"), "retentionInDays": 7})
	assert.ErrorContains(t, w.delete(forLogs), "encrypts the log group /a")
	w.refuses(t, map[string]refusal{
		"key that is not for logs": {typeLogGroup, map[string]any{"kmsKeyId": other.outputs.str("arn")}, "does not allow logs.af-south-1.amazonaws.com"},
		"group twice":              {typeLogGroup, map[string]any{"name": "/a"}, "ResourceAlreadyExistsException"},
		"retention":                {typeLogGroup, map[string]any{"retentionInDays": 8}, "retentionInDays: must be one of"},
	})
	require.NoError(t, w.delete(group))
	require.NoError(t, w.delete(forLogs))
}

func TestS3_Refuses(t *testing.T) {
	w := newWorld(t)
	bucket := w.make(typeBucket, map[string]any{"bucket": "flow-logs"})
	w.make("aws:s3/bucketVersioningV2:BucketVersioningV2", map[string]any{"bucket": bucket.id, "versioningConfiguration": map[string]any{"status": "Enabled"}})
	vpc := w.make(typeVPC, map[string]any{"cidrBlock": "10.0.0.0/16"})
	w.refuses(t, map[string]refusal{
		"name":       {typeBucket, map[string]any{"bucket": "Flow_Logs"}, "bucket: must be 3 to 63"},
		"name twice": {typeBucket, map[string]any{"bucket": "flow-logs"}, "BucketAlreadyOwnedByYou"},
		"set twice":  {"aws:s3/bucketVersioningV2:BucketVersioningV2", map[string]any{"bucket": bucket.id, "versioningConfiguration": map[string]any{"status": "Enabled"}}, "the later would undo the earlier"},
		"no bucket":  {"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", map[string]any{"bucket": "none"}, "NoSuchBucket"},
		"no target":  {typeFlowLog, map[string]any{"vpcId": vpc.id, "trafficType": "ALL", "logDestinationType": "s3", "logDestination": "arn:aws:s3:::none"}, "does not exist"},
		"no role":    {typeFlowLog, map[string]any{"vpcId": vpc.id, "trafficType": "ALL", "logDestination": "x"}, "iamRoleArn: is required"},
	})
	flow := w.make(typeFlowLog, map[string]any{"vpcId": vpc.id, "trafficType": "ALL", "logDestinationType": "s3", "logDestination": bucket.outputs.str("arn")})
	require.NoError(t, w.delete(flow))
	assert.ErrorContains(t, w.delete(bucket), "BucketNotEmpty", "its records are still there")
}

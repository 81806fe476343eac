package keys_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/keys"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

type statement struct {
	Principal map[string][]string
	Action    []string
	Condition map[string]map[string][]string
}

// granted is what a key's policy says of one service.
func granted(t *testing.T, use keys.ServiceUse) statement {
	t.Helper()
	rec, err := record(t, &keys.KeyArgs{Alias: "a", AccountID: pulumitest.AccountID, Users: []keys.ServiceUse{use}})
	require.NoError(t, err)
	var policy struct{ Statement []statement }
	require.NoError(t, json.Unmarshal([]byte(rec.Named(t, keyToken, "logs").Input("policy").(string)), &policy))
	require.Len(t, policy.Statement, 2)
	return policy.Statement[1]
}

func TestServiceUse_IsBoundToTheAccount(t *testing.T) {
	for name, c := range map[string]struct {
		use     keys.ServiceUse
		service string
		actions []string
		bound   map[string]map[string][]string
	}{
		"trails": {
			keys.CloudTrail("af-south-1", pulumitest.AccountID), "cloudtrail.amazonaws.com",
			[]string{"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"},
			map[string]map[string][]string{"ArnLike": {"aws:SourceArn": {"arn:aws:cloudtrail:af-south-1:111122223333:trail/*"}}},
		},
		"alarms": {
			keys.Topics(pulumitest.AccountID), "cloudwatch.amazonaws.com", []string{"kms:Decrypt", "kms:GenerateDataKey*"},
			map[string]map[string][]string{
				"StringEquals": {"aws:SourceAccount": {"111122223333"}},
				"ArnLike":      {"aws:SourceArn": {"arn:aws:cloudwatch:*:111122223333:alarm:*"}},
			},
		},
		"buckets": {
			keys.BucketEvents(pulumitest.AccountID), "s3.amazonaws.com", []string{"kms:Decrypt", "kms:GenerateDataKey*"},
			map[string]map[string][]string{"StringEquals": {"aws:SourceAccount": {"111122223333"}}},
		},
		"exports": {
			keys.DataExports(pulumitest.AccountID), "bcm-data-exports.amazonaws.com", []string{"kms:Decrypt", "kms:GenerateDataKey*"},
			map[string]map[string][]string{
				"StringEquals": {"aws:SourceAccount": {"111122223333"}},
				"ArnLike":      {"aws:SourceArn": {"arn:aws:bcm-data-exports:us-east-1:111122223333:export/*"}},
			},
		},
		"rules, of whom KMS is not told the account": {
			keys.Events(), "events.amazonaws.com", []string{"kms:Decrypt", "kms:GenerateDataKey*"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := granted(t, c.use)
			assert.Equal(t, []string{c.service}, got.Principal["Service"])
			assert.Equal(t, c.actions, got.Action)
			assert.Equal(t, c.bound, got.Condition)
		})
	}
}

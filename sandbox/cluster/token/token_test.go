package token

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

var (
	signedAt = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	deployer = account.Identity{
		AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "not-a-real-secret", PrincipalARN: "arn:aws:iam::111122223333:role/deployer",
	}
)

func known(accessKeyID string) *account.Identity {
	if accessKeyID == deployer.AccessKeyID {
		return &deployer
	}
	return nil
}

func TestVerifyAcceptsItsOwnToken(t *testing.T) {
	made, err := Make(deployer, "cloudinsight-dev", "af-south-1", signedAt)
	require.NoError(t, err)
	caller, err := Verify(made, "cloudinsight-dev", known, signedAt.Add(Lifetime))
	require.NoError(t, err)
	assert.Equal(t, deployer.PrincipalARN, caller.PrincipalARN)
}

// The token has the shape that "aws eks get-token" prints.
func TestMakeHasTheShapeOfTheCLI(t *testing.T) {
	made, err := Make(deployer, "cloudinsight-dev", "af-south-1", signedAt)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(made, "k8s-aws-v1.aHR0cHM6Ly9zdHMu"), "not a URL of sts behind the prefix")
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(made, Prefix))
	require.NoError(t, err)
	assert.Contains(t, string(raw), "X-Amz-SignedHeaders=host%3Bx-k8s-aws-id")
	assert.Contains(t, string(raw), "X-Amz-Credential=AKIAEXAMPLE%2F20261123%2Faf-south-1%2Fsts%2Faws4_request")
	assert.NotContains(t, string(raw), deployer.SecretAccessKey)
}

func TestVerifyRefuses(t *testing.T) {
	made, err := Make(deployer, "cloudinsight-dev", "af-south-1", signedAt)
	require.NoError(t, err)
	edit := func(old, new string) string {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(made, Prefix))
		require.NoError(t, err)
		require.Contains(t, string(raw), old)
		return Prefix + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), old, new, 1)))
	}
	stranger, err := Make(account.Identity{AccessKeyID: "AKIAOTHER", SecretAccessKey: "x"}, "cloudinsight-dev", "af-south-1", signedAt)
	require.NoError(t, err)
	forged, err := Make(account.Identity{AccessKeyID: deployer.AccessKeyID, SecretAccessKey: "guessed"}, "cloudinsight-dev", "af-south-1", signedAt)
	require.NoError(t, err)

	for name, c := range map[string]struct {
		token, cluster string
		at             time.Time
		want           string
	}{
		"another cluster":     {made, "cloudinsight-prod", signedAt, `made for another cluster than "cloudinsight-prod"`},
		"expired":             {made, "cloudinsight-dev", signedAt.Add(Lifetime + time.Second), "expired 1s ago"},
		"from the future":     {made, "cloudinsight-dev", signedAt.Add(-2 * time.Minute), "signed in the future"},
		"unknown key":         {stranger, "cloudinsight-dev", signedAt, "AKIAOTHER is unknown"},
		"wrong secret":        {forged, "cloudinsight-dev", signedAt, "signature does not match"},
		"another date":        {edit("X-Amz-Date=20261123T080000Z", "X-Amz-Date=20261123T075500Z"), "cloudinsight-dev", signedAt, "signature does not match"},
		"another action":      {edit("GetCallerIdentity", "GetSessionToken"), "cloudinsight-dev", signedAt, "GetCallerIdentity"},
		"unsigned cluster":    {edit("host%3Bx-k8s-aws-id", "host"), "cloudinsight-dev", signedAt, "signed headers"},
		"another host":        {edit("sts.af-south-1.amazonaws.com", "sts.example.com"), "cloudinsight-dev", signedAt, "request to STS"},
		"another region":      {edit("sts.af-south-1", "sts.eu-west-1"), "cloudinsight-dev", signedAt, "signature does not match"},
		"a further parameter": {edit("Version=", "DurationSeconds=1&Version="), "cloudinsight-dev", signedAt, `unexpected parameter "DurationSeconds"`},
		"not a token":         {"Bearer", "cloudinsight-dev", signedAt, "must start with"},
		"not base64":          {Prefix + "!", "cloudinsight-dev", signedAt, "not base64url"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Verify(c.token, c.cluster, known, c.at)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), deployer.SecretAccessKey)
		})
	}
}

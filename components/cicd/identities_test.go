package cicd_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/cicd"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	providerToken = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	policyToken   = "aws:iam/policy:Policy"
	inlineToken   = "aws:iam/rolePolicy:RolePolicy"
	attachToken   = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	roleToken     = "aws:iam/role:Role"

	boundaryARN = "arn:aws:iam::111122223333:policy/cloudinsight-boundary"
	stateKey    = "arn:aws:kms:af-south-1:111122223333:key/state"
)

func args() *cicd.Args {
	return &cicd.Args{
		Repository: "cloudinsight/platform", AccountID: pulumitest.AccountID, Regions: []string{"af-south-1", "eu-west-1", "us-east-1"},
		Environments: map[string]cicd.Environment{"dev": {Branch: "development"}, "staging": {Branch: "staging"}, "prod": {Branch: "production"}},
	}
}

func withState() *cicd.Args {
	a := args()
	a.StateBucketARN, a.StateKeyARN = pulumi.String("arn:aws:s3:::pulumi-state"), pulumi.String(stateKey)
	return a
}

func record(t *testing.T, a *cicd.Args) (*pulumitest.Recorder, error) {
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := cicd.NewIdentities(ctx, "main", a)
		return err
	})
}

func trust(t *testing.T, rec *pulumitest.Recorder, role string) string {
	t.Helper()
	return rec.Named(t, roleToken, role).Input("assumeRolePolicy").(string)
}

func TestIdentities_Provider(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	provider := rec.Named(t, providerToken, "main")
	assert.Equal(t, "https://token.actions.githubusercontent.com", provider.Input("url"))
	assert.Equal(t, []any{"sts.amazonaws.com"}, provider.Input("clientIdLists"))
}

func TestIdentities_DeployRolesAreForTheirEnvironmentAndBranch(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRoleWithWebIdentity"],
		"Principal": {"Federated": ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"]},
		"Condition": {"StringEquals": {
			"token.actions.githubusercontent.com:aud": ["sts.amazonaws.com"],
			"token.actions.githubusercontent.com:sub": ["repo:cloudinsight/platform:environment:prod"],
			"token.actions.githubusercontent.com:ref": ["refs/heads/production"]}}}]}`, trust(t, rec, "main-deploy-prod"))
	for _, env := range []string{"dev", "staging", "prod"} {
		for _, part := range []string{"ground", "data", "identity"} {
			attachment := rec.Named(t, attachToken, "main-deploy-"+env+"-"+part)
			assert.Equal(t, "arn:aws:iam::111122223333:policy/cloudinsight-deploy-"+env+"-"+part, attachment.Input("policyArn"))
		}
	}
}

func TestIdentities_PreviewsAreForPullRequestsAndBranches(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRoleWithWebIdentity"],
		"Principal": {"Federated": ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"]},
		"Condition": {"StringEquals": {
			"token.actions.githubusercontent.com:aud": ["sts.amazonaws.com"],
			"token.actions.githubusercontent.com:sub": ["repo:cloudinsight/platform:pull_request", "repo:cloudinsight/platform:ref:refs/heads/development",
				"repo:cloudinsight/platform:ref:refs/heads/production", "repo:cloudinsight/platform:ref:refs/heads/staging"]}}}]}`,
		trust(t, rec, "main-preview"))
	for _, policy := range []string{"SecurityAudit", "job-function-ViewOnlyAccess"} {
		assert.Contains(t, rec.Named(t, attachToken, "main-preview-"+policy).Input("policyArn"), "arn:aws:iam::aws:policy/")
	}
}

func TestIdentities_EveryRoleHasTheBoundary(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	require.Equal(t, 4, rec.Count(roleToken))
	for _, role := range rec.OfType(roleToken) {
		assert.Equal(t, boundaryARN, role.Input("permissionsBoundary"), role.Name)
	}
}

func TestIdentities_PoliciesHaveRoom(t *testing.T) {
	a := withState()
	// Names and regions as long as they can get.
	a.Environments["abcdefghijklmnop"] = cicd.Environment{Branch: "main"}
	a.Regions = append(a.Regions, "ap-southeast-1", "ap-southeast-2")
	rec, err := record(t, a)
	require.NoError(t, err)
	require.Equal(t, 1+4*4, rec.Count(policyToken))
	for _, policy := range rec.OfType(policyToken) {
		text := policy.Input("policy").(string)
		require.True(t, json.Valid([]byte(text)))
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
		assert.LessOrEqual(t, len(text), 6144, policy.Name)
	}
	inline := rec.Named(t, inlineToken, "main-preview").Input("policy").(string)
	assert.LessOrEqual(t, len(inline), 10240)
}

func TestIdentities_StateIsReadByAllAndWrittenByItsOwn(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.Empty(t, named(rec, "-state"), "the state is elsewhere")
	rec, err = record(t, withState())
	require.NoError(t, err)
	assert.Len(t, named(rec, "-state"), 3)
	assert.Contains(t, rec.Named(t, policyToken, "main-deploy-dev-state").Input("policy"), stateKey)
	a := withState()
	a.StateKeyARN = nil
	rec, err = record(t, a)
	require.NoError(t, err)
	assert.NotContains(t, rec.Named(t, policyToken, "main-deploy-dev-state").Input("policy"), "kms:")
}

func named(rec *pulumitest.Recorder, end string) (names []string) {
	for _, policy := range rec.OfType(policyToken) {
		if strings.HasSuffix(policy.Name, end) {
			names = append(names, policy.Name)
		}
	}
	return names
}

func TestIdentities_Refuse(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*cicd.Args)
		want   []string
	}{
		"nothing given": {func(a *cicd.Args) { *a = cicd.Args{} }, []string{
			"repository: must be owner/name", "account id: must be twelve digits", "regions: must have at least one", "environments: must have at least one",
		}},
		"repository":                             {func(a *cicd.Args) { a.Repository = "platform" }, []string{`repository: must be owner/name, got "platform"`}},
		"everybody's":                            {func(a *cicd.Args) { a.Repository = "*/*" }, []string{`got "*/*"`}},
		"region":                                 {func(a *cicd.Args) { a.Regions = []string{"*"} }, []string{`regions[0]: must be a region, got "*"`}},
		"environment":                            {func(a *cicd.Args) { a.Environments["dev-1"] = cicd.Environment{Branch: "x"} }, []string{`environments: names must match`, `got "dev-1"`}},
		"would take in the workflows' own roles": {func(a *cicd.Args) { a.Environments["deploy"] = cicd.Environment{Branch: "x"} }, []string{`got "deploy"`}},
		"branch":                                 {func(a *cicd.Args) { a.Environments["dev"] = cicd.Environment{Branch: "*"} }, []string{`environments["dev"]: branch: must match`, `got "*"`}},
		"key without a bucket":                   {func(a *cicd.Args) { a.StateKeyARN = pulumi.String(stateKey) }, []string{"state key: must come with a state bucket"}},
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
	assert.ErrorContains(t, err, `identities "main": repository: must be owner/name`)
}

func TestIdentities_ChildrenHaveThemAsParent(t *testing.T) {
	rec, err := record(t, withState())
	require.NoError(t, err)
	assert.Len(t, rec.Children(rec.Named(t, "cloudinsight:cicd:Identities", "main")), len(rec.All())-1)
}

package cicd

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

// deployClaims are those of a job in the environment's own GitHub environment, whose rules (reviewers, waiting) hold by
// that, and on its branch.
// https://docs.github.com/en/actions/reference/security/oidc
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func (a *Args) deployClaims(env string) map[string][]string {
	return map[string][]string{
		"sub": {"repo:" + a.Repository + ":environment:" + env},
		"ref": {"refs/heads/" + a.Environments[env].Branch},
	}
}

// previewClaims are those of pull requests of the repository itself, and of runs on the branches: the search for drift.
// GitHub gives no token to the workflows of forks.
func (a *Args) previewClaims() map[string][]string {
	subjects := map[string]bool{"repo:" + a.Repository + ":pull_request": true}
	for _, env := range a.Environments {
		subjects["repo:"+a.Repository+":ref:refs/heads/"+env.Branch] = true
	}
	return map[string][]string{"sub": slices.Sorted(maps.Keys(subjects))}
}

// trust lets workflows in whose token has one of the values of each claim.
func trust(providerARN pulumi.StringOutput, claims map[string][]string) pulumi.StringOutput {
	conditions := iam.Conditions{"StringEquals": {issuer + ":aud": {"sts.amazonaws.com"}}}
	for claim, values := range claims {
		conditions["StringEquals"][issuer+":"+claim] = values
	}
	return providerARN.ApplyT(func(arn string) string {
		return iam.Document{Statements: []iam.Statement{{
			Actions:    []string{"sts:AssumeRoleWithWebIdentity"},
			Principals: iam.Principals{Federated: []string{arn}},
			Conditions: conditions,
		}}}.JSON()
	}).(pulumi.StringOutput)
}

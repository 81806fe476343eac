// Package cicd gives the repository's GitHub workflows an AWS identity without long-lived keys: a role that deploys for
// each environment, one that only reads for previews, and the permissions boundary that every role of the program
// carries. It belongs to the stack that is there once per account, and the identities cannot change themselves: whoever
// deploys that stack is an administrator, not a workflow.
package cicd

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Part of the state: a rename ships with an alias.
const identitiesType = "cloudinsight:cicd:Identities"

// BoundaryName is the name of the permissions boundary, so that its ARN is known wherever the account is.
const BoundaryName = "cloudinsight-boundary"

// issuer of the tokens that GitHub gives to workflows.
const issuer = "token.actions.githubusercontent.com"

// Identities are the roles of the workflows.
type Identities struct {
	pulumi.ResourceState

	// ProviderARN of GitHub's OIDC provider.
	ProviderARN pulumi.StringOutput
	// DeployRoleARNs by environment.
	DeployRoleARNs map[string]pulumi.StringOutput
	// PreviewRoleARN is the role that only reads.
	PreviewRoleARN pulumi.StringOutput
	// BoundaryARN is the permissions boundary for roles of the program. It resolves when the policy is there.
	BoundaryARN pulumi.StringOutput
	// Ready is what has to be there before a workflow may run.
	Ready []pulumi.Resource
}

// Environment is one that workflows deploy.
type Environment struct {
	// Branch that it is deployed from; tokens of runs on others are refused.
	Branch string
}

// Args says who deploys what.
type Args struct {
	// Repository on GitHub, owner/name.
	Repository string
	// Environments by name, at least one: names of GitHub environments and of the program's.
	Environments map[string]Environment
	// AccountID of twelve digits.
	AccountID string
	// Regions that the program may act in, at least one. Services without regions are reached all the same.
	Regions []string

	// StateBucketARN is the bucket of Pulumi's state (default: the state is elsewhere); its name must not begin as those of
	// an environment's buckets do, which are kept from previews. StateKeyARN is the key that encrypts it (default S3's own).
	StateBucketARN pulumi.StringInput
	StateKeyARN    pulumi.StringInput
}

var (
	accountID   = regexp.MustCompile(`^\d{12}$`)
	region      = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
	environment = regexp.MustCompile(`^[a-z][a-z0-9]{1,15}$`)
	// https://docs.github.com/en/repositories/creating-and-managing-repositories/about-repositories
	repository = regexp.MustCompile(`^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/[A-Za-z0-9._-]{1,100}$`)
	branch     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9/._-]*$`)
)

// reserved names would let the roles that an environment may change include the workflows' own, or those of the stack
// that is there once.
var reserved = []string{"boundary", "deploy", "preview", "shared"}

// NewIdentities registers the provider, the roles and the boundary.
func NewIdentities(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Identities, error) {
	a := Args{}
	if args != nil {
		a = *args
	}
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("identities %q: %w", name, err)
	}
	i := &Identities{DeployRoleARNs: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResourceV2(identitiesType, name, pulumi.Map{"repository": pulumi.String(a.Repository)}, i, opts...); err != nil {
		return nil, fmt.Errorf("identities %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(i)}
	if err := b.build(i); err != nil {
		return nil, fmt.Errorf("identities %q: %w", name, err)
	}
	deploy := pulumi.StringMap{}
	for env, arn := range i.DeployRoleARNs {
		deploy[env] = arn
	}
	return i, ctx.RegisterResourceOutputs(i, pulumi.Map{
		"providerArn": i.ProviderARN, "deployRoleArns": deploy, "previewRoleArn": i.PreviewRoleARN, "boundaryArn": i.BoundaryARN,
	})
}

func (a *Args) validate() error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !repository.MatchString(a.Repository) {
		add("repository: must be owner/name, got %q", a.Repository)
	}
	if !accountID.MatchString(a.AccountID) {
		add("account id: must be twelve digits, got %q", a.AccountID)
	}
	if len(a.Regions) == 0 {
		add("regions: must have at least one")
	}
	for i, r := range a.Regions {
		if !region.MatchString(r) {
			add("regions[%d]: must be a region, got %q", i, r)
		}
	}
	if len(a.Environments) == 0 {
		add("environments: must have at least one")
	}
	for _, env := range slices.Sorted(maps.Keys(a.Environments)) {
		if !environment.MatchString(env) || slices.Contains(reserved, env) {
			add("environments: names must match %s and not be one of %v, got %q", environment, reserved, env)
		}
		if b := a.Environments[env].Branch; !branch.MatchString(b) {
			add("environments[%q]: branch: must match %s, got %q", env, branch, b)
		}
	}
	if a.StateKeyARN != nil && a.StateBucketARN == nil {
		add("state key: must come with a state bucket")
	}
	return errors.Join(problems...)
}

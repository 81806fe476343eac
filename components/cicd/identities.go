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
	"strings"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
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

// builder carries what the steps share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   Args
	parent pulumi.ResourceOption

	provider *awsiam.OpenIdConnectProvider
	boundary *awsiam.Policy
}

func (b *builder) build(i *Identities) (err error) {
	// IAM knows GitHub's certificate authorities; a thumbprint would be ignored.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
	b.provider, err = awsiam.NewOpenIdConnectProvider(b.ctx, b.name, &awsiam.OpenIdConnectProviderArgs{
		Url:           pulumi.String("https://" + issuer),
		ClientIdLists: pulumi.ToStringArray([]string{"sts.amazonaws.com"}),
		Tags:          pulumi.ToStringMap(tags.Of("cicd", issuer)),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("provider: %w", err)
	}
	b.boundary, err = awsiam.NewPolicy(b.ctx, b.name+"-boundary", &awsiam.PolicyArgs{
		Name:        pulumi.String(BoundaryName),
		Description: pulumi.String("The most that a role made by the program can ever do"),
		Policy:      pulumi.String(b.args.boundary().JSON()),
		Tags:        pulumi.ToStringMap(tags.Of("cicd", BoundaryName)),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("boundary: %w", err)
	}
	i.ProviderARN, i.BoundaryARN = b.provider.Arn, b.boundary.Arn
	i.Ready = []pulumi.Resource{b.provider, b.boundary}
	for _, env := range slices.Sorted(maps.Keys(b.args.Environments)) {
		role, ready, err := b.deployRole(env)
		if err != nil {
			return fmt.Errorf("environment %q: %w", env, err)
		}
		i.DeployRoleARNs[env] = role.Arn
		i.Ready = append(i.Ready, ready...)
	}
	role, ready, err := b.previewRole()
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	i.PreviewRoleARN = role.Arn
	i.Ready = append(i.Ready, ready...)
	return nil
}

// role makes a role that workflows take on with a token whose claims are as given.
func (b *builder) role(suffix, description string, claims map[string][]string, seconds int) (*awsiam.Role, error) {
	name := "cloudinsight-" + suffix
	role, err := awsiam.NewRole(b.ctx, b.name+"-"+suffix, &awsiam.RoleArgs{
		Name:                pulumi.String(name),
		Description:         pulumi.String(description),
		AssumeRolePolicy:    trust(b.provider.Arn, claims),
		MaxSessionDuration:  pulumi.Int(seconds),
		PermissionsBoundary: b.boundary.Arn,
		Tags:                pulumi.ToStringMap(tags.Of("cicd", name)),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("role: %w", err)
	}
	return role, nil
}

// deployRole makes the role of one environment and what it may do.
func (b *builder) deployRole(env string) (*awsiam.Role, []pulumi.Resource, error) {
	suffix := "deploy-" + env
	// Kafka clusters take the better part of an hour, and a workflow may make one.
	role, err := b.role(suffix, "Deploys "+env, b.args.deployClaims(env), 2*3600)
	if err != nil {
		return nil, nil, err
	}
	ready := []pulumi.Resource{role}
	policies := map[string]pulumi.StringInput{}
	for part, document := range b.args.deployPolicies(env) {
		policies[part] = pulumi.String(document.JSON())
	}
	if b.args.StateBucketARN != nil {
		policies["state"] = b.stateAccess(env)
	}
	for _, part := range slices.Sorted(maps.Keys(policies)) {
		name := suffix + "-" + part
		policy, err := awsiam.NewPolicy(b.ctx, b.name+"-"+name, &awsiam.PolicyArgs{
			Name:        pulumi.String("cloudinsight-" + name),
			Description: pulumi.String("What deploying " + env + " needs: " + part),
			Policy:      policies[part],
			Tags:        pulumi.ToStringMap(tags.Of("cicd", "cloudinsight-"+name)),
		}, b.parent)
		if err != nil {
			return nil, nil, fmt.Errorf("policy %q: %w", part, err)
		}
		attachment, err := awsiam.NewRolePolicyAttachment(b.ctx, b.name+"-"+name, &awsiam.RolePolicyAttachmentArgs{
			Role: role.Name, PolicyArn: policy.Arn,
		}, b.parent)
		if err != nil {
			return nil, nil, fmt.Errorf("policy %q: %w", part, err)
		}
		ready = append(ready, attachment)
	}
	return role, ready, nil
}

// previewRole makes the role that reads how things are set up, and nothing of what is in them.
func (b *builder) previewRole() (*awsiam.Role, []pulumi.Resource, error) {
	role, err := b.role("preview", "Previews changes of every environment; only reads", b.args.previewClaims(), 3600)
	if err != nil {
		return nil, nil, err
	}
	ready := []pulumi.Resource{role}
	for _, policy := range []string{"SecurityAudit", "job-function/ViewOnlyAccess"} {
		attachment, err := awsiam.NewRolePolicyAttachment(b.ctx, b.name+"-preview-"+strings.ReplaceAll(policy, "/", "-"),
			&awsiam.RolePolicyAttachmentArgs{Role: role.Name, PolicyArn: pulumi.String("arn:aws:iam::aws:policy/" + policy)}, b.parent)
		if err != nil {
			return nil, nil, fmt.Errorf("policy %q: %w", policy, err)
		}
		ready = append(ready, attachment)
	}
	policy, err := awsiam.NewRolePolicy(b.ctx, b.name+"-preview", &awsiam.RolePolicyArgs{
		Name: pulumi.String("previews"), Role: role.Name, Policy: b.previewPolicy(),
	}, b.parent)
	if err != nil {
		return nil, nil, fmt.Errorf("policy: %w", err)
	}
	return role, append(ready, policy), nil
}

package cicd

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

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

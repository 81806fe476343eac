package eks

import (
	"fmt"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// role is a role and the attachments of its policies: who acts as it depends on them too, so that they outlive it.
type role struct {
	*awsiam.Role
	policies []pulumi.Resource
}

// newRole makes a role with AWS-managed policies; purpose is the end of its name.
func (b *builder) newRole(purpose string, trust iam.Document, policies ...string) (*role, error) {
	name := b.args.Name + "-" + purpose
	made, err := awsiam.NewRole(b.ctx, b.name+"-"+purpose, &awsiam.RoleArgs{
		Name:                pulumi.String(name),
		AssumeRolePolicy:    pulumi.String(trust.JSON()),
		PermissionsBoundary: b.args.PermissionsBoundary,
		Tags:                pulumi.ToStringMap(tags.Of("eks", name)),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("role %q: %w", purpose, err)
	}
	r := &role{Role: made}
	for _, policy := range policies {
		arn := "arn:aws:iam::aws:policy/" + policy
		attachment, err := awsiam.NewRolePolicyAttachment(b.ctx, b.name+"-"+purpose+"-"+policy, &awsiam.RolePolicyAttachmentArgs{
			Role: made.Name, PolicyArn: pulumi.String(arn),
		}, pulumi.Parent(made))
		if err != nil {
			return nil, fmt.Errorf("role %q: %w", purpose, err)
		}
		r.policies = append(r.policies, attachment)
	}
	return r, nil
}

// oidcProvider lets roles trust the cluster's service accounts. It is made here because pulumi-eks asks the internet for
// the issuer's certificate, at preview even; IAM trusts EKS's issuers without a thumbprint.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
func (b *builder) oidcProvider() (*awsiam.OpenIdConnectProvider, error) {
	issuer := b.cluster.EksCluster.Identities().Index(pulumi.Int(0)).Oidcs().Index(pulumi.Int(0)).Issuer().Elem()
	provider, err := awsiam.NewOpenIdConnectProvider(b.ctx, b.name, &awsiam.OpenIdConnectProviderArgs{
		Url:           issuer,
		ClientIdLists: pulumi.ToStringArray([]string{"sts.amazonaws.com"}),
		Tags:          pulumi.ToStringMap(tags.Of("eks", b.args.Name)),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("oidc provider: %w", err)
	}
	return provider, nil
}

package eks

import (
	"fmt"
	"strings"

	awseks "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

const clusterAdminPolicy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

// admins lets further roles administer the cluster. Its creator is an administrator anyway: pulumi-eks asks for that, and
// EKS refuses a second entry for the same role.
func (b *builder) admins() ([]pulumi.Resource, error) {
	var made []pulumi.Resource
	for _, arn := range b.args.AdminRoleARNs {
		name := b.name + "-admin-" + arn[strings.LastIndex(arn, "/")+1:]
		entry, err := awseks.NewAccessEntry(b.ctx, name, &awseks.AccessEntryArgs{
			ClusterName:  b.clusterName,
			PrincipalArn: pulumi.String(arn),
			Tags:         pulumi.ToStringMap(tags.Of("eks", name)),
		}, b.parent)
		if err != nil {
			return nil, fmt.Errorf("administrator %q: %w", arn, err)
		}
		policy, err := awseks.NewAccessPolicyAssociation(b.ctx, name, &awseks.AccessPolicyAssociationArgs{
			ClusterName:  b.clusterName,
			PrincipalArn: entry.PrincipalArn,
			PolicyArn:    pulumi.String(clusterAdminPolicy),
			AccessScope:  &awseks.AccessPolicyAssociationAccessScopeArgs{Type: pulumi.String("cluster")},
		}, b.parent)
		if err != nil {
			return nil, fmt.Errorf("administrator %q: %w", arn, err)
		}
		made = append(made, entry, policy)
	}
	return made, nil
}

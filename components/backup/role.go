package backup

import (
	"fmt"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// roleName of the role that fills the vault of a plan.
func roleName(plan string) string { return plan + "-backup" }

// newRole makes the role that AWS Backup takes on, with what has to be attached before it can work.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
func newRole(ctx *pulumi.Context, name string, a Args, parent pulumi.ResourceOption) (*awsiam.Role, []pulumi.Resource, error) {
	role, err := awsiam.NewRole(ctx, name+"-backup", &awsiam.RoleArgs{
		Name:                pulumi.String(roleName(a.Name)),
		Description:         pulumi.String("Makes and restores recovery points of " + a.Name),
		AssumeRolePolicy:    pulumi.String(iam.AssumeService("backup.amazonaws.com").JSON()),
		PermissionsBoundary: a.PermissionsBoundary,
		Tags:                pulumi.ToStringMap(tags.Of("backup", roleName(a.Name))),
	}, parent)
	if err != nil {
		return nil, nil, fmt.Errorf("role: %w", err)
	}
	var attached []pulumi.Resource
	for _, policy := range []string{"AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"} {
		attachment, err := awsiam.NewRolePolicyAttachment(ctx, name+"-"+policy, &awsiam.RolePolicyAttachmentArgs{
			Role: role.Name, PolicyArn: pulumi.String("arn:aws:iam::aws:policy/service-role/" + policy),
		}, parent)
		if err != nil {
			return nil, nil, fmt.Errorf("role: %w", err)
		}
		attached = append(attached, attachment)
	}
	return role, attached, nil
}

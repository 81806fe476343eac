package rds

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

var exportedLogs = []string{"postgresql", "upgrade"}

// logGroups are made first: RDS makes groups without retention and key when it finds none, and never deletes them.
func (b *builder) logGroups(identifier string) ([]pulumi.Resource, error) {
	var groups []pulumi.Resource
	for _, log := range exportedLogs {
		group, err := b.logGroup(b.childName(identifier)+"-"+log, "/aws/rds/instance/"+identifier+"/"+log)
		if err != nil {
			return nil, err
		}
		groups = append(groups, group)
	}
	return groups, nil
}

func (b *builder) logGroup(child, name string) (*cloudwatch.LogGroup, error) {
	group, err := cloudwatch.NewLogGroup(b.ctx, child, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(name),
		RetentionInDays: pulumi.Int(b.args.LogRetentionDays),
		KmsKeyId:        b.args.LogKeyARN,
		Tags:            b.tags(name),
	}, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return nil, fmt.Errorf("log group %q: %w", name, err)
	}
	return group, nil
}

// childName turns an AWS name into the name of a child.
func (b *builder) childName(name string) string { return b.name + name[len(b.args.Name):] }

// role is a role and what makes it useful: who acts as it depends on the policies too, so that they outlive it.
type role struct {
	*awsiam.Role
	policies []pulumi.Resource
}

// monitoringRole lets the instances write what their operating systems report every minute. All databases of the region
// write it to one group, RDSOSMetrics, which AWS makes and keeps for 30 days; no environment can own it.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html
func (b *builder) monitoringRole() (*role, error) {
	instances := fmt.Sprintf("arn:aws:rds:%s:%s:db:%s*", b.args.Region, b.args.AccountID, b.args.Name)
	made, err := b.newRole("monitoring", "Writes operating system metrics of "+b.args.Name,
		iam.AssumeService("monitoring.rds.amazonaws.com",
			iam.Conditions{"StringEquals": {"aws:SourceAccount": {b.args.AccountID}}},
			iam.Conditions{"ArnLike": {"aws:SourceArn": {instances}}}))
	if err != nil {
		return nil, err
	}
	attachment, err := awsiam.NewRolePolicyAttachment(b.ctx, b.name+"-monitoring", &awsiam.RolePolicyAttachmentArgs{
		Role: made.Name, PolicyArn: pulumi.String("arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"),
	}, pulumi.Parent(made))
	if err != nil {
		return nil, fmt.Errorf("role %q: %w", "monitoring", err)
	}
	return &role{made, []pulumi.Resource{attachment}}, nil
}

// newRole makes a role; purpose is the end of its name.
func (b *builder) newRole(purpose, description string, trust iam.Document) (*awsiam.Role, error) {
	name := b.args.Name + "-" + purpose
	made, err := awsiam.NewRole(b.ctx, b.name+"-"+purpose, &awsiam.RoleArgs{
		Name:                pulumi.String(name),
		Description:         pulumi.String(description),
		AssumeRolePolicy:    pulumi.String(trust.JSON()),
		PermissionsBoundary: b.args.PermissionsBoundary,
		Tags:                b.tags(name),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("role %q: %w", purpose, err)
	}
	return made, nil
}

package faults

import (
	"fmt"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// newRole makes the role of the experiments, and returns what they have to wait for.
func (b *builder) newRole() (*awsiam.Role, []pulumi.Resource, error) {
	name := b.args.Name + "-faults"
	role, err := awsiam.NewRole(b.ctx, b.name, &awsiam.RoleArgs{
		Name:                pulumi.String(name),
		Description:         pulumi.String("Breaks things in " + b.args.Name + " on purpose"),
		AssumeRolePolicy:    pulumi.String(b.args.trust().JSON()),
		PermissionsBoundary: b.args.PermissionsBoundary,
		Tags:                pulumi.ToStringMap(tags.Of("faults", name)),
	}, b.parent)
	if err != nil {
		return nil, nil, fmt.Errorf("role: %w", err)
	}
	// What the experiments may fail over is known by ARN; none is an empty text.
	database, documents := text(b.args.DatabaseARN), text(b.args.DocumentsARN)
	policy, err := awsiam.NewRolePolicy(b.ctx, b.name, &awsiam.RolePolicyArgs{
		Name: pulumi.String("break"), Role: role.Name,
		Policy: pulumi.All(database, documents).ApplyT(func(arns []any) string {
			return b.args.permissions(arns[0].(string), arns[1].(string)).JSON()
		}).(pulumi.StringOutput),
	}, b.parent)
	if err != nil {
		return nil, nil, fmt.Errorf("role: %w", err)
	}
	return role, []pulumi.Resource{policy}, nil
}

func text(arn pulumi.StringInput) pulumi.StringInput {
	if arn == nil {
		return pulumi.String("")
	}
	return arn
}

// https://docs.aws.amazon.com/fis/latest/userguide/getting-started-iam-service-role.html
func (a *Args) trust() iam.Document {
	return iam.AssumeService("fis.amazonaws.com",
		iam.Conditions{"StringEquals": {"aws:SourceAccount": {a.AccountID}}},
		iam.Conditions{"ArnLike": {"aws:SourceArn": {fmt.Sprintf("arn:aws:fis:%s:%s:experiment/*", a.Region, a.AccountID)}}})
}

// permissions are what the actions of the experiments list, on this cluster's nodes and these databases only. What finds
// targets and sets up the delivery of logs cannot be narrowed.
// https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
func (a *Args) permissions(databaseARN, documentsARN string) iam.Document {
	doc := iam.Document{Statements: []iam.Statement{
		{
			Sid: "BreakNodes", Actions: []string{"ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"},
			Resources:  []string{fmt.Sprintf("arn:aws:ec2:%s:%s:instance/*", a.Region, a.AccountID)},
			Conditions: iam.Conditions{"StringEquals": {"aws:ResourceTag/" + nodeTag: {a.ClusterName}}},
		},
		{
			Sid: "FindTargets", Resources: []string{"*"},
			Actions: []string{"ec2:DescribeInstances", "rds:DescribeDBClusters", "rds:DescribeDBInstances", "tag:GetResources"},
		},
		{
			Sid: "WriteLogs", Resources: []string{"*"},
			Actions: []string{
				"logs:CreateLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy",
			},
		},
	}}
	if a.DatabaseARN != nil {
		doc.Statements = append(doc.Statements, iam.Statement{
			Sid: "BreakDatabase", Actions: []string{"rds:RebootDBInstance"}, Resources: []string{databaseARN},
		})
	}
	if a.DocumentsARN != nil {
		doc.Statements = append(doc.Statements, iam.Statement{
			Sid: "BreakDocuments", Actions: []string{"rds:FailoverDBCluster"}, Resources: []string{documentsARN},
		})
	}
	return doc
}

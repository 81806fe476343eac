package vpc

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"

	"github.com/cloudinsight/platform/internal/iam"
)

// flowLogs records all traffic of the VPC, accepted and rejected, and returns the ARN of the store.
func (b *builder) flowLogs() (pulumi.StringOutput, error) {
	if b.args.FlowLogs.Destination == LogsToCloudWatch {
		return b.flowLogsToCloudWatch()
	}
	return b.flowLogsToS3()
}

func (b *builder) flowLogsToCloudWatch() (pulumi.StringOutput, error) {
	name := b.name + "-flow-logs"
	group, err := cloudwatch.NewLogGroup(b.ctx, name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("/aws/vpc/" + name),
		RetentionInDays: pulumi.Int(b.args.FlowLogs.RetentionDays),
		KmsKeyId:        b.args.LogKeyARN,
		Tags:            b.tags(name),
	}, b.parent)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	role, err := awsiam.NewRole(b.ctx, name, &awsiam.RoleArgs{
		Name:             pulumi.String(name),
		Description:      pulumi.String("Writes the flow logs of " + b.name),
		AssumeRolePolicy: b.byOwner(func(account string) string { return flowLogTrust(account).JSON() }),
		Tags:             b.tags(name),
	}, b.parent)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	policy, err := awsiam.NewRolePolicy(b.ctx, name, &awsiam.RolePolicyArgs{
		Role: role.ID(),
		Policy: pulumix.Cast[pulumi.StringOutput](pulumix.Apply(group.Arn, func(arn string) string {
			return flowLogWriter(arn).JSON()
		})),
	}, b.parent)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	_, err = ec2.NewFlowLog(b.ctx, b.name, &ec2.FlowLogArgs{
		VpcId:              b.vpc.ID(),
		TrafficType:        pulumi.String("ALL"),
		LogDestinationType: pulumi.String("cloud-watch-logs"),
		LogDestination:     group.Arn,
		IamRoleArn:         role.Arn,
		Tags:               b.tags(name),
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{policy}))
	return group.Arn, err
}

// byOwner makes a text that names the account. The account comes from the VPC and not from whoever deploys, so that
// everybody sees the same preview.
func (b *builder) byOwner(text func(account string) string) pulumi.StringOutput {
	return pulumix.Cast[pulumi.StringOutput](pulumix.Apply(b.vpc.OwnerId, text))
}

// flowLogTrust lets the flow log service, acting for this account, take the role.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
func flowLogTrust(account string) iam.Document {
	return iam.AssumeService("vpc-flow-logs.amazonaws.com", iam.Conditions{"StringEquals": {"aws:SourceAccount": {account}}})
}

// flowLogWriter may write streams of one group. The service lists groups before it writes, which cannot be narrowed to
// one of them.
func flowLogWriter(groupARN string) iam.Document {
	groups, _, _ := strings.Cut(groupARN, ":log-group:")
	return iam.Document{Statements: []iam.Statement{
		{
			Sid:       "Write",
			Actions:   []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
			Resources: []string{groupARN + ":*"},
		},
		{
			Sid:       "List",
			Actions:   []string{"logs:DescribeLogGroups"},
			Resources: []string{groups + ":log-group:*"},
		},
	}}
}

package vpc

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

func (b *builder) flowLogsToS3() (pulumi.StringOutput, error) {
	_, err := ec2.NewFlowLog(b.ctx, b.name, &ec2.FlowLogArgs{
		VpcId:              b.vpc.ID(),
		TrafficType:        pulumi.String("ALL"),
		LogDestinationType: pulumi.String("s3"),
		LogDestination:     b.args.FlowLogs.BucketARN,
		// Columns and hours keep the queries over seven years small.
		DestinationOptions: &ec2.FlowLogDestinationOptionsArgs{
			FileFormat:       pulumi.String("parquet"),
			PerHourPartition: pulumi.Bool(true),
		},
		Tags: b.tags(b.name + "-flow-logs"),
	}, b.parent)
	return b.args.FlowLogs.BucketARN.ToStringOutput(), err
}

// FlowLogDelivery are the statements that the policy of a bucket needs for the flow logs of the account in the region.
// Flow logs of other accounts stay out.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
func FlowLogDelivery(bucketARN, account, region string) []iam.Statement {
	delivery := iam.Principals{Service: []string{"delivery.logs.amazonaws.com"}}
	acting := iam.Conditions{
		"StringEquals": {"aws:SourceAccount": {account}},
		"ArnLike":      {"aws:SourceArn": {"arn:aws:logs:" + region + ":" + account + ":*"}},
	}
	return []iam.Statement{
		{
			Sid:        "DeliverFlowLogs",
			Actions:    []string{"s3:PutObject"},
			Resources:  []string{bucketARN + "/AWSLogs/" + account + "/*"},
			Principals: delivery,
			Conditions: acting.And(iam.Conditions{"StringEquals": {"s3:x-amz-acl": {"bucket-owner-full-control"}}}),
		},
		{
			Sid:        "CheckBeforeFlowLogs",
			Actions:    []string{"s3:GetBucketAcl", "s3:ListBucket"},
			Resources:  []string{bucketARN},
			Principals: delivery,
			Conditions: acting,
		},
	}
}

package vpc

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

func flowLogArgs(logs FlowLogs) *NetworkArgs {
	return &NetworkArgs{
		Region: "af-south-1", CIDR: "10.0.0.0/16", Zones: []string{"af-south-1a", "af-south-1b"},
		ClusterName: "c", FlowLogs: logs, LogKeyARN: pulumi.String("arn:aws:kms:af-south-1:111122223333:key/1"),
	}
}

func record(t *testing.T, args *NetworkArgs) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := NewNetwork(ctx, "main", args)
		return err
	})
}

func TestFlowLogs_CloudWatch(t *testing.T) {
	recorder := record(t, flowLogArgs(FlowLogs{Destination: LogsToCloudWatch, RetentionDays: 30}))
	log := recorder.Named(t, "aws:ec2/flowLog:FlowLog", "main")
	assert.Equal(t, "ALL", log.Input("trafficType"))
	assert.Equal(t, "cloud-watch-logs", log.Input("logDestinationType"))
	assert.Equal(t, "arn:aws:iam::111122223333:role/main-flow-logs", log.Input("iamRoleArn"))
	assert.True(t, log.DependsOnNamed("aws:iam/rolePolicy:RolePolicy", "main-flow-logs"), "the role must be able to write")

	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"Service": ["vpc-flow-logs.amazonaws.com"]}, "Action": ["sts:AssumeRole"],
		"Condition": {"StringEquals": {"aws:SourceAccount": ["111122223333"]}}
	}]}`, recorder.Named(t, "aws:iam/role:Role", "main-flow-logs").Input("assumeRolePolicy").(string))
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "Write", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
		 "Resource": ["arn:aws:logs:af-south-1:111122223333:log-group:/aws/vpc/main-flow-logs:*"]},
		{"Sid": "List", "Effect": "Allow", "Action": ["logs:DescribeLogGroups"],
		 "Resource": ["arn:aws:logs:af-south-1:111122223333:log-group:*"]}
	]}`, recorder.Named(t, "aws:iam/rolePolicy:RolePolicy", "main-flow-logs").Input("policy").(string))
}

func TestFlowLogs_S3(t *testing.T) {
	recorder := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		network, err := NewNetwork(ctx, "main", flowLogArgs(FlowLogs{BucketARN: pulumi.String("arn:aws:s3:::logs")}))
		if err != nil {
			return err
		}
		return ctx.RegisterResource("test:index:User", "user", pulumi.Map{"logs": network.FlowLogDestinationARN},
			&struct{ pulumi.CustomResourceState }{})
	})
	log := recorder.Named(t, "aws:ec2/flowLog:FlowLog", "main")
	assert.Equal(t, "ALL", log.Input("trafficType"))
	assert.Equal(t, "s3", log.Input("logDestinationType"))
	assert.Equal(t, "arn:aws:s3:::logs", log.Input("logDestination"))
	assert.Equal(t, "parquet", log.Input("destinationOptions.fileFormat"))
	assert.Equal(t, true, log.Input("destinationOptions.perHourPartition"))
	assert.Nil(t, log.Input("iamRoleArn"), "the bucket's policy lets the delivery in")
	assert.Equal(t, "arn:aws:s3:::logs", recorder.Named(t, "test:index:User", "user").Input("logs"))
}

func TestFlowLogDelivery_ActsForTheAccountOnly(t *testing.T) {
	document := iam.Document{Statements: FlowLogDelivery("arn:aws:s3:::logs", "111122223333", "af-south-1")}
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "DeliverFlowLogs", "Effect": "Allow", "Principal": {"Service": ["delivery.logs.amazonaws.com"]},
		 "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::logs/AWSLogs/111122223333/*"],
		 "Condition": {
			"StringEquals": {"aws:SourceAccount": ["111122223333"], "s3:x-amz-acl": ["bucket-owner-full-control"]},
			"ArnLike": {"aws:SourceArn": ["arn:aws:logs:af-south-1:111122223333:*"]}}},
		{"Sid": "CheckBeforeFlowLogs", "Effect": "Allow", "Principal": {"Service": ["delivery.logs.amazonaws.com"]},
		 "Action": ["s3:GetBucketAcl", "s3:ListBucket"], "Resource": ["arn:aws:s3:::logs"],
		 "Condition": {
			"StringEquals": {"aws:SourceAccount": ["111122223333"]},
			"ArnLike": {"aws:SourceArn": ["arn:aws:logs:af-south-1:111122223333:*"]}}}
	]}`, document.JSON())
}

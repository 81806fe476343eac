package vpc

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"

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
	recorder := record(t, flowLogArgs(FlowLogs{}))
	bucket := recorder.Named(t, "aws:s3/bucketV2:BucketV2", "main-flow-logs")
	assert.Equal(t, false, bucket.Input("forceDestroy"))

	log := recorder.Named(t, "aws:ec2/flowLog:FlowLog", "main")
	assert.Equal(t, "arn:aws:s3:::"+bucket.ID, log.Input("logDestination"))
	assert.Equal(t, "parquet", log.Input("destinationOptions.fileFormat"))
	assert.True(t, log.DependsOnNamed("aws:s3/bucketPolicy:BucketPolicy", "main-flow-logs"), "delivery must be allowed")

	encryption := recorder.Named(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "main-flow-logs")
	assert.Equal(t, "aws:kms", encryption.Input("rules[0].applyServerSideEncryptionByDefault.sseAlgorithm"))
	assert.Equal(t, "arn:aws:kms:af-south-1:111122223333:key/1", encryption.Input("rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId"))

	block := recorder.Named(t, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "main-flow-logs")
	for _, key := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		assert.Equal(t, true, block.Input(key), key)
	}
	lifecycle := recorder.Named(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "main-flow-logs")
	assert.Equal(t, float64(2557), lifecycle.Input("rules[0].expiration.days"))
	assert.Equal(t, "GLACIER", lifecycle.Input("rules[0].transitions[0].storageClass"))

	policy := recorder.Named(t, "aws:s3/bucketPolicy:BucketPolicy", "main-flow-logs").Input("policy").(string)
	assert.Contains(t, policy, "arn:aws:s3:::"+bucket.ID+"/AWSLogs/111122223333/*")
	assert.Contains(t, policy, "DenyInsecureTransport")
}

func TestFlowLogs_ShortRetentionSkipsGlacier(t *testing.T) {
	recorder := record(t, flowLogArgs(FlowLogs{RetentionDays: 179, ForceDestroy: true}))
	lifecycle := recorder.Named(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "main-flow-logs")
	assert.Equal(t, float64(179), lifecycle.Input("rules[0].expiration.days"))
	assert.Nil(t, lifecycle.Input("rules[0].transitions"))
	assert.Equal(t, true, recorder.Named(t, "aws:s3/bucketV2:BucketV2", "main-flow-logs").Input("forceDestroy"))
}

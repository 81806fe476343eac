package vpc

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"

	"github.com/cloudinsight/platform/internal/iam"
)

// Glacier bills at least 90 days of storage, so a record must have that long to live when it moves there.
const (
	daysInStandard = 90
	daysInGlacier  = 90
)

// daysOfOldVersions is how long a record that was overwritten or deleted can be had back.
const daysOfOldVersions = 30

func (b *builder) flowLogsToS3() (pulumi.StringOutput, error) {
	name := b.name + "-flow-logs"
	bucket, err := s3.NewBucketV2(b.ctx, name, &s3.BucketV2Args{
		ForceDestroy: pulumi.Bool(b.args.FlowLogs.ForceDestroy),
		Tags:         b.tags(name),
	}, b.parent)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	if err := b.guardBucket(name, bucket); err != nil {
		return pulumi.StringOutput{}, err
	}
	// S3 takes one change of a bucket's access at a time.
	block, err := s3.NewBucketPublicAccessBlock(b.ctx, name, &s3.BucketPublicAccessBlockArgs{
		Bucket:                bucket.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, b.parent)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	region := b.args.Region
	policy, err := s3.NewBucketPolicy(b.ctx, name, &s3.BucketPolicyArgs{
		Bucket: bucket.ID(),
		Policy: pulumix.Cast[pulumi.StringOutput](pulumix.Apply2(bucket.Arn, b.vpc.OwnerId, func(arn, account string) string {
			return flowLogDelivery(arn, account, region).JSON()
		})),
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{block}))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	_, err = ec2.NewFlowLog(b.ctx, b.name, &ec2.FlowLogArgs{
		VpcId:              b.vpc.ID(),
		TrafficType:        pulumi.String("ALL"),
		LogDestinationType: pulumi.String("s3"),
		LogDestination:     bucket.Arn,
		// Columns and hours keep the queries over seven years small.
		DestinationOptions: &ec2.FlowLogDestinationOptionsArgs{
			FileFormat:       pulumi.String("parquet"),
			PerHourPartition: pulumi.Bool(true),
		},
		Tags: b.tags(name),
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{policy}))
	return bucket.Arn, err
}

// guardBucket encrypts the records, keeps old versions for a while and moves on what is no longer looked at.
func (b *builder) guardBucket(name string, bucket *s3.BucketV2) error {
	_, err := s3.NewBucketServerSideEncryptionConfigurationV2(b.ctx, name, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm:   pulumi.String("aws:kms"),
				KmsMasterKeyId: b.args.LogKeyARN,
			},
			BucketKeyEnabled: pulumi.Bool(true),
		}},
	}, b.parent)
	if err != nil {
		return err
	}
	versioning, err := s3.NewBucketVersioningV2(b.ctx, name, &s3.BucketVersioningV2Args{
		Bucket:                  bucket.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, b.parent)
	if err != nil {
		return err
	}
	_, err = s3.NewBucketLifecycleConfigurationV2(b.ctx, name, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules:  s3.BucketLifecycleConfigurationV2RuleArray{retention(b.args.FlowLogs.RetentionDays)},
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{versioning}))
	return err
}

func retention(days int) s3.BucketLifecycleConfigurationV2RuleArgs {
	rule := s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:     pulumi.String("retention"),
		Status: pulumi.String("Enabled"),
		Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
		Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{
			Days: pulumi.Int(days),
		},
		NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
			NoncurrentDays: pulumi.Int(daysOfOldVersions),
		},
		AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
			DaysAfterInitiation: pulumi.Int(7),
		},
	}
	if days >= daysInStandard+daysInGlacier {
		rule.Transitions = s3.BucketLifecycleConfigurationV2RuleTransitionArray{
			s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
				Days:         pulumi.Int(daysInStandard),
				StorageClass: pulumi.String("GLACIER"),
			},
		}
	}
	return rule
}

// flowLogDelivery lets AWS's log delivery, acting for this account, put records into the bucket.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
func flowLogDelivery(bucketARN, account, region string) iam.Document {
	delivery := iam.Principals{Service: []string{"delivery.logs.amazonaws.com"}}
	acting := iam.Conditions{
		"StringEquals": {"aws:SourceAccount": {account}},
		"ArnLike":      {"aws:SourceArn": {"arn:aws:logs:" + region + ":" + account + ":*"}},
	}
	return iam.Document{Statements: []iam.Statement{
		{
			Sid:        "Deliver",
			Actions:    []string{"s3:PutObject"},
			Resources:  []string{bucketARN + "/AWSLogs/" + account + "/*"},
			Principals: delivery,
			Conditions: acting.And(iam.Conditions{"StringEquals": {"s3:x-amz-acl": {"bucket-owner-full-control"}}}),
		},
		{
			Sid:        "CheckBeforeDelivery",
			Actions:    []string{"s3:GetBucketAcl", "s3:ListBucket"},
			Resources:  []string{bucketARN},
			Principals: delivery,
			Conditions: acting,
		},
		iam.DenyInsecureTransport(bucketARN),
	}}
}

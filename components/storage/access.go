package storage

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"

	"github.com/cloudinsight/platform/internal/iam"
)

// access closes the bucket to the public, takes ACLs out of the game and writes the policy. S3 takes one change of a
// bucket's access at a time, so each step waits for the one before.
func (b *builder) access() error {
	block, err := s3.NewBucketPublicAccessBlock(b.ctx, b.name, &s3.BucketPublicAccessBlockArgs{
		Bucket:                b.bucket.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, b.parent)
	if err != nil {
		return err
	}
	ownership, err := s3.NewBucketOwnershipControls(b.ctx, b.name, &s3.BucketOwnershipControlsArgs{
		Bucket: b.bucket.ID(),
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{block}))
	if err != nil {
		return err
	}
	b.policy, err = s3.NewBucketPolicy(b.ctx, b.name, &s3.BucketPolicyArgs{
		Bucket: b.bucket.ID(),
		Policy: pulumix.Cast[pulumi.StringOutput](pulumix.Apply(b.bucket.Arn, b.args.policy)),
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{ownership}))
	return err
}

// policy lets in whom the caller names, and nobody without TLS.
func (a *BucketArgs) policy(bucketARN string) string {
	var document iam.Document
	if a.Statements != nil {
		document.Statements = a.Statements(bucketARN)
	}
	document.Statements = append(document.Statements, iam.DenyInsecureTransport(bucketARN))
	return document.JSON()
}

// AccessLogDelivery lets S3 deliver the access logs of the account's buckets; the statements of a bucket with
// PurposeAccessLogs.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
func AccessLogDelivery(accountID string) func(bucketARN string) []iam.Statement {
	return func(bucketARN string) []iam.Statement {
		return []iam.Statement{{
			Sid:        "DeliverAccessLogs",
			Actions:    []string{"s3:PutObject"},
			Resources:  []string{bucketARN + "/*"},
			Principals: iam.Principals{Service: []string{"logging.s3.amazonaws.com"}},
			Conditions: iam.Conditions{"StringEquals": {"aws:SourceAccount": {accountID}}},
		}}
	}
}

// logAccess records who asked for what, in folders by account, region, bucket and day, so that a query reads few of them.
func (b *builder) logAccess() error {
	if b.args.AccessLogs == nil {
		return nil
	}
	_, err := s3.NewBucketLoggingV2(b.ctx, b.name, &s3.BucketLoggingV2Args{
		Bucket:       b.bucket.ID(),
		TargetBucket: b.args.AccessLogs,
		TargetPrefix: pulumi.String(b.args.Purpose + "/"),
		TargetObjectKeyFormat: s3.BucketLoggingV2TargetObjectKeyFormatArgs{
			PartitionedPrefix: s3.BucketLoggingV2TargetObjectKeyFormatPartitionedPrefixArgs{PartitionDateSource: pulumi.String("EventTime")},
		},
	}, b.parent)
	return err
}

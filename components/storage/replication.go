package storage

import (
	"fmt"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

// Replica is a bucket, usually in another region, that gets a copy of every object written from now on.
type Replica struct {
	// BucketARN of the copy's bucket, which must be versioned: the ARN of another Bucket is known when it is.
	BucketARN pulumi.StringInput
	// KeyARN of the copy's key, in its region.
	KeyARN pulumi.StringInput
	// SourceKeyARN is the key of the bucket that is copied.
	SourceKeyARN pulumi.StringInput
}

// replicate copies objects and delete markers. Permanent deletions and the lifecycle's are not copied: the copy has a
// lifecycle of its own.
func (b *builder) replicate() error {
	replica := b.args.Replica
	if replica == nil {
		return nil
	}
	// Named like the bucket, to stay within the 64 characters of a role's name.
	role, err := awsiam.NewRole(b.ctx, b.name, &awsiam.RoleArgs{
		Description:         pulumi.String("Replicates the bucket " + b.name),
		AssumeRolePolicy:    pulumi.String(iam.AssumeService("s3.amazonaws.com").JSON()),
		PermissionsBoundary: b.args.PermissionsBoundary,
		Tags:                b.tags(b.name),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("replication: role: %w", err)
	}
	policy, err := awsiam.NewRolePolicy(b.ctx, b.name, &awsiam.RolePolicyArgs{
		Role: role.ID(),
		Policy: pulumi.All(b.bucket.Arn, replica.SourceKeyARN, replica.BucketARN, replica.KeyARN).
			ApplyT(replicatorPolicy).(pulumi.StringOutput),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("replication: role policy: %w", err)
	}
	enabled := pulumi.String("Enabled")
	_, err = s3.NewBucketReplicationConfig(b.ctx, b.name, &s3.BucketReplicationConfigArgs{
		Bucket: b.bucket.ID(),
		Role:   role.Arn,
		Rules: s3.BucketReplicationConfigRuleArray{s3.BucketReplicationConfigRuleArgs{
			Id:                      pulumi.String("everything"),
			Status:                  enabled,
			Priority:                pulumi.Int(1),
			Filter:                  s3.BucketReplicationConfigRuleFilterArgs{Prefix: pulumi.String("")},
			DeleteMarkerReplication: s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs{Status: enabled},
			SourceSelectionCriteria: s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs{
				SseKmsEncryptedObjects: s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs{Status: enabled},
			},
			Destination: s3.BucketReplicationConfigRuleDestinationArgs{
				Bucket: replica.BucketARN,
				EncryptionConfiguration: s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs{
					ReplicaKmsKeyId: replica.KeyARN,
				},
				// How far the copy is behind, in bytes and seconds.
				Metrics: s3.BucketReplicationConfigRuleDestinationMetricsArgs{Status: enabled},
			},
		}},
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{b.versioning, policy}))
	if err != nil {
		return fmt.Errorf("replication: %w", err)
	}
	return nil
}

// replicatorPolicy takes the ARNs of the source, its key, the copy and its key.
func replicatorPolicy(arns []any) string {
	return replicator(arns[0].(string), arns[1].(string), arns[2].(string), arns[3].(string)).JSON()
}

// replicator reads the source with its key and writes the copy with the other. With bucket keys the encryption context
// is the bucket, for objects from before it is the object.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
func replicator(source, sourceKey, replica, replicaKey string) iam.Document {
	within := func(bucketARN string) iam.Conditions {
		return iam.Conditions{"StringLike": {"kms:EncryptionContext:aws:s3:arn": {bucketARN, bucketARN + "/*"}}}
	}
	return iam.Document{Statements: []iam.Statement{
		{
			Sid:       "ReadConfiguration",
			Actions:   []string{"s3:GetReplicationConfiguration", "s3:ListBucket"},
			Resources: []string{source},
		},
		{
			Sid:       "ReadSource",
			Actions:   []string{"s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"},
			Resources: []string{source + "/*"},
		},
		{
			Sid:       "WriteReplica",
			Actions:   []string{"s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"},
			Resources: []string{replica + "/*"},
		},
		{
			Sid:        "DecryptSource",
			Actions:    []string{"kms:Decrypt"},
			Resources:  []string{sourceKey},
			Conditions: within(source),
		},
		{
			Sid:        "EncryptReplica",
			Actions:    []string{"kms:Encrypt", "kms:GenerateDataKey"},
			Resources:  []string{replicaKey},
			Conditions: within(replica),
		},
	}}
}

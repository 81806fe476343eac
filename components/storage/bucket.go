// Package storage makes S3 buckets, all of one kind: private, over TLS only, encrypted, versioned, with a lifecycle and
// an access log, and copied to another region where that is asked for. It is for whatever an environment keeps as
// files: logs, backups, static assets, artifacts, cost data, and their copies.
//
// It refuses statements that let everyone in, buckets without a key and buckets without an access log. The one
// exception is the bucket that takes the access logs, which S3 can write only with its own encryption.
package storage

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const bucketType = "cloudinsight:storage:Bucket"

// PurposeAccessLogs marks the bucket that takes the access logs of the others in its region.
const PurposeAccessLogs = "access-logs"

// Bucket is an S3 bucket with everything that guards it.
type Bucket struct {
	pulumi.ResourceState

	// Name, ARN and RegionalDomainName (<name>.s3.<region>.amazonaws.com) are known when the bucket's policy, encryption
	// and versioning are in place: what takes one of them may write at once, or replicate there.
	Name               pulumi.StringOutput
	ARN                pulumi.StringOutput
	RegionalDomainName pulumi.StringOutput
	// Ready is what has to be there before anything is stored, and to outlive it.
	Ready []pulumi.Resource
}

// BucketArgs says what a bucket is for.
type BucketArgs struct {
	// Purpose such as "logs", "backups" or PurposeAccessLogs; a tag, and the folder of its access logs.
	Purpose string
	// KeyARN of the KMS key, in the bucket's region; required but for PurposeAccessLogs, which takes none.
	KeyARN pulumi.StringInput
	// AccessLogs is the name of the bucket for the access logs, in the same region; required but for PurposeAccessLogs,
	// which takes none.
	AccessLogs pulumi.StringInput

	// Lifecycle of the objects (default: kept until deleted, old versions 30 days).
	Lifecycle Lifecycle
	// Statements of the bucket's policy besides TLS only (default none). It is called with more than one ARN and must
	// depend on nothing else that changes.
	Statements func(bucketARN string) []iam.Statement
	// Replica gets a copy of every new object (default none).
	Replica *Replica
	// PermissionsBoundary of the replication role (default none).
	PermissionsBoundary pulumi.StringPtrInput
	// Unprotected lets the bucket be deleted, together with what is in it.
	Unprotected bool
	// Classification of the data: confidential, anonymised or synthetic (default confidential).
	Classification string
}

// NewBucket registers a bucket. Its name is the logical name and a random suffix, so that a new bucket never meets the
// name of one that was deleted.
func NewBucket(ctx *pulumi.Context, name string, args *BucketArgs, opts ...pulumi.ResourceOption) (*Bucket, error) {
	a := args.withDefaults()
	if err := a.validate(name); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", name, err)
	}
	made := &Bucket{}
	if err := ctx.RegisterComponentResourceV2(bucketType, name, pulumi.Map{"purpose": pulumi.String(a.Purpose)}, made, opts...); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(made)}
	if err := b.build(made); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", name, err)
	}
	return made, ctx.RegisterResourceOutputs(made, pulumi.Map{
		"name": made.Name, "arn": made.ARN, "regionalDomainName": made.RegionalDomainName,
	})
}

func (args *BucketArgs) withDefaults() BucketArgs {
	a := BucketArgs{}
	if args != nil {
		a = *args
	}
	a.Lifecycle = a.Lifecycle.withDefaults()
	if a.Classification == "" {
		a.Classification = "confidential"
	}
	return a
}

// builder carries what the steps of one bucket share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   BucketArgs
	parent pulumi.ResourceOption

	bucket     *s3.BucketV2
	policy     *s3.BucketPolicy
	encryption *s3.BucketServerSideEncryptionConfigurationV2
	versioning *s3.BucketVersioningV2
}

func (b *builder) build(made *Bucket) error {
	var err error
	b.bucket, err = s3.NewBucketV2(b.ctx, b.name, &s3.BucketV2Args{
		ForceDestroy: pulumi.Bool(b.args.Unprotected),
		Tags:         b.tags(b.name),
	}, b.parent, pulumi.Protect(!b.args.Unprotected))
	if err != nil {
		return err
	}
	for _, step := range []func() error{b.access, b.encrypt, b.version, b.logAccess, b.replicate} {
		if err := step(); err != nil {
			return err
		}
	}
	made.Name = b.guarded(b.bucket.Bucket)
	made.ARN = b.guarded(b.bucket.Arn)
	made.RegionalDomainName = b.guarded(b.bucket.BucketRegionalDomainName)
	made.Ready = []pulumi.Resource{b.policy, b.encryption, b.versioning}
	return nil
}

// guarded returns a value once the guards of the bucket are there.
func (b *builder) guarded(value pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.All(value, b.policy.ID(), b.encryption.ID(), b.versioning.ID()).ApplyT(first).(pulumi.StringOutput)
}

func first(values []any) string { return values[0].(string) }

func (b *builder) tags(name string) pulumi.StringMap {
	return pulumi.ToStringMap(tags.Of("storage", name, map[string]string{
		"DataClassification": b.args.Classification, "Purpose": b.args.Purpose,
	}))
}

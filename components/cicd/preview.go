package cicd

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

// contents are what a preview has no business with, whatever else it may read.
var contents = []string{
	"athena:GetQueryResults*", "athena:StartQueryExecution", "ecr:GetDownloadUrlForLayer", "elasticache:Connect", "kafka-cluster:*",
	"logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetLogRecord", "logs:GetQueryResults", "logs:StartLiveTail", "logs:StartQuery", "rds-db:connect",
	"rds:Download*", "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue", "sqs:ReceiveMessage",
}

// previewPolicy adds to AWS's policies for auditors what the search for drift compares besides, and takes contents away.
func (b *builder) previewPolicy() pulumi.StringInput {
	if b.args.StateBucketARN == nil {
		return pulumi.String(iam.Document{Statements: append(b.args.compare(), keepKeysShut(iam.Conditions{}))}.JSON())
	}
	keyUse := b.keyUse("kms:Decrypt")
	return b.withState(func(bucketARN, keyARN string) iam.Document {
		// S3 tells KMS which bucket or object it decrypts.
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
		elsewhere := iam.Conditions{"StringNotLike": {"kms:EncryptionContext:aws:s3:arn": {bucketARN, bucketARN + "/*"}}}
		return iam.Document{Statements: slices.Concat(b.args.compare(), []iam.Statement{keepKeysShut(elsewhere)},
			readState(bucketARN, keyARN, keyUse))}
	})
}

func (a *Args) compare() []iam.Statement {
	return []iam.Statement{
		{
			Sid: "Compare", Resources: []string{"*"},
			Actions: []string{
				"access-analyzer:Get*", "athena:GetWorkGroup", "backup:Describe*", "backup:Get*", "backup:List*", "bcm-data-exports:Get*",
				"bcm-data-exports:List*", "budgets:View*", "ce:Get*", "ce:Describe*", "cloudfront:Get*", "eks:Describe*", "eks:List*", "elasticache:Describe*",
				"elasticache:List*", "fis:Get*", "fis:List*", "glue:GetDatabase*", "glue:GetTable*", "glue:GetTags", "kafka:Describe*", "kafka:Get*",
				"kafka:List*", "rds:Describe*", "rds:List*", "scheduler:Get*", "scheduler:List*", "secretsmanager:Describe*",
				"secretsmanager:GetResourcePolicy", "sns:Get*", "sns:List*", "sqs:GetQueue*", "sqs:List*", "states:Describe*", "states:List*", "wafv2:Get*", "wafv2:List*",
			},
		},
		publicParameters(),
		{Sid: "ContentsStay", Deny: true, Actions: contents, Resources: []string{"*"}},
		{Sid: "ObjectsStay", Deny: true, Actions: []string{"s3:GetObject*"}, Resources: a.objects()},
	}
}

// objects are those of the program's buckets.
func (a *Args) objects() []string {
	all := []string{"arn:aws:s3:::cloudinsight-shared-*/*"}
	for _, env := range slices.Sorted(maps.Keys(a.Environments)) {
		all = append(all, "arn:aws:s3:::cloudinsight-"+env+"-*/*")
	}
	return all
}

// keepKeysShut refuses to decrypt anything, under the conditions: without a key all that is encrypted stays so, whoever
// permits to read it.
func keepKeysShut(conditions iam.Conditions) iam.Statement {
	return iam.Statement{Sid: "KeysStayShut", Deny: true, Actions: []string{"kms:Decrypt"}, Resources: []string{"*"}, Conditions: conditions}
}

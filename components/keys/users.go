package keys

import (
	"fmt"

	"github.com/cloudinsight/platform/internal/iam"
)

// ServiceUse lets an AWS service use a key by itself. Most services need none: RDS, DocumentDB, MSK, ElastiCache, Secrets
// Manager, EBS, ECR and AWS Backup use a key on behalf of the identity that calls them, through grants or
// kms:ViaService, and what identities of the account may do is left to their IAM policies.
// https://docs.aws.amazon.com/kms/latest/developerguide/service-integration.html
type ServiceUse struct {
	// Service principal, such as logs.af-south-1.amazonaws.com.
	Service string
	// Actions that the service needs (default: to encrypt, decrypt and describe).
	Actions []string
	// Conditions that bind the service to what it may use the key for.
	Conditions iam.Conditions
}

func (u ServiceUse) actions() []string {
	if len(u.Actions) > 0 {
		return u.Actions
	}
	return []string{"kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"}
}

// publish is what a service needs to put messages into an encrypted topic or queue.
func publish() []string { return []string{"kms:Decrypt", "kms:GenerateDataKey*"} }

// LogGroups lets CloudWatch Logs encrypt the log groups of the account in the region.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func LogGroups(region, accountID string) ServiceUse {
	return ServiceUse{Service: "logs." + region + ".amazonaws.com", Conditions: iam.Conditions{"ArnLike": {
		"kms:EncryptionContext:aws:logs:arn": {fmt.Sprintf("arn:aws:logs:%s:%s:log-group:*", region, accountID)},
	}}}
}

// LogDelivery lets the log delivery service write flow logs into encrypted buckets of the account.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-cmk-policy.html
func LogDelivery(accountID string) ServiceUse {
	return ServiceUse{Service: "delivery.logs.amazonaws.com", Conditions: iam.Conditions{"StringEquals": {
		"aws:SourceAccount": {accountID},
	}}}
}

// CloudTrail lets the account's trails write encrypted records, those of a trail of all regions too, which is at home in
// the region. It decrypts where the bucket has a key of its own.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
func CloudTrail(region, accountID string) ServiceUse {
	return ServiceUse{
		Service: "cloudtrail.amazonaws.com",
		Actions: []string{"kms:GenerateDataKey*", "kms:Decrypt", "kms:DescribeKey"},
		Conditions: iam.Conditions{"ArnLike": {
			"aws:SourceArn": {fmt.Sprintf("arn:aws:cloudtrail:%s:%s:trail/*", region, accountID)},
		}},
	}
}

// Topics lets the account's CloudWatch alarms publish to encrypted topics. EventBridge takes Events besides.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
func Topics(accountID string) ServiceUse {
	return ServiceUse{Service: "cloudwatch.amazonaws.com", Actions: publish(), Conditions: iam.Conditions{
		"StringEquals": {"aws:SourceAccount": {accountID}},
		"ArnLike":      {"aws:SourceArn": {"arn:aws:cloudwatch:*:" + accountID + ":alarm:*"}},
	}}
}

// Events lets EventBridge rules publish to encrypted topics and queues. EventBridge does not tell KMS whose rule it acts
// for, so no condition can be set; who may publish is said by the topic's policy.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
func Events() ServiceUse {
	return ServiceUse{Service: "events.amazonaws.com", Actions: publish()}
}

// BucketEvents lets the account's buckets announce objects to encrypted queues and topics.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
func BucketEvents(accountID string) ServiceUse {
	return ServiceUse{Service: "s3.amazonaws.com", Actions: publish(), Conditions: iam.Conditions{
		"StringEquals": {"aws:SourceAccount": {accountID}},
	}}
}

// DataExports lets the account's billing exports, which come from us-east-1, be written into encrypted buckets.
// https://docs.aws.amazon.com/cur/latest/userguide/dataexports-s3-bucket.html
func DataExports(accountID string) ServiceUse {
	return ServiceUse{
		Service: "bcm-data-exports.amazonaws.com",
		Actions: []string{"kms:GenerateDataKey*", "kms:Decrypt"},
		Conditions: iam.Conditions{
			"StringEquals": {"aws:SourceAccount": {accountID}},
			"ArnLike":      {"aws:SourceArn": {"arn:aws:bcm-data-exports:us-east-1:" + accountID + ":export/*"}},
		},
	}
}

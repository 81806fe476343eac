package edge

import (
	"fmt"

	"github.com/cloudinsight/platform/internal/iam"
)

// AssetsAccess lets the account's distributions read a bucket's assets; statements of the bucket's policy. They name no
// single distribution: it is made after the bucket, and its ARN would close a circle. The bucket's key has to let
// cloudfront.amazonaws.com decrypt.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
func AssetsAccess(accountID string) func(bucketARN string) []iam.Statement {
	return func(bucketARN string) []iam.Statement {
		return []iam.Statement{{
			Sid:        "CloudFrontReadsAssets",
			Principals: iam.Principals{Service: []string{"cloudfront.amazonaws.com"}},
			Actions:    []string{"s3:GetObject"},
			Resources:  []string{bucketARN + "/static/*"},
			Conditions: iam.Conditions{"ArnLike": {"aws:SourceArn": {fmt.Sprintf("arn:aws:cloudfront::%s:distribution/*", accountID)}}},
		}}
	}
}

// LogAccess lets CloudFront's access logs of the account be written to a bucket; statements of the bucket's policy.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
func LogAccess(accountID string) func(bucketARN string) []iam.Statement {
	return func(bucketARN string) []iam.Statement {
		return []iam.Statement{{
			Sid:        "DeliverCloudFrontLogs",
			Principals: iam.Principals{Service: []string{"delivery.logs.amazonaws.com"}},
			Actions:    []string{"s3:PutObject"},
			Resources:  []string{bucketARN + "/*"},
			Conditions: iam.Conditions{
				"StringEquals": {"aws:SourceAccount": {accountID}, "s3:x-amz-acl": {"bucket-owner-full-control"}},
				"ArnLike":      {"aws:SourceArn": {fmt.Sprintf("arn:aws:logs:us-east-1:%s:delivery-source:*", accountID)}},
			},
		}}
	}
}

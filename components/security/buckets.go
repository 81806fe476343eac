package security

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/guardduty"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// scanner is who scans objects.
const scanner = "malware-protection-plan.guardduty.amazonaws.com"

// scanBuckets has each new object of the buckets scanned, and tagged with what was found.
func (b *builder) scanBuckets() error {
	for _, l := range slices.Sorted(maps.Keys(b.args.ScannedBuckets)) {
		bucket := b.args.ScannedBuckets[l]
		role, ready, err := b.role("scan-"+l, "Scans the objects of "+l+" for malware", iam.AssumeService(scanner),
			pulumi.All(bucket.Name, bucket.KeyARN).ApplyT(func(v []any) string {
				return b.args.scan(v[0].(string), v[1].(string)).JSON()
			}).(pulumi.StringOutput))
		if err != nil {
			return fmt.Errorf("scan of %q: %w", l, err)
		}
		plan, err := guardduty.NewMalwareProtectionPlan(b.ctx, b.name+"-scan-"+l, &guardduty.MalwareProtectionPlanArgs{
			Role: role.Arn,
			ProtectedResource: guardduty.MalwareProtectionPlanProtectedResourceArgs{
				S3Bucket: guardduty.MalwareProtectionPlanProtectedResourceS3BucketArgs{BucketName: bucket.Name},
			},
			Actions: guardduty.MalwareProtectionPlanActionArray{guardduty.MalwareProtectionPlanActionArgs{
				Taggings: guardduty.MalwareProtectionPlanActionTaggingArray{
					guardduty.MalwareProtectionPlanActionTaggingArgs{Status: pulumi.String("ENABLED")},
				},
			}},
			Tags: pulumi.ToStringMap(tags.Of("security", b.args.Name+"-scan-"+l)),
		}, b.parent, pulumi.DependsOn(ready))
		if err != nil {
			return fmt.Errorf("scan of %q: %w", l, err)
		}
		b.account.Ready = append(b.account.Ready, plan)
	}
	return nil
}

// scan is what scanning one bucket takes: to hear of new objects through a rule of its own, to read and tag them, and to
// try out whether it owns the bucket by an object that it puts there.
// https://docs.aws.amazon.com/guardduty/latest/ug/malware-protection-s3-iam-policy-prerequisite.html
func (a *Args) scan(bucket, keyARN string) iam.Document {
	rule := fmt.Sprintf("arn:aws:events:%s:%s:rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*", a.Region, a.AccountID)
	arn := "arn:aws:s3:::" + bucket
	return iam.Document{Statements: []iam.Statement{
		{
			Sid: "MakeTheRule", Resources: []string{rule},
			Actions:    []string{"events:DeleteRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets"},
			Conditions: iam.Conditions{"StringLike": {"events:ManagedBy": {scanner}}},
		},
		{Sid: "SeeTheRule", Actions: []string{"events:DescribeRule", "events:ListTargetsByRule"}, Resources: []string{rule}},
		{
			Sid: "HearOfObjects", Actions: []string{"s3:GetBucketNotification", "s3:ListBucket", "s3:PutBucketNotification"}, Resources: []string{arn},
		},
		{
			Sid: "ScanAndTag", Resources: []string{arn + "/*"},
			Actions: []string{
				"s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:PutObjectTagging",
				"s3:PutObjectVersionTagging",
			},
		},
		{
			Sid: "TryOwnership", Actions: []string{"s3:PutObject"},
			Resources: []string{arn + "/malware-protection-resource-validation-object"},
		},
		{
			Sid: "Decrypt", Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resources: []string{keyARN},
			Conditions: iam.Conditions{"StringLike": {"kms:ViaService": {"s3." + a.Region + ".amazonaws.com"}}},
		},
	}}
}

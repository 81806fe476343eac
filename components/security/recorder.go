package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

// record has AWS Config record how resources are set up, and how that changes. It starts last: a recorder that has no
// place to deliver to cannot be started.
func (b *builder) record() error {
	r := b.args.Recorder
	if r == nil {
		return nil
	}
	role, ready, err := b.recorderRole(*r)
	if err != nil {
		return fmt.Errorf("recorder: %w", err)
	}
	recorder, err := cfg.NewRecorder(b.ctx, b.name, &cfg.RecorderArgs{
		Name:    pulumi.String(b.args.Name),
		RoleArn: role.Arn,
		RecordingGroup: cfg.RecorderRecordingGroupArgs{
			AllSupported: pulumi.Bool(true),
			// Users and roles are recorded by the recorder of one region; a second would record them again, for the same price.
			IncludeGlobalResourceTypes: pulumi.Bool(!b.args.OnlyRegion),
		},
	}, b.parent, pulumi.DependsOn(ready))
	if err != nil {
		return fmt.Errorf("recorder: %w", err)
	}
	channel, err := cfg.NewDeliveryChannel(b.ctx, b.name, &cfg.DeliveryChannelArgs{
		Name:         pulumi.String(b.args.Name),
		S3BucketName: r.BucketName,
		S3KmsKeyArn:  r.KeyARN,
		SnapshotDeliveryProperties: cfg.DeliveryChannelSnapshotDeliveryPropertiesArgs{
			DeliveryFrequency: pulumi.String("TwentyFour_Hours"),
		},
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{recorder}))
	if err != nil {
		return fmt.Errorf("recorder: delivery: %w", err)
	}
	status, err := cfg.NewRecorderStatus(b.ctx, b.name, &cfg.RecorderStatusArgs{
		Name: recorder.Name, IsEnabled: pulumi.Bool(true),
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{channel}))
	if err != nil {
		return fmt.Errorf("recorder: start: %w", err)
	}
	b.account.RecorderName = recorder.Name
	b.account.Ready = append(b.account.Ready, status)
	return nil
}

func (b *builder) recorderRole(r Recorder) (*awsiam.Role, []pulumi.Resource, error) {
	trust := iam.AssumeService("config.amazonaws.com", iam.Conditions{"StringEquals": {"aws:SourceAccount": {b.args.AccountID}}})
	role, ready, err := b.role("recorder", "Records how resources are set up", trust,
		pulumi.All(r.BucketName, r.KeyARN).ApplyT(func(v []any) string {
			return b.args.deliver(v[0].(string), v[1].(string)).JSON()
		}).(pulumi.StringOutput))
	if err != nil {
		return nil, nil, err
	}
	read, err := awsiam.NewRolePolicyAttachment(b.ctx, b.name+"-recorder", &awsiam.RolePolicyAttachmentArgs{
		Role: role.Name, PolicyArn: pulumi.String("arn:aws:iam::aws:policy/service-role/AWS_ConfigRole"),
	}, b.parent)
	if err != nil {
		return nil, nil, fmt.Errorf("role: %w", err)
	}
	return role, append(ready, read), nil
}

// deliver is what putting records into the bucket takes. The role does it, so the bucket's policy need not name AWS Config.
// https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html
func (a *Args) deliver(bucket, keyARN string) iam.Document {
	arn := "arn:aws:s3:::" + bucket
	return iam.Document{Statements: []iam.Statement{
		{Sid: "CheckBucket", Actions: []string{"s3:GetBucketAcl", "s3:ListBucket"}, Resources: []string{arn}},
		{
			Sid: "Deliver", Actions: []string{"s3:PutObject", "s3:PutObjectAcl"}, Resources: []string{arn + "/AWSLogs/" + a.AccountID + "/Config/*"},
			Conditions: iam.Conditions{"StringLike": {"s3:x-amz-acl": {"bucket-owner-full-control"}}},
		},
		{Sid: "Encrypt", Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resources: []string{keyARN}},
	}}
}

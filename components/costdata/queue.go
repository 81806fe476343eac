package costdata

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/iam"
)

const (
	// handlingSeconds is how long the service may work on a file before another instance gets it too.
	handlingSeconds = 15 * 60
	// A message keeps its age when it moves to the dead-letter queue, so that one keeps messages longer.
	waitingSeconds    = 4 * 24 * 60 * 60
	deadLetterSeconds = 14 * 24 * 60 * 60
)

// announce makes the queue and lets S3 announce each Parquet file of the export there. Both queues have names of
// Pulumi's making: SQS does not give a deleted name back within a minute.
func (b *builder) announce() (pulumi.Resource, error) {
	var err error
	if b.deadLetters, err = b.newQueue("-dead-letter", deadLetterSeconds, nil); err != nil {
		return nil, fmt.Errorf("dead-letter queue: %w", err)
	}
	redrive := pulumix.Cast[pulumi.StringOutput](pulumix.Apply(b.deadLetters.Arn, b.args.redrive))
	if b.queue, err = b.newQueue("", waitingSeconds, redrive); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	_, err = sqs.NewRedriveAllowPolicy(b.ctx, b.name, &sqs.RedriveAllowPolicyArgs{
		QueueUrl:           b.deadLetters.Url,
		RedriveAllowPolicy: pulumix.Cast[pulumi.StringOutput](pulumix.Apply(b.queue.Arn, redriveFrom)),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("dead-letter queue: %w", err)
	}
	_, err = sqs.NewQueuePolicy(b.ctx, b.name+"-dead-letter", &sqs.QueuePolicyArgs{
		QueueUrl: b.deadLetters.Url,
		Policy:   pulumix.Cast[pulumi.StringOutput](pulumix.Apply(b.deadLetters.Arn, deadLetterPolicy)),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("dead-letter queue: policy: %w", err)
	}
	policy, err := sqs.NewQueuePolicy(b.ctx, b.name, &sqs.QueuePolicyArgs{
		QueueUrl: b.queue.Url,
		Policy:   pulumi.All(b.queue.Arn, b.args.BucketARN).ApplyT(b.args.queuePolicy).(pulumi.StringOutput),
	}, b.parent)
	if err != nil {
		return nil, fmt.Errorf("queue: policy: %w", err)
	}
	// S3 sends a test event at once, so it must be let in before.
	announced, err := s3.NewBucketNotification(b.ctx, b.name, &s3.BucketNotificationArgs{
		Bucket: b.args.BucketName,
		Queues: s3.BucketNotificationQueueArray{s3.BucketNotificationQueueArgs{
			Id:           pulumi.String("new-cost-data"),
			Events:       pulumi.ToStringArray([]string{"s3:ObjectCreated:*"}),
			FilterPrefix: pulumi.String(ExportFolder),
			FilterSuffix: pulumi.String(".parquet"),
			QueueArn:     b.queue.Arn,
		}},
	}, b.parent, pulumi.DependsOn([]pulumi.Resource{policy}))
	if err != nil {
		return nil, fmt.Errorf("notification: %w", err)
	}
	return announced, nil
}

// newQueue encrypts with SQS's own key: messages hold names of files, not costs, and with a KMS key S3 and the service
// would need permissions on that as well.
func (b *builder) newQueue(suffix string, retentionSeconds int, redrive pulumi.StringPtrInput) (*sqs.Queue, error) {
	return sqs.NewQueue(b.ctx, b.name+suffix, &sqs.QueueArgs{
		SqsManagedSseEnabled:     pulumi.Bool(true),
		VisibilityTimeoutSeconds: pulumi.Int(handlingSeconds),
		MessageRetentionSeconds:  pulumi.Int(retentionSeconds),
		ReceiveWaitTimeSeconds:   pulumi.Int(20),
		RedrivePolicy:            redrive,
		Tags:                     b.tags(b.name + suffix),
	}, b.parent)
}

// redrive sends what is received too often to the dead-letter queue.
func (a *Args) redrive(deadLetterARN string) string {
	return document(map[string]any{"deadLetterTargetArn": deadLetterARN, "maxReceiveCount": a.MaxReceives})
}

// redriveFrom lets one queue, and no other, use the dead-letter queue.
func redriveFrom(queueARN string) string {
	return document(map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []string{queueARN}})
}

func document(fields map[string]any) string {
	text, err := json.Marshal(fields)
	if err != nil {
		// Texts and numbers: there is nothing that encoding/json could refuse.
		panic(err)
	}
	return string(text)
}

// queuePolicy takes the ARNs of queue and bucket. S3 may send for that bucket of this account; whoever reads has a
// policy of its own.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
func (a *Args) queuePolicy(arns []any) string {
	queue, bucket := arns[0].(string), arns[1].(string)
	return iam.Document{Statements: []iam.Statement{
		{
			Sid:        "AnnounceFiles",
			Actions:    []string{"sqs:SendMessage"},
			Resources:  []string{queue},
			Principals: iam.Principals{Service: []string{"s3.amazonaws.com"}},
			Conditions: iam.Conditions{
				"ArnEquals":    {"aws:SourceArn": {bucket}},
				"StringEquals": {"aws:SourceAccount": {a.AccountID}},
			},
		},
		tlsOnly(queue),
	}}.JSON()
}

func deadLetterPolicy(queueARN string) string {
	return iam.Document{Statements: []iam.Statement{tlsOnly(queueARN)}}.JSON()
}

func tlsOnly(queueARN string) iam.Statement {
	return iam.Statement{
		Sid:        "DenyInsecureTransport",
		Deny:       true,
		Actions:    []string{"sqs:*"},
		Resources:  []string{queueARN},
		Principals: iam.Principals{Everyone: true},
		Conditions: iam.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
	}
}

// alarms watch the two queues.
func (b *builder) alarms() []alarm.Alarm {
	return []alarm.Alarm{
		{
			Name:        b.args.Name + "-cost-data-dead-letters",
			Description: "The cost service could not handle new cost data. Look at its log, then move the messages back from the dead-letter queue",
			Namespace:   "AWS/SQS", Metric: "ApproximateNumberOfMessagesVisible", Statistic: "Maximum",
			Dimensions: pulumi.StringMap{"QueueName": b.deadLetters.Name},
			Threshold:  0, PeriodSeconds: 300, Periods: 1, Severity: alarm.High,
		},
		{
			Name:        b.args.Name + "-cost-data-waits",
			Description: "New cost data has been waiting for an hour. Is the cost service running, and does it keep up?",
			Namespace:   "AWS/SQS", Metric: "ApproximateAgeOfOldestMessage", Statistic: "Maximum",
			Dimensions: pulumi.StringMap{"QueueName": b.queue.Name},
			Threshold:  60 * 60, PeriodSeconds: 300, Periods: 3, Severity: alarm.Medium,
		},
	}
}

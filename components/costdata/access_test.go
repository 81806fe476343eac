package costdata_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

func arn(queue *pulumitest.Resource) string { return "arn:aws:sqs:af-south-1:111122223333:" + queue.ID }

// suffix is what Pulumi's name of a queue has on top of the logical one.
func suffix(queue *pulumitest.Resource) string { return strings.TrimPrefix(queue.ID, queue.Name) }

func TestQueue_TakesAnnouncementsOfTheBucketOnly(t *testing.T) {
	rec, _ := record(t, nil)
	queue := rec.Named(t, queueType, "costs")
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "AnnounceFiles", "Effect": "Allow", "Principal": {"Service": ["s3.amazonaws.com"]}, "Action": ["sqs:SendMessage"],
		 "Resource": ["`+arn(queue)+`"],
		 "Condition": {"ArnEquals": {"aws:SourceArn": ["arn:aws:s3:::costs-1234567"]}, "StringEquals": {"aws:SourceAccount": ["111122223333"]}}},
		{"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": ["sqs:*"], "Resource": ["`+arn(queue)+`"],
		 "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}
	]}`, rec.Named(t, queuePolicyType, "costs").Input("policy").(string))

	announced := rec.Named(t, notificationType, "costs")
	assert.Equal(t, "costs-1234567", announced.Input("bucket"))
	assert.Equal(t, map[string]any{
		"id": "new-cost-data", "events": []any{"s3:ObjectCreated:*"}, "queueArn": arn(queue),
		"filterPrefix": "exports/", "filterSuffix": ".parquet",
	}, announced.Input("queues[0]"))
	assert.True(t, announced.DependsOnNamed(queuePolicyType, "costs"), "S3 tries at once")
}

func TestQueue_SendsWhatNobodyCanHandleToTheDeadLetters(t *testing.T) {
	rec, _ := record(t, everything)
	queue, deadLetters := rec.Named(t, queueType, "costs"), rec.Named(t, queueType, "costs-dead-letter")
	for _, q := range []*pulumitest.Resource{queue, deadLetters} {
		assert.Equal(t, true, q.Input("sqsManagedSseEnabled"), q.Name)
		assert.Nil(t, q.Input("name"), "%s: SQS keeps a deleted name for a minute", q.Name)
	}
	assert.JSONEq(t, `{"deadLetterTargetArn": "`+arn(deadLetters)+`", "maxReceiveCount": 3}`, queue.Input("redrivePolicy").(string))
	assert.Nil(t, deadLetters.Input("redrivePolicy"))
	assert.Greater(t, deadLetters.Input("messageRetentionSeconds"), queue.Input("messageRetentionSeconds"))
	assert.JSONEq(t, `{"redrivePermission": "byQueue", "sourceQueueArns": ["`+arn(queue)+`"]}`,
		rec.Named(t, allowType, "costs").Input("redriveAllowPolicy").(string))
	assert.Contains(t, rec.Named(t, queuePolicyType, "costs-dead-letter").Input("policy"), "DenyInsecureTransport")
}

// allowed reads a policy as what may be done where.
func allowed(t *testing.T, policy any) map[string][]string {
	t.Helper()
	var document struct {
		Statement []struct {
			Effect           string
			Action, Resource []string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(policy.(string)), &document))
	where := map[string][]string{}
	for _, s := range document.Statement {
		assert.Equal(t, "Allow", s.Effect)
		for _, action := range s.Action {
			where[action] = slices.Sorted(slices.Values(append(where[action], s.Resource...)))
		}
	}
	return where
}

func TestReadPolicy_IsWhatTheCostServiceNeeds(t *testing.T) {
	rec, _ := record(t, nil)
	policy := rec.Named(t, userType, "user").Input("policy")
	bucket, queue := []string{"arn:aws:s3:::costs-1234567"}, []string{arn(rec.Named(t, queueType, "costs"))}
	files, results := "arn:aws:s3:::costs-1234567/exports/*", "arn:aws:s3:::costs-1234567/athena-results/*"
	glue := "arn:aws:glue:af-south-1:111122223333:"
	catalog := []string{glue + "catalog", glue + "database/cloudinsight_dev_cost", glue + "table/cloudinsight_dev_cost/*"}
	workgroup := []string{"arn:aws:athena:af-south-1:111122223333:workgroup/cloudinsight-dev-cost"}
	assert.Equal(t, map[string][]string{
		"sqs:ReceiveMessage": queue, "sqs:DeleteMessage": queue, "sqs:ChangeMessageVisibility": queue,
		"s3:GetBucketLocation": bucket, "s3:ListBucket": bucket, "s3:ListBucketMultipartUploads": bucket,
		"s3:GetObject": {results, files},
		"s3:PutObject": {results}, "s3:AbortMultipartUpload": {results}, "s3:ListMultipartUploadParts": {results},
		"glue:GetDatabase": catalog, "glue:GetTable": catalog, "glue:GetTables": catalog, "glue:GetPartitions": catalog,
		"athena:StartQueryExecution": workgroup, "athena:StopQueryExecution": workgroup, "athena:GetQueryExecution": workgroup,
		"athena:GetQueryResults": workgroup, "athena:GetWorkGroup": workgroup,
		"kms:Decrypt": {key}, "kms:GenerateDataKey": {key},
		"tag:GetResources": {"*"},
	}, allowed(t, policy))
	assert.Contains(t, policy, `{"StringEquals":{"kms:ViaService":["s3.af-south-1.amazonaws.com"]}}`)
}

func TestReadPolicy_SpeaksOfTheAggregatorWhenThereIsOne(t *testing.T) {
	rec, _ := record(t, everything)
	where := allowed(t, rec.Named(t, userType, "user").Input("policy"))
	assert.Equal(t, []string{aggregatorARN}, where["config:SelectAggregateResourceConfig"])
}

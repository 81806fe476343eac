package aws

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func redrive(arn string, count int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, arn, count)
}

func TestQueue_DefaultsAndRefusals(t *testing.T) {
	w := newWorld(t)
	dead := w.make(typeQueue, map[string]any{"name": "dead"})
	arn := dead.outputs.str("arn")
	assert.Equal(t, "https://sqs.af-south-1.amazonaws.com/"+w.accountID()+"/dead", dead.id)
	assert.Equal(t, 30, dead.outputs.number("visibilityTimeoutSeconds"))
	assert.Equal(t, true, dead.outputs["sqsManagedSseEnabled"])
	closed := w.make(typeQueue, map[string]any{"name": "closed", "redriveAllowPolicy": `{"redrivePermission":"denyAll"}`})
	picky := w.make(typeQueue, map[string]any{"name": "picky", "redriveAllowPolicy": fmt.Sprintf(`{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:af-south-1:%s:work"]}`, w.accountID())})
	w.refuses(t, map[string]refusal{
		"name":               {typeQueue, map[string]any{"name": "a b"}, "name: must match"},
		"name twice":         {typeQueue, map[string]any{"name": "dead"}, "QueueAlreadyExists"},
		"fifo name":          {typeQueue, map[string]any{"name": "q", "fifoQueue": true}, "end with .fifo"},
		"fifo by name alone": {typeQueue, map[string]any{"name": "q.fifo"}, "end with .fifo"},
		"visibility":         {typeQueue, map[string]any{"visibilityTimeoutSeconds": 43201}, "visibilityTimeoutSeconds: must be between 0 and 43200"},
		"retention":          {typeQueue, map[string]any{"messageRetentionSeconds": 1209601}, "messageRetentionSeconds: must be between 60 and 1209600"},
		"deduplication":      {typeQueue, map[string]any{"contentBasedDeduplication": true}, "only a FIFO queue has it"},
		"two encryptions":    {typeQueue, map[string]any{"sqsManagedSseEnabled": true, "kmsMasterKeyId": "alias/aws/sqs"}, "excludes kmsMasterKeyId"},
		"no key":             {typeQueue, map[string]any{"kmsMasterKeyId": "alias/none"}, "KmsNotFound"},
		"no dead letters":    {typeQueue, map[string]any{"redrivePolicy": redrive("arn:aws:sqs:af-south-1:1:x", 5)}, "Dead letter target does not exist"},
		"receives":           {typeQueue, map[string]any{"redrivePolicy": redrive(arn, 0)}, "maxReceiveCount: must be between 1 and 1000"},
		"another type":       {typeQueue, map[string]any{"name": "q.fifo", "fifoQueue": true, "redrivePolicy": redrive(arn, 5)}, "must be same type of queue"},
		"unwelcome":          {typeQueue, map[string]any{"redrivePolicy": redrive(closed.outputs.str("arn"), 5)}, "denies all sources"},
		"not the one":        {typeQueue, map[string]any{"name": "other", "redrivePolicy": redrive(picky.outputs.str("arn"), 5)}, "does not allow"},
		"allowed by whom":    {typeQueue, map[string]any{"redriveAllowPolicy": `{"redrivePermission":"byQueue"}`}, "byQueue names 1 to 10 queues"},
		"policy of no queue": {typeQueuePolicy, map[string]any{"queueUrl": "https://none", "policy": policyOf(allow("s3.amazonaws.com", "sqs:SendMessage", "*"))}, "QueueDoesNotExist"},
		"policy of s3":       {typeQueuePolicy, map[string]any{"queueUrl": dead.id, "policy": policyOf(allow("s3.amazonaws.com", "s3:PutObject", "*"))}, "Policy has invalid action"},
	})
	w.make(typeQueue, map[string]any{"name": "work", "redrivePolicy": redrive(picky.outputs.str("arn"), 5)})
	w.make(typeQueuePolicy, map[string]any{"queueUrl": dead.id, "policy": policyOf(allow("s3.amazonaws.com", "sqs:SendMessage", arn))})
	_, err := w.try(typeQueuePolicy, map[string]any{"queueUrl": dead.id, "policy": policyOf(allow("sns.amazonaws.com", "sqs:SendMessage", arn))})
	assert.ErrorContains(t, err, "one resource would undo the other")
	w.make(typeRedriveAllow, map[string]any{"queueUrl": dead.id, "redriveAllowPolicy": `{"redrivePermission":"denyAll"}`})
	_, err = w.try(typeQueue, map[string]any{"redrivePolicy": redrive(arn, 5)})
	assert.ErrorContains(t, err, "denies all sources", "said by a resource of its own")
	w.configure("eu-west-1")
	_, err = w.try(typeQueue, map[string]any{"redrivePolicy": redrive(arn, 5)})
	assert.ErrorContains(t, err, "Dead letter target does not exist in eu-west-1")
}

func TestTopic_SubscriptionsAndPolicy(t *testing.T) {
	w := newWorld(t)
	topic := w.make(typeTopic, map[string]any{"name": "alerts"})
	assert.Equal(t, "arn:aws:sns:af-south-1:"+w.accountID()+":alerts", topic.id)
	assert.Contains(t, topic.outputs.str("policy"), "AWS:SourceOwner")
	queue := w.make(typeQueue, map[string]any{"name": "q"})
	fifo := w.make(typeQueue, map[string]any{"name": "q.fifo", "fifoQueue": true})
	ordered := w.make(typeTopic, map[string]any{"name": "t.fifo", "fifoTopic": true})
	listen := func(topic, protocol, endpoint string) map[string]any {
		return map[string]any{"topic": topic, "protocol": protocol, "endpoint": endpoint}
	}
	w.refuses(t, map[string]refusal{
		"name twice":         {typeTopic, map[string]any{"name": "alerts"}, "Topic already exists"},
		"no key":             {typeTopic, map[string]any{"kmsMasterKeyId": "alias/none"}, "KMSNotFound"},
		"signature":          {typeTopic, map[string]any{"signatureVersion": 3}, "signatureVersion: must be between 1 and 2"},
		"no topic":           {typeSubscription, listen("arn:aws:sns:af-south-1:1:x", "email", "a@b.co"), "Topic does not exist"},
		"protocol":           {typeSubscription, listen(topic.id, "pigeon", "a"), "protocol: must be one of"},
		"endpoint":           {typeSubscription, listen(topic.id, "https", "http://x"), "is none for protocol https"},
		"address":            {typeSubscription, listen(topic.id, "email", "nobody"), "is none for protocol email"},
		"no queue":           {typeSubscription, listen(topic.id, "sqs", "arn:aws:sqs:af-south-1:1:x"), "the queue does not exist"},
		"fifo queue":         {typeSubscription, listen(topic.id, "sqs", fifo.outputs.str("arn")), "FIFO SQS Queues can not be subscribed to standard SNS topics"},
		"mail of fifo":       {typeSubscription, listen(ordered.id, "email", "a@b.co"), "a FIFO topic is subscribed to by queues only"},
		"lambda":             {typeSubscription, listen(topic.id, "lambda", "arn:aws:lambda:af-south-1:1:function:x"), "does not know subscriptions of protocol"},
		"policy of no topic": {typeTopicPolicy, map[string]any{"arn": "x", "policy": policyOf(allow("events.amazonaws.com", "sns:Publish", "*"))}, "Topic does not exist"},
	})
	mail := w.make(typeSubscription, listen(topic.id, "email", "ops@cloudinsight.com"))
	assert.Equal(t, true, mail.outputs["pendingConfirmation"], "somebody has to click")
	there := w.make(typeSubscription, listen(topic.id, "sqs", queue.outputs.str("arn")))
	assert.Equal(t, false, there.outputs["pendingConfirmation"])
	w.make(typeTopicPolicy, map[string]any{"arn": topic.id, "policy": policyOf(allow("events.amazonaws.com", "sns:Publish", topic.id))})
	require.NoError(t, w.delete(topic))
	assert.Nil(t, w.read(there).Outputs, "subscriptions go with their topic")
}

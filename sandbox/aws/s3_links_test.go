package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func versioning(bucket, status string) map[string]any {
	return map[string]any{"bucket": bucket, "versioningConfiguration": map[string]any{"status": status}}
}

func encryption(bucket, key string) map[string]any {
	how := map[string]any{"sseAlgorithm": "AES256"}
	if key != "" {
		how = map[string]any{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
	}
	return map[string]any{"bucket": bucket, "rules": []any{map[string]any{"applyServerSideEncryptionByDefault": how}}}
}

// replication is a configuration with one rule, changed by edit.
func replication(bucket, role, destination string, edit func(rule, destination map[string]any)) map[string]any {
	to := map[string]any{"bucket": "arn:aws:s3:::" + destination}
	rule := map[string]any{"status": "Enabled", "filter": map[string]any{}, "deleteMarkerReplication": map[string]any{"status": "Enabled"}, "destination": to}
	if edit != nil {
		edit(rule, to)
	}
	return map[string]any{"bucket": bucket, "role": role, "rules": []any{rule}}
}

func TestReplication_NeedsVersionsOnBothSidesAndAKeyThere(t *testing.T) {
	w := newWorld(t)
	w.configure("eu-west-1")
	w.bucket("replica", "")
	w.make(typeBucketVersioning, versioning("replica", "Enabled"))
	w.bucket("unversioned", "")
	keyThere := w.keyFor("")
	w.configure("af-south-1")
	keyHere := w.keyFor("")
	role := w.role("s3.amazonaws.com")
	w.bucket("source", "")
	w.bucket("plain", "")
	versions := w.make(typeBucketVersioning, versioning("source", "Enabled"))
	w.make(typeBucketEncryption, encryption("source", keyHere))

	withKey := func(key string) func(rule, to map[string]any) {
		return func(rule, to map[string]any) {
			rule["sourceSelectionCriteria"] = map[string]any{"sseKmsEncryptedObjects": map[string]any{"status": "Enabled"}}
			to["encryptionConfiguration"] = map[string]any{"replicaKmsKeyId": key}
		}
	}
	w.refuses(t, map[string]refusal{
		"source without versions":      {typeReplication, replication("plain", role, "replica", nil), "Versioning must be 'Enabled' on the bucket"},
		"destination without versions": {typeReplication, replication("source", role, "unversioned", withKey(keyThere)), "Destination bucket must have versioning enabled"},
		"no destination":               {typeReplication, replication("source", role, "none", withKey(keyThere)), "Destination bucket must exist"},
		"itself":                       {typeReplication, replication("source", role, "source", withKey(keyThere)), "cannot be the same as the source bucket"},
		"role of another service":      {typeReplication, replication("source", w.role("ec2.amazonaws.com"), "replica", withKey(keyThere)), "cannot be assumed by s3.amazonaws.com"},
		"no role":                      {typeReplication, replication("source", "arn:aws:iam::1:role/x", "replica", withKey(keyThere)), "does not exist"},
		"key of the wrong region":      {typeReplication, replication("source", role, "replica", withKey(keyHere)), "does not exist in eu-west-1"},
		"encrypted objects left out":   {typeReplication, replication("source", role, "replica", nil), "the rule leaves such objects out"},
		"key without criteria": {typeReplication, replication("source", role, "replica", func(_, to map[string]any) {
			to["encryptionConfiguration"] = map[string]any{"replicaKmsKeyId": keyThere}
		}), "goes together with sourceSelectionCriteria"},
		"filter without delete markers": {typeReplication, replication("source", role, "replica", func(rule, _ map[string]any) { delete(rule, "deleteMarkerReplication") }), "must be specified with a filter"},
		"storage class":                 {typeReplication, replication("source", role, "replica", func(_, to map[string]any) { to["storageClass"] = "COLD" }), "storageClass: must be one of"},
		"existing objects": {typeReplication, replication("source", role, "replica", func(rule, _ map[string]any) {
			rule["existingObjectReplication"] = map[string]any{"status": "Enabled"}
		}), "replicated by Batch Replication"},
		"another account": {typeReplication, replication("source", role, "replica", func(rule, to map[string]any) {
			withKey(keyThere)(rule, to)
			to["account"] = "444455556666"
		}), "it does not know buckets of another account"},
	})
	made := w.make(typeReplication, replication("source", role, "replica", withKey(keyThere)))
	_, err := w.update(versions, versioning("source", "Suspended"))
	assert.ErrorContains(t, err, "InvalidBucketState")
	assert.ErrorContains(t, w.delete(versions), "InvalidBucketState", "the provider suspends versions when the resource goes")
	require.NoError(t, w.delete(made))
	_, err = w.update(versions, versioning("source", "Disabled"))
	assert.ErrorContains(t, err, "can only suspend it")
	require.NoError(t, w.delete(versions))
}

func TestBucketLogging_GoesWhereS3MayWrite(t *testing.T) {
	w := newWorld(t)
	grant := func(bucket string) string {
		return allow("logging.s3.amazonaws.com", "s3:PutObject", "arn:aws:s3:::"+bucket+"/logs/*")
	}
	logging := func(target, prefix string) map[string]any {
		return map[string]any{"bucket": "source", "targetBucket": target, "targetPrefix": prefix}
	}
	w.bucket("source", "")
	logs := w.bucket("access-logs", grant("access-logs"))
	w.bucket("closed", "")
	w.bucket("secret", grant("secret"))
	w.make(typeBucketEncryption, encryption("secret", w.keyFor("")))
	w.configure("eu-west-1")
	w.bucket("far", grant("far"))
	w.configure("af-south-1")
	w.refuses(t, map[string]refusal{
		"no target":        {typeBucketLogging, logging("none", "logs/"), "The target bucket for logging does not exist"},
		"another region":   {typeBucketLogging, logging("far", "logs/"), "Cross location logging not allowed"},
		"no policy":        {typeBucketLogging, logging("closed", "logs/"), "does not let logging.s3.amazonaws.com put logs/*"},
		"another prefix":   {typeBucketLogging, logging("access-logs", "other/"), "does not let logging.s3.amazonaws.com put other/*"},
		"a key of its own": {typeBucketLogging, logging("secret", "logs/"), "S3 delivers no logs into a bucket whose default encryption is aws:kms"},
	})
	made := w.make(typeBucketLogging, logging("access-logs", "logs/"))
	_, err := w.try(typeBucketEncryption, encryption("access-logs", w.keyFor("")))
	assert.ErrorContains(t, err, "takes the access logs of source")
	w.make(typeBucketEncryption, encryption("access-logs", ""))
	require.NoError(t, w.delete(made))
	assert.ErrorContains(t, w.delete(logs), "BucketNotEmpty", "what was written stays")
}

func TestNotification_NeedsAQueueThatLetsS3In(t *testing.T) {
	w := newWorld(t)
	w.bucket("cost", "")
	queue := func(name, key string, policy bool) string {
		in := map[string]any{"name": name}
		if key != "" {
			in["kmsMasterKeyId"] = key
		}
		q := w.make(typeQueue, in)
		if policy {
			w.make(typeQueuePolicy, map[string]any{"queueUrl": q.id, "policy": `{"Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage",
				"Resource":"` + q.outputs.str("arn") + `","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::cost"}}}]}`})
		}
		return q.outputs.str("arn")
	}
	notify := func(arn string, events ...any) map[string]any {
		return map[string]any{"bucket": "cost", "queues": []any{map[string]any{"queueArn": arn, "events": events}}}
	}
	fifo := w.make(typeQueue, map[string]any{"name": "a.fifo", "fifoQueue": true}).outputs.str("arn")
	open := queue("open", w.keyFor(`"s3.amazonaws.com"`), true)
	twice := notify(open, "s3:ObjectCreated:*")
	twice["queues"] = append(twice["queues"].([]any), map[string]any{"queueArn": open, "events": []any{"s3:ObjectCreated:Put"}, "filterPrefix": "a/"})
	w.refuses(t, map[string]refusal{
		"no queue":       {typeBucketNotification, notify("arn:aws:sqs:af-south-1:1:x", "s3:ObjectCreated:*"), "does not exist in af-south-1"},
		"no policy":      {typeBucketNotification, notify(queue("closed", "", false), "s3:ObjectCreated:*"), "does not let s3.amazonaws.com do sqs:SendMessage"},
		"key of others":  {typeBucketNotification, notify(queue("locked", w.keyFor(""), true), "s3:ObjectCreated:*"), "does not let s3.amazonaws.com generate data keys"},
		"AWS's own key":  {typeBucketNotification, notify(queue("managed", "alias/aws/sqs", true), "s3:ObjectCreated:*"), "does not let s3.amazonaws.com generate data keys"},
		"fifo":           {typeBucketNotification, notify(fifo, "s3:ObjectCreated:*"), "FIFO queues are not supported"},
		"event":          {typeBucketNotification, notify(open, "s3:ObjectMade"), `S3 has no event "s3:ObjectMade"`},
		"event twice":    {typeBucketNotification, twice, "cannot share a common event type"},
		"another bucket": {typeBucketNotification, map[string]any{"bucket": "none"}, "NoSuchBucket"},
	})
	w.make(typeBucketNotification, notify(open, "s3:ObjectCreated:*"))
}

func TestBucketPolicy_IsOfTheBucketAndNotForEverybody(t *testing.T) {
	w := newWorld(t)
	w.bucket("one", "")
	w.bucket("open", "")
	w.make(typePublicAccessBlock, map[string]any{"bucket": "open", "blockPublicPolicy": false})
	policy := func(bucket, statements string) map[string]any {
		return map[string]any{"bucket": bucket, "policy": policyOf(statements)}
	}
	everybody := func(bucket string) string {
		return `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + bucket + `/*"}`
	}
	w.refuses(t, map[string]refusal{
		"another bucket's": {typeBucketPolicy, policy("one", allow("s3.amazonaws.com", "s3:PutObject", "arn:aws:s3:::two/*")), "Policy has invalid resource"},
		"another service":  {typeBucketPolicy, policy("one", allow("s3.amazonaws.com", "sqs:SendMessage", "arn:aws:s3:::one/*")), "Policy has invalid action"},
		"nobody's":         {typeBucketPolicy, policy("one", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::one/*"}`), "names a Principal"},
		"a stranger's":     {typeBucketPolicy, policy("one", allow("s3bucket.amazonaws.com", "s3:GetObject", "arn:aws:s3:::one/*")), "Invalid principal in policy"},
		"everybody's":      {typeBucketPolicy, policy("one", everybody("one")), "blocked by the BlockPublicPolicy"},
	})
	w.make(typeBucketPolicy, policy("open", everybody("open")))
	w.make(typeBucketPolicy, policy("one", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::one","arn:aws:s3:::one/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`))
	_, err := w.try(typeBucketEncryption, encryption("one", "arn:aws:kms:af-south-1:1:key/none"))
	assert.ErrorContains(t, err, "does not exist in af-south-1")
}

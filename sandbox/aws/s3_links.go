package aws

import (
	"fmt"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeReplication        = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
	typeBucketLogging      = "aws:s3/bucketLoggingV2:BucketLoggingV2"
	typeBucketNotification = "aws:s3/bucketNotification:BucketNotification"
)

// s3LinkKinds are what ties a bucket to other resources: replicas, access logs, notifications.
// Rules: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationRule.html, .../userguide/replication-requirements.html,
// .../userguide/enable-server-access-logging.html, .../userguide/notification-how-to-event-types-and-destinations.html.
var s3LinkKinds = map[string]kind{
	typeReplication:   bucketPart("PutBucketReplication", replicationRules, checkReplication),
	typeBucketLogging: bucketPart("PutBucketLogging", bucketLoggingRules, checkBucketLogging),
	typeBucketNotification: bucketPart("PutBucketNotificationConfiguration", func(in props, p *problems) {
		notificationRules(in, p)
	}, checkNotification),
}

func replicationRules(in props, p *problems) {
	ids, priorities := map[string]bool{}, map[int]bool{}
	for i, rule := range in.objects("rules") {
		path := fmt.Sprintf("rules[%d]", i)
		p.oneOf(rule, path+".status", "status", "Enabled", "Disabled")
		if id := rule.str("id"); id != "" && ids[id] {
			p.add(path+".id", "must be unique, got %q twice", id)
		}
		ids[rule.str("id")] = true
		if rule.has("filter") {
			if !rule.has("deleteMarkerReplication") {
				p.add(path+".deleteMarkerReplication", "must be specified with a filter")
			}
			if priorities[rule.number("priority")] {
				p.add(path+".priority", "must be unique among rules with a filter, got %d twice", rule.number("priority"))
			}
			priorities[rule.number("priority")] = true
		}
		if rule.has("filter") && rule.has("prefix") {
			p.add(path+".prefix", "filter and prefix exclude each other")
		}
		filter := rule.object("filter")
		if (filter.has("tag") || len(filter.object("and").object("tags")) > 0) && rule.object("deleteMarkerReplication").str("status") == "Enabled" {
			p.add(path+".deleteMarkerReplication", "delete markers are not replicated by a rule with a tag filter")
		}
		if rule.has("existingObjectReplication") {
			p.add(path+".existingObjectReplication", "S3 does not take it any more: existing objects are replicated by Batch Replication")
		}
		kms := rule.object("sourceSelectionCriteria").object("sseKmsEncryptedObjects").str("status") == "Enabled"
		destination := rule.object("destination")
		if kms != destination.has("encryptionConfiguration") {
			p.add(path+".destination.encryptionConfiguration", "goes together with sourceSelectionCriteria.sseKmsEncryptedObjects: one without the other is refused")
		}
		p.oneOf(destination, path+".destination.storageClass", "storageClass",
			"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR")
		if time := destination.object("replicationTime"); time.str("status") == "Enabled" {
			if destination.object("metrics").str("status") != "Enabled" {
				p.add(path+".destination.metrics", "replication time control needs metrics")
			}
			if time.object("time").number("minutes") != 15 {
				p.add(path+".destination.replicationTime.time.minutes", "must be 15")
			}
		}
		if destination.known("bucket") && !strings.HasPrefix(destination.str("bucket"), "arn:aws:s3:::") {
			p.add(path+".destination.bucket", "must be a bucket's ARN, got %q", destination.str("bucket"))
		}
	}
}

func (c *call) versioned(bucket *account.Resource) bool {
	return c.settingOf(typeBucketVersioning, bucket).object("versioningConfiguration").str("status") == "Enabled"
}

func checkReplication(c *call) error {
	const operation = "PutBucketReplication"
	source := c.bucketOf(c.in.str("bucket"))
	if !c.versioned(source) {
		return fail(operation, "InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration: %s", source.ID)
	}
	if err := needServiceRole(c, operation, "InvalidRequest", c.in.str("role"), "s3.amazonaws.com"); err != nil {
		return err
	}
	for _, rule := range c.in.objects("rules") {
		if err := c.checkReplica(operation, source, rule); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) checkReplica(operation string, source *account.Resource, rule props) error {
	destination := rule.object("destination")
	if owner := destination.str("account"); owner != "" && owner != c.state.AccountID {
		return fmt.Errorf("aws stand-in: it does not know buckets of another account: %s", owner)
	}
	name := strings.TrimPrefix(destination.str("bucket"), "arn:aws:s3:::")
	target := c.bucketOf(name)
	switch {
	case target == nil:
		return fail(operation, "InvalidRequest", "Destination bucket must exist: %s", name)
	case target == source:
		return fail(operation, "InvalidRequest", "Destination bucket cannot be the same as the source bucket: %s", name)
	case !c.versioned(target):
		return fail(operation, "InvalidRequest", "Destination bucket must have versioning enabled: %s", name)
	}
	if key := destination.object("encryptionConfiguration").str("replicaKmsKeyId"); key != "" {
		there := *c
		there.region = target.Region
		return needAnyKey(&there, operation, "InvalidRequest", key)
	}
	// S3 takes the configuration and then replicates nothing: every object of the source is encrypted with a key.
	for _, r := range c.settingOf(typeBucketEncryption, source).objects("rules") {
		if how := r.object("applyServerSideEncryptionByDefault").str("sseAlgorithm"); strings.HasPrefix(how, "aws:kms") {
			return fail(operation, "InvalidRequest", "The default encryption of %s is %s and the rule leaves such objects out: "+
				"it needs sourceSelectionCriteria.sseKmsEncryptedObjects and a replicaKmsKeyId in %s", source.ID, how, target.Region)
		}
	}
	return nil
}

func bucketLoggingRules(in props, p *problems) {
	format := in.object("targetObjectKeyFormat")
	if format.has("partitionedPrefix") && format.has("simplePrefix") {
		p.add("targetObjectKeyFormat", "partitionedPrefix and simplePrefix exclude each other")
	}
	p.oneOf(format.object("partitionedPrefix"), "targetObjectKeyFormat.partitionedPrefix.partitionDateSource", "partitionDateSource", "EventTime", "DeliveryTime")
}

func checkBucketLogging(c *call) error {
	const operation = "PutBucketLogging"
	target := c.bucketOf(c.in.str("targetBucket"))
	if target == nil {
		return fail(operation, "InvalidTargetBucketForLogging", "The target bucket for logging does not exist: %s", c.in.str("targetBucket"))
	}
	if target.Region != c.region {
		return fail(operation, "CrossLocationLoggingProhibited", "Cross location logging not allowed: %s is in %s, %s in %s",
			c.in.str("bucket"), c.region, target.ID, target.Region)
	}
	for _, rule := range c.settingOf(typeBucketEncryption, target).objects("rules") {
		if how := rule.object("applyServerSideEncryptionByDefault").str("sseAlgorithm"); how != "AES256" {
			return fail(operation, "InvalidTargetBucketForLogging", "S3 delivers no logs into a bucket whose default encryption is %s: %s", how, target.ID)
		}
	}
	if len(c.in.objects("targetGrants")) > 0 && c.settingOf(typeBucketOwnership, target).object("rule").str("objectOwnership") != "ObjectWriter" {
		return fail(operation, "InvalidRequest", "Bucket %s has ACLs disabled: target grants cannot be given", target.ID)
	}
	source := c.bucketOf(c.in.str("bucket"))
	write := c.asService("logging.s3.amazonaws.com", source.ARN, "", "")
	if !c.bucketAdmits(target, write, "s3:PutObject", c.in.str("targetPrefix")+"log") {
		return fail(operation, "InvalidTargetBucketForLogging", "The policy of %s does not let logging.s3.amazonaws.com put %s* on behalf of %s",
			target.ID, c.in.str("targetPrefix"), source.ID)
	}
	holds(target, "access logs")
	return nil
}

// notificationEvents: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
var notificationEvents = []string{
	"s3:TestEvent", "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload",
	"s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed",
	"s3:ObjectRestore:Delete", "s3:ReducedRedundancyLostObject", "s3:Replication:*", "s3:Replication:OperationFailedReplication", "s3:Replication:OperationMissedThreshold",
	"s3:Replication:OperationReplicatedAfterThreshold", "s3:Replication:OperationNotTracked", "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete",
	"s3:LifecycleExpiration:DeleteMarkerCreated", "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:ObjectTagging:*", "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete",
	"s3:ObjectAcl:Put",
}

func notificationRules(in props, p *problems) {
	type rule struct {
		path string
		in   props
	}
	var all []rule
	for _, list := range []string{"queues", "topics", "lambdaFunctions"} {
		for i, n := range in.objects(list) {
			all = append(all, rule{fmt.Sprintf("%s[%d]", list, i), n})
		}
	}
	for i, one := range all {
		for _, event := range one.in.strings("events") {
			if !contains(notificationEvents, event) {
				p.add(one.path+".events", "S3 has no event %q", event)
			}
		}
		for _, other := range all[:i] {
			if shareEvents(one.in.strings("events"), other.in.strings("events")) && filtersOverlap(one.in, other.in) {
				p.add(one.path, "overlaps with %s: configurations on the same bucket cannot share a common event type", other.path)
			}
			if id := one.in.str("id"); id != "" && id == other.in.str("id") {
				p.add(one.path+".id", "must be unique, got %q twice", id)
			}
		}
	}
}

func shareEvents(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if wildcard(x, y) || wildcard(y, x) {
				return true
			}
		}
	}
	return false
}

func filtersOverlap(a, b props) bool {
	p, q, s, t := a.str("filterPrefix"), b.str("filterPrefix"), a.str("filterSuffix"), b.str("filterSuffix")
	return (strings.HasPrefix(p, q) || strings.HasPrefix(q, p)) && (strings.HasSuffix(s, t) || strings.HasSuffix(t, s))
}

func checkNotification(c *call) error {
	const operation, code = "PutBucketNotificationConfiguration", "InvalidArgument"
	if len(c.in.objects("lambdaFunctions")) > 0 {
		return fmt.Errorf("aws stand-in: it does not know Lambda functions as targets of notifications")
	}
	send := c.asService("s3.amazonaws.com", "arn:aws:s3:::"+c.in.str("bucket"), "", "")
	for _, n := range c.in.objects("queues") {
		queue := c.queueByARN(n.str("queueArn"))
		switch {
		case queue == nil:
			return fail(operation, code, "Unable to validate the following destination configurations: the queue %s does not exist in %s", n.str("queueArn"), c.region)
		case props(queue.Props).boolean("fifoQueue"):
			return fail(operation, code, "FIFO queues are not supported as a destination: %s", queue.String("name"))
		}
		if err := c.admitsSend(queue, c.queuePolicy(queue), "sqs:SendMessage", send); err != nil {
			return fail(operation, code, "Unable to validate the following destination configurations: %v", err)
		}
	}
	for _, n := range c.in.objects("topics") {
		topic := c.find(typeTopic, n.str("topicArn"))
		if topic == nil {
			return fail(operation, code, "Unable to validate the following destination configurations: the topic %s does not exist in %s", n.str("topicArn"), c.region)
		}
		if err := c.admitsSend(topic, c.topicPolicy(topic), "sns:Publish", send); err != nil {
			return fail(operation, code, "Unable to validate the following destination configurations: %v", err)
		}
	}
	return nil
}

// admitsSend says why a service can't send to a queue or topic: its policy, or its key.
func (c *call) admitsSend(target *account.Resource, policy any, action string, r request) error {
	r.action, r.resource = action, target.ARN
	if !allows(policy, r) {
		return fmt.Errorf("the policy of %s does not let %s do %s", target.ARN, r.service, action)
	}
	if !c.keyAdmits(target.String("kmsMasterKeyId"), r, "kms:GenerateDataKey", "kms:Decrypt") {
		return fmt.Errorf("the key of %s does not let %s generate data keys and decrypt", target.ARN, r.service)
	}
	return nil
}

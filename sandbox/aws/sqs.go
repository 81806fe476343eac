package aws

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeQueue        = "aws:sqs/queue:Queue"
	typeQueuePolicy  = "aws:sqs/queuePolicy:QueuePolicy"
	typeRedriveAllow = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
)

var queueName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)

// sqsKinds are queues.
// Rules: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html and
// .../SQSDeveloperGuide/sqs-dead-letter-queues.html.
var sqsKinds = map[string]kind{
	typeQueue: {
		name: "name", nameMax: 80,
		replace: []string{"name", "namePrefix", "fifoQueue"},
		rules:   queueRules,
		create: func(c *call) error {
			name := c.in.str("name")
			c.id = fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/%s", c.region, c.state.AccountID, name)
			if c.find(typeQueue, c.id) != nil {
				return fail("CreateQueue", "QueueAlreadyExists", "A queue already exists with the same name: %s", name)
			}
			c.arn = c.arnOf("sqs", name)
			c.out = props{"url": c.id}
			for attribute, standard := range map[string]any{
				"visibilityTimeoutSeconds": 30.0, "messageRetentionSeconds": 345600.0, "maxMessageSize": 262144.0, "delaySeconds": 0.0, "receiveWaitTimeSeconds": 0.0,
				"fifoQueue": false, "contentBasedDeduplication": false, "sqsManagedSseEnabled": !c.in.has("kmsMasterKeyId"), "kmsDataKeyReusePeriodSeconds": 300.0,
			} {
				if !c.in.has(attribute) {
					c.out[attribute] = standard
				}
			}
			return checkQueue(c)
		},
		update: checkQueue,
		remove: func(c *call) error {
			for _, typ := range []string{typeQueuePolicy, typeRedriveAllow} {
				if policy := c.find(typ, c.id); policy != nil {
					c.state.Remove(policy)
				}
			}
			return nil
		},
	},
	typeQueuePolicy: queuePart(func(in props, p *problems) { resourcePolicy(in, "policy", "sqs", 8192, p) }, func(c *call) error {
		return checkPrincipals(c, "SetQueueAttributes", "InvalidAttributeValue", c.in["policy"])
	}),
	typeRedriveAllow: queuePart(redriveAllowRules, func(*call) error { return nil }),
}

// queuePart is an attribute of a queue as a resource of its own: there is one of each.
func queuePart(rules func(props, *problems), check func(*call) error) kind {
	return kind{
		replace: []string{"queueUrl"},
		rules:   rules,
		update:  check,
		create: func(c *call) error {
			queue := c.find(typeQueue, c.in.str("queueUrl"))
			if queue == nil {
				return fail("SetQueueAttributes", "QueueDoesNotExist", "The specified queue does not exist: %s", c.in.str("queueUrl"))
			}
			if other := c.find(kindOfURN(c.urn), queue.ID); other != nil {
				return overwrites("SetQueueAttributes", other)
			}
			c.id = queue.ID
			return check(c)
		},
	}
}

func queueRules(in props, p *problems) {
	fifoName(in, "fifoQueue", queueName, p)
	for name, bounds := range map[string][2]int{
		"visibilityTimeoutSeconds": {0, 43200}, "messageRetentionSeconds": {60, 1209600}, "maxMessageSize": {1024, 262144}, "delaySeconds": {0, 900},
		"receiveWaitTimeSeconds": {0, 20}, "kmsDataKeyReusePeriodSeconds": {60, 86400},
	} {
		p.between(in, name, name, bounds[0], bounds[1])
	}
	p.oneOf(in, "deduplicationScope", "deduplicationScope", "messageGroup", "queue")
	p.oneOf(in, "fifoThroughputLimit", "fifoThroughputLimit", "perQueue", "perMessageGroupId")
	if in.boolean("contentBasedDeduplication") && !in.boolean("fifoQueue") {
		p.add("contentBasedDeduplication", "only a FIFO queue has it")
	}
	if in.boolean("sqsManagedSseEnabled") && in.has("kmsMasterKeyId") {
		p.add("sqsManagedSseEnabled", "excludes kmsMasterKeyId")
	}
	resourcePolicy(in, "policy", "sqs", 8192, p)
	if redrive, ok := jsonObject(in, "redrivePolicy", p); ok {
		if redrive.str("deadLetterTargetArn") == "" {
			p.add("redrivePolicy.deadLetterTargetArn", "is required")
		}
		if n := redrive.number("maxReceiveCount"); n < 1 || n > 1000 {
			p.add("redrivePolicy.maxReceiveCount", "must be between 1 and 1000, got %d", n)
		}
	}
	redriveAllowRules(in, p)
}

func redriveAllowRules(in props, p *problems) {
	if allow, ok := jsonObject(in, "redriveAllowPolicy", p); ok {
		p.oneOf(allow, "redriveAllowPolicy.redrivePermission", "redrivePermission", "allowAll", "denyAll", "byQueue")
		sources := allow.strings("sourceQueueArns")
		if (allow.str("redrivePermission") == "byQueue") != (len(sources) > 0) || len(sources) > 10 {
			p.add("redriveAllowPolicy.sourceQueueArns", "byQueue names 1 to 10 queues, the others none, got %d", len(sources))
		}
	}
}

// fifoName: the name of what is FIFO ends with .fifo, and no other name does.
func fifoName(in props, fifo string, pattern *regexp.Regexp, p *problems) {
	if !in.known("name") {
		return
	}
	stem, suffixed := strings.CutSuffix(in.str("name"), ".fifo")
	if suffixed != in.boolean(fifo) || !pattern.MatchString(stem) {
		p.add("name", "must match %s, and end with .fifo when %s and only then, got %q", pattern, fifo, in.str("name"))
	}
}

// jsonObject parses a known text; a text that is no JSON object is a problem.
func jsonObject(in props, name string, p *problems) (props, bool) {
	s, ok := in[name].(string)
	if !ok || s == "" {
		return nil, false
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		p.add(name, "must be a JSON object: %v", err)
		return nil, false
	}
	return m, true
}

func checkQueue(c *call) error {
	const operation, code = "SetQueueAttributes", "InvalidParameterValue"
	if err := needAnyKey(c, operation, "KmsNotFound", c.in.str("kmsMasterKeyId")); err != nil {
		return err
	}
	if c.in.has("policy") {
		if err := checkPrincipals(c, operation, "InvalidAttributeValue", c.in["policy"]); err != nil {
			return err
		}
	}
	redrive, ok := jsonObject(c.in, "redrivePolicy", &problems{})
	if !ok {
		return nil
	}
	target := c.queueByARN(redrive.str("deadLetterTargetArn"))
	if target == nil {
		return fail(operation, code, "Value for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist in %s: %s", c.region, redrive.str("deadLetterTargetArn"))
	}
	if props(target.Props).boolean("fifoQueue") != c.in.boolean("fifoQueue") {
		return fail(operation, code, "Value for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source: %s", target.String("name"))
	}
	allow, ok := jsonObject(target.Props, "redriveAllowPolicy", &problems{})
	if apart := c.find(typeRedriveAllow, target.ID); apart != nil && !ok {
		allow, _ = jsonObject(apart.Props, "redriveAllowPolicy", &problems{})
	}
	switch allow.str("redrivePermission") {
	case "denyAll":
		return fail(operation, code, "Dead letter target %s denies all sources", target.String("name"))
	case "byQueue":
		if !contains(allow.strings("sourceQueueArns"), c.arn) {
			return fail(operation, code, "Dead letter target %s does not allow %s as a source", target.String("name"), c.arn)
		}
	}
	return nil
}

// queueByARN returns the queue in the call's region, or nil.
func (c *call) queueByARN(arn string) *account.Resource {
	for _, q := range c.inRegion(typeQueue) {
		if q.ARN == arn {
			return q
		}
	}
	return nil
}

// queuePolicy is what the queue's policy is: by itself or by a resource of its own.
func (c *call) queuePolicy(queue *account.Resource) any {
	if policy := c.state.GetIn(queue.Region, typeQueuePolicy, queue.ID); policy != nil {
		return policy.Props["policy"]
	}
	return queue.Props["policy"]
}

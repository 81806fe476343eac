package aws

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeTopic        = "aws:sns/topic:Topic"
	typeTopicPolicy  = "aws:sns/topicPolicy:TopicPolicy"
	typeSubscription = "aws:sns/topicSubscription:TopicSubscription"
)

var topicName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,256}$`)

// snsKinds are topics and who listens to them.
// Rules: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html, API_Subscribe.html, API_SetTopicAttributes.html.
var snsKinds = map[string]kind{
	typeTopic: {
		name: "name", nameMax: 256,
		replace: []string{"name", "namePrefix", "fifoTopic"},
		rules: func(in props, p *problems) {
			fifoName(in, "fifoTopic", topicName, p)
			p.between(in, "signatureVersion", "signatureVersion", 1, 2)
			p.oneOf(in, "tracingConfig", "tracingConfig", "PassThrough", "Active")
			p.oneOf(in, "fifoThroughputScope", "fifoThroughputScope", "Topic", "MessageGroup")
			if in.boolean("contentBasedDeduplication") && !in.boolean("fifoTopic") {
				p.add("contentBasedDeduplication", "only a FIFO topic has it")
			}
			resourcePolicy(in, "policy", "sns", 30720, p)
			jsonObject(in, "deliveryPolicy", p)
			jsonObject(in, "archivePolicy", p)
		},
		create: func(c *call) error {
			c.arn = c.arnOf("sns", c.in.str("name"))
			c.id = c.arn
			if c.find(typeTopic, c.id) != nil {
				return fail("CreateTopic", "InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists: %s", c.in.str("name"))
			}
			c.out = props{"owner": c.state.AccountID}
			if !c.in.has("policy") {
				c.out["policy"] = defaultTopicPolicy(c)
			}
			return checkTopic(c)
		},
		update: checkTopic,
		remove: func(c *call) error {
			// SNS deletes a topic's subscriptions with it.
			for _, typ := range []string{typeSubscription, typeTopicPolicy} {
				for _, r := range c.inRegion(typ) {
					if r.Props["topic"] == c.id || r.ID == c.id {
						c.state.Remove(r)
					}
				}
			}
			return nil
		},
	},
	typeTopicPolicy: {
		replace: []string{"arn"},
		rules:   func(in props, p *problems) { resourcePolicy(in, "policy", "sns", 30720, p) },
		create: func(c *call) error {
			topic := c.find(typeTopic, c.in.str("arn"))
			if topic == nil {
				return fail("SetTopicAttributes", "NotFound", "Topic does not exist: %s", c.in.str("arn"))
			}
			if other := c.find(typeTopicPolicy, topic.ID); other != nil {
				return overwrites("SetTopicAttributes", other)
			}
			c.id = topic.ID
			c.out = props{"owner": c.state.AccountID}
			return checkPrincipals(c, "SetTopicAttributes", "InvalidParameter", c.in["policy"])
		},
		update: func(c *call) error {
			return checkPrincipals(c, "SetTopicAttributes", "InvalidParameter", c.in["policy"])
		},
	},
	typeSubscription: {
		replace: []string{"topic", "protocol", "endpoint"},
		rules:   subscriptionRules,
		create:  createSubscription,
	},
}

// defaultTopicPolicy lets the owner's own resources in:
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
func defaultTopicPolicy(c *call) string {
	return fmt.Sprintf(`{"Version":"2008-10-17","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},`+
		`"Action":["SNS:Publish","SNS:Subscribe"],"Resource":%q,"Condition":{"StringEquals":{"AWS:SourceOwner":%q}}}]}`, c.arn, c.state.AccountID)
}

func checkTopic(c *call) error {
	if c.in.has("policy") {
		if err := checkPrincipals(c, "SetTopicAttributes", "InvalidParameter", c.in["policy"]); err != nil {
			return err
		}
	}
	return needAnyKey(c, "SetTopicAttributes", "KMSNotFound", c.in.str("kmsMasterKeyId"))
}

// topicPolicy is what the topic's policy is: by itself or by a resource of its own.
func (c *call) topicPolicy(topic *account.Resource) any {
	if policy := c.state.GetIn(topic.Region, typeTopicPolicy, topic.ID); policy != nil {
		return policy.Props["policy"]
	}
	return topic.Props["policy"]
}

// subscriptionRules: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
func subscriptionRules(in props, p *problems) {
	p.oneOf(in, "protocol", "protocol", "sqs", "sms", "lambda", "firehose", "application", "email", "email-json", "http", "https")
	p.oneOf(in, "filterPolicyScope", "filterPolicyScope", "MessageAttributes", "MessageBody")
	jsonObject(in, "filterPolicy", p)
	jsonObject(in, "deliveryPolicy", p)
	if in.has("filterPolicyScope") && !in.has("filterPolicy") {
		p.add("filterPolicyScope", "needs a filterPolicy")
	}
	protocol, endpoint := in.str("protocol"), in.str("endpoint")
	if in.boolean("rawMessageDelivery") && !contains([]string{"sqs", "http", "https", "firehose"}, protocol) {
		p.add("rawMessageDelivery", "is for sqs, http, https and firehose, got %q", protocol)
	}
	if protocol == "firehose" && !in.has("subscriptionRoleArn") {
		p.add("subscriptionRoleArn", "is required for firehose")
	}
	if !in.known("endpoint") {
		return
	}
	right := true
	switch protocol {
	case "http", "https":
		right = strings.HasPrefix(endpoint, protocol+"://")
	case "email", "email-json":
		name, host, ok := strings.Cut(endpoint, "@")
		right = ok && name != "" && strings.Contains(host, ".")
	case "sqs", "lambda", "firehose", "application":
		right = strings.HasPrefix(endpoint, "arn:aws:")
	}
	if !right {
		p.add("endpoint", "is none for protocol %s: %q", protocol, endpoint)
	}
	if redrive, ok := jsonObject(in, "redrivePolicy", p); ok && redrive.str("deadLetterTargetArn") == "" {
		p.add("redrivePolicy.deadLetterTargetArn", "is required")
	}
}

func createSubscription(c *call) error {
	const operation, code = "Subscribe", "InvalidParameter"
	arn := c.in.str("topic")
	topic := c.find(typeTopic, arn)
	if topic == nil {
		return fail(operation, "NotFound", "Topic does not exist: %s", arn)
	}
	waits := false // until who owns the endpoint has confirmed
	switch protocol := c.in.str("protocol"); protocol {
	case "sqs":
		queue := c.byARN(typeQueue, c.in.str("endpoint"))
		if queue == nil {
			return fail(operation, code, "Invalid parameter: Endpoint Reason: the queue does not exist: %s", c.in.str("endpoint"))
		}
		if props(queue.Props).boolean("fifoQueue") && !props(topic.Props).boolean("fifoTopic") {
			return fail(operation, code, "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics: %s", queue.String("name"))
		}
	case "email", "email-json", "http", "https":
		waits = !c.in.boolean("endpointAutoConfirms")
	default:
		return fmt.Errorf("aws stand-in: it does not know subscriptions of protocol %q", protocol)
	}
	if props(topic.Props).boolean("fifoTopic") && c.in.str("protocol") != "sqs" {
		return fail(operation, code, "Invalid parameter: Endpoint Reason: a FIFO topic is subscribed to by queues only, got %s", c.in.str("protocol"))
	}
	if redrive, ok := jsonObject(c.in, "redrivePolicy", &problems{}); ok && c.queueByARN(redrive.str("deadLetterTargetArn")) == nil {
		return fail(operation, code, "Invalid parameter: RedrivePolicy: the queue does not exist: %s", redrive.str("deadLetterTargetArn"))
	}
	c.arn = arn + ":" + newUUID()
	c.id = c.arn
	c.out = props{"ownerId": c.state.AccountID, "pendingConfirmation": waits, "confirmationWasAuthenticated": !waits}
	return nil
}

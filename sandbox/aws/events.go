package aws

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

const (
	typeEventRule   = "aws:cloudwatch/eventRule:EventRule"
	typeEventTarget = "aws:cloudwatch/eventTarget:EventTarget"
)

var eventName = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

// eventKinds are EventBridge's rules and their targets.
// Rules: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html, API_PutTargets.html, API_Target.html.
var eventKinds = map[string]kind{
	typeEventRule: {
		name: "name", nameMax: 64,
		replace: []string{"name", "namePrefix", "eventBusName"},
		rules:   eventRuleRules,
		create: func(c *call) error {
			bus, err := c.eventBus("PutRule")
			if err != nil {
				return err
			}
			c.id = c.in.str("name")
			if c.find(typeEventRule, c.id) != nil {
				return fail("PutRule", "ResourceAlreadyExistsException", "A rule with the name %s is there already: the later would undo the earlier", c.id)
			}
			c.arn = c.arnOf("events", "rule/"+c.id)
			c.out = props{"eventBusName": bus}
			if !c.in.has("state") && !c.in.has("isEnabled") {
				c.out["state"] = "ENABLED"
			}
			return checkEventRole(c, "PutRule")
		},
		update: func(c *call) error { return checkEventRole(c, "PutRule") },
		remove: func(c *call) error {
			if left := c.byProp(typeEventTarget, "rule", c.id); len(left) > 0 && !c.in.boolean("forceDestroy") {
				return fail("DeleteRule", "ValidationException", "Rule can't be deleted since it has targets: %s", left[0].ID)
			}
			return nil
		},
	},
	typeEventTarget: {
		replace: []string{"rule", "eventBusName", "targetId"},
		rules: func(in props, p *problems) {
			atMostOne(in, p, "input", "inputPath", "inputTransformer")
			p.between(in.object("retryPolicy"), "retryPolicy.maximumEventAgeInSeconds", "maximumEventAgeInSeconds", 60, 86400)
			p.between(in.object("retryPolicy"), "retryPolicy.maximumRetryAttempts", "maximumRetryAttempts", 0, 185)
		},
		create: createEventTarget,
		update: checkEventTarget,
	},
}

func atMostOne(in props, p *problems, names ...string) {
	var set []string
	for _, name := range names {
		if in.has(name) {
			set = append(set, name)
		}
	}
	if len(set) > 1 {
		p.add(set[0], "only one of %v can be set, got %v", names, set)
	}
}

func eventRuleRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !eventName.MatchString(n) {
		p.add("name", "must match %s, got %q", eventName, n)
	}
	if !in.has("eventPattern") && !in.has("scheduleExpression") {
		p.add("eventPattern", "a rule has eventPattern or scheduleExpression")
	}
	p.oneOf(in, "state", "state", "ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
	atMostOne(in, p, "state", "isEnabled")
	p.schedule(in, "scheduleExpression", "scheduleExpression", "cron", "rate")
	if in.has("scheduleExpression") && in.known("eventBusName") && in.str("eventBusName") != "default" {
		p.add("scheduleExpression", "is for the default event bus alone, got %q", in.str("eventBusName"))
	}
	if text, ok := in["eventPattern"].(string); ok {
		var pattern map[string]any
		if err := json.Unmarshal([]byte(text), &pattern); err != nil {
			p.add("eventPattern", "Event pattern is not valid: %v", err)
		} else {
			patternRules(pattern, "eventPattern", p)
		}
	}
}

// patternRules: a pattern's leaves are lists. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
func patternRules(pattern map[string]any, path string, p *problems) {
	if len(pattern) == 0 {
		p.add(path, "Event pattern is not valid. Reason: Empty objects are not allowed")
	}
	for _, key := range sortedKeys(pattern) {
		switch v := pattern[key].(type) {
		case map[string]any:
			patternRules(v, path+"."+key, p)
		case []any:
			if len(v) == 0 {
				p.add(path+"."+key, "Event pattern is not valid. Reason: Empty arrays are not allowed")
			}
		default:
			p.add(path+"."+key, "Event pattern is not valid. Reason: must be an object or an array, got %s", text(v))
		}
	}
}

// eventBus is the rule's bus: each account has one called default.
func (c *call) eventBus(operation string) (string, error) {
	bus := c.in.str("eventBusName")
	if bus == "" || bus == "default" {
		return "default", nil
	}
	return "", fail(operation, "ResourceNotFoundException", "Event bus %s does not exist.", bus)
}

func checkEventRole(c *call, operation string) error {
	if arn := c.in.str("roleArn"); arn != "" {
		return needServiceRole(c, operation, "ValidationException", arn, "events.amazonaws.com")
	}
	return nil
}

func createEventTarget(c *call) error {
	rule := c.find(typeEventRule, c.in.str("rule"))
	if rule == nil {
		return fail("PutTargets", "ResourceNotFoundException", "Rule %s does not exist on EventBus default.", c.in.str("rule"))
	}
	if len(c.byProp(typeEventTarget, "rule", rule.ID)) >= 5 {
		return fail("PutTargets", "LimitExceededException", "The requested resource exceeds the maximum number allowed: 5 targets of rule %s", rule.ID)
	}
	target := c.in.str("targetId")
	if target == "" {
		target = "terraform-" + hexDigits(26) // as the provider names it
	}
	c.out = props{"targetId": target, "eventBusName": "default"}
	c.id = rule.ID + "-" + target
	if other := c.find(typeEventTarget, c.id); other != nil {
		return overwrites("PutTargets", other)
	}
	return checkEventTarget(c)
}

func checkEventTarget(c *call) error {
	const operation = "PutTargets"
	if err := checkEventRole(c, operation); err != nil {
		return err
	}
	rule := c.find(typeEventRule, c.in.str("rule"))
	send := c.asService("events.amazonaws.com", rule.ARN, "", "")
	if dead := c.in.object("deadLetterConfig").str("arn"); dead != "" && c.queueByARN(dead) == nil {
		return fail(operation, "ValidationException", "The dead-letter queue does not exist in %s: %s", c.region, dead)
	}
	arn := c.in.str("arn")
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return fail(operation, "ValidationException", "Parameter %s is not valid. Reason: Provided Arn is not in correct format.", arn)
	}
	var exists bool
	switch parts[2] {
	case "sns":
		topic := c.find(typeTopic, arn)
		exists = topic != nil
		// EventBridge takes such a target and its deliveries then fail.
		// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-key-policy.html
		if exists && !c.keyAdmits(topic.String("kmsMasterKeyId"), send, "kms:GenerateDataKey", "kms:Decrypt") {
			return fail(operation, "ValidationException", "The key of topic %s does not let events.amazonaws.com generate data keys and decrypt: no event would arrive", arn)
		}
	case "sqs":
		queue := c.queueByARN(arn)
		exists = queue != nil
		if exists && !c.keyAdmits(queue.String("kmsMasterKeyId"), send, "kms:GenerateDataKey", "kms:Decrypt") {
			return fail(operation, "ValidationException", "The key of queue %s does not let events.amazonaws.com generate data keys and decrypt: no event would arrive", arn)
		}
		if exists && props(queue.Props).boolean("fifoQueue") && !c.in.has("sqsTarget") {
			return fail(operation, "ValidationException", "Parameter(s) SqsParameters must be specified for target: %s", arn)
		}
	case "states":
		exists = c.find(typeStateMachine, arn) != nil
		if exists && !c.in.has("roleArn") {
			return fail(operation, "ValidationException", "RoleArn is required for target %s.", arn)
		}
	case "logs":
		exists = c.find(typeLogGroup, strings.TrimSuffix(strings.TrimPrefix(parts[5], "log-group:"), ":*")) != nil
	default:
		return fmt.Errorf("aws stand-in: it does not know whether events can go to %s", arn)
	}
	if !exists {
		return fail(operation, "ValidationException", "Parameter %s is not valid. Reason: the target does not exist in %s", arn, c.region)
	}
	return nil
}

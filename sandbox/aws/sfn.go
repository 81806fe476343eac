package aws

import (
	"regexp"
	"strings"
)

const (
	typeStateMachine  = "aws:sfn/stateMachine:StateMachine"
	typeSchedule      = "aws:scheduler/schedule:Schedule"
	typeScheduleGroup = "aws:scheduler/scheduleGroup:ScheduleGroup"
)

var stateMachineName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)

// sfnKinds are state machines.
// Rules: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
var sfnKinds = map[string]kind{
	typeStateMachine: {
		name: "name", nameMax: 80,
		replace: []string{"name", "namePrefix", "type"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && !stateMachineName.MatchString(n) {
				p.add("name", "must match %s, got %q", stateMachineName, n)
			}
			p.oneOf(in, "type", "type", "STANDARD", "EXPRESS")
			p.oneOf(in.object("loggingConfiguration"), "loggingConfiguration.level", "level", "ALL", "ERROR", "FATAL", "OFF")
			if d := in.object("loggingConfiguration"); d.known("logDestination") && !strings.HasSuffix(d.str("logDestination"), ":*") {
				p.add("loggingConfiguration.logDestination", "must end with :*, got %q", d.str("logDestination"))
			}
			p.oneOf(in.object("encryptionConfiguration"), "encryptionConfiguration.type", "type", "AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY")
			if text, ok := in["definition"].(string); ok {
				stateMachineRules(text, "definition", p)
			}
		},
		create: func(c *call) error {
			c.arn = c.arnOf("states", "stateMachine:"+c.in.str("name"))
			c.id = c.arn
			if c.find(typeStateMachine, c.id) != nil {
				return fail("CreateStateMachine", "StateMachineAlreadyExists", "State Machine Already Exists: '%s'", c.arn)
			}
			c.out = props{"status": "ACTIVE", "creationDate": now(), "revisionId": newUUID()}
			if !c.in.has("type") {
				c.out["type"] = "STANDARD"
			}
			return checkStateMachine(c)
		},
		update: func(c *call) error {
			c.out["revisionId"] = newUUID()
			return checkStateMachine(c)
		},
	},
}

func checkStateMachine(c *call) error {
	const operation = "CreateStateMachine"
	role := roleOf(c, c.in.str("roleArn"))
	if role == nil || !trusts(role, "states.amazonaws.com") && !trusts(role, "states."+c.region+".amazonaws.com") {
		return fail(operation, "AccessDeniedException",
			"Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role: %s", c.in.str("roleArn"))
	}
	if destination := c.in.object("loggingConfiguration").str("logDestination"); destination != "" {
		group := strings.TrimSuffix(destination[strings.LastIndex(destination, ":log-group:")+1:], ":*")
		if c.find(typeLogGroup, strings.TrimPrefix(group, "log-group:")) == nil {
			return fail(operation, "InvalidLoggingConfiguration", "The log destination does not exist: %s", destination)
		}
	}
	return needAnyKey(c, operation, "KmsAccessDeniedException", c.in.object("encryptionConfiguration").str("kmsKeyId"))
}

var scheduleName = regexp.MustCompile(`^[0-9a-zA-Z\-_.]{1,64}$`)

// schedulerKinds are EventBridge Scheduler's schedules and groups.
// Rules: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
var schedulerKinds = map[string]kind{
	typeScheduleGroup: {
		name: "name", nameMax: 64,
		replace: []string{"name", "namePrefix"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && (!scheduleName.MatchString(n) || n == "default") {
				p.add("name", "must match %s and not be default, got %q", scheduleName, n)
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			if c.find(typeScheduleGroup, c.id) != nil {
				return fail("CreateScheduleGroup", "ConflictException", "Schedule group %s already exists.", c.id)
			}
			c.arn = c.arnOf("scheduler", "schedule-group/"+c.id)
			c.out = props{"state": "ACTIVE", "creationDate": now(), "lastModificationDate": now()}
			return nil
		},
		remove: func(c *call) error {
			for _, s := range c.byProp(typeSchedule, "groupName", c.id) { // they go with their group
				c.state.Remove(s)
			}
			return nil
		},
	},
	typeSchedule: {
		name: "name", nameMax: 64,
		replace: []string{"name", "namePrefix", "groupName"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && !scheduleName.MatchString(n) {
				p.add("name", "must match %s, got %q", scheduleName, n)
			}
			p.schedule(in, "scheduleExpression", "scheduleExpression", "cron", "rate", "at")
			p.oneOf(in, "state", "state", "ENABLED", "DISABLED")
			window := in.object("flexibleTimeWindow")
			p.oneOf(window, "flexibleTimeWindow.mode", "mode", "OFF", "FLEXIBLE")
			p.between(window, "flexibleTimeWindow.maximumWindowInMinutes", "maximumWindowInMinutes", 1, 1440)
			if window.known("mode") && (window.str("mode") == "FLEXIBLE") != window.has("maximumWindowInMinutes") {
				p.add("flexibleTimeWindow.maximumWindowInMinutes", "goes together with mode FLEXIBLE, got mode %q", window.str("mode"))
			}
			retry := in.object("target").object("retryPolicy")
			p.between(retry, "target.retryPolicy.maximumEventAgeInSeconds", "maximumEventAgeInSeconds", 60, 86400)
			p.between(retry, "target.retryPolicy.maximumRetryAttempts", "maximumRetryAttempts", 0, 185)
		},
		create: func(c *call) error {
			group := c.in.str("groupName")
			if group == "" {
				group = "default"
				c.out["groupName"] = group
			}
			if group != "default" && c.find(typeScheduleGroup, group) == nil {
				return fail("CreateSchedule", "ResourceNotFoundException", "Schedule group %s does not exist.", group)
			}
			c.id = group + "/" + c.in.str("name")
			if c.find(typeSchedule, c.id) != nil {
				return fail("CreateSchedule", "ConflictException", "Schedule %s already exists.", c.in.str("name"))
			}
			c.arn = c.arnOf("scheduler", "schedule/"+c.id)
			if !c.in.has("state") {
				c.out["state"] = "ENABLED"
			}
			return checkSchedule(c)
		},
		update: checkSchedule,
	},
}

func checkSchedule(c *call) error {
	const operation, code = "CreateSchedule", "ValidationException"
	target := c.in.object("target")
	if err := needServiceRole(c, operation, code, target.str("roleArn"), "scheduler.amazonaws.com"); err != nil {
		return err
	}
	if dead := target.object("deadLetterConfig").str("arn"); dead != "" && c.queueByARN(dead) == nil {
		return fail(operation, code, "The dead-letter queue does not exist in %s: %s", c.region, dead)
	}
	arn := target.str("arn")
	exists := true
	switch {
	case strings.HasPrefix(arn, "arn:aws:scheduler:::aws-sdk:"):
	case strings.HasPrefix(arn, "arn:aws:sqs:"):
		exists = c.queueByARN(arn) != nil
	case strings.HasPrefix(arn, "arn:aws:sns:"):
		exists = c.find(typeTopic, arn) != nil
	case strings.HasPrefix(arn, "arn:aws:states:"):
		exists = c.find(typeStateMachine, arn) != nil
	default:
		return fail(operation, code, "Provided Arn is not one that the stand-in knows as a schedule's target: %s", arn)
	}
	if !exists {
		return fail(operation, code, "The target does not exist in %s: %s", c.region, arn)
	}
	return needAnyKey(c, operation, code, c.in.str("kmsKeyArn"))
}

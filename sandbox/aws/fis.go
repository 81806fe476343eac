package aws

import (
	"fmt"
	"regexp"
	"strings"
)

const typeExperiment = "aws:fis/experimentTemplate:ExperimentTemplate"

// fault is an action of FIS: what it strikes, and its parameters (true: required).
type fault struct {
	target, resource string
	parameters       map[string]bool
}

// faults are the actions that the stand-in knows.
// https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
var faults = map[string]fault{
	"aws:fis:wait":                                        {"", "", map[string]bool{"duration": true}},
	"aws:cloudwatch:assert-alarm-state":                   {"", "", map[string]bool{"alarmArns": true, "alarmStates": true}},
	"aws:ebs:pause-volume-io":                             {"Volumes", "aws:ec2:ebs-volume", map[string]bool{"duration": true}},
	"aws:ec2:reboot-instances":                            {"Instances", "aws:ec2:instance", nil},
	"aws:ec2:stop-instances":                              {"Instances", "aws:ec2:instance", map[string]bool{"startInstancesAfterDuration": false, "completeIfInstancesTerminated": false}},
	"aws:ec2:terminate-instances":                         {"Instances", "aws:ec2:instance", nil},
	"aws:ec2:send-spot-instance-interruptions":            {"SpotInstances", "aws:ec2:spot-instance", map[string]bool{"durationBeforeInterruption": true}},
	"aws:eks:terminate-nodegroup-instances":               {"Nodegroups", "aws:eks:nodegroup", map[string]bool{"instanceTerminationPercentage": true}},
	"aws:eks:pod-delete":                                  {"Pods", "aws:eks:pod", map[string]bool{"kubernetesServiceAccount": true, "gracePeriodSeconds": false, "fisPodContainerImage": false}},
	"aws:elasticache:replicationgroup-interrupt-az-power": {"ReplicationGroups", "aws:elasticache:replicationgroup", map[string]bool{"duration": true}},
	"aws:network:disrupt-connectivity":                    {"Subnets", "aws:ec2:subnet", map[string]bool{"duration": true, "scope": true, "prefixListIdentifier": false}},
	"aws:rds:failover-db-cluster":                         {"Clusters", "aws:rds:cluster", nil},
	"aws:rds:reboot-db-instances":                         {"DBInstances", "aws:rds:db", map[string]bool{"forceFailover": false}},
}

var (
	faultDuration   = regexp.MustCompile(`^PT?[0-9]+[DHMS]$`)
	targetSelection = regexp.MustCompile(`^(ALL|COUNT\([1-9][0-9]*\)|PERCENT\(([1-9][0-9]?|100)\))$`)
	faultName       = regexp.MustCompile(`^\S{1,64}$`)
)

// fisKinds are experiment templates.
// Rules: https://docs.aws.amazon.com/fis/latest/APIReference/API_CreateExperimentTemplate.html and .../userguide/targets.html.
var fisKinds = map[string]kind{
	typeExperiment: {
		replace: []string{"tags"},
		rules:   experimentRules,
		create: func(c *call) error {
			c.id = "EXT" + hexDigits(15)
			if !c.in.has("experimentOptions") {
				c.out["experimentOptions"] = map[string]any{"accountTargeting": "single-account", "emptyTargetResolutionMode": "fail"}
			}
			return checkExperiment(c)
		},
		update: checkExperiment,
	},
}

func experimentRules(in props, p *problems) {
	if n := len(in.str("description")); n > 512 {
		p.add("description", "has at most 512 characters, got %d", n)
	}
	options := in.object("experimentOptions")
	p.oneOf(options, "experimentOptions.accountTargeting", "accountTargeting", "single-account", "multi-account")
	p.oneOf(options, "experimentOptions.emptyTargetResolutionMode", "emptyTargetResolutionMode", "fail", "skip")
	kinds := map[string]string{}
	for i, t := range in.objects("targets") {
		path := fmt.Sprintf("targets[%d]", i)
		if kinds[t.str("name")] != "" {
			p.add(path+".name", "must be unique, got %q twice", t.str("name"))
		}
		kinds[t.str("name")] = t.str("resourceType")
		if t.known("selectionMode") && !targetSelection.MatchString(t.str("selectionMode")) {
			p.add(path+".selectionMode", "must be ALL, COUNT(n) or PERCENT(n), got %q", t.str("selectionMode"))
		}
		given := t.has("resourceArns") || t.has("resourceTags")
		if t.has("resourceArns") && (t.has("resourceTags") || t.has("filters")) {
			p.add(path+".resourceArns", "excludes resourceTags and filters")
		}
		if !given && !t.has("parameters") && !t.has("filters") {
			p.add(path, "a target needs resourceArns, resourceTags, filters or parameters")
		}
		if n := len(t.strings("resourceArns")); n > 5 {
			p.add(path+".resourceArns", "there are at most 5, got %d", n)
		}
	}
	actionRules(in, kinds, p)
	for i, s := range in.objects("stopConditions") {
		path := fmt.Sprintf("stopConditions[%d]", i)
		p.oneOf(s, path+".source", "source", "none", "aws:cloudwatch:alarm")
		if s.known("source") && (s.str("source") == "aws:cloudwatch:alarm") != s.has("value") {
			p.add(path+".value", "goes together with the source aws:cloudwatch:alarm, got %q", s.str("source"))
		}
	}
}

func actionRules(in props, targets map[string]string, p *problems) {
	names, used := map[string]bool{}, map[string]bool{}
	for _, a := range in.objects("actions") {
		names[a.str("name")] = true
	}
	for i, a := range in.objects("actions") {
		path := fmt.Sprintf("actions[%d]", i)
		if a.known("name") && !faultName.MatchString(a.str("name")) {
			p.add(path+".name", "must match %s, got %q", faultName, a.str("name"))
		}
		for _, before := range a.strings("startAfters") {
			if !names[before] || before == a.str("name") {
				p.add(path+".startAfters", "there is no other action called %q", before)
			}
		}
		if !a.known("actionId") {
			continue
		}
		f, ok := faults[a.str("actionId")]
		if !ok {
			p.add(path+".actionId", "the stand-in does not know %q among %v", a.str("actionId"), sortedKeys(faults))
			continue
		}
		faultParameters(a, f, path, p)
		target := a.object("target")
		if target.str("key") != f.target {
			p.add(path+".target.key", "must be %q for %s, got %q", f.target, a.str("actionId"), target.str("key"))
		}
		if f.target == "" || !target.known("value") {
			continue
		}
		name := target.str("value")
		used[name] = true
		if typ, ok := targets[name]; !ok {
			p.add(path+".target.value", "there is no target called %q", name)
		} else if typ != "" && typ != f.resource {
			p.add(path+".target.value", "%s strikes %s, and target %q is of %s", a.str("actionId"), f.resource, name, typ)
		}
	}
	for _, name := range sortedKeys(targets) {
		if !used[name] && !hasUnknown(in["actions"]) {
			p.add("targets", "no action strikes target %q", name)
		}
	}
}

func faultParameters(a props, f fault, path string, p *problems) {
	given := map[string]bool{}
	for _, parameter := range a.objects("parameters") {
		key, value := parameter.str("key"), parameter.str("value")
		given[key] = true
		if _, ok := f.parameters[key]; !ok {
			p.add(path+".parameters", "%s has only %v, got %q", a.str("actionId"), sortedKeys(f.parameters), key)
			continue
		}
		if (key == "duration" || strings.HasSuffix(key, "Duration") || key == "durationBeforeInterruption") && parameter.known("value") && !faultDuration.MatchString(value) {
			p.add(path+".parameters."+key, "must be like PT10M, got %q", value)
		}
		if key == "scope" && a.str("actionId") == "aws:network:disrupt-connectivity" {
			p.oneOf(parameter, path+".parameters.scope", "value", "all", "availability-zone", "dynamodb", "prefix-list", "s3", "s3express", "vpc")
		}
	}
	for _, key := range sortedKeys(f.parameters) {
		if f.parameters[key] && !given[key] && !hasUnknown(a["parameters"]) {
			p.add(path+".parameters", "%s needs %s", a.str("actionId"), key)
		}
	}
}

func checkExperiment(c *call) error {
	const operation = "CreateExperimentTemplate"
	if err := needServiceRole(c, operation, "ValidationException", c.in.str("roleArn"), "fis.amazonaws.com"); err != nil {
		return err
	}
	for _, s := range c.in.objects("stopConditions") {
		if arn := s.str("value"); arn != "" && c.byARN(typeAlarm, arn) == nil {
			return fail(operation, "ValidationException", "The stop condition's alarm does not exist: %s", arn)
		}
	}
	if group := c.in.object("logConfiguration").object("cloudwatchLogsConfiguration").str("logGroupArn"); group != "" {
		name := strings.TrimSuffix(group[strings.LastIndex(group, ":log-group:")+len(":log-group:"):], ":*")
		if c.find(typeLogGroup, name) == nil || !strings.HasSuffix(group, ":*") {
			return fail(operation, "ValidationException", "The log group %s does not exist, or its ARN does not end with :*", group)
		}
	}
	for _, bucket := range []string{
		c.in.object("logConfiguration").object("s3Configuration").str("bucketName"),
		c.in.object("experimentReportConfiguration").object("outputs").object("s3Configuration").str("bucketName"),
	} {
		if bucket != "" && c.bucketOf(bucket) == nil {
			return fail(operation, "ValidationException", "The bucket does not exist: %s", bucket)
		}
	}
	return nil
}

package aws

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	typeAlarm     = "aws:cloudwatch/metricAlarm:MetricAlarm"
	typeLogPolicy = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
)

// metricNamespaces are AWS's own that the stand-in knows: an alarm on another one would wait for ever.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
var metricNamespaces = []string{
	"AWS/ApplicationELB", "AWS/Athena", "AWS/Backup", "AWS/Billing", "AWS/CertificateManager", "AWS/CloudFront", "AWS/DocDB", "AWS/DynamoDB", "AWS/EBS", "AWS/EC2",
	"AWS/ECR", "AWS/EFS", "AWS/EKS", "AWS/ElastiCache", "AWS/Events", "AWS/FIS", "AWS/GatewayELB", "AWS/Glue", "AWS/GuardDuty", "AWS/KMS", "AWS/Kafka", "AWS/Lambda",
	"AWS/Logs", "AWS/NATGateway", "AWS/NetworkELB", "AWS/PrivateLinkEndpoints", "AWS/RDS", "AWS/Route53", "AWS/S3", "AWS/SNS", "AWS/SQS", "AWS/Scheduler",
	"AWS/SecretsManager", "AWS/States", "AWS/TransitGateway", "AWS/Usage", "AWS/WAFV2",
}

var (
	metricNamespace = regexp.MustCompile(`^[^:\s][^:]{0,254}$`)
	metricQueryID   = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)
	percentile      = regexp.MustCompile(`^((p|tm|tc|ts|wm)[0-9]{1,2}(\.[0-9]{1,10})?|p100|IQM|(TM|TC|TS|WM|PR)\(.*:.*\))$`)
)

// cloudwatchKinds are alarms, and who may write into log groups.
// Rules: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html and
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
var cloudwatchKinds = map[string]kind{
	typeAlarm: {
		name: "name", nameMax: 255,
		replace: []string{"name"},
		rules:   alarmRules,
		create: func(c *call) error {
			c.id = c.in.str("name")
			if c.find(typeAlarm, c.id) != nil {
				return fail("PutMetricAlarm", "Conflict", "An alarm with the name %s is there already: the later would undo the earlier", c.id)
			}
			c.arn = c.arnOf("cloudwatch", "alarm:"+c.id)
			for name, standard := range map[string]any{"actionsEnabled": true, "treatMissingData": "missing"} {
				if !c.in.has(name) {
					c.out[name] = standard
				}
			}
			return checkAlarmActions(c)
		},
		update: checkAlarmActions,
	},
	typeLogPolicy: {
		replace: []string{"policyName"},
		rules:   func(in props, p *problems) { resourcePolicy(in, "policyDocument", "logs", 5120, p) },
		create: func(c *call) error {
			c.id = c.in.str("policyName")
			if other := c.find(typeLogPolicy, c.id); other != nil {
				return overwrites("PutResourcePolicy", other)
			}
			if len(c.inRegion(typeLogPolicy)) >= 10 {
				return fail("PutResourcePolicy", "LimitExceededException", "Resource limit exceeded: 10 resource policies in a region")
			}
			return checkPrincipals(c, "PutResourcePolicy", "InvalidParameterException", c.in["policyDocument"])
		},
		update: func(c *call) error {
			return checkPrincipals(c, "PutResourcePolicy", "InvalidParameterException", c.in["policyDocument"])
		},
	},
}

func alarmRules(in props, p *problems) {
	p.oneOf(in, "comparisonOperator", "comparisonOperator",
		"GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold",
		"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
	p.oneOf(in, "treatMissingData", "treatMissingData", "missing", "ignore", "breaching", "notBreaching")
	p.oneOf(in, "evaluateLowSampleCountPercentiles", "evaluateLowSampleCountPercentiles", "evaluate", "ignore")
	if in.known("evaluationPeriods") {
		if in.number("evaluationPeriods") < 1 {
			p.add("evaluationPeriods", "must be at least 1, got %d", in.number("evaluationPeriods"))
		}
		p.between(in, "datapointsToAlarm", "datapointsToAlarm", 1, in.number("evaluationPeriods"))
	}
	if in.has("metricName") == in.has("metricQueries") {
		p.add("metricName", "an alarm has metricName or metricQueries, and only one of them")
	}
	if in.has("threshold") == in.has("thresholdMetricId") {
		p.add("threshold", "an alarm has threshold or thresholdMetricId, and only one of them")
	}
	if in.has("metricName") {
		metricRules(in, "", "statistic", p)
		if in.has("statistic") == in.has("extendedStatistic") {
			p.add("statistic", "an alarm on a metric has statistic or extendedStatistic, and only one of them")
		}
		if in.known("extendedStatistic") && !percentile.MatchString(in.str("extendedStatistic")) {
			p.add("extendedStatistic", "must be like p95, got %q", in.str("extendedStatistic"))
		}
		p.oneOf(in, "statistic", "statistic", "SampleCount", "Average", "Sum", "Minimum", "Maximum")
		periodsRule(in, in.number("period"), p)
	}
	queryRules(in, p)
	for _, list := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
		if n := len(in.strings(list)); n > 5 {
			p.add(list, "there are at most 5, got %d", n)
		}
	}
}

// metricRules judge a metric: the alarm itself, or one in a query.
func metricRules(m props, path, statistic string, p *problems) {
	for _, name := range []string{"namespace", "period"} {
		if !m.has(name) {
			p.add(join(path, name), "is required")
		}
	}
	if n := m.str("namespace"); m.known("namespace") {
		if !metricNamespace.MatchString(n) {
			p.add(join(path, "namespace"), "must match %s, got %q", metricNamespace, n)
		} else if strings.HasPrefix(n, "AWS/") && !contains(metricNamespaces, n) {
			p.add(join(path, "namespace"), "the stand-in does not know %q among AWS's own: %v", n, metricNamespaces)
		}
	}
	if period := m.number("period"); m.known("period") && period != 10 && period != 20 && period != 30 && (period < 60 || period%60 != 0) {
		p.add(join(path, "period"), "must be 10, 20, 30 or a multiple of 60, got %d", period)
	}
	if n := len(m.object("dimensions")); n > 30 {
		p.add(join(path, "dimensions"), "there are at most 30, got %d", n)
	}
}

// periodsRule: less than an hour of period may look back a day, others a week.
func periodsRule(in props, period int, p *problems) {
	longest := 86400
	if period >= 3600 {
		longest = 604800
	}
	if n := in.number("evaluationPeriods"); n*period > longest {
		p.add("evaluationPeriods", "times period must not be above %d seconds, got %d times %d", longest, n, period)
	}
}

func queryRules(in props, p *problems) {
	queries := in.objects("metricQueries")
	if len(queries) == 0 {
		return
	}
	ids, returned := map[string]bool{}, 0
	for i, q := range queries {
		path := fmt.Sprintf("metricQueries[%d]", i)
		id := q.str("id")
		if q.known("id") && !metricQueryID.MatchString(id) || ids[id] {
			p.add(path+".id", "must match %s and be unique, got %q", metricQueryID, id)
		}
		ids[id] = true
		if q.has("expression") == q.has("metric") {
			p.add(path, "a query has expression or metric, and only one of them")
		}
		if q.has("metric") {
			metricRules(q.object("metric"), path+".metric", "stat", p)
			periodsRule(in, q.object("metric").number("period"), p)
		}
		if q.boolean("returnData") {
			returned++
		}
	}
	if in.has("thresholdMetricId") {
		if id := in.str("thresholdMetricId"); in.known("thresholdMetricId") && !ids[id] {
			p.add("thresholdMetricId", "must be the id of a query, got %q", id)
		}
	} else if returned != 1 {
		p.add("metricQueries", "exactly one query has returnData, got %d", returned)
	}
}

func checkAlarmActions(c *call) error {
	for _, list := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
		for _, arn := range c.in.strings(list) {
			if err := c.checkAlarmAction(arn); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *call) checkAlarmAction(arn string) error {
	const operation = "PutMetricAlarm"
	switch {
	case strings.HasPrefix(arn, "arn:aws:sns:"):
		topic := c.find(typeTopic, arn)
		if topic == nil {
			return fail(operation, "ValidationError", "Invalid region or topic in the action: %s does not exist in %s", arn, c.region)
		}
		if props(topic.Props).boolean("fifoTopic") {
			return fail(operation, "ValidationError", "A FIFO topic can't be an alarm's action: %s", arn)
		}
		// CloudWatch takes such an alarm and its notifications then fail.
		// https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
		alarm := c.asService("cloudwatch.amazonaws.com", c.arn, "", "")
		if !c.keyAdmits(topic.String("kmsMasterKeyId"), alarm, "kms:GenerateDataKey", "kms:Decrypt") {
			return fail(operation, "ValidationError", "The key of topic %s does not let cloudwatch.amazonaws.com generate data keys and decrypt: no notification would arrive", arn)
		}
		return nil
	case strings.HasPrefix(arn, "arn:aws:automate:"+c.region+":ec2:"):
		return nil
	}
	return fmt.Errorf("aws stand-in: it does not know whether an alarm can act by %s", arn)
}

package aws

import (
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const typeQueryLog = "aws:route53/queryLog:QueryLog"

// queryLogKinds are the logs of DNS queries. Route 53 writes from us-east-1 alone, and only where a policy lets it.
// Rules: https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateQueryLoggingConfig.html
var queryLogKinds = map[string]kind{
	typeQueryLog: {
		global:  true,
		replace: []string{"cloudwatchLogGroupArn", "zoneId"},
		create: func(c *call) error {
			const operation, there = "CreateQueryLoggingConfig", "us-east-1"
			zone := c.find(account.TypeZone, c.in.str("zoneId"))
			if zone == nil || !publicZone(zone) {
				return fail(operation, "NoSuchHostedZone", "No public hosted zone found with ID: %s", c.in.str("zoneId"))
			}
			if other := c.byProp(typeQueryLog, "zoneId", zone.ID); len(other) > 0 {
				return fail(operation, "QueryLoggingConfigAlreadyExists", "A query logging configuration already exists for the hosted zone %s", zone.ID)
			}
			group := strings.TrimSuffix(c.in.str("cloudwatchLogGroupArn"), ":*")
			prefix := "arn:aws:logs:" + there + ":" + c.state.AccountID + ":log-group:"
			if name, ok := strings.CutPrefix(group, prefix); !ok || c.state.GetIn(there, typeLogGroup, name) == nil {
				return fail(operation, "NoSuchCloudWatchLogsLogGroup", "The log group has to be in %s of this account and exist, got %s", there, group)
			}
			c.id = newUUID()
			c.arn = "arn:aws:route53:::queryloggingconfig/" + c.id
			asks := c.asService("route53.amazonaws.com", zone.ARN, "logs:PutLogEvents", group+":log-stream:"+zone.ID)
			for _, policy := range c.state.List(typeLogPolicy) {
				if policy.Region == there && allows(policy.Props["policyDocument"], asks) {
					return nil
				}
			}
			return fail(operation, "InsufficientCloudWatchLogsResourcePolicy", "Route 53 may not write to %s: no resource policy in %s lets it", group, there)
		},
	},
}

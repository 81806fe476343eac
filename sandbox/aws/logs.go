package aws

import (
	"regexp"
)

const typeLogGroup = "aws:cloudwatch/logGroup:LogGroup"

// retentionDays are the only values: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentionDays = []int{0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

var logGroupName = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

// logKinds are CloudWatch log groups.
// Rules: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html and
// .../logs/encrypt-log-data-kms.html.
var logKinds = map[string]kind{
	typeLogGroup: {
		name: "name", nameMax: 512,
		replace: []string{"name", "namePrefix", "logGroupClass"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && !logGroupName.MatchString(n) {
				p.add("name", "must match %s, got %q", logGroupName, n)
			}
			p.oneOf(in, "logGroupClass", "logGroupClass", "STANDARD", "INFREQUENT_ACCESS", "DELIVERY")
			if in.known("retentionInDays") {
				days, ok := in.number("retentionInDays"), false
				for _, allowed := range retentionDays {
					ok = ok || days == allowed
				}
				if !ok {
					p.add("retentionInDays", "must be one of %v, got %d", retentionDays, days)
				}
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			if c.find(typeLogGroup, c.id) != nil {
				return fail("CreateLogGroup", "ResourceAlreadyExistsException", "The specified log group already exists: %s", c.id)
			}
			c.arn = c.arnOf("logs", "log-group:"+c.id)
			if !c.in.has("logGroupClass") {
				c.out["logGroupClass"] = "STANDARD"
			}
			return checkLogKey(c)
		},
		update: checkLogKey,
	},
}

func checkLogKey(c *call) error {
	if key := c.in.str("kmsKeyId"); key != "" {
		return needKey(c, "AssociateKmsKey", key, "logs."+c.region+".amazonaws.com")
	}
	return nil
}

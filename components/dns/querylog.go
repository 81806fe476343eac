package dns

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// QueryLog records every question to the zone. Route 53 writes it in us-east-1 only.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
type QueryLog struct {
	// Provider of us-east-1.
	Provider pulumi.ProviderResource
	// KeyARN of a key in us-east-1 that encrypts the log.
	KeyARN pulumi.StringInput
	// AccountID of twelve digits.
	AccountID string
	// RetentionDays (default 90).
	RetentionDays int
}

func (q QueryLog) withDefaults() QueryLog {
	if q.RetentionDays == 0 {
		q.RetentionDays = 90
	}
	return q
}

func (q *QueryLog) validate() []error {
	var problems []error
	if q.Provider == nil {
		problems = append(problems, errors.New("query log: provider: is required"))
	}
	if q.KeyARN == nil {
		problems = append(problems, errors.New("query log: key arn: is required"))
	}
	if !accountID.MatchString(q.AccountID) {
		problems = append(problems, fmt.Errorf("query log: account id: must be twelve digits, got %q", q.AccountID))
	}
	if q.RetentionDays < 0 {
		problems = append(problems, fmt.Errorf("query log: retention: must be positive, got %d days", q.RetentionDays))
	}
	return problems
}

// build makes the log group and lets Route 53 write before the log is turned on.
func (q *QueryLog) build(ctx *pulumi.Context, name, environment, domain string, zone *route53.Zone, parent pulumi.ResourceOption) error {
	there := pulumi.Provider(q.Provider)
	group, err := cloudwatch.NewLogGroup(ctx, name+"-queries", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("/aws/route53/" + domain),
		RetentionInDays: pulumi.Int(q.RetentionDays),
		KmsKeyId:        q.KeyARN.ToStringOutput().ToStringPtrOutput(),
		Tags:            pulumi.ToStringMap(tags.Of("dns", environment+"-queries")),
	}, parent, there, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return err
	}
	policy, err := cloudwatch.NewLogResourcePolicy(ctx, name+"-queries", &cloudwatch.LogResourcePolicyArgs{
		PolicyName:     pulumi.String(environment + "-dns-queries"),
		PolicyDocument: pulumi.String(q.delivery(domain).JSON()),
	}, parent, there, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return err
	}
	_, err = route53.NewQueryLog(ctx, name+"-queries", &route53.QueryLogArgs{
		ZoneId:                zone.ZoneId,
		CloudwatchLogGroupArn: group.Arn,
	}, parent, pulumi.DependsOn([]pulumi.Resource{policy}))
	return err
}

func (q *QueryLog) delivery(domain string) iam.Document {
	return iam.Document{Statements: []iam.Statement{{
		Sid:        "DeliverQueryLogs",
		Principals: iam.Principals{Service: []string{"route53.amazonaws.com"}},
		Actions:    []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resources:  []string{fmt.Sprintf("arn:aws:logs:us-east-1:%s:log-group:/aws/route53/%s:*", q.AccountID, domain)},
		Conditions: iam.Conditions{
			"StringEquals": {"aws:SourceAccount": {q.AccountID}},
			"ArnLike":      {"aws:SourceArn": {"arn:aws:route53:::hostedzone/*"}},
		},
	}}}
}

package waf

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// logGroup has the beginning that WAF asks for.
// https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
func (a *ACLArgs) logGroup() string { return "aws-waf-logs-" + a.Name }

// log makes the log group before anything writes to it, lets WAF write, and turns the log on.
func (a *ACLArgs) log(ctx *pulumi.Context, name string, acl *wafv2.WebAcl, parent pulumi.ResourceOption) (*wafv2.WebAclLoggingConfiguration, error) {
	group, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(a.logGroup()),
		RetentionInDays: pulumi.Int(a.LogRetentionDays),
		KmsKeyId:        a.LogKeyARN.ToStringOutput().ToStringPtrOutput(),
		Tags:            pulumi.ToStringMap(tags.Of("waf", a.logGroup())),
	}, parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return nil, err
	}
	// WAF would write such a policy itself and leave it behind.
	policy, err := cloudwatch.NewLogResourcePolicy(ctx, name, &cloudwatch.LogResourcePolicyArgs{
		PolicyName:     pulumi.String(a.logGroup()),
		PolicyDocument: pulumi.String(a.delivery().JSON()),
	}, parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return wafv2.NewWebAclLoggingConfiguration(ctx, name, &wafv2.WebAclLoggingConfigurationArgs{
		ResourceArn:           acl.Arn,
		LogDestinationConfigs: pulumi.StringArray{group.Arn},
		LoggingFilter:         a.filter(),
		RedactedFields:        a.redacted(),
	}, parent, pulumi.DependsOn([]pulumi.Resource{policy}))
}

// delivery lets WAF write to the log group, for web ACLs of this account and region.
func (a *ACLArgs) delivery() iam.Document {
	return iam.Document{Statements: []iam.Statement{{
		Sid:        "DeliverWebACLLogs",
		Principals: iam.Principals{Service: []string{"delivery.logs.amazonaws.com"}},
		Actions:    []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resources:  []string{fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s:*", a.Region, a.AccountID, a.logGroup())},
		Conditions: iam.Conditions{
			"StringEquals": {"aws:SourceAccount": {a.AccountID}},
			"ArnLike":      {"aws:SourceArn": {fmt.Sprintf("arn:aws:logs:%s:%s:*", a.Region, a.AccountID)}},
		},
	}}}
}

// filter keeps what a rule matched. A rule that counts within a group that blocks is EXCLUDED_AS_COUNT in older records.
func (a *ACLArgs) filter() wafv2.WebAclLoggingConfigurationLoggingFilterPtrInput {
	if a.LogAllowed {
		return nil
	}
	var conditions wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionArray
	for _, action := range []string{"BLOCK", "COUNT", "EXCLUDED_AS_COUNT"} {
		conditions = append(conditions, wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionArgs{
			ActionCondition: wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionActionConditionArgs{Action: pulumi.String(action)},
		})
	}
	return wafv2.WebAclLoggingConfigurationLoggingFilterArgs{
		DefaultBehavior: pulumi.String("DROP"),
		Filters: wafv2.WebAclLoggingConfigurationLoggingFilterFilterArray{wafv2.WebAclLoggingConfigurationLoggingFilterFilterArgs{
			Behavior:    pulumi.String("KEEP"),
			Requirement: pulumi.String("MEETS_ANY"),
			Conditions:  conditions,
		}},
	}
}

func (a *ACLArgs) redacted() wafv2.WebAclLoggingConfigurationRedactedFieldArray {
	var fields wafv2.WebAclLoggingConfigurationRedactedFieldArray
	for _, name := range append([]string{"authorization", "cookie"}, a.RedactHeaders...) {
		fields = append(fields, wafv2.WebAclLoggingConfigurationRedactedFieldArgs{
			SingleHeader: wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs{Name: pulumi.String(name)},
		})
	}
	return fields
}

package waf

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// rules as AWS takes them. Their priority is their place, with room between, so that one that is put in for an hour by
// hand fits.
func rules(all []Rule) wafv2.WebAclRuleArray {
	var made wafv2.WebAclRuleArray
	for i, rule := range all {
		args := wafv2.WebAclRuleArgs{
			Name:     pulumi.String(rule.Kind),
			Priority: pulumi.Int(10 * (i + 1)),
			VisibilityConfig: wafv2.WebAclRuleVisibilityConfigArgs{
				CloudwatchMetricsEnabled: pulumi.Bool(true),
				MetricName:               pulumi.String(rule.Kind),
				// Samples show all headers of a request, whatever the log leaves out.
				// https://docs.aws.amazon.com/waf/latest/developerguide/logging.html
				SampledRequestsEnabled: pulumi.Bool(false),
			},
		}
		if rule.Kind == RateLimit {
			args.Statement, args.Action = rule.rate(), rule.action()
		} else {
			args.Statement, args.OverrideAction = rule.managed(), rule.override()
		}
		made = append(made, args)
	}
	return made
}

func (r Rule) rate() wafv2.WebAclRuleStatementArgs {
	return wafv2.WebAclRuleStatementArgs{RateBasedStatement: wafv2.WebAclRuleStatementRateBasedStatementArgs{
		AggregateKeyType:    pulumi.String("IP"),
		Limit:               pulumi.Int(r.Limit),
		EvaluationWindowSec: pulumi.Int(r.WindowSeconds),
	}}
}

func (r Rule) action() wafv2.WebAclRuleActionArgs {
	if r.Count {
		return wafv2.WebAclRuleActionArgs{Count: wafv2.WebAclRuleActionCountArgs{}}
	}
	return wafv2.WebAclRuleActionArgs{Block: wafv2.WebAclRuleActionBlockArgs{}}
}

func (r Rule) managed() wafv2.WebAclRuleStatementArgs {
	var overrides wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArray
	for _, name := range r.CountRules {
		overrides = append(overrides, wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs{
			Name: pulumi.String(name),
			ActionToUse: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs{
				Count: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs{},
			},
		})
	}
	return wafv2.WebAclRuleStatementArgs{ManagedRuleGroupStatement: wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs{
		VendorName:          pulumi.String("AWS"),
		Name:                pulumi.String(groups[r.Kind].name),
		RuleActionOverrides: overrides,
	}}
}

// override turns a whole group to counting, or leaves to each of its rules what it does.
func (r Rule) override() wafv2.WebAclRuleOverrideActionArgs {
	if r.Count {
		return wafv2.WebAclRuleOverrideActionArgs{Count: wafv2.WebAclRuleOverrideActionCountArgs{}}
	}
	return wafv2.WebAclRuleOverrideActionArgs{None: wafv2.WebAclRuleOverrideActionNoneArgs{}}
}

// Package waf makes the web ACL in front of the platform: in CloudFront, or in its region on the load balancers of an
// environment that goes without CloudFront. Rules are data in the order in which they are asked; each blocks, or only
// counts. What they need is added up before AWS sees them, and rules that cost more than was agreed to are refused.
//
// The log holds what was blocked or counted, without the headers that let somebody in.
package waf

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const aclType = "cloudinsight:waf:ACL"

// CloudFrontRegion is where web ACLs of CloudFront live, and their logs and keys.
// https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
const CloudFrontRegion = "us-east-1"

// ACL is a web ACL and its log.
type ACL struct {
	pulumi.ResourceState

	// ARN of the web ACL, for a distribution's webAclId or an Ingress's wafv2-acl-arn annotation. It resolves when the
	// log is on.
	ARN pulumi.StringOutput
	// Capacity that the rules need, in web ACL capacity units.
	Capacity int
	// LogGroup is the name of the log.
	LogGroup string
}

// ACLArgs says what is let through.
type ACLArgs struct {
	// Name such as cloudinsight-dev: of the metrics, and the end of the log group's name.
	Name string
	// Region of the ACL; CloudFrontRegion where it is not Regional. The provider must be of it.
	Region string
	// AccountID of twelve digits.
	AccountID string
	// Regional is for load balancers in the region (default: for CloudFront).
	Regional bool

	// Rules in the order in which they are asked (default DefaultRules).
	Rules []Rule
	// CapacityBudget in web ACL capacity units (default IncludedCapacity, which costs nothing extra; at most
	// HighestCapacity).
	CapacityBudget int
	// LoadBalancers that the ACL is put on, as ARNs by label; with Regional only (default none). Those that the AWS Load
	// Balancer Controller makes have the ACL in an annotation instead.
	LoadBalancers map[string]pulumi.StringInput

	// LogKeyARN encrypts the log; a key in the ACL's region.
	LogKeyARN pulumi.StringInput
	// LogRetentionDays (default 90).
	LogRetentionDays int
	// LogAllowed also logs requests that no rule matched.
	LogAllowed bool
	// RedactHeaders are left out of the log besides authorization and cookie; lower case.
	RedactHeaders []string
}

var (
	aclName   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,99}$`)
	accountID = regexp.MustCompile(`^\d{12}$`)
	header    = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
)

// NewACL registers the web ACL, the log group that it writes to, and what it is put on.
func NewACL(ctx *pulumi.Context, name string, args *ACLArgs, opts ...pulumi.ResourceOption) (*ACL, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("web acl %q: %w", name, err)
	}
	w := &ACL{Capacity: Capacity(a.Rules), LogGroup: a.logGroup()}
	if err := ctx.RegisterComponentResourceV2(aclType, name, pulumi.Map{"name": pulumi.String(a.Name)}, w, opts...); err != nil {
		return nil, fmt.Errorf("web acl %q: %w", name, err)
	}
	if err := w.build(ctx, name, a); err != nil {
		return nil, fmt.Errorf("web acl %q: %w", name, err)
	}
	return w, ctx.RegisterResourceOutputs(w, pulumi.Map{"arn": w.ARN, "capacity": pulumi.Int(w.Capacity), "logGroup": pulumi.String(w.LogGroup)})
}

func (args *ACLArgs) withDefaults() ACLArgs {
	a := ACLArgs{}
	if args != nil {
		a = *args
	}
	if a.Rules == nil {
		a.Rules = DefaultRules()
	}
	a.Rules = slices.Clone(a.Rules)
	for i, rule := range a.Rules {
		a.Rules[i] = rule.withDefaults()
	}
	if a.CapacityBudget == 0 {
		a.CapacityBudget = IncludedCapacity
	}
	if a.LogRetentionDays == 0 {
		a.LogRetentionDays = 90
	}
	return a
}

func (a *ACLArgs) validate() error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !aclName.MatchString(a.Name) {
		problem("name: must match %s, got %q", aclName, a.Name)
	}
	if !accountID.MatchString(a.AccountID) {
		problem("account id: must be twelve digits, got %q", a.AccountID)
	}
	if !a.Regional && a.Region != CloudFrontRegion {
		problem("region: must be %s for CloudFront, got %q", CloudFrontRegion, a.Region)
	}
	if a.Region == "" {
		problem("region: is required")
	}
	if len(a.Rules) == 0 {
		problem("rules: must have at least one")
	}
	if err := validateRules(a.Rules); err != nil {
		problems = append(problems, err)
	}
	if a.CapacityBudget < 0 || a.CapacityBudget > HighestCapacity {
		problem("capacity budget: must be between 1 and %d, got %d", HighestCapacity, a.CapacityBudget)
	} else if need := Capacity(a.Rules); need > a.CapacityBudget {
		problem("rules: must need %d capacity units at most, got %d", a.CapacityBudget, need)
	}
	if !a.Regional && len(a.LoadBalancers) > 0 {
		problem("load balancers: must be left out where the ACL is CloudFront's, got %q", slices.Sorted(maps.Keys(a.LoadBalancers)))
	}
	if a.LogKeyARN == nil {
		problem("log key: is required")
	}
	if a.LogRetentionDays < 0 {
		problem("log retention: must be positive, got %d days", a.LogRetentionDays)
	}
	for i, name := range a.RedactHeaders {
		if !header.MatchString(name) {
			problem("redact headers[%d]: must match %s, got %q", i, header, name)
		}
	}
	return errors.Join(problems...)
}

func (a *ACLArgs) scope() string {
	if a.Regional {
		return "REGIONAL"
	}
	return "CLOUDFRONT"
}

// build leaves the name to Pulumi: an ACL that something uses cannot go before its successor is there.
func (w *ACL) build(ctx *pulumi.Context, name string, a ACLArgs) error {
	parent := pulumi.Parent(w)
	acl, err := wafv2.NewWebAcl(ctx, name, &wafv2.WebAclArgs{
		Description:   pulumi.String("Requests to " + a.Name),
		Scope:         pulumi.String(a.scope()),
		DefaultAction: wafv2.WebAclDefaultActionArgs{Allow: wafv2.WebAclDefaultActionAllowArgs{}},
		Rules:         rules(a.Rules),
		VisibilityConfig: wafv2.WebAclVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true),
			MetricName:               pulumi.String(a.Name),
			SampledRequestsEnabled:   pulumi.Bool(false),
		},
		Tags: pulumi.ToStringMap(tags.Of("waf", a.Name)),
	}, parent)
	if err != nil {
		return err
	}
	logging, err := a.log(ctx, name, acl, parent)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	w.ARN = logging.ResourceArn
	for _, label := range slices.Sorted(maps.Keys(a.LoadBalancers)) {
		if _, err := wafv2.NewWebAclAssociation(ctx, name+"-"+label, &wafv2.WebAclAssociationArgs{
			WebAclArn:   acl.Arn,
			ResourceArn: a.LoadBalancers[label],
		}, parent); err != nil {
			return fmt.Errorf("load balancer %q: %w", label, err)
		}
	}
	return nil
}

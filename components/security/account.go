// Package security watches over an account: GuardDuty for threats, with its findings on a topic, Inspector for the images
// in the registry, Access Analyzer for access from outside and access that nobody uses, the password policy of its
// users, and AWS Config as a switch.
//
// It belongs to the stack that is there once per account. GuardDuty, Inspector and the analyzers see the provider's
// region; a second region takes a second component without the account's own settings (OnlyRegion).
package security

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const accountType = "cloudinsight:security:Account"

// Account is what watches over an account.
type Account struct {
	pulumi.ResourceState

	// DetectorID of GuardDuty.
	DetectorID pulumi.StringOutput
	// FindingsTopicARN is the topic that findings are sent to.
	FindingsTopicARN pulumi.StringOutput
	// AnalyzerARNs of Access Analyzer: "external" and "unused".
	AnalyzerARNs map[string]pulumi.StringOutput
	// RecorderName of AWS Config, empty without it.
	RecorderName pulumi.StringOutput
	// Ready is what has to be there before the account is watched.
	Ready []pulumi.Resource
}

// Args says how closely to look.
type Args struct {
	// Name of the resources, such as cloudinsight-shared.
	Name string
	// Region of the provider, such as af-south-1.
	Region string
	// AccountID of twelve digits.
	AccountID string
	// KeyARN encrypts the topic; its policy must let EventBridge use it.
	KeyARN pulumi.StringInput

	// ScannedBuckets are S3 buckets by label whose new objects are scanned for malware (default none).
	ScannedBuckets map[string]Bucket
	// LeastSeverity of a finding that is sent to the topic, 1 to 9 (default 4, medium).
	LeastSeverity int
	// UnusedAccessDays after which access that nobody used is reported, 1 to 365 (default 90).
	UnusedAccessDays int
	// Recorder of AWS Config (default none: it bills each change that it records).
	Recorder *Recorder
	// OnlyRegion leaves out what an account has once: the password policy.
	OnlyRegion bool
	// PermissionsBoundary of the roles (default none).
	PermissionsBoundary pulumi.StringPtrInput
}

// Bucket is a bucket to scan.
type Bucket struct {
	// Name of the bucket, and the ARN of the key that encrypts it.
	Name   pulumi.StringInput
	KeyARN pulumi.StringInput
}

// Recorder says where AWS Config keeps what it records.
type Recorder struct {
	// BucketName of an encrypted bucket, and the ARN of its key.
	BucketName pulumi.StringInput
	KeyARN     pulumi.StringInput
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	region    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
	label     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// NewAccount registers what watches over the account.
func NewAccount(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Account, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("security %q: %w", name, err)
	}
	c := &Account{AnalyzerARNs: map[string]pulumi.StringOutput{}, RecorderName: pulumi.String("").ToStringOutput()}
	if err := ctx.RegisterComponentResourceV2(accountType, name, pulumi.Map{"name": pulumi.String(a.Name)}, c, opts...); err != nil {
		return nil, fmt.Errorf("security %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(c), account: c}
	for _, step := range []func() error{b.detect, b.announce, b.scanBuckets, b.scanImages, b.analyze, b.setPasswords, b.record} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("security %q: %w", name, err)
		}
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{
		"detectorId": c.DetectorID, "findingsTopicArn": c.FindingsTopicARN, "recorderName": c.RecorderName,
		"externalAnalyzerArn": c.AnalyzerARNs["external"], "unusedAnalyzerArn": c.AnalyzerARNs["unused"],
	})
}

func (args *Args) withDefaults() Args {
	a := Args{}
	if args != nil {
		a = *args
	}
	if a.LeastSeverity == 0 {
		a.LeastSeverity = 4
	}
	if a.UnusedAccessDays == 0 {
		a.UnusedAccessDays = 90
	}
	return a
}

func (a *Args) validate() error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if a.Name == "" {
		add("name: is required")
	}
	if !region.MatchString(a.Region) {
		add("region: must be a region, got %q", a.Region)
	}
	if !accountID.MatchString(a.AccountID) {
		add("account id: must be twelve digits, got %q", a.AccountID)
	}
	if a.KeyARN == nil {
		add("key arn: is required")
	}
	// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
	if a.LeastSeverity < 1 || a.LeastSeverity > 9 {
		add("least severity: must be between 1 and 9, got %d", a.LeastSeverity)
	}
	if a.UnusedAccessDays < 1 || a.UnusedAccessDays > 365 {
		add("unused access: must be between 1 and 365 days, got %d", a.UnusedAccessDays)
	}
	for _, l := range slices.Sorted(maps.Keys(a.ScannedBuckets)) {
		if !label.MatchString(l) {
			add("scanned buckets: labels must match %s, got %q", label, l)
		}
		if b := a.ScannedBuckets[l]; b.Name == nil || b.KeyARN == nil {
			add("scanned buckets[%q]: name and key arn are required", l)
		}
	}
	if r := a.Recorder; r != nil && (r.BucketName == nil || r.KeyARN == nil) {
		add("recorder: bucket name and key arn are required")
	}
	return errors.Join(problems...)
}

// builder carries what the steps share.
type builder struct {
	ctx     *pulumi.Context
	name    string
	args    Args
	parent  pulumi.ResourceOption
	account *Account
}

// role makes a role with a policy of its own, and returns what whoever takes it on has to wait for.
func (b *builder) role(suffix, description string, trust iam.Document, policy pulumi.StringInput) (*awsiam.Role, []pulumi.Resource, error) {
	name := b.args.Name + "-" + suffix
	role, err := awsiam.NewRole(b.ctx, b.name+"-"+suffix, &awsiam.RoleArgs{
		Name:                pulumi.String(name),
		Description:         pulumi.String(description),
		AssumeRolePolicy:    pulumi.String(trust.JSON()),
		PermissionsBoundary: b.args.PermissionsBoundary,
		Tags:                pulumi.ToStringMap(tags.Of("security", name)),
	}, b.parent)
	if err != nil {
		return nil, nil, fmt.Errorf("role: %w", err)
	}
	permissions, err := awsiam.NewRolePolicy(b.ctx, b.name+"-"+suffix, &awsiam.RolePolicyArgs{
		Name: pulumi.String(suffix), Role: role.Name, Policy: policy,
	}, b.parent)
	if err != nil {
		return nil, nil, fmt.Errorf("role: %w", err)
	}
	return role, []pulumi.Resource{permissions}, nil
}

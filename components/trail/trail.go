// Package trail records who did what in the account: a CloudTrail trail of all regions, with digests that show whether
// a record was changed, into an encrypted bucket.
//
// Management events are recorded, reads and writes, whose first copy AWS does not charge for. Data events, which are
// charged each, are recorded for the buckets that are named and for no others: what reads every object of the account
// is watched by GuardDuty, which needs no trail for it.
package trail

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const trailType = "cloudinsight:trail:Trail"

// Trail is a trail of all regions.
type Trail struct {
	pulumi.ResourceState

	// ARN of the trail.
	ARN pulumi.StringOutput
	// Ready is what has to be there before actions are on record.
	Ready []pulumi.Resource
}

// Args says where the records go.
type Args struct {
	// Name of the trail, 3 to 128 letters, digits, periods, hyphens and underscores.
	Name string
	// BucketName of a bucket whose policy holds BucketStatements.
	BucketName pulumi.StringInput
	// KeyARN encrypts the records; its policy must let cloudtrail.amazonaws.com use it.
	KeyARN pulumi.StringInput

	// DataEventBucketARNs are buckets by label whose objects' reads and writes are recorded as well (default none).
	DataEventBucketARNs map[string]pulumi.StringInput
	// DependsOn must exist before the trail: the bucket's policy, which CloudTrail tries at once.
	DependsOn []pulumi.Resource
	// Unprotected lets Pulumi delete the trail.
	Unprotected bool
}

// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
var trailName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{1,126}[a-zA-Z0-9]$`)

// NewTrail registers the trail.
func NewTrail(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Trail, error) {
	a := Args{}
	if args != nil {
		a = *args
	}
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("trail %q: %w", name, err)
	}
	t := &Trail{}
	if err := ctx.RegisterComponentResourceV2(trailType, name, pulumi.Map{"name": pulumi.String(a.Name)}, t, opts...); err != nil {
		return nil, fmt.Errorf("trail %q: %w", name, err)
	}
	trail, err := cloudtrail.NewTrail(ctx, name, &cloudtrail.TrailArgs{
		Name:                       pulumi.String(a.Name),
		S3BucketName:               a.BucketName,
		KmsKeyId:                   a.KeyARN,
		IsMultiRegionTrail:         pulumi.Bool(true),
		IncludeGlobalServiceEvents: pulumi.Bool(true),
		EnableLogFileValidation:    pulumi.Bool(true),
		EnableLogging:              pulumi.Bool(true),
		AdvancedEventSelectors:     a.selectors(),
		Tags:                       pulumi.ToStringMap(tags.Of("trail", a.Name)),
	}, pulumi.Parent(t), pulumi.Protect(!a.Unprotected), pulumi.DeleteBeforeReplace(true), pulumi.DependsOn(a.DependsOn))
	if err != nil {
		return nil, fmt.Errorf("trail %q: %w", name, err)
	}
	t.ARN = trail.Arn
	t.Ready = []pulumi.Resource{trail}
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{"arn": t.ARN})
}

func (a *Args) validate() error {
	var problems []error
	if !trailName.MatchString(a.Name) {
		problems = append(problems, fmt.Errorf("name: must match %s, got %q", trailName, a.Name))
	}
	if a.BucketName == nil {
		problems = append(problems, errors.New("bucket name: is required"))
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("key arn: is required"))
	}
	return errors.Join(problems...)
}

// selectors name what is recorded.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
func (a *Args) selectors() cloudtrail.TrailAdvancedEventSelectorArray {
	all := cloudtrail.TrailAdvancedEventSelectorArray{cloudtrail.TrailAdvancedEventSelectorArgs{
		Name:           pulumi.String("management"),
		FieldSelectors: cloudtrail.TrailAdvancedEventSelectorFieldSelectorArray{equals("eventCategory", "Management")},
	}}
	for _, label := range slices.Sorted(maps.Keys(a.DataEventBucketARNs)) {
		all = append(all, cloudtrail.TrailAdvancedEventSelectorArgs{
			Name: pulumi.String("objects of " + label),
			FieldSelectors: cloudtrail.TrailAdvancedEventSelectorFieldSelectorArray{
				equals("eventCategory", "Data"),
				equals("resources.type", "AWS::S3::Object"),
				cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{
					Field:       pulumi.String("resources.ARN"),
					StartsWiths: pulumi.StringArray{pulumi.Sprintf("%s/", a.DataEventBucketARNs[label])},
				},
			},
		})
	}
	return all
}

func equals(field, value string) cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs {
	return cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{
		Field: pulumi.String(field), Equals: pulumi.ToStringArray([]string{value}),
	}
}

// BucketStatements are what the policy of the trail's bucket must hold: CloudTrail may put records, for this trail of
// this account only. The trail is named by its parts, because its ARN is not known before the bucket has its policy.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
func BucketStatements(name, accountID, region string) func(bucketARN string) []iam.Statement {
	service := iam.Principals{Service: []string{"cloudtrail.amazonaws.com"}}
	acting := iam.Conditions{"StringEquals": {
		"aws:SourceArn": {"arn:aws:cloudtrail:" + region + ":" + accountID + ":trail/" + name},
	}}
	return func(bucketARN string) []iam.Statement {
		return []iam.Statement{
			{
				Sid:        "TrailChecks",
				Principals: service,
				Actions:    []string{"s3:GetBucketAcl"},
				Resources:  []string{bucketARN},
				Conditions: acting,
			},
			{
				Sid:        "TrailWrites",
				Principals: service,
				Actions:    []string{"s3:PutObject"},
				Resources:  []string{bucketARN + "/AWSLogs/" + accountID + "/*"},
				Conditions: acting.And(iam.Conditions{"StringEquals": {"s3:x-amz-acl": {"bucket-owner-full-control"}}}),
			},
		}
	}
}

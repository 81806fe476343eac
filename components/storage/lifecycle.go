package storage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Lifecycle says how long objects stay, and where. Units are days.
type Lifecycle struct {
	// ExpireDays that an object lives (default: until it is deleted).
	ExpireDays int
	// GlacierAfterDays that an object is read seldom enough for Glacier, where reading takes hours (default never).
	GlacierAfterDays int
	// OldVersionDays that an overwritten or deleted object can be had back (default 30).
	OldVersionDays int
	// ExpireUnder expires what lies under a prefix earlier, such as {"results/": 7} (default none).
	ExpireUnder map[string]int
}

// Glacier bills at least 90 days, whether the object lives that long or not.
// https://aws.amazon.com/s3/pricing/
const glacierDays = 90

// Parts of uploads that nobody finished are billed and never seen.
const abandonedUploadDays = 7

// KeepRecords is the lifecycle of records that are looked at in their first months and then kept for the law: Glacier
// after 90 days, unless they expire before that pays.
func KeepRecords(days int) Lifecycle {
	kept := Lifecycle{ExpireDays: days}
	if days >= 2*glacierDays {
		kept.GlacierAfterDays = glacierDays
	}
	return kept
}

func (l Lifecycle) withDefaults() Lifecycle {
	if l.OldVersionDays == 0 {
		l.OldVersionDays = 30
	}
	return l
}

func (l Lifecycle) validate() []error {
	var problems []error
	for _, days := range []struct {
		name  string
		value int
	}{{"expire", l.ExpireDays}, {"glacier after", l.GlacierAfterDays}, {"old versions", l.OldVersionDays}} {
		if days.value < 0 {
			problems = append(problems, fmt.Errorf("lifecycle: %s: must not be negative, got %d days", days.name, days.value))
		}
	}
	if l.GlacierAfterDays > 0 && l.ExpireDays > 0 && l.ExpireDays < l.GlacierAfterDays+glacierDays {
		problems = append(problems, fmt.Errorf("lifecycle: glacier after: must leave %d days until objects expire after %d, got %d days",
			glacierDays, l.ExpireDays, l.GlacierAfterDays))
	}
	for _, prefix := range slices.Sorted(maps.Keys(l.ExpireUnder)) {
		days := l.ExpireUnder[prefix]
		if days < 1 || l.ExpireDays > 0 && days >= l.ExpireDays {
			problems = append(problems, fmt.Errorf("lifecycle: expire under %q: must be at least a day and earlier than the rest, got %d days", prefix, days))
		}
		if !strings.HasSuffix(prefix, "/") || strings.HasPrefix(prefix, "/") {
			problems = append(problems, fmt.Errorf("lifecycle: expire under: must be a folder such as results/, got %q", prefix))
		}
	}
	return problems
}

func (l Lifecycle) rules() s3.BucketLifecycleConfigurationV2RuleArray {
	all := rule("retention", "")
	all.Expiration = s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(l.ExpireDays)}
	if l.ExpireDays == 0 {
		// Where objects expire by age, S3 clears the markers of deleted ones by itself.
		all.Expiration = s3.BucketLifecycleConfigurationV2RuleExpirationArgs{ExpiredObjectDeleteMarker: pulumi.Bool(true)}
	}
	all.NoncurrentVersionExpiration = s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
		NoncurrentDays: pulumi.Int(l.OldVersionDays),
	}
	all.AbortIncompleteMultipartUpload = s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
		DaysAfterInitiation: pulumi.Int(abandonedUploadDays),
	}
	if l.GlacierAfterDays > 0 {
		all.Transitions = s3.BucketLifecycleConfigurationV2RuleTransitionArray{s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
			Days:         pulumi.Int(l.GlacierAfterDays),
			StorageClass: pulumi.String("GLACIER"),
		}}
	}
	rules := s3.BucketLifecycleConfigurationV2RuleArray{all}
	for _, prefix := range slices.Sorted(maps.Keys(l.ExpireUnder)) {
		under := rule("under-"+prefix, prefix)
		under.Expiration = s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(l.ExpireUnder[prefix])}
		rules = append(rules, under)
	}
	return rules
}

func rule(id, prefix string) s3.BucketLifecycleConfigurationV2RuleArgs {
	return s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:     pulumi.String(id),
		Status: pulumi.String("Enabled"),
		Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String(prefix)},
	}
}

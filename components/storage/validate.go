package storage

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/cloudinsight/platform/internal/iam"
)

var (
	// Pulumi adds a hyphen and seven digits, and S3 takes 63 characters.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	bucketName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,54}$`)
	reservedName = regexp.MustCompile(`^(xn--|sthree-|amzn-s3-demo-)`)
	purpose      = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

	classifications = []string{"confidential", "anonymised", "synthetic"}
)

func (a *BucketArgs) validate(name string) error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }

	if !bucketName.MatchString(name) {
		problem("name: must match %s, so that S3 takes it with Pulumi's suffix, got %q", bucketName, name)
	}
	if reserved := reservedName.FindString(name); reserved != "" {
		problem("name: must not start with %q, which S3 keeps for itself, got %q", reserved, name)
	}
	if !purpose.MatchString(a.Purpose) {
		problem("purpose: must match %s, got %q", purpose, a.Purpose)
	}
	if !slices.Contains(classifications, a.Classification) {
		problem("classification: must be one of %q, got %q", classifications, a.Classification)
	}
	if a.Purpose == PurposeAccessLogs {
		problems = append(problems, a.validateAccessLogs()...)
	} else {
		if a.KeyARN == nil {
			problem("key: is required, only access logs go without")
		}
		if a.AccessLogs == nil {
			problem("access logs: a bucket for them is required")
		}
	}
	if r := a.Replica; r != nil && (r.BucketARN == nil || r.KeyARN == nil || r.SourceKeyARN == nil) {
		problem("replica: its bucket, its key and the source's key are required")
	}
	problems = append(problems, a.Lifecycle.validate()...)
	problems = append(problems, a.validateStatements()...)
	return errors.Join(problems...)
}

// validateAccessLogs knows what S3 asks of a bucket for access logs.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
func (a *BucketArgs) validateAccessLogs() []error {
	var problems []error
	if a.KeyARN != nil {
		problems = append(problems, errors.New("key: S3 cannot deliver access logs to a bucket with a KMS key"))
	}
	if a.AccessLogs != nil {
		problems = append(problems, errors.New("access logs: a bucket for access logs has none itself, they would never end"))
	}
	if a.Replica != nil {
		problems = append(problems, errors.New("replica: access logs have no key to replicate with"))
	}
	if a.Statements == nil {
		problems = append(problems, errors.New("statements: must let S3 deliver access logs, see AccessLogDelivery"))
	}
	return problems
}

// validateStatements judges the statements as they will be, but for the bucket's random suffix.
func (a *BucketArgs) validateStatements() []error {
	if a.Statements == nil {
		return nil
	}
	var problems []error
	sids := map[string]bool{iam.DenyInsecureTransport("").Sid: true}
	for i, s := range a.Statements("arn:aws:s3:::bucket") {
		if !s.Deny && (s.Principals.Everyone || slices.Contains(s.Principals.AWS, "*")) {
			problems = append(problems, fmt.Errorf("statements[%d]: must not allow everyone, got %q", i, s.Actions))
		}
		if s.Sid != "" && sids[s.Sid] {
			problems = append(problems, fmt.Errorf("statements[%d]: sid must be used once, got %q again", i, s.Sid))
		}
		sids[s.Sid] = true
	}
	return problems
}

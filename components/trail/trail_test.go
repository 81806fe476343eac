package trail_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/trail"
	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const trailToken = "aws:cloudtrail/trail:Trail"

func args() *trail.Args {
	return &trail.Args{Name: "cloudinsight-shared", BucketName: pulumi.String("trail-1"), KeyARN: pulumi.String("arn:aws:kms:af-south-1:111122223333:key/1")}
}

func record(t *testing.T, a *trail.Args) (*pulumitest.Recorder, error) {
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := trail.NewTrail(ctx, "main", a)
		return err
	})
}

func TestTrail_RecordsAllRegionsAndCanBeValidated(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	made := rec.Named(t, trailToken, "main")
	assert.True(t, made.Protect)
	for _, on := range []string{"isMultiRegionTrail", "includeGlobalServiceEvents", "enableLogFileValidation", "enableLogging"} {
		assert.Equal(t, true, made.Input(on), on)
	}
	assert.Equal(t, "trail-1", made.Input("s3BucketName"))
	assert.Equal(t, "arn:aws:kms:af-south-1:111122223333:key/1", made.Input("kmsKeyId"))
	require.Len(t, made.Input("advancedEventSelectors"), 1, "data events are charged each")
	assert.Equal(t, map[string]any{"field": "eventCategory", "equals": []any{"Management"}}, made.Input("advancedEventSelectors[0].fieldSelectors[0]"))
	assert.Equal(t, rec.Named(t, "cloudinsight:trail:Trail", "main"), made.Parent)
}

func TestTrail_EverythingSet(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		policy := &struct{ pulumi.CustomResourceState }{}
		if err := ctx.RegisterResource("test:index:Policy", "policy", nil, policy); err != nil {
			return err
		}
		a := args()
		a.Unprotected, a.DependsOn = true, []pulumi.Resource{policy}
		a.DataEventBucketARNs = map[string]pulumi.StringInput{"state": pulumi.String("arn:aws:s3:::state")}
		_, err := trail.NewTrail(ctx, "main", a)
		return err
	})
	made := rec.Named(t, trailToken, "main")
	assert.False(t, made.Protect)
	assert.True(t, made.DependsOnNamed("test:index:Policy", "policy"), "CloudTrail tries the bucket at once")
	assert.Equal(t, "objects of state", made.Input("advancedEventSelectors[1].name"))
	assert.Equal(t, map[string]any{"field": "resources.ARN", "startsWiths": []any{"arn:aws:s3:::state/"}}, made.Input("advancedEventSelectors[1].fieldSelectors[2]"))
}

func TestTrail_Refuses(t *testing.T) {
	rec, err := record(t, nil)
	for _, want := range []string{`trail "main": name: must match`, "bucket name: is required", "key arn: is required"} {
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, rec.All())
}

func TestBucketStatements_AreForOneTrailOnly(t *testing.T) {
	document := iam.Document{Statements: trail.BucketStatements("cloudinsight-shared", pulumitest.AccountID, "af-south-1")("arn:aws:s3:::trail-1")}
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "TrailChecks", "Effect": "Allow", "Principal": {"Service": ["cloudtrail.amazonaws.com"]}, "Action": ["s3:GetBucketAcl"],
		 "Resource": ["arn:aws:s3:::trail-1"],
		 "Condition": {"StringEquals": {"aws:SourceArn": ["arn:aws:cloudtrail:af-south-1:111122223333:trail/cloudinsight-shared"]}}},
		{"Sid": "TrailWrites", "Effect": "Allow", "Principal": {"Service": ["cloudtrail.amazonaws.com"]}, "Action": ["s3:PutObject"],
		 "Resource": ["arn:aws:s3:::trail-1/AWSLogs/111122223333/*"],
		 "Condition": {"StringEquals": {"aws:SourceArn": ["arn:aws:cloudtrail:af-south-1:111122223333:trail/cloudinsight-shared"],
			"s3:x-amz-acl": ["bucket-owner-full-control"]}}}
	]}`, document.JSON())
}

package security_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/security"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	detectorToken = "aws:guardduty/detector:Detector"
	featureToken  = "aws:guardduty/detectorFeature:DetectorFeature"
	scanToken     = "aws:guardduty/malwareProtectionPlan:MalwareProtectionPlan"
	topicToken    = "aws:sns/topic:Topic"
	ruleToken     = "aws:cloudwatch/eventRule:EventRule"
	targetToken   = "aws:cloudwatch/eventTarget:EventTarget"
	policyToken   = "aws:iam/rolePolicy:RolePolicy"
	roleToken     = "aws:iam/role:Role"
	passwordToken = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy"
	recorderToken = "aws:cfg/recorder:Recorder"
	channelToken  = "aws:cfg/deliveryChannel:DeliveryChannel"
	statusToken   = "aws:cfg/recorderStatus:RecorderStatus"

	key = "arn:aws:kms:af-south-1:111122223333:key/1"
)

func args() *security.Args {
	return &security.Args{Name: "cloudinsight-shared", Region: "af-south-1", AccountID: pulumitest.AccountID, KeyARN: pulumi.String(key)}
}

func record(t *testing.T, a *security.Args) (*pulumitest.Recorder, error) {
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := security.NewAccount(ctx, "main", a)
		return err
	}, pulumitest.Outputs(topicToken, func(r *pulumitest.Resource) map[string]any {
		return map[string]any{"arn": "arn:aws:sns:af-south-1:111122223333:" + r.Input("name").(string)}
	}))
}

func TestAccount_GuardDutyLooksAtEverythingThatTheProgramMakes(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.Equal(t, true, rec.Named(t, detectorToken, "main").Input("enable"))
	var names []any
	for _, feature := range rec.OfType(featureToken) {
		names = append(names, feature.Input("name"))
		assert.Equal(t, "ENABLED", feature.Input("status"), feature.Name)
	}
	assert.ElementsMatch(t, []any{"EKS_AUDIT_LOGS", "RUNTIME_MONITORING", "S3_DATA_EVENTS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS"}, names)
	assert.Equal(t, []any{
		map[string]any{"name": "EKS_ADDON_MANAGEMENT", "status": "ENABLED"},
		map[string]any{"name": "ECS_FARGATE_AGENT_MANAGEMENT", "status": "DISABLED"},
		map[string]any{"name": "EC2_AGENT_MANAGEMENT", "status": "DISABLED"},
	}, rec.Named(t, featureToken, "main-runtime-monitoring").Input("additionalConfigurations"))
	assert.Nil(t, rec.Named(t, featureToken, "main-s3-data-events").Input("additionalConfigurations"))
}

func TestAccount_FindingsGoToAnEncryptedTopic(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.Equal(t, key, rec.Named(t, topicToken, "main-findings").Input("kmsMasterKeyId"))
	assert.JSONEq(t, `{"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"], "detail": {"severity": [{"numeric": [">=", 4]}]}}`,
		rec.Named(t, ruleToken, "main-findings").Input("eventPattern").(string))
	target := rec.Named(t, targetToken, "main-findings")
	assert.Equal(t, "arn:aws:sns:af-south-1:111122223333:cloudinsight-shared-findings", target.Input("arn"))
	assert.True(t, target.DependsOnNamed("aws:sns/topicPolicy:TopicPolicy", "main-findings"), "what comes before the policy is lost")
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "Rule", "Effect": "Allow", "Principal": {"Service": ["events.amazonaws.com"]}, "Action": ["sns:Publish"],
		 "Resource": ["arn:aws:sns:af-south-1:111122223333:cloudinsight-shared-findings"],
		 "Condition": {"ArnEquals": {"aws:SourceArn": ["arn:aws:events:af-south-1:111122223333:rule/cloudinsight-shared-findings"]}}},
		{"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": ["sns:Publish"],
		 "Resource": ["arn:aws:sns:af-south-1:111122223333:cloudinsight-shared-findings"], "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}
	]}`, rec.Named(t, "aws:sns/topicPolicy:TopicPolicy", "main-findings").Input("policy").(string))
}

func TestAccount_ImagesAndAccess(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	inspector := rec.Named(t, "aws:inspector2/enabler:Enabler", "main")
	assert.Equal(t, []any{"ECR"}, inspector.Input("resourceTypes"))
	assert.Equal(t, []any{pulumitest.AccountID}, inspector.Input("accountIds"))
	const analyzer = "aws:accessanalyzer/analyzer:Analyzer"
	assert.Equal(t, "ACCOUNT", rec.Named(t, analyzer, "main-external").Input("type"))
	unused := rec.Named(t, analyzer, "main-unused")
	assert.Equal(t, "ACCOUNT_UNUSED_ACCESS", unused.Input("type"))
	assert.Equal(t, 90.0, unused.Input("configuration.unusedAccess.unusedAccessAge"))
	passwords := rec.Named(t, passwordToken, "main")
	assert.GreaterOrEqual(t, passwords.Input("minimumPasswordLength"), 14.0)
	assert.Nil(t, passwords.Input("maxPasswordAge"), "passwords that expire get worse")
}

func TestAccount_ScansBuckets(t *testing.T) {
	a := args()
	a.ScannedBuckets = map[string]security.Bucket{"artifacts": {Name: pulumi.String("artifacts-1"), KeyARN: pulumi.String(key)}}
	rec, err := record(t, a)
	require.NoError(t, err)
	plan := rec.Named(t, scanToken, "main-scan-artifacts")
	assert.Equal(t, "artifacts-1", plan.Input("protectedResource.s3Bucket.bucketName"))
	assert.Equal(t, "ENABLED", plan.Input("actions[0].taggings[0].status"))
	assert.True(t, plan.DependsOnNamed(policyToken, "main-scan-artifacts"), "GuardDuty tries the role at once")
	policy := rec.Named(t, policyToken, "main-scan-artifacts").Input("policy").(string)
	assert.Contains(t, policy, `"Resource":["arn:aws:s3:::artifacts-1/*"]`)
	assert.Contains(t, policy, `"Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":["`+key+`"]`)
	assert.NotContains(t, policy, `"Resource":["*"]`)
}

func TestAccount_RecorderIsASwitch(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.Zero(t, rec.Count(recorderToken)+rec.Count(channelToken)+rec.Count(statusToken))

	a := args()
	a.Recorder = &security.Recorder{BucketName: pulumi.String("records-1"), KeyARN: pulumi.String(key)}
	rec, err = record(t, a)
	require.NoError(t, err)
	recorder, channel, status := rec.Named(t, recorderToken, "main"), rec.Named(t, channelToken, "main"), rec.Named(t, statusToken, "main")
	assert.Equal(t, true, recorder.Input("recordingGroup.includeGlobalResourceTypes"))
	assert.Equal(t, "records-1", channel.Input("s3BucketName"))
	assert.Equal(t, key, channel.Input("s3KmsKeyArn"))
	assert.True(t, channel.DependsOnNamed(recorderToken, "main"))
	assert.True(t, status.DependsOnNamed(channelToken, "main"), "a recorder without delivery cannot be started")
	assert.True(t, recorder.DependsOnNamed(policyToken, "main-recorder"))
	assert.Contains(t, rec.Named(t, policyToken, "main-recorder").Input("policy"), "arn:aws:s3:::records-1/AWSLogs/111122223333/Config/*")
}

func TestAccount_EverythingSet(t *testing.T) {
	a := args()
	a.LeastSeverity, a.UnusedAccessDays, a.OnlyRegion = 7, 30, true
	a.PermissionsBoundary = pulumi.StringPtr("arn:aws:iam::111122223333:policy/boundary")
	a.Recorder = &security.Recorder{BucketName: pulumi.String("records-1"), KeyARN: pulumi.String(key)}
	rec, err := record(t, a)
	require.NoError(t, err)
	assert.Contains(t, rec.Named(t, ruleToken, "main-findings").Input("eventPattern"), `[">=",7]`)
	assert.Equal(t, 30.0, rec.Named(t, "aws:accessanalyzer/analyzer:Analyzer", "main-unused").Input("configuration.unusedAccess.unusedAccessAge"))
	assert.Zero(t, rec.Count(passwordToken), "an account has one, whatever its regions")
	assert.Equal(t, false, rec.Named(t, recorderToken, "main").Input("recordingGroup.includeGlobalResourceTypes"))
	assert.Equal(t, "arn:aws:iam::111122223333:policy/boundary", rec.Named(t, roleToken, "main-recorder").Input("permissionsBoundary"))
}

func TestAccount_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*security.Args)
		want   []string
	}{
		"nothing given": {func(a *security.Args) { *a = security.Args{} }, []string{
			"name: is required", "region: must be a region", "account id: must be twelve digits", "key arn: is required",
		}},
		"severity": {func(a *security.Args) { a.LeastSeverity = 10 }, []string{"least severity: must be between 1 and 9, got 10"}},
		"unused":   {func(a *security.Args) { a.UnusedAccessDays = 366 }, []string{"unused access: must be between 1 and 365 days, got 366"}},
		"bucket": {func(a *security.Args) { a.ScannedBuckets = map[string]security.Bucket{"A": {}} }, []string{
			`scanned buckets: labels must match`, `scanned buckets["A"]: name and key arn are required`,
		}},
		"recorder": {func(a *security.Args) { a.Recorder = &security.Recorder{} }, []string{"recorder: bucket name and key arn are required"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			rec, err := record(t, a)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, rec.All())
		})
	}
	_, err := record(t, nil)
	assert.ErrorContains(t, err, `security "main": name: is required`)
}

func TestAccount_ChildrenHaveItAsParent(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.Len(t, rec.Children(rec.Named(t, "cloudinsight:security:Account", "main")), len(rec.All())-1)
}

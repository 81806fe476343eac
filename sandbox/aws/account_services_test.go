package aws

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

func TestTrail_NeedsABucketAndAKeyThatLetItIn(t *testing.T) {
	w := newWorld(t)
	arn := "arn:aws:cloudtrail:af-south-1:" + w.accountID() + ":trail/audit"
	grants := func(bucket, trail string) string {
		from := `"Condition":{"StringEquals":{"aws:SourceArn":"` + trail + `"}}}`
		return `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::` + bucket + `",` + from + `,
			{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + bucket + `/AWSLogs/` + w.accountID() + `/*",` + from
	}
	audit := w.bucket("audit", grants("audit", arn))
	w.bucket("others", grants("others", arn+"2"))
	w.bucket("closed", "")
	key := w.make(typeKey, map[string]any{"policy": policyOf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + w.accountID() + `:root"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:DescribeKey","Resource":"*"},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*",
		"Condition":{"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:` + w.accountID() + `:trail/*"}}}`)}).outputs.str("arn")
	trail := map[string]any{"name": "audit", "s3BucketName": "audit", "kmsKeyId": key, "isMultiRegionTrail": true}
	w.refuses(t, map[string]refusal{
		"name":          {typeTrail, with(trail, map[string]any{"name": "a"}), "name: must match"},
		"no bucket":     {typeTrail, with(trail, map[string]any{"s3BucketName": "none"}), "S3BucketDoesNotExistException"},
		"closed bucket": {typeTrail, with(trail, map[string]any{"s3BucketName": "closed"}), "InsufficientS3BucketPolicyException"},
		"another trail": {typeTrail, with(trail, map[string]any{"s3BucketName": "others"}), "InsufficientS3BucketPolicyException"},
		"another place": {typeTrail, with(trail, map[string]any{"s3KeyPrefix": "x"}), "InsufficientS3BucketPolicyException"},
		"key of others": {typeTrail, with(trail, map[string]any{"kmsKeyId": w.keyFor("")}), "InsufficientEncryptionPolicyException"},
		"no key":        {typeTrail, with(trail, map[string]any{"kmsKeyId": "alias/none"}), "KmsKeyNotFoundException"},
		"global events": {typeTrail, with(trail, map[string]any{"includeGlobalServiceEvents": false}), "must include global service events"},
		"logs alone":    {typeTrail, with(trail, map[string]any{"cloudWatchLogsGroupArn": "arn:aws:logs:af-south-1:1:log-group:x:*"}), "goes together with cloudWatchLogsRoleArn"},
		"organization":  {typeTrail, with(trail, map[string]any{"isOrganizationTrail": true}), "not the management account"},
		"selectors":     {typeTrail, with(trail, map[string]any{"advancedEventSelectors": []any{map[string]any{"fieldSelectors": []any{map[string]any{"field": "resources.type", "equals": []any{"AWS::S3::Object"}}}}}}), "need eventCategory"},
	})
	made := w.make(typeTrail, trail)
	assert.Equal(t, arn, made.id)
	assert.Equal(t, "af-south-1", made.outputs.str("homeRegion"))
	_, err := w.try(typeTrail, trail)
	assert.ErrorContains(t, err, "TrailAlreadyExistsException")
	require.NoError(t, w.delete(made))
	assert.ErrorContains(t, w.delete(audit), "BucketNotEmpty", "the audit logs stay")
}

func TestFindings_OneOfEachInARegion(t *testing.T) {
	w := newWorld(t)
	w.bucket("uploads", "")
	scanner := w.role(malwareService)
	plan := func(bucket, role string) map[string]any {
		return map[string]any{"role": role, "protectedResource": map[string]any{"s3Bucket": map[string]any{"bucketName": bucket}}}
	}
	feature := func(detector, name string, additional ...any) map[string]any {
		return map[string]any{"detectorId": detector, "name": name, "status": "ENABLED", "additionalConfigurations": additional}
	}
	w.make(typeAnalyzer, map[string]any{"analyzerName": "external"})
	w.make(typeAnalyzer, map[string]any{"analyzerName": "unused", "type": "ACCOUNT_UNUSED_ACCESS", "configuration": map[string]any{"unusedAccess": map[string]any{"unusedAccessAge": 90}}})
	detector := w.make(typeDetector, map[string]any{})
	assert.Equal(t, "SIX_HOURS", detector.outputs.str("findingPublishingFrequency"))
	agent := map[string]any{"name": "EKS_ADDON_MANAGEMENT", "status": "ENABLED"}
	runtime := w.make(typeDetectorFeature, feature(detector.id, "RUNTIME_MONITORING", agent))
	w.make(typeMalwarePlan, plan("uploads", scanner))
	w.make(typeInspector, map[string]any{"accountIds": []any{w.accountID()}, "resourceTypes": []any{"ECR"}})
	w.refuses(t, map[string]refusal{
		"second external":   {typeAnalyzer, map[string]any{"analyzerName": "again", "type": "ACCOUNT"}, "Only one analyzer of type ACCOUNT"},
		"name twice":        {typeAnalyzer, map[string]any{"analyzerName": "external", "type": "ACCOUNT_UNUSED_ACCESS"}, "An analyzer with the name external already exists"},
		"organization":      {typeAnalyzer, map[string]any{"analyzerName": "org", "type": "ORGANIZATION"}, "organization's management account"},
		"age":               {typeAnalyzer, map[string]any{"analyzerName": "x", "type": "ACCOUNT_UNUSED_ACCESS", "configuration": map[string]any{"unusedAccess": map[string]any{"unusedAccessAge": 400}}}, "must be between 1 and 365"},
		"age of external":   {typeAnalyzer, map[string]any{"analyzerName": "x", "type": "ACCOUNT", "configuration": map[string]any{}}, "only an analyzer of unused access"},
		"second detector":   {typeDetector, map[string]any{}, "a detector already exists"},
		"frequency":         {typeDetector, map[string]any{"findingPublishingFrequency": "DAILY"}, "must be one of"},
		"feature":           {typeDetectorFeature, feature(detector.id, "S3_EVENTS"), "name: must be one of"},
		"additional":        {typeDetectorFeature, feature(detector.id, "EKS_AUDIT_LOGS", agent), "EKS_AUDIT_LOGS has only []"},
		"no detector":       {typeDetectorFeature, feature("none", "S3_DATA_EVENTS"), "detectorId is not owned"},
		"both runtimes":     {typeDetectorFeature, feature(detector.id, "EKS_RUNTIME_MONITORING", agent), "cannot be specified at the same time"},
		"feature twice":     {typeDetectorFeature, feature(detector.id, "RUNTIME_MONITORING", agent), "one resource would undo the other"},
		"no bucket":         {typeMalwarePlan, plan("none", scanner), "the S3 bucket does not exist"},
		"bucket twice":      {typeMalwarePlan, plan("uploads", scanner), "is protected already"},
		"inspector twice":   {typeInspector, map[string]any{"accountIds": []any{w.accountID()}, "resourceTypes": []any{"EC2"}}, "one resource would undo the other"},
		"what to inspect":   {typeInspector, map[string]any{"accountIds": []any{w.accountID()}, "resourceTypes": []any{"EKS"}}, "must be of [EC2 ECR LAMBDA LAMBDA_CODE]"},
		"whom to inspect":   {typeInspector, map[string]any{"accountIds": []any{"444455556666"}, "resourceTypes": []any{"ECR"}}, "delegated administrator"},
		"code without more": {typeInspector, map[string]any{"accountIds": []any{w.accountID()}, "resourceTypes": []any{"LAMBDA_CODE"}}, "LAMBDA_CODE needs LAMBDA"},
	})
	w.bucket("second", "")
	_, err := w.try(typeMalwarePlan, plan("second", w.role("guardduty.amazonaws.com")))
	assert.ErrorContains(t, err, "cannot be assumed by "+malwareService)
	require.NoError(t, w.delete(detector))
	assert.Nil(t, w.read(runtime).Outputs, "features go with their detector")
	w.configure("eu-west-1")
	w.make(typeDetector, map[string]any{})
}

func TestIAM_WhatPipelinesNeed(t *testing.T) {
	w := newWorld(t)
	provider := w.make(typeOIDC, map[string]any{"url": "https://" + githubIssuer, "clientIdLists": []any{"sts.amazonaws.com"}}).id
	trust := func(condition string) map[string]any {
		return map[string]any{"assumeRolePolicy": policyOf(`{"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":` + condition + `}`)}
	}
	const ours = `{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"repo:cloudinsight/platform:environment:dev"}}`
	boundary := w.make(typePolicy, map[string]any{"name": "boundary", "policy": policyOf(`{"Effect":"Allow","Action":"*","Resource":"*"}`)})
	w.refuses(t, map[string]refusal{
		"everybody's workflow": {typeRole, trust(`{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}`), "needs a condition on token.actions.githubusercontent.com:sub"},
		"any owner's":          {typeRole, trust(`{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}}`), "names an organization"},
		"no boundary":          {typeRole, with(trust(ours), map[string]any{"permissionsBoundary": boundary.id + "x"}), "does not exist or is not attachable"},
		"trust in a resource":  {typeRole, map[string]any{"assumeRolePolicy": policyOf(allow("ec2.amazonaws.com", "sts:AssumeRole", "*"))}, "Has prohibited field Resource"},
		"password length":      {typePasswordPolicy, map[string]any{"minimumPasswordLength": 5}, "must be between 6 and 128"},
		"passwords remembered": {typePasswordPolicy, map[string]any{"passwordReusePrevention": 25}, "must be between 1 and 24"},
	})
	role := w.make(typeRole, with(trust(ours), map[string]any{"permissionsBoundary": boundary.id}))
	assert.ErrorContains(t, w.delete(boundary), "DeleteConflict")
	require.NoError(t, w.delete(role))
	require.NoError(t, w.delete(boundary))
	policy := w.make(typePasswordPolicy, map[string]any{"minimumPasswordLength": 14, "maxPasswordAge": 90})
	assert.Equal(t, true, policy.outputs["expirePasswords"])
	_, err := w.try(typePasswordPolicy, map[string]any{})
	assert.ErrorContains(t, err, "one resource would undo the other", "an account has one")
}

func TestExperiment_Refuses(t *testing.T) {
	w := newWorld(t)
	alarm := w.make(typeAlarm, map[string]any{
		"name": "stop", "namespace": "AWS/RDS", "metricName": "CPUUtilization", "statistic": "Average", "comparisonOperator": "GreaterThanThreshold",
		"threshold": 90, "period": 60, "evaluationPeriods": 1,
	}).outputs.str("arn")
	action := map[string]any{
		"name": "cut", "actionId": "aws:network:disrupt-connectivity", "target": map[string]any{"key": "Subnets", "value": "zone"},
		"parameters": []any{map[string]any{"key": "duration", "value": "PT10M"}, map[string]any{"key": "scope", "value": "availability-zone"}},
	}
	target := map[string]any{"name": "zone", "resourceType": "aws:ec2:subnet", "selectionMode": "ALL", "resourceTags": []any{map[string]any{"key": "Environment", "value": "dev"}}}
	template := func(editAction, editTarget, edit map[string]any) map[string]any {
		return with(map[string]any{
			"description": "a zone is lost", "roleArn": w.role("fis.amazonaws.com"), "actions": []any{with(action, editAction)}, "targets": []any{with(target, editTarget)},
			"stopConditions": []any{map[string]any{"source": "aws:cloudwatch:alarm", "value": alarm}},
		}, edit)
	}
	w.refuses(t, map[string]refusal{
		"action":            {typeExperiment, template(map[string]any{"actionId": "aws:rds:explode"}, nil, nil), `does not know "aws:rds:explode"`},
		"target's kind":     {typeExperiment, template(nil, map[string]any{"resourceType": "aws:ec2:instance"}, nil), "strikes aws:ec2:subnet"},
		"target's key":      {typeExperiment, template(map[string]any{"target": map[string]any{"key": "Instances", "value": "zone"}}, nil, nil), `target.key: must be "Subnets"`},
		"no target":         {typeExperiment, template(map[string]any{"target": map[string]any{"key": "Subnets", "value": "none"}}, nil, nil), `there is no target called "none"`},
		"missing parameter": {typeExperiment, template(map[string]any{"parameters": []any{map[string]any{"key": "duration", "value": "PT10M"}}}, nil, nil), "needs scope"},
		"other parameter":   {typeExperiment, template(map[string]any{"parameters": []any{map[string]any{"key": "length", "value": "1"}}}, nil, nil), `got "length"`},
		"duration":          {typeExperiment, template(map[string]any{"parameters": []any{map[string]any{"key": "duration", "value": "10m"}, map[string]any{"key": "scope", "value": "all"}}}, nil, nil), "must be like PT10M"},
		"selection":         {typeExperiment, template(nil, map[string]any{"selectionMode": "SOME"}, nil), "must be ALL, COUNT(n) or PERCENT(n)"},
		"order":             {typeExperiment, template(map[string]any{"startAfters": []any{"dawn"}}, nil, nil), `no other action called "dawn"`},
		"role":              {typeExperiment, template(nil, nil, map[string]any{"roleArn": w.role("ec2.amazonaws.com")}), "cannot be assumed by fis.amazonaws.com"},
		"no alarm":          {typeExperiment, template(nil, nil, map[string]any{"stopConditions": []any{map[string]any{"source": "aws:cloudwatch:alarm", "value": alarm + "x"}}}), "The stop condition's alarm does not exist"},
		"no alarm given":    {typeExperiment, template(nil, nil, map[string]any{"stopConditions": []any{map[string]any{"source": "aws:cloudwatch:alarm"}}}), "goes together with the source"},
	})
	made := w.make(typeExperiment, template(nil, nil, nil))
	assert.Regexp(t, "^EXT[0-9a-f]{15}$", made.id)
}

func TestGetZone_IsTheAccountsOwn(t *testing.T) {
	w := newWorld(t)
	ask := func(in map[string]any) (props, error) {
		got, err := w.provider.Invoke(context.Background(), plugin.InvokeRequest{Tok: "aws:route53/getZone:getZone", Args: resource.NewPropertyMapFromMap(in)})
		return plainMap(got.Properties), err
	}
	zone, err := ask(map[string]any{"name": account.RegisteredDomain + "."})
	require.NoError(t, err)
	assert.Len(t, zone.strings("nameServers"), 4)
	again, err := ask(map[string]any{"zoneId": zone.str("zoneId")})
	require.NoError(t, err)
	assert.Equal(t, zone, again)
	for name, in := range map[string]map[string]any{
		"no matching Route 53 Hosted Zone found": {"name": "cloudinsight.org"},
		"no matching":                            {"name": account.RegisteredDomain, "privateZone": true},
		"must be set":                            {},
		`does not know "vpcId"`:                  {"name": account.RegisteredDomain, "vpcId": "vpc-1"},
	} {
		_, err := ask(in)
		assert.ErrorContains(t, err, name)
	}
}

func TestCreate_ANameIsFreeInAnotherRegion(t *testing.T) {
	w := newWorld(t)
	here := w.make(typeLogGroup, map[string]any{"name": "/same", "retentionInDays": 7})
	w.configure("eu-west-1")
	there := w.make(typeLogGroup, map[string]any{"name": "/same", "retentionInDays": 30})
	require.NoError(t, w.delete(there))
	assert.Nil(t, w.read(there).Outputs)
	w.configure("af-south-1")
	assert.Equal(t, 7, plainMap(w.read(here).Outputs).number("retentionInDays"), "the other region's is untouched")
}

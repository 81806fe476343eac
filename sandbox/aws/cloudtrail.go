package aws

import (
	"regexp"
	"strings"
)

const typeTrail = "aws:cloudtrail/trail:Trail"

var trailName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{1,126}[a-zA-Z0-9]$`)

// cloudtrailKinds are trails.
// Rules: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html,
// .../awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html, .../create-kms-key-policy-for-cloudtrail.html.
var cloudtrailKinds = map[string]kind{
	typeTrail: {
		name: "name", nameMax: 128,
		replace: []string{"name"},
		rules:   trailRules,
		create: func(c *call) error {
			c.arn = c.arnOf("cloudtrail", "trail/"+c.in.str("name"))
			c.id = c.arn
			if c.find(typeTrail, c.id) != nil {
				return fail("CreateTrail", "TrailAlreadyExistsException", "Trail %s already exists for customer: %s", c.in.str("name"), c.state.AccountID)
			}
			if len(c.inRegion(typeTrail)) >= 5 {
				return fail("CreateTrail", "MaximumNumberOfTrailsExceededException", "User: %s already has 5 trails in %s.", c.state.AccountID, c.region)
			}
			c.out = props{"homeRegion": c.region}
			for name, standard := range map[string]any{"enableLogging": true, "includeGlobalServiceEvents": true, "isMultiRegionTrail": false, "isOrganizationTrail": false, "enableLogFileValidation": false} {
				if !c.in.has(name) {
					c.out[name] = standard
				}
			}
			return checkTrail(c)
		},
		update: checkTrail,
	},
}

func trailRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !trailName.MatchString(n) {
		p.add("name", "must match %s, got %q", trailName, n)
	}
	if in.boolean("isMultiRegionTrail") && in["includeGlobalServiceEvents"] == false {
		p.add("includeGlobalServiceEvents", "Multi-Region trail must include global service events.")
	}
	atMostOne(in, p, "eventSelectors", "advancedEventSelectors")
	if in.has("cloudWatchLogsGroupArn") != in.has("cloudWatchLogsRoleArn") {
		p.add("cloudWatchLogsGroupArn", "goes together with cloudWatchLogsRoleArn")
	}
	if arn := in.str("cloudWatchLogsGroupArn"); in.known("cloudWatchLogsGroupArn") && !strings.HasSuffix(arn, ":*") {
		p.add("cloudWatchLogsGroupArn", "must end with :*, got %q", arn)
	}
	for _, s := range in.objects("insightSelectors") {
		p.oneOf(s, "insightSelectors.insightType", "insightType", "ApiCallRateInsight", "ApiErrorRateInsight")
	}
	for _, s := range in.objects("eventSelectors") {
		p.oneOf(s, "eventSelectors.readWriteType", "readWriteType", "ReadOnly", "WriteOnly", "All")
		for _, d := range s.objects("dataResources") {
			p.oneOf(d, "eventSelectors.dataResources.type", "type", "AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table")
		}
	}
	for _, s := range in.objects("advancedEventSelectors") {
		category := ""
		for _, f := range s.objects("fieldSelectors") {
			if f.str("field") == "eventCategory" && len(f.strings("equals")) == 1 {
				category = f.strings("equals")[0]
			}
		}
		if category != "Management" && category != "Data" && category != "NetworkActivity" && !hasUnknown(map[string]any(s)) {
			p.add("advancedEventSelectors.fieldSelectors", "need eventCategory equal to one of [Management Data NetworkActivity], got %q", category)
		}
	}
}

func checkTrail(c *call) error {
	const operation = "CreateTrail"
	if c.in.boolean("isOrganizationTrail") {
		return fail(operation, "CloudTrailAccessNotEnabledException", "The account %s is not the management account of an organization", c.state.AccountID)
	}
	bucket := c.bucketOf(c.in.str("s3BucketName"))
	if bucket == nil {
		return fail(operation, "S3BucketDoesNotExistException", "S3 bucket %s does not exist!", c.in.str("s3BucketName"))
	}
	key := "AWSLogs/" + c.state.AccountID + "/CloudTrail"
	if prefix := c.in.str("s3KeyPrefix"); prefix != "" {
		key = prefix + "/" + key
	}
	r := c.asService("cloudtrail.amazonaws.com", c.arn, "", "").with("s3:x-amz-acl", "bucket-owner-full-control")
	if !c.bucketAdmits(bucket, r, "s3:GetBucketAcl", "") || !c.bucketAdmits(bucket, r, "s3:PutObject", key) {
		return fail(operation, "InsufficientS3BucketPolicyException",
			"Incorrect S3 bucket policy is detected for bucket: %s: cloudtrail.amazonaws.com has to be allowed s3:GetBucketAcl, and s3:PutObject of %s, for %s", bucket.ID, key, c.arn)
	}
	if err := c.checkTrailKey(operation, r); err != nil {
		return err
	}
	if topic := c.in.str("snsTopicName"); topic != "" {
		arn := topic
		if !strings.HasPrefix(topic, "arn:") {
			arn = c.arnOf("sns", topic)
		}
		found := c.find(typeTopic, arn)
		if found == nil {
			return fail(operation, "InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect: %s", topic)
		}
		if err := c.admitsSend(found, c.topicPolicy(found), "sns:Publish", r); err != nil {
			return fail(operation, "InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect: %v", err)
		}
		c.out["snsTopicArn"] = arn
	}
	if group := c.in.str("cloudWatchLogsGroupArn"); group != "" {
		name := strings.TrimSuffix(group[strings.LastIndex(group, ":log-group:")+len(":log-group:"):], ":*")
		if c.find(typeLogGroup, name) == nil {
			return fail(operation, "InvalidCloudWatchLogsLogGroupArnException", "CloudTrail cannot validate the specified log group ARN: %s", group)
		}
		if err := needServiceRole(c, operation, "InvalidCloudWatchLogsRoleArnException", c.in.str("cloudWatchLogsRoleArn"), "cloudtrail.amazonaws.com"); err != nil {
			return err
		}
	}
	if c.in["enableLogging"] != false {
		holds(bucket, "audit logs")
	}
	return nil
}

// checkTrailKey: the key is one of the bucket's region, and CloudTrail uses it with the trail's ARN in the context.
func (c *call) checkTrailKey(operation string, r request) error {
	ref := c.in.str("kmsKeyId")
	if ref == "" {
		return nil
	}
	there := *c
	there.region = c.bucketOf(c.in.str("s3BucketName")).Region
	if err := needAnyKey(&there, operation, "KmsKeyNotFoundException", ref); err != nil {
		return err
	}
	encrypting := r.with("kms:EncryptionContext:aws:cloudtrail:arn", c.arn)
	if !there.keyAdmits(ref, encrypting, "kms:GenerateDataKey") || !there.keyAdmits(ref, r, "kms:DescribeKey") {
		return fail(operation, "InsufficientEncryptionPolicyException",
			"Insufficient permissions to access S3 bucket %s or KMS key %s: its policy has to let cloudtrail.amazonaws.com do kms:GenerateDataKey* and kms:DescribeKey for %s",
			c.in.str("s3BucketName"), ref, c.arn)
	}
	return nil
}

package aws

import (
	"regexp"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeRecorder        = "aws:cfg/recorder:Recorder"
	typeRecorderStatus  = "aws:cfg/recorderStatus:RecorderStatus"
	typeDeliveryChannel = "aws:cfg/deliveryChannel:DeliveryChannel"
	typeAggregator      = "aws:cfg/configurationAggregator:ConfigurationAggregator"
)

var accountNumber = regexp.MustCompile(`^[0-9]{12}$`)

// configKinds are AWS Config's recorder, where it delivers, and aggregators.
// Rules: https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationRecorder.html, API_PutDeliveryChannel.html,
// API_StartConfigurationRecorder.html, API_PutConfigurationAggregator.html.
var configKinds = map[string]kind{
	typeRecorder: {
		name: "name", nameMax: 255,
		replace: []string{"name"},
		rules:   recorderRules,
		create: func(c *call) error {
			c.id = c.in.str("name")
			if there := c.inRegion(typeRecorder); len(there) > 0 {
				return fail("PutConfigurationRecorder", "MaxNumberOfConfigurationRecordersExceededException",
					"Failed to put configuration recorder '%s' because the maximum number of configuration recorders: 1 is reached by '%s'.", c.id, there[0].ID)
			}
			return checkRecorder(c)
		},
		update: checkRecorder,
	},
	typeDeliveryChannel: {
		name: "name", nameMax: 255,
		replace: []string{"name"},
		rules: func(in props, p *problems) {
			p.oneOf(in.object("snapshotDeliveryProperties"), "snapshotDeliveryProperties.deliveryFrequency", "deliveryFrequency",
				"One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours")
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			if there := c.inRegion(typeDeliveryChannel); len(there) > 0 {
				return fail("PutDeliveryChannel", "MaxNumberOfDeliveryChannelsExceededException",
					"Failed to put delivery channel '%s' because the maximum number of delivery channels: 1 is reached by '%s'.", c.id, there[0].ID)
			}
			return checkDelivery(c)
		},
		update: checkDelivery,
		remove: func(c *call) error {
			for _, s := range c.inRegion(typeRecorderStatus) {
				if props(s.Props).boolean("isEnabled") {
					return fail("DeleteDeliveryChannel", "LastDeliveryChannelDeleteFailedException",
						"Failed to delete last specified delivery channel with name '%s', because there is a running configuration recorder: %s", c.id, s.ID)
				}
			}
			return nil
		},
	},
	typeRecorderStatus: {
		name: "name", nameMax: 255,
		replace: []string{"name"},
		create: func(c *call) error {
			c.id = c.in.str("name")
			return checkRecording(c)
		},
		update: checkRecording,
	},
	typeAggregator: {
		name: "name", nameMax: 256,
		replace: []string{"name"},
		rules: func(in props, p *problems) {
			exactlyOne(in, p, "accountAggregationSource", []string{"accountAggregationSource", "organizationAggregationSource"})
			source := in.object("accountAggregationSource")
			if in.has("accountAggregationSource") && source.boolean("allRegions") == source.has("regions") {
				p.add("accountAggregationSource.regions", "all regions or some, and only one of them")
			}
			for _, id := range source.strings("accountIds") {
				if !accountNumber.MatchString(id) {
					p.add("accountAggregationSource.accountIds", "must be twelve digits, got %q", id)
				}
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			if other := c.find(typeAggregator, c.id); other != nil {
				return overwrites("PutConfigurationAggregator", other)
			}
			c.arn = c.arnOf("config", "config-aggregator/config-aggregator-"+hexDigits(8))
			return checkAggregator(c)
		},
		update: checkAggregator,
	},
}

func recorderRules(in props, p *problems) {
	group := in.object("recordingGroup")
	if group.boolean("allSupported") && group.has("resourceTypes") {
		p.add("recordingGroup.resourceTypes", "all supported types or some, and only one of them")
	}
	if group.boolean("includeGlobalResourceTypes") && group["allSupported"] == false {
		p.add("recordingGroup.includeGlobalResourceTypes", "needs allSupported")
	}
	for _, s := range group.objects("recordingStrategies") {
		p.oneOf(s, "recordingGroup.recordingStrategies.useOnly", "useOnly", "ALL_SUPPORTED_RESOURCE_TYPES", "INCLUSION_BY_RESOURCE_TYPES", "EXCLUSION_BY_RESOURCE_TYPES")
	}
	p.oneOf(in.object("recordingMode"), "recordingMode.recordingFrequency", "recordingFrequency", "CONTINUOUS", "DAILY")
}

func checkRecorder(c *call) error {
	return needServiceRole(c, "PutConfigurationRecorder", "InvalidRoleException", c.in.str("roleArn"), "config.amazonaws.com")
}

func checkDelivery(c *call) error {
	const operation = "PutDeliveryChannel"
	if len(c.inRegion(typeRecorder)) == 0 {
		return fail(operation, "NoAvailableConfigurationRecorderException", "Configuration recorder is not available to put delivery channel.")
	}
	bucket := c.bucketOf(c.in.str("s3BucketName"))
	if bucket == nil {
		return fail(operation, "NoSuchBucketException", "Cannot find a S3 bucket with an empty bucket name or %s.", c.in.str("s3BucketName"))
	}
	if err := c.deliverable(operation, bucket); err != nil {
		return err
	}
	if topic := c.in.str("snsTopicArn"); topic != "" && c.find(typeTopic, topic) == nil {
		return fail(operation, "InvalidSNSTopicARNException", "The specified SNS topic does not exist: %s", topic)
	}
	holds(bucket, "configuration history")
	return nil
}

// deliverable: https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html
func (c *call) deliverable(operation string, bucket *account.Resource) error {
	key := "AWSLogs/" + c.state.AccountID + "/Config/ConfigWritabilityCheckFile"
	if prefix := c.in.str("s3KeyPrefix"); prefix != "" {
		key = prefix + "/" + key
	}
	r := c.asService("config.amazonaws.com", c.arnOf("config", "*"), "", "").with("s3:x-amz-acl", "bucket-owner-full-control")
	if !c.bucketAdmits(bucket, r, "s3:GetBucketAcl", "") || !c.bucketAdmits(bucket, r, "s3:PutObject", key) {
		return fail(operation, "InsufficientDeliveryPolicyException", "Insufficient delivery policy to s3 bucket: %s, unable to write to bucket, provided s3 key prefix is '%s'.",
			bucket.ID, c.in.str("s3KeyPrefix"))
	}
	ref := c.in.str("s3KmsKeyArn")
	if err := needAnyKey(c, operation, "InvalidS3KmsKeyArnException", ref); err != nil {
		return err
	}
	if !c.keyAdmits(ref, r, "kms:GenerateDataKey", "kms:Decrypt") {
		return fail(operation, "InvalidS3KmsKeyArnException", "The key %s does not let config.amazonaws.com generate data keys and decrypt", ref)
	}
	return nil
}

func checkRecording(c *call) error {
	if c.find(typeRecorder, c.in.str("name")) == nil {
		return fail("StartConfigurationRecorder", "NoSuchConfigurationRecorderException", "Cannot find configuration recorder with the specified name '%s'.", c.in.str("name"))
	}
	if c.in.boolean("isEnabled") && len(c.inRegion(typeDeliveryChannel)) == 0 {
		return fail("StartConfigurationRecorder", "NoAvailableDeliveryChannelException", "Delivery channel is not available to start configuration recorder.")
	}
	return nil
}

func checkAggregator(c *call) error {
	if c.in.has("organizationAggregationSource") {
		return fail("PutConfigurationAggregator", "OrganizationAccessDeniedException", "This action can be only performed by the organization's management account: %s is none", c.state.AccountID)
	}
	return nil
}

package aws

import (
	"regexp"
	"strings"
)

const (
	typeDeliverySource      = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
	typeDeliveryDestination = "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"
	typeDelivery            = "aws:cloudwatch/logDelivery:LogDelivery"
)

var deliveryName = regexp.MustCompile(`^[\w-]{1,60}$`)

// deliveryKinds are the logs that services hand to CloudWatch, and where it delivers them. Of the services the stand-in
// knows CloudFront, whose sources are in us-east-1.
// Rules: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html,
// API_PutDeliveryDestination.html and API_CreateDelivery.html,
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html.
var deliveryKinds = map[string]kind{
	typeDeliverySource: {
		name: "name", nameMax: 60,
		replace: []string{"name", "logType", "resourceArn"},
		rules: func(in props, p *problems) {
			named(in, p)
			p.oneOf(in, "logType", "logType", "ACCESS_LOGS", "CONNECTION_LOGS")
		},
		create: func(c *call) error {
			const operation = "PutDeliverySource"
			c.id = c.in.str("name")
			if other := c.find(typeDeliverySource, c.id); other != nil {
				return overwrites(operation, other)
			}
			from := c.in.str("resourceArn")
			if c.byARN(typeDistribution, from) == nil {
				return fail(operation, "ResourceNotFoundException", "The stand-in delivers logs of distributions, and there is none %s", from)
			}
			if c.region != "us-east-1" {
				return fail(operation, "ValidationException", "The delivery source of a CloudFront distribution is in us-east-1, got %s", c.region)
			}
			for _, other := range c.byProp(typeDeliverySource, "resourceArn", from) {
				if other.String("logType") == c.in.str("logType") {
					return fail(operation, "ConflictException", "This ResourceId has already been used in another delivery source: %s", other.ID)
				}
			}
			c.arn = c.arnOf("logs", "delivery-source:"+c.id)
			c.out = props{"service": "cloudfront"}
			return nil
		},
		remove: func(c *call) error {
			if used := c.byProp(typeDelivery, "deliverySourceName", c.id); len(used) > 0 {
				return fail("DeleteDeliverySource", "ConflictException", "The delivery source %s has the delivery %s", c.id, used[0].ID)
			}
			return nil
		},
	},
	typeDeliveryDestination: {
		name: "name", nameMax: 60,
		replace: []string{"name", "outputFormat", "deliveryDestinationConfiguration"},
		rules: func(in props, p *problems) {
			named(in, p)
			p.oneOf(in, "outputFormat", "outputFormat", "json", "plain", "w3c", "raw", "parquet")
			if !in.has("deliveryDestinationConfiguration") {
				p.add("deliveryDestinationConfiguration", "is required")
			}
		},
		create: createDeliveryDestination,
		remove: func(c *call) error {
			if used := c.byProp(typeDelivery, "deliveryDestinationArn", c.arn); len(used) > 0 {
				return fail("DeleteDeliveryDestination", "ConflictException", "The delivery destination %s has the delivery %s", c.id, used[0].ID)
			}
			return nil
		},
	},
	typeDelivery: {
		replace: []string{"deliverySourceName", "deliveryDestinationArn"},
		create: func(c *call) error {
			c.id = hexDigits(16)
			c.arn = c.arnOf("logs", "delivery:"+c.id)
			return checkLogDelivery(c)
		},
		update: checkLogDelivery,
	},
}

func named(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !deliveryName.MatchString(n) {
		p.add("name", "must match %s, got %q", deliveryName, n)
	}
}

func createDeliveryDestination(c *call) error {
	const operation = "PutDeliveryDestination"
	c.id = c.in.str("name")
	if other := c.find(typeDeliveryDestination, c.id); other != nil {
		return overwrites(operation, other)
	}
	to, how := c.in.object("deliveryDestinationConfiguration").str("destinationResourceArn"), ""
	switch {
	case c.byARN(typeBucket, to) != nil:
		how = "S3"
	case c.byARN(typeLogGroup, strings.TrimSuffix(to, ":*")) != nil:
		how = "CWL"
	default:
		return fail(operation, "ResourceNotFoundException", "There is no bucket or log group %s", to)
	}
	if how != "S3" && c.in.str("outputFormat") == "parquet" {
		return fail(operation, "ValidationException", "The format parquet is for S3")
	}
	c.arn = c.arnOf("logs", "delivery-destination:"+c.id)
	c.out = props{"deliveryDestinationType": how}
	return nil
}

// checkLogDelivery: for S3 the bucket's policy has to let the delivery write; AWS puts CloudFront's logs under
// AWSLogs/<account>/CloudFront/ whatever the suffix is.
func checkLogDelivery(c *call) error {
	const operation = "CreateDelivery"
	source := c.find(typeDeliverySource, c.in.str("deliverySourceName"))
	destination := c.byARN(typeDeliveryDestination, c.in.str("deliveryDestinationArn"))
	if source == nil || destination == nil || destination.Region != c.region {
		return fail(operation, "ResourceNotFoundException", "There is no source %s, or no destination %s, in %s", c.in.str("deliverySourceName"), c.in.str("deliveryDestinationArn"), c.region)
	}
	for _, other := range c.byProp(typeDelivery, "deliverySourceName", source.ID) {
		if other.ID != c.id && other.String("deliveryDestinationArn") == destination.ARN {
			return fail(operation, "ConflictException", "Delivery already exists with the same delivery source and destination: %s", other.ID)
		}
	}
	if format := destination.String("outputFormat"); c.in.str("fieldDelimiter") != "" && !contains([]string{"plain", "w3c", "raw"}, format) {
		return fail(operation, "ValidationException", "The format %s has no field delimiter", format)
	}
	if destination.String("deliveryDestinationType") != "S3" {
		if len(c.in.objects("s3DeliveryConfigurations")) > 0 {
			return fail(operation, "ValidationException", "S3DeliveryConfiguration is for S3")
		}
		return nil
	}
	bucket := c.byARN(typeBucket, props(destination.Props).object("deliveryDestinationConfiguration").str("destinationResourceArn"))
	if bucket == nil {
		return fail(operation, "ResourceNotFoundException", "The bucket of %s is gone", destination.ID)
	}
	write := c.asService("delivery.logs.amazonaws.com", source.ARN, "", "").with("s3:x-amz-acl", "bucket-owner-full-control")
	if key := "AWSLogs/" + c.state.AccountID + "/CloudFront/log"; !c.bucketAdmits(bucket, write, "s3:PutObject", key) {
		return fail(operation, "AccessDeniedException", "The policy of the bucket %s does not let delivery.logs.amazonaws.com put %s for %s", bucket.ID, key, source.ARN)
	}
	holds(bucket, "logs of "+source.String("resourceArn"))
	c.state.Put(bucket)
	return nil
}

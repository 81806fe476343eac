package aws

import "slices"

const (
	typeScalingTarget = "aws:appautoscaling/target:Target"
	typeScalingPolicy = "aws:appautoscaling/policy:Policy"

	brokerStorage = "kafka:broker-storage:VolumeSize"
)

// withoutAutoExpand are regions in which MSK cannot enlarge volumes by itself.
// https://docs.aws.amazon.com/msk/latest/developerguide/msk-autoexpand.html
var withoutAutoExpand = []string{"af-south-1"}

// scalingKinds are Application Auto Scaling, of the volumes of Kafka brokers only.
// Rules: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html and API_PutScalingPolicy.html
var scalingKinds = map[string]kind{
	typeScalingTarget: {
		replace: []string{"resourceId", "scalableDimension", "serviceNamespace"},
		rules: func(in props, p *problems) {
			scalesKafka(in, p)
			p.unknownTo(in, "suspendedState")
			if least, most := in.number("minCapacity"), in.number("maxCapacity"); in.known("minCapacity") && in.known("maxCapacity") && least > most {
				p.add("minCapacity", "ValidationException: maximum capacity cannot be less than minimum capacity, got %d and %d", most, least)
			}
			p.between(in, "minCapacity", "minCapacity", 1, 16384)
			p.between(in, "maxCapacity", "maxCapacity", 1, 16384)
		},
		create: func(c *call) error {
			if err := needKafka(c, "RegisterScalableTarget"); err != nil {
				return err
			}
			c.id = c.in.str("resourceId")
			if c.find(typeScalingTarget, c.id) != nil {
				return fail("RegisterScalableTarget", "ValidationException", "Two resources register %s: the later would undo the earlier", c.id)
			}
			c.arn = c.arnOf("application-autoscaling", "scalable-target/"+hexDigits(32))
			c.standard(props{"roleArn": c.globalARN("iam",
				"role/aws-service-role/kafka.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_KafkaCluster")})
			return nil
		},
		remove: func(c *call) error {
			// The policies go with the target.
			for _, policy := range c.byProp(typeScalingPolicy, "resourceId", c.id) {
				c.state.Remove(policy)
			}
			return nil
		},
	},
	typeScalingPolicy: {
		name: "name", nameMax: 255,
		replace: []string{"name", "resourceId", "scalableDimension", "serviceNamespace"},
		rules: func(in props, p *problems) {
			scalesKafka(in, p)
			p.unknownTo(in, "stepScalingPolicyConfiguration")
			p.oneOf(in, "policyType", "policyType", "TargetTrackingScaling")
			if !in.has("policyType") || !in.has("targetTrackingScalingPolicyConfiguration") {
				p.add("targetTrackingScalingPolicyConfiguration", "is required with policyType TargetTrackingScaling: MSK has no other")
			}
			tracking := in.object("targetTrackingScalingPolicyConfiguration")
			p.unknownTo(tracking, "customizedMetricSpecification")
			p.between(tracking, "targetTrackingScalingPolicyConfiguration.targetValue", "targetValue", 10, 80)
			p.oneOf(tracking.object("predefinedMetricSpecification"), "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType",
				"predefinedMetricType", "KafkaBrokerStorageUtilization")
		},
		create: func(c *call) error {
			const operation = "PutScalingPolicy"
			if c.find(typeScalingTarget, c.in.str("resourceId")) == nil {
				return fail(operation, "ObjectNotFoundException", "No scalable target registered for service namespace: kafka, resource ID: %s, scalable dimension: %s",
					c.in.str("resourceId"), brokerStorage)
			}
			if policies := c.byProp(typeScalingPolicy, "resourceId", c.in.str("resourceId")); len(policies) > 0 {
				return fail(operation, "ValidationException", "Only one TargetTrackingScaling policy for a given metric specification is allowed: %s", policies[0].ID)
			}
			c.id = c.in.str("name")
			c.arn = c.arnOf("autoscaling", "scalingPolicy:"+newUUID()+":resource/kafka/"+c.in.str("resourceId")+":policyName/"+c.id)
			c.out["alarmArns"] = []any{}
			return nil
		},
	},
}

func scalesKafka(in props, p *problems) {
	p.oneOf(in, "serviceNamespace", "serviceNamespace", "kafka")
	p.oneOf(in, "scalableDimension", "scalableDimension", brokerStorage)
}

func needKafka(c *call, operation string) error {
	if slices.Contains(withoutAutoExpand, c.region) {
		return fail(operation, "ValidationException", "Automatic scaling of broker storage is not available in %s", c.region)
	}
	if c.find(typeKafka, c.in.str("resourceId")) == nil {
		return fail(operation, "ValidationException", "The resource does not exist: %s", c.in.str("resourceId"))
	}
	return nil
}

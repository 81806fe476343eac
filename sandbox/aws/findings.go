package aws

import (
	"fmt"
	"slices"
	"strings"
)

const (
	typeAnalyzer        = "aws:accessanalyzer/analyzer:Analyzer"
	typeDetector        = "aws:guardduty/detector:Detector"
	typeDetectorFeature = "aws:guardduty/detectorFeature:DetectorFeature"
	typeMalwarePlan     = "aws:guardduty/malwareProtectionPlan:MalwareProtectionPlan"
	typeInspector       = "aws:inspector2/enabler:Enabler"
)

// analyzerKinds are IAM Access Analyzer's analyzers.
// Rules: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#access-analyzer-quotas.
var analyzerKinds = map[string]kind{
	typeAnalyzer: {
		replace: []string{"analyzerName", "type", "configuration.unusedAccess.unusedAccessAge"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "type", "type", "ACCOUNT", "ORGANIZATION", "ACCOUNT_UNUSED_ACCESS", "ORGANIZATION_UNUSED_ACCESS")
			if n := in.str("analyzerName"); in.known("analyzerName") && !analyzerName(n) {
				p.add("analyzerName", "must begin with a letter, have letters, digits, dot, hyphen and underscore, and at most 255 of them, got %q", n)
			}
			if in.has("configuration") && !strings.HasSuffix(in.str("type"), "_UNUSED_ACCESS") {
				p.add("configuration", "only an analyzer of unused access has it, got type %q", in.str("type"))
			}
			p.between(in.object("configuration").object("unusedAccess"), "configuration.unusedAccess.unusedAccessAge", "unusedAccessAge", 1, 365)
		},
		create: func(c *call) error {
			const operation = "CreateAnalyzer"
			typ := c.in.str("type")
			if typ == "" {
				typ = "ACCOUNT"
				c.out["type"] = typ
			}
			if strings.HasPrefix(typ, "ORGANIZATION") {
				return fail(operation, "ValidationException", "You must be the organization's management account or a delegated administrator to create an analyzer of type %s: %s is neither",
					typ, c.state.AccountID)
			}
			c.id = c.in.str("analyzerName")
			if c.find(typeAnalyzer, c.id) != nil {
				return fail(operation, "ConflictException", "An analyzer with the name %s already exists", c.id)
			}
			if there := c.byProp(typeAnalyzer, "type", typ); len(there) > 0 {
				return fail(operation, "ServiceQuotaExceededException", "Only one analyzer of type %s is allowed in a region: %s is there", typ, there[0].ID)
			}
			c.arn = c.arnOf("access-analyzer", "analyzer/"+c.id)
			return nil
		},
	},
}

func analyzerName(s string) bool {
	ok := s != "" && len(s) <= 255 && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z')
	return ok && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

// detectorFeatures are GuardDuty's, each with what can be set for it.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_DetectorFeatureConfiguration.html
var detectorFeatures = map[string][]string{
	"S3_DATA_EVENTS": nil, "EKS_AUDIT_LOGS": nil, "EBS_MALWARE_PROTECTION": nil, "RDS_LOGIN_EVENTS": nil, "LAMBDA_NETWORK_LOGS": nil,
	"EKS_RUNTIME_MONITORING": {"EKS_ADDON_MANAGEMENT"},
	"RUNTIME_MONITORING":     {"EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"},
}

// guarddutyKinds are GuardDuty's detector, its features, and the scanning of buckets.
// Rules: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html, API_UpdateDetector.html,
// API_CreateMalwareProtectionPlan.html and .../ug/malware-protection-s3-iam-policy-prerequisite.html.
var guarddutyKinds = map[string]kind{
	typeDetector: {
		rules: func(in props, p *problems) {
			p.oneOf(in, "findingPublishingFrequency", "findingPublishingFrequency", "FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS")
		},
		create: func(c *call) error {
			if there := c.inRegion(typeDetector); len(there) > 0 {
				return fail("CreateDetector", "BadRequestException", "The request is rejected because a detector already exists for the current account: %s", there[0].ID)
			}
			c.id = hexDigits(32)
			c.arn = c.arnOf("guardduty", "detector/"+c.id)
			c.out = props{"accountId": c.state.AccountID}
			for name, standard := range map[string]any{"enable": true, "findingPublishingFrequency": "SIX_HOURS"} {
				if !c.in.has(name) {
					c.out[name] = standard
				}
			}
			return nil
		},
		remove: func(c *call) error {
			for _, f := range c.byProp(typeDetectorFeature, "detectorId", c.id) { // they are the detector's
				c.state.Remove(f)
			}
			return nil
		},
	},
	typeDetectorFeature: {
		name: "name", nameMax: 64,
		replace: []string{"name", "detectorId"},
		rules:   featureRules,
		create: func(c *call) error {
			const operation = "UpdateDetector"
			detector, name := c.in.str("detectorId"), c.in.str("name")
			if c.find(typeDetector, detector) == nil {
				return fail(operation, "BadRequestException", "The request is rejected because the input detectorId is not owned by the current account: %s", detector)
			}
			other := map[string]string{"RUNTIME_MONITORING": "EKS_RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING": "RUNTIME_MONITORING"}[name]
			if other != "" && c.find(typeDetectorFeature, detector+"/"+other) != nil {
				return fail(operation, "BadRequestException", "The request is rejected because %s and %s cannot be specified at the same time", name, other)
			}
			c.id = detector + "/" + name
			if there := c.find(typeDetectorFeature, c.id); there != nil {
				return overwrites(operation, there)
			}
			return nil
		},
	},
	typeMalwarePlan: {
		replace: []string{"protectedResource.s3Bucket.bucketName"},
		rules: func(in props, p *problems) {
			if !in.object("protectedResource").has("s3Bucket") && !hasUnknown(in["protectedResource"]) {
				p.add("protectedResource.s3Bucket", "is required")
			}
			if n := len(in.object("protectedResource").object("s3Bucket").strings("objectPrefixes")); n > 5 {
				p.add("protectedResource.s3Bucket.objectPrefixes", "there are at most 5, got %d", n)
			}
			for _, a := range in.objects("actions") {
				for _, t := range a.objects("taggings") {
					p.oneOf(t, "actions.taggings.status", "status", "ENABLED", "DISABLED")
				}
			}
		},
		create: createMalwarePlan,
		update: func(c *call) error {
			return needServiceRole(c, "UpdateMalwareProtectionPlan", "BadRequestException", c.in.str("role"), malwareService)
		},
	},
}

const malwareService = "malware-protection-plan.guardduty.amazonaws.com"

func featureRules(in props, p *problems) {
	p.oneOf(in, "name", "name", sortedKeys(detectorFeatures)...)
	p.oneOf(in, "status", "status", "ENABLED", "DISABLED")
	allowed, known := detectorFeatures[in.str("name")]
	for i, a := range in.objects("additionalConfigurations") {
		path := fmt.Sprintf("additionalConfigurations[%d]", i)
		p.oneOf(a, path+".status", "status", "ENABLED", "DISABLED")
		if known && a.known("name") && !contains(allowed, a.str("name")) {
			p.add(path+".name", "%s has only %v, got %q", in.str("name"), allowed, a.str("name"))
		}
	}
}

func createMalwarePlan(c *call) error {
	const operation = "CreateMalwareProtectionPlan"
	name := c.in.object("protectedResource").object("s3Bucket").str("bucketName")
	if c.find(typeBucket, name) == nil {
		return fail(operation, "BadRequestException", "The request is rejected because the S3 bucket does not exist in %s: %s", c.region, name)
	}
	for _, plan := range c.inRegion(typeMalwarePlan) {
		if props(plan.Props).object("protectedResource").object("s3Bucket").str("bucketName") == name {
			return fail(operation, "ConflictException", "The S3 bucket %s is protected already, by plan %s", name, plan.ID)
		}
	}
	if err := needServiceRole(c, operation, "BadRequestException", c.in.str("role"), malwareService); err != nil {
		return err
	}
	c.id = hexDigits(20)
	c.arn = c.arnOf("guardduty", "malware-protection-plan/"+c.id)
	c.out = props{"createdAt": now(), "status": "ACTIVE"}
	return nil
}

// inspectorKinds say what Inspector scans.
// Rules: https://docs.aws.amazon.com/inspector/v2/APIReference/API_Enable.html
var inspectorKinds = map[string]kind{
	typeInspector: {
		replace: []string{"accountIds"},
		rules: func(in props, p *problems) {
			types := in.strings("resourceTypes")
			for _, typ := range types {
				if !contains([]string{"EC2", "ECR", "LAMBDA", "LAMBDA_CODE"}, typ) {
					p.add("resourceTypes", "must be of [EC2 ECR LAMBDA LAMBDA_CODE], got %q", typ)
				}
			}
			if contains(types, "LAMBDA_CODE") && !contains(types, "LAMBDA") && in.known("resourceTypes") {
				p.add("resourceTypes", "LAMBDA_CODE needs LAMBDA")
			}
			if in.known("resourceTypes") && len(types) == 0 {
				p.add("resourceTypes", "is required")
			}
		},
		create: func(c *call) error {
			for _, id := range c.in.strings("accountIds") {
				if id != c.state.AccountID {
					return fail("Enable", "AccessDeniedException", "Only a delegated administrator enables Inspector for other accounts: %s", id)
				}
			}
			if there := c.inRegion(typeInspector); len(there) > 0 {
				return overwrites("Enable", there[0])
			}
			types := c.in.strings("resourceTypes")
			slices.Sort(types)
			c.id = strings.Join(c.in.strings("accountIds"), ":") + "-" + strings.Join(types, ":")
			return nil
		},
	},
}

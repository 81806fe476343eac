package aws

import (
	"regexp"
	"strings"
)

const (
	typeRestorePlan      = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
	typeRestoreSelection = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
)

var restoreName = regexp.MustCompile(`^[a-zA-Z0-9_]{1,50}$`)

// restoreKinds are the plans that restore backups to see whether they can be restored.
// Rules: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreTestingPlanForCreate.html,
// API_RestoreTestingRecoveryPointSelection.html, API_RestoreTestingSelectionForCreate.html.
var restoreKinds = map[string]kind{
	typeRestorePlan: {
		name: "name", nameMax: 50,
		replace: []string{"name"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && !restoreName.MatchString(n) {
				p.add("name", "must match %s, got %q", restoreName, n)
			}
			p.schedule(in, "scheduleExpression", "scheduleExpression", "cron")
			p.between(in, "startWindowHours", "startWindowHours", 1, 168)
			if !in.has("recoveryPointSelection") {
				p.add("recoveryPointSelection", "is required")
				return
			}
			s := in.object("recoveryPointSelection")
			p.oneOf(s, "recoveryPointSelection.algorithm", "algorithm", "LATEST_WITHIN_WINDOW", "RANDOM_WITHIN_WINDOW")
			p.between(s, "recoveryPointSelection.selectionWindowDays", "selectionWindowDays", 1, 365)
			for _, list := range []string{"includeVaults", "recoveryPointTypes"} {
				if !s.has(list) {
					p.add("recoveryPointSelection."+list, "is required")
				}
			}
			for _, typ := range s.strings("recoveryPointTypes") {
				if typ != "SNAPSHOT" && typ != "CONTINUOUS" {
					p.add("recoveryPointSelection.recoveryPointTypes", "must be of [SNAPSHOT CONTINUOUS], got %q", typ)
				}
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			if c.find(typeRestorePlan, c.id) != nil {
				return fail("CreateRestoreTestingPlan", "AlreadyExistsException", "Restore testing plan with the same name already exists: %s", c.id)
			}
			c.arn = c.arnOf("backup", "restore-testing-plan:"+c.id+"-"+newUUID())
			return checkRestoreVaults(c)
		},
		update: checkRestoreVaults,
		remove: func(c *call) error {
			if left := c.byProp(typeRestoreSelection, "restoreTestingPlanName", c.id); len(left) > 0 {
				return fail("DeleteRestoreTestingPlan", "InvalidRequestException", "Restore testing plan %s still has the selection %s", c.id, left[0].String("name"))
			}
			return nil
		},
	},
	typeRestoreSelection: {
		name: "name", nameMax: 50,
		replace: []string{"name", "restoreTestingPlanName", "protectedResourceType"},
		rules:   restoreSelectionRules,
		create: func(c *call) error {
			const operation = "CreateRestoreTestingSelection"
			if c.find(typeRestorePlan, c.in.str("restoreTestingPlanName")) == nil {
				return fail(operation, "ResourceNotFoundException", "Restore testing plan not found: %s", c.in.str("restoreTestingPlanName"))
			}
			c.id = c.in.str("name") + ":" + c.in.str("restoreTestingPlanName")
			if c.find(typeRestoreSelection, c.id) != nil {
				return fail(operation, "AlreadyExistsException", "Restore testing selection with the same name already exists: %s", c.id)
			}
			return needServiceRole(c, operation, "InvalidParameterValueException", c.in.str("iamRoleArn"), "backup.amazonaws.com")
		},
		update: func(c *call) error {
			return needServiceRole(c, "UpdateRestoreTestingSelection", "InvalidParameterValueException", c.in.str("iamRoleArn"), "backup.amazonaws.com")
		},
	},
}

func checkRestoreVaults(c *call) error {
	s := c.in.object("recoveryPointSelection")
	for _, arn := range append(s.strings("includeVaults"), s.strings("excludeVaults")...) {
		if arn != "*" && !strings.HasSuffix(arn, ":*") && c.byARN(typeVault, arn) == nil {
			return fail("CreateRestoreTestingPlan", "InvalidParameterValueException", "Backup vault cannot be found: %s", arn)
		}
	}
	return nil
}

// restorableTypes: https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
var restorableTypes = []string{"Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS", "S3"}

func restoreSelectionRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !restoreName.MatchString(n) {
		p.add("name", "must match %s, got %q", restoreName, n)
	}
	p.oneOf(in, "protectedResourceType", "protectedResourceType", restorableTypes...)
	p.between(in, "validationWindowHours", "validationWindowHours", 1, 168)
	arns := in.strings("protectedResourceArns")
	if !in.has("protectedResourceArns") && !in.has("protectedResourceConditions") {
		p.add("protectedResourceArns", "is required when there are no protectedResourceConditions")
	}
	for _, arn := range arns {
		if arn == "*" && len(arns) > 1 {
			p.add("protectedResourceArns", "* stands alone, got %v", arns)
		}
		if arn != "*" && !strings.HasPrefix(arn, "arn:aws:") {
			p.add("protectedResourceArns", "must be * or ARNs, got %q", arn)
		}
	}
}

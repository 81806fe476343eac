package aws

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeVault           = "aws:backup/vault:Vault"
	typeVaultLock       = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
	typeVaultPolicy     = "aws:backup/vaultPolicy:VaultPolicy"
	typeBackupPlan      = "aws:backup/plan:Plan"
	typeBackupSelection = "aws:backup/selection:Selection"

	// vaultHoldsBackups are the recovery points in a vault; such a vault is not deleted without forceDestroy.
	vaultHoldsBackups = "__recoveryPoints"
	// vaultLocksAt is when a compliance lock can't be taken off any more.
	vaultLocksAt = "__locksAt"
)

var (
	vaultName  = regexp.MustCompile(`^[a-zA-Z0-9\-_]{2,50}$`)
	backupName = regexp.MustCompile(`^[a-zA-Z0-9\-_.]{1,50}$`)
)

// backupKinds are vaults, their locks and policies, and the plans that fill them.
// Rules: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html, API_PutBackupVaultLockConfiguration.html,
// API_BackupRuleInput.html, API_BackupSelection.html, vault-lock.html.
var backupKinds = map[string]kind{
	typeVault: {
		name: "name", nameMax: 50,
		replace: []string{"name", "kmsKeyArn"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && !vaultName.MatchString(n) {
				p.add("name", "must match %s, got %q", vaultName, n)
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			if c.find(typeVault, c.id) != nil {
				return fail("CreateBackupVault", "AlreadyExistsException", "Backup vault with the same name already exists: %s", c.id)
			}
			c.arn = c.arnOf("backup", "backup-vault:"+c.id)
			c.out = props{"recoveryPoints": 0.0}
			if !c.in.has("kmsKeyArn") {
				c.out["kmsKeyArn"] = c.arnOf("kms", "key/"+newUUID()) // AWS's own key alias/aws/backup
			}
			return needAnyKey(c, "CreateBackupVault", "InvalidParameterValueException", c.in.str("kmsKeyArn"))
		},
		remove: removeVault,
	},
	typeVaultLock: {
		replace: []string{"backupVaultName", "changeableForDays", "maxRetentionDays", "minRetentionDays"},
		rules: func(in props, p *problems) {
			p.between(in, "changeableForDays", "changeableForDays", 3, 36500)
			p.between(in, "minRetentionDays", "minRetentionDays", 1, 36500)
			p.between(in, "maxRetentionDays", "maxRetentionDays", 1, 36500)
			if in.known("minRetentionDays") && in.known("maxRetentionDays") && in.number("minRetentionDays") > in.number("maxRetentionDays") {
				p.add("minRetentionDays", "must not be above maxRetentionDays, got %d and %d", in.number("minRetentionDays"), in.number("maxRetentionDays"))
			}
		},
		create: func(c *call) error {
			if err := c.vaultPart("PutBackupVaultLockConfiguration"); err != nil {
				return err
			}
			if c.in.has("changeableForDays") {
				c.out[vaultLocksAt] = time.Now().UTC().AddDate(0, 0, c.in.number("changeableForDays")).Format(time.RFC3339)
			}
			return nil
		},
		remove: func(c *call) error {
			if at := c.in.str(vaultLocksAt); at != "" && at <= now() {
				return fail("DeleteBackupVaultLockConfiguration", "InvalidRequestException", "Backup vault %s has been locked since %s: nobody can remove the lock any more", c.id, at)
			}
			return nil
		},
	},
	typeVaultPolicy: {
		replace: []string{"backupVaultName"},
		rules:   func(in props, p *problems) { resourcePolicy(in, "policy", "backup", 20480, p) },
		create: func(c *call) error {
			if err := c.vaultPart("PutBackupVaultAccessPolicy"); err != nil {
				return err
			}
			return checkPrincipals(c, "PutBackupVaultAccessPolicy", "InvalidParameterValueException", c.in["policy"])
		},
		update: func(c *call) error {
			return checkPrincipals(c, "PutBackupVaultAccessPolicy", "InvalidParameterValueException", c.in["policy"])
		},
	},
	typeBackupPlan: {
		name: "name", nameMax: 50,
		rules: planRules,
		create: func(c *call) error {
			c.id = newUUID()
			c.arn = c.arnOf("backup", "backup-plan:"+c.id)
			c.out = props{"version": hexDigits(48)}
			return checkPlan(c)
		},
		update: func(c *call) error {
			c.out["version"] = hexDigits(48)
			return checkPlan(c)
		},
		remove: func(c *call) error {
			if left := c.byProp(typeBackupSelection, "planId", c.id); len(left) > 0 {
				return fail("DeleteBackupPlan", "InvalidRequestException", "Related backup plan selections must be deleted prior to backup plan deletion: %s", left[0].ID)
			}
			return nil
		},
	},
	typeBackupSelection: {
		name: "name", nameMax: 50,
		replace: []string{"name", "planId", "iamRoleArn", "resources", "notResources", "conditions", "selectionTags"},
		rules:   selectionRules,
		create: func(c *call) error {
			if c.find(typeBackupPlan, c.in.str("planId")) == nil {
				return fail("CreateBackupSelection", "InvalidParameterValueException", "Invalid backupPlanId provided: %s", c.in.str("planId"))
			}
			c.id = newUUID()
			return needServiceRole(c, "CreateBackupSelection", "InvalidParameterValueException", c.in.str("iamRoleArn"), "backup.amazonaws.com")
		},
	},
}

// vaultPart makes what there is one of in a vault.
func (c *call) vaultPart(operation string) error {
	vault := c.find(typeVault, c.in.str("backupVaultName"))
	if vault == nil {
		return fail(operation, "ResourceNotFoundException", "Backup vault %s cannot be found in %s", c.in.str("backupVaultName"), c.region)
	}
	if other := c.find(kindOfURN(c.urn), vault.ID); other != nil {
		return overwrites(operation, other)
	}
	c.id = vault.ID
	c.out = props{"backupVaultArn": vault.ARN}
	return nil
}

func removeVault(c *call) error {
	points := c.in.strings(vaultHoldsBackups)
	if len(points) == 0 {
		return nil
	}
	if !c.in.boolean("forceDestroy") {
		return fail("DeleteBackupVault", "InvalidRequestException", "Backup vault %s cannot be deleted because it contains recovery points: %v", c.id, points)
	}
	if lock := c.find(typeVaultLock, c.id); lock != nil {
		return fail("DeleteRecoveryPoint", "InvalidRequestException", "Backup vault %s is locked: %s cannot be deleted before its retention has passed", c.id, points[0])
	}
	return nil
}

func planRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !backupName.MatchString(n) {
		p.add("name", "must match %s, got %q", backupName, n)
	}
	seen := map[string]bool{}
	for i, rule := range in.objects("rules") {
		path := fmt.Sprintf("rules[%d]", i)
		name := rule.str("ruleName")
		if rule.known("ruleName") && !backupName.MatchString(name) || seen[name] {
			p.add(path+".ruleName", "must match %s and be unique, got %q", backupName, name)
		}
		seen[name] = true
		p.schedule(rule, path+".schedule", "schedule", "cron")
		start, complete := 60, 180 // as the provider sends them
		if rule.known("startWindow") {
			start = rule.number("startWindow")
		}
		if rule.known("completionWindow") {
			complete = rule.number("completionWindow")
		}
		if start < 60 {
			p.add(path+".startWindow", "must be at least 60 minutes, got %d", start)
		}
		if complete < start+60 {
			p.add(path+".completionWindow", "must be at least 60 minutes longer than startWindow, got %d and %d", complete, start)
		}
		keepRules(rule.object("lifecycle"), path+".lifecycle", p)
		for j, copyTo := range rule.objects("copyActions") {
			keepRules(copyTo.object("lifecycle"), fmt.Sprintf("%s.copyActions[%d].lifecycle", path, j), p)
		}
		if days := rule.object("lifecycle").number("deleteAfter"); rule.boolean("enableContinuousBackup") && (days < 1 || days > 35 || rule.object("lifecycle").has("coldStorageAfter")) {
			p.add(path+".lifecycle", "Lifecycle must be specified for backup rule enabled continuous backup: 1 to 35 days and no cold storage, got %d days", days)
		}
	}
	for i, s := range in.objects("advancedBackupSettings") {
		p.oneOf(s, fmt.Sprintf("advancedBackupSettings[%d].resourceType", i), "resourceType", "EC2", "S3")
	}
}

func keepRules(l props, path string, p *problems) {
	if cold, days := l.number("coldStorageAfter"), l.number("deleteAfter"); l.known("coldStorageAfter") && l.known("deleteAfter") && days < cold+90 {
		p.add(path+".deleteAfter", "DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays, got %d and %d", days, cold)
	}
}

func checkPlan(c *call) error {
	const operation = "CreateBackupPlan"
	for _, rule := range c.in.objects("rules") {
		vault := c.find(typeVault, rule.str("targetVaultName"))
		if vault == nil {
			return fail(operation, "InvalidParameterValueException", "Backup vault %s cannot be found in %s", rule.str("targetVaultName"), c.region)
		}
		if err := c.fitsLock(operation, rule.str("ruleName"), vault, rule.object("lifecycle")); err != nil {
			return err
		}
		for _, copyTo := range rule.objects("copyActions") {
			arn := copyTo.str("destinationVaultArn")
			if !strings.Contains(arn, ":"+c.state.AccountID+":") {
				return fmt.Errorf("aws stand-in: it does not know backup vaults of another account: %s", arn)
			}
			destination := c.byARN(typeVault, arn)
			if destination == nil {
				return fail(operation, "InvalidParameterValueException", "Copy destination backup vault cannot be found: %s", arn)
			}
			if destination == vault {
				return fail(operation, "InvalidParameterValueException", "A backup is not copied into the vault it is in: %s", arn)
			}
			if err := c.fitsLock(operation, rule.str("ruleName"), destination, copyTo.object("lifecycle")); err != nil {
				return err
			}
		}
	}
	return nil
}

// fitsLock refuses a retention that the vault's lock does not allow: AWS takes the plan, and every job of it fails.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
func (c *call) fitsLock(operation, rule string, vault *account.Resource, lifecycle props) error {
	lock := c.state.GetIn(vault.Region, typeVaultLock, vault.ID)
	if lock == nil {
		return nil
	}
	days, forever := lifecycle.number("deleteAfter"), !lifecycle.has("deleteAfter")
	low, high := props(lock.Props).number("minRetentionDays"), props(lock.Props).number("maxRetentionDays")
	if !forever && days < low || high > 0 && (forever || days > high) {
		kept := fmt.Sprintf("%d days", days)
		if forever {
			kept = "for ever"
		}
		return fail(operation, "InvalidParameterValueException", "Rule %s keeps backups %s, and the lock of vault %s allows %d to %d days: every job would fail",
			rule, kept, vault.ID, low, high)
	}
	return nil
}

// backupServices are the services whose resources AWS Backup takes, as they stand in an ARN.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html
var backupServices = []string{
	"rds", "s3", "dynamodb", "ec2", "elasticfilesystem", "fsx", "redshift", "redshift-serverless", "storagegateway", "timestream", "cloudformation", "backup-gateway", "ssm-sap",
}

func selectionRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !backupName.MatchString(n) {
		p.add("name", "must match %s, got %q", backupName, n)
	}
	if !in.has("resources") && !in.has("selectionTags") && !in.has("conditions") {
		p.add("resources", "a selection without resources, tags and conditions selects nothing")
	}
	for _, list := range []string{"resources", "notResources"} {
		if n := len(in.strings(list)); n > 500 {
			p.add(list, "there are at most 500, got %d", n)
		}
		for i, arn := range in.strings(list) {
			parts := strings.Split(arn, ":")
			if arn != "*" && (len(parts) < 6 || parts[0] != "arn" || !contains(backupServices, parts[2])) {
				p.add(fmt.Sprintf("%s[%d]", list, i), "must be * or an ARN of one of %v, got %q", backupServices, arn)
			}
		}
	}
	for i, tag := range in.objects("selectionTags") {
		p.oneOf(tag, fmt.Sprintf("selectionTags[%d].type", i), "type", "STRINGEQUALS")
	}
}

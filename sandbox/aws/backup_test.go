package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

func planOf(rule map[string]any) map[string]any {
	all := map[string]any{"ruleName": "daily", "targetVaultName": "main", "schedule": "cron(0 1 * * ? *)", "lifecycle": map[string]any{"deleteAfter": 30}}
	for k, v := range rule {
		all[k] = v
	}
	return map[string]any{"name": "plan", "rules": []any{all}}
}

func TestVault_LockedOrFullIsNotDeleted(t *testing.T) {
	w := newWorld(t)
	key := w.keyFor("")
	vault := w.make(typeVault, map[string]any{"name": "main", "kmsKeyArn": key, "forceDestroy": true})
	assert.Equal(t, "arn:aws:backup:af-south-1:"+w.accountID()+":backup-vault:main", vault.outputs.str("arn"))
	lock := func(in map[string]any) map[string]any {
		in["backupVaultName"] = "main"
		return in
	}
	w.refuses(t, map[string]refusal{
		"name":       {typeVault, map[string]any{"name": "a.b"}, "name: must match"},
		"name twice": {typeVault, map[string]any{"name": "main"}, "AlreadyExistsException"},
		"no key":     {typeVault, map[string]any{"name": "other", "kmsKeyArn": "arn:aws:kms:af-south-1:1:key/x"}, "does not exist in af-south-1"},
		"no vault":   {typeVaultLock, map[string]any{"backupVaultName": "none"}, "cannot be found"},
		"order":      {typeVaultLock, lock(map[string]any{"minRetentionDays": 40, "maxRetentionDays": 30}), "must not be above maxRetentionDays, got 40 and 30"},
		"grace":      {typeVaultLock, lock(map[string]any{"changeableForDays": 2}), "changeableForDays: must be between 3 and"},
		"policy":     {typeVaultPolicy, map[string]any{"backupVaultName": "main", "policy": policyOf(allow("s3.amazonaws.com", "s3:PutObject", "*"))}, "Policy has invalid action"},
	})
	governed := w.make(typeVaultLock, lock(map[string]any{"minRetentionDays": 7, "maxRetentionDays": 90}))
	_, err := w.try(typeVaultLock, lock(map[string]any{"minRetentionDays": 7}))
	assert.ErrorContains(t, err, "one resource would undo the other")
	w.change(func(s *account.State) {
		s.Get(typeVault, "main").Props[vaultHoldsBackups] = []any{"arn:aws:rds:::snapshot:one"}
	})
	assert.ErrorContains(t, w.delete(vault), "is locked")
	require.NoError(t, w.delete(governed), "governance can be taken off")

	compliance := w.make(typeVaultLock, lock(map[string]any{"minRetentionDays": 7, "changeableForDays": 3}))
	w.change(func(s *account.State) { s.Get(typeVaultLock, "main").Props[vaultLocksAt] = "2020-01-01T00:00:00Z" })
	assert.ErrorContains(t, w.delete(compliance), "nobody can remove the lock any more")
	w.change(func(s *account.State) { s.Delete(typeVaultLock, "main") })
	w.change(func(s *account.State) { s.Get(typeVault, "main").Props["forceDestroy"] = false })
	assert.ErrorContains(t, w.delete(vault), "contains recovery points")
	w.change(func(s *account.State) { s.Get(typeVault, "main").Props["forceDestroy"] = true })
	require.NoError(t, w.delete(vault))
}

func TestBackupPlan_Refuses(t *testing.T) {
	w := newWorld(t)
	w.make(typeVault, map[string]any{"name": "main"})
	w.configure("eu-west-1")
	far := w.make(typeVault, map[string]any{"name": "main"}).outputs.str("arn")
	w.make(typeVaultLock, map[string]any{"backupVaultName": "main", "minRetentionDays": 7, "maxRetentionDays": 60})
	w.configure("af-south-1")
	copies := func(arn string, days int) map[string]any {
		return map[string]any{"copyActions": []any{map[string]any{"destinationVaultArn": arn, "lifecycle": map[string]any{"deleteAfter": days}}}}
	}
	w.refuses(t, map[string]refusal{
		"no vault":             {typeBackupPlan, planOf(map[string]any{"targetVaultName": "none"}), "Backup vault none cannot be found"},
		"schedule":             {typeBackupPlan, planOf(map[string]any{"schedule": "rate(1 day)"}), "must be one of the forms [cron]"},
		"start window":         {typeBackupPlan, planOf(map[string]any{"startWindow": 30}), "startWindow: must be at least 60 minutes, got 30"},
		"completion window":    {typeBackupPlan, planOf(map[string]any{"startWindow": 120, "completionWindow": 150}), "at least 60 minutes longer than startWindow, got 150 and 120"},
		"cold storage":         {typeBackupPlan, planOf(map[string]any{"lifecycle": map[string]any{"coldStorageAfter": 30, "deleteAfter": 90}}), "cannot be less than 90 days apart"},
		"continuous for ever":  {typeBackupPlan, planOf(map[string]any{"enableContinuousBackup": true, "lifecycle": map[string]any{"deleteAfter": 40}}), "1 to 35 days"},
		"no copy vault":        {typeBackupPlan, planOf(copies("arn:aws:backup:eu-west-1:"+w.accountID()+":backup-vault:none", 30)), "Copy destination backup vault cannot be found"},
		"copy elsewhere":       {typeBackupPlan, planOf(copies("arn:aws:backup:eu-west-1:444455556666:backup-vault:x", 30)), "does not know backup vaults of another account"},
		"copy into itself":     {typeBackupPlan, planOf(copies("arn:aws:backup:af-south-1:"+w.accountID()+":backup-vault:main", 30)), "not copied into the vault it is in"},
		"copy against lock":    {typeBackupPlan, planOf(copies(far, 90)), "the lock of vault main allows 7 to 60 days"},
		"copy below lock":      {typeBackupPlan, planOf(copies(far, 3)), "keeps backups 3 days"},
		"selection of no plan": {typeBackupSelection, map[string]any{"name": "s", "planId": "none", "iamRoleArn": "x", "resources": []any{"*"}}, "Invalid backupPlanId"},
	})
	plan := w.make(typeBackupPlan, planOf(copies(far, 30)))
	selection := func(role string, resources ...any) map[string]any {
		return map[string]any{"name": "data", "planId": plan.id, "iamRoleArn": role, "resources": resources}
	}
	role := w.role("backup.amazonaws.com")
	const database = "arn:aws:rds:af-south-1:111122223333:db:main"
	w.refuses(t, map[string]refusal{
		"no role":           {typeBackupSelection, selection("arn:aws:iam::1:role/x", database), "does not exist"},
		"role of others":    {typeBackupSelection, selection(w.role("rds.amazonaws.com"), database), "cannot be assumed by backup.amazonaws.com"},
		"nothing":           {typeBackupSelection, map[string]any{"name": "s", "planId": plan.id, "iamRoleArn": role}, "selects nothing"},
		"what is no backup": {typeBackupSelection, selection(role, "arn:aws:kafka:af-south-1:1:cluster/x"), "must be * or an ARN of one of"},
		"tags of no kind":   {typeBackupSelection, map[string]any{"name": "s", "planId": plan.id, "iamRoleArn": role, "selectionTags": []any{map[string]any{"type": "LIKE", "key": "a", "value": "b"}}}, "must be one of [STRINGEQUALS]"},
	})
	chosen := w.make(typeBackupSelection, selection(role, database))
	assert.ErrorContains(t, w.delete(plan), "Related backup plan selections must be deleted")
	require.NoError(t, w.delete(chosen))
	require.NoError(t, w.delete(plan))
}

func TestRestoreTesting_Refuses(t *testing.T) {
	w := newWorld(t)
	vault := w.make(typeVault, map[string]any{"name": "main"}).outputs.str("arn")
	role := w.role("backup.amazonaws.com")
	plan := func(name, schedule, vault string) map[string]any {
		return map[string]any{"name": name, "scheduleExpression": schedule, "recoveryPointSelection": map[string]any{
			"algorithm": "LATEST_WITHIN_WINDOW", "includeVaults": []any{vault}, "recoveryPointTypes": []any{"SNAPSHOT"},
		}}
	}
	const weekly = "cron(0 5 ? * SUN *)"
	w.refuses(t, map[string]refusal{
		"name with a hyphen": {typeRestorePlan, plan("a-b", weekly, vault), "name: must match"},
		"generated name":     {typeRestorePlan, map[string]any{"scheduleExpression": weekly}, "name: must match"},
		"schedule":           {typeRestorePlan, plan("a", "weekly", vault), "must be one of the forms"},
		"no vault":           {typeRestorePlan, plan("a", weekly, "arn:aws:backup:af-south-1:1:backup-vault:x"), "Backup vault cannot be found"},
		"no recovery points": {typeRestorePlan, map[string]any{"name": "a", "scheduleExpression": weekly}, "recoveryPointSelection: is required"},
	})
	made := w.make(typeRestorePlan, plan("weekly", weekly, vault))
	selection := func(edit map[string]any) map[string]any {
		in := map[string]any{"name": "rds", "restoreTestingPlanName": "weekly", "iamRoleArn": role, "protectedResourceType": "RDS", "protectedResourceArns": []any{"*"}}
		for k, v := range edit {
			in[k] = v
		}
		return in
	}
	w.refuses(t, map[string]refusal{
		"no plan":       {typeRestoreSelection, selection(map[string]any{"restoreTestingPlanName": "none"}), "Restore testing plan not found"},
		"resource type": {typeRestoreSelection, selection(map[string]any{"protectedResourceType": "MSK"}), "protectedResourceType: must be one of"},
		"role":          {typeRestoreSelection, selection(map[string]any{"iamRoleArn": w.role("rds.amazonaws.com")}), "cannot be assumed by backup.amazonaws.com"},
		"all and one":   {typeRestoreSelection, selection(map[string]any{"protectedResourceArns": []any{"*", "arn:aws:rds:x"}}), "* stands alone"},
		"window":        {typeRestoreSelection, selection(map[string]any{"validationWindowHours": 200}), "must be between 1 and 168"},
	})
	chosen := w.make(typeRestoreSelection, selection(nil))
	assert.ErrorContains(t, w.delete(made), "still has the selection rds")
	require.NoError(t, w.delete(chosen))
	require.NoError(t, w.delete(made))
}

package backup_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/backup"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	vaultToken     = "aws:backup/vault:Vault"
	lockToken      = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
	policyToken    = "aws:backup/vaultPolicy:VaultPolicy"
	planToken      = "aws:backup/plan:Plan"
	selectionToken = "aws:backup/selection:Selection"
	testPlanToken  = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
	testToken      = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
	attachToken    = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

	key         = "arn:aws:kms:af-south-1:111122223333:key/1"
	database    = "arn:aws:rds:af-south-1:111122223333:db:cloudinsight-prod"
	documents   = "arn:aws:rds:af-south-1:111122223333:cluster:cloudinsight-prod"
	copiesVault = "arn:aws:backup:eu-west-1:111122223333:backup-vault:cloudinsight-prod-recovery"
)

func args() *backup.Args {
	return &backup.Args{
		Name: "cloudinsight-prod", AccountID: pulumitest.AccountID, KeyARN: pulumi.String(key),
		Resources: map[string]backup.Resource{
			"rds":        {Type: backup.RDS, ARN: pulumi.String(database)},
			"documentdb": {Type: backup.DocumentDB, ARN: pulumi.String(documents)},
		},
	}
}

// arns are outputs that AWS makes up.
var arns = pulumitest.Outputs(vaultToken, func(vault *pulumitest.Resource) map[string]any {
	return map[string]any{"arn": "arn:aws:backup:af-south-1:111122223333:backup-vault:" + vault.Input("name").(string)}
})

func record(t *testing.T, a *backup.Args) (*pulumitest.Recorder, error) {
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := backup.NewBackup(ctx, "main", a)
		return err
	}, arns)
}

func TestBackup_Defaults(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	vault := rec.Named(t, vaultToken, "main")
	assert.True(t, vault.Protect)
	assert.Equal(t, false, vault.Input("forceDestroy"))
	assert.Equal(t, key, vault.Input("kmsKeyArn"))
	assert.Equal(t, "confidential", vault.Input("tags.DataClassification"))

	lock := rec.Named(t, lockToken, "main")
	assert.Equal(t, 7.0, lock.Input("minRetentionDays"))
	assert.Equal(t, 365.0, lock.Input("maxRetentionDays"))
	assert.Nil(t, lock.Input("changeableForDays"), "compliance mode can never be left")

	plan := rec.Named(t, planToken, "main")
	assert.Equal(t, "cron(0 4 * * ? *)", plan.Input("rules[0].schedule"))
	assert.Equal(t, 30.0, plan.Input("rules[0].lifecycle.deleteAfter"))
	assert.Nil(t, plan.Input("rules[0].lifecycle.coldStorageAfter"))
	assert.Nil(t, plan.Input("rules[0].copyActions"))
	assert.Greater(t, plan.Input("rules[0].completionWindow"), plan.Input("rules[0].startWindow"))

	selection := rec.Named(t, selectionToken, "main")
	assert.Equal(t, []any{documents, database}, selection.Input("resources"))
	assert.True(t, selection.DependsOnNamed(attachToken, "main-AWSBackupServiceRolePolicyForBackup"), "the role must be able to work")
	assert.True(t, plan.DependsOnNamed(lockToken, "main"), "nothing comes before the lock")
}

func TestBackup_RestoresAreTestedEveryMonth(t *testing.T) {
	a := args()
	rds := a.Resources["rds"]
	rds.RestoreMetadata = map[string]pulumi.StringInput{"dbSubnetGroupName": pulumi.String("cloudinsight-prod")}
	a.Resources["rds"] = rds
	rec, err := record(t, a)
	require.NoError(t, err)
	plan := rec.Named(t, testPlanToken, "main")
	assert.Regexp(t, `^[A-Za-z0-9_]{1,50}$`, plan.Input("name"))
	assert.Equal(t, "cron(0 8 1 * ? *)", plan.Input("scheduleExpression"))
	assert.Equal(t, []any{"arn:aws:backup:af-south-1:111122223333:backup-vault:cloudinsight-prod"}, plan.Input("recoveryPointSelection.includeVaults"))

	test := rec.Named(t, testToken, "main-rds")
	assert.Equal(t, "RDS", test.Input("protectedResourceType"))
	assert.Equal(t, []any{database}, test.Input("protectedResourceArns"))
	assert.Equal(t, "cloudinsight-prod", test.Input("restoreMetadataOverrides.dbSubnetGroupName"))
	assert.True(t, test.DependsOnNamed(attachToken, "main-AWSBackupServiceRolePolicyForRestores"))
	assert.Equal(t, "DocumentDB", rec.Named(t, testToken, "main-documentdb").Input("protectedResourceType"))

	a.NoRestoreTests = true
	rec, err = record(t, a)
	require.NoError(t, err)
	assert.Zero(t, rec.Count(testPlanToken)+rec.Count(testToken))
}

func TestBackup_EverythingSet(t *testing.T) {
	a := args()
	a.Schedule, a.RetentionDays, a.CopyVaultARN, a.CopyRetentionDays = "cron(30 22 ? * SUN *)", 14, pulumi.String(copiesVault), 90
	a.MinRetentionDays, a.MaxRetentionDays, a.Classification = 14, 90, "anonymised"
	a.PermissionsBoundary = pulumi.StringPtr("arn:aws:iam::111122223333:policy/boundary")
	rec, err := record(t, a)
	require.NoError(t, err)
	plan := rec.Named(t, planToken, "main")
	assert.Equal(t, "cron(30 22 ? * SUN *)", plan.Input("rules[0].schedule"))
	assert.Equal(t, copiesVault, plan.Input("rules[0].copyActions[0].destinationVaultArn"))
	assert.Equal(t, 90.0, plan.Input("rules[0].copyActions[0].lifecycle.deleteAfter"))
	assert.Equal(t, 14.0, rec.Named(t, lockToken, "main").Input("minRetentionDays"))
	assert.Equal(t, "anonymised", rec.Named(t, vaultToken, "main").Input("tags.DataClassification"))
	assert.Equal(t, "arn:aws:iam::111122223333:policy/boundary", rec.Named(t, "aws:iam/role:Role", "main-backup").Input("permissionsBoundary"))
}

func TestBackup_CopiesAreKeptAsLongUnlessToldOtherwise(t *testing.T) {
	a := args()
	a.CopyVaultARN = pulumi.String(copiesVault)
	rec, err := record(t, a)
	require.NoError(t, err)
	assert.Equal(t, 30.0, rec.Named(t, planToken, "main").Input("rules[0].copyActions[0].lifecycle.deleteAfter"))
}

func TestBackup_CanBeLetGo(t *testing.T) {
	a := args()
	a.Unprotected, a.Unlocked = true, true
	rec, err := record(t, a)
	require.NoError(t, err)
	vault := rec.Named(t, vaultToken, "main")
	assert.False(t, vault.Protect)
	assert.Equal(t, true, vault.Input("forceDestroy"))
	assert.Zero(t, rec.Count(lockToken))
	assert.NotContains(t, rec.Named(t, policyToken, "main").Input("policy"), "KeepRecoveryPoints")
}

func TestBackup_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*backup.Args)
		want   []string
	}{
		"nothing given": {func(a *backup.Args) { *a = backup.Args{} }, []string{
			"name: must match", "account id: must be twelve digits", "key arn: is required", "resources: must have at least one",
		}},
		"unknown type": {func(a *backup.Args) { a.Resources["x"] = backup.Resource{Type: "MSK"} }, []string{`resources["x"]: type: must be one of [RDS DocumentDB EBS], got "MSK"`}},
		"no arn":       {func(a *backup.Args) { a.Resources["x"] = backup.Resource{Type: backup.EBS} }, []string{`resources["x"]: arn: is required`}},
		"rate":         {func(a *backup.Args) { a.Schedule = "rate(1 day)" }, []string{`schedule: must be cron(...) with six fields, got "rate(1 day)"`}},
		"too short":    {func(a *backup.Args) { a.RetentionDays = 6 }, []string{"retention: must be between 7 and 365 days, the bounds of the vault's lock, got 6"}},
		"too long":     {func(a *backup.Args) { a.RetentionDays = 366 }, []string{"got 366"}},
		"copy too short": {func(a *backup.Args) { a.CopyVaultARN, a.CopyRetentionDays = pulumi.String(copiesVault), 3 }, []string{
			"copy retention: must be between 7 and 365 days, the bounds of the vault's lock, got 3",
		}},
		"copies to nowhere": {func(a *backup.Args) { a.CopyRetentionDays = 30 }, []string{"copy retention: must be left out without a vault for copies, got 30 days"}},
		"bounds swapped":    {func(a *backup.Args) { a.MinRetentionDays, a.MaxRetentionDays = 30, 7 }, []string{"in order, got 30 and 7"}},
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
}

func TestBackup_RefusesNothingAtAll(t *testing.T) {
	_, err := record(t, nil)
	assert.ErrorContains(t, err, `backup "main": name: must match`)
}

func TestBackup_ChildrenHaveItAsParent(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	component := rec.Named(t, "cloudinsight:backup:Backup", "main")
	vault := rec.Named(t, "cloudinsight:backup:Vault", "main")
	assert.Equal(t, component, vault.Parent)
	for _, r := range rec.All() {
		if r.Custom {
			assert.Contains(t, []*pulumitest.Resource{component, vault}, r.Parent, "%s %s", r.Type, r.Name)
		}
	}
}

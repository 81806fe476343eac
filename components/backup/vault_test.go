package backup_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/backup"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

func recordVault(t *testing.T, a *backup.VaultArgs) (*pulumitest.Recorder, error) {
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := backup.NewVault(ctx, "copies", a)
		return err
	}, arns)
}

func TestVault_OnlyAWSBackupDeletesAndNobodyFromOutsideReads(t *testing.T) {
	rec, err := recordVault(t, &backup.VaultArgs{
		Name: "cloudinsight-prod-recovery", RoleName: "cloudinsight-prod-backup", AccountID: pulumitest.AccountID, KeyARN: pulumi.String(key),
	})
	require.NoError(t, err)
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "RefuseOutsiders", "Effect": "Deny", "Principal": "*", "Action": ["backup:*"], "Resource": ["*"], "Condition": {
			"StringNotEquals": {"aws:PrincipalAccount": ["111122223333"]}, "Bool": {"aws:PrincipalIsAWSService": ["false"]}}},
		{"Sid": "KeepRecoveryPoints", "Effect": "Deny", "Principal": "*",
		 "Action": ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"], "Resource": ["*"],
		 "Condition": {"ArnNotEquals": {"aws:PrincipalArn": ["arn:aws:iam::111122223333:role/cloudinsight-prod-backup",
			"arn:aws:iam::111122223333:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"]}}}
	]}`, rec.Named(t, policyToken, "copies").Input("policy").(string))
}

func TestVault_TheRoleIsThatOfThePlanOfItsName(t *testing.T) {
	rec, err := recordVault(t, &backup.VaultArgs{Name: "main", AccountID: pulumitest.AccountID, KeyARN: pulumi.String(key)})
	require.NoError(t, err)
	assert.Contains(t, rec.Named(t, policyToken, "copies").Input("policy"), ":role/main-backup")
}

func TestVault_Refuses(t *testing.T) {
	rec, err := recordVault(t, nil)
	for _, want := range []string{`vault "copies": name: must match`, "account id: must be twelve digits", "key arn: is required"} {
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, rec.All())
	_, err = recordVault(t, &backup.VaultArgs{Name: "v1", AccountID: pulumitest.AccountID, KeyARN: pulumi.String(key), MinRetentionDays: 400})
	assert.ErrorContains(t, err, "retention: bounds must be between 1 and 36500 days, in order, got 400 and 365")
}

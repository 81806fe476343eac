package backup

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const vaultType = "cloudinsight:backup:Vault"

// What a locked vault accepts, unless told otherwise: nothing that expires within a week, so that a mistake can be
// noticed, and nothing for longer than a year, which would be kept by accident.
const (
	leastDays = 7
	mostDays  = 365
)

// Vault holds recovery points in one region.
type Vault struct {
	pulumi.ResourceState

	// ARN and Name of the vault.
	ARN  pulumi.StringOutput
	Name pulumi.StringOutput
	// Ready is what has to be there before a recovery point may come.
	Ready []pulumi.Resource
}

// VaultArgs says what a vault holds and for how long.
type VaultArgs struct {
	// Name of the vault, 2 to 50 letters, digits, hyphens and underscores.
	Name string
	// AccountID of twelve digits.
	AccountID string
	// KeyARN encrypts the recovery points; a key of the vault's region.
	KeyARN pulumi.StringInput

	// MinRetentionDays and MaxRetentionDays bound what the lock lets in, at least 1 (default 7 and 365).
	MinRetentionDays int
	MaxRetentionDays int
	// RoleName of the role that puts recovery points in, and later deletes those that have expired (default Name-backup).
	RoleName string
	// Unlocked leaves the vault without a lock.
	Unlocked bool
	// Unprotected lets Pulumi delete the vault, and the recovery points in it along.
	Unprotected bool
	// Classification of the data, a tag (default confidential).
	Classification string
}

// NewVault registers the vault, its lock and its policy.
func NewVault(ctx *pulumi.Context, name string, args *VaultArgs, opts ...pulumi.ResourceOption) (*Vault, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("vault %q: %w", name, err)
	}
	v := &Vault{}
	if err := ctx.RegisterComponentResourceV2(vaultType, name, pulumi.Map{"name": pulumi.String(a.Name)}, v, opts...); err != nil {
		return nil, fmt.Errorf("vault %q: %w", name, err)
	}
	vault, err := backup.NewVault(ctx, name, &backup.VaultArgs{
		Name:         pulumi.String(a.Name),
		KmsKeyArn:    a.KeyARN,
		ForceDestroy: pulumi.Bool(a.Unprotected),
		Tags:         pulumi.ToStringMap(tags.Of("backup", a.Name, map[string]string{"DataClassification": a.Classification})),
	}, pulumi.Parent(v), pulumi.Protect(!a.Unprotected), pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return nil, fmt.Errorf("vault %q: %w", name, err)
	}
	v.ARN, v.Name = vault.Arn, vault.Name
	v.Ready = []pulumi.Resource{vault}
	if err := v.guard(ctx, name, a); err != nil {
		return nil, fmt.Errorf("vault %q: %w", name, err)
	}
	return v, ctx.RegisterResourceOutputs(v, pulumi.Map{"arn": v.ARN, "name": v.Name})
}

func (args *VaultArgs) withDefaults() VaultArgs {
	a := VaultArgs{}
	if args != nil {
		a = *args
	}
	if a.MinRetentionDays == 0 {
		a.MinRetentionDays = leastDays
	}
	if a.MaxRetentionDays == 0 {
		a.MaxRetentionDays = mostDays
	}
	if a.RoleName == "" {
		a.RoleName = roleName(a.Name)
	}
	if a.Classification == "" {
		a.Classification = "confidential"
	}
	return a
}

func (a *VaultArgs) validate() error {
	var problems []error
	if !vaultName.MatchString(a.Name) {
		problems = append(problems, fmt.Errorf("name: must match %s, got %q", vaultName, a.Name))
	}
	if !accountID.MatchString(a.AccountID) {
		problems = append(problems, fmt.Errorf("account id: must be twelve digits, got %q", a.AccountID))
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("key arn: is required"))
	}
	if a.MinRetentionDays < 1 || a.MaxRetentionDays < a.MinRetentionDays || a.MaxRetentionDays > 36500 {
		problems = append(problems, fmt.Errorf(
			"retention: bounds must be between 1 and 36500 days, in order, got %d and %d", a.MinRetentionDays, a.MaxRetentionDays))
	}
	return errors.Join(problems...)
}

// guard locks the vault and says who may not delete.
func (v *Vault) guard(ctx *pulumi.Context, name string, a VaultArgs) error {
	if !a.Unlocked {
		// Without a number of days in which the lock may be changed it is in governance mode: an administrator can lift it on
		// purpose. In compliance mode nobody ever can, AWS included, nor can the account be closed before the last recovery
		// point has expired; a wrong number would be paid for all that time.
		// https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
		lock, err := backup.NewVaultLockConfiguration(ctx, name, &backup.VaultLockConfigurationArgs{
			BackupVaultName:  v.Name,
			MinRetentionDays: pulumi.Int(a.MinRetentionDays),
			MaxRetentionDays: pulumi.Int(a.MaxRetentionDays),
			// A vault has one; deleting the old one last would leave none.
		}, pulumi.Parent(v), pulumi.DeleteBeforeReplace(true))
		if err != nil {
			return fmt.Errorf("lock: %w", err)
		}
		v.Ready = append(v.Ready, lock)
	}
	policy, err := backup.NewVaultPolicy(ctx, name, &backup.VaultPolicyArgs{
		BackupVaultName: v.Name,
		Policy:          pulumi.String(a.policy().JSON()),
	}, pulumi.Parent(v), pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	v.Ready = append(v.Ready, policy)
	return nil
}

// policy keeps other accounts away, and while the vault is protected everybody from deleting what is in it or cutting
// its life short. AWS Backup deletes what has expired as the role that made it, or failing that as its service-linked role.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-iam.html
func (a *VaultArgs) policy() iam.Document {
	everyone := iam.Principals{Everyone: true}
	doc := iam.Document{Statements: []iam.Statement{{
		Sid:        "RefuseOutsiders",
		Deny:       true,
		Principals: everyone,
		Actions:    []string{"backup:*"},
		Resources:  []string{"*"},
		Conditions: iam.Conditions{
			"StringNotEquals": {"aws:PrincipalAccount": {a.AccountID}},
			"Bool":            {"aws:PrincipalIsAWSService": {"false"}},
		},
	}}}
	if !a.Unprotected {
		doc.Statements = append(doc.Statements, iam.Statement{
			Sid:        "KeepRecoveryPoints",
			Deny:       true,
			Principals: everyone,
			Actions:    []string{"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"},
			Resources:  []string{"*"},
			Conditions: iam.Conditions{"ArnNotEquals": {"aws:PrincipalArn": {
				"arn:aws:iam::" + a.AccountID + ":role/" + a.RoleName,
				"arn:aws:iam::" + a.AccountID + ":role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
			}}},
		})
	}
	return doc
}

// Package backup keeps recovery points of the data stores beside the stores' own backups: a vault with its key and a lock
// against early deletion, a daily plan, copies to a vault in another region, and every month a restore that shows that
// the recovery points are of use.
//
// Cold storage is not used: neither RDS nor DocumentDB can be moved there. The package refuses retentions that the
// vault's lock would turn away, which would else fail night after night without anybody being asked.
package backup

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Part of the state: a rename ships with an alias.
const backupType = "cloudinsight:backup:Backup"

// Backup is a vault and the plan that fills it.
type Backup struct {
	pulumi.ResourceState

	// VaultARN and VaultName of the vault in the resources' region.
	VaultARN  pulumi.StringOutput
	VaultName pulumi.StringOutput
	// RoleARN is the role that makes and restores recovery points.
	RoleARN pulumi.StringOutput
	// Ready is what has to be there before backups are made.
	Ready []pulumi.Resource
}

// Type of a resource, as AWS Backup names it.
type Type string

// The types that are backed up.
const (
	RDS        Type = "RDS"
	DocumentDB Type = "DocumentDB"
	EBS        Type = "EBS"
)

// Types lists what can be backed up.
var Types = []Type{RDS, DocumentDB, EBS}

// Resource is something to back up.
type Resource struct {
	// Type decides how a restore is tested.
	Type Type
	// ARN of the database, cluster or volume.
	ARN pulumi.StringInput
	// RestoreMetadata replaces what AWS Backup infers for a restore test, such as dbSubnetGroupName (default nothing).
	RestoreMetadata map[string]pulumi.StringInput
}

// Args says what is backed up, when, and for how long.
type Args struct {
	// Name of vault and plan, such as cloudinsight-prod.
	Name string
	// AccountID of twelve digits.
	AccountID string
	// KeyARN encrypts the recovery points.
	KeyARN pulumi.StringInput
	// Resources by label, at least one.
	Resources map[string]Resource

	// Schedule of the backups as a cron expression of AWS in UTC (default cron(0 4 * * ? *), every day at 04:00: away
	// from the nightly windows of the databases, in which AWS Backup would have to wait).
	Schedule string
	// RetentionDays of a recovery point (default 30).
	RetentionDays int
	// CopyVaultARN is a vault in another region that gets a copy of each recovery point (default none).
	CopyVaultARN pulumi.StringInput
	// CopyRetentionDays of the copies (default RetentionDays).
	CopyRetentionDays int
	// MinRetentionDays and MaxRetentionDays bound what the vault's lock lets in (default 7 and 365).
	MinRetentionDays int
	MaxRetentionDays int
	// Unlocked leaves the vault without a lock.
	Unlocked bool
	// NoRestoreTests leaves recovery points untried.
	NoRestoreTests bool
	// Unprotected lets Pulumi delete the vault, and the recovery points in it along.
	Unprotected bool
	// Classification of the data, a tag (default confidential).
	Classification string
	// PermissionsBoundary of the role (default none).
	PermissionsBoundary pulumi.StringPtrInput
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
	vaultName = regexp.MustCompile(`^[a-zA-Z0-9_-]{2,50}$`)
	// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
	cron = regexp.MustCompile(`^cron\(\S+( \S+){5}\)$`)
)

// NewBackup registers vault, plan, selection and restore test.
func NewBackup(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Backup, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("backup %q: %w", name, err)
	}
	b := &Backup{}
	if err := ctx.RegisterComponentResourceV2(backupType, name, pulumi.Map{"name": pulumi.String(a.Name)}, b, opts...); err != nil {
		return nil, fmt.Errorf("backup %q: %w", name, err)
	}
	if err := b.build(ctx, name, a); err != nil {
		return nil, fmt.Errorf("backup %q: %w", name, err)
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"vaultArn": b.VaultARN, "vaultName": b.VaultName, "roleArn": b.RoleARN})
}

func (args *Args) withDefaults() Args {
	a := Args{}
	if args != nil {
		a = *args
	}
	if a.Schedule == "" {
		a.Schedule = "cron(0 4 * * ? *)"
	}
	if a.RetentionDays == 0 {
		a.RetentionDays = 30
	}
	if a.CopyRetentionDays == 0 && a.CopyVaultARN != nil {
		a.CopyRetentionDays = a.RetentionDays
	}
	vault := a.vault().withDefaults()
	a.MinRetentionDays, a.MaxRetentionDays, a.Classification = vault.MinRetentionDays, vault.MaxRetentionDays, vault.Classification
	return a
}

// vault is what of the arguments concerns the vault.
func (a *Args) vault() *VaultArgs {
	return &VaultArgs{
		Name: a.Name, AccountID: a.AccountID, KeyARN: a.KeyARN, MinRetentionDays: a.MinRetentionDays, MaxRetentionDays: a.MaxRetentionDays,
		Unlocked: a.Unlocked, Unprotected: a.Unprotected, Classification: a.Classification,
	}
}

func (a *Args) validate() error {
	problems := []error{a.vault().validate()}
	if len(a.Resources) == 0 {
		problems = append(problems, errors.New("resources: must have at least one"))
	}
	for _, label := range slices.Sorted(maps.Keys(a.Resources)) {
		if r := a.Resources[label]; !slices.Contains(Types, r.Type) {
			problems = append(problems, fmt.Errorf("resources[%q]: type: must be one of %v, got %q", label, Types, r.Type))
		} else if r.ARN == nil {
			problems = append(problems, fmt.Errorf("resources[%q]: arn: is required", label))
		}
	}
	if !cron.MatchString(a.Schedule) {
		problems = append(problems, fmt.Errorf("schedule: must be cron(...) with six fields, got %q", a.Schedule))
	}
	problems = append(problems, a.withinLock("retention", a.RetentionDays))
	switch {
	case a.CopyVaultARN != nil:
		problems = append(problems, a.withinLock("copy retention", a.CopyRetentionDays))
	case a.CopyRetentionDays != 0:
		problems = append(problems, fmt.Errorf("copy retention: must be left out without a vault for copies, got %d days", a.CopyRetentionDays))
	}
	return errors.Join(problems...)
}

// withinLock compares a retention with the bounds of the lock, which turns away the jobs of any other.
func (a *Args) withinLock(what string, days int) error {
	if days < a.MinRetentionDays || days > a.MaxRetentionDays {
		return fmt.Errorf("%s: must be between %d and %d days, the bounds of the vault's lock, got %d",
			what, a.MinRetentionDays, a.MaxRetentionDays, days)
	}
	return nil
}

package rds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// certificateAuthority that signs the servers' certificates until 2061.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
const certificateAuthority = "rds-ca-rsa2048-g1"

// primary is the instance that takes writes.
func (b *builder) primary() (*rds.Instance, error) {
	logs, err := b.logGroups(b.args.Name)
	if err != nil {
		return nil, err
	}
	instance := b.common(b.args.Name, b.group)
	instance.Engine = pulumi.String("postgres")
	instance.DbName = pulumi.String(b.args.DatabaseName)
	instance.Username = pulumi.String(b.args.Username)
	if login := b.args.Login; login != nil {
		instance.Password = login.Password.ToStringOutput().ToStringPtrOutput()
	} else {
		instance.ManageMasterUserPassword = pulumi.Bool(true)
		instance.MasterUserSecretKmsKeyId = b.args.SecretKeyARN
	}
	instance.EngineVersion = pulumi.String(b.args.EngineVersion)
	instance.AllocatedStorage = pulumi.Int(b.args.StorageGiB)
	instance.KmsKeyId = b.args.KeyARN
	instance.DbSubnetGroupName = b.subnets.Name
	instance.MultiAz = pulumi.Bool(!b.args.SingleZone)
	instance.BackupRetentionPeriod = pulumi.Int(b.args.BackupRetentionDays)
	instance.BackupWindow = pulumi.String(b.args.BackupWindow)
	instance.DeletionProtection = pulumi.Bool(!b.args.Unprotected)
	instance.SkipFinalSnapshot = pulumi.Bool(b.args.SkipFinalSnapshot)
	// Kept after a deletion until their days are over: a final snapshot is one moment, these are every second.
	instance.DeleteAutomatedBackups = pulumi.Bool(b.args.SkipFinalSnapshot)
	if !b.args.SkipFinalSnapshot {
		instance.FinalSnapshotIdentifier = b.finalSnapshot()
	}
	b.restore(instance)
	opts := b.options(logs)
	// What a database was created from is over when it is there.
	opts = append(opts, pulumi.IgnoreChanges([]string{"snapshotIdentifier", "restoreToPointInTime"}))
	if b.args.MaxStorageGiB > 0 {
		// RDS has grown it since; without auto-scaling a change is somebody's wish.
		opts = append(opts, pulumi.IgnoreChanges([]string{"allocatedStorage"}))
	}
	made, err := rds.NewInstance(b.ctx, b.name, instance, append(opts, pulumi.Protect(!b.args.Unprotected))...)
	if err != nil {
		return nil, fmt.Errorf("instance: %w", err)
	}
	return made, nil
}

// secret holds the master user's name and password.
func (b *builder) secret() pulumi.StringOutput {
	if login := b.args.Login; login != nil {
		return login.SecretARN.ToStringOutput()
	}
	return b.instance.MasterUserSecrets.Index(pulumi.Int(0)).SecretArn().Elem()
}

// restore has the instance made from what was kept: the last moment of replicated backups, or the one of a snapshot.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html
func (b *builder) restore(instance *rds.InstanceArgs) {
	switch from := b.args.RestoreFrom; {
	case strings.Contains(from, ":auto-backup:"):
		instance.RestoreToPointInTime = &rds.InstanceRestoreToPointInTimeArgs{
			SourceDbInstanceAutomatedBackupsArn: pulumi.String(from), UseLatestRestorableTime: pulumi.Bool(true),
		}
	case from != "":
		instance.SnapshotIdentifier = pulumi.String(from)
	}
}

// replica is a copy to read from. It inherits storage, key and subnets, and holds nothing that the primary does not
// have, so it is not protected and leaves no snapshot.
func (b *builder) replica(number int, group *ec2.SecurityGroup) (*rds.Instance, error) {
	name := b.args.replicaName(number)
	logs, err := b.logGroups(name)
	if err != nil {
		return nil, err
	}
	instance := b.common(name, group)
	instance.ReplicateSourceDb = b.instance.Identifier
	instance.SkipFinalSnapshot = pulumi.Bool(true)
	made, err := rds.NewInstance(b.ctx, fmt.Sprintf("%s-replica-%d", b.name, number), instance, b.options(logs)...)
	if err != nil {
		return nil, fmt.Errorf("replica %d: %w", number, err)
	}
	return made, nil
}

// common is what the primary and its replicas share.
func (b *builder) common(identifier string, group *ec2.SecurityGroup) *rds.InstanceArgs {
	instance := &rds.InstanceArgs{
		Identifier:    pulumi.String(identifier),
		InstanceClass: pulumi.String(b.args.InstanceClass),
		// The version matrix decides on minors, and so does every environment in its turn; a change of it waits for the
		// maintenance window as all changes do.
		AutoMinorVersionUpgrade:          pulumi.Bool(false),
		ApplyImmediately:                 pulumi.Bool(false),
		CaCertIdentifier:                 pulumi.String(certificateAuthority),
		CopyTagsToSnapshot:               pulumi.Bool(true),
		EnabledCloudwatchLogsExports:     pulumi.ToStringArray(exportedLogs),
		IamDatabaseAuthenticationEnabled: pulumi.Bool(true),
		MaintenanceWindow:                pulumi.String(b.args.MaintenanceWindow),
		MonitoringInterval:               pulumi.Int(60),
		MonitoringRoleArn:                b.monitoring.Arn,
		ParameterGroupName:               b.parameters.Name,
		// The standard mode keeps seven days without charge, for PostgreSQL in every class; MySQL's and MariaDB's micro
		// and small classes are left out, PostgreSQL's are not.
		// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.Engines.html
		DatabaseInsightsMode:               pulumi.String("standard"),
		PerformanceInsightsEnabled:         pulumi.Bool(true),
		PerformanceInsightsKmsKeyId:        b.args.KeyARN,
		PerformanceInsightsRetentionPeriod: pulumi.Int(7),
		Port:                               pulumi.Int(Port),
		PubliclyAccessible:                 pulumi.Bool(false),
		StorageEncrypted:                   pulumi.Bool(true),
		StorageType:                        pulumi.String("gp3"),
		Tags:                               b.storeTags(identifier),
		VpcSecurityGroupIds:                pulumi.StringArray{group.ID()},
	}
	if b.args.MaxStorageGiB > 0 {
		instance.MaxAllocatedStorage = pulumi.Int(b.args.MaxStorageGiB)
	}
	return instance
}

// options of an instance: its identifier is fixed, so a new one can't stand beside the old one.
func (b *builder) options(logs []pulumi.Resource) []pulumi.ResourceOption {
	return []pulumi.ResourceOption{
		b.parent,
		pulumi.DeleteBeforeReplace(true),
		pulumi.DependsOn(slices.Concat(logs, b.monitoring.policies)),
	}
}

// finalSnapshot names what is left after the deletion. Snapshots outlive the database, so the next one of the same name
// must not leave one of the same name: VPC and key are new whenever the environment is.
func (b *builder) finalSnapshot() pulumi.StringOutput {
	return pulumi.All(b.args.VPCID, b.args.KeyARN).ApplyT(func(of []any) string {
		return snapshotName(b.args.Name, of[0].(string), of[1].(string), b.args.DatabaseName, b.args.Username)
	}).(pulumi.StringOutput)
}

func snapshotName(name string, identity ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(identity, "\n")))
	return name + "-final-" + hex.EncodeToString(sum[:4])
}

package documentdb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/docdb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// certificateAuthority that signs the servers' certificates until 2061.
// https://docs.aws.amazon.com/documentdb/latest/developerguide/ca_cert_rotation.html
const certificateAuthority = "rds-ca-rsa2048-g1"

func (b *builder) newCluster() error {
	subnets, err := docdb.NewSubnetGroup(b.ctx, b.name, &docdb.SubnetGroupArgs{
		// RDS and DocumentDB share one space of names for subnet groups.
		Name:        pulumi.String(b.args.Name),
		Description: pulumi.String("Subnets of DocumentDB " + b.args.Name),
		SubnetIds:   b.args.SubnetIDs,
		Tags:        b.tags(b.args.Name),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("subnet group: %w", err)
	}
	parameters, err := b.parameterGroup()
	if err != nil {
		return fmt.Errorf("parameter group: %w", err)
	}
	logs, err := b.logGroups()
	if err != nil {
		return err
	}
	args := &docdb.ClusterArgs{
		ClusterIdentifier:            pulumi.String(b.args.Name),
		Engine:                       pulumi.String("docdb"),
		EngineVersion:                pulumi.String(b.args.EngineVersion),
		MasterUsername:               pulumi.String(b.args.Username),
		StorageEncrypted:             pulumi.Bool(true),
		KmsKeyId:                     b.args.KeyARN,
		Port:                         pulumi.Int(Port),
		DbSubnetGroupName:            subnets.Name,
		DbClusterParameterGroupName:  parameters.Name,
		VpcSecurityGroupIds:          pulumi.StringArray{b.group.ID()},
		BackupRetentionPeriod:        pulumi.Int(b.args.BackupRetentionDays),
		PreferredBackupWindow:        pulumi.String(b.args.BackupWindow),
		PreferredMaintenanceWindow:   pulumi.String(b.args.MaintenanceWindow),
		EnabledCloudwatchLogsExports: pulumi.ToStringArray(exportedLogs),
		DeletionProtection:           pulumi.Bool(!b.args.Unprotected),
		SkipFinalSnapshot:            pulumi.Bool(b.args.SkipFinalSnapshot),
		ApplyImmediately:             pulumi.Bool(false),
		Tags:                         pulumi.ToStringMap(b.args.storeTags(b.args.Name)),
	}
	if login := b.args.Login; login != nil {
		args.MasterPassword = login.Password.ToStringOutput().ToStringPtrOutput()
	} else {
		args.ManageMasterUserPassword = pulumi.Bool(true)
	}
	if !b.args.SkipFinalSnapshot {
		args.FinalSnapshotIdentifier = b.finalSnapshot()
	}
	if b.args.RestoreFrom != "" {
		args.SnapshotIdentifier = pulumi.String(b.args.RestoreFrom)
	}
	// What a cluster was created from is over when it is there.
	ignored := []string{"snapshotIdentifier"}
	if b.args.Global {
		// The global cluster is made around this one, which then carries its name. Only a new cluster could join one.
		ignored = append(ignored, "globalClusterIdentifier")
	}
	opts := []pulumi.ResourceOption{
		b.parent, pulumi.Protect(!b.args.Unprotected), pulumi.DeleteBeforeReplace(true), pulumi.DependsOn(logs), pulumi.IgnoreChanges(ignored),
	}
	if b.cluster, err = docdb.NewCluster(b.ctx, b.name, args, opts...); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return nil
}

// parameterGroup is named by family: a new major needs a new group, which can be made while the old one is in use. The
// value of tls and its method are spelled as DocumentDB answers its default; any other spelling shows as a change for ever.
// https://docs.aws.amazon.com/documentdb/latest/developerguide/cluster_parameter_groups-list_of_parameters.html
func (b *builder) parameterGroup() (*docdb.ClusterParameterGroup, error) {
	family := b.args.family()
	suffix := "-" + strings.ReplaceAll(family, ".", "-")
	var parameters docdb.ClusterParameterGroupParameterArray
	for _, p := range []struct{ name, value, applyMethod string }{
		{"audit_logs", "enabled", "immediate"},
		{"profiler", "enabled", "immediate"},
		{"tls", "enabled", "pending-reboot"},
	} {
		parameters = append(parameters, docdb.ClusterParameterGroupParameterArgs{
			Name: pulumi.String(p.name), Value: pulumi.String(p.value), ApplyMethod: pulumi.String(p.applyMethod),
		})
	}
	return docdb.NewClusterParameterGroup(b.ctx, b.name+suffix, &docdb.ClusterParameterGroupArgs{
		Name:        pulumi.String(b.args.Name + suffix),
		Family:      pulumi.String(family),
		Description: pulumi.String("Parameters of DocumentDB " + b.args.Name),
		Parameters:  parameters,
		Tags:        b.tags(b.args.Name + suffix),
	}, b.parent)
}

var exportedLogs = []string{"audit", "profiler"}

// logGroups are made first: DocumentDB makes groups without retention and key when it finds none, and never deletes them.
func (b *builder) logGroups() ([]pulumi.Resource, error) {
	var groups []pulumi.Resource
	for _, log := range exportedLogs {
		name := "/aws/docdb/" + b.args.Name + "/" + log
		group, err := cloudwatch.NewLogGroup(b.ctx, b.name+"-"+log, &cloudwatch.LogGroupArgs{
			Name:            pulumi.String(name),
			RetentionInDays: pulumi.Int(b.args.LogRetentionDays),
			KmsKeyId:        b.args.LogKeyARN,
			Tags:            b.tags(name),
		}, b.parent, pulumi.DeleteBeforeReplace(true))
		if err != nil {
			return nil, fmt.Errorf("log group %q: %w", name, err)
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// instance holds no data of its own; DocumentDB puts each one where there are fewest. When the writer fails, the replica
// of the lowest tier takes over, so the order of the numbers.
func (b *builder) instance(number int) (*docdb.ClusterInstance, error) {
	name := b.args.instanceName(number)
	instance, err := docdb.NewClusterInstance(b.ctx, fmt.Sprintf("%s-%d", b.name, number), &docdb.ClusterInstanceArgs{
		Identifier:                 pulumi.String(name),
		ClusterIdentifier:          b.cluster.ID(),
		Engine:                     pulumi.String("docdb"),
		InstanceClass:              pulumi.String(b.args.InstanceClass),
		PromotionTier:              pulumi.Int(number - 1),
		CaCertIdentifier:           pulumi.String(certificateAuthority),
		CopyTagsToSnapshot:         pulumi.Bool(true),
		PreferredMaintenanceWindow: pulumi.String(b.args.MaintenanceWindow),
		ApplyImmediately:           pulumi.Bool(false),
		AutoMinorVersionUpgrade:    pulumi.Bool(false),
		Tags:                       pulumi.ToStringMap(b.args.storeTags(name)),
	}, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return nil, fmt.Errorf("instance %d: %w", number, err)
	}
	return instance, nil
}

// secret holds the master user's name and password.
func (b *builder) secret() pulumi.StringOutput {
	if login := b.args.Login; login != nil {
		return login.SecretARN.ToStringOutput()
	}
	return b.cluster.MasterUserSecrets.Index(pulumi.Int(0)).SecretArn().Elem()
}

// global makes a global cluster of this one and returns its identifier, empty without Global.
func (b *builder) global() (pulumi.StringOutput, error) {
	if !b.args.Global {
		return pulumi.String("").ToStringOutput(), nil
	}
	global, err := docdb.NewGlobalCluster(b.ctx, b.name, &docdb.GlobalClusterArgs{
		GlobalClusterIdentifier:   pulumi.String(b.args.Name + "-global"),
		SourceDbClusterIdentifier: b.cluster.Arn,
		DeletionProtection:        pulumi.Bool(!b.args.Unprotected),
	}, b.parent, pulumi.Protect(!b.args.Unprotected), pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("global cluster: %w", err)
	}
	return global.ID().ToStringOutput(), nil
}

// finalSnapshot names what is left after the deletion. Snapshots outlive the cluster, so the next one of the same name
// must not leave one of the same name: VPC and key are new whenever the environment is.
func (b *builder) finalSnapshot() pulumi.StringOutput {
	return pulumi.All(b.args.VPCID, b.args.KeyARN).ApplyT(func(of []any) string {
		return snapshotName(b.args.Name, of[0].(string), of[1].(string), b.args.Username)
	}).(pulumi.StringOutput)
}

func snapshotName(name string, identity ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(identity, "\n")))
	return name + "-final-" + hex.EncodeToString(sum[:4])
}

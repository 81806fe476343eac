package recovery_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/recovery"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	replicationToken = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
	clusterToken     = "aws:docdb/cluster:Cluster"
	instanceToken    = "aws:docdb/clusterInstance:ClusterInstance"
	groupToken       = "aws:docdb/clusterParameterGroup:ClusterParameterGroup"
	logToken         = "aws:cloudwatch/logGroup:LogGroup"
	ingressToken     = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"

	key      = "arn:aws:kms:eu-west-1:111122223333:key/1"
	database = "arn:aws:rds:af-south-1:111122223333:db:cloudinsight-prod"
)

func args() *recovery.Args {
	return &recovery.Args{
		Name: "cloudinsight-prod", Region: "eu-west-1", KeyARN: pulumi.String(key), DatabaseARN: pulumi.String(database),
	}
}

func withDocuments() *recovery.Args {
	a := args()
	a.Documents = &recovery.Documents{
		GlobalClusterID: pulumi.String("cloudinsight-prod"), EngineVersion: "5.0.0", InstanceClass: "db.r5.large",
		VPCID: pulumi.String("vpc-1"), SubnetIDs: pulumi.ToStringArray([]string{"subnet-1", "subnet-2"}), LogKeyARN: pulumi.String(key),
	}
	return a
}

func record(t *testing.T, a *recovery.Args) (*pulumitest.Recorder, error) {
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := recovery.NewRecovery(ctx, "main", a)
		return err
	}, cluster)
}

// cluster answers what AWS makes up.
var cluster = pulumitest.Outputs(clusterToken, func(*pulumitest.Resource) map[string]any {
	return map[string]any{"arn": "arn:cluster", "endpoint": "writer.example", "readerEndpoint": "reader.example"}
})

func TestRecovery_FollowsTheDatabasesBackups(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	replication := rec.Named(t, replicationToken, "main")
	assert.Equal(t, database, replication.Input("sourceDbInstanceArn"))
	assert.Equal(t, key, replication.Input("kmsKeyId"))
	assert.Equal(t, 30.0, replication.Input("retentionPeriod"))
	assert.True(t, replication.DeleteBeforeReplace, "there can be one in a region")
	assert.Zero(t, rec.Count(clusterToken))
}

func TestRecovery_SecondCluster(t *testing.T) {
	rec, err := record(t, withDocuments())
	require.NoError(t, err)
	cluster := rec.Named(t, clusterToken, "main-docdb")
	assert.True(t, cluster.Protect)
	assert.Equal(t, true, cluster.Input("deletionProtection"))
	assert.Equal(t, true, cluster.Input("storageEncrypted"))
	assert.Equal(t, key, cluster.Input("kmsKeyId"))
	assert.Equal(t, "cloudinsight-prod", cluster.Input("globalClusterIdentifier"))
	assert.Equal(t, "cloudinsight-prod-recovery", cluster.Input("clusterIdentifier"))
	assert.Nil(t, cluster.Input("masterUsername"), "users are the first cluster's")
	for _, log := range []string{"audit", "profiler"} {
		assert.Equal(t, "/aws/docdb/cloudinsight-prod-recovery/"+log, rec.Named(t, logToken, "main-docdb-"+log).Input("name"))
		assert.True(t, cluster.DependsOnNamed(logToken, "main-docdb-"+log), "DocumentDB would make a group of its own")
	}
	assert.Equal(t, 1, rec.Count(instanceToken))
	assert.Equal(t, "cloudinsight-prod-recovery-1", rec.Named(t, instanceToken, "main-docdb-1").Input("identifier"))
	assert.Zero(t, rec.Count(ingressToken), "nobody reads it before it is promoted")
}

func TestRecovery_ParameterGroupIsNamedByItsFamily(t *testing.T) {
	rec, err := record(t, withDocuments())
	require.NoError(t, err)
	group := rec.Named(t, groupToken, "main-docdb-docdb5.0")
	assert.Equal(t, "docdb5.0", group.Input("family"))
	assert.Equal(t, "cloudinsight-prod-recovery-docdb5-0", group.Input("name"))
	assert.Equal(t, map[string]any{"name": "tls", "value": "enabled", "applyMethod": "pending-reboot"}, group.Input("parameters[0]"))
}

func TestRecovery_EverythingSet(t *testing.T) {
	a := withDocuments()
	a.BackupRetentionDays, a.Unprotected, a.Classification = 14, true, "anonymised"
	d := a.Documents
	d.Instances, d.BackupRetentionDays, d.LogRetentionDays = 2, 7, 30
	d.BackupWindow, d.MaintenanceWindow = "22:00-23:00", "mon:01:00-mon:02:00"
	d.Clients = map[string]pulumi.StringInput{"nodes": pulumi.String("sg-1")}
	rec, err := record(t, a)
	require.NoError(t, err)
	cluster := rec.Named(t, clusterToken, "main-docdb")
	assert.False(t, cluster.Protect)
	assert.Equal(t, false, cluster.Input("deletionProtection"))
	assert.Equal(t, 7.0, cluster.Input("backupRetentionPeriod"))
	assert.Equal(t, "22:00-23:00", cluster.Input("preferredBackupWindow"))
	assert.Equal(t, "anonymised", cluster.Input("tags.DataClassification"))
	assert.Equal(t, 14.0, rec.Named(t, replicationToken, "main").Input("retentionPeriod"))
	assert.Equal(t, 2, rec.Count(instanceToken))
	assert.Equal(t, 30.0, rec.Named(t, logToken, "main-docdb-audit").Input("retentionInDays"))
	rule := rec.Named(t, ingressToken, "main-docdb-from-nodes")
	assert.Equal(t, "sg-1", rule.Input("referencedSecurityGroupId"))
	assert.Equal(t, 27017.0, rule.Input("toPort"))
}

func TestRecovery_WaitsForTheFirstClustersInstances(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		first := &struct{ pulumi.CustomResourceState }{}
		if err := ctx.RegisterResource("test:index:First", "first", nil, first); err != nil {
			return err
		}
		a := withDocuments()
		a.Documents.DependsOn = []pulumi.Resource{first}
		_, err := recovery.NewRecovery(ctx, "main", a)
		return err
	})
	assert.True(t, rec.Named(t, clusterToken, "main-docdb").DependsOnNamed("test:index:First", "first"))
}

func TestRecovery_HostsOfTheSecondCluster(t *testing.T) {
	for name, c := range map[string]struct {
		args *recovery.Args
		want string
	}{"none is known to be none": {args(), ""}, "its own": {withDocuments(), "writer.example"}} {
		t.Run(name, func(t *testing.T) {
			hosts := make(chan string, 1)
			pulumitest.Run(t, func(ctx *pulumi.Context) error {
				r, err := recovery.NewRecovery(ctx, "main", c.args)
				if err == nil {
					r.DocumentsEndpoint.ApplyT(func(host string) string { hosts <- host; return host })
				}
				return err
			}, cluster)
			assert.Equal(t, c.want, <-hosts)
		})
	}
}

func TestRecovery_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*recovery.Args)
		want   []string
	}{
		"nothing given": {func(a *recovery.Args) { *a = recovery.Args{} }, []string{
			"name: is required", "region: must be a region", "key arn: is required", "there is nothing to keep",
		}},
		"retention": {func(a *recovery.Args) { a.BackupRetentionDays = 36 }, []string{"backup retention: must be between 1 and 35 days, got 36"}},
		"empty cluster": {func(a *recovery.Args) { a.Documents = &recovery.Documents{} }, []string{
			"documents: global cluster id: is required", "documents: vpc id: is required", "documents: subnet ids: is required",
			"documents: log key arn: is required", "documents: engine version: must be a full version", "documents: instance class: must be",
		}},
		"burstable": {func(a *recovery.Args) { a.Documents.InstanceClass = "db.t3.medium" }, []string{`which global clusters ask for, got "db.t3.medium"`}},
		"instances": {func(a *recovery.Args) { a.Documents.Instances = 17 }, []string{"documents: instances: must be between 1 and 16, got 17"}},
		"cluster's retention": {func(a *recovery.Args) { a.Documents.BackupRetentionDays = -1 }, []string{
			"documents: backup retention: must be between 1 and 35 days, got -1",
		}},
		"windows": {func(a *recovery.Args) { a.Documents.BackupWindow, a.Documents.MaintenanceWindow = "1:00", "sunday" }, []string{
			"documents: backup window: ", "documents: maintenance window: ",
		}},
		"overlap": {func(a *recovery.Args) { a.Documents.BackupWindow = "02:30-03:30" }, []string{
			"documents: maintenance window: must not overlap the backup window 02:30-03:30, got sun:02:00-sun:03:00",
		}},
		"client": {func(a *recovery.Args) {
			a.Documents.Clients = map[string]pulumi.StringInput{"A B": pulumi.String("sg-1")}
		}, []string{`got "A B"`}},
		"client's absent": {func(a *recovery.Args) { a.Documents.Clients = map[string]pulumi.StringInput{"a": nil} }, []string{`clients["a"]: must be a security group`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := withDocuments()
			c.change(a)
			rec, err := record(t, a)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, rec.All())
		})
	}
	_, err := record(t, nil)
	assert.ErrorContains(t, err, `recovery "main": name: is required`)
}

func TestRecovery_ChildrenHaveItAsParent(t *testing.T) {
	rec, err := record(t, withDocuments())
	require.NoError(t, err)
	assert.Len(t, rec.Children(rec.Named(t, "cloudinsight:recovery:Recovery", "main")), len(rec.All())-1)
}

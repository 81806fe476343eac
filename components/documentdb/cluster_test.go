package documentdb

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	clusterToken  = "aws:docdb/cluster:Cluster"
	instanceToken = "aws:docdb/clusterInstance:ClusterInstance"
	globalToken   = "aws:docdb/globalCluster:GlobalCluster"
	groupToken    = "aws:ec2/securityGroup:SecurityGroup"
	ingressToken  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	logToken      = "aws:cloudwatch/logGroup:LogGroup"
	secretToken   = "aws:secretsmanager/secret:Secret"
)

func defaults() *ClusterArgs {
	return &ClusterArgs{
		Name: "cloudinsight-dev-documents", Region: pulumitest.Region, AccountID: pulumitest.AccountID,
		VPCID: pulumi.String("vpc-1"), SubnetIDs: pulumi.ToStringArray([]string{"subnet-a", "subnet-b"}),
		Clients: map[string]pulumi.StringInput{"cluster": pulumi.String("sg-cluster")},
		KeyARN:  pulumi.String("arn:data"), LogKeyARN: pulumi.String("arn:logs"),
	}
}

func everything() *ClusterArgs {
	a := defaults()
	a.EngineVersion, a.InstanceClass, a.Instances, a.Username = "4.0.0", "db.r6g.large", 2, "owner"
	a.ReplicaScaling = &ReplicaScaling{Min: 3, Max: 9, CPUPercent: 60}
	a.Global, a.Login = true, &Login{Password: pulumi.ToSecret(pulumi.String("hunter22")).(pulumi.StringOutput), SecretARN: pulumi.String("arn:login")}
	a.BackupRetentionDays, a.BackupWindow, a.MaintenanceWindow = 7, "22:00-22:30", "sat:23:00-sun:01:00"
	a.LogRetentionDays, a.Unprotected, a.SkipFinalSnapshot = 7, true, true
	a.Classification, a.PermissionsBoundary = "synthetic", pulumi.String("arn:boundary")
	a.Tags = map[string]string{"Owner": "platform"}
	return a
}

// record runs the component and returns what it handed out as text.
func record(t *testing.T, args *ClusterArgs) (*pulumitest.Recorder, *Cluster, map[string]string, error) {
	t.Helper()
	out := map[string]string{}
	var c *Cluster
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) (err error) {
		if c, err = NewCluster(ctx, "documents", args); err != nil {
			return err
		}
		pulumi.All(c.Endpoint, c.ReaderEndpoint, c.SecretARN, c.SecurityGroupID, c.ClusterARN, c.Identifier, c.GlobalClusterID).ApplyT(func(of []any) int {
			for i, name := range []string{"endpoint", "reader", "secret", "group", "arn", "identifier", "global"} {
				out[name] = of[i].(string)
			}
			return 0
		})
		return nil
	}, pulumitest.Outputs(clusterToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{
			"arn": "arn:cluster", "endpoint": "writer.host", "readerEndpoint": "reader.host",
			"masterUserSecrets": []any{map[string]any{"secretArn": "arn:managed"}},
		}
	}), pulumitest.Outputs("aws:secretsmanager/secretVersion:SecretVersion", func(*pulumitest.Resource) map[string]any {
		return map[string]any{"arn": "arn:given"}
	}), pulumitest.Outputs("aws:sfn/stateMachine:StateMachine", func(*pulumitest.Resource) map[string]any {
		return map[string]any{"arn": "arn:machine"}
	}), pulumitest.Outputs("aws:cloudwatch/metricAlarm:MetricAlarm", func(r *pulumitest.Resource) map[string]any {
		return map[string]any{"arn": "arn:alarm:" + r.Name}
	}))
	return rec, c, out, err
}

func recorded(t *testing.T, args *ClusterArgs) (*pulumitest.Recorder, *Cluster, map[string]string) {
	t.Helper()
	rec, c, out, err := record(t, args)
	require.NoError(t, err)
	return rec, c, out
}

func inputs(t *testing.T, r *pulumitest.Resource, want map[string]any) {
	t.Helper()
	for path, value := range want {
		assert.Equal(t, value, r.Input(path), "%s of %s", path, r.Name)
	}
}

func TestCluster_DefaultsAreForProduction(t *testing.T) {
	rec, c, out := recorded(t, defaults())
	cluster := rec.Named(t, clusterToken, "documents")
	inputs(t, cluster, map[string]any{
		"clusterIdentifier": "cloudinsight-dev-documents", "engine": "docdb", "engineVersion": "5.0.0", "masterUsername": "platform",
		"manageMasterUserPassword": true, "masterPassword": nil, "storageEncrypted": true, "kmsKeyId": "arn:data", "port": 27017.0,
		"backupRetentionPeriod": 30.0, "preferredBackupWindow": "02:30-03:30", "preferredMaintenanceWindow": "sun:00:00-sun:02:00",
		"deletionProtection": true, "skipFinalSnapshot": false, "applyImmediately": false, "globalClusterIdentifier": nil,
		"tags.Component": "documentdb", "tags.DataClassification": "confidential", "enabledCloudwatchLogsExports": []any{"audit", "profiler"},
	})
	assert.True(t, cluster.Protect)
	assert.True(t, cluster.DeleteBeforeReplace, "its identifier is fixed")
	assert.NotContains(t, cluster.IgnoreChanges, "globalClusterIdentifier")
	assert.Regexp(t, `^cloudinsight-dev-documents-final-[0-9a-f]{8}$`, cluster.Input("finalSnapshotIdentifier"))
	assert.Equal(t, map[string]string{
		"endpoint": "writer.host", "reader": "reader.host", "secret": "arn:managed", "group": rec.Named(t, groupToken, "documents").ID,
		"arn": "arn:cluster", "identifier": "cloudinsight-dev-documents", "global": "",
	}, out)
	for _, token := range []string{globalToken, secretToken, "aws:sfn/stateMachine:StateMachine", "aws:iam/role:Role"} {
		assert.Equal(t, 0, rec.Count(token), token)
	}
	assert.Len(t, c.Ready, 3)
}

func TestCluster_InstancesTakeOverInOrder(t *testing.T) {
	rec, _, _ := recorded(t, defaults())
	require.Equal(t, 3, rec.Count(instanceToken))
	for number := 1; number <= 3; number++ {
		instance := rec.Named(t, instanceToken, fmt.Sprintf("documents-%d", number))
		inputs(t, instance, map[string]any{
			"identifier": fmt.Sprintf("cloudinsight-dev-documents-%d", number), "instanceClass": "db.r5.large", "promotionTier": float64(number - 1),
			"caCertIdentifier": "rds-ca-rsa2048-g1", "autoMinorVersionUpgrade": false, "availabilityZone": nil, "applyImmediately": false,
		})
		assert.False(t, instance.Protect, "the cluster holds the data")
		assert.True(t, instance.DependsOnNamed(clusterToken, "documents"))
	}
}

// https://github.com/hashicorp/terraform-provider-aws/issues/35855
func TestCluster_TLSIsSpelledAsDocumentDBAnswersIt(t *testing.T) {
	rec, _, _ := recorded(t, defaults())
	group := rec.Named(t, "aws:docdb/clusterParameterGroup:ClusterParameterGroup", "documents-docdb5-0")
	inputs(t, group, map[string]any{"name": "cloudinsight-dev-documents-docdb5-0", "family": "docdb5.0"})
	assert.False(t, group.DeleteBeforeReplace, "the old group is in use until the upgrade is through")
	parameters := map[string]string{}
	for _, one := range group.Input("parameters").([]any) {
		p := one.(map[string]any)
		parameters[p["name"].(string)] = fmt.Sprint(p["value"], " ", p["applyMethod"])
	}
	assert.Equal(t, map[string]string{"tls": "enabled pending-reboot", "audit_logs": "enabled immediate", "profiler": "enabled immediate"}, parameters)
}

func TestCluster_WaitsForLogGroups(t *testing.T) {
	rec, _, _ := recorded(t, defaults())
	cluster := rec.Named(t, clusterToken, "documents")
	for _, log := range []string{"audit", "profiler"} {
		group := rec.Named(t, logToken, "documents-"+log)
		inputs(t, group, map[string]any{"name": "/aws/docdb/cloudinsight-dev-documents/" + log, "retentionInDays": 90.0, "kmsKeyId": "arn:logs"})
		assert.Contains(t, cluster.DependsOn, group.URN)
	}
}

func TestCluster_OnlyClientsGetIn(t *testing.T) {
	rec, _, _ := recorded(t, defaults())
	group := rec.Named(t, groupToken, "documents")
	assert.Nil(t, group.Input("ingress"))
	assert.Nil(t, group.Input("egress"))
	assert.Equal(t, 1, rec.Count(ingressToken))
	inputs(t, rec.Named(t, ingressToken, "documents-from-cluster"), map[string]any{
		"securityGroupId": group.ID, "referencedSecurityGroupId": "sg-cluster", "fromPort": 27017.0, "toPort": 27017.0, "ipProtocol": "tcp",
		"description": "DocumentDB from cluster",
	})
	assert.Equal(t, []any{group.ID}, rec.Named(t, clusterToken, "documents").Input("vpcSecurityGroupIds"))
}

func TestCluster_EverythingSet(t *testing.T) {
	rec, _, out := recorded(t, everything())
	cluster := rec.Named(t, clusterToken, "documents")
	inputs(t, cluster, map[string]any{
		"engineVersion": "4.0.0", "masterUsername": "owner", "backupRetentionPeriod": 7.0, "preferredBackupWindow": "22:00-22:30",
		"preferredMaintenanceWindow": "sat:23:00-sun:01:00", "deletionProtection": false, "skipFinalSnapshot": true,
		"finalSnapshotIdentifier": nil, "tags.DataClassification": "synthetic",
	})
	assert.False(t, cluster.Protect)
	assert.Equal(t, 2, rec.Count(instanceToken))
	assert.Equal(t, "docdb4.0", rec.Named(t, "aws:docdb/clusterParameterGroup:ClusterParameterGroup", "documents-docdb4-0").Input("family"))
	for _, group := range rec.OfType(logToken) {
		assert.Equal(t, 7.0, group.Input("retentionInDays"), group.Name)
	}
	for _, role := range rec.OfType("aws:iam/role:Role") {
		assert.Equal(t, "arn:boundary", role.Input("permissionsBoundary"), role.Name)
	}
	assert.Equal(t, "arn:login", out["secret"])
	for _, r := range rec.All() {
		if r.Type != clusterType {
			assert.NotNil(t, r.Parent, "%s %q", r.Type, r.Name)
		}
	}
}

func TestCluster_GlobalIsMadeAroundIt(t *testing.T) {
	rec, _, out := recorded(t, everything())
	global := rec.Named(t, globalToken, "documents")
	inputs(t, global, map[string]any{
		"globalClusterIdentifier": "cloudinsight-dev-documents-global", "sourceDbClusterIdentifier": "arn:cluster", "deletionProtection": false,
	})
	assert.Equal(t, global.ID, out["global"])
	cluster := rec.Named(t, clusterToken, "documents")
	assert.Contains(t, cluster.IgnoreChanges, "globalClusterIdentifier")
	assert.Nil(t, cluster.Input("manageMasterUserPassword"), "DocumentDB manages no passwords in global clusters")
	assert.Equal(t, pulumitest.Secret{Value: "hunter22"}, cluster.Input("masterPassword"))
	assert.NotContains(t, rec.Text(), "hunter22")
}

func TestCluster_Alarms(t *testing.T) {
	_, c, _ := recorded(t, defaults())
	got := map[string]alarm.Alarm{}
	for _, a := range c.Alarms() {
		assert.NoError(t, a.WithDefaults().Validate(), a.Name)
		assert.NotContains(t, got, a.Name)
		got[a.Name] = a
	}
	require.Len(t, got, 4+3*2)
	const name = "cloudinsight-dev-documents"
	assert.Equal(t, 70.0, got[name+"-1-cpu"].Threshold)
	assert.Equal(t, 2720.0, got[name+"-3-connections"].Threshold)
	assert.Equal(t, "VolumeBytesUsed", got[name+"-storage"].Metric)
	assert.Equal(t, 0.8*128*1024*gib, got[name+"-storage"].Threshold)
	assert.True(t, got[name+"-local-storage"].Below)

	single := defaults()
	single.Instances = 1
	_, c, _ = recorded(t, single)
	assert.False(t, slices.ContainsFunc(c.Alarms(), func(a alarm.Alarm) bool { return a.Name == name+"-lag" }), "nobody follows")
}

func TestSnapshotName_GoesByIdentity(t *testing.T) {
	first := snapshotName("documents", "vpc-1", "arn:key", "platform")
	assert.Equal(t, first, snapshotName("documents", "vpc-1", "arn:key", "platform"))
	assert.NotEqual(t, first, snapshotName("documents", "vpc-2", "arn:key", "platform"))
	assert.NotEqual(t, first, snapshotName("documents", "vpc-1", "arn:other", "platform"))
}

func TestCluster_Refuses(t *testing.T) {
	scaling := func(s ReplicaScaling) func(*ClusterArgs) { return func(a *ClusterArgs) { a.ReplicaScaling = &s } }
	for name, c := range map[string]struct {
		change func(*ClusterArgs)
		want   string
	}{
		"name":             {func(a *ClusterArgs) { a.Name = "1st" }, `name: must be up to 45 lower-case letters`},
		"long name":        {func(a *ClusterArgs) { a.Name = strings.Repeat("x", 46) }, "name: must be up to 45"},
		"account":          {func(a *ClusterArgs) { a.AccountID = "" }, "account id: must be twelve digits"},
		"region":           {func(a *ClusterArgs) { a.Region = "" }, "region: must be given"},
		"vpc":              {func(a *ClusterArgs) { a.VPCID = nil }, "vpc id: must be given"},
		"subnets":          {func(a *ClusterArgs) { a.SubnetIDs = nil }, "subnet ids: must be given"},
		"key":              {func(a *ClusterArgs) { a.KeyARN = nil }, "key arn: must be given"},
		"log key":          {func(a *ClusterArgs) { a.LogKeyARN = nil }, "log key arn: must be given"},
		"version":          {func(a *ClusterArgs) { a.EngineVersion = "5.0" }, `engine version: must be in full, such as "5.0.0", got "5.0"`},
		"class":            {func(a *ClusterArgs) { a.InstanceClass = "db.m5.large" }, `instance class: must be one of db.r5.12xlarge, `},
		"instances":        {func(a *ClusterArgs) { a.Instances = 17 }, "instances: must be between 1 and 16, got 17"},
		"user":             {func(a *ClusterArgs) { a.Username = "admin" }, `and not be admin or serviceadmin, got "admin"`},
		"no backups":       {func(a *ClusterArgs) { a.BackupRetentionDays = -1 }, "backup retention: must be between 1 and 35 days, got -1"},
		"backup window":    {func(a *ClusterArgs) { a.BackupWindow = "night" }, `backup window: must be "HH:MM-HH:MM" in UTC, got "night"`},
		"maintenance":      {func(a *ClusterArgs) { a.MaintenanceWindow = "daily" }, `maintenance window: must be "ddd:HH:MM-ddd:HH:MM"`},
		"windows overlap":  {func(a *ClusterArgs) { a.BackupWindow = "01:30-02:30" }, "backup window: must not overlap the maintenance window sun:00:00-sun:02:00"},
		"classification":   {func(a *ClusterArgs) { a.Classification = "x" }, `got "x"`},
		"label":            {func(a *ClusterArgs) { a.Clients["-"] = pulumi.String("sg") }, `clients: labels must be lower-case letters, digits and single hyphens, got "-"`},
		"password":         {func(a *ClusterArgs) { a.Login = &Login{} }, "login: must have a password and its secret's arn"},
		"global":           {func(a *ClusterArgs) { a.Global = true }, "global: needs a login"},
		"global and small": {func(a *ClusterArgs) { a.Global, a.InstanceClass = true, "db.t3.medium" }, `global: must have instances of a class above db.t, got "db.t3.medium"`},
		"min below":        {scaling(ReplicaScaling{Min: 2, Max: 9}), "replica scaling: must have 3 ≤ min ≤ max ≤ 16, got min 2 and max 9"},
		"max below min":    {scaling(ReplicaScaling{Min: 4, Max: 3}), "got min 4 and max 3"},
		"no max":           {scaling(ReplicaScaling{}), "got min 3 and max 0"},
		"too many":         {scaling(ReplicaScaling{Max: 17}), "got min 3 and max 17"},
		"cpu":              {scaling(ReplicaScaling{Max: 9, CPUPercent: 99}), "replica scaling: cpu percent: must be between 20 and 95, got 99"},
		"nothing to measure": {func(a *ClusterArgs) { a.Instances, a.ReplicaScaling = 1, &ReplicaScaling{Max: 3} },
			"replica scaling: must have a replica to measure, got 1 instances"},
	} {
		t.Run(name, func(t *testing.T) {
			args := defaults()
			c.change(args)
			rec, _, _, err := record(t, args)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All(), "nothing is registered")
		})
	}
}

func TestCluster_IsMadeFromASnapshot(t *testing.T) {
	a := defaults()
	a.RestoreFrom = "arn:aws:rds:af-south-1:111122223333:cluster-snapshot:s-1"
	rec, _, _, err := record(t, a)
	require.NoError(t, err)
	cluster := rec.OfType("aws:docdb/cluster:Cluster")[0]
	assert.Equal(t, a.RestoreFrom, cluster.Input("snapshotIdentifier"))
	assert.Contains(t, cluster.IgnoreChanges, "snapshotIdentifier", "a cluster is made once")
}

package rds

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	instanceToken = "aws:rds/instance:Instance"
	groupToken    = "aws:ec2/securityGroup:SecurityGroup"
	ingressToken  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	logToken      = "aws:cloudwatch/logGroup:LogGroup"
	proxyToken    = "aws:rds/proxy:Proxy"
)

func defaults() *DatabaseArgs {
	return &DatabaseArgs{
		Name: "cloudinsight-dev", Region: pulumitest.Region, AccountID: pulumitest.AccountID,
		VPCID: pulumi.String("vpc-1"), SubnetIDs: pulumi.ToStringArray([]string{"subnet-a", "subnet-b"}),
		Clients: map[string]pulumi.StringInput{"cluster": pulumi.String("sg-cluster")},
		KeyARN:  pulumi.String("arn:data"), SecretKeyARN: pulumi.String("arn:secrets"), LogKeyARN: pulumi.String("arn:logs"),
	}
}

func everything() *DatabaseArgs {
	a := defaults()
	a.EngineVersion, a.InstanceClass, a.DatabaseName, a.Username = "16.15", "db.t3.micro", "users", "owner"
	a.StorageGiB, a.MaxStorageGiB, a.SingleZone, a.ReadReplicas = 20, 200, true, 2
	a.BackupRetentionDays, a.BackupWindow, a.MaintenanceWindow = 7, "22:00-22:30", "sat:23:00-sun:01:00"
	a.LogRetentionDays, a.Proxy, a.Unprotected, a.SkipFinalSnapshot = 7, true, true, true
	a.Classification, a.PermissionsBoundary, a.Login = "synthetic", pulumi.String("arn:boundary"), kept()
	return a
}

// kept is a password that somebody else keeps.
func kept() *Login {
	return &Login{Password: pulumi.ToSecret(pulumi.String("made-up")).(pulumi.StringOutput), SecretARN: pulumi.String("arn:login")}
}

// record runs the component and returns what it handed out as text.
func record(t *testing.T, args *DatabaseArgs) (*pulumitest.Recorder, *Database, map[string]string, error) {
	t.Helper()
	out := map[string]string{}
	var d *Database
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) (err error) {
		if d, err = NewDatabase(ctx, "database", args); err != nil {
			return err
		}
		pulumi.All(d.Endpoint, d.ReaderEndpoint, d.SecretARN, d.SecurityGroupID, d.InstanceARN, d.Identifier).ApplyT(func(of []any) int {
			for i, name := range []string{"endpoint", "reader", "secret", "group", "arn", "identifier"} {
				out[name] = of[i].(string)
			}
			return 0
		})
		return nil
	}, pulumitest.Outputs(instanceToken, func(r *pulumitest.Resource) map[string]any {
		return map[string]any{
			"address": r.Name + ".host", "arn": "arn:" + r.Name, "resourceId": "db-" + r.Name,
			"masterUserSecrets": []any{map[string]any{"secretArn": "arn:secret-of-" + r.Name}},
		}
	}), pulumitest.Outputs(proxyToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"endpoint": "proxy.host", "arn": "arn:aws:rds:af-south-1:111122223333:db-proxy:prx-1"}
	}), pulumitest.Outputs("aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup", func(*pulumitest.Resource) map[string]any {
		return map[string]any{"name": "default"}
	}))
	return rec, d, out, err
}

func recorded(t *testing.T, args *DatabaseArgs) (*pulumitest.Recorder, *Database, map[string]string) {
	t.Helper()
	rec, d, out, err := record(t, args)
	require.NoError(t, err)
	return rec, d, out
}

func inputs(t *testing.T, r *pulumitest.Resource, want map[string]any) {
	t.Helper()
	for path, value := range want {
		assert.Equal(t, value, r.Input(path), "%s of %s", path, r.Name)
	}
}

func TestDatabase_DefaultsAreForProduction(t *testing.T) {
	rec, d, out := recorded(t, defaults())
	db := rec.Named(t, instanceToken, "database")
	inputs(t, db, map[string]any{
		"identifier": "cloudinsight-dev", "engine": "postgres", "engineVersion": "17.11", "instanceClass": "db.r5.large",
		"autoMinorVersionUpgrade": false, "applyImmediately": false, "dbName": "cloudinsight", "username": "platform",
		"manageMasterUserPassword": true, "masterUserSecretKmsKeyId": "arn:secrets", "password": nil,
		"storageEncrypted": true, "kmsKeyId": "arn:data", "storageType": "gp3", "allocatedStorage": 100.0, "maxAllocatedStorage": nil,
		"multiAz": true, "publiclyAccessible": false, "port": 5432.0, "iamDatabaseAuthenticationEnabled": true,
		"backupRetentionPeriod": 30.0, "backupWindow": "02:30-03:30", "maintenanceWindow": "sun:00:00-sun:02:00",
		"deletionProtection": true, "skipFinalSnapshot": false, "deleteAutomatedBackups": false, "copyTagsToSnapshot": true,
		"performanceInsightsEnabled": true, "performanceInsightsRetentionPeriod": 7.0, "performanceInsightsKmsKeyId": "arn:data",
		"databaseInsightsMode": "standard", "monitoringInterval": 60.0, "caCertIdentifier": "rds-ca-rsa2048-g1",
		"tags.Component": "rds", "tags.DataClassification": "confidential",
		"enabledCloudwatchLogsExports": []any{"postgresql", "upgrade"},
	})
	assert.True(t, db.Protect)
	assert.True(t, db.DeleteBeforeReplace, "its identifier is fixed")
	assert.NotContains(t, db.IgnoreChanges, "allocatedStorage", "without auto-scaling a change of the storage is somebody's wish")
	assert.Equal(t, 1, rec.Count(instanceToken))
	assert.Equal(t, 0, rec.Count(proxyToken))
	assert.Equal(t, map[string]string{
		"endpoint": "database.host", "reader": "database.host", "secret": "arn:secret-of-database", "arn": "arn:database",
		"group": rec.Named(t, groupToken, "database").ID, "identifier": "cloudinsight-dev",
	}, out)
	assert.Equal(t, "cloudinsight", d.DatabaseName)
	assert.Len(t, d.Ready, 1)
}

func TestDatabase_ForcesTLSAndLogs(t *testing.T) {
	rec, _, _ := recorded(t, defaults())
	group := rec.Named(t, "aws:rds/parameterGroup:ParameterGroup", "database-postgres17")
	inputs(t, group, map[string]any{"name": "cloudinsight-dev-postgres17", "family": "postgres17"})
	assert.False(t, group.DeleteBeforeReplace, "the old group is in use until the upgrade is through")
	parameters := map[string]string{}
	for _, one := range group.Input("parameters").([]any) {
		p := one.(map[string]any)
		parameters[p["name"].(string)] = fmt.Sprint(p["value"], " ", p["applyMethod"])
	}
	assert.Equal(t, map[string]string{
		"rds.force_ssl": "1 pending-reboot", "max_connections": "1774 pending-reboot", "log_connections": "1 immediate", "log_lock_waits": "1 immediate",
		"log_disconnections": "1 immediate", "log_min_duration_statement": "1000 immediate", "log_temp_files": "10240 immediate",
	}, parameters)
	assert.Equal(t, group.Input("name"), rec.Named(t, instanceToken, "database").Input("parameterGroupName"))
}

func TestDatabase_WaitsForWhatRDSWouldMakeItself(t *testing.T) {
	rec, _, _ := recorded(t, defaults())
	db := rec.Named(t, instanceToken, "database")
	for _, log := range []string{"postgresql", "upgrade"} {
		group := rec.Named(t, logToken, "database-"+log)
		inputs(t, group, map[string]any{"name": "/aws/rds/instance/cloudinsight-dev/" + log, "retentionInDays": 90.0, "kmsKeyId": "arn:logs"})
		assert.Contains(t, db.DependsOn, group.URN)
	}
	attachment := rec.Named(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "database-monitoring")
	assert.Contains(t, db.DependsOn, attachment.URN)
	role := rec.Named(t, "aws:iam/role:Role", "database-monitoring")
	assert.Equal(t, "arn:aws:iam::111122223333:role/cloudinsight-dev-monitoring", db.Input("monitoringRoleArn"))
	assert.Contains(t, role.Input("assumeRolePolicy"), "arn:aws:rds:af-south-1:111122223333:db:cloudinsight-dev*")
}

func TestDatabase_OnlyClientsGetIn(t *testing.T) {
	rec, _, _ := recorded(t, defaults())
	group := rec.Named(t, groupToken, "database")
	assert.Nil(t, group.Input("ingress"))
	assert.Nil(t, group.Input("egress"))
	assert.Equal(t, 1, rec.Count(ingressToken))
	inputs(t, rec.Named(t, ingressToken, "database-from-cluster"), map[string]any{
		"securityGroupId": group.ID, "referencedSecurityGroupId": "sg-cluster", "fromPort": 5432.0, "toPort": 5432.0, "ipProtocol": "tcp",
		"description": "PostgreSQL from cluster",
	})
	assert.Equal(t, 0, rec.Count("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"))
}

func TestDatabase_FinalSnapshotIsNamedAfterItsDatabase(t *testing.T) {
	rec, _, _ := recorded(t, defaults())
	first := rec.Named(t, instanceToken, "database").Input("finalSnapshotIdentifier")
	assert.Regexp(t, `^cloudinsight-dev-final-[0-9a-f]{8}$`, first)
	for name, change := range map[string]func(*DatabaseArgs){
		"vpc": func(a *DatabaseArgs) { a.VPCID = pulumi.String("vpc-2") }, "key": func(a *DatabaseArgs) { a.KeyARN = pulumi.String("arn:other") },
		"database": func(a *DatabaseArgs) { a.DatabaseName = "other" }, "user": func(a *DatabaseArgs) { a.Username = "other" },
	} {
		args := defaults()
		change(args)
		rec, _, _ := recorded(t, args)
		assert.NotEqual(t, first, rec.Named(t, instanceToken, "database").Input("finalSnapshotIdentifier"), name)
	}
}

func TestDatabase_EverythingSet(t *testing.T) {
	rec, d, out := recorded(t, everything())
	db := rec.Named(t, instanceToken, "database")
	inputs(t, db, map[string]any{
		"engineVersion": "16.15", "instanceClass": "db.t3.micro", "dbName": "users", "username": "owner", "multiAz": false,
		"allocatedStorage": 20.0, "maxAllocatedStorage": 200.0, "backupRetentionPeriod": 7.0, "backupWindow": "22:00-22:30",
		"maintenanceWindow": "sat:23:00-sun:01:00", "deletionProtection": false, "skipFinalSnapshot": true, "deleteAutomatedBackups": true,
		"finalSnapshotIdentifier": nil, "tags.DataClassification": "synthetic", "performanceInsightsEnabled": true,
	})
	assert.False(t, db.Protect)
	assert.Contains(t, db.IgnoreChanges, "allocatedStorage", "RDS has grown it since")
	assert.Equal(t, "postgres16", rec.Named(t, "aws:rds/parameterGroup:ParameterGroup", "database-postgres16").Input("family"))
	for _, role := range rec.OfType("aws:iam/role:Role") {
		assert.Equal(t, "arn:boundary", role.Input("permissionsBoundary"), role.Name)
	}
	for _, group := range rec.OfType(logToken) {
		assert.Equal(t, 7.0, group.Input("retentionInDays"), group.Name)
	}
	assert.Equal(t, "proxy.host", out["endpoint"])
	assert.Equal(t, "database-replica-1.host", out["reader"], "a proxy of an instance does not read")
	assert.Equal(t, rec.Named(t, groupToken, "database-proxy").ID, out["group"])
	assert.Len(t, d.Ready, 4, "instance, the proxy's target and two replicas")
}

func TestDatabase_ProxyStandsBetween(t *testing.T) {
	rec, _, _ := recorded(t, everything())
	proxy := rec.Named(t, proxyToken, "database")
	inputs(t, proxy, map[string]any{
		"name": "cloudinsight-dev-proxy", "engineFamily": "POSTGRESQL", "requireTls": true, "auths[0].iamAuth": "DISABLED", "auths[0].clientPasswordAuthType": "POSTGRES_SCRAM_SHA_256",
		"auths[0].authScheme": "SECRETS", "auths[0].secretArn": "arn:login", "vpcSubnetIds": []any{"subnet-a", "subnet-b"},
	})
	assert.Contains(t, proxy.DependsOn, rec.Named(t, logToken, "database-proxy").URN)
	policy := rec.Named(t, "aws:iam/rolePolicy:RolePolicy", "database-proxy")
	assert.Contains(t, proxy.DependsOn, policy.URN)
	assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Read","Effect":"Allow","Action":["secretsmanager:GetSecretValue"],"Resource":["arn:login"]},
		{"Sid":"Decrypt","Effect":"Allow","Action":["kms:Decrypt"],"Resource":["arn:secrets"],
		 "Condition":{"StringEquals":{"kms:ViaService":["secretsmanager.af-south-1.amazonaws.com"]}}}]}`, policy.Input("policy").(string))

	group := func(name string) string { return rec.Named(t, groupToken, name).ID }
	rules := map[string]string{}
	for _, rule := range rec.OfType(ingressToken) {
		rules[rule.Name] = fmt.Sprint(rule.Input("referencedSecurityGroupId"), " to ", rule.Input("securityGroupId"))
	}
	assert.Equal(t, map[string]string{
		"database-proxy-from-cluster":   "sg-cluster to " + group("database-proxy"),
		"database-from-proxy":           group("database-proxy") + " to " + group("database"),
		"database-replica-from-cluster": "sg-cluster to " + group("database-replica"),
	}, rules)
	inputs(t, rec.Named(t, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "database-proxy-to-database"), map[string]any{
		"securityGroupId": group("database-proxy"), "referencedSecurityGroupId": group("database"), "fromPort": 5432.0,
	})
	target := rec.Named(t, "aws:rds/proxyTarget:ProxyTarget", "database")
	inputs(t, target, map[string]any{"dbInstanceIdentifier": "cloudinsight-dev", "dbProxyName": "cloudinsight-dev-proxy", "targetGroupName": "default"})
}

func TestDatabase_ReplicasAreCopies(t *testing.T) {
	args := defaults()
	args.ReadReplicas, args.Login = 1, kept()
	rec, _, out := recorded(t, args)
	replica := rec.Named(t, instanceToken, "database-replica-1")
	inputs(t, replica, map[string]any{
		"identifier": "cloudinsight-dev-replica-1", "replicateSourceDb": "cloudinsight-dev", "storageEncrypted": true, "skipFinalSnapshot": true,
		"username": nil, "dbName": nil, "manageMasterUserPassword": nil, "dbSubnetGroupName": nil, "allocatedStorage": nil, "kmsKeyId": nil,
		"iamDatabaseAuthenticationEnabled": true, "publiclyAccessible": false, "vpcSecurityGroupIds": []any{rec.Named(t, groupToken, "database").ID},
	})
	assert.False(t, replica.Protect)
	assert.Contains(t, replica.DependsOn, rec.Named(t, logToken, "database-replica-1-postgresql").URN)
	assert.Equal(t, "database-replica-1.host", out["reader"])
	assert.Equal(t, "database.host", out["endpoint"])
}

func TestDatabase_Alarms(t *testing.T) {
	args := defaults()
	args.ReadReplicas, args.Login = 1, kept()
	_, d, _ := recorded(t, args)
	got := map[string]alarm.Alarm{}
	for _, a := range d.Alarms() {
		assert.NoError(t, a.WithDefaults().Validate(), a.Name)
		assert.NotContains(t, got, a.Name)
		got[a.Name] = a
	}
	require.Len(t, got, 11)
	assert.Equal(t, 75.0, got["cloudinsight-dev-cpu"].Threshold)
	assert.InDelta(t, 0.8*1774, got["cloudinsight-dev-connections"].Threshold, 0.01)
	assert.Equal(t, 10.0*gib, got["cloudinsight-dev-storage"].Threshold)
	assert.True(t, got["cloudinsight-dev-storage"].Below)
	assert.Equal(t, alarm.Critical, got["cloudinsight-dev-storage"].Severity)
	assert.True(t, got["cloudinsight-dev-memory"].Below)
	assert.Equal(t, "ReplicaLag", got["cloudinsight-dev-replica-1-lag"].Metric)
	assert.NotContains(t, got, "cloudinsight-dev-lag", "the primary follows nobody")
}

func TestDatabase_EveryChildHasAParent(t *testing.T) {
	rec, _, _ := recorded(t, everything())
	for _, r := range rec.All() {
		if r.Type != databaseType {
			assert.NotNil(t, r.Parent, "%s %q", r.Type, r.Name)
		}
	}
}

func TestDatabase_NoSecretIsRegistered(t *testing.T) {
	rec, _, _ := recorded(t, defaults())
	for _, r := range rec.All() {
		text, err := json.Marshal(r.Inputs)
		require.NoError(t, err)
		assert.NotContains(t, string(text), `"password"`, r.Name)
	}

	rec, _, _ = recorded(t, everything())
	assert.Equal(t, pulumitest.Secret{Value: "made-up"}, rec.Named(t, instanceToken, "database").Input("password"))
	assert.NotContains(t, rec.Text(), "made-up")
}

func TestDatabase_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*DatabaseArgs)
		want   string
	}{
		"name":                        {func(a *DatabaseArgs) { a.Name = "Cloud--Insight" }, `name: must be up to 45 lower-case letters`},
		"long name":                   {func(a *DatabaseArgs) { a.Name = strings.Repeat("x", 46) }, "name: must be up to 45"},
		"account":                     {func(a *DatabaseArgs) { a.AccountID = "1" }, `account id: must be twelve digits, got "1"`},
		"region":                      {func(a *DatabaseArgs) { a.Region = "" }, "region: must be given"},
		"vpc":                         {func(a *DatabaseArgs) { a.VPCID = nil }, "vpc id: must be given"},
		"subnets":                     {func(a *DatabaseArgs) { a.SubnetIDs = nil }, "subnet ids: must be given"},
		"key":                         {func(a *DatabaseArgs) { a.KeyARN = nil }, "key arn: must be given"},
		"secret key":                  {func(a *DatabaseArgs) { a.SecretKeyARN = nil }, "secret key arn: must be given"},
		"log key":                     {func(a *DatabaseArgs) { a.LogKeyARN = nil }, "log key arn: must be given"},
		"floating version":            {func(a *DatabaseArgs) { a.EngineVersion = "17" }, `engine version: must name major and minor, such as "17.11", got "17"`},
		"class":                       {func(a *DatabaseArgs) { a.InstanceClass = "r5.large" }, `instance class: must look like db.r5.large, got "r5.large"`},
		"database":                    {func(a *DatabaseArgs) { a.DatabaseName = "my-db" }, `database name: must match`},
		"reserved user":               {func(a *DatabaseArgs) { a.Username = "rdsadmin" }, `username: must match`},
		"little storage":              {func(a *DatabaseArgs) { a.StorageGiB = 10 }, "storage: must be between 20 and 65536 GiB, got 10"},
		"no room to grow":             {func(a *DatabaseArgs) { a.MaxStorageGiB = 105 }, "max storage: must be 0 or at least a tenth more than 100 GiB, got 105"},
		"replicas and RDS's password": {func(a *DatabaseArgs) { a.ReadReplicas = 1 }, "login: must be given with read replicas"},
		"half a login":                {func(a *DatabaseArgs) { a.Login = &Login{} }, "login: must have a password and its secret's arn"},
		"replicas":                    {func(a *DatabaseArgs) { a.ReadReplicas = 16 }, "read replicas: must be between 0 and 15, got 16"},
		"no backups":                  {func(a *DatabaseArgs) { a.BackupRetentionDays = -1 }, "backup retention: must be between 1 and 35 days, got -1"},
		"backup window":               {func(a *DatabaseArgs) { a.BackupWindow = "night" }, `backup window: must be "HH:MM-HH:MM" in UTC, got "night"`},
		"maintenance":                 {func(a *DatabaseArgs) { a.MaintenanceWindow = "sun:02:00-sun:02:10" }, "maintenance window: must be at least 30 minutes long"},
		"windows overlap":             {func(a *DatabaseArgs) { a.BackupWindow = "01:30-02:30" }, "backup window: must not overlap the maintenance window sun:00:00-sun:02:00, got 01:30-02:30"},
		"classification":              {func(a *DatabaseArgs) { a.Classification = "secret" }, `classification: must be one of confidential, anonymised, synthetic, got "secret"`},
		"label of a client":           {func(a *DatabaseArgs) { a.Clients["The Cluster"] = pulumi.String("sg") }, `clients: labels must be lower-case letters, digits and single hyphens, got "The Cluster"`},
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

func TestDatabase_NamesAllProblemsAtOnce(t *testing.T) {
	_, _, _, err := record(t, nil)
	for _, want := range []string{`database "database": `, "name: ", "account id: ", "region: ", "vpc id: ", "key arn: "} {
		assert.ErrorContains(t, err, want)
	}
}

func TestDatabase_IsMadeFromWhatWasKept(t *testing.T) {
	for from, want := range map[string]map[string]any{
		"arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1": {
			"snapshotIdentifier": nil,
			"restoreToPointInTime.sourceDbInstanceAutomatedBackupsArn": "arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1",
			"restoreToPointInTime.useLatestRestorableTime":             true,
		},
		"arn:aws:rds:eu-west-1:111122223333:snapshot:s-1": {
			"snapshotIdentifier": "arn:aws:rds:eu-west-1:111122223333:snapshot:s-1", "restoreToPointInTime": nil,
		},
	} {
		a := defaults()
		a.RestoreFrom = from
		rec, _, _, err := record(t, a)
		require.NoError(t, err)
		instance := rec.Named(t, instanceToken, "database")
		for path, value := range want {
			assert.Equal(t, value, instance.Input(path), "%s: %s", from, path)
		}
		assert.Contains(t, instance.IgnoreChanges, "snapshotIdentifier", "a database is made once")
		assert.Contains(t, instance.IgnoreChanges, "restoreToPointInTime")
	}
}

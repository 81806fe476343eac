package aws

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

// databases are a ground with the groups of an instance.
type databases struct {
	*ground
	subnets, parameters made
}

func newDatabases(t *testing.T) *databases {
	d := &databases{ground: newGround(t)}
	d.subnets = d.make(typeDBSubnetGroup, map[string]any{"name": "main", "subnetIds": []any{d.a.id, d.b.id}})
	d.parameters = d.make(typeDBParameters, map[string]any{"name": "main-postgres17", "family": "postgres17", "parameters": []any{
		map[string]any{"name": "max_connections", "value": "84", "applyMethod": "pending-reboot"},
		map[string]any{"name": "log_min_duration_statement", "value": "1000", "applyMethod": "immediate"},
	}})
	return d
}

// instance is an instance that AWS takes, with other values.
func (d *databases) instance(with map[string]any) map[string]any {
	return changed(map[string]any{
		"identifier": "main", "engine": "postgres", "engineVersion": "17.11", "instanceClass": "db.t3.micro", "allocatedStorage": 20,
		"storageType": "gp3", "storageEncrypted": true, "kmsKeyId": d.key.outputs.str("arn"), "dbName": "cloudinsight", "username": "platform",
		"manageMasterUserPassword": true, "dbSubnetGroupName": "main", "parameterGroupName": "main-postgres17", "vpcSecurityGroupIds": []any{d.group.id},
		"backupRetentionPeriod": 7, "backupWindow": "02:30-03:30", "maintenanceWindow": "sun:00:00-sun:02:00", "finalSnapshotIdentifier": "main-final",
		"monitoringInterval": 60, "monitoringRoleArn": d.monitoring.outputs.str("arn"), "enabledCloudwatchLogsExports": []any{"postgresql"},
	}, with)
}

func TestRDS_FillsInWhatAWSDoes(t *testing.T) {
	d := newDatabases(t)
	out := d.make(typeDatabase, d.instance(nil)).outputs
	assert.Regexp(t, `^main\.c[a-z2-7]{11}\.af-south-1\.rds\.amazonaws\.com$`, out.str("address"))
	assert.Equal(t, out.str("address")+":5432", out["endpoint"])
	assert.Regexp(t, `^arn:aws:rds:af-south-1:\d{12}:db:main$`, out["arn"])
	assert.Regexp(t, `^db-[A-Z2-7]{26}$`, out["resourceId"])
	assert.Regexp(t, `^Z[A-Z2-7]{13}$`, out["hostedZoneId"])
	for name, want := range map[string]any{
		"port": 5432.0, "status": "available", "engineVersionActual": "17.11", "multiAz": false, "iops": 3000.0, "caCertIdentifier": "rds-ca-rsa2048-g1",
		"licenseModel": "postgresql-license", "deletionProtection": false, "deleteAutomatedBackups": true, "replicas": []any{}, "availabilityZone": "af-south-1a",
	} {
		assert.Equal(t, want, out[name], name)
	}
	assert.NotEmpty(t, out["latestRestorableTime"])
	secrets := out.objects("masterUserSecrets")
	require.Len(t, secrets, 1)
	credentials := d.credentials(t, secrets[0].str("secretArn"))
	assert.Equal(t, "platform", credentials["username"])
	assert.GreaterOrEqual(t, len(credentials["password"]), 20)
	assert.NotContains(t, fmt.Sprint(out), credentials["password"], "the password is nobody's to see")
	d.state(func(s *account.State) {
		assert.NotNil(t, s.Get(typeLogGroup, "/aws/rds/instance/main/postgresql"), "RDS makes a log group that is not there")
	})
}

func TestRDS_RefusesInputs(t *testing.T) {
	d := newDatabases(t)
	d.refusesChanges(t, typeDatabase, d.instance(nil), map[string]change{
		"identifier":         {map[string]any{"identifier": "Main--1"}, "identifier: must be a lower-case letter"},
		"engine":             {map[string]any{"engine": "mysql"}, "engine: must be one of [postgres]"},
		"too small":          {map[string]any{"allocatedStorage": 10}, "allocatedStorage: must be between 20 and 65536, got 10"},
		"auto-scaling":       {map[string]any{"maxAllocatedStorage": 21}, "maxAllocatedStorage: must be at least 10% above allocatedStorage, got 21 and 20"},
		"iops":               {map[string]any{"iops": 4000}, "a storage size less than 400"},
		"retention":          {map[string]any{"backupRetentionPeriod": 36}, "backupRetentionPeriod: must be between 0 and 35"},
		"window":             {map[string]any{"backupWindow": "2:30"}, "backupWindow: must be hh24:mi-hh24:mi of at least 30 minutes"},
		"windows overlap":    {map[string]any{"backupWindow": "01:30-02:30"}, "backup window and maintenance window must not overlap"},
		"log":                {map[string]any{"enabledCloudwatchLogsExports": []any{"audit"}}, `enabledCloudwatchLogsExports[0]: must be one of`},
		"no monitoring role": {map[string]any{"monitoringRoleArn": nil}, "a MonitoringRoleARN value is required"},
		"monitoring":         {map[string]any{"monitoringInterval": 45}, "monitoringInterval: must be one of [0 1 5 10 15 30 60]"},
		"insights":           {map[string]any{"performanceInsightsEnabled": true, "performanceInsightsRetentionPeriod": 30}, "must be 7, a multiple of 31"},
		"insights off":       {map[string]any{"performanceInsightsRetentionPeriod": 7}, "needs performanceInsightsEnabled"},
		"zone and multi az":  {map[string]any{"multiAz": true, "availabilityZone": "af-south-1a"}, "not valid for Multi-AZ instances"},
		"no password":        {map[string]any{"manageMasterUserPassword": nil}, "password: is required without manageMasterUserPassword"},
		"two passwords":      {map[string]any{"password": "long-enough"}, "password: conflicts with manageMasterUserPassword"},
		"reserved user":      {map[string]any{"username": "rdsadmin"}, "reserved word"},
		"database name":      {map[string]any{"dbName": "1st"}, "dbName: must match"},
		"snapshot name":      {map[string]any{"finalSnapshotIdentifier": "1-final"}, "finalSnapshotIdentifier: must be a letter"},
		"unknown effect":     {map[string]any{"domain": "d-1"}, "domain: the stand-in does not know what AWS does with it"},
		"key unencrypted":    {map[string]any{"storageEncrypted": false}, "a key is of no use without storageEncrypted"},
		"replica of its own": {map[string]any{"replicateSourceDb": "other"}, "a replica takes it from its source"},
	})
}

func TestRDS_RefusesWhatTheAccountDoesNotHave(t *testing.T) {
	d := newDatabases(t)
	d.make(typeDBParameters, map[string]any{"name": "old", "family": "postgres16"})
	other := d.make(typeVPC, map[string]any{"cidrBlock": "10.9.0.0/16"})
	stranger := d.make(typeSecurityGroup, map[string]any{"vpcId": other.id})
	elsewhere := made{}
	d.in("eu-west-1", func() { elsewhere = d.make(typeKey, map[string]any{}) })
	gone := d.make(typeKey, map[string]any{})
	require.NoError(t, d.delete(gone))
	disabled := d.make(typeKey, map[string]any{"isEnabled": false})
	d.refusesChanges(t, typeDatabase, d.instance(nil), map[string]change{
		"class":          {map[string]any{"instanceClass": "db.m7g.large"}, "DBInstanceClass=db.m7g.large, Engine=postgres, EngineVersion=17.11 in af-south-1"},
		"minor":          {map[string]any{"engineVersion": "17.99"}, "Cannot find version 17.99 for postgres"},
		"floating minor": {map[string]any{"engineVersion": "17"}, "Cannot find version 17 for postgres"},
		"subnets":        {map[string]any{"dbSubnetGroupName": "none"}, "DB subnet group 'none' does not exist."},
		"parameters":     {map[string]any{"parameterGroupName": "none"}, "DBParameterGroup not found: none"},
		"family":         {map[string]any{"parameterGroupName": "old"}, "Please use a Parameter Group with DBParameterGroupFamily postgres17"},
		"group":          {map[string]any{"vpcSecurityGroupIds": []any{"sg-none"}}, "'sg-none' does not exist"},
		"group's vpc":    {map[string]any{"vpcSecurityGroupIds": []any{stranger.id}}, "and the subnets are in"},
		"key elsewhere":  {map[string]any{"kmsKeyId": elsewhere.outputs.str("arn")}, "kmsKeyId: there is none in af-south-1"},
		"key of secret":  {map[string]any{"masterUserSecretKmsKeyId": elsewhere.outputs.str("arn")}, "masterUserSecretKmsKeyId: there is none in af-south-1"},
		"key that goes":  {map[string]any{"kmsKeyId": gone.outputs.str("arn")}, "it is pending deletion"},
		"key disabled":   {map[string]any{"kmsKeyId": disabled.outputs.str("arn")}, "it is disabled"},
		"monitoring":     {map[string]any{"monitoringRoleArn": d.role("ec2.amazonaws.com").outputs.str("arn")}, "does not include the required permissions for: ENHANCED_MONITORING"},
		"zone":           {map[string]any{"availabilityZone": "af-south-1c"}, "has no subnet in af-south-1c"},
		"snapshot":       {map[string]any{"snapshotIdentifier": "none"}, "DBSnapshot not found: none"},
		"backups":        {map[string]any{"restoreToPointInTime": map[string]any{"sourceDbInstanceAutomatedBackupsArn": "arn:none", "useLatestRestorableTime": true}}, "DBInstanceAutomatedBackupNotFound"},
	})
	d.make(typeDatabase, d.instance(nil))
	_, err := d.try(typeDatabase, d.instance(nil))
	assert.ErrorContains(t, err, "DBInstanceAlreadyExists")
	assert.ErrorContains(t, d.delete(d.subnets), "at least one database is still using it")
	assert.ErrorContains(t, d.delete(d.parameters), "still members of this parameter group")
	assert.ErrorContains(t, d.delete(d.group), "has a dependent object")
	assert.ErrorContains(t, d.delete(d.a), "has dependencies and cannot be deleted")
	assert.ErrorContains(t, d.delete(d.key), "encrypts db-")
}

func TestRDS_Groups(t *testing.T) {
	d := newDatabases(t)
	same := d.subnet("10.0.3.0/24", "af-south-1a")
	parameters := func(parameters ...any) map[string]any {
		return map[string]any{"family": "postgres17", "parameters": parameters}
	}
	set := func(name, value, method string) map[string]any {
		return map[string]any{"name": name, "value": value, "applyMethod": method}
	}
	d.refuses(t, map[string]refusal{
		"one zone":      {typeDBSubnetGroup, map[string]any{"subnetIds": []any{d.a.id, same.id}}, "Current AZ coverage: af-south-1a. Add subnets to cover at least 2 AZs."},
		"no subnet":     {typeDBSubnetGroup, map[string]any{"subnetIds": []any{"subnet-none", d.a.id}}, "'subnet-none' does not exist"},
		"taken":         {typeDBSubnetGroup, map[string]any{"name": "main", "subnetIds": []any{d.a.id, d.b.id}}, "DBSubnetGroupAlreadyExists"},
		"taken, shared": {typeDocumentSubnetGroup, map[string]any{"name": "main", "subnetIds": []any{d.a.id, d.b.id}}, "DBSubnetGroupAlreadyExists"},
		"family":        {typeDBParameters, map[string]any{"family": "postgres9"}, "family: must be a family of postgres"},
		"group taken":   {typeDBParameters, map[string]any{"name": "main-postgres17", "family": "postgres17"}, "DBParameterGroupAlreadyExists"},
		"unknown":       {typeDBParameters, parameters(set("force_ssl", "1", "immediate")), "Could not find parameter with name: force_ssl"},
		"static":        {typeDBParameters, parameters(set("max_connections", "84", "immediate")), "cannot use immediate apply method for static parameter: max_connections"},
		"static unsaid": {typeDBParameters, parameters(map[string]any{"name": "max_connections", "value": "84"}), "static parameter: max_connections"},
		"value":         {typeDBParameters, parameters(set("rds.force_ssl", "on", "immediate")), "Invalid parameter value: on for: rds.force_ssl allowed values are: 0,1"},
		"method":        {typeDBParameters, parameters(set("log_connections", "1", "soon")), "parameters[0].applyMethod: must be one of"},
		"twice":         {typeDBParameters, parameters(set("log_connections", "1", "immediate"), set("log_connections", "0", "immediate")), "is there twice"},
	})
	_, err := d.update(d.parameters, map[string]any{"name": "main-postgres17", "family": "postgres17", "parameters": []any{set("nothing", "1", "immediate")}})
	assert.ErrorContains(t, err, "Could not find parameter with name: nothing")
}

func TestRDS_Updates(t *testing.T) {
	d := newDatabases(t)
	db := d.make(typeDatabase, d.instance(map[string]any{"allocatedStorage": 100}))
	grow := func(size int) (props, error) {
		return d.update(db, d.instance(map[string]any{"allocatedStorage": size}))
	}
	_, err := grow(50)
	assert.ErrorContains(t, err, "storage cannot shrink")
	out, err := grow(105)
	require.NoError(t, err)
	assert.Equal(t, 110.0, out["allocatedStorage"], "a step is a tenth at least")

	d.make(typeDBParameters, map[string]any{"name": "main-postgres18", "family": "postgres18"})
	upgrade := map[string]any{"allocatedStorage": 110, "engineVersion": "18.6", "parameterGroupName": "main-postgres18"}
	_, err = d.update(db, d.instance(upgrade))
	assert.ErrorContains(t, err, "The AllowMajorVersionUpgrade flag must be present")
	upgrade["allowMajorVersionUpgrade"] = true
	out, err = d.update(db, d.instance(upgrade))
	require.NoError(t, err)
	assert.Equal(t, "18.6", out["engineVersionActual"])
	_, err = d.update(db, d.instance(map[string]any{"allocatedStorage": 110}))
	assert.ErrorContains(t, err, "Cannot upgrade postgres from 18.6 to 17.11")

	secret := out.objects("masterUserSecrets")[0].str("secretArn")
	upgrade["manageMasterUserPassword"], upgrade["password"] = nil, "chosen-by-hand"
	upgrade["identifier"] = "renamed"
	out, err = d.update(db, d.instance(upgrade))
	require.NoError(t, err)
	assert.Empty(t, out["masterUserSecrets"])
	assert.Contains(t, out.str("address"), "renamed.")
	assert.Equal(t, db.outputs["resourceId"], out["resourceId"])
	d.state(func(s *account.State) { assert.Nil(t, s.Get(typeSecret, secret)) })
	assert.Equal(t, "chosen-by-hand", out["password"])
	read := d.read(db)
	assert.True(t, read.Inputs["password"].IsSecret(), "a refresh gives no password away")
	assert.True(t, read.Outputs["password"].IsSecret())
}

func TestRDS_DownLeavesASnapshotAndUpIsPossibleAgain(t *testing.T) {
	d := newDatabases(t)
	up := func(with map[string]any) made {
		return d.make(typeDatabase, d.instance(changed(map[string]any{"deleteAutomatedBackups": false}, with)))
	}
	db := up(map[string]any{"deletionProtection": true})
	secret := db.outputs.objects("masterUserSecrets")[0].str("secretArn")
	assert.ErrorContains(t, d.delete(db), "Cannot delete protected DB Instance, please disable deletion protection and try again.")
	_, err := d.update(db, d.instance(map[string]any{"deleteAutomatedBackups": false}))
	require.NoError(t, err)
	require.NoError(t, d.delete(db))

	kept := d.kept()
	assert.Equal(t, "final snapshot", kept["main-final"])
	assert.Len(t, kept, 2)
	for id, why := range kept {
		if id != "main-final" {
			assert.Contains(t, id, ":auto-backup:ab-")
			assert.Regexp(t, `^automated backups until \d{4}-\d\d-\d\d$`, why)
		}
	}
	d.state(func(s *account.State) {
		assert.Nil(t, s.Get(typeSecret, secret), "the managed secret goes with its database")
	})

	again := up(nil)
	assert.ErrorContains(t, d.delete(again), "a snapshot with the identifier main-final already exists.")
	_, err = d.update(again, d.instance(map[string]any{"finalSnapshotIdentifier": nil}))
	require.NoError(t, err)
	assert.ErrorContains(t, d.delete(again), "FinalSnapshotIdentifier is required unless SkipFinalSnapshot is specified")
	_, err = d.update(again, d.instance(map[string]any{"skipFinalSnapshot": true}))
	require.NoError(t, err)
	require.NoError(t, d.delete(again))

	restored := d.make(typeDatabase, map[string]any{
		"identifier": "restored", "instanceClass": "db.t3.micro", "snapshotIdentifier": "main-final", "dbSubnetGroupName": "main", "skipFinalSnapshot": true,
	})
	assert.Equal(t, "platform", restored.outputs["username"])
	assert.Equal(t, "17.11", restored.outputs["engineVersion"])
	for id := range kept {
		if id != "main-final" {
			d.make(typeDatabase, map[string]any{
				"identifier": "earlier", "instanceClass": "db.t3.micro", "dbSubnetGroupName": "main",
				"restoreToPointInTime": map[string]any{"sourceDbInstanceAutomatedBackupsArn": id, "useLatestRestorableTime": true},
			})
		}
	}
}

func TestRDS_Replicas(t *testing.T) {
	d := newDatabases(t)
	source := d.make(typeDatabase, d.instance(map[string]any{"skipFinalSnapshot": true}))
	bare := d.make(typeDatabase, d.instance(map[string]any{"identifier": "bare", "backupRetentionPeriod": 0}))
	replica := map[string]any{"identifier": "main-1", "instanceClass": "db.t3.micro", "replicateSourceDb": "main", "skipFinalSnapshot": true, "parameterGroupName": "main-postgres17", "storageEncrypted": true}
	d.refusesChanges(t, typeDatabase, replica, map[string]change{
		"no source":  {map[string]any{"replicateSourceDb": "none"}, "DBInstanceNotFound"},
		"no backups": {map[string]any{"replicateSourceDb": "bare"}, "Automated backups are not enabled for this database instance"},
	})
	one := d.make(typeDatabase, replica)
	assert.Equal(t, d.key.outputs["arn"], one.outputs["kmsKeyId"], "a replica has the key of its source")
	assert.Equal(t, "main", one.outputs["dbSubnetGroupName"])
	assert.Equal(t, []string{"main-1"}, plainMap(d.read(source).Outputs).strings("replicas"))
	_, err := d.update(source, d.instance(map[string]any{"backupRetentionPeriod": 0}))
	assert.ErrorContains(t, err, "Backups cannot be disabled")
	_, err = d.update(one, changed(replica, map[string]any{"instanceClass": "db.t3.small"}))
	require.NoError(t, err)
	require.NoError(t, d.delete(one))
	assert.Empty(t, plainMap(d.read(source).Outputs).strings("replicas"))

	two := d.make(typeDatabase, replica)
	require.NoError(t, d.delete(source))
	assert.False(t, d.read(two).Inputs.HasValue("replicateSourceDb"), "it is a database of its own now")
	require.NoError(t, d.delete(two))
	assert.ErrorContains(t, d.delete(d.subnets), bare.id)
}

func TestRDS_BackupsAreReplicatedToAnotherRegion(t *testing.T) {
	d := newDatabases(t)
	source := d.make(typeDatabase, d.instance(nil))
	replicate := map[string]any{"sourceDbInstanceArn": source.outputs.str("arn"), "retentionPeriod": 14, "kmsKeyId": d.key.outputs.str("arn")}
	_, err := d.try(typeBackupReplication, replicate)
	assert.ErrorContains(t, err, "must be in a Region other than af-south-1")
	d.in("eu-west-1", func() {
		d.refusesChanges(t, typeBackupReplication, replicate, map[string]change{
			"key elsewhere": {nil, "kmsKeyId: there is none in eu-west-1"},
			"no key":        {map[string]any{"kmsKeyId": nil}, "An encrypted DB instance needs a KMS key of eu-west-1"},
			"retention":     {map[string]any{"retentionPeriod": 36}, "retentionPeriod: must be between 1 and 35"},
			"no source":     {map[string]any{"sourceDbInstanceArn": "arn:aws:rds:af-south-1:1:db:none"}, "DBInstanceNotFound"},
		})
		key := d.make(typeKey, map[string]any{})
		copied := d.make(typeBackupReplication, changed(replicate, map[string]any{"kmsKeyId": key.outputs.str("arn")}))
		assert.Regexp(t, `^arn:aws:rds:eu-west-1:\d{12}:auto-backup:ab-[a-z2-7]{26}$`, copied.id)
		_, err := d.try(typeBackupReplication, changed(replicate, map[string]any{"kmsKeyId": key.outputs.str("arn")}))
		assert.ErrorContains(t, err, "are replicated already")
		require.NoError(t, d.delete(copied))
		assert.Regexp(t, `^replicated backups until`, d.kept()[copied.id])
	})
}

func TestRDS_Proxy(t *testing.T) {
	d := newDatabases(t)
	db := d.make(typeDatabase, d.instance(nil))
	auth := map[string]any{"authScheme": "SECRETS", "iamAuth": "DISABLED", "secretArn": db.outputs.objects("masterUserSecrets")[0].str("secretArn")}
	in := map[string]any{
		"name": "main-proxy", "engineFamily": "POSTGRESQL", "requireTls": true, "auths": []any{auth}, "roleArn": d.role("rds.amazonaws.com").outputs.str("arn"),
		"vpcSubnetIds": []any{d.a.id, d.b.id}, "vpcSecurityGroupIds": []any{d.group.id},
	}
	d.refusesChanges(t, typeProxy, in, map[string]change{
		"family":   {map[string]any{"engineFamily": "MYSQL"}, "engineFamily: must be one of [POSTGRESQL]"},
		"one zone": {map[string]any{"vpcSubnetIds": []any{d.a.id}}, "two Availability Zones at least"},
		"role":     {map[string]any{"roleArn": d.monitoring.outputs.str("arn")}, "rds.amazonaws.com may not assume it"},
		"secret":   {map[string]any{"auths": []any{changed(auth, map[string]any{"secretArn": "arn:none"})}}, "Secrets Manager can't find the specified secret"},
		"iam":      {map[string]any{"requireTls": false, "auths": []any{changed(auth, map[string]any{"iamAuth": "REQUIRED"})}}, "IAM authentication needs TLS"},
	})
	proxy := d.make(typeProxy, in)
	assert.Regexp(t, `^main-proxy\.proxy-c[a-z2-7]{11}\.af-south-1\.rds\.amazonaws\.com$`, proxy.outputs["endpoint"])
	assert.Regexp(t, `:db-proxy:prx-[0-9a-f]{17}$`, proxy.outputs["arn"])
	d.refuses(t, map[string]refusal{
		"pool":     {typeProxyGroup, map[string]any{"dbProxyName": "main-proxy", "connectionPoolConfig": map[string]any{"maxConnectionsPercent": 50, "maxIdleConnectionsPercent": 60}}, "must not be above maxConnectionsPercent"},
		"no proxy": {typeProxyGroup, map[string]any{"dbProxyName": "none"}, "DB proxy none not found."},
		"target":   {typeProxyTarget, map[string]any{"dbProxyName": "main-proxy", "targetGroupName": "default", "dbInstanceIdentifier": "none"}, "DBInstance none not found."},
	})
	pool := d.make(typeProxyGroup, map[string]any{"dbProxyName": "main-proxy"})
	assert.Equal(t, "default", pool.outputs["name"])
	target := d.make(typeProxyTarget, map[string]any{"dbProxyName": "main-proxy", "targetGroupName": "default", "dbInstanceIdentifier": "main"})
	assert.Equal(t, "main-proxy/default/RDS_INSTANCE/main", target.id)
	assert.Equal(t, db.outputs["address"], target.outputs["endpoint"])
	require.NoError(t, d.delete(proxy))
	assert.Nil(t, d.read(target).Outputs, "its targets go with it")
}

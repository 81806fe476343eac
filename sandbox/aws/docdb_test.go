package aws

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

type documents struct {
	*ground
	subnets, parameters made
}

func newDocuments(t *testing.T) *documents {
	d := &documents{ground: newGround(t)}
	d.subnets = d.make(typeDocumentSubnetGroup, map[string]any{"name": "docs", "subnetIds": []any{d.a.id, d.b.id}})
	d.parameters = d.make(typeDocumentParameters, map[string]any{"name": "docs-5", "family": "docdb5.0", "parameters": []any{
		map[string]any{"name": "tls", "value": "enabled", "applyMethod": "pending-reboot"},
	}})
	return d
}

func (d *documents) cluster(with map[string]any) map[string]any {
	return changed(map[string]any{
		"clusterIdentifier": "docs", "engineVersion": "5.0.0", "masterUsername": "platform", "manageMasterUserPassword": true, "storageEncrypted": true,
		"kmsKeyId": d.key.outputs.str("arn"), "dbSubnetGroupName": "docs", "dbClusterParameterGroupName": "docs-5",
		"vpcSecurityGroupIds": []any{d.group.id}, "preferredBackupWindow": "02:30-03:30", "preferredMaintenanceWindow": "sun:00:00-sun:02:00",
		"enabledCloudwatchLogsExports": []any{"audit"}, "finalSnapshotIdentifier": "docs-final",
	}, with)
}

func TestDocumentDB_FillsInWhatAWSDoes(t *testing.T) {
	d := newDocuments(t)
	cluster := d.make(typeDocuments, d.cluster(nil))
	out := cluster.outputs
	assert.Equal(t, "docs", cluster.id)
	assert.Regexp(t, `^docs\.cluster-c[a-z2-7]{11}\.af-south-1\.docdb\.amazonaws\.com$`, out["endpoint"])
	assert.Regexp(t, `^docs\.cluster-ro-c`, out["readerEndpoint"])
	assert.Regexp(t, `^arn:aws:rds:af-south-1:\d{12}:cluster:docs$`, out["arn"])
	assert.Equal(t, 27017.0, out["port"])
	assert.Equal(t, 1.0, out["backupRetentionPeriod"])
	assert.Equal(t, []string{"af-south-1a", "af-south-1b"}, out.strings("availabilityZones"))
	credentials := d.credentials(t, out.objects("masterUserSecrets")[0].str("secretArn"))
	assert.Equal(t, "platform", credentials["username"])
	assert.NotContains(t, fmt.Sprint(out), credentials["password"])

	first := d.make(typeDocumentInstance, map[string]any{"identifier": "docs-1", "clusterIdentifier": "docs", "instanceClass": "db.t3.medium"})
	second := d.make(typeDocumentInstance, map[string]any{"identifier": "docs-2", "clusterIdentifier": "docs", "instanceClass": "db.t3.medium"})
	assert.Equal(t, true, first.outputs["writer"])
	assert.Equal(t, false, second.outputs["writer"])
	assert.NotEqual(t, first.outputs["availabilityZone"], second.outputs["availabilityZone"])
	assert.Equal(t, d.key.outputs["arn"], first.outputs["kmsKeyId"])
	assert.Regexp(t, `^docs-1\.c[a-z2-7]{11}\.af-south-1\.docdb\.amazonaws\.com$`, first.outputs["endpoint"])
	assert.Equal(t, []string{"docs-1", "docs-2"}, plainMap(d.read(cluster).Outputs).strings("clusterMembers"))
}

func TestDocumentDB_Refuses(t *testing.T) {
	d := newDocuments(t)
	d.make(typeDocumentParameters, map[string]any{"name": "docs-4", "family": "docdb4.0"})
	d.refusesChanges(t, typeDocuments, d.cluster(nil), map[string]change{
		"identifier":  {map[string]any{"clusterIdentifier": "Docs"}, "clusterIdentifier: must be a lower-case letter"},
		"version":     {map[string]any{"engineVersion": "5.0"}, "engineVersion: must be one of"},
		"retention":   {map[string]any{"backupRetentionPeriod": 0}, "backupRetentionPeriod: must be between 1 and 35"},
		"overlap":     {map[string]any{"preferredBackupWindow": "00:30-01:30"}, "must not overlap"},
		"log":         {map[string]any{"enabledCloudwatchLogsExports": []any{"postgresql"}}, "must be one of [audit profiler]"},
		"no password": {map[string]any{"manageMasterUserPassword": nil}, "manageMasterUserPassword are required"},
		"two":         {map[string]any{"masterPassword": "long-enough"}, "conflicts with"},
		"password":    {map[string]any{"manageMasterUserPassword": nil, "masterPassword": "with@sign"}, "masterPassword: must have 8 to 100"},
		"user":        {map[string]any{"masterUsername": "admin"}, "be no reserved word"},
		"subnets":     {map[string]any{"dbSubnetGroupName": "none"}, "DB subnet group 'none' does not exist."},
		"family":      {map[string]any{"dbClusterParameterGroupName": "docs-4"}, "Please use a Parameter Group with DBParameterGroupFamily docdb5.0"},
		"parameters":  {map[string]any{"dbClusterParameterGroupName": "none"}, "DBClusterParameterGroup not found: none"},
		"key":         {map[string]any{"kmsKeyId": "arn:aws:kms:eu-west-1:1:key/none"}, "kmsKeyId: there is none in af-south-1"},
		"snapshot":    {map[string]any{"snapshotIdentifier": "none"}, "DBClusterSnapshot not found: none"},
		"global":      {map[string]any{"globalClusterIdentifier": "none"}, "Global cluster none not found"},
	})
	parameter := func(name, value, method string) map[string]any {
		return map[string]any{"family": "docdb5.0", "parameters": []any{map[string]any{"name": name, "value": value, "applyMethod": method}}}
	}
	d.refuses(t, map[string]refusal{
		"spelling": {typeDocumentParameters, parameter("tls", "on", "pending-reboot"), "Invalid parameter value: on for: tls allowed values are: disabled,enabled,"},
		"static":   {typeDocumentParameters, parameter("tls", "enabled", "immediate"), "static parameter: tls"},
		"name":     {typeDocumentParameters, parameter("audit", "enabled", "immediate"), "Could not find parameter with name: audit"},
		"too fast": {typeDocumentParameters, parameter("profiler_threshold_ms", "10", "immediate"), "allowed values are: 50-2147483646"},
		"family":   {typeDocumentParameters, map[string]any{"family": "docdb7.0"}, "family: must be a family of docdb"},
	})
}

func TestDocumentDB_Instances(t *testing.T) {
	d := newDocuments(t)
	d.make(typeDocuments, d.cluster(nil))
	old := d.make(typeDocuments, d.cluster(map[string]any{"clusterIdentifier": "old", "engineVersion": "3.6.0", "dbClusterParameterGroupName": nil}))
	in := map[string]any{"identifier": "docs-1", "clusterIdentifier": "docs", "instanceClass": "db.t3.medium"}
	d.refusesChanges(t, typeDocumentInstance, in, map[string]change{
		"class":     {map[string]any{"instanceClass": "db.r8g.large"}, "DBInstanceClass=db.r8g.large, Engine=docdb"},
		"size":      {map[string]any{"instanceClass": "db.t3.large"}, "af-south-1 has db.r5, db.r6g, db.t3, db.t4g there"},
		"too old":   {map[string]any{"instanceClass": "db.t4g.medium", "clusterIdentifier": old.id}, "EngineVersion=3.6.0"},
		"cluster":   {map[string]any{"clusterIdentifier": "none"}, "Could not find cluster: none"},
		"zone":      {map[string]any{"availabilityZone": "af-south-1c"}, "has no subnet in af-south-1c"},
		"promotion": {map[string]any{"promotionTier": 16}, "promotionTier: must be between 0 and 15"},
	})
	for n := range maxDocumentInstances {
		d.make(typeDocumentInstance, changed(in, map[string]any{"identifier": fmt.Sprintf("docs-%d", n+1)}))
	}
	_, err := d.try(typeDocumentInstance, changed(in, map[string]any{"identifier": "docs-17"}))
	assert.ErrorContains(t, err, "has 16 instances already")
	_, err = d.try(typeDocumentInstance, in)
	assert.ErrorContains(t, err, "DBInstanceAlreadyExists")

	g := newDatabases(t)
	g.make(typeDatabase, g.instance(map[string]any{"identifier": "shared"}))
	g.make(typeDocumentSubnetGroup, map[string]any{"name": "docs", "subnetIds": []any{g.a.id, g.b.id}})
	g.make(typeDocuments, map[string]any{"clusterIdentifier": "docs", "engineVersion": "5.0.0", "masterUsername": "platform", "masterPassword": "long-enough", "dbSubnetGroupName": "docs"})
	_, err = g.try(typeDocumentInstance, changed(in, map[string]any{"identifier": "shared"}))
	assert.ErrorContains(t, err, "DBInstanceAlreadyExists", "RDS and DocumentDB share identifiers of instances")
}

func TestDocumentDB_DownLeavesASnapshot(t *testing.T) {
	d := newDocuments(t)
	cluster := d.make(typeDocuments, d.cluster(map[string]any{"deletionProtection": true}))
	instance := d.make(typeDocumentInstance, map[string]any{"identifier": "docs-1", "clusterIdentifier": "docs", "instanceClass": "db.t3.medium"})
	assert.ErrorContains(t, d.delete(cluster), "Cannot delete protected Cluster")
	_, err := d.update(cluster, d.cluster(nil))
	require.NoError(t, err)
	assert.ErrorContains(t, d.delete(cluster), "it still contains DB instances in non-deleting state: docs-1")
	assert.ErrorContains(t, d.delete(d.parameters), "still members of this parameter group")
	require.NoError(t, d.delete(instance))
	require.NoError(t, d.delete(cluster))
	assert.Equal(t, map[string]string{"docs-final": "final snapshot"}, d.kept())
	require.NoError(t, d.delete(d.parameters))
	d.state(func(s *account.State) {
		assert.Empty(t, s.List(typeSecret), "the managed secret goes with its cluster")
	})

	again := d.make(typeDocuments, d.cluster(map[string]any{"dbClusterParameterGroupName": nil}))
	assert.ErrorContains(t, d.delete(again), "DBClusterSnapshotAlreadyExistsFault")
	restored := d.make(typeDocuments, map[string]any{"clusterIdentifier": "restored", "snapshotIdentifier": "docs-final", "dbSubnetGroupName": "docs", "skipFinalSnapshot": true})
	assert.Equal(t, "platform", restored.outputs["masterUsername"])
	_, err = d.update(again, d.cluster(map[string]any{"dbClusterParameterGroupName": nil, "engineVersion": "8.0.0"}))
	assert.ErrorContains(t, err, "AllowMajorVersionUpgrade")
	_, err = d.update(again, d.cluster(map[string]any{"dbClusterParameterGroupName": nil, "engineVersion": "4.0.0"}))
	assert.ErrorContains(t, err, "Cannot upgrade docdb from 5.0.0 to 4.0.0")
}

func TestDocumentDB_GlobalCluster(t *testing.T) {
	d := newDocuments(t)
	managed := d.make(typeDocuments, d.cluster(map[string]any{"clusterIdentifier": "managed"}))
	small := d.make(typeDocuments, d.cluster(map[string]any{"clusterIdentifier": "small", "manageMasterUserPassword": nil, "masterPassword": "long-enough"}))
	d.make(typeDocumentInstance, map[string]any{"identifier": "small-1", "clusterIdentifier": "small", "instanceClass": "db.t3.medium"})
	first := d.make(typeDocuments, d.cluster(map[string]any{"manageMasterUserPassword": nil, "masterPassword": "long-enough"}))
	around := func(cluster made) map[string]any {
		return map[string]any{"globalClusterIdentifier": "world", "sourceDbClusterIdentifier": cluster.outputs.str("arn")}
	}
	d.refuses(t, map[string]refusal{
		"managed password": {typeGlobalDocuments, around(managed), "isn't supported for clusters of a global cluster"},
		"class":            {typeGlobalDocuments, around(small), "Instance class db.t3.medium is not supported in a global cluster"},
		"source":           {typeGlobalDocuments, map[string]any{"globalClusterIdentifier": "world", "sourceDbClusterIdentifier": "arn:none"}, "Could not find cluster: arn:none"},
	})
	world := d.make(typeGlobalDocuments, around(first))
	assert.Equal(t, "5.0.0", world.outputs["engineVersion"])
	assert.Regexp(t, `^arn:aws:rds::\d{12}:global-cluster:world$`, world.outputs["arn"])
	_, err := d.try(typeDocumentInstance, map[string]any{"identifier": "docs-1", "clusterIdentifier": "docs", "instanceClass": "db.t4g.medium"})
	assert.ErrorContains(t, err, "not supported in a global cluster")

	second := map[string]any{
		"clusterIdentifier": "second", "globalClusterIdentifier": "world", "engineVersion": "5.0.0", "dbSubnetGroupName": "docs", "storageEncrypted": true, "skipFinalSnapshot": true,
	}
	_, err = d.try(typeDocuments, second)
	assert.ErrorContains(t, err, "has a cluster in af-south-1 already")
	d.in("eu-west-1", func() {
		vpc := d.make(typeVPC, map[string]any{"cidrBlock": "10.1.0.0/16"})
		var subnets []any
		for i, zone := range []string{"eu-west-1a", "eu-west-1b"} {
			subnets = append(subnets, d.make(typeSubnet, map[string]any{"vpcId": vpc.id, "cidrBlock": fmt.Sprintf("10.1.%d.0/24", i), "availabilityZone": zone}).id)
		}
		d.make(typeDocumentSubnetGroup, map[string]any{"name": "docs", "subnetIds": subnets})
		key := d.make(typeKey, map[string]any{})
		d.refusesChanges(t, typeDocuments, changed(second, map[string]any{"kmsKeyId": key.outputs.str("arn")}), map[string]change{
			"user":    {map[string]any{"masterUsername": "platform"}, "Cannot specify masterUsername for a secondary cluster"},
			"no key":  {map[string]any{"kmsKeyId": nil}, "kmsKeyId should be explicitly specified"},
			"version": {map[string]any{"engineVersion": "8.0.0"}, "engineVersion and storageEncrypted must be those of"},
		})
		follower := d.make(typeDocuments, changed(second, map[string]any{"kmsKeyId": key.outputs.str("arn")}))
		assert.Equal(t, "platform", follower.outputs["masterUsername"])
		reader := d.make(typeDocumentInstance, map[string]any{"identifier": "second-1", "clusterIdentifier": "second", "instanceClass": "db.r5.large"})
		assert.Equal(t, false, reader.outputs["writer"])
		d.in("af-south-1", func() { assert.ErrorContains(t, d.delete(first), "please remove it from globalcluster first") })
		d.configure("eu-west-1")
		require.NoError(t, d.delete(reader))
		require.NoError(t, d.delete(follower))
	})
	assert.Len(t, plainMap(d.read(world).Outputs).objects("globalClusterMembers"), 1)
	require.NoError(t, d.delete(world))
	assert.Empty(t, plainMap(d.read(first).Outputs).str("globalClusterIdentifier"))
	require.NoError(t, d.delete(first))
}

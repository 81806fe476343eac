package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	typeDocuments        = "aws:docdb/cluster:Cluster"
	typeDocumentInstance = "aws:docdb/clusterInstance:ClusterInstance"
	typeGlobalDocuments  = "aws:docdb/globalCluster:GlobalCluster"
	typeClusterSnapshot  = "aws:docdb/clusterSnapshot:ClusterSnapshot"

	maxDocumentInstances = 16
)

// documentVersions: https://docs.aws.amazon.com/documentdb/latest/developerguide/release-notes.html
var documentVersions = []string{"3.6.0", "4.0.0", "5.0.0", "8.0.0"}

// classSince are the families that older engines do not run on:
// https://docs.aws.amazon.com/documentdb/latest/developerguide/db-instance-classes.html
var classSince = map[string]string{"db.r6g": "4.0.0", "db.t4g": "4.0.0", "db.r8g": "5.0.0"}

var documentLogs = []string{"audit", "profiler"}

// documentKinds are DocumentDB clusters, their instances, and global clusters.
// Rules: https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBCluster.html, API_DeleteDBCluster.html,
// limits.html, global-clusters.html, docdb-secrets-manager.html
var documentKinds = map[string]kind{
	typeDocuments: {
		replace: []string{
			"availabilityZones", "clusterIdentifier", "clusterIdentifierPrefix", "dbSubnetGroupName", "engine", "kmsKeyId", "masterUsername",
			"port", "restoreToPointInTime", "storageEncrypted",
		},
		replaceWhen: []condition{{"snapshotIdentifier", "given or changed", func(_, now props) bool { return now.has("snapshotIdentifier") }}},
		rules:       documentRules,
		create:      createDocuments,
		update:      updateDocuments,
		remove:      removeDocuments,
	},
	typeDocumentInstance: {
		replace: []string{"availabilityZone", "clusterIdentifier", "engine", "identifier", "identifierPrefix"},
		rules: func(in props, p *problems) {
			p.identifier(in, "identifier", 63)
			p.apart(in, "identifier", "identifierPrefix")
			p.oneOf(in, "engine", "engine", "docdb")
			p.oneOf(in, "caCertIdentifier", "caCertIdentifier", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
			p.between(in, "promotionTier", "promotionTier", 0, 15)
			p.windows(in, "", "preferredMaintenanceWindow", 30)
			if in.has("performanceInsightsKmsKeyId") && !in.boolean("enablePerformanceInsights") {
				p.add("performanceInsightsKmsKeyId", "InvalidParameterCombination: needs enablePerformanceInsights")
			}
		},
		create: createDocumentInstance,
		update: checkDocumentInstance,
		remove: func(c *call) error {
			if cluster := c.find(typeDocuments, c.in.str("clusterIdentifier")); cluster != nil {
				cluster.Props["clusterMembers"] = slices.DeleteFunc(asList(cluster.Props["clusterMembers"]), func(v any) bool { return v == c.id })
			}
			return nil
		},
	},
	typeGlobalDocuments: {
		global:  true,
		replace: []string{"databaseName", "engine", "globalClusterIdentifier", "sourceDbClusterIdentifier", "storageEncrypted"},
		rules: func(in props, p *problems) {
			p.identifier(in, "globalClusterIdentifier", 63)
			p.oneOf(in, "engine", "engine", "docdb")
			p.oneOf(in, "engineVersion", "engineVersion", documentVersions...)
			p.apart(in, "engine", "sourceDbClusterIdentifier")
		},
		create: createGlobalDocuments,
		remove: removeGlobalDocuments,
	},
}

func documentRules(in props, p *problems) {
	p.identifier(in, "clusterIdentifier", 63)
	p.apart(in, "clusterIdentifier", "clusterIdentifierPrefix")
	p.apart(in, "masterPassword", "manageMasterUserPassword")
	p.apart(in, "snapshotIdentifier", "restoreToPointInTime")
	p.unknownTo(in, "restoreToPointInTime", "clusterMembers")
	p.oneOf(in, "engine", "engine", "docdb")
	p.oneOf(in, "engineVersion", "engineVersion", documentVersions...)
	p.oneOf(in, "storageType", "storageType", "standard", "iopt1")
	p.between(in, "backupRetentionPeriod", "backupRetentionPeriod", 1, 35)
	p.between(in, "port", "port", 1150, 65535)
	p.windows(in, "preferredBackupWindow", "preferredMaintenanceWindow", 30)
	finalSnapshotRules(in, p)
	for i, log := range in.strings("enabledCloudwatchLogsExports") {
		if !slices.Contains(documentLogs, log) {
			p.add(fmt.Sprintf("enabledCloudwatchLogsExports[%d]", i), "must be one of %v, got %q", documentLogs, log)
		}
	}
	if n := in.str("masterUsername"); in.known("masterUsername") && (!masterUser.MatchString(n) || n == "admin" || n == "serviceadmin") {
		p.add("masterUsername", "must match %s and be no reserved word, got %q", masterUser, n)
	}
	if n := in.str("masterPassword"); in.known("masterPassword") && (len(n) < 8 || len(n) > 100 || strings.ContainsAny(n, `/@"`)) {
		p.add("masterPassword", "must have 8 to 100 characters other than slash, at sign and double quote")
	}
	if in.known("storageEncrypted") && !in.boolean("storageEncrypted") && in.has("kmsKeyId") {
		p.add("kmsKeyId", "InvalidParameterCombination: a key is of no use without storageEncrypted")
	}
}

func createDocuments(c *call) error {
	const operation = "CreateDBCluster"
	if c.id = c.in.str("clusterIdentifier"); c.id == "" {
		c.id = generatedName(c.in.str("clusterIdentifierPrefix"))
		c.out["clusterIdentifier"] = c.id
	}
	if c.find(typeDocuments, c.id) != nil {
		return fail(operation, "DBClusterAlreadyExistsFault", "DB Cluster already exists: %s", c.id)
	}
	if err := documentOrigin(c); err != nil {
		return err
	}
	c.standard(props{"engineVersion": "5.0.0"})
	if err := checkDocuments(c, operation); err != nil {
		return err
	}
	c.arn = c.arnOf("rds", "cluster:"+c.id)
	label := c.hostLabel("docdb")
	subnets := c.find(typeDocumentSubnetGroup, c.in.str("dbSubnetGroupName"))
	version, _ := c.value("engineVersion").(string)
	maps.Copy(c.out, props{
		"clusterResourceId": "cluster-" + upperID(26), "hostedZoneId": c.hostedZone("docdb"), "masterUserSecrets": []any{}, "clusterMembers": []any{},
		"endpoint":       fmt.Sprintf("%s.cluster-%s.%s.docdb.amazonaws.com", c.id, label, c.region),
		"readerEndpoint": fmt.Sprintf("%s.cluster-ro-%s.%s.docdb.amazonaws.com", c.id, label, c.region),
	})
	c.standard(props{
		"availabilityZones": subnets.Props["__zones"], "backupRetentionPeriod": 1.0, "dbClusterParameterGroupName": "default." + familyOf(version),
		"deletionProtection": false, "engine": "docdb", "port": 27017.0, "preferredBackupWindow": "22:00-22:30",
		"preferredMaintenanceWindow": "sun:23:00-sun:23:30", "skipFinalSnapshot": false, "storageEncrypted": false, "storageType": "",
		"vpcSecurityGroupIds": []any{c.find(typeVPC, subnets.String("vpcId")).String("defaultSecurityGroupId")},
	})
	if c.value("storageEncrypted") == true {
		c.standard(props{"kmsKeyId": c.arnOf("kms", "alias/aws/rds")})
	}
	if c.in.boolean("manageMasterUserPassword") {
		c.out["masterUserSecrets"] = manageSecret(c, "rds!cluster-", fmt.Sprint(c.value("masterUsername")), "", c.arn)
	}
	for _, log := range c.in.strings("enabledCloudwatchLogsExports") {
		logGroupFor(c, "/aws/docdb/"+c.id+"/"+log)
	}
	return joinGlobal(c)
}

// documentOrigin is what a cluster begins as: a new one with a user, a snapshot's, or another region's of a global cluster.
func documentOrigin(c *call) error {
	const operation = "CreateDBCluster"
	switch {
	case c.in.has("snapshotIdentifier"):
		snapshot := keptOf(c, typeClusterSnapshot, c.in.str("snapshotIdentifier"))
		if snapshot == nil {
			return fail("RestoreDBClusterFromSnapshot", "DBClusterSnapshotNotFoundFault", "DBClusterSnapshot not found: %s", c.in.str("snapshotIdentifier"))
		}
		c.standard(props{"masterUsername": snapshot.Props["masterUsername"], "engineVersion": snapshot.Props["engineVersion"]})
	case c.in.has("globalClusterIdentifier") && writerOf(c, c.in.str("globalClusterIdentifier")) != nil:
		writer := writerOf(c, c.in.str("globalClusterIdentifier"))
		for _, name := range []string{"masterUsername", "masterPassword", "manageMasterUserPassword"} {
			if c.in.has(name) {
				return fail(operation, "InvalidParameterCombination", "Cannot specify %s for a secondary cluster of a global cluster", name)
			}
		}
		c.standard(props{"masterUsername": writer.Props["masterUsername"], "engineVersion": writer.Props["engineVersion"]})
	default:
		if !c.in.has("masterUsername") || !c.in.has("masterPassword") && !c.in.boolean("manageMasterUserPassword") {
			return fail(operation, "InvalidParameterCombination", "masterUsername and masterPassword or manageMasterUserPassword are required for a new cluster")
		}
	}
	return nil
}

func checkDocuments(c *call, operation string) error {
	name := c.in.str("dbSubnetGroupName")
	subnets := c.find(typeDocumentSubnetGroup, name)
	if subnets == nil {
		return fail(operation, "DBSubnetGroupNotFoundFault", "DB subnet group '%s' does not exist.", name)
	}
	if err := groupsIn(c, operation, "InvalidParameterCombination", subnets.String("vpcId"), c.in.strings("vpcSecurityGroupIds")); err != nil {
		return err
	}
	family := familyOf(fmt.Sprint(c.value("engineVersion")))
	if group := c.in.str("dbClusterParameterGroupName"); group != "" && group != "default."+family {
		found := c.find(typeDocumentParameters, group)
		if found == nil {
			return fail(operation, "DBClusterParameterGroupNotFound", "DBClusterParameterGroup not found: %s", group)
		}
		if got := found.String("family"); got != family {
			return fail(operation, "InvalidParameterCombination", "The Parameter Group %s with DBParameterGroupFamily %s cannot be used for this instance. "+
				"Please use a Parameter Group with DBParameterGroupFamily %s", group, got, family)
		}
	}
	return usableKeys(c, c.in, operation, "KMSKeyNotAccessibleFault", "kmsKeyId")
}

// familyOf an engine version: 5.0.0 is of docdb5.0.
func familyOf(version string) string { return "docdb" + strings.TrimSuffix(version, ".0") }

func updateDocuments(c *call) error {
	const operation = "ModifyDBCluster"
	was, want := c.old.str("engineVersion"), c.in.str("engineVersion")
	if want != "" && want != was {
		if compareVersions(want, was) < 0 {
			return fail(operation, "InvalidParameterCombination", "Cannot upgrade docdb from %s to %s", was, want)
		}
		if !c.in.boolean("allowMajorVersionUpgrade") {
			return fail(operation, "InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
		}
	}
	if err := checkDocuments(c, operation); err != nil {
		return err
	}
	if err := leaveGlobal(c); err != nil {
		return err
	}
	had, manage := c.old.boolean("manageMasterUserPassword"), c.in.boolean("manageMasterUserPassword")
	switch {
	case manage && !had:
		if c.old.str("globalClusterIdentifier") != "" {
			return noManagedGlobal(operation, c.id)
		}
		c.out["masterUserSecrets"] = manageSecret(c, "rds!cluster-", c.old.str("masterUsername"), "", c.arn)
	case had && !manage:
		dropManaged(c, c.old)
		c.out["masterUserSecrets"] = []any{}
	}
	for _, log := range c.in.strings("enabledCloudwatchLogsExports") {
		logGroupFor(c, "/aws/docdb/"+c.id+"/"+log)
	}
	return nil
}

func removeDocuments(c *call) error {
	const operation = "DeleteDBCluster"
	if c.in.boolean("deletionProtection") {
		return fail(operation, "InvalidParameterCombination", "Cannot delete protected Cluster, please disable deletion protection and try again.")
	}
	if members := c.byProp(typeDocumentInstance, "clusterIdentifier", c.id); len(members) > 0 {
		return fail(operation, "InvalidDBClusterStateFault", "Cluster cannot be deleted, it still contains DB instances in non-deleting state: %s", members[0].ID)
	}
	if err := dropMember(c, operation, c.in.str("globalClusterIdentifier")); err != nil {
		return err
	}
	if err := finalSnapshot(c, operation, typeClusterSnapshot, "cluster-snapshot", "DBClusterSnapshotAlreadyExistsFault"); err != nil {
		return err
	}
	dropManaged(c, c.in)
	return nil
}

func documentsUses(c *call, r props) storeUses {
	return storeUses{
		subnets: subnetsOfGroup(c, r.str("dbSubnetGroupName")), groups: r.strings("vpcSecurityGroupIds"), keys: []string{r.str("kmsKeyId")},
	}
}

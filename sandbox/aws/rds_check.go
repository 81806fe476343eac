package aws

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cloudinsight/platform/internal/managed"
	"github.com/cloudinsight/platform/sandbox/account"
)

// inheritDatabase takes from a source or a backup what is not given.
func inheritDatabase(c *call) error {
	var from props
	switch point := c.in.object("restoreToPointInTime"); {
	case c.in.has("replicateSourceDb"):
		source, err := replicaSource(c)
		if err != nil {
			return err
		}
		from = source.Props
		if source.Region == c.region {
			c.standard(props{"dbSubnetGroupName": from["dbSubnetGroupName"], "kmsKeyId": from["kmsKeyId"]})
		} else if !c.in.has("kmsKeyId") && source.Props["storageEncrypted"] == true {
			return fail("CreateDBInstanceReadReplica", "InvalidParameterCombination", "kmsKeyId is required for an encrypted replica of %s in %s", source.ARN, c.region)
		}
	case c.in.has("snapshotIdentifier"):
		snapshot := keptOf(c, typeSnapshot, c.in.str("snapshotIdentifier"))
		if snapshot == nil {
			return fail("RestoreDBInstanceFromDBSnapshot", "DBSnapshotNotFound", "DBSnapshot not found: %s", c.in.str("snapshotIdentifier"))
		}
		from = snapshot.Props
	case c.in.has("restoreToPointInTime"):
		var err error
		if from, err = restorePoint(c, point); err != nil {
			return err
		}
	}
	for _, name := range []string{"engine", "engineVersion", "username", "dbName", "allocatedStorage", "storageType"} {
		if v := from[name]; v != nil {
			c.standard(props{name: v})
		}
	}
	return nil
}

func replicaSource(c *call) (*account.Resource, error) {
	const operation = "CreateDBInstanceReadReplica"
	source := databaseOf(c, c.in.str("replicateSourceDb"))
	if source == nil {
		return nil, fail(operation, "DBInstanceNotFound", "The source DB instance %s is not found", c.in.str("replicateSourceDb"))
	}
	if n, _ := source.Props["backupRetentionPeriod"].(float64); n < 1 {
		return nil, fail(operation, "InvalidDBInstanceState", "Automated backups are not enabled for this database instance. To enable automated backups, "+
			"use ModifyDBInstance to set the backup retention period to a non-zero value: %s", source.String("identifier"))
	}
	if replicas := asList(source.Props["replicas"]); len(replicas) >= 15 {
		return nil, fail(operation, "InstanceQuotaExceeded", "%s has %d read replicas already", source.String("identifier"), len(replicas))
	}
	return source, nil
}

// checkDatabase judges an instance against the account and what AWS offers.
func checkDatabase(c *call, operation string) error {
	class := c.in.str("instanceClass")
	version, _ := c.value("engineVersion").(string)
	major, _, minor := strings.Cut(version, ".")
	if !minor || !slices.Contains(postgresVersions[major], version) {
		return fail(operation, "InvalidParameterCombination", "Cannot find version %s for postgres; the stand-in knows of %s %v and does not choose a minor itself",
			version, major, postgresVersions[major])
	}
	if !managed.Offered(managed.PostgreSQL, class, c.region) {
		return fail(operation, "InvalidParameterCombination", "RDS does not support creating a DB instance with the following combination: "+
			"DBInstanceClass=%s, Engine=postgres, EngineVersion=%s in %s; %s", class, version, c.region, offeredThere(managed.PostgreSQL, c.region))
	}
	if c.value("storageType") == "io2" && c.region == "af-south-1" {
		return fail(operation, "InvalidParameterCombination", "Storage type io2 is not available in %s", c.region)
	}
	name, _ := c.value("dbSubnetGroupName").(string)
	subnets := c.find(typeDBSubnetGroup, name)
	if subnets == nil {
		return fail(operation, "DBSubnetGroupNotFoundFault", "DB subnet group '%s' does not exist.", name)
	}
	if err := groupsIn(c, operation, "InvalidParameterCombination", subnets.String("vpcId"), c.in.strings("vpcSecurityGroupIds")); err != nil {
		return err
	}
	if zone := c.in.str("availabilityZone"); zone != "" && !slices.Contains(props(subnets.Props).strings("__zones"), zone) {
		return fail(operation, "InvalidVPCNetworkStateFault", "DB subnet group %s has no subnet in %s", name, zone)
	}
	if err := checkParameterGroup(c, operation, "postgres"+major); err != nil {
		return err
	}
	if role := c.in.str("monitoringRoleArn"); role != "" {
		found := roleOf(c, role)
		if found == nil || !trusts(found, "monitoring.rds.amazonaws.com") || !attached(c, found.ID, monitoringPolicy) {
			return fail(operation, "InvalidParameterValue", "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING: %s", role)
		}
	}
	return usableKeys(c, c.in, operation, "KMSKeyNotAccessibleFault", "kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId")
}

func checkParameterGroup(c *call, operation, family string) error {
	name := c.in.str("parameterGroupName")
	if name == "" || name == "default."+family {
		return nil
	}
	group := c.find(typeDBParameters, name)
	if group == nil {
		return fail(operation, "DBParameterGroupNotFound", "DBParameterGroup not found: %s", name)
	}
	if got := group.String("family"); got != family {
		return fail(operation, "InvalidParameterCombination", "The Parameter Group %s with DBParameterGroupFamily %s cannot be used for this instance. "+
			"Please use a Parameter Group with DBParameterGroupFamily %s", name, got, family)
	}
	return nil
}

// growStorage: storage never shrinks, and a step is a tenth at least; RDS rounds a smaller one up.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html (AllocatedStorage)
func growStorage(c *call) error {
	was, want := c.old.number("allocatedStorage"), c.in.number("allocatedStorage")
	if !c.in.has("allocatedStorage") || want == was {
		return nil
	}
	if want < was {
		return fail("ModifyDBInstance", "InvalidParameterCombination", "Invalid storage size for %s: %d GiB is less than the %d GiB that are allocated; storage cannot shrink",
			c.old.str("identifier"), want, was)
	}
	if least := (was*11 + 9) / 10; want < least {
		c.out["allocatedStorage"] = float64(least)
	}
	return nil
}

// upgradeDatabase: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.PostgreSQL.html
func upgradeDatabase(c *call) error {
	const operation = "ModifyDBInstance"
	want := c.in.str("engineVersion")
	was := c.old.str("engineVersionActual")
	if want == "" || want == was {
		return nil
	}
	if compareVersions(want, was) < 0 {
		return fail(operation, "InvalidParameterCombination", "Cannot upgrade postgres from %s to %s", was, want)
	}
	if majorOf(want) != majorOf(was) {
		if !c.in.boolean("allowMajorVersionUpgrade") {
			return fail(operation, "InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
		}
		if !c.in.has("parameterGroupName") {
			c.out["parameterGroupName"] = "default.postgres" + majorOf(want)
		}
		c.out["optionGroupName"] = "default:postgres-" + majorOf(want)
	}
	c.out["engineVersionActual"] = want
	return nil
}

func majorOf(version string) string {
	major, _, _ := strings.Cut(version, ".")
	return major
}

// compareVersions compares dotted numbers; what is no number counts as 0.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		var m, n int
		if i < len(x) {
			m, _ = strconv.Atoi(x[i])
		}
		if i < len(y) {
			n, _ = strconv.Atoi(y[i])
		}
		if m != n {
			return m - n
		}
	}
	return 0
}

package aws

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// databaseRules judges what an instance is asked to be, by itself.
func databaseRules(in props, p *problems) {
	p.identifier(in, "identifier", 63)
	p.apart(in, "identifier", "identifierPrefix")
	p.unknownTo(in, "blueGreenUpdate", "characterSetName", "customIamInstanceProfile", "customerOwnedIpEnabled", "domain", "domainAuthSecretArn",
		"domainDnsIps", "domainFqdn", "domainIamRoleName", "domainOu", "name", "ncharCharacterSetName", "optionGroupName", "replicaMode", "s3Import",
		"timezone", "upgradeStorageConfig", "backupTarget")
	p.oneOf(in, "engine", "engine", "postgres")
	p.oneOf(in, "storageType", "storageType", "gp2", "gp3", "io1", "io2")
	p.oneOf(in, "licenseModel", "licenseModel", "postgresql-license")
	p.oneOf(in, "networkType", "networkType", "IPV4", "DUAL")
	p.oneOf(in, "caCertIdentifier", "caCertIdentifier", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
	p.between(in, "port", "port", 1150, 65535)
	p.between(in, "backupRetentionPeriod", "backupRetentionPeriod", 0, 35)
	p.windows(in, "backupWindow", "maintenanceWindow", 30)
	for i, log := range in.strings("enabledCloudwatchLogsExports") {
		if !slices.Contains(postgresLogs, log) {
			p.add(fmt.Sprintf("enabledCloudwatchLogsExports[%d]", i), "must be one of %v for postgres, got %q", postgresLogs, log)
		}
	}
	if in.boolean("multiAz") && in.has("availabilityZone") {
		p.add("availabilityZone", "InvalidParameterCombination: requesting a specific availability zone is not valid for Multi-AZ instances")
	}
	if in.known("storageEncrypted") && !in.boolean("storageEncrypted") && in.has("kmsKeyId") {
		p.add("kmsKeyId", "InvalidParameterCombination: a key is of no use without storageEncrypted")
	}
	finalSnapshotRules(in, p)
	storageRules(in, p)
	observationRules(in, p)
	credentialRules(in, p)
}

func finalSnapshotRules(in props, p *problems) {
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html
	if n := in.str("finalSnapshotIdentifier"); in.known("finalSnapshotIdentifier") && (len(n) > 255 || !storeIdentifier.MatchString(strings.ToLower(n))) {
		p.add("finalSnapshotIdentifier", "must be a letter, then letters, digits and single hyphens, at most 255, got %q", n)
	}
}

// storageRules: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html and USER_PIOPS.Autoscaling.html
func storageRules(in props, p *problems) {
	p.between(in, "allocatedStorage", "allocatedStorage", 20, 65536)
	allocated, most := in.number("allocatedStorage"), in.number("maxAllocatedStorage")
	if in.known("allocatedStorage") && most != 0 && most*10 < allocated*11 {
		p.add("maxAllocatedStorage", "must be at least 10%% above allocatedStorage, got %d and %d", most, allocated)
	}
	if in.str("storageType") == "gp3" && in.known("allocatedStorage") && allocated < 400 && (in.has("iops") || in.has("storageThroughput")) {
		p.add("iops", "InvalidParameterCombination: you can't specify IOPS or storage throughput for engine postgres and a storage size less than 400")
	}
	if t := in.str("storageType"); (t == "io1" || t == "io2") && !in.has("iops") {
		p.add("iops", "is required with %s", t)
	}
}

// observationRules: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html and
// USER_PerfInsights.Overview.cost.html
func observationRules(in props, p *problems) {
	interval := in.number("monitoringInterval")
	if in.known("monitoringInterval") && !slices.Contains(monitoringSteps, interval) {
		p.add("monitoringInterval", "must be one of %v, got %d", monitoringSteps, interval)
	}
	if interval > 0 && !in.has("monitoringRoleArn") {
		p.add("monitoringRoleArn", "InvalidParameterCombination: a MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0")
	}
	days := in.number("performanceInsightsRetentionPeriod")
	if in.known("performanceInsightsRetentionPeriod") && days != 7 && days != 731 && (days%31 != 0 || days < 31 || days > 23*31) {
		p.add("performanceInsightsRetentionPeriod", "must be 7, a multiple of 31 up to 713, or 731, got %d", days)
	}
	enabled := in.boolean("performanceInsightsEnabled")
	for _, name := range []string{"performanceInsightsRetentionPeriod", "performanceInsightsKmsKeyId"} {
		if in.has(name) && !enabled {
			p.add(name, "InvalidParameterCombination: needs performanceInsightsEnabled")
		}
	}
	p.oneOf(in, "databaseInsightsMode", "databaseInsightsMode", "standard", "advanced")
	if in.str("databaseInsightsMode") == "advanced" && (!enabled || days < 465) {
		p.add("databaseInsightsMode", "InvalidParameterCombination: advanced needs performance insights kept for at least 465 days, got %d", days)
	}
}

// credentialRules says what an instance begins with: nothing, a source, or a backup.
func credentialRules(in props, p *problems) {
	p.apart(in, "password", "manageMasterUserPassword")
	p.apart(in, "replicateSourceDb", "snapshotIdentifier", "restoreToPointInTime")
	if in.has("masterUserSecretKmsKeyId") && !in.boolean("manageMasterUserPassword") {
		p.add("masterUserSecretKmsKeyId", "InvalidParameterCombination: needs manageMasterUserPassword")
	}
	if n := in.str("dbName"); in.known("dbName") && !databaseName.MatchString(n) {
		p.add("dbName", "must match %s, got %q", databaseName, n)
	}
	if n := in.str("username"); in.known("username") && !masterUser.MatchString(n) {
		p.add("username", "must match %s, got %q", masterUser, n)
	} else if slices.Contains(reservedUsers, strings.ToLower(n)) {
		p.add("username", "InvalidParameterValue: MasterUsername %s cannot be used as it is a reserved word used by the engine", n)
	}
	if n := in.str("password"); in.known("password") && (len(n) < 8 || len(n) > 128 || strings.ContainsAny(n, `/@" `)) {
		p.add("password", "must have 8 to 128 characters other than slash, at sign, double quote and space")
	}
	switch {
	case in.has("replicateSourceDb"):
		for _, name := range []string{"dbName", "engine", "engineVersion", "username", "manageMasterUserPassword"} {
			if in.has(name) {
				p.add(name, "conflicts with replicateSourceDb: a replica takes it from its source")
			}
		}
	case !in.has("snapshotIdentifier") && !in.has("restoreToPointInTime"):
		for _, name := range []string{"allocatedStorage", "engine", "username"} {
			if !in.has(name) {
				p.add(name, "is required for a new database")
			}
		}
		if !in.has("password") && !in.boolean("manageMasterUserPassword") {
			p.add("password", "is required without manageMasterUserPassword")
		}
	}
}

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
	if n, _ := source.Props["backupRetentionPeriod"].(float64); n < minReplicaSourceBackup {
		return nil, fail(operation, "InvalidDBInstanceState", "Automated backups are not enabled for this database instance. To enable automated backups, "+
			"use ModifyDBInstance to set the backup retention period to a non-zero value: %s", source.String("identifier"))
	}
	if replicas := asList(source.Props["replicas"]); len(replicas) >= 15 {
		return nil, fail(operation, "InstanceQuotaExceeded", "%s has %d read replicas already", source.String("identifier"), len(replicas))
	}
	return source, nil
}

// restorePoint is what a restore to a point in time begins with.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
func restorePoint(c *call, point props) (props, error) {
	const operation = "RestoreDBInstanceToPointInTime"
	if point.has("restoreTime") == point.boolean("useLatestRestorableTime") {
		return nil, fail(operation, "InvalidParameterCombination", "Either restoreTime or useLatestRestorableTime is required")
	}
	if arn := point.str("sourceDbInstanceAutomatedBackupsArn"); arn != "" {
		backups := c.find(typeBackupReplication, arn)
		if backups == nil {
			backups = keptOf(c, typeBackupReplication, arn)
		}
		if backups == nil {
			return nil, fail(operation, "DBInstanceAutomatedBackupNotFound", "Automated backup %s not found in %s.", arn, c.region)
		}
		from := props{}
		for name, v := range backups.Props {
			from[strings.TrimPrefix(name, "__")] = v
		}
		return from, nil
	}
	source := databaseOf(c, point.str("sourceDbInstanceIdentifier")+point.str("sourceDbiResourceId"))
	if source == nil || source.Region != c.region {
		return nil, fail(operation, "DBInstanceNotFound", "DBInstance %s not found.", point.str("sourceDbInstanceIdentifier")+point.str("sourceDbiResourceId"))
	}
	return source.Props, nil
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
	if !offered("rds", c.region, class) {
		return fail(operation, "InvalidParameterCombination", "RDS does not support creating a DB instance with the following combination: "+
			"DBInstanceClass=%s, Engine=postgres, EngineVersion=%s in %s; %s", class, version, c.region, offeredFamilies("rds", c.region))
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

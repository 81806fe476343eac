package aws

import (
	"fmt"
	"slices"
	"strings"
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

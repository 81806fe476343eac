package aws

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeDatabase          = "aws:rds/instance:Instance"
	typeSnapshot          = "aws:rds/snapshot:Snapshot"
	typeRetainedBackups   = "aws:rds/automatedBackup:AutomatedBackup" // what is left of a deleted instance; no program makes any
	typeBackupReplication = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
	monitoringPolicy      = "service-role/AmazonRDSEnhancedMonitoringRole"
	keptSnapshot          = "final snapshot"
)

// postgresVersions are the minors that the stand-in knows, by major, newest last.
// https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-versions.html and
// https://aws.amazon.com/about-aws/whats-new/2026/08/amazon-rds-postgresql-18-6-17-11-16-15-15-19-14-24/
var postgresVersions = map[string][]string{
	"14": {"14.20", "14.24"},
	"15": {"15.15", "15.19"},
	"16": {"16.10", "16.11", "16.15"},
	"17": {"17.4", "17.5", "17.6", "17.7", "17.11"},
	"18": {"18.1", "18.6"},
}

var (
	databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
	masterUser   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)
	// Not a complete list. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html (MasterUsername)
	reservedUsers   = []string{"admin", "rdsadmin", "rdsrepladmin", "rds_superuser", "user", "table", "public"}
	monitoringSteps = []int{0, 1, 5, 10, 15, 30, 60}
	postgresLogs    = []string{"iam-db-auth-error", "postgresql", "upgrade"}
)

// databaseKinds are PostgreSQL instances and the copies of their backups.
// Rules: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html, API_ModifyDBInstance.html,
// API_DeleteDBInstance.html, .../UserGuide/CHAP_Storage.html, .../UserGuide/USER_ReadRepl.html
var databaseKinds = map[string]kind{
	typeDatabase: {
		replace: []string{
			"availabilityZone", "backupTarget", "characterSetName", "customIamInstanceProfile", "dbName", "engine", "kmsKeyId", "name", "ncharCharacterSetName", "restoreToPointInTime", "s3Import", "snapshotIdentifier", "storageEncrypted",
			"timezone", "username",
		},
		rules:  databaseRules,
		create: createDatabase,
		update: updateDatabase,
		remove: removeDatabase,
	},
	typeBackupReplication: {
		replace: []string{"kmsKeyId", "preSignedUrl", "retentionPeriod", "sourceDbInstanceArn"},
		rules:   func(in props, p *problems) { p.between(in, "retentionPeriod", "retentionPeriod", 1, 35) },
		create:  createBackupReplication,
		remove: func(c *call) error {
			// What has been copied stays for its days: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/AutomatedBackups.StopReplicating.html
			until := time.Now().AddDate(0, 0, c.in.number("retentionPeriod"))
			c.kept, c.until = "replicated backups", until
			return nil
		},
	},
}

func createDatabase(c *call) error {
	const operation = "CreateDBInstance"
	if !c.in.has("identifier") {
		c.out["identifier"] = generatedName(c.in.str("identifierPrefix"))
	}
	identifier, _ := c.value("identifier").(string)
	if instanceNamed(c, identifier) != nil {
		return fail(operation, "DBInstanceAlreadyExists", "DB instance already exists: %s", identifier)
	}
	if err := inheritDatabase(c); err != nil {
		return err
	}
	if err := checkDatabase(c, operation); err != nil {
		return err
	}
	c.id = "db-" + upperID(26)
	c.arn = c.arnOf("rds", "db:"+identifier)
	databaseDefaults(c)
	nameDatabase(c)
	maps.Copy(c.out, props{
		"resourceId": c.id, "status": "available", "hostedZoneId": c.hostedZone("rds"),
		"listenerEndpoints": []any{}, "replicas": []any{}, "masterUserSecrets": []any{},
	})
	if c.in.boolean("manageMasterUserPassword") {
		username, _ := c.value("username").(string)
		c.out["masterUserSecrets"] = manageSecret(c, "rds!db-", username, c.in.str("masterUserSecretKmsKeyId"), c.arn)
	}
	if source := databaseOf(c, c.in.str("replicateSourceDb")); source != nil {
		source.Props["replicas"] = append(asList(source.Props["replicas"]), identifier)
	}
	databaseLogs(c)
	return nil
}

// databaseDefaults are what AWS and the provider set for PostgreSQL.
func databaseDefaults(c *call) {
	version, _ := c.value("engineVersion").(string)
	major, _, _ := strings.Cut(version, ".")
	c.standard(props{
		"autoMinorVersionUpgrade": true, "backupRetentionPeriod": 0.0, "backupTarget": "region", "backupWindow": "22:00-22:30",
		"caCertIdentifier": "rds-ca-rsa2048-g1", "copyTagsToSnapshot": false, "customerOwnedIpEnabled": false, "databaseInsightsMode": "standard",
		"dbName": "", "dedicatedLogVolume": false, "deleteAutomatedBackups": true, "deletionProtection": false,
		"engineLifecycleSupport": "open-source-rds-extended-support", "iamDatabaseAuthenticationEnabled": false, "licenseModel": "postgresql-license",
		"maintenanceWindow": "sun:23:00-sun:23:30", "maxAllocatedStorage": 0.0, "monitoringInterval": 0.0, "monitoringRoleArn": "", "multiAz": false,
		"networkType": "IPV4", "optionGroupName": "default:postgres-" + major, "parameterGroupName": "default.postgres" + major,
		"performanceInsightsEnabled": false, "port": 5432.0, "publiclyAccessible": false, "skipFinalSnapshot": false, "storageEncrypted": false,
		"storageType": "gp2", "applyImmediately": false,
	})
	if c.value("storageEncrypted") == true {
		c.standard(props{"kmsKeyId": c.arnOf("kms", "alias/aws/rds")})
	}
	if c.value("performanceInsightsEnabled") == true {
		c.standard(props{"performanceInsightsRetentionPeriod": 7.0})
	}
	if c.value("storageType") == "gp3" {
		c.standard(props{"iops": 3000.0, "storageThroughput": 125.0})
	}
	if group := c.find(typeDBSubnetGroup, fmt.Sprint(c.value("dbSubnetGroupName"))); group != nil {
		if !c.in.has("vpcSecurityGroupIds") {
			c.out["vpcSecurityGroupIds"] = []any{c.find(typeVPC, group.String("vpcId")).String("defaultSecurityGroupId")}
		}
		c.standard(props{"availabilityZone": props(group.Props).strings("__zones")[0]})
	}
	if c.value("backupRetentionPeriod") != 0.0 {
		c.out["latestRestorableTime"] = now()
	}
	c.out["engineVersionActual"] = version
}

// nameDatabase gives what follows from the identifier.
func nameDatabase(c *call) {
	identifier, _ := c.value("identifier").(string)
	host := fmt.Sprintf("%s.%s.%s.rds.amazonaws.com", identifier, c.hostLabel("rds"), c.region)
	c.arn = c.arnOf("rds", "db:"+identifier)
	c.out["address"], c.out["endpoint"], c.out["arn"] = host, fmt.Sprintf("%s:%v", host, c.value("port")), c.arn
}

// databaseLogs: a log group that is not there is made by RDS.
func databaseLogs(c *call) {
	for _, log := range c.in.strings("enabledCloudwatchLogsExports") {
		logGroupFor(c, fmt.Sprintf("/aws/rds/instance/%v/%s", c.value("identifier"), log))
	}
}

func updateDatabase(c *call) error {
	const operation = "ModifyDBInstance"
	if was, is := c.old.str("identifier"), c.in.str("identifier"); is != "" && was != is && instanceNamed(c, is) != nil {
		return fail(operation, "DBInstanceAlreadyExists", "DB instance already exists: %s", is)
	}
	for name, v := range c.old {
		if !c.in.has(name) && slices.Contains([]string{"engine", "username", "engineVersion", "dbSubnetGroupName", "storageType", "allocatedStorage"}, name) {
			c.out[name] = v // inherited by a replica or a restored instance
		}
	}
	if err := checkDatabase(c, operation); err != nil {
		return err
	}
	if err := growStorage(c); err != nil {
		return err
	}
	if err := upgradeDatabase(c); err != nil {
		return err
	}
	if c.value("backupRetentionPeriod") == 0.0 && len(c.old.strings("replicas")) > 0 {
		return fail(operation, "InvalidParameterCombination", "Backups cannot be disabled for %s: it is the source of %v", c.id, c.old.strings("replicas"))
	}
	if c.old.has("replicateSourceDb") && !c.in.has("replicateSourceDb") {
		forgetReplica(c, c.old)
	}
	changePassword(c)
	nameDatabase(c)
	databaseLogs(c)
	return nil
}

// changePassword hands the master user's password over to RDS or takes it back.
func changePassword(c *call) {
	had, want := c.old.boolean("manageMasterUserPassword"), c.in.boolean("manageMasterUserPassword")
	switch {
	case want && !had:
		c.out["masterUserSecrets"] = manageSecret(c, "rds!db-", c.old.str("username"), c.in.str("masterUserSecretKmsKeyId"), c.arn)
	case had && !want:
		dropManaged(c, c.old)
		c.out["masterUserSecrets"] = []any{}
	}
}

// removeDatabase: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html
func removeDatabase(c *call) error {
	const operation = "DeleteDBInstance"
	if c.in.boolean("deletionProtection") {
		return fail(operation, "InvalidParameterCombination", "Cannot delete protected DB Instance, please disable deletion protection and try again.")
	}
	if err := finalSnapshot(c, operation, typeSnapshot, "snapshot", "DBSnapshotAlreadyExists"); err != nil {
		return err
	}
	// Replicas in the same region become databases of their own.
	for _, identifier := range c.in.strings("replicas") {
		if replica := databaseOf(c, identifier); replica != nil {
			delete(replica.Props, "replicateSourceDb")
		}
	}
	forgetReplica(c, c.in)
	dropManaged(c, c.in)
	if days := c.in.number("backupRetentionPeriod"); days > 0 && c.in["deleteAutomatedBackups"] == false && !c.in.has("replicateSourceDb") {
		until := time.Now().AddDate(0, 0, days)
		backups := &account.Resource{Type: typeRetainedBackups, Region: c.region, Props: c.in, MadeFor: c.urn}
		backups.ID = c.arnOf("rds", "auto-backup:ab-"+strings.ToLower(upperID(26)))
		backups.ARN = backups.ID
		c.state.Put(backups)
		c.state.Keep(backups, "automated backups", until)
	}
	return nil
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

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
	typeDatabase           = "aws:rds/instance:Instance"
	typeSnapshot           = "aws:rds/snapshot:Snapshot"
	typeBackupReplication  = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
	monitoringPolicy       = "service-role/AmazonRDSEnhancedMonitoringRole"
	keptSnapshot           = "final snapshot"
	minReplicaSourceBackup = 1
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
			c.kept, c.until = "replicated backups until "+until.UTC().Format(time.DateOnly), until
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
		backups := &account.Resource{Type: typeBackupReplication, Region: c.region, Props: c.in, MadeFor: c.urn}
		backups.ID = c.arnOf("rds", "auto-backup:ab-"+strings.ToLower(upperID(26)))
		backups.ARN = backups.ID
		c.state.Put(backups)
		c.state.Keep(backups, "automated backups until "+until.UTC().Format(time.DateOnly), until)
	}
	return nil
}

// finalSnapshot leaves a snapshot of what is being deleted in the account, unless it is not wanted.
func finalSnapshot(c *call, operation, typ, resource, taken string) error {
	if c.in.boolean("skipFinalSnapshot") || c.in.has("replicateSourceDb") {
		return nil
	}
	name := c.in.str("finalSnapshotIdentifier")
	if name == "" {
		return fail(operation, "InvalidParameterCombination", "FinalSnapshotIdentifier is required unless SkipFinalSnapshot is specified: %s", c.id)
	}
	return keepSnapshot(c, operation, typ, c.arnOf("rds", resource+":"+name), name, taken)
}

// keepSnapshot leaves the snapshot behind, until somebody deletes it. taken is the error of a name that there is.
func keepSnapshot(c *call, operation, typ, arn, name, taken string) error {
	if c.state.KeptIn(c.region, typ, name) != nil {
		return fail(operation, taken, "Cannot create the snapshot because a snapshot with the identifier %s already exists.", name)
	}
	content, _ := clone(map[string]any(c.in)).(map[string]any)
	snapshot := &account.Resource{Type: typ, ID: name, ARN: arn, Region: c.region, MadeFor: c.urn, Props: content}
	c.state.Put(snapshot)
	c.state.Keep(snapshot, keptSnapshot, time.Time{})
	return nil
}

// keptOf returns the snapshot or backups of an identifier or ARN in the call's region, or nil.
func keptOf(c *call, typ, id string) *account.Resource {
	for _, r := range c.state.KeptOf(typ) {
		if r.Region == c.region && (r.ID == id || r.ARN == id) {
			return r
		}
	}
	return nil
}

func forgetReplica(c *call, replica props) {
	if source := databaseOf(c, replica.str("replicateSourceDb")); source != nil {
		source.Props["replicas"] = slices.DeleteFunc(asList(source.Props["replicas"]), func(v any) bool { return v == replica["identifier"] })
	}
}

// databaseOf returns the instance of an identifier, ARN or resource id, or nil. An ARN may be of another region.
func databaseOf(c *call, id string) *account.Resource {
	for _, r := range c.state.List(typeDatabase) {
		if id != "" && (r.ARN == id || r.Region == c.region && (r.String("identifier") == id || r.ID == id)) {
			return r
		}
	}
	return nil
}

// instanceNamed: RDS and DocumentDB share the identifiers of instances.
// https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html#limits-naming_constraints
func instanceNamed(c *call, identifier string) *account.Resource {
	for _, typ := range []string{typeDatabase, typeDocumentInstance} {
		for _, r := range c.byProp(typ, "identifier", identifier) {
			return r
		}
	}
	return nil
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

// databaseUses: its network interfaces are in subnets of its group, in which of them is for RDS to say.
func databaseUses(c *call, r props) storeUses {
	return storeUses{
		subnets: subnetsOfGroup(c, r.str("dbSubnetGroupName")), groups: r.strings("vpcSecurityGroupIds"),
		keys: []string{r.str("kmsKeyId"), r.str("performanceInsightsKmsKeyId")},
	}
}

func subnetsOfGroup(c *call, name string) []string {
	for _, typ := range []string{typeDBSubnetGroup, typeDocumentSubnetGroup} {
		if group := c.find(typ, name); group != nil {
			return props(group.Props).strings("subnetIds")
		}
	}
	return nil
}

// createBackupReplication copies the backups of an instance of another region to this one.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBInstanceAutomatedBackupsReplication.html
func createBackupReplication(c *call) error {
	const operation = "StartDBInstanceAutomatedBackupsReplication"
	source := databaseOf(c, c.in.str("sourceDbInstanceArn"))
	if source == nil || !strings.HasPrefix(c.in.str("sourceDbInstanceArn"), "arn:") {
		return fail(operation, "DBInstanceNotFound", "DBInstance %s not found.", c.in.str("sourceDbInstanceArn"))
	}
	if source.Region == c.region {
		return fail(operation, "InvalidParameterValue", "The source DB instance %s must be in a Region other than %s", source.ARN, c.region)
	}
	if source.Props["backupRetentionPeriod"] == 0.0 || source.Props["replicateSourceDb"] != nil {
		return fail(operation, "InvalidDBInstanceState", "Automated backups are not enabled for %s", source.ARN)
	}
	for _, other := range c.byProp(typeBackupReplication, "sourceDbInstanceArn", source.ARN) {
		return fail(operation, "DBInstanceAutomatedBackupAlreadyExists", "Backups of %s are replicated already: %s", source.ARN, other.ID)
	}
	if source.Props["storageEncrypted"] == true && !c.in.has("kmsKeyId") {
		return fail(operation, "InvalidParameterCombination", "An encrypted DB instance needs a KMS key of %s for its replicated backups", c.region)
	}
	if err := usableKeys(c, c.in, operation, "KMSKeyNotAccessibleFault", "kmsKeyId"); err != nil {
		return err
	}
	c.arn = c.arnOf("rds", "auto-backup:ab-"+strings.ToLower(upperID(26)))
	c.id = c.arn
	c.standard(props{"retentionPeriod": 7.0})
	// What a restore from the copies begins with.
	for _, name := range []string{"engine", "engineVersion", "username", "dbName", "allocatedStorage"} {
		c.out["__"+name] = source.Props[name]
	}
	return nil
}

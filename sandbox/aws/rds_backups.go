package aws

import (
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

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

// restorePoint is what a restore to a point in time begins with.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
func restorePoint(c *call, point props) (props, error) {
	const operation = "RestoreDBInstanceToPointInTime"
	if point.has("restoreTime") == point.boolean("useLatestRestorableTime") {
		return nil, fail(operation, "InvalidParameterCombination", "Either restoreTime or useLatestRestorableTime is required")
	}
	if arn := point.str("sourceDbInstanceAutomatedBackupsArn"); arn != "" {
		backups := c.find(typeBackupReplication, arn)
		for _, typ := range []string{typeBackupReplication, typeRetainedBackups} {
			if backups == nil {
				backups = keptOf(c, typ, arn)
			}
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

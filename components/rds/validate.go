package rds

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/window"
)

func (args *DatabaseArgs) withDefaults() DatabaseArgs {
	a := DatabaseArgs{}
	if args != nil {
		a = *args
	}
	for field, value := range map[*string]string{
		&a.EngineVersion:     "17.11",
		&a.InstanceClass:     "db.r5.large",
		&a.DatabaseName:      "cloudinsight",
		&a.Username:          DefaultUsername,
		&a.BackupWindow:      "02:30-03:30",
		&a.MaintenanceWindow: "sun:00:00-sun:02:00",
		&a.Classification:    "confidential",
	} {
		if *field == "" {
			*field = value
		}
	}
	for field, value := range map[*int]int{&a.StorageGiB: 100, &a.BackupRetentionDays: 30, &a.LogRetentionDays: 90} {
		if *field == 0 {
			*field = value
		}
	}
	return a
}

var (
	instanceName = regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)
	accountID    = regexp.MustCompile(`^\d{12}$`)
	version      = regexp.MustCompile(`^(\d+)\.\d+$`)
	databaseName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	label        = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

	classifications = []string{"confidential", "anonymised", "synthetic"}
)

// Limits as in
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html and
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
func (a *DatabaseArgs) validate() error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	// Identifiers have 63 characters at most; the longest ending of ours takes 18.
	if !instanceName.MatchString(a.Name) || len(a.Name) > 45 {
		refuse("name: must be up to 45 lower-case letters, digits and single hyphens, and begin with a letter, got %q", a.Name)
	}
	if !accountID.MatchString(a.AccountID) {
		refuse("account id: must be twelve digits, got %q", a.AccountID)
	}
	if a.Region == "" {
		refuse("region: must be given")
	}
	for _, wire := range []struct {
		name  string
		given bool
	}{
		{"vpc id", a.VPCID != nil}, {"subnet ids", a.SubnetIDs != nil}, {"key arn", a.KeyARN != nil},
		{"secret key arn", a.SecretKeyARN != nil}, {"log key arn", a.LogKeyARN != nil},
	} {
		if !wire.given {
			refuse("%s: must be given", wire.name)
		}
	}
	if !version.MatchString(a.EngineVersion) {
		refuse(`engine version: must name major and minor, such as "17.11", got %q`, a.EngineVersion)
	}
	if _, err := memoryGiB(a.InstanceClass); err != nil {
		refuse("instance class: %w", err)
	}
	if !databaseName.MatchString(a.DatabaseName) {
		refuse("database name: must match %s, got %q", databaseName, a.DatabaseName)
	}
	if !databaseName.MatchString(a.Username) || strings.HasPrefix(a.Username, "rds") || strings.HasPrefix(a.Username, "pg_") {
		refuse("username: must match %s and not begin with rds or pg_, which are reserved, got %q", databaseName, a.Username)
	}
	if a.StorageGiB < 20 || a.StorageGiB > 65536 {
		refuse("storage: must be between 20 and 65536 GiB, got %d", a.StorageGiB)
	}
	if a.MaxStorageGiB != 0 && a.MaxStorageGiB*10 < a.StorageGiB*11 {
		refuse("max storage: must be 0 or at least a tenth more than %d GiB, got %d", a.StorageGiB, a.MaxStorageGiB)
	}
	if l := a.Login; l != nil && (l.Password == nil || l.SecretARN == nil) {
		refuse("login: must have a password and its secret's arn")
	}
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-limitations
	if a.ReadReplicas > 0 && a.Login == nil {
		refuse("login: must be given with read replicas, RDS makes none of a PostgreSQL whose password it manages, got %d", a.ReadReplicas)
	}
	if a.ReadReplicas < 0 || a.ReadReplicas > 15 {
		refuse("read replicas: must be between 0 and 15, got %d", a.ReadReplicas)
	}
	if a.BackupRetentionDays < 1 || a.BackupRetentionDays > 35 {
		refuse("backup retention: must be between 1 and 35 days, got %d", a.BackupRetentionDays)
	}
	if !slices.Contains(classifications, a.Classification) {
		refuse("classification: must be one of %s, got %q", strings.Join(classifications, ", "), a.Classification)
	}
	for _, client := range slices.Sorted(maps.Keys(a.Clients)) {
		if !label.MatchString(client) {
			refuse("clients: labels must be lower-case letters, digits and single hyphens, got %q", client)
		}
	}
	return errors.Join(append(problems, a.validateWindows()...)...)
}

func (a *DatabaseArgs) validateWindows() (problems []error) {
	backup, err := window.Daily(a.BackupWindow)
	if err != nil {
		problems = append(problems, fmt.Errorf("backup window: %w", err))
	}
	maintenance, err := window.Weekly(a.MaintenanceWindow)
	if err != nil {
		problems = append(problems, fmt.Errorf("maintenance window: %w", err))
	}
	if backup.Overlaps(maintenance) {
		problems = append(problems, fmt.Errorf("backup window: must not overlap the maintenance window %s, got %s", maintenance, backup))
	}
	return problems
}

// family of parameters that belong to the version, such as postgres17.
func (a *DatabaseArgs) family() string {
	return "postgres" + version.FindStringSubmatch(a.EngineVersion)[1]
}

// replicaName is the identifier of a read replica.
func (a *DatabaseArgs) replicaName(number int) string {
	return fmt.Sprintf("%s-replica-%d", a.Name, number)
}

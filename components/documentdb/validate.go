package documentdb

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/window"
)

// maxInstances of a cluster: one that takes writes and 15 replicas.
// https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html
const maxInstances = 16

func (args *ClusterArgs) withDefaults() ClusterArgs {
	a := ClusterArgs{}
	if args != nil {
		a = *args
	}
	for field, value := range map[*string]string{
		&a.EngineVersion:     "5.0.0",
		&a.InstanceClass:     "db.r5.large",
		&a.Username:          DefaultUsername,
		&a.BackupWindow:      "02:30-03:30",
		&a.MaintenanceWindow: "sun:00:00-sun:02:00",
		&a.Classification:    "confidential",
	} {
		if *field == "" {
			*field = value
		}
	}
	for field, value := range map[*int]int{&a.Instances: 3, &a.BackupRetentionDays: 30, &a.LogRetentionDays: 90} {
		if *field == 0 {
			*field = value
		}
	}
	if a.ReplicaScaling != nil {
		scaling := a.ReplicaScaling.withDefaults(a.Instances)
		a.ReplicaScaling = &scaling
	}
	return a
}

var (
	clusterName = regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)
	accountID   = regexp.MustCompile(`^\d{12}$`)
	version     = regexp.MustCompile(`^(\d+\.\d+)\.\d+$`)
	username    = regexp.MustCompile(`^[a-z][a-z0-9]{0,62}$`)
	label       = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

	classifications = []string{"confidential", "anonymised", "synthetic"}
)

// https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBCluster.html
func (a *ClusterArgs) validate() error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	// Identifiers have 63 characters at most; the longest ending of ours takes 15.
	if !clusterName.MatchString(a.Name) || len(a.Name) > 45 {
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
		{"vpc id", a.VPCID != nil}, {"subnet ids", a.SubnetIDs != nil}, {"key arn", a.KeyARN != nil}, {"log key arn", a.LogKeyARN != nil},
	} {
		if !wire.given {
			refuse("%s: must be given", wire.name)
		}
	}
	if !version.MatchString(a.EngineVersion) {
		refuse(`engine version: must be in full, such as "5.0.0", got %q`, a.EngineVersion)
	}
	if _, ok := connections[a.InstanceClass]; !ok {
		refuse("instance class: must be one of %s, got %q", strings.Join(Classes(), ", "), a.InstanceClass)
	}
	if a.Instances < 1 || a.Instances > maxInstances {
		refuse("instances: must be between 1 and %d, got %d", maxInstances, a.Instances)
	}
	if !username.MatchString(a.Username) || a.Username == "admin" || a.Username == "serviceadmin" {
		refuse("username: must match %s and not be admin or serviceadmin, got %q", username, a.Username)
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
	if a.ReplicaScaling != nil {
		problems = append(problems, a.ReplicaScaling.validate(a.Instances)...)
	}
	return errors.Join(slices.Concat(problems, a.validateGlobal(), a.validateWindows())...)
}

func (a *ClusterArgs) validateGlobal() (problems []error) {
	if l := a.Login; l != nil && (l.Password == nil || l.SecretARN == nil) {
		problems = append(problems, errors.New("login: must have a password and its secret's arn"))
	}
	if !a.Global {
		return problems
	}
	if a.Login == nil {
		problems = append(problems, errors.New("global: needs a login, since DocumentDB manages no password in global clusters"))
	}
	// https://docs.aws.amazon.com/documentdb/latest/developerguide/global-clusters.html
	if strings.HasPrefix(a.InstanceClass, "db.t") {
		problems = append(problems, fmt.Errorf("global: must have instances of a class above db.t, got %q", a.InstanceClass))
	}
	return problems
}

func (a *ClusterArgs) validateWindows() (problems []error) {
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

// family of parameters that belong to the version, such as docdb5.0.
func (a *ClusterArgs) family() string {
	return "docdb" + version.FindStringSubmatch(a.EngineVersion)[1]
}

// instanceName is the identifier of an instance of the program.
func (a *ClusterArgs) instanceName(number int) string { return fmt.Sprintf("%s-%d", a.Name, number) }

package recovery

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/window"
)

// DocumentsPort is where the second DocumentDB cluster listens.
const DocumentsPort = 27017

// Documents is the second cluster of a global DocumentDB cluster. Engine version, users and contents are the first
// cluster's; it can be promoted when that is lost.
type Documents struct {
	// GlobalClusterID of the global cluster.
	GlobalClusterID pulumi.StringInput
	// EngineVersion of the first cluster, such as 5.0.0.
	EngineVersion string
	// InstanceClass such as db.r5.large; burstable ones cannot be part of a global cluster.
	InstanceClass string
	// VPCID of the region's network, and SubnetIDs in it, in two zones at least.
	VPCID     pulumi.StringInput
	SubnetIDs pulumi.StringArrayInput
	// LogKeyARN encrypts the logs.
	LogKeyARN pulumi.StringInput

	// Instances from 1 to 16 (default 1): enough to be promoted, more can be added then.
	Instances int
	// Clients are security groups by label that may connect (default none: nobody reads it before it is promoted).
	Clients map[string]pulumi.StringInput
	// BackupRetentionDays of the cluster's own backups, 1 to 35 (default 30).
	BackupRetentionDays int
	// BackupWindow and MaintenanceWindow in UTC, apart from each other (default 00:00-01:00 and sun:02:00-sun:03:00).
	BackupWindow      string
	MaintenanceWindow string
	// LogRetentionDays (default 90).
	LogRetentionDays int
	// DependsOn must exist before the cluster: the instances of the first one.
	DependsOn []pulumi.Resource
}

var (
	// https://docs.aws.amazon.com/documentdb/latest/developerguide/global-clusters.html
	globalClass   = regexp.MustCompile(`^db\.r[5-9][a-z]*\.\d*x?large$`)
	engineVersion = regexp.MustCompile(`^(\d+\.\d+)\.\d+$`)
	label         = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

func (d *Documents) withDefaults() Documents {
	a := *d
	if a.Instances == 0 {
		a.Instances = 1
	}
	if a.BackupRetentionDays == 0 {
		a.BackupRetentionDays = 30
	}
	if a.BackupWindow == "" {
		a.BackupWindow = "00:00-01:00"
	}
	if a.MaintenanceWindow == "" {
		a.MaintenanceWindow = "sun:02:00-sun:03:00"
	}
	if a.LogRetentionDays == 0 {
		a.LogRetentionDays = 90
	}
	return a
}

func (d *Documents) validate() error {
	var problems []error
	add := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("documents: "+format, args...))
	}
	for _, input := range []struct {
		what  string
		given bool
	}{
		{"global cluster id", d.GlobalClusterID != nil}, {"vpc id", d.VPCID != nil},
		{"subnet ids", d.SubnetIDs != nil}, {"log key arn", d.LogKeyARN != nil},
	} {
		if !input.given {
			add("%s: is required", input.what)
		}
	}
	if !engineVersion.MatchString(d.EngineVersion) {
		add("engine version: must be a full version such as 5.0.0, got %q", d.EngineVersion)
	}
	if !globalClass.MatchString(d.InstanceClass) {
		add("instance class: must be a db.r5 or later one, which global clusters ask for, got %q", d.InstanceClass)
	}
	if d.Instances < 1 || d.Instances > 16 {
		add("instances: must be between 1 and 16, got %d", d.Instances)
	}
	if d.BackupRetentionDays < 1 || d.BackupRetentionDays > 35 {
		add("backup retention: must be between 1 and 35 days, got %d", d.BackupRetentionDays)
	}
	backups, err := window.Daily(d.BackupWindow)
	if err != nil {
		add("backup window: %w", err)
	}
	maintenance, err := window.Weekly(d.MaintenanceWindow)
	if err != nil {
		add("maintenance window: %w", err)
	}
	if backups.Overlaps(maintenance) {
		add("maintenance window: must not overlap the backup window %s, got %s", d.BackupWindow, d.MaintenanceWindow)
	}
	for _, client := range slices.Sorted(maps.Keys(d.Clients)) {
		if !label.MatchString(client) {
			add("clients: labels must match %s, got %q", label, client)
		} else if d.Clients[client] == nil {
			add("clients[%q]: must be a security group", client)
		}
	}
	return errors.Join(problems...)
}

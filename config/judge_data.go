package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/addressplan"
	"github.com/cloudinsight/platform/internal/managed"
	"github.com/cloudinsight/platform/internal/window"
)

func (j *judge) data() {
	j.maintenance()
	j.rds()
	j.documentdb()
	j.msk()
	j.redis()
	j.backup()
	j.recovery()
	j.between("costData.scanLimitGib", 1, 10240, j.config.CostData.ScanLimitGiB)
	if j.config.Faults.Enabled && j.config.Environment.Real() {
		j.add("faults.enabled", "must not be set in %s", j.config.Environment)
	}
}

// shortestWindow is ElastiCache's rule; RDS and DocumentDB take half of it. In minutes.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/maintenance-window.html
const shortestWindow = 60

func (j *judge) maintenance() {
	m := j.config.Maintenance
	weekly, weeklyErr := window.Weekly(m.Window)
	daily, dailyErr := window.Daily(m.BackupWindow)
	switch {
	case weeklyErr != nil:
		j.add("maintenance.window", "%s", weeklyErr)
	case weekly.Minutes() < shortestWindow:
		j.add("maintenance.window", "must be at least %d minutes long, got %q", shortestWindow, m.Window)
	}
	switch {
	case dailyErr != nil:
		j.add("maintenance.backupWindow", "%s", dailyErr)
	case daily.Minutes() < shortestWindow:
		j.add("maintenance.backupWindow", "must be at least %d minutes long, got %q", shortestWindow, m.BackupWindow)
	case weeklyErr == nil && daily.Overlaps(weekly):
		j.add("maintenance.backupWindow", "must not overlap maintenance.window %s, got %q", m.Window, m.BackupWindow)
	}
}

// version and offered refuse what AWS would refuse an hour later.
func (j *judge) version(path string, service managed.Service, got string) {
	if known := managed.Versions(service); !slices.Contains(known, got) {
		j.add(path, "must be a version of %s that the platform knows (%s), got %q", service, strings.Join(known, ", "), got)
	}
}

func (j *judge) offered(path string, service managed.Service, class string) {
	known := managed.Classes(service, j.config.Region)
	switch {
	case known == nil:
		return // the region has its own problem
	case slices.Contains(known, class):
	case managed.Exists(service, class):
		j.add(path, "must be offered for %s in %s, got %q", service, j.config.Region, class)
	default:
		j.add(path, "must be a size of %s, got %q%s", service, class, suggest(class, known))
	}
}

// grows judges the bound of a storage that AWS enlarges by itself.
func (j *judge) grows(path string, size, limit, least int) {
	if limit != 0 && limit < least {
		j.add(path, "must be 0 or at least %d, for a size of %d, got %d", least, size, limit)
	}
}

func (j *judge) rds() {
	r := j.config.RDS
	j.version("rds.engineVersion", managed.PostgreSQL, r.EngineVersion)
	j.offered("rds.instanceClass", managed.PostgreSQL, r.InstanceClass)
	j.between("rds.storageGib", 20, 65536, r.StorageGiB)
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
	j.grows("rds.maxStorageGib", r.StorageGiB, r.MaxStorageGiB, r.StorageGiB+(r.StorageGiB+9)/10)
	j.between("rds.readReplicas", 0, 5, r.ReadReplicas)
	j.between("rds.backupRetentionDays", 7, 35, r.BackupRetentionDays)
	j.restoreFrom("rds.restoreFrom", r.RestoreFrom, "an RDS snapshot, or of replicated automated backups", "snapshot", "auto-backup")
}

func (j *judge) documentdb() {
	d := j.config.DocumentDB
	j.version("documentdb.engineVersion", managed.DocumentDB, d.EngineVersion)
	j.offered("documentdb.instanceClass", managed.DocumentDB, d.InstanceClass)
	// https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html
	j.between("documentdb.instances", 1, 16, d.Instances)
	j.between("documentdb.backupRetentionDays", 7, 35, d.BackupRetentionDays)
	j.restoreFrom("documentdb.restoreFrom", d.RestoreFrom, "a DocumentDB cluster snapshot", "cluster-snapshot")
	if d.Global && managed.Burstable(d.InstanceClass) {
		// https://docs.aws.amazon.com/documentdb/latest/developerguide/global-clusters.html
		j.add("documentdb.global", "must have instances that are not burstable, got instanceClass %q", d.InstanceClass)
	}
	if s := d.ReplicaScaling; s.Enabled {
		if s.Min < 1 || s.Min > d.Instances {
			j.add("documentdb.replicaScaling.min", "must be between 1 and documentdb.instances %d, got %d", d.Instances, s.Min)
		}
		if s.Max > 16 || s.Max < d.Instances {
			j.add("documentdb.replicaScaling.max", "must be between documentdb.instances %d and 16, got %d", d.Instances, s.Max)
		}
		j.between("documentdb.replicaScaling.cpuPercent", 10, 95, s.CPUPercent)
	}
}

// restoreFrom judges the ARN of what a database is made from. Both services name theirs in the form of RDS.
func (j *judge) restoreFrom(path, arn, what string, kinds ...string) {
	parts := strings.SplitN(arn, ":", 7)
	if arn != "" && (len(parts) < 7 || parts[0] != "arn" || parts[2] != "rds" || !slices.Contains(kinds, parts[5])) {
		j.add(path, "must be the ARN of %s, got %q", what, arn)
	} else if arn != "" && parts[3] != j.config.Region {
		j.add(path, "must be in region %s, got %q", j.config.Region, arn)
	}
}

func (j *judge) msk() {
	m := j.config.MSK
	j.version("msk.kafkaVersion", managed.Kafka, m.KafkaVersion)
	j.offered("msk.instanceType", managed.Kafka, m.InstanceType)
	j.between("msk.brokersPerZone", 1, 10, m.BrokersPerZone)
	j.between("msk.volumeGib", 1, 16384, m.VolumeGiB)
	j.grows("msk.maxVolumeGib", m.VolumeGiB, m.MaxVolumeGiB, m.VolumeGiB+1)
	if m.MaxVolumeGiB != 0 && !managed.BrokersGrow(j.config.Region) {
		j.add("msk.maxVolumeGib", "must be 0 in %s, where MSK does not enlarge volumes by itself, got %d", j.config.Region, m.MaxVolumeGiB)
	}
	if m.AutoCreateTopics && j.config.Environment.Real() {
		j.add("msk.autoCreateTopics", "must not be set in %s: a misspelled name would make a topic", j.config.Environment)
	}
}

func (j *judge) redis() {
	r := j.config.Redis
	j.version("redis.engineVersion", managed.ElastiCache, r.EngineVersion)
	j.offered("redis.nodeType", managed.ElastiCache, r.NodeType)
	// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Replication.html: a primary and five replicas.
	j.between("redis.nodes", 1, 6, r.Nodes)
	j.between("redis.snapshotRetentionDays", 0, 35, r.SnapshotRetentionDays)
}

func (j *judge) backup() {
	b := j.config.Backup
	if b.Disabled {
		if j.config.Environment.Real() {
			j.add("backup.disabled", "must not be set in %s", j.config.Environment)
		}
		return
	}
	j.between("backup.retentionDays", 7, 3653, b.RetentionDays)
}

func (j *judge) recovery() {
	r := j.config.Recovery
	if r.Disabled && j.config.Environment == Prod {
		j.add("recovery.disabled", "must not be set in prod")
	}
	if j.config.DocumentDB.Global {
		switch {
		case r.Disabled:
			j.add("documentdb.global", "needs recovery, which recovery.disabled turns off")
		case r.CIDR == "":
			j.add("recovery.cidr", "is required with documentdb.global")
		}
	}
	if r.CIDR == "" {
		return
	}
	prefix, err := netip.ParsePrefix(r.CIDR)
	inside := func(private netip.Prefix) bool {
		return private.Bits() <= prefix.Bits() && private.Contains(prefix.Addr())
	}
	switch {
	case err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked():
		j.add("recovery.cidr", "must be an IPv4 range such as 10.10.0.0/16, got %q", r.CIDR)
	case prefix.Bits() < 16 || prefix.Bits() > 20:
		j.add("recovery.cidr", "must be between /16 and /20, got %q", r.CIDR)
	case !slices.ContainsFunc(addressplan.Private, inside):
		j.add("recovery.cidr", "must lie in %s, got %q", privateRanges(), r.CIDR)
	default:
		if own, err := netip.ParsePrefix(j.config.Network.CIDR); err == nil && own.Overlaps(prefix) {
			j.add("recovery.cidr", "must not overlap network.cidr %s, got %q", j.config.Network.CIDR, r.CIDR)
		}
	}
}

// parts of a stack whose protection can be lifted, by what the stack is made of.
func (c *Config) parts() []string {
	if c.Environment == Shared {
		return []string{"keys.logs", "keys.artifacts", "registry", "storage.accessLogs", "storage.artifacts", "storage.trail", "trail"}
	}
	return []string{
		"rds", "documentdb", "msk", "redis", "secrets", "backup", "recovery", "keys.logs", "keys.cluster", "keys.data", "keys.secrets",
		"keys.recovery", "storage.logs", "storage.backups", "storage.assets", "storage.costData", "storage.replicas",
	}
}

// everything lifts the protection of all parts at once.
const everything = "all"

func (j *judge) protection() {
	p := j.config.Protection
	if p.Disabled && j.config.Environment != Dev {
		j.add("protection.disabled", "must only be set in dev; name parts under protection.unprotected")
	}
	unique(j, "protection.unprotected", p.Unprotected)
	parts := append(j.config.parts(), everything)
	for i, part := range p.Unprotected {
		at := fmt.Sprintf("protection.unprotected[%d]", i)
		j.known(at, part, parts, "part")
		if part == everything && p.Locked {
			j.add(at, "must name single parts while protection.locked, got %q", part)
		}
	}
}

// Lifted says whether nothing keeps the part from being replaced or deleted.
func (p Protection) Lifted(part string) bool {
	return p.Disabled || slices.Contains(p.Unprotected, part) || slices.Contains(p.Unprotected, everything)
}

package config

// Logs says how long log records are kept.
type Logs struct {
	// Days that CloudWatch keeps a record, of whatever source. Rule: AWS's fixed set of values.
	RetentionDays int `json:"retentionDays"`
	// Days that the buckets of logs keep a record. Rule: from 1 to 3653.
	ArchiveDays int `json:"archiveDays"`
}

// Maintenance says when AWS may work on the data stores, in UTC.
type Maintenance struct {
	// Weekly window of patches and of changes that wait for it, such as sun:00:00-sun:02:00. Rule: at least an hour,
	// apart from backupWindow.
	Window string `json:"window"`
	// Daily window of backups and snapshots, such as 21:00-22:00. Rule: at least an hour.
	BackupWindow string `json:"backupWindow"`
}

// Protection keeps what holds data from being replaced or deleted.
type Protection struct {
	// Protect nothing: no deletion protection, no final snapshots, secrets and bucket contents go at once. Rule: dev only.
	Disabled bool `json:"disabled"`
	// Refuse to lift the protection of the whole environment at once, which taking it down needs.
	Locked bool `json:"locked"`
	// Parts whose protection is lifted, so that they can be replaced or deleted: rds, documentdb, msk, redis, a key as
	// keys.data, a bucket as storage.logs, backup, secrets, registry, trail, or all. Rule: known parts, none twice; all
	// only when not locked.
	Unprotected []string `json:"unprotected"`
}

// RDS describes the PostgreSQL database.
type RDS struct {
	// PostgreSQL version with its minor, in quotes. Rule: one that is known, 17.x.
	EngineVersion string `json:"engineVersion"`
	// Size of the instances. Rule: offered for PostgreSQL in the region.
	InstanceClass string `json:"instanceClass"`
	// Storage at creation; with maxStorageGib, later AWS decides. Unit: GiB. Rule: from 20 to 65536.
	StorageGiB int `json:"storageGib"`
	// Bound of storage auto-scaling; 0 turns it off. Unit: GiB. Rule: at least a tenth above storageGib.
	MaxStorageGiB int `json:"maxStorageGib"`
	// Make no standby in another zone.
	SingleZone bool `json:"singleZone"`
	// Read replicas. Rule: from 0 to 5.
	ReadReplicas int `json:"readReplicas"`
	// Days to which a point in time can be restored. Rule: between 7 and 35.
	BackupRetentionDays int `json:"backupRetentionDays"`
	// Pool connections through RDS Proxy.
	Proxy bool `json:"proxy"`
	// ARN of a snapshot, or of replicated automated backups, that the database is created from; it is read at no other
	// time. Rule: in region.
	RestoreFrom string `json:"restoreFrom"`
}

// DocumentDB describes the document database.
type DocumentDB struct {
	// Engine version, in quotes. Rule: one that is known.
	EngineVersion string `json:"engineVersion"`
	// Size of the instances. Rule: offered for DocumentDB in the region.
	InstanceClass string `json:"instanceClass"`
	// Instances, the primary among them. Rule: from 1 to 16.
	Instances int `json:"instances"`
	// Days to which a point in time can be restored. Rule: between 7 and 35.
	BackupRetentionDays int `json:"backupRetentionDays"`
	// Add and remove replicas by the CPU of the instances.
	ReplicaScaling ReplicaScaling `json:"replicaScaling"`
	// Keep a second cluster in drRegion; without it, copies of the backups go there.
	Global bool `json:"global"`
	// ARN of a cluster snapshot that the database is created from; it is read at no other time. Rule: in region.
	RestoreFrom string `json:"restoreFrom"`
}

// ReplicaScaling bounds the instances of DocumentDB, which AWS does not scale by itself.
type ReplicaScaling struct {
	// Whether instances are added and removed.
	Enabled bool `json:"enabled"`
	// Fewest instances. Rule: at least 1 and not above documentdb.instances.
	Min int `json:"min"`
	// Most instances. Rule: at most 16 and not below documentdb.instances.
	Max int `json:"max"`
	// CPU use above which one is added. Unit: percent. Rule: from 10 to 95.
	CPUPercent int `json:"cpuPercent"`
}

// MSK describes the Kafka cluster.
type MSK struct {
	// Kafka version, in quotes. Rule: one that is known.
	KafkaVersion string `json:"kafkaVersion"`
	// Size of the brokers. Rule: offered for MSK in the region.
	InstanceType string `json:"instanceType"`
	// Brokers in each of network.dataZones. Rule: from 1 to 10.
	BrokersPerZone int `json:"brokersPerZone"`
	// Storage of a broker at creation; with maxVolumeGib, later AWS decides. Unit: GiB. Rule: from 1 to 16384.
	VolumeGiB int `json:"volumeGib"`
	// Bound of storage auto-scaling; 0 turns it off. Unit: GiB. Rule: above volumeGib; 0 where
	// MSK has no auto-scaling, as in af-south-1.
	MaxVolumeGiB int `json:"maxVolumeGib"`
	// Make a topic when somebody writes to it. Rule: not in prod and recovery.
	AutoCreateTopics bool `json:"autoCreateTopics"`
}

// Redis describes the cache and session store.
type Redis struct {
	// Redis OSS version, in quotes. Rule: one that is known.
	EngineVersion string `json:"engineVersion"`
	// Size of the nodes. Rule: offered for ElastiCache in the region.
	NodeType string `json:"nodeType"`
	// Nodes, the primary among them; from two on they span zones and fail over. Rule: from 1 to 6.
	Nodes int `json:"nodes"`
	// Days that a daily snapshot is kept; 0 makes none. Rule: from 0 to 35.
	SnapshotRetentionDays int `json:"snapshotRetentionDays"`
}

// Backup describes AWS Backup's daily plan for the data stores.
type Backup struct {
	// Make no plan: the data stores' own backups are all there is. Rule: not in prod and recovery.
	Disabled bool `json:"disabled"`
	// Days that a recovery point is kept. Rule: from 7 to 3653.
	RetentionDays int `json:"retentionDays"`
	// Leave the vault without its lock against early deletion.
	Unlocked bool `json:"unlocked"`
	// Make no monthly restore test.
	NoRestoreTests bool `json:"noRestoreTests"`
}

// Recovery describes the copies in drRegion.
type Recovery struct {
	// Keep no copies in another region. Rule: not in prod.
	Disabled bool `json:"disabled"`
	// Range of the network in drRegion that a global DocumentDB cluster's second half lives in. Rule: private, between
	// /16 and /20; required with documentdb.global.
	CIDR string `json:"cidr"`
}

// CostData describes where the cost service gets AWS's Cost and Usage Report from.
type CostData struct {
	// Have AWS export the account's report to this environment. One environment of an account does.
	Export bool `json:"export"`
	// Most that one Athena query may read. Unit: GiB. Rule: from 1 to 10240.
	ScanLimitGiB int `json:"scanLimitGib"`
	// Collect AWS Config's data of the account for tag audits.
	Aggregator bool `json:"aggregator"`
}

// Faults describes experiments that break things on purpose.
type Faults struct {
	// Make the experiment templates; nothing runs until somebody starts one. Rule: not in prod and recovery.
	Enabled bool `json:"enabled"`
}

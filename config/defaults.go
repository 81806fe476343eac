package config

import "github.com/cloudinsight/platform/internal/instances"

// DefaultInterfaceEndpoints are the services that a private cluster with External Secrets and encrypted volumes calls
// all day; each saves its traffic the way through the NAT gateway.
var DefaultInterfaceEndpoints = []string{
	"ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "kms", "logs", "secretsmanager", "sts",
}

// setDefaults fills in what production wants, so that a key that is missing weakens nothing. What depends on the region
// is left to resolve.
func (c *Config) setDefaults() {
	*c = Config{
		Region:   "af-south-1",
		DRRegion: "eu-west-1",
		Tags:     Tags{DataClassification: Confidential},
		Domain:   "cloudinsight.com",
		// Seven years, as for all logs of production.
		Logs:       Logs{RetentionDays: 90, ArchiveDays: 2557},
		Protection: Protection{Locked: true},
		Network: Network{
			NATGateways:        NATPerZone,
			InterfaceEndpoints: DefaultInterfaceEndpoints,
			FlowLogs:           FlowLogs{Destination: LogsToS3},
		},
		Cluster: Cluster{
			Version:     "1.36",
			ServiceCIDR: "172.20.0.0/16",
		},
		Access: Access{Teams: []Team{DevOps}},
		// Sunday from 02:00 to 04:00 in Central Africa Time, UTC+2.
		Maintenance: Maintenance{Window: "sun:00:00-sun:02:00", BackupWindow: "22:00-23:00"},
		RDS: RDS{
			EngineVersion: "17.11", InstanceClass: "db.r5.large", StorageGiB: 100, MaxStorageGiB: 1000,
			ReadReplicas: 1, BackupRetentionDays: 30,
		},
		DocumentDB: DocumentDB{
			EngineVersion: "5.0.0", InstanceClass: "db.r5.large", Instances: 3, BackupRetentionDays: 30,
			ReplicaScaling: ReplicaScaling{Min: 3, Max: 9, CPUPercent: 70},
		},
		MSK:      MSK{KafkaVersion: "3.9.x", InstanceType: "kafka.m5.large", BrokersPerZone: 1, VolumeGiB: 250},
		Redis:    Redis{EngineVersion: "7.1", NodeType: "cache.r5.large", Nodes: 2, SnapshotRetentionDays: 7},
		Backup:   Backup{RetentionDays: 30},
		CostData: CostData{Export: true, ScanLimitGiB: 100},
		Registry: Registry{KeepImages: 50, UntaggedDays: 7},
		Delivery: Delivery{Branches: map[string]string{"dev": "development", "staging": "staging", "prod": "production", "recovery": "production"}},
		Security: Security{UnusedAccessDays: 90},
		Apps: Apps{
			QoS:      Guaranteed,
			Replicas: 3,
			Autoscaling: Autoscaling{
				Min:                           3,
				Max:                           20,
				CPUPercent:                    70,
				MemoryPercent:                 80,
				ScaleUpStabilizationSeconds:   300,
				ScaleDownStabilizationSeconds: 600,
			},
			LogLevel: LogWarn,
		},
	}
}

func (g *NodeGroup) setDefaults() {
	*g = NodeGroup{CapacityType: OnDemand, AMI: AL2023, Min: 1, Desired: 1, DiskGiB: 50}
}

// resolve fills in what follows from other values.
func (c *Config) resolve() {
	if c.Environment == Shared {
		return
	}
	zones := instances.Zones(c.Region)
	if c.Network.Zones == nil {
		c.Network.Zones = zones[:min(2, len(zones))]
	}
	if c.Network.DataZones == nil {
		c.Network.DataZones = zones[:min(3, len(zones))]
	}
	for name, group := range c.NodeGroups {
		if group.Zones == nil {
			group.Zones = c.Network.Zones
			c.NodeGroups[name] = group
		}
	}
}

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
		Network: Network{
			NATGateways:        NATPerZone,
			InterfaceEndpoints: DefaultInterfaceEndpoints,
			// Seven years, as for all logs of production.
			FlowLogs: FlowLogs{Destination: LogsToS3, RetentionDays: 2557},
		},
		Cluster: Cluster{
			Version:          "1.36",
			LogRetentionDays: 90,
			ServiceCIDR:      "172.20.0.0/16",
		},
		Access: Access{Teams: []Team{DevOps}},
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

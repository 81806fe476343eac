package config

// Network describes the VPC: its addresses, zones, ways out and logs.
type Network struct {
	// IPv4 range of the VPC; each environment has its own, so that they can be peered. Required. Rule: private,
	// between /16 and /20.
	CIDR string `json:"cidr"`
	// Zones of the public and private tiers; the first one holds the gateway of natGateways single. Default: the
	// region's first two. Rule: at least two zones of the region.
	Zones []string `json:"zones"`
	// Zones of the data tier. Default: the region's first three. Rule: at least two zones of the region, among
	// them all of network.zones.
	DataZones []string `json:"dataZones"`
	// How many NAT gateways carry the private tier's outgoing traffic.
	NATGateways NATGateways `json:"natGateways"`
	// Secondary range for pods; setting it turns custom networking on. Each zone gets a quarter. Rule: between /16
	// and /26, a range that AWS lets a VPC add, apart from network.cidr.
	PodCIDR string `json:"podCidr"`
	// AWS services reached through interface endpoints; an empty list makes none. The S3 gateway endpoint is always
	// made. Rule: known services, none twice.
	InterfaceEndpoints []string `json:"interfaceEndpoints"`
	// Records of the VPC's traffic.
	FlowLogs FlowLogs `json:"flowLogs"`
	// Subnets that leave the address plan, by tier and zone.
	Subnets Subnets `json:"subnets"`
}

// NATGateways says how many NAT gateways a network has.
type NATGateways string

// One gateway for all zones is cheaper; one in each survives the loss of a zone.
const (
	NATPerZone NATGateways = "perZone"
	NATSingle  NATGateways = "single"
)

func (NATGateways) values() []string { return []string{string(NATPerZone), string(NATSingle)} }

// FlowLogs says where the records of the VPC's traffic go.
type FlowLogs struct {
	// Where the records are written; logs.retentionDays holds for cloudWatch, logs.archiveDays for s3.
	Destination LogDestination `json:"destination"`
}

// LogDestination is a store for log records.
type LogDestination string

// S3 is cheap to keep; CloudWatch is quick to search.
const (
	LogsToS3         LogDestination = "s3"
	LogsToCloudWatch LogDestination = "cloudWatch"
)

func (LogDestination) values() []string {
	return []string{string(LogsToS3), string(LogsToCloudWatch)}
}

// Subnets moves single subnets off the derived plan. A zone that is absent keeps its planned range.
type Subnets struct {
	// Public subnets by zone. Rule: inside network.cidr, /16 to /28, overlapping no other subnet.
	Public map[string]string `json:"public"`
	// Private subnets by zone. Rule: as for public.
	Private map[string]string `json:"private"`
	// Data subnets by zone. Rule: as for public.
	Data map[string]string `json:"data"`
}

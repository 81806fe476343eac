package config

// Cluster describes the EKS control plane.
type Cluster struct {
	// Kubernetes minor version, in quotes. Rule: of the form "1.NN".
	Version string `json:"version"`
	// IPv4 ranges that reach the API server from the internet; none makes it private. Rule: public ranges, at most
	// 40; outside dev none shorter than /8.
	PublicAccessCIDRs []string `json:"publicAccessCidrs"`
	// IAM roles with full access to the cluster besides the one that created it, which EKS lets in by itself. Rule: role
	// ARNs, none twice.
	AdminRoleARNs []string `json:"adminRoleArns"`
	// Range of the addresses of Kubernetes services. Rule: private, between /12 and /24, apart from network.cidr
	// and network.podCidr.
	ServiceCIDR string `json:"serviceCidr"`
}

// NodeGroup describes one managed node group.
type NodeGroup struct {
	// How the instances are bought.
	CapacityType CapacityType `json:"capacityType"`
	// Instance types, the preferred one first. Required. Rule: known, offered in every zone of the group, of one
	// architecture and one size; at least three for spot.
	InstanceTypes []string `json:"instanceTypes"`
	// Operating system of the nodes.
	AMI AMI `json:"ami"`
	// Fewest nodes. Rule: not negative.
	Min int `json:"min"`
	// Most nodes. Required. Rule: at least 1.
	Max int `json:"max"`
	// Nodes at creation; later the autoscaler decides. Rule: between min and max.
	Desired int `json:"desired"`
	// Root volume. Unit: GiB. Rule: from 20 to 16384.
	DiskGiB int `json:"diskGib"`
	// Kubernetes labels of the nodes. Rule: label syntax, no reserved prefix.
	Labels map[string]string `json:"labels"`
	// Kubernetes taints of the nodes. Rule: label syntax, no key and effect twice.
	Taints []Taint `json:"taints"`
	// EC2 placement group of the nodes; none when absent. Rule: cluster wants one zone and no burstable type,
	// spread at most 7 nodes a zone.
	PlacementGroup PlacementGroup `json:"placementGroup"`
	// Zones of the nodes. Default: network.zones. Rule: among network.zones.
	Zones []string `json:"zones"`
}

// CapacityType says how instances are bought.
type CapacityType string

// Spot is cheaper and can be taken away at two minutes' notice.
const (
	OnDemand CapacityType = "onDemand"
	Spot     CapacityType = "spot"
)

func (CapacityType) values() []string { return []string{string(OnDemand), string(Spot)} }

// AMI is a family of node images. AL2 is not among them: EKS stopped publishing it in November 2025.
type AMI string

// The node images.
const (
	AL2023       AMI = "al2023"
	Bottlerocket AMI = "bottlerocket"
)

func (AMI) values() []string { return []string{string(AL2023), string(Bottlerocket)} }

// PlacementGroup is a strategy for placing instances on hardware; the zero value makes no group.
type PlacementGroup string

// The placement strategies of EC2.
const (
	PlaceCluster   PlacementGroup = "cluster"
	PlacePartition PlacementGroup = "partition"
	PlaceSpread    PlacementGroup = "spread"
)

func (PlacementGroup) values() []string {
	return []string{string(PlaceCluster), string(PlacePartition), string(PlaceSpread)}
}

// Taint keeps pods off a node unless they tolerate it.
type Taint struct {
	// Label key. Required.
	Key string `json:"key"`
	// Label value.
	Value string `json:"value"`
	// What happens to pods that do not tolerate the taint. Required.
	Effect TaintEffect `json:"effect"`
}

// TaintEffect is the effect of a taint, as Kubernetes spells it.
type TaintEffect string

// The effects of Kubernetes.
const (
	NoSchedule       TaintEffect = "NoSchedule"
	PreferNoSchedule TaintEffect = "PreferNoSchedule"
	NoExecute        TaintEffect = "NoExecute"
)

func (TaintEffect) values() []string {
	return []string{string(NoSchedule), string(PreferNoSchedule), string(NoExecute)}
}

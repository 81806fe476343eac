package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cloudinsight/platform/internal/instances"
)

// minSpotTypes is how many pools of spare capacity a spot group draws on, so that the end of one does not end the group.
const minSpotTypes = 3

// maxNameLength leaves room for the cluster's name and a suffix in AWS names of 64 characters.
const maxNameLength = 30

func (j *judge) nodeGroups() {
	if len(j.config.NodeGroups) == 0 {
		j.add("nodeGroups", "must have at least one group")
	}
	for _, name := range slices.Sorted(maps.Keys(j.config.NodeGroups)) {
		path, group := "nodeGroups."+name, j.config.NodeGroups[name]
		j.name(path, name)
		j.size(path, group)
		j.between(path+".diskGib", 20, 16384, group.DiskGiB)
		j.instanceTypes(path, group)
		j.nodeZones(path, group)
		j.labels(path+".labels", group.Labels)
		j.taints(path+".taints", group.Taints)
		j.placement(path, group)
	}
}

func (j *judge) name(path, name string) {
	if len(validation.IsDNS1035Label(name)) > 0 || len(name) > maxNameLength {
		j.add(path, "must be named by at most %d lower case letters, digits and dashes, a letter first, got %q", maxNameLength, name)
	}
}

func (j *judge) size(path string, g NodeGroup) {
	switch {
	case g.Max < 1:
		j.add(path+".max", "must be at least 1, got %d", g.Max)
	case g.Min < 0:
		j.add(path+".min", "must not be negative, got %d", g.Min)
	case g.Min > g.Max:
		j.add(path+".min", "must not be above max %d, got %d", g.Max, g.Min)
	default:
		if g.Desired < g.Min || g.Desired > g.Max {
			j.add(path+".desired", "must be between min %d and max %d, got %d", g.Min, g.Max, g.Desired)
		}
	}
}

func (j *judge) instanceTypes(path string, g NodeGroup) {
	path += ".instanceTypes"
	unique(j, path, g.InstanceTypes)
	if len(g.InstanceTypes) == 0 {
		j.add(path, "must name at least one type")
	} else if g.CapacityType == Spot && len(g.InstanceTypes) < minSpotTypes {
		j.add(path, "must name at least %d types for spot, so that the group outlives a pool, got %d", minSpotTypes, len(g.InstanceTypes))
	}

	var first instances.Type
	for i, name := range g.InstanceTypes {
		at := fmt.Sprintf("%s[%d]", path, i)
		found, ok := instances.Lookup(name)
		if !ok {
			j.known(at, name, instances.Names(), "type")
			continue
		}
		for _, zone := range g.Zones {
			if slices.Contains(instances.Zones(j.config.Region), zone) && !instances.Offered(name, zone) {
				j.add(at, "must be offered in %s, got %q", zone, name)
			}
		}
		if first.Name == "" {
			first = found
		}
		// Nodes of one group share an image, and the autoscaler takes the first type for all of them.
		// https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
		if found.Arch != first.Arch {
			j.add(at, "must be of the architecture of %s, %s, got %q (%s)", first.Name, first.Arch, name, found.Arch)
		}
		if found.VCPU != first.VCPU || found.MemoryMiB != first.MemoryMiB {
			j.add(at, "must be of the size of %s, %s, got %q (%s)", first.Name, size(first), name, size(found))
		}
	}
}

func size(t instances.Type) string { return fmt.Sprintf("%d vCPU and %d MiB", t.VCPU, t.MemoryMiB) }

func (j *judge) nodeZones(path string, g NodeGroup) {
	if slices.Equal(g.Zones, j.config.Network.Zones) {
		return
	}
	unique(j, path+".zones", g.Zones)
	if len(g.Zones) == 0 {
		j.add(path+".zones", "must name at least one zone")
	}
	for i, zone := range g.Zones {
		if !slices.Contains(j.config.Network.Zones, zone) {
			j.add(fmt.Sprintf("%s.zones[%d]", path, i), "must be among network.zones (%s), got %q", strings.Join(j.config.Network.Zones, ", "), zone)
		}
	}
}

// labels judges what the kubelet will write on its node; it refuses most labels in the name of Kubernetes.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
func (j *judge) labels(path string, labels map[string]string) {
	for key, value := range labels {
		at := join(path, key)
		for _, rule := range validation.IsQualifiedName(key) {
			j.add(at, "must be a label key: %s", rule)
		}
		for _, rule := range validation.IsValidLabelValue(value) {
			j.add(at, "must be a label value, got %q: %s", value, rule)
		}
		if reservedLabel(key) {
			j.add(at, "must not have a prefix that Kubernetes or EKS keeps for itself")
		}
	}
}

func reservedLabel(key string) bool {
	prefix, _, ok := strings.Cut(key, "/")
	if !ok || prefix == "node.kubernetes.io" {
		return false
	}
	return slices.ContainsFunc([]string{"kubernetes.io", "k8s.io", "eks.amazonaws.com"}, func(domain string) bool {
		return prefix == domain || strings.HasSuffix(prefix, "."+domain)
	})
}

func (j *judge) taints(path string, taints []Taint) {
	seen := map[string]bool{}
	for i, taint := range taints {
		at := fmt.Sprintf("%s[%d]", path, i)
		for _, rule := range validation.IsQualifiedName(taint.Key) {
			j.add(at+".key", "must be a label key, got %q: %s", taint.Key, rule)
		}
		for _, rule := range validation.IsValidLabelValue(taint.Value) {
			j.add(at+".value", "must be a label value, got %q: %s", taint.Value, rule)
		}
		if taint.Effect == "" {
			j.add(at+".effect", "is required, one of %s", strings.Join(taint.Effect.values(), ", "))
		}
		if identity := taint.Key + ":" + string(taint.Effect); seen[identity] {
			j.add(at, "must be named once, got %q again", identity)
		} else {
			seen[identity] = true
		}
	}
}

// maxSpreadPerZone is EC2's limit of instances in a spread placement group.
const maxSpreadPerZone = 7

// placement applies EC2's rules of placement groups.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html
func (j *judge) placement(path string, g NodeGroup) {
	path += ".placementGroup"
	switch g.PlacementGroup {
	case PlaceCluster:
		if len(g.Zones) > 1 {
			j.add(path, "cluster must have its nodes in one zone, got %d", len(g.Zones))
		}
		for _, name := range g.InstanceTypes {
			if t, ok := instances.Lookup(name); ok && t.Burstable() {
				j.add(path, "cluster must not have burstable types, got %q", name)
			}
		}
	case PlaceSpread:
		if limit := maxSpreadPerZone * len(g.Zones); g.Max > limit {
			j.add(path, "spread takes %d nodes a zone, %d in all, got max %d", maxSpreadPerZone, limit, g.Max)
		}
	case PlacePartition:
	}
}

package stacks

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/cloudinsight/platform/apps"
	"github.com/cloudinsight/platform/components/access"
	"github.com/cloudinsight/platform/components/alarms"
	"github.com/cloudinsight/platform/components/documentdb"
	"github.com/cloudinsight/platform/components/eks"
	"github.com/cloudinsight/platform/components/namespace"
	"github.com/cloudinsight/platform/components/registry"
	"github.com/cloudinsight/platform/config"
	"github.com/cloudinsight/platform/internal/addressplan"
)

// The functions here turn what the configuration says into what components ask for: components know no configuration.

func subnets(s config.Subnets) addressplan.Subnets {
	return addressplan.Subnets{Public: s.Public, Private: s.Private, Data: s.Data}
}

func nodeGroups(groups map[string]config.NodeGroup) map[string]eks.NodeGroup {
	all := map[string]eks.NodeGroup{}
	for purpose, g := range groups {
		var taints []eks.Taint
		for _, t := range g.Taints {
			taints = append(taints, eks.Taint{Key: t.Key, Value: t.Value, Effect: string(t.Effect)})
		}
		all[purpose] = eks.NodeGroup{
			InstanceTypes: g.InstanceTypes, Min: g.Min, Desired: g.Desired, Max: g.Max, Spot: g.CapacityType == config.Spot,
			AMI: eks.AMI(g.AMI), DiskGiB: g.DiskGiB, Labels: g.Labels, Taints: taints, Placement: string(g.PlacementGroup), Zones: g.Zones,
		}
	}
	return all
}

func teams(names []config.Team) []access.Team {
	var all []access.Team
	for _, name := range names {
		all = append(all, access.Team(name))
	}
	return all
}

func qos(q config.QoS) corev1.PodQOSClass {
	return map[config.QoS]corev1.PodQOSClass{
		config.Guaranteed: corev1.PodQOSGuaranteed, config.Burstable: corev1.PodQOSBurstable, config.BestEffort: corev1.PodQOSBestEffort,
	}[q]
}

func autoscaling(a config.Autoscaling) *apps.Autoscaling {
	if a.Disabled {
		return nil
	}
	return &apps.Autoscaling{
		Min: a.Min, Max: a.Max, CPUPercent: a.CPUPercent, MemoryPercent: a.MemoryPercent,
		ScaleUpSeconds: a.ScaleUpStabilizationSeconds, ScaleDownSeconds: a.ScaleDownStabilizationSeconds,
	}
}

func overrides(services map[string]config.ServiceOverride) map[string]apps.Override {
	all := map[string]apps.Override{}
	for name, s := range services {
		all[name] = apps.Override{
			Replicas: s.Replicas, MinReplicas: s.MinReplicas, MaxReplicas: s.MaxReplicas, CPU: s.CPU, Memory: s.Memory, LogLevel: string(s.LogLevel),
		}
	}
	return all
}

func extraServices(services []config.ExtraService) []apps.Row {
	var all []apps.Row
	for _, s := range services {
		all = append(all, apps.Row{Name: s.Name, Port: s.Port, Runtime: apps.Runtime(s.Runtime)})
	}
	return all
}

// images turns tags and digests into full references to the registry of the shared stack.
func images(registryHost string, tags map[string]string) map[string]string {
	all := map[string]string{}
	for service, tag := range tags {
		separator := ":"
		if strings.HasPrefix(tag, "sha256:") {
			separator = "@"
		}
		all[service] = registryHost + "/" + registry.Namespace + "/" + service + separator + tag
	}
	return all
}

// ranges of the subnets of a tier, in the order of their zones.
func ranges(tier map[string]netip.Prefix) []string {
	var all []string
	for _, zone := range slices.Sorted(maps.Keys(tier)) {
		all = append(all, tier[zone].String())
	}
	return all
}

func replicaScaling(s config.ReplicaScaling) *documentdb.ReplicaScaling {
	if !s.Enabled {
		return nil
	}
	return &documentdb.ReplicaScaling{Min: s.Min, Max: s.Max, CPUPercent: float64(s.CPUPercent)}
}

// snapshotDays says "none" as the component does, where 0 is the default.
func snapshotDays(days int) int {
	if days == 0 {
		return -1
	}
	return days
}

func topics(guards *alarms.Alarms) pulumi.StringMap {
	all := pulumi.StringMap{}
	for severity, arn := range guards.TopicARN {
		all[string(severity)] = arn
	}
	return all
}

// quota bounds the namespace by what the services need at their most, unless the configuration says otherwise.
func quota(a config.Apps, peak apps.Demand) (namespace.Quota, error) {
	q := namespace.Quota{Pods: peak.Pods}
	if a.Quota.Pods > 0 {
		q.Pods = a.Quota.Pods
	}
	if a.QoS == config.BestEffort {
		return q, nil
	}
	q.RequestsCPU, q.RequestsMemory, q.LimitsCPU, q.LimitsMemory = peak.RequestsCPU, peak.RequestsMemory, peak.LimitsCPU, peak.LimitsMemory
	if a.Quota.CPU != "" {
		cpu, err := resource.ParseQuantity(a.Quota.CPU)
		if err != nil {
			return q, fmt.Errorf("apps.quota.cpu: %w", err)
		}
		q.RequestsCPU = int(cpu.MilliValue())
	}
	if a.Quota.Memory != "" {
		memory, err := resource.ParseQuantity(a.Quota.Memory)
		if err != nil {
			return q, fmt.Errorf("apps.quota.memory: %w", err)
		}
		q.RequestsMemory = int(memory.Value() >> 20)
	}
	return q, nil
}

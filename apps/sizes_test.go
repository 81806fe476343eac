package apps

import (
	"strings"
	"testing"

	"github.com/cloudinsight/platform/internal/instances"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// environments are those of spec section 2.
var environments = map[string]struct {
	settings    Settings
	node        string
	least, most int // nodes
	platform    Demand
}{
	"dev": {
		settings: Settings{Environment: "dev", QoS: corev1.PodQOSBestEffort, Replicas: 1, LogLevel: "DEBUG"},
		node:     "t3.medium", least: 1, most: 3,
	},
	"staging": {
		settings: Settings{Environment: "staging", QoS: corev1.PodQOSBurstable, Replicas: 2, LogLevel: "INFO",
			Autoscaling: &Autoscaling{Min: 2, Max: 5, CPUPercent: 50, MemoryPercent: 60, ScaleDownSeconds: 180}},
		node: "t3.large", least: 1, most: 3,
		platform: Demand{Pods: 20, RequestsCPU: 500, RequestsMemory: 1500},
	},
	"prod": {
		settings: Settings{Environment: "prod", QoS: corev1.PodQOSGuaranteed, Replicas: 3, LogLevel: "WARN",
			Autoscaling: &Autoscaling{Min: 3, Max: 20, CPUPercent: 70, MemoryPercent: 80, ScaleUpSeconds: 300, ScaleDownSeconds: 600}},
		node: "m5.xlarge", least: 3, most: 15,
		platform: Demand{Pods: 60, RequestsCPU: 2500, RequestsMemory: 10 * 1024},
	},
}

func argsOf(environment string) *Args {
	s := environments[environment].settings
	if s.Autoscaling != nil {
		own := *s.Autoscaling
		s.Autoscaling = &own
	}
	s.Namespace = "cloudinsight-" + environment
	s.Region = "af-south-1"
	s.DataTierCIDRs = []string{"10.1.21.0/24", "10.1.22.0/24", "10.1.23.0/24"}
	return &Args{Settings: s, Stores: fakeStores(names(Catalog())...)}
}

// What EKS itself runs: on each node the CNI with its policy agent, kube-proxy,
// the EBS driver and the Pod Identity agent; once, CoreDNS, the metrics server
// and the EBS controller, two pods each.
var (
	perNode    = Demand{Pods: 4, RequestsCPU: 50 + 100 + 30, RequestsMemory: 120}
	perCluster = Demand{Pods: 6, RequestsCPU: 2*100 + 2*100 + 2*60, RequestsMemory: 2*70 + 2*200 + 2*240}
)

// allocatable of a node is what the kubelet leaves to pods: the kernel's share
// of the memory, the reserves of AL2023's nodeadm and the eviction threshold
// are off. https://github.com/awslabs/amazon-eks-ami/tree/main/nodeadm
func allocatable(t *testing.T, name string) Demand {
	node, ok := instances.Lookup(name)
	require.True(t, ok, name)
	reservedCPU := 60.0 // millicores
	for core := 2; core <= node.VCPU; core++ {
		switch {
		case core == 2:
			reservedCPU += 10
		case core <= 4:
			reservedCPU += 5
		default:
			reservedCPU += 2.5
		}
	}
	addressable := node.ENIs*(node.AddressesPerENI-1) + 2
	return Demand{
		Pods:           node.MaxPods(false),
		RequestsCPU:    node.VCPU*1000 - int(reservedCPU),
		RequestsMemory: node.MemoryMiB*96/100 - (255 + 11*addressable) - 100,
	}
}

func TestAllocatable(t *testing.T) {
	large := allocatable(t, "t3.large")
	assert.Equal(t, 1930, large.RequestsCPU)
	assert.InDelta(t, 6.9*1024, large.RequestsMemory, 150)
	assert.Equal(t, 3920, allocatable(t, "m5.xlarge").RequestsCPU)
}

// The services, EKS's own pods and the platform services fit the nodes that
// the environment starts with, and at their largest scale those that it may grow to.
func TestSizes_FitTheNodes(t *testing.T) {
	for name, env := range environments {
		t.Run(name, func(t *testing.T) {
			node, args := allocatable(t, env.node), argsOf(name).withDefaults()
			for _, scale := range []struct {
				nodes    int
				services Demand
			}{
				{env.least, args.demand(Settings.floor)},
				{env.most, args.demand(Settings.ceiling)},
			} {
				sum := func(of func(Demand) int) int {
					return of(scale.services) + of(perCluster) + scale.nodes*of(perNode) + of(env.platform)
				}
				pods := func(d Demand) int { return d.Pods }
				cpu := func(d Demand) int { return d.RequestsCPU }
				memory := func(d Demand) int { return d.RequestsMemory }
				assert.LessOrEqual(t, sum(pods), scale.nodes*pods(node), "pods on %d nodes", scale.nodes)
				assert.LessOrEqual(t, sum(cpu), scale.nodes*cpu(node), "millicores on %d nodes", scale.nodes)
				assert.LessOrEqual(t, sum(memory), scale.nodes*memory(node), "MiB on %d nodes", scale.nodes)
			}
		})
	}
}

// BestEffort pods are not counted by the scheduler, but their heaps exist.
func TestSizes_BestEffortHeapsFitTheDevNode(t *testing.T) {
	const nextJS, eksPods = 150, 400 // MiB in use, not requested
	use := nextJS + eksPods
	for _, row := range Catalog() {
		if row.Runtime == JVM {
			use += unlimitedHeap + nonHeap
		}
	}
	assert.LessOrEqual(t, use, allocatable(t, "t3.medium").RequestsMemory)
}

func TestSizes_ByQoS(t *testing.T) {
	for runtime, p := range profiles {
		assert.Equal(t, Size{}, p.sizes[corev1.PodQOSBestEffort], runtime)
		b := p.sizes[corev1.PodQOSBurstable]
		assert.Less(t, b.RequestCPU, b.LimitCPU, runtime)
		assert.Less(t, b.RequestMemory, b.LimitMemory, runtime)
		g := p.sizes[corev1.PodQOSGuaranteed]
		assert.Equal(t, g.LimitCPU, g.RequestCPU, runtime)
		assert.Equal(t, g.LimitMemory, g.RequestMemory, runtime)
	}
	assert.GreaterOrEqual(t, profiles[JVM].sizes[corev1.PodQOSBurstable].LimitMemory, 512)
	assert.GreaterOrEqual(t, profiles[JVM].sizes[corev1.PodQOSGuaranteed].LimitMemory, 768)
}

func TestSizes_Override(t *testing.T) {
	cases := map[string]struct {
		qos      corev1.PodQOSClass
		override Override
		want     Size
	}{
		"guaranteed asks for its limit": {corev1.PodQOSGuaranteed, Override{CPU: "1", Memory: "2Gi"},
			Size{RequestCPU: 1000, RequestMemory: 2048, LimitCPU: 1000, LimitMemory: 2048}},
		"burstable keeps its requests": {corev1.PodQOSBurstable, Override{CPU: "2", Memory: "2Gi"},
			Size{RequestCPU: 50, RequestMemory: 256, LimitCPU: 2000, LimitMemory: 2048}},
		"burstable asks for no more than its limit": {corev1.PodQOSBurstable, Override{CPU: "20m"},
			Size{RequestCPU: 20, RequestMemory: 256, LimitCPU: 20, LimitMemory: 512}},
		"one of the two": {corev1.PodQOSGuaranteed, Override{Memory: "1536Mi"},
			Size{RequestCPU: 350, RequestMemory: 1536, LimitCPU: 350, LimitMemory: 1536}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := Args{Settings: Settings{QoS: c.qos}, Services: map[string]Override{"cost": c.override}}
			row, _ := find(Catalog(), "cost")
			assert.Equal(t, c.want, a.sizeOf(row))
		})
	}
}

func TestHeapOption(t *testing.T) {
	for limit, want := range map[int]string{
		0:    "-Xmx192m",
		384:  "-XX:MaxRAMPercentage=47",
		512:  "-XX:MaxRAMPercentage=60",
		1024: "-XX:MaxRAMPercentage=75",
		8192: "-XX:MaxRAMPercentage=75",
	} {
		assert.Equal(t, want, heapOption(limit), limit)
	}
}

func TestPeak(t *testing.T) {
	// Five pods each, two more that start and two that stop: 6 JVM, 1 Node; and
	// the topics job.
	assert.Equal(t, Demand{
		Pods:        9*7 + 1,
		RequestsCPU: 9*7*50 + 50, RequestsMemory: 9*(6*256+128) + 64,
		LimitsCPU: 9*(6*1000+500) + 250, LimitsMemory: 9*(6*512+384) + 128,
	}, argsOf("staging").Peak())
	assert.Equal(t, Demand{Pods: 7*3 + 1}, argsOf("dev").Peak())

	a := argsOf("dev")
	a.Services = map[string]Override{"user": {Replicas: 4}}
	assert.Equal(t, 6*3+4+2+1, a.Peak().Pods)
}

func TestImages(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0f", 32)
	for image, version := range map[string]string{
		"registry.example/user:v1.2.3":           "v1.2.3",
		"registry.example/user@" + digest:        "",
		"registry.example/user:v1.2.3@" + digest: "v1.2.3",
		placeholderImage:                         "2.63.0",
	} {
		assert.NoError(t, checkImage(image), image)
		assert.Equal(t, version, imageVersion(image), image)
	}
	for image, problem := range map[string]string{
		"registry.example/user":          "must name a tag or a digest",
		"registry.example/user:latest":   "must not be the tag latest",
		"registry.example/User:v1":       "must be an image reference",
		"registry.example/user@sha256:0": "must be an image reference",
	} {
		assert.ErrorContains(t, checkImage(image), problem, image)
	}
}

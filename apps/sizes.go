package apps

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Size is what one pod asks for and may use: millicores and MiB. Zero is unset.
type Size struct {
	RequestCPU, RequestMemory int
	LimitCPU, LimitMemory     int
}

// profile is what a runtime decides for its services.
type profile struct {
	startup  time.Duration // until the startup probe gives up
	start    string        // health paths
	ready    string
	live     string
	sizes    map[corev1.PodQOSClass]Size
	settings func(Row, Settings, Size) map[string]string // environment variables
	stores   func(pulumi.StringMap, ServiceArgs)         // adds those for its stores (optional)
}

// The sizes fit the nodes that an environment starts with, next to EKS's own
// pods and the platform services; TestSizes_FitTheNodes has the sum. A JVM
// needs CPU to start rather than to run, so Burstable may use a whole core.
var profiles = map[Runtime]profile{
	Node: {
		startup: time.Minute,
		start:   "/api/health", ready: "/api/health", live: "/api/health",
		sizes: map[corev1.PodQOSClass]Size{
			corev1.PodQOSBestEffort: {},
			corev1.PodQOSBurstable:  {RequestCPU: 50, RequestMemory: 128, LimitCPU: 500, LimitMemory: 384},
			corev1.PodQOSGuaranteed: {RequestCPU: 250, RequestMemory: 512, LimitCPU: 250, LimitMemory: 512},
		},
		settings: nodeSettings,
	},
	JVM: {
		startup: 5 * time.Minute,
		start:   "/actuator/health/liveness", ready: "/actuator/health/readiness", live: "/actuator/health/liveness",
		sizes: map[corev1.PodQOSClass]Size{
			corev1.PodQOSBestEffort: {},
			corev1.PodQOSBurstable:  {RequestCPU: 50, RequestMemory: 256, LimitCPU: 1000, LimitMemory: 512},
			corev1.PodQOSGuaranteed: {RequestCPU: 350, RequestMemory: 1024, LimitCPU: 350, LimitMemory: 1024},
		},
		settings: jvmSettings,
		stores:   springStores,
	},
}

// sizeOf is the size of a pod of the row, its override applied. The override's
// quantities have been judged.
func (a Args) sizeOf(row Row) Size {
	size, o := profiles[row.Runtime].sizes[a.QoS], a.Services[row.Name]
	if cpu, err := resource.ParseQuantity(o.CPU); err == nil {
		size.LimitCPU = int(cpu.MilliValue())
	}
	if memory, err := resource.ParseQuantity(o.Memory); err == nil {
		size.LimitMemory = int(memory.Value() >> 20)
	}
	if a.QoS == corev1.PodQOSGuaranteed {
		size.RequestCPU, size.RequestMemory = size.LimitCPU, size.LimitMemory
	}
	size.RequestCPU = min(size.RequestCPU, size.LimitCPU)
	size.RequestMemory = min(size.RequestMemory, size.LimitMemory)
	return size
}

func nodeSettings(row Row, _ Settings, _ Size) map[string]string {
	return map[string]string{
		"NODE_ENV": "production",
		"HOSTNAME": "0.0.0.0", // Next.js listens on the pod's name otherwise
		"PORT":     fmt.Sprint(row.Port),
	}
}

func jvmSettings(row Row, s Settings, size Size) map[string]string {
	return map[string]string{
		"SPRING_PROFILES_ACTIVE": s.Environment,
		"SERVER_PORT":            fmt.Sprint(row.Port),
		"SERVER_SHUTDOWN":        "graceful",
		"SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE": fmt.Sprintf("%ds", drainSeconds),
		"MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED":   "true",
		"JAVA_TOOL_OPTIONS":                           heapOption(size.LimitMemory) + " -XX:+ExitOnOutOfMemoryError",
	}
}

const (
	// nonHeap is what a Spring service needs besides its heap: metaspace, code
	// cache, thread stacks, direct buffers. MiB.
	nonHeap = 200
	// maxHeapPercent keeps a quarter free for them in larger containers too.
	maxHeapPercent = 75
	// minJVMMemory leaves a heap worth having. MiB.
	minJVMMemory = 384
	// unlimitedHeap holds back a JVM without a memory limit, which would size
	// its heap by the node and starve its neighbors. MiB.
	unlimitedHeap = 192
)

// heapOption is the JVM flag that sizes the heap for a memory limit in MiB.
func heapOption(limit int) string {
	if limit == 0 {
		return fmt.Sprintf("-Xmx%dm", unlimitedHeap)
	}
	return fmt.Sprintf("-XX:MaxRAMPercentage=%d", min(maxHeapPercent, 100*(limit-nonHeap)/limit))
}

// Demand is what pods ask of a namespace: their count, millicores and MiB.
type Demand struct {
	Pods                        int
	RequestsCPU, RequestsMemory int
	LimitsCPU, LimitsMemory     int
}

func (d *Demand) add(pods int, s Size) {
	d.Pods += pods
	d.RequestsCPU += pods * s.RequestCPU
	d.RequestsMemory += pods * s.RequestMemory
	d.LimitsCPU += pods * s.LimitCPU
	d.LimitsMemory += pods * s.LimitMemory
}

// Peak is what the services ask for when all of them are at their largest
// scale and roll out at once, while the topics job runs; a namespace's quota has to allow it. The surge
// counts twice: new pods start while as many old ones still terminate. Invalid
// arguments have no meaningful peak: [NewApps] reports them.
func (a *Args) Peak() Demand {
	args := a.withDefaults()
	d := args.demand(func(s Settings) int { return s.ceiling() + 2*surge(s.ceiling()) })
	if UsesStore(args.rows(), Kafka) {
		d.add(1, topicsSizes[args.QoS])
	}
	return d
}

// demand of all services, with a number of pods for each.
func (a Args) demand(pods func(Settings) int) Demand {
	var d Demand
	for _, row := range a.rows() {
		d.add(pods(a.settingsOf(row.Name)), a.sizeOf(row))
	}
	return d
}

// surgePercent of a service's pods may exist on top during a rollout.
const surgePercent = 25

// surge is how many pods that is; Kubernetes rounds up.
func surge(replicas int) int { return (replicas*surgePercent + 99) / 100 }

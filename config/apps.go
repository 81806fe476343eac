package config

// Apps describes how the services of the product run in this environment. What a service is (port, probes,
// dependencies) stands in the catalog of package apps.
type Apps struct {
	// Quality of service of the pods.
	QoS QoS `json:"qos"`
	// Pods of each service; with autoscaling, those that it starts with. Rule: at least 1, and between
	// apps.autoscaling.min and max.
	Replicas int `json:"replicas"`
	// Horizontal pod autoscaler of each service.
	Autoscaling Autoscaling `json:"autoscaling"`
	// Log level of each service.
	LogLevel LogLevel `json:"logLevel"`
	// Image tag or sha256 digest by service, and for topics, the job that makes Kafka's topics; what has none runs the
	// placeholder. Rule: known services, no tag latest.
	Images map[string]string `json:"images"`
	// What differs for single services, by name. Rule: known services.
	Services map[string]ServiceOverride `json:"services"`
	// Services beyond the catalog. Rule: names that are DNS labels and taken by no other service.
	ExtraServices []ExtraService `json:"extraServices"`
	// Limits of the namespace as a whole.
	Quota Quota `json:"quota"`
}

// QoS is a Kubernetes quality of service class.
type QoS string

// Guaranteed sets requests and equal limits, Burstable lower requests, BestEffort neither.
const (
	Guaranteed QoS = "guaranteed"
	Burstable  QoS = "burstable"
	BestEffort QoS = "bestEffort"
)

func (QoS) values() []string {
	return []string{string(Guaranteed), string(Burstable), string(BestEffort)}
}

// LogLevel is the lowest level that a service logs.
type LogLevel string

// The log levels.
const (
	LogDebug LogLevel = "DEBUG"
	LogInfo  LogLevel = "INFO"
	LogWarn  LogLevel = "WARN"
	LogError LogLevel = "ERROR"
)

func (LogLevel) values() []string {
	return []string{string(LogDebug), string(LogInfo), string(LogWarn), string(LogError)}
}

// Autoscaling describes the horizontal pod autoscaler of a service.
type Autoscaling struct {
	// Make no autoscaler; the other keys are ignored. Rule: must be true with apps.qos bestEffort, whose pods
	// have no requests to measure against.
	Disabled bool `json:"disabled"`
	// Fewest pods. Rule: at least 1.
	Min int `json:"min"`
	// Most pods. Rule: not below min.
	Max int `json:"max"`
	// Average CPU use aimed at. Unit: percent of the request. Rule: from 1 to 100.
	CPUPercent int `json:"cpuPercent"`
	// Average memory use aimed at. Unit: percent of the request. Rule: from 1 to 100.
	MemoryPercent int `json:"memoryPercent"`
	// How long a need for more pods must last. Unit: seconds. Rule: from 0 to 3600.
	ScaleUpStabilizationSeconds int `json:"scaleUpStabilizationSeconds"`
	// How long a need for fewer pods must last. Unit: seconds. Rule: from 0 to 3600.
	ScaleDownStabilizationSeconds int `json:"scaleDownStabilizationSeconds"`
}

// ServiceOverride is what differs for one service; what is absent stays as in apps and the catalog.
type ServiceOverride struct {
	// Pods of this service. Default: apps.replicas. Rule: as for apps.replicas.
	Replicas int `json:"replicas"`
	// Fewest pods of its autoscaler. Default: apps.autoscaling.min. Rule: not above maxReplicas.
	MinReplicas int `json:"minReplicas"`
	// Most pods of its autoscaler. Default: apps.autoscaling.max.
	MaxReplicas int `json:"maxReplicas"`
	// CPU of a pod at its limit. Default: as in the catalog. Rule: a positive Kubernetes quantity; refused with
	// apps.qos bestEffort.
	CPU string `json:"cpu"`
	// Memory of a pod at its limit. Default: as in the catalog. Rule: as for cpu.
	Memory string `json:"memory"`
	// Log level of this service. Default: apps.logLevel.
	LogLevel LogLevel `json:"logLevel"`
}

// ExtraService is one more row for the catalog.
type ExtraService struct {
	// Name of the service and of its Kubernetes objects. Required.
	Name string `json:"name"`
	// Port of its HTTP server. Required. Rule: from 1024 to 65535.
	Port int `json:"port"`
	// What the image runs on, which decides probes and sizes. Required.
	Runtime Runtime `json:"runtime"`
}

// Runtime is what a service runs on.
type Runtime string

// The JVM starts slowly and wants memory; Node does neither.
const (
	JVM  Runtime = "jvm"
	Node Runtime = "node"
)

func (Runtime) values() []string { return []string{string(JVM), string(Node)} }

// Quota limits the namespace of the services. What is absent is computed from the services at their most pods.
type Quota struct {
	// Sum of the CPU requests. Default: computed. Rule: a positive Kubernetes quantity; refused with apps.qos
	// bestEffort.
	CPU string `json:"cpu"`
	// Sum of the memory requests. Default: computed. Rule: as for cpu.
	Memory string `json:"memory"`
	// Number of pods. Default: computed. Rule: not negative.
	Pods int `json:"pods"`
}

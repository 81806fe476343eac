// Package apps runs the product: a catalog of services, one row each, and the
// component that makes a row everything it is in the cluster.
//
// An environment gets all rows through [NewApps]. What differs between
// environments (replicas, quality of service, autoscaling, log level) are
// [Settings]; what differs between services is their [Row]. A service's traffic
// is refused unless its row names the flow.
//
// The namespace, with its default-deny policy and the rule that opens DNS, has
// to exist already: components/namespace makes it. Data stores, secrets and
// monitoring are not made here: [Stores] says where they are, and each service
// gets addresses, secrets and permissions of those that its row names. A
// service whose row names a store that is not there is refused.
package apps

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	corev1 "k8s.io/api/core/v1"
)

const appsType = "cloudinsight:apps:Apps"

// Apps is every service of one environment.
type Apps struct {
	pulumi.ResourceState

	// Services holds the services by name.
	Services map[string]*Service
	// Placeholders names the services, and the topics job, that run the
	// placeholder image because no image is configured for them.
	Placeholders pulumi.StringArrayOutput
}

// Settings are the decisions that all services of an environment share.
type Settings struct {
	Namespace   string // where the services run
	Environment string // dev, staging, prod; part of role names and labels
	Region      string // of the services and their stores, such as af-south-1
	// QoS is the class of every pod (default Guaranteed).
	QoS corev1.PodQOSClass
	// Replicas is the pod count of each service (default 3); the autoscaler, where
	// there is one, decides it instead.
	Replicas int
	// Autoscaling adds and removes pods; nil leaves the count fixed. Refused for
	// BestEffort, whose pods have no requests to measure use against.
	Autoscaling *Autoscaling
	// LogLevel is DEBUG, INFO, WARN or ERROR (default WARN).
	LogLevel string
	// DataTierCIDRs are the ranges of the data stores' subnets; pods may reach
	// no other address on a data store's port.
	DataTierCIDRs []string
	// EndpointCIDRs are the ranges of the subnets with the VPC's interface
	// endpoints, where AWS's own interfaces are reached without leaving it;
	// none if there is no endpoint for Secrets Manager (default none: services
	// that read secrets may send HTTPS to the outside).
	EndpointCIDRs []string
	// IngressNamespaces may send requests to public services (default
	// "ingress").
	IngressNamespaces []string
}

// Autoscaling bounds the pods of a service and says when their count changes.
type Autoscaling struct {
	Min, Max int
	// CPUPercent and MemoryPercent of the requests to aim at; 0 leaves one out.
	CPUPercent, MemoryPercent int
	// ScaleUpSeconds and ScaleDownSeconds are how long a change must be called
	// for before it is made, 0 to 3600.
	ScaleUpSeconds, ScaleDownSeconds int
}

// Override is what differs for one service. Zero fields stay as the Settings and
// the service's runtime have them.
type Override struct {
	Replicas                 int // pod count where there is no autoscaler
	MinReplicas, MaxReplicas int // bounds of its autoscaler
	// CPU and Memory are Kubernetes quantities of a pod's limit. Guaranteed pods
	// request as much, Burstable ones what they did, but not more than the limit.
	CPU, Memory string
	LogLevel    string
}

// Args configures the services of an environment.
type Args struct {
	Settings
	// Images are image references by name (of [ImageNames], or an extra service),
	// with a tag or a digest. What has none runs a placeholder, and is reported.
	Images map[string]string
	// Services is what differs for single services, by name.
	Services map[string]Override
	// ExtraServices run next to the catalog's.
	ExtraServices []Row
	// Stores that the services use; those of the catalog use all of them.
	Stores Stores

	// ClusterName is the EKS cluster, for the services' IAM roles.
	ClusterName pulumi.StringInput
	// PermissionsBoundary limits the services' roles (optional).
	PermissionsBoundary pulumi.StringPtrInput
	// DependsOn must exist before anything is applied to the cluster: the
	// namespace, nodes, and the deployer's access.
	DependsOn []pulumi.Resource
}

// NewApps registers every service of the catalog, and the extra ones. All
// problems of the arguments are reported at once, before anything is registered.
func NewApps(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Apps, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("apps %q: %w", name, err)
	}
	apps := &Apps{Services: map[string]*Service{}}
	if err := ctx.RegisterComponentResourceV2(appsType, name, a.inputs(), apps, opts...); err != nil {
		return nil, fmt.Errorf("apps %q: %w", name, err)
	}

	rows := a.rows()
	var placeholders []string
	var topicsReady []pulumi.Resource
	if UsesStore(rows, Kafka) {
		topics, err := NewTopics(ctx, name+"-"+topicsName, &TopicsArgs{
			Settings:            a.Settings,
			Kafka:               a.Stores.Kafka,
			Image:               a.Images[topicsName],
			ClusterName:         a.ClusterName,
			PermissionsBoundary: a.PermissionsBoundary,
			DependsOn:           a.DependsOn,
		}, pulumi.Parent(apps))
		if err != nil {
			return nil, err
		}
		topicsReady = topics.Ready
	}
	for _, row := range rows {
		service, err := NewService(ctx, name+"-"+row.Name, &ServiceArgs{
			Settings:            a.settingsOf(row.Name),
			Row:                 row,
			Size:                a.sizeOf(row),
			Catalog:             rows,
			Image:               a.Images[row.Name],
			Stores:              a.Stores,
			TopicsReady:         topicsReady,
			ClusterName:         a.ClusterName,
			PermissionsBoundary: a.PermissionsBoundary,
			DependsOn:           a.DependsOn,
		}, pulumi.Parent(apps))
		if err != nil {
			return nil, err
		}
		apps.Services[row.Name] = service
		if a.Images[row.Name] == "" {
			placeholders = append(placeholders, row.Name)
		}
	}
	if topicsReady != nil && a.Images[topicsName] == "" {
		placeholders = append(placeholders, topicsName)
	}
	if len(placeholders) > 0 {
		message := fmt.Sprintf("%s run the placeholder image %s: no image is configured for them",
			strings.Join(placeholders, ", "), placeholderImage)
		if err := ctx.Log.Warn(message, &pulumi.LogArgs{Resource: apps}); err != nil {
			return nil, fmt.Errorf("apps %q: %w", name, err)
		}
	}
	apps.Placeholders = pulumi.ToStringArray(placeholders).ToStringArrayOutput()
	return apps, ctx.RegisterResourceOutputs(apps, pulumi.Map{"placeholders": apps.Placeholders})
}

func (a *Args) withDefaults() Args {
	var args Args
	if a != nil {
		args = *a
	}
	args.Settings = args.Settings.withDefaults()
	args.Stores = args.Stores.withDefaults()
	return args
}

func (s Settings) withDefaults() Settings {
	if s.QoS == "" {
		s.QoS = corev1.PodQOSGuaranteed
	}
	if s.Replicas == 0 {
		s.Replicas = 3
	}
	if s.LogLevel == "" {
		s.LogLevel = "WARN"
	}
	if len(s.IngressNamespaces) == 0 {
		s.IngressNamespaces = []string{"ingress"}
	}
	return s
}

// rows is the catalog followed by the extra services.
func (a Args) rows() []Row {
	rows := Catalog()
	for _, row := range a.ExtraServices {
		rows = append(rows, row.withDefaults())
	}
	return rows
}

// settingsOf are the settings of one service, its override applied.
func (a Args) settingsOf(service string) Settings {
	s, o := a.Settings, a.Services[service]
	if o.Replicas != 0 {
		s.Replicas = o.Replicas
	}
	if o.LogLevel != "" {
		s.LogLevel = o.LogLevel
	}
	if s.Autoscaling != nil {
		own := *s.Autoscaling
		if o.MinReplicas != 0 {
			own.Min = o.MinReplicas
		}
		if o.MaxReplicas != 0 {
			own.Max = o.MaxReplicas
		}
		s.Autoscaling = &own
	}
	return s
}

// floor is the smallest number of pods that a service has.
func (s Settings) floor() int {
	if s.Autoscaling != nil {
		return s.Autoscaling.Min
	}
	return s.Replicas
}

// ceiling is the largest number of pods that a service has, rollouts aside.
func (s Settings) ceiling() int {
	if s.Autoscaling != nil {
		return s.Autoscaling.Max
	}
	return s.Replicas
}

func (a Args) inputs() pulumi.Map {
	return pulumi.Map{
		"namespace":   pulumi.String(a.Namespace),
		"environment": pulumi.String(a.Environment),
		"qos":         pulumi.String(a.QoS),
		"minReplicas": pulumi.Int(a.floor()),
		"maxReplicas": pulumi.Int(a.ceiling()),
		"images":      pulumi.ToStringMap(a.Images),
	}
}

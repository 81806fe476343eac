package apps

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cloudinsight/platform/components/identity"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/util/validation"
)

const serviceType = "cloudinsight:apps:Service"

// servicePort is where a service is called inside the cluster, whatever port
// its container listens on.
const servicePort = 80

// Service is everything that one row is in the cluster: its identity and IAM
// role, configuration, pods, address, autoscaler, disruption budget and the
// traffic it may take part in.
type Service struct {
	pulumi.ResourceState

	// URL is the address inside the namespace.
	URL pulumi.StringOutput
	// RoleARN is the IAM role of the pods.
	RoleARN pulumi.StringOutput
	// Deployment is the name of the Deployment, known once it is rolled out.
	Deployment pulumi.StringOutput
}

// ServiceArgs configures one service.
type ServiceArgs struct {
	Settings
	// Row is the service.
	Row Row
	// Size of a pod (default: the runtime's for the QoS class).
	Size Size
	// Catalog is every service of the environment, Row included; who may call
	// whom is read from it.
	Catalog []Row
	// Image is the image reference; "" runs the placeholder.
	Image string
	// Stores that the row uses, and any others, which are left alone.
	Stores Stores
	// TopicsReady must exist before the pods of a service that uses Kafka.
	TopicsReady []pulumi.Resource

	// ClusterName is the EKS cluster, for the service's IAM role.
	ClusterName pulumi.StringInput
	// PermissionsBoundary limits the role (optional).
	PermissionsBoundary pulumi.StringPtrInput
	// DependsOn must exist before anything is applied to the cluster.
	DependsOn []pulumi.Resource
}

// NewService registers one service and its children.
func NewService(ctx *pulumi.Context, name string, args *ServiceArgs, opts ...pulumi.ResourceOption) (*Service, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	s := &Service{}
	if err := ctx.RegisterComponentResourceV2(serviceType, name, a.inputs(), s, opts...); err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	child := pulumi.Composite(pulumi.Parent(s), pulumi.DependsOn(a.DependsOn))

	workload, err := identity.NewWorkload(ctx, name, &identity.WorkloadArgs{
		RoleName:            roleName(a.Environment, a.Row.Name),
		Namespace:           a.Namespace,
		ServiceAccount:      a.Row.Name,
		Labels:              a.labels(),
		ClusterName:         a.ClusterName,
		Policy:              a.policy(),
		MorePolicies:        a.morePolicies(),
		PermissionsBoundary: a.PermissionsBoundary,
		DependsOn:           a.DependsOn,
	}, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	environment := a.environment()
	config, err := corev1.NewConfigMap(ctx, name, &corev1.ConfigMapArgs{
		Metadata: a.metadata(nil),
		Data:     environment,
	}, child)
	if err != nil {
		return nil, err
	}
	if err := newNetworkPolicy(ctx, name, a, child); err != nil {
		return nil, err
	}
	// Pods get AWS credentials only if the association exists when they start,
	// and none start without their service account. Readers and writers of
	// events wait for the topics.
	ready := append(workload.Ready, config)
	if slices.Contains(a.Row.Stores, Kafka) {
		ready = append(ready, a.TopicsReady...)
	}
	deployment, err := newDeployment(ctx, name, a, environment, child, pulumi.DependsOn(ready))
	if err != nil {
		return nil, err
	}
	if err := newAddress(ctx, name, a, child); err != nil {
		return nil, err
	}
	if err := newScaling(ctx, name, a, child); err != nil {
		return nil, err
	}

	s.URL = pulumi.String(url(a.Row.Name)).ToStringOutput()
	s.RoleARN = workload.RoleARN
	s.Deployment = deployment.Metadata.Name().Elem()
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{
		"url": s.URL, "roleArn": s.RoleARN, "deployment": s.Deployment,
	})
}

func (a *ServiceArgs) withDefaults() ServiceArgs {
	var args ServiceArgs
	if a != nil {
		args = *a
	}
	args.Settings = args.Settings.withDefaults()
	args.Row = args.Row.withDefaults()
	args.Stores = args.Stores.withDefaults()
	if args.Size == (Size{}) {
		args.Size = Args{Settings: args.Settings}.sizeOf(args.Row)
	}
	if len(args.Catalog) == 0 {
		args.Catalog = []Row{args.Row}
	}
	return args
}

func (a ServiceArgs) validate() error {
	p := a.problems([]Row{a.Row})
	p = append(p, a.Row.problems("row", a.Environment, a.Catalog)...)
	p = append(p, a.Stores.problems([]Row{a.Row})...)
	if a.ClusterName == nil {
		p.add("clusterName: is required")
	}
	if a.Image != "" {
		if err := checkImage(a.Image); err != nil {
			p.add("image: %w", err)
		}
	}
	return errors.Join(p...)
}

func (a ServiceArgs) inputs() pulumi.Map {
	return pulumi.Map{
		"service": pulumi.String(a.Row.Name),
		"image":   pulumi.String(a.image()),
		"calls":   pulumi.ToStringArray(a.Row.Calls),
	}
}

// image is what the container runs.
func (a ServiceArgs) image() string { return imageOr(a.Image) }

func imageOr(image string) string {
	if image == "" {
		return placeholderImage
	}
	return image
}

// roleName is the IAM role of a service; unique in the account.
func roleName(environment, service string) string {
	return "cloudinsight-" + environment + "-app-" + service
}

// url is the address of a service for its callers.
func url(service string) string { return "http://" + service }

// selector are the labels that tell a service's pods from all others.
func selector(service string) map[string]string {
	return map[string]string{"app.kubernetes.io/name": service, "app.kubernetes.io/part-of": "cloudinsight"}
}

// labels of everything that belongs to the service.
func (a ServiceArgs) labels() map[string]string {
	return a.Settings.labels(a.Row.Name, string(a.Row.Runtime), a.image())
}

// labels of everything that belongs to a service or job of that name.
func (s Settings) labels(name, component, image string) map[string]string {
	labels := selector(name)
	maps.Copy(labels, map[string]string{
		"app.kubernetes.io/component":  component,
		"app.kubernetes.io/managed-by": "pulumi",
		"cloudinsight.com/environment": s.Environment,
	})
	if version := imageVersion(image); len(validation.IsValidLabelValue(version)) == 0 && version != "" {
		labels["app.kubernetes.io/version"] = version
	}
	return labels
}

func (a ServiceArgs) metadata(annotations map[string]string) *metav1.ObjectMetaArgs {
	meta := &metav1.ObjectMetaArgs{
		Name:      pulumi.String(a.Row.Name),
		Namespace: pulumi.String(a.Namespace),
		Labels:    pulumi.ToStringMap(a.labels()),
	}
	if len(annotations) > 0 {
		meta.Annotations = pulumi.ToStringMap(annotations)
	}
	return meta
}

// newAddress registers the Service that callers reach the pods through.
func newAddress(ctx *pulumi.Context, name string, a ServiceArgs, opts ...pulumi.ResourceOption) error {
	_, err := corev1.NewService(ctx, name, &corev1.ServiceArgs{
		Metadata: a.metadata(map[string]string{
			"cloudinsight.com/slo-availability": fmt.Sprint(a.Row.SLO),
			// The provider would wait for ready pods, which is the Deployment's
			// part, and report the same failure twice.
			"pulumi.com/skipAwait": "true",
		}),
		Spec: &corev1.ServiceSpecArgs{
			Selector: pulumi.ToStringMap(selector(a.Row.Name)),
			Ports: corev1.ServicePortArray{&corev1.ServicePortArgs{
				Name:        pulumi.String(portName),
				Port:        pulumi.Int(servicePort),
				TargetPort:  pulumi.String(portName),
				AppProtocol: pulumi.String("http"),
			}},
		},
	}, opts...)
	return err
}

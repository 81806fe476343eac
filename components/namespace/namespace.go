// Package namespace makes the namespace that an environment's services run in:
// Pod Security "restricted", a quota, default sizes, and no traffic except to
// DNS until someone opens a flow.
package namespace

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	k8score "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

const namespaceType = "cloudinsight:namespace:Namespace"

var (
	kubernetesMinor = regexp.MustCompile(`^1\.[1-9][0-9]*$`)
	qosClasses      = []k8score.PodQOSClass{k8score.PodQOSBestEffort, k8score.PodQOSBurstable, k8score.PodQOSGuaranteed}
)

// Namespace is a guarded namespace.
type Namespace struct {
	pulumi.ResourceState

	// Name of the namespace, known once quota, default sizes and network
	// policies are in place.
	Name pulumi.StringOutput
	// Ready is what has to be there before anything is put into the namespace: a dependency on the component itself can
	// miss children, which the SDK adds to it in the background.
	Ready []pulumi.Resource
}

// Args configures a Namespace.
type Args struct {
	Namespace         string // name in the cluster
	Environment       string // dev, staging, prod; a label
	KubernetesVersion string // minor of the cluster, as "1.36"; pins the Pod Security rules
	// QoS is the class that the pods are meant to have (default Guaranteed). It
	// decides which quota and default sizes leave them in it.
	QoS k8score.PodQOSClass
	// Quota bounds the namespace as a whole.
	Quota Quota

	// DependsOn must exist before anything is applied to the cluster.
	DependsOn []pulumi.Resource
}

// NewNamespace registers the namespace and its guards. Wait for the component,
// not only for the namespace, before applying pods: a pod that comes before the
// quota or the default sizes escapes them.
func NewNamespace(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Namespace, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("namespace %q: %w", name, err)
	}
	n := &Namespace{}
	if err := ctx.RegisterComponentResourceV2(namespaceType, name, a.inputs(), n, opts...); err != nil {
		return nil, fmt.Errorf("namespace %q: %w", name, err)
	}
	space, err := corev1.NewNamespace(ctx, name, &corev1.NamespaceArgs{
		Metadata: &metav1.ObjectMetaArgs{
			Name:   pulumi.String(a.Namespace),
			Labels: pulumi.ToStringMap(a.labels()),
		},
	}, pulumi.Parent(n), pulumi.DependsOn(a.DependsOn))
	if err != nil {
		return nil, err
	}
	child := pulumi.Composite(pulumi.Parent(n), pulumi.DependsOn([]pulumi.Resource{space}))

	quota, err := corev1.NewResourceQuota(ctx, name, &corev1.ResourceQuotaArgs{
		Metadata: a.metadata("limits"),
		Spec:     &corev1.ResourceQuotaSpecArgs{Hard: pulumi.ToStringMap(a.Quota.hard())},
	}, child)
	if err != nil {
		return nil, err
	}
	sizes, err := corev1.NewLimitRange(ctx, name, &corev1.LimitRangeArgs{
		Metadata: a.metadata("sizes"),
		Spec:     &corev1.LimitRangeSpecArgs{Limits: limits(a.QoS)},
	}, child)
	if err != nil {
		return nil, err
	}
	policies, err := newNetworkPolicies(ctx, name, a, child)
	if err != nil {
		return nil, err
	}

	n.Ready = append([]pulumi.Resource{space, quota, sizes}, policies...)
	n.Name = space.Metadata.Name().Elem()
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{"name": n.Name})
}

func (a *Args) withDefaults() Args {
	var args Args
	if a != nil {
		args = *a
	}
	if args.QoS == "" {
		args.QoS = k8score.PodQOSGuaranteed
	}
	return args
}

func (a Args) validate() error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if len(validation.IsDNS1123Label(a.Namespace)) > 0 {
		add("namespace: must be a DNS label, got %q", a.Namespace)
	}
	if len(validation.IsDNS1123Label(a.Environment)) > 0 {
		add("environment: must be a DNS label, got %q", a.Environment)
	}
	if !kubernetesMinor.MatchString(a.KubernetesVersion) {
		add("kubernetesVersion: must be a minor such as 1.36, got %q", a.KubernetesVersion)
	}
	if !slices.Contains(qosClasses, a.QoS) {
		add("qos: must be one of %v, got %q", qosClasses, a.QoS)
	}
	problems = append(problems, a.Quota.problems(a.QoS)...)
	return errors.Join(problems...)
}

func (a Args) inputs() pulumi.Map {
	return pulumi.Map{
		"namespace":   pulumi.String(a.Namespace),
		"environment": pulumi.String(a.Environment),
		"qos":         pulumi.String(a.QoS),
	}
}

// labels make the API server refuse, log and warn about pods that are not
// "restricted". The version is pinned, so that an upgrade of the cluster does
// not change the rules on its own.
// https://kubernetes.io/docs/concepts/security/pod-security-admission/
func (a Args) labels() map[string]string {
	labels := a.ownLabels()
	for _, mode := range []string{"enforce", "audit", "warn"} {
		labels["pod-security.kubernetes.io/"+mode] = "restricted"
		labels["pod-security.kubernetes.io/"+mode+"-version"] = "v" + a.KubernetesVersion
	}
	return labels
}

func (a Args) ownLabels() map[string]string {
	return map[string]string{
		"app.kubernetes.io/part-of":    "cloudinsight",
		"app.kubernetes.io/managed-by": "pulumi",
		"cloudinsight.com/environment": a.Environment,
	}
}

func (a Args) metadata(name string) *metav1.ObjectMetaArgs {
	return &metav1.ObjectMetaArgs{
		Name:      pulumi.String(name),
		Namespace: pulumi.String(a.Namespace),
		Labels:    pulumi.ToStringMap(a.ownLabels()),
	}
}

package addons

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
	"github.com/cloudinsight/platform/sandbox/cluster/nodes"
)

// builder makes the objects of one add-on.
type builder struct {
	cluster     *desired.Cluster
	addon       desired.Addon
	serviceCIDR string
}

// err reports configuration values that no container can have.
func (b builder) err() error {
	for _, r := range []*desired.Resources{b.addon.Config.Resources, b.addon.Config.Controller.Resources, b.addon.Config.Node.Resources} {
		if _, err := override(corev1.ResourceRequirements{}, r); err != nil {
			return err
		}
	}
	return nil
}

func (b builder) meta(name string, labels map[string]string) metav1.ObjectMeta {
	all := map[string]string{managedLabel: b.addon.Name}
	for key, value := range labels {
		all[key] = value
	}
	return metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceSystem, Labels: all}
}

// container has the image that EKS serves in the cluster's region. Wrong overrides are left out here and reported by err.
func (b builder) container(name, repository string, requirements corev1.ResourceRequirements, with *desired.Resources) corev1.Container {
	version := b.addon.Version
	if version == "" {
		version = "bootstrap"
	}
	if changed, err := override(requirements, with); err == nil {
		requirements = changed
	}
	return corev1.Container{
		Name:      name,
		Image:     fmt.Sprintf("%s/%s:%s", nodes.EKSRegistry(b.cluster.Region), repository, version),
		Resources: requirements,
	}
}

// daemonSet runs on every node, whatever its taints.
func (b builder) daemonSet(name, app, label, priority string, containers ...corev1.Container) *appsv1.DaemonSet {
	labels := map[string]string{label: app}
	spec := podSpec(name, priority, containers)
	spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	maxUnavailable := intstr.FromString("10%")
	return &appsv1.DaemonSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "DaemonSet"},
		ObjectMeta: b.meta(name, labels),
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
			UpdateStrategy: appsv1.DaemonSetUpdateStrategy{
				Type: appsv1.RollingUpdateDaemonSetStrategyType, RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &maxUnavailable},
			},
		},
	}
}

// deployment prefers to run its replicas on different nodes.
func (b builder) deployment(name, account, app, label string, replicas int, configured *int, containers ...corev1.Container) *appsv1.Deployment {
	if configured != nil {
		replicas = *configured
	}
	labels := map[string]string{label: app}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	spec := podSpec(account, clusterCritical, containers)
	spec.Tolerations = []corev1.Toleration{{Key: "CriticalAddonsOnly", Operator: corev1.TolerationOpExists}}
	spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 100, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname, LabelSelector: selector},
		}},
	}}
	count := int32(replicas)
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: b.meta(name, labels),
		Spec: appsv1.DeploymentSpec{
			Replicas: &count, Selector: selector,
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		},
	}
}

func podSpec(account, priority string, containers []corev1.Container) corev1.PodSpec {
	return corev1.PodSpec{ServiceAccountName: account, PriorityClassName: priority, Containers: containers}
}

// withAccounts gives the deployments and daemon sets the accounts of these names.
func (o objects) withAccounts(deployment, daemonSet string) objects {
	for _, x := range o.deployments {
		x.Spec.Template.Spec.ServiceAccountName = deployment
	}
	for _, x := range o.daemonSets {
		x.Spec.Template.Spec.ServiceAccountName = daemonSet
	}
	return o
}

func (b builder) accounts(names ...string) (accounts []*corev1.ServiceAccount) {
	for _, name := range names {
		accounts = append(accounts, &corev1.ServiceAccount{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: b.meta(name, nil),
		})
	}
	return accounts
}

// budget lets one replica go at a time.
func (b builder) budget(name string, of *appsv1.Deployment) *policyv1.PodDisruptionBudget {
	one := intstr.FromInt32(1)
	return &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: b.meta(name, nil),
		Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &one, Selector: of.Spec.Selector},
	}
}

// small requests processor time only.
func small(cpu string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}}
}

// sized requests processor time and memory and limits the memory.
func sized(cpu, memory, limit string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(limit)},
	}
}

// override replaces what the add-on's configuration values name.
func override(base corev1.ResourceRequirements, with *desired.Resources) (corev1.ResourceRequirements, error) {
	if with == nil {
		return base, nil
	}
	next := *base.DeepCopy()
	for _, part := range []struct {
		list *corev1.ResourceList
		with map[string]string
	}{{&next.Requests, with.Requests}, {&next.Limits, with.Limits}} {
		for name, text := range part.with {
			quantity, err := resource.ParseQuantity(text)
			if err != nil {
				return base, fmt.Errorf("resources: %s: want a quantity, got %q", name, text)
			}
			if *part.list == nil {
				*part.list = corev1.ResourceList{}
			}
			(*part.list)[corev1.ResourceName(name)] = quantity
		}
	}
	return next, nil
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

package addons

import (
	"fmt"
	"net/netip"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

// catalog has the add-ons under EKS's names. Requests, limits, priorities and replicas are those that EKS installs:
// https://github.com/aws/amazon-vpc-cni-k8s/tree/master/charts,
// https://github.com/kubernetes-sigs/aws-ebs-csi-driver/tree/master/charts,
// https://github.com/aws/eks-pod-identity-agent/tree/main/charts,
// https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
var catalog = map[string]func(builder) (objects, error){
	"vpc-cni":                vpcCNI,
	"kube-proxy":             kubeProxy,
	"coredns":                coreDNS,
	"aws-ebs-csi-driver":     ebsCSI,
	"eks-pod-identity-agent": podIdentityAgent,
	"metrics-server":         metricsServer,
	"snapshot-controller":    snapshotController,
}

const (
	nodeCritical    = "system-node-critical"
	clusterCritical = "system-cluster-critical"
)

func vpcCNI(b builder) (objects, error) {
	plugin := b.container("aws-node", "amazon-k8s-cni", small("25m"), b.addon.Config.Resources)
	for _, name := range sortedKeys(b.addon.Config.Env) {
		plugin.Env = append(plugin.Env, corev1.EnvVar{Name: name, Value: b.addon.Config.Env[name]})
	}
	agent := b.container("aws-eks-nodeagent", "amazon/aws-network-policy-agent", small("25m"), nil)
	install := b.container("aws-vpc-cni-init", "amazon-k8s-cni-init", small("25m"), nil)
	set := b.daemonSet("aws-node", "aws-node", "k8s-app", nodeCritical, plugin, agent)
	set.Spec.Template.Spec.InitContainers = []corev1.Container{install}
	set.Spec.Template.Spec.HostNetwork = true
	return objects{daemonSets: []*appsv1.DaemonSet{set}, accounts: b.accounts("aws-node")}, b.err()
}

func kubeProxy(b builder) (objects, error) {
	set := b.daemonSet("kube-proxy", "kube-proxy", "k8s-app", nodeCritical,
		b.container("kube-proxy", "eks/kube-proxy", small("100m"), b.addon.Config.Resources))
	set.Spec.Template.Spec.HostNetwork = true
	return objects{daemonSets: []*appsv1.DaemonSet{set}, accounts: b.accounts("kube-proxy")}, b.err()
}

func coreDNS(b builder) (objects, error) {
	container := b.container("coredns", "eks/coredns", sized("100m", "70Mi", "170Mi"), b.addon.Config.Resources)
	deployment := b.deployment("coredns", "coredns", "kube-dns", "k8s-app", 2, b.addon.Config.ReplicaCount, container)
	deployment.Spec.Template.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: deployment.Spec.Selector,
	}}
	address, err := dnsAddress(b.serviceCIDR)
	if err != nil {
		return objects{}, err
	}
	service := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: b.meta("kube-dns", map[string]string{"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"}),
		Spec: corev1.ServiceSpec{
			ClusterIP: address, Selector: map[string]string{"k8s-app": "kube-dns"},
			Ports: []corev1.ServicePort{
				{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP, TargetPort: intstr.FromInt32(53)},
				{Name: "dns-tcp", Port: 53, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(53)},
				{Name: "metrics", Port: 9153, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(9153)},
			},
		},
	}
	return objects{
		deployments: []*appsv1.Deployment{deployment}, services: []*corev1.Service{service}, accounts: b.accounts("coredns"),
		budgets: []*policyv1.PodDisruptionBudget{b.budget("coredns", deployment)},
	}, b.err()
}

func ebsCSI(b builder) (objects, error) {
	of := func(override *desired.Resources, names ...string) (containers []corev1.Container) {
		for _, name := range names {
			containers = append(containers, b.container(name, "eks/aws-ebs-csi-driver-"+name, sized("10m", "40Mi", "256Mi"), override))
		}
		return containers
	}
	config := b.addon.Config
	controller := b.deployment("ebs-csi-controller", "ebs-csi-controller", "ebs-csi-controller", "app", 2, config.Controller.ReplicaCount,
		of(config.Controller.Resources, "ebs-plugin", "csi-provisioner", "csi-attacher", "csi-snapshotter", "csi-resizer", "liveness-probe")...)
	node := b.daemonSet("ebs-csi-node", "ebs-csi-node", "app", nodeCritical,
		of(config.Node.Resources, "ebs-plugin", "node-driver-registrar", "liveness-probe")...)
	return objects{
		deployments: []*appsv1.Deployment{controller}, daemonSets: []*appsv1.DaemonSet{node},
		accounts: b.accounts("ebs-csi-controller-sa", "ebs-csi-node-sa"),
		budgets:  []*policyv1.PodDisruptionBudget{b.budget("ebs-csi-controller", controller)},
	}.withAccounts("ebs-csi-controller-sa", "ebs-csi-node-sa"), b.err()
}

func podIdentityAgent(b builder) (objects, error) {
	set := b.daemonSet("eks-pod-identity-agent", "eks-pod-identity-agent", "app.kubernetes.io/name", nodeCritical,
		b.container("eks-pod-identity-agent", "eks/eks-pod-identity-agent", corev1.ResourceRequirements{}, b.addon.Config.Resources))
	set.Spec.Template.Spec.HostNetwork = true
	return objects{daemonSets: []*appsv1.DaemonSet{set}, accounts: b.accounts("eks-pod-identity-agent")}, b.err()
}

func metricsServer(b builder) (objects, error) {
	deployment := b.deployment("metrics-server", "metrics-server", "metrics-server", "app.kubernetes.io/name", 2, b.addon.Config.ReplicaCount,
		b.container("metrics-server", "eks/metrics-server", sized("100m", "200Mi", "400Mi"), b.addon.Config.Resources))
	service := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: b.meta("metrics-server", nil),
		Spec: corev1.ServiceSpec{
			Selector: deployment.Spec.Selector.MatchLabels,
			Ports:    []corev1.ServicePort{{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(10251)}},
		},
	}
	return objects{
		deployments: []*appsv1.Deployment{deployment}, services: []*corev1.Service{service}, accounts: b.accounts("metrics-server"),
		budgets: []*policyv1.PodDisruptionBudget{b.budget("metrics-server", deployment)},
	}, b.err()
}

func snapshotController(b builder) (objects, error) {
	deployment := b.deployment("snapshot-controller", "snapshot-controller", "snapshot-controller", "app.kubernetes.io/name", 2, b.addon.Config.ReplicaCount,
		b.container("snapshot-controller", "eks/snapshot-controller", sized("10m", "32Mi", "256Mi"), b.addon.Config.Resources))
	return objects{deployments: []*appsv1.Deployment{deployment}, accounts: b.accounts("snapshot-controller")}, b.err()
}

// dnsAddress is the tenth address of the service range, where the nodes of EKS look for DNS.
func dnsAddress(serviceCIDR string) (string, error) {
	prefix, err := netip.ParsePrefix(serviceCIDR)
	if err != nil {
		return "", fmt.Errorf("service range: %w", err)
	}
	addr := prefix.Masked().Addr()
	for range 10 {
		addr = addr.Next()
	}
	return addr.String(), nil
}

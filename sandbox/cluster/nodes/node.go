package nodes

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

const (
	labelNodeGroup = "eks.amazonaws.com/nodegroup"

	// What the sandbox notes on a node. Network is "ready" once the network plugin has run there: a kubelet finds the
	// plugin's configuration on disk from then on.
	annotationSlot    = "sandbox.cloudinsight.com/slot"
	annotationRelease = "sandbox.cloudinsight.com/release"
	annotationSubnet  = "sandbox.cloudinsight.com/subnet-cidr"
	annotationApplied = "sandbox.cloudinsight.com/applied"
	annotationNetwork = "sandbox.cloudinsight.com/network"
	annotationRemoval = "sandbox.cloudinsight.com/removal"

	networkReady = "ready"
)

// ManagedSelector selects the nodes that this package keeps; kwok manages exactly these.
const ManagedSelector = annotationSlot

// buildNode is the Node that the kubelet and the cloud provider of a managed node register.
func buildNode(c *desired.Cluster, s slot, addr netip.Addr, kubeletVersion string) *corev1.Node {
	name := nodeName(addr, c.Region)
	id := instanceID(c.Name, name, s.release())
	capacity, allocatable := Capacity(s.kind, MaxPods(s.kind, s.group.MaxPods, c.PrefixDelegation()))
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:   name,
			Labels: fixedLabels(c, s, name),
			Annotations: map[string]string{
				annotationSlot:    strconv.Itoa(s.ordinal),
				annotationRelease: s.release(),
				annotationSubnet:  s.subnet.CIDR,
			},
		},
		Spec: corev1.NodeSpec{ProviderID: "aws:///" + s.subnet.Zone + "/" + id},
		Status: corev1.NodeStatus{
			Capacity:    capacity,
			Allocatable: allocatable,
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: addr.String()},
				{Type: corev1.NodeInternalDNS, Address: name},
				{Type: corev1.NodeHostName, Address: name},
			},
			NodeInfo: corev1.NodeSystemInfo{
				Architecture:            s.kind.Arch,
				OperatingSystem:         "linux",
				OSImage:                 osImage(s.group.AMIType),
				KubeletVersion:          kubeletVersion,
				ContainerRuntimeVersion: "kwok://simulated",
			},
		},
	}
	applyGroup(node, s.group)
	return node
}

// fixedLabels are the labels that don't change during a node's life.
// https://kubernetes.io/docs/reference/labels-annotations-taints/ and
// https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
func fixedLabels(c *desired.Cluster, s slot, name string) map[string]string {
	labels := map[string]string{
		"beta.kubernetes.io/arch":                  s.kind.Arch,
		"beta.kubernetes.io/instance-type":         s.kind.Name,
		"beta.kubernetes.io/os":                    "linux",
		"eks.amazonaws.com/capacityType":           s.group.CapacityType,
		labelNodeGroup:                             s.group.Name,
		"eks.amazonaws.com/nodegroup-image":        imageID(s.group),
		"failure-domain.beta.kubernetes.io/region": c.Region,
		"failure-domain.beta.kubernetes.io/zone":   s.subnet.Zone,
		"kubernetes.io/arch":                       s.kind.Arch,
		"kubernetes.io/hostname":                   name,
		"kubernetes.io/os":                         "linux",
		"node.kubernetes.io/instance-type":         s.kind.Name,
		"topology.kubernetes.io/region":            c.Region,
		"topology.kubernetes.io/zone":              s.subnet.Zone,
	}
	if s.subnet.ZoneID != "" {
		labels["topology.k8s.aws/zone-id"] = s.subnet.ZoneID
	}
	if s.group.LaunchTemplateID != "" {
		labels["eks.amazonaws.com/sourceLaunchTemplateId"] = s.group.LaunchTemplateID
		labels["eks.amazonaws.com/sourceLaunchTemplateVersion"] = labelSafe(s.group.LaunchTemplateVersion)
	}
	return labels
}

var notLabel = regexp.MustCompile(`[^A-Za-z0-9_.-]`)

// labelSafe drops what a label value cannot hold, such as the $ of $Latest.
func labelSafe(s string) string { return notLabel.ReplaceAllString(s, "") }

// applied is what a group last put on a node, kept in an annotation so that it can be taken off again.
type applied struct {
	Labels []string       `json:"labels,omitempty"`
	Taints []corev1.Taint `json:"taints,omitempty"`
}

// applyGroup puts the group's labels and taints on the node and takes off those that it put there before. It leaves alone
// what others did, such as the not-ready taint, and says whether it changed anything.
func applyGroup(node *corev1.Node, g desired.NodeGroup) bool {
	want := applied{Labels: sortedKeys(g.Labels)}
	for _, t := range g.Taints {
		want.Taints = append(want.Taints, corev1.Taint{Key: t.Key, Value: t.Value, Effect: taintEffect(t.Effect)})
	}
	raw, err := json.Marshal(want)
	if err != nil {
		return false
	}
	same := node.Annotations[annotationApplied] == string(raw)
	for key, value := range g.Labels {
		same = same && node.Labels[key] == value
	}
	if same {
		return false
	}
	var last applied
	_ = json.Unmarshal([]byte(node.Annotations[annotationApplied]), &last) // absent or edited: nothing to take off
	for _, key := range last.Labels {
		delete(node.Labels, key)
	}
	node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, func(t corev1.Taint) bool {
		matches := func(o corev1.Taint) bool { return o.MatchTaint(&t) }
		return slices.ContainsFunc(last.Taints, matches) || slices.ContainsFunc(want.Taints, matches)
	})
	for key, value := range g.Labels {
		node.Labels[key] = value
	}
	node.Spec.Taints = append(node.Spec.Taints, want.Taints...)
	node.Annotations[annotationApplied] = string(raw)
	return true
}

// taintEffect spells NO_SCHEDULE as Kubernetes does.
func taintEffect(eks string) corev1.TaintEffect {
	switch eks {
	case "NO_EXECUTE":
		return corev1.TaintEffectNoExecute
	case "PREFER_NO_SCHEDULE":
		return corev1.TaintEffectPreferNoSchedule
	default:
		return corev1.TaintEffectNoSchedule
	}
}

func osImage(amiType string) string {
	if strings.HasPrefix(amiType, "BOTTLEROCKET") {
		return "Bottlerocket OS"
	}
	return "Amazon Linux 2023"
}

// imageID is the group's machine image; EKS picks one by type and release where the launch template names none.
func imageID(g desired.NodeGroup) string {
	if g.Image != "" {
		return g.Image
	}
	return "ami-0" + strings.TrimPrefix(instanceID("", g.AMIType, ""), "i-0")
}

func isReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// notReadyReason says why a node takes no pods.
func notReadyReason(node *corev1.Node) string {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
			return fmt.Sprintf("%s: %s", condition.Reason, condition.Message)
		}
	}
	return "has not reported yet"
}

package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// inspectPatience is how long a control plane may take to say what it has.
const inspectPatience = 15 * time.Second

// Cluster is what runs in a cluster.
type Cluster struct {
	Name      string      `json:"name"`
	Running   bool        `json:"running"` // the control plane runs here; without it the rest is unknown
	Endpoint  string      `json:"endpoint"`
	Nodes     []Node      `json:"nodes,omitempty"`
	Pods      []Namespace `json:"pods,omitempty"`
	Workloads []Workload  `json:"workloads,omitempty"` // the deployments outside kube-system
	Waiting   []string    `json:"waiting,omitempty"`   // pods that are not ready, with the reason
	Problems  []string    `json:"problems,omitempty"`  // what of the account's wishes could not be brought about
}

// Node is a node of a cluster.
type Node struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // instance type
	Zone     string `json:"zone"`
	Group    string `json:"group"`
	Capacity string `json:"capacity"` // ON_DEMAND or SPOT
	Ready    bool   `json:"ready"`
}

// Namespace counts the pods of a namespace.
type Namespace struct {
	Name  string `json:"name"`
	Ready int    `json:"ready"`
	Total int    `json:"total"`
}

// Workload is a deployment.
type Workload struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Ready     int32  `json:"ready"`
	Desired   int32  `json:"desired"`
}

// inspectClusters asks the environment's control planes that run.
func (e *Engine) inspectClusters(ctx context.Context, env string) ([]Cluster, error) {
	names, err := e.clustersOf(env)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, inspectPatience)
	defer cancel()
	var all []Cluster
	for _, name := range names {
		c := Cluster{Name: name}
		if plane, err := e.Planes().Open(name); err == nil && plane.Running() {
			c.Running, c.Endpoint = true, plane.Endpoint()
			client, err := kubernetes.NewForConfig(plane.AdminConfig())
			if err != nil {
				return nil, fmt.Errorf("cluster %q: %w", name, err)
			}
			if err := c.inspect(ctx, client); err != nil {
				return nil, fmt.Errorf("cluster %q: %w", name, err)
			}
			problems, err := plane.Problems()
			if err != nil {
				return nil, fmt.Errorf("cluster %q: %w", name, err)
			}
			for _, p := range problems {
				c.Problems = append(c.Problems, fmt.Sprint(p))
			}
		}
		all = append(all, c)
	}
	return all, nil
}

func (c *Cluster) inspect(ctx context.Context, client kubernetes.Interface) error {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, n := range nodes.Items {
		c.Nodes = append(c.Nodes, Node{
			Name: n.Name, Type: n.Labels[corev1.LabelInstanceTypeStable], Zone: n.Labels[corev1.LabelTopologyZone],
			Group: n.Labels["eks.amazonaws.com/nodegroup"], Capacity: n.Labels["eks.amazonaws.com/capacityType"],
			Ready: slices.ContainsFunc(n.Status.Conditions, func(s corev1.NodeCondition) bool {
				return s.Type == corev1.NodeReady && s.Status == corev1.ConditionTrue
			}),
		})
	}
	pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	byNamespace := map[string]*Namespace{}
	for _, p := range pods.Items {
		n := byNamespace[p.Namespace]
		if n == nil {
			n = &Namespace{Name: p.Namespace}
			byNamespace[p.Namespace] = n
		}
		n.Total++
		if reason := waitingFor(p); reason != "" {
			c.Waiting = append(c.Waiting, fmt.Sprintf("%s/%s: %s", p.Namespace, p.Name, reason))
		} else {
			n.Ready++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byNamespace)) {
		c.Pods = append(c.Pods, *byNamespace[name])
	}
	deployments, err := client.AppsV1().Deployments("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	minimum, err := autoscaledMinimum(ctx, client)
	if err != nil {
		return err
	}
	for _, d := range deployments.Items {
		if d.Namespace != metav1.NamespaceSystem && d.Spec.Replicas != nil {
			c.Workloads = append(c.Workloads, Workload{
				Namespace: d.Namespace, Name: d.Name, Ready: d.Status.ReadyReplicas,
				Desired: max(*d.Spec.Replicas, minimum[d.Namespace+"/"+d.Name]),
			})
		}
	}
	return nil
}

// waitingFor says why a pod is not ready, or nothing when it is.
func waitingFor(p corev1.Pod) string {
	if p.Status.Phase == corev1.PodSucceeded {
		return ""
	}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := s.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return strings.TrimSuffix(w.Reason+": "+w.Message, ": ")
		}
	}
	for _, s := range p.Status.Conditions {
		switch {
		case s.Type == corev1.PodReady && s.Status == corev1.ConditionTrue:
			return ""
		case s.Type == corev1.PodScheduled && s.Status == corev1.ConditionFalse:
			return s.Reason + ": " + s.Message
		}
	}
	return "not ready yet"
}

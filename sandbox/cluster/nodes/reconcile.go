package nodes

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

// Reconcile brings the Node objects closer to what the cluster's groups ask for and returns what cannot be brought about.
// It does one step of everything and never waits; a positive again asks for another step after that time.
func (m *Manager) Reconcile(ctx context.Context, c *desired.Cluster) (problems []desired.Problem, again time.Duration, err error) {
	if !cache.WaitForCacheSync(ctx.Done(), m.synced...) {
		return nil, 0, ctx.Err()
	}
	m.setCluster(c)
	existing, err := m.nodes.List(labels.Everything())
	if err != nil {
		return nil, 0, fmt.Errorf("nodes: %w", err)
	}
	existing = managed(existing)
	p, problems := makePlan(c, existing)

	var errs []error
	for _, s := range p.create {
		if err := m.create(ctx, c, s); err != nil {
			errs = append(errs, err)
		}
	}
	for _, node := range existing {
		if s, keep := p.keep[node.Name]; keep {
			err := m.update(ctx, node, s)
			if apierrors.IsConflict(err) {
				again, err = shortly, nil // somebody changed it meanwhile
			}
			if err != nil {
				errs = append(errs, err)
			}
		}
	}
	for _, node := range p.remove {
		done, err := m.remove(ctx, node, p.gone[node.Name])
		if err != nil {
			errs = append(errs, err)
		}
		if !done {
			again = shortly
		}
	}
	return problems, again, errors.Join(errs...)
}

func managed(all []*corev1.Node) []*corev1.Node {
	var own []*corev1.Node
	for _, node := range all {
		if _, ok := node.Annotations[annotationSlot]; ok {
			own = append(own, node)
		}
	}
	return own
}

func (m *Manager) create(ctx context.Context, c *desired.Cluster, s slot) error {
	seed := fmt.Sprintf("%s %s %d %s", c.Name, s.group.Name, s.ordinal, s.release())
	m.mu.Lock()
	addr, err := freeAddress(s.subnet.CIDR, seed, m.addressUsed)
	m.mu.Unlock()
	if err != nil {
		return fmt.Errorf("node group %q: %w", s.group.Name, err)
	}
	node := buildNode(c, s, addr, m.kubeletVersion)
	_, err = m.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil // the watch has not shown it yet
	}
	if err != nil {
		return fmt.Errorf("node %q: %w", node.Name, err)
	}
	m.log.Info("node made", "node", node.Name, "group", s.group.Name, "type", s.kind.Name, "zone", s.subnet.Zone)
	return nil
}

// addressUsed says whether a node or a pod has the address; m.mu is held.
func (m *Manager) addressUsed(addr netip.Addr) bool {
	for _, used := range m.addresses {
		if used == addr {
			return true
		}
	}
	all, err := m.nodes.List(labels.Everything())
	if err != nil {
		return false
	}
	for _, node := range all {
		if internalIP(node) == addr.String() {
			return true
		}
	}
	return false
}

// update follows changes of the group that need no new node, and marks the node once its network plugin runs.
func (m *Manager) update(ctx context.Context, node *corev1.Node, s slot) error {
	next := node.DeepCopy()
	changed := applyGroup(next, s.group)
	if next.Annotations[annotationNetwork] != networkReady && m.networkPluginRuns(node.Name) {
		next.Annotations[annotationNetwork] = networkReady
		changed = true
	}
	if !changed {
		return nil
	}
	_, err := m.client.CoreV1().Nodes().Update(ctx, next, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) {
		return err
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("node %q: %w", node.Name, err)
	}
	return nil
}

// patchNode changes a node without regard to what others change meanwhile.
func (m *Manager) patchNode(ctx context.Context, name, patch string) error {
	_, err := m.client.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("node %q: %w", name, err)
	}
	return nil
}

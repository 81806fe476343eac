package nodes

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

// Wait returns when the group has exactly n nodes, all Ready and of the release that the account asks for; with n = 0,
// when none is left, whether or not the group is still in the account. It fails at once when no node of the group can
// ever be made, and otherwise when ctx ends, with the reason of every node that is not ready.
func Wait(ctx context.Context, client kubernetes.Interface, acct *account.Account, cluster, group string, n int) error {
	last := "its nodes were never seen"
	for {
		var c *desired.Cluster
		err := acct.View(func(s *account.State) error {
			c = desired.Read(s, cluster)
			return nil
		})
		if err != nil {
			return err
		}
		slots, problems := slotsOf(c)
		for _, p := range append(problems, c.Problems...) {
			if p.Subject == fmt.Sprintf("node group %q", group) && n > 0 {
				return fmt.Errorf("cluster %q: %s: %s", cluster, p.Subject, p.Message)
			}
		}
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: labelNodeGroup + "=" + group})
		if err == nil {
			var done bool
			if done, last = progress(list.Items, slots, n); done {
				return nil
			}
		} else if ctx.Err() == nil {
			last = err.Error()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cluster %q: node group %q: want %d nodes ready: %s", cluster, group, n, last)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// progress says whether the group's nodes are as wanted, and in words how far they are.
func progress(nodes []corev1.Node, slots map[string]slot, n int) (done bool, state string) {
	ready, old := 0, 0
	var waiting []string
	for i := range nodes {
		node := &nodes[i]
		s, wanted := slots[slotKey(node)]
		switch {
		case !wanted || node.Annotations[annotationRelease] != s.release() || node.Annotations[annotationRemoval] != "":
			old++
		case isReady(node):
			ready++
		default:
			waiting = append(waiting, node.Name+": "+notReadyReason(node))
		}
	}
	state = fmt.Sprintf("%d ready, %d to be removed", ready, old)
	if len(waiting) > 0 {
		state += "; " + strings.Join(waiting, "; ")
	}
	return ready == n && old == 0 && len(waiting) == 0, state
}

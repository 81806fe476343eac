package nodes

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

func testCluster(size int, release string) *desired.Cluster {
	return &desired.Cluster{Name: "dev", Region: "af-south-1", NodeGroups: []desired.NodeGroup{{
		Name: "workload", InstanceType: "t3.medium", Desired: size, Release: release, CapacityType: "ON_DEMAND",
		Subnets: []desired.Subnet{
			{ID: "subnet-a", Zone: "af-south-1a", CIDR: "10.2.11.0/24"}, {ID: "subnet-b", Zone: "af-south-1b", CIDR: "10.2.12.0/24"},
		},
	}}}
}

// apply does at once what a plan asks for.
func apply(t *testing.T, c *desired.Cluster, existing []*corev1.Node) []*corev1.Node {
	t.Helper()
	p, problems := makePlan(c, existing)
	require.Empty(t, problems)
	removed := map[string]bool{}
	for _, node := range p.remove {
		removed[node.Name] = true
	}
	var next []*corev1.Node
	used := map[string]bool{}
	for _, node := range existing {
		if !removed[node.Name] {
			next = append(next, node)
			used[internalIP(node)] = true
		}
	}
	for _, s := range p.create {
		seed := fmt.Sprint(s.group.Name, s.ordinal, s.release())
		addr, err := freeAddress(s.subnet.CIDR, seed, func(a netip.Addr) bool { return used[a.String()] })
		require.NoError(t, err)
		used[addr.String()] = true
		next = append(next, buildNode(c, s, addr, "v1.36.3"))
	}
	return next
}

func setReady(nodes []*corev1.Node) {
	for _, node := range nodes {
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	}
}

func names(nodes []*corev1.Node) (all []string) {
	for _, node := range nodes {
		all = append(all, node.Name)
	}
	return all
}

// Whatever sizes a group goes through, it has that many nodes, zones differ by one node at most, no two nodes have the
// same address, and nodes that stay wanted are never replaced.
func TestPlanKeepsNodesWhateverTheSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var existing []*corev1.Node
	for range 200 {
		size := rng.IntN(12)
		before := names(existing)
		existing = apply(t, testCluster(size, "r1"), existing)
		require.Len(t, existing, size)
		zones := map[string]int{}
		addresses := map[string]bool{}
		for _, node := range existing {
			zones[node.Labels["topology.kubernetes.io/zone"]]++
			addresses[internalIP(node)] = true
		}
		assert.Len(t, addresses, size)
		difference := zones["af-south-1a"] - zones["af-south-1b"]
		assert.True(t, difference == 0 || difference == 1, zones)
		if size <= len(before) {
			assert.Subset(t, before, names(existing))
		} else {
			assert.Subset(t, names(existing), before)
		}
	}
}

func TestPlanReplacesOneNodeAtATime(t *testing.T) {
	old := apply(t, testCluster(3, "r1"), nil)
	setReady(old)
	c := testCluster(3, "r2")

	both := apply(t, c, old)
	assert.Len(t, both, 6, "nothing goes before its successor is ready")
	again, _ := makePlan(c, both)
	assert.Empty(t, again.create)
	assert.Empty(t, again.remove)

	setReady(both)
	for left := 5; left >= 3; left-- {
		both = apply(t, c, both)
		assert.Len(t, both, left)
	}
	assert.NotContains(t, names(both), old[0].Name)
	done, _ := makePlan(c, both)
	assert.Empty(t, done.remove)
	assert.Len(t, done.keep, 3)
}

func TestPlanOfAGroupThatIsGone(t *testing.T) {
	existing := apply(t, testCluster(2, "r1"), nil)
	p, _ := makePlan(&desired.Cluster{Name: "dev"}, existing)
	require.Len(t, p.remove, 2)
	assert.True(t, p.gone[p.remove[0].Name], "nothing to wait for")
	assert.Equal(t, "1", p.remove[0].Annotations[annotationSlot], "the highest slot first")
}

func TestPlanReportsWhatCannotBe(t *testing.T) {
	c := testCluster(1, "r1")
	c.NodeGroups[0].Subnets = nil
	p, problems := makePlan(c, nil)
	assert.Empty(t, p.create)
	require.Len(t, problems, 1)
	assert.Equal(t, `node group "workload"`, problems[0].Subject)
	assert.Contains(t, problems[0].Message, "has no subnet")

	c.NodeGroups[0].Desired = 0
	_, problems = makePlan(c, nil)
	assert.Empty(t, problems, "an empty group needs nothing")
}

func TestFreeAddress(t *testing.T) {
	used := map[netip.Addr]bool{}
	for i := range 11 {
		addr, err := freeAddress("10.0.0.16/28", fmt.Sprint(i), func(a netip.Addr) bool { return used[a] })
		require.NoError(t, err)
		assert.False(t, used[addr])
		assert.True(t, addr.Compare(netip.MustParseAddr("10.0.0.20")) >= 0 && addr.Compare(netip.MustParseAddr("10.0.0.30")) <= 0, addr)
		used[addr] = true
	}
	_, err := freeAddress("10.0.0.16/28", "one more", func(a netip.Addr) bool { return used[a] })
	assert.ErrorContains(t, err, "no free address")
	again, err := freeAddress("10.2.11.0/24", "seed", func(netip.Addr) bool { return false })
	require.NoError(t, err)
	twice, err := freeAddress("10.2.11.0/24", "seed", func(netip.Addr) bool { return false })
	require.NoError(t, err)
	assert.Equal(t, again, twice)
}

func TestNodeName(t *testing.T) {
	addr := netip.MustParseAddr("10.2.11.23")
	assert.Equal(t, "ip-10-2-11-23.af-south-1.compute.internal", nodeName(addr, "af-south-1"))
	assert.Equal(t, "ip-10-2-11-23.ec2.internal", nodeName(addr, "us-east-1"))
}

func TestApplyGroupLeavesOthersAlone(t *testing.T) {
	node := apply(t, testCluster(1, "r1"), nil)[0]
	notReady := corev1.Taint{Key: "node.kubernetes.io/not-ready", Effect: corev1.TaintEffectNoSchedule}
	node.Spec.Taints = append(node.Spec.Taints, notReady)
	node.Labels["theirs"] = "yes"
	g := desired.NodeGroup{Labels: map[string]string{"purpose": "batch"}, Taints: []desired.Taint{{Key: "only", Value: "batch", Effect: "NO_EXECUTE"}}}

	assert.True(t, applyGroup(node, g))
	assert.False(t, applyGroup(node, g), "twice changes nothing")
	assert.Equal(t, "batch", node.Labels["purpose"])
	assert.ElementsMatch(t, []corev1.Taint{notReady, {Key: "only", Value: "batch", Effect: corev1.TaintEffectNoExecute}}, node.Spec.Taints)

	delete(node.Labels, "purpose")
	assert.True(t, applyGroup(node, g), "a label taken off by hand comes back")
	assert.True(t, applyGroup(node, desired.NodeGroup{}))
	assert.Equal(t, []corev1.Taint{notReady}, node.Spec.Taints)
	assert.Equal(t, "yes", node.Labels["theirs"])
	assert.NotContains(t, node.Labels, "purpose")
}

func TestCheckImage(t *testing.T) {
	c := &desired.Cluster{AccountID: "111122223333", Region: "af-south-1", Images: map[string]bool{
		"111122223333.dkr.ecr.af-south-1.amazonaws.com/cloudinsight/user:1.0.0": true,
	}}
	for _, known := range []string{
		PlaceholderImage,
		"111122223333.dkr.ecr.af-south-1.amazonaws.com/cloudinsight/user:1.0.0",
		"877085696533.dkr.ecr.af-south-1.amazonaws.com/eks/coredns:v1.12.4-eksbuild.1",
		"602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon-k8s-cni:v1.20.4",
		"quay.io/extra/one:1",
	} {
		assert.NoError(t, CheckImage(c, known, []string{"quay.io/extra/one:1"}), known)
	}
	for image, want := range map[string]string{
		"111122223333.dkr.ecr.af-south-1.amazonaws.com/cloudinsight/user:1.0.1": `repository "cloudinsight/user" of account 111122223333`,
		"nginx": "no registry of the sandbox has it",
		"registry.k8s.io/e2e-test-images/agnhost:latest":                    "no registry of the sandbox has it",
		"444455556666.dkr.ecr.af-south-1.amazonaws.com/cloudinsight/user:1": "no registry of the sandbox has it",
	} {
		assert.ErrorContains(t, CheckImage(c, image, nil), want, image)
	}
}

package nodes

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/cloudinsight/platform/internal/instances"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

// slot is the place of one instance in its group. Slot n lies in the group's subnet n modulo their number, so the zones
// are filled evenly and a node keeps its zone whatever the size of the group becomes.
type slot struct {
	group   desired.NodeGroup
	kind    instances.Type
	ordinal int
	subnet  desired.Subnet
}

// release names what the node was made from; a node whose slot has another release is replaced.
func (s slot) release() string {
	sum := sha256.Sum256([]byte(s.group.Release + " " + s.subnet.ID))
	return hex.EncodeToString(sum[:8])
}

// plan is what has to be done to the nodes that exist.
type plan struct {
	create []slot
	keep   map[string]slot // by node name
	remove []*corev1.Node  // in the order in which they go
	gone   map[string]bool // names of nodes to be removed whose whole group is gone
}

// makePlan compares the slots of the cluster's groups with the nodes that exist.
//
// A node that its group no longer wants goes at once, the highest slot first. A node of an old release goes when the new
// one of its slot is ready, one at a time per group, as in a rolling update of EKS.
func makePlan(c *desired.Cluster, existing []*corev1.Node) (plan, []desired.Problem) {
	p := plan{keep: map[string]slot{}, gone: map[string]bool{}}
	slots, problems := slotsOf(c)
	groups := map[string]bool{}
	for _, g := range c.NodeGroups {
		groups[g.Name] = true
	}

	current := map[string]*corev1.Node{} // by group/slot: the node of the right release
	for _, node := range existing {
		if s, ok := slots[slotKey(node)]; ok && node.Annotations[annotationRelease] == s.release() {
			current[slotKey(node)] = node
			p.keep[node.Name] = s
		}
	}
	for _, key := range sortedKeys(slots) {
		if current[key] == nil {
			p.create = append(p.create, slots[key])
		}
	}

	replacing := map[string]bool{}
	for _, node := range bySlotDescending(existing) {
		if _, kept := p.keep[node.Name]; kept {
			continue
		}
		group := node.Labels[labelNodeGroup]
		if _, wanted := slots[slotKey(node)]; wanted {
			successor := current[slotKey(node)]
			if replacing[group] || successor == nil || !isReady(successor) {
				continue
			}
			replacing[group] = true
		}
		p.remove = append(p.remove, node)
		p.gone[node.Name] = !groups[group]
	}
	return p, problems
}

// slotsOf lists the slots of all groups by group/ordinal.
func slotsOf(c *desired.Cluster) (map[string]slot, []desired.Problem) {
	slots := map[string]slot{}
	var problems []desired.Problem
	for _, g := range c.NodeGroups {
		if err := checkGroup(g); err != nil {
			problems = append(problems, desired.Problem{Subject: fmt.Sprintf("node group %q", g.Name), Message: err.Error()})
			continue
		}
		kind, _ := instances.Lookup(g.InstanceType)
		for i := range g.Desired {
			slots[fmt.Sprintf("%s/%d", g.Name, i)] = slot{group: g, kind: kind, ordinal: i, subnet: g.Subnets[i%len(g.Subnets)]}
		}
	}
	return slots, problems
}

// checkGroup says why no node of the group can be made.
func checkGroup(g desired.NodeGroup) error {
	if g.Desired == 0 {
		return nil
	}
	if _, known := instances.Lookup(g.InstanceType); !known {
		return fmt.Errorf("instance type %q: not in the table of internal/instances", g.InstanceType)
	}
	if len(g.Subnets) == 0 {
		return fmt.Errorf("has no subnet in the account")
	}
	for _, n := range g.Subnets {
		if _, err := netip.ParsePrefix(n.CIDR); err != nil {
			return fmt.Errorf("subnet %q: %w", n.ID, err)
		}
	}
	return nil
}

func slotKey(node *corev1.Node) string {
	return node.Labels[labelNodeGroup] + "/" + node.Annotations[annotationSlot]
}

func bySlotDescending(nodes []*corev1.Node) []*corev1.Node {
	sorted := append([]*corev1.Node(nil), nodes...)
	ordinal := func(n *corev1.Node) int {
		i, err := strconv.Atoi(n.Annotations[annotationSlot])
		if err != nil {
			return -1
		}
		return i
	}
	sort.Slice(sorted, func(i, j int) bool {
		if a, b := ordinal(sorted[i]), ordinal(sorted[j]); a != b {
			return a > b
		}
		return sorted[i].Name < sorted[j].Name
	})
	return sorted
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// freeAddress picks an address of the subnet for seed: always the same one, or the next free one after it. AWS keeps the
// first four and the last address of a subnet for itself.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func freeAddress(cidr, seed string, used func(netip.Addr) bool) (netip.Addr, error) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return netip.Addr{}, err
	}
	size := uint32(1) << (32 - prefix.Bits())
	if !prefix.Addr().Is4() || size < 8 {
		return netip.Addr{}, fmt.Errorf("subnet %s: not an IPv4 subnet with room for nodes", cidr)
	}
	usable := size - 5
	base := prefix.Masked().Addr().As4()
	sum := sha256.Sum256([]byte(seed))
	start := binary.BigEndian.Uint32(sum[:4]) % usable
	for i := range usable {
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], binary.BigEndian.Uint32(base[:])+4+(start+i)%usable)
		if addr := netip.AddrFrom4(ip); !used(addr) {
			return addr, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("subnet %s: no free address", cidr)
}

// nodeName is the private DNS name of an instance.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/hostname-types.html
func nodeName(addr netip.Addr, region string) string {
	domain := region + ".compute.internal"
	if region == "us-east-1" {
		domain = "ec2.internal"
	}
	return "ip-" + strings.ReplaceAll(addr.String(), ".", "-") + "." + domain
}

// instanceID is an id of EC2's shape that stays with the name and release of a node.
func instanceID(cluster, name, release string) string {
	sum := sha256.Sum256([]byte(cluster + " " + name + " " + release))
	return "i-0" + hex.EncodeToString(sum[:8])
}

package vpc

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/addressplan"
)

func testPlan(t *testing.T) addressplan.Plan {
	t.Helper()
	plan, err := addressplan.New(addressplan.Request{
		CIDR: "10.2.0.0/16", PodCIDR: "100.64.0.0/16",
		Zones:     []string{"af-south-1a", "af-south-1b"},
		DataZones: []string{"af-south-1a", "af-south-1b", "af-south-1c"},
	})
	require.NoError(t, err)
	return plan
}

// passes reads the rules as AWS does: by number, the first that matches decides, and what matches none is refused.
func passes(rules []aclRule, protocol, other string, port int) bool {
	address := netip.MustParseAddr(other)
	for _, rule := range byNumber(rules) {
		anyPort := rule.protocol == "-1" || rule.protocol == "icmp"
		if (rule.protocol == "-1" || rule.protocol == protocol) &&
			netip.MustParsePrefix(rule.cidr).Contains(address) &&
			(anyPort || rule.from <= port && port <= rule.to) {
			return !rule.deny
		}
	}
	return false
}

const (
	client     = "203.0.113.9"  // on the internet
	balancer   = "10.2.1.10"    // public tier
	node       = "10.2.11.10"   // private tier
	pod        = "100.64.70.10" // pod range
	store      = "10.2.21.10"   // data tier
	otherStore = "10.2.22.10"
	clientPort = 40000
)

// Each conversation of the platform is followed packet by packet through the ACLs on its way, both ways.
func TestACLs_LetTheConversationsPass(t *testing.T) {
	plan := testPlan(t)
	public, private, data := publicACL(plan), privateACL(plan), dataACL(plan)
	type step struct {
		rules    []aclRule
		protocol string
		other    string // the address that the rule looks at: where from for ingress, where to for egress
		port     int    // the port that the packet goes to
	}
	for name, steps := range map[string][]step{
		"client asks the load balancer": {
			{public.ingress, "tcp", client, 443},
			{public.egress, "tcp", client, clientPort},
		},
		"load balancer asks a pod, keeping the client's address": {
			{public.egress, "tcp", pod, 8443},
			{private.ingress, "tcp", client, 8443},
			{private.egress, "tcp", client, clientPort},
			{public.ingress, "tcp", pod, clientPort},
			{public.egress, "tcp", client, clientPort},
		},
		"node asks the internet through the NAT gateway": {
			{private.egress, "tcp", client, 443},
			{public.ingress, "tcp", node, 443},
			{public.egress, "tcp", client, 443},
			{public.ingress, "tcp", client, clientPort},
			{public.egress, "tcp", node, clientPort},
			{private.ingress, "tcp", client, clientPort},
		},
		"node asks for the time": {
			{private.egress, "udp", client, 123},
			{public.egress, "udp", client, 123},
			{public.ingress, "udp", client, clientPort},
			{private.ingress, "udp", client, clientPort},
		},
		"control plane asks the kubelet, pods ask DNS": {
			{private.ingress, "tcp", node, 10250},
			{private.egress, "tcp", node, clientPort},
			{private.egress, "udp", pod, 53},
			{private.ingress, "udp", pod, 53},
		},
		"path MTU discovery": {
			{public.ingress, "icmp", client, 0},
			{private.ingress, "icmp", client, 0},
		},
		"pod asks PostgreSQL": {
			{private.egress, "tcp", store, 5432},
			{data.ingress, "tcp", pod, 5432},
			{data.egress, "tcp", pod, clientPort},
			{private.ingress, "tcp", store, clientPort},
		},
		"node asks Kafka, DocumentDB, Redis and their metrics": {
			{data.ingress, "tcp", node, 9098},
			{data.ingress, "tcp", node, 27017},
			{data.ingress, "tcp", node, 6379},
			{data.ingress, "tcp", node, 11001},
		},
		"stores replicate across zones": {
			{data.egress, "tcp", otherStore, 5432},
			{data.ingress, "tcp", otherStore, 5432},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i, s := range steps {
				assert.True(t, passes(s.rules, s.protocol, s.other, s.port), "step %d: %s %s port %d", i, s.protocol, s.other, s.port)
			}
		})
	}
}

func TestACLs_StopTheRest(t *testing.T) {
	plan := testPlan(t)
	public, private, data := publicACL(plan), privateACL(plan), dataACL(plan)
	assert.False(t, passes(public.ingress, "tcp", client, 22))
	assert.False(t, passes(private.ingress, "tcp", client, 443))
	assert.False(t, passes(private.egress, "tcp", client, 25), "mail")
	assert.False(t, passes(data.ingress, "tcp", client, 5432))
	assert.False(t, passes(data.ingress, "tcp", balancer, 5432), "the public tier")
	assert.False(t, passes(data.ingress, "tcp", node, 22))
	assert.False(t, passes(data.egress, "tcp", client, 443))
}

// AWS takes 20 rules in each direction. https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
func TestACLs_StayWithinTheQuota(t *testing.T) {
	plan := testPlan(t)
	for name, rules := range map[string]acl{"public": publicACL(plan), "private": privateACL(plan), "data": dataACL(plan)} {
		for direction, list := range map[string][]aclRule{"ingress": rules.ingress, "egress": rules.egress} {
			assert.LessOrEqual(t, len(list), 20, "%s %s", name, direction)
			numbers := map[int]bool{}
			for _, rule := range list {
				assert.False(t, numbers[rule.number], "%s %s: number %d twice", name, direction, rule.number)
				numbers[rule.number] = true
			}
		}
	}
}

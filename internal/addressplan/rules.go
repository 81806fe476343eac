package addressplan

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// Private lists the address ranges of RFC 1918.
var Private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
}

// carrierNAT is the shared range of RFC 6598, which AWS suggests for pods.
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// A VPC in low10 may not add a range of firstOf10, although both are in 10.0.0.0/8.
var (
	low10     = netip.MustParsePrefix("10.0.0.0/15")
	firstOf10 = netip.MustParsePrefix("10.0.0.0/16")
)

func isPrivate(prefix netip.Prefix) bool { return privateRange(prefix).IsValid() }

func privateRange(prefix netip.Prefix) netip.Prefix {
	for _, outer := range Private {
		if contains(outer, prefix) {
			return outer
		}
	}
	return netip.Prefix{}
}

// podRange applies AWS's table of the ranges that a VPC may add to the one it was made with.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions
func (b *builder) podRange(vpc netip.Prefix, text string) netip.Prefix {
	pods := b.parse("podCidr", text, minPodBits, maxPodBits)
	if !pods.IsValid() || !vpc.IsValid() {
		return netip.Prefix{}
	}
	home := privateRange(vpc)
	switch {
	case vpc.Overlaps(pods):
		b.problem("podCidr", fmt.Sprintf("must not overlap network.cidr %s", vpc), text)
	case contains(carrierNAT, pods):
		return pods
	case !home.IsValid() || !contains(home, pods):
		b.problem("podCidr", fmt.Sprintf("must lie in %s or in the private range of network.cidr %s", carrierNAT, vpc), text)
	case contains(low10, vpc) && contains(firstOf10, pods):
		b.problem("podCidr", fmt.Sprintf("must lie outside %s for a network.cidr in %s", firstOf10, low10), text)
	default:
		return pods
	}
	return netip.Prefix{}
}

// overlaps notes each pair of subnets that share addresses, at the later of the two in reading order.
func (b *builder) overlaps(plan Plan) {
	type subnet struct {
		path   string
		prefix netip.Prefix
	}
	var seen []subnet
	for _, tier := range []struct {
		name   string
		ranges map[string]netip.Prefix
	}{{"public", plan.Public}, {"private", plan.Private}, {"data", plan.Data}} {
		for _, zone := range slices.Sorted(maps.Keys(tier.ranges)) {
			next := subnet{"subnets." + tier.name + "." + zone, tier.ranges[zone]}
			for _, other := range seen {
				if other.prefix.Overlaps(next.prefix) {
					b.problem(next.path, fmt.Sprintf("must not overlap network.%s %s", other.path, other.prefix), next.prefix.String())
				}
			}
			seen = append(seen, next)
		}
	}
}

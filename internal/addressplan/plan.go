// Package addressplan divides the address range of a VPC among its subnets.
//
// The place of a subnet depends on its tier and the letter of its zone alone, so a zone can be added without moving
// another: in a /16, zone a has .1 (public), .11 (private) and .21 (data) as third octet, zone b .2, .12 and .22.
// The configuration judges this plan and the network applies it; both get it from here.
package addressplan

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// The sizes of ranges that can be divided, as prefix lengths.
const (
	// A VPC becomes 256 subnets, of which AWS wants the smallest to be a /28.
	minVPCBits, maxVPCBits = 16, 20
	// A pod range becomes four subnets.
	minPodBits, maxPodBits = 16, 26
	// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
	minSubnetBits, maxSubnetBits = 16, 28
)

// tier is a layer of the network; its value is the slot of its zone a less one.
type tier int

const (
	public  tier = 0
	private tier = 10
	data    tier = 20
)

// Each tier has room for nine zones, the pod range for four.
const (
	maxZones    = 9
	maxPodZones = 4
)

// Request says what to divide and for which zones.
type Request struct {
	// CIDR of the VPC, a private range from /16 to /20.
	CIDR string
	// PodCIDR is a secondary range, from /16 to /26; empty for none.
	PodCIDR string
	// Zones of the public, private and pod subnets.
	Zones []string
	// DataZones of the data subnets.
	DataZones []string
	// Subnets that leave the plan.
	Subnets Subnets
}

// Subnets holds ranges by tier and zone.
type Subnets struct {
	Public, Private, Data map[string]string
}

// Plan holds the range of each subnet by tier and zone. Pods is empty without a pod range.
type Plan struct {
	VPC                         netip.Prefix
	PodRange                    netip.Prefix
	Public, Private, Data, Pods map[string]netip.Prefix
}

// Problem is one reason why a request has no plan.
type Problem struct {
	// Path of the value in a network's configuration, such as subnets.private.af-south-1a.
	Path string
	// Rule that is broken.
	Rule string
	// Got is the value that breaks it; empty when there is none to show.
	Got string
}

func (p Problem) String() string {
	if p.Got == "" {
		return p.Path + ": " + p.Rule
	}
	return fmt.Sprintf("%s: %s, got %q", p.Path, p.Rule, p.Got)
}

// Problems is everything that is wrong with a request.
type Problems []Problem

func (p Problems) Error() string {
	var lines []string
	for _, problem := range p {
		lines = append(lines, problem.String())
	}
	return strings.Join(lines, "\n")
}

// New divides the ranges. Its error is of type Problems.
func New(r Request) (Plan, error) {
	b := &builder{}
	plan := Plan{
		VPC: b.parse("cidr", r.CIDR, minVPCBits, maxVPCBits),
	}
	if plan.VPC.IsValid() && !isPrivate(plan.VPC) {
		b.problem("cidr", "must lie in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16", r.CIDR)
	}
	if r.PodCIDR != "" {
		plan.PodRange = b.podRange(plan.VPC, r.PodCIDR)
	}
	plan.Public = b.tier(plan.VPC, public, "public", r.Zones, r.Subnets.Public)
	plan.Private = b.tier(plan.VPC, private, "private", r.Zones, r.Subnets.Private)
	plan.Data = b.tier(plan.VPC, data, "data", r.DataZones, r.Subnets.Data)
	plan.Pods = b.pods(plan.PodRange, r.Zones)
	b.overlaps(plan)
	if len(b.problems) > 0 {
		return Plan{}, b.problems
	}
	return plan, nil
}

type builder struct{ problems Problems }

func (b *builder) problem(path, rule, got string) {
	b.problems = append(b.problems, Problem{Path: path, Rule: rule, Got: got})
}

// parse returns the zero prefix, and notes why, for text that is no range of the size asked for.
func (b *builder) parse(path, text string, minBits, maxBits int) netip.Prefix {
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil || !prefix.Addr().Is4():
		b.problem(path, "must be an IPv4 range such as 10.0.0.0/16", text)
	case prefix != prefix.Masked():
		b.problem(path, fmt.Sprintf("must start at its first address, %s", prefix.Masked()), text)
	case prefix.Bits() < minBits || prefix.Bits() > maxBits:
		b.problem(path, fmt.Sprintf("must be between /%d and /%d", minBits, maxBits), text)
	default:
		return prefix
	}
	return netip.Prefix{}
}

func (b *builder) tier(vpc netip.Prefix, t tier, name string, zones []string, moved map[string]string) map[string]netip.Prefix {
	ranges := map[string]netip.Prefix{}
	for _, zone := range slices.Sorted(maps.Keys(moved)) {
		text := moved[zone]
		path := "subnets." + name + "." + zone
		if !slices.Contains(zones, zone) {
			b.problem(path, "must be a zone of the tier", zone)
			continue
		}
		prefix := b.parse(path, text, minSubnetBits, maxSubnetBits)
		if !prefix.IsValid() {
			continue
		}
		if vpc.IsValid() && !contains(vpc, prefix) {
			b.problem(path, fmt.Sprintf("must lie inside network.cidr %s", vpc), text)
		}
		ranges[zone] = prefix
	}
	for _, zone := range zones {
		if _, ok := moved[zone]; ok || !vpc.IsValid() {
			continue
		}
		number := zoneNumber(zone)
		if number < 1 || number > maxZones {
			b.problem("subnets."+name+"."+zone, "must be given, since the plan ends at zone i", "")
			continue
		}
		ranges[zone] = nth(vpc, 8, int(t)+number)
	}
	return ranges
}

func (b *builder) pods(pods netip.Prefix, zones []string) map[string]netip.Prefix {
	ranges := map[string]netip.Prefix{}
	for _, zone := range zones {
		if !pods.IsValid() {
			continue
		}
		number := zoneNumber(zone)
		if number < 1 || number > maxPodZones {
			b.problem("podCidr", "has a quarter for each of the zones a to d", zone)
			continue
		}
		ranges[zone] = nth(pods, 2, number-1)
	}
	return ranges
}

// zoneNumber counts zones by their letter: 1 for af-south-1a. It is 0 for a name without one.
func zoneNumber(zone string) int {
	if zone == "" {
		return 0
	}
	letter := zone[len(zone)-1]
	if letter < 'a' || letter > 'z' {
		return 0
	}
	return int(letter-'a') + 1
}

// nth returns subnet number n of those that are longer than the prefix by so many bits.
func nth(prefix netip.Prefix, bits, n int) netip.Prefix {
	length := prefix.Bits() + bits
	first := prefix.Addr().As4()
	value := uint32(first[0])<<24 | uint32(first[1])<<16 | uint32(first[2])<<8 | uint32(first[3])
	value += uint32(n) << (32 - length)
	address := netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)})
	return netip.PrefixFrom(address, length)
}

func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

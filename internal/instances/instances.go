// Package instances holds the facts about EC2 instance types that decide what a node is: its size, its architecture,
// how many pods it can address, and where it is offered. A type that is not in the table is unknown, never guessed.
package instances

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Sizes and architectures are those of EC2's DescribeInstanceTypes, as published by getmoto/moto on 2026-08-01; the
// interface counts are those of the VPC CNI's misc/eni-max-pods.txt of 2026-08-11.
//
//go:embed types.csv
var table string

// Type is an EC2 instance type.
type Type struct {
	// Name as AWS writes it, such as t3.medium.
	Name string
	// VCPU is the number of virtual CPUs.
	VCPU int
	// MemoryMiB is the memory in MiB, as AWS states it; the kernel keeps some of it.
	MemoryMiB int
	// Arch is amd64 or arm64, as Kubernetes writes it.
	Arch string
	// ENIs is the number of network interfaces, AddressesPerENI that of the IPv4 addresses of each.
	ENIs, AddressesPerENI int
}

var types = parse(table)

// Lookup finds a type by its name.
func Lookup(name string) (Type, bool) {
	t, ok := types[name]
	return t, ok
}

// Names lists the known types in alphabetical order.
func Names() []string {
	var names []string
	for name := range types {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Burstable says whether the type lives on CPU credits.
func (t Type) Burstable() bool { return strings.HasPrefix(t.Name, "t") }

// AddressPods is the number of pods that the type's interfaces have single addresses for, without prefix delegation. The
// two are aws-node and kube-proxy, which use the host's address.
// https://github.com/aws/amazon-vpc-cni-k8s/blob/master/misc/eni-max-pods.txt
func (t Type) AddressPods() int { return t.ENIs*(t.AddressesPerENI-1) + 2 }

// MaxPods is the number of pods that a node can address with prefix delegation, where each address of an interface but
// the first becomes a /28. Custom networking takes the first interface away from pods. AWS advises at most 110 pods for
// nodes of less than 30 virtual CPUs and 250 for larger ones.
// https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html
func (t Type) MaxPods(customNetworking bool) int {
	interfaces := t.ENIs
	if customNetworking {
		interfaces--
	}
	// The two are aws-node and kube-proxy, which use the host's address.
	pods := interfaces*(t.AddressesPerENI-1)*16 + 2
	if t.VCPU < 30 {
		return min(pods, 110)
	}
	return min(pods, 250)
}

// zones of the regions that are known. Local zones are left out: EKS has no control plane there.
var zones = map[string]string{
	"af-south-1": "abc",
	"eu-west-1":  "abc",
	"us-east-1":  "abcdef",
}

// Regions lists the known regions in alphabetical order.
func Regions() []string {
	var names []string
	for name := range zones {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Zones lists the availability zones of a region in alphabetical order; nil for an unknown region.
func Zones(region string) []string {
	var names []string
	for _, letter := range zones[region] {
		names = append(names, region+string(letter))
	}
	return names
}

// absent names the families that a zone lacks, by zone or region; * is every family of the table.
// EC2's DescribeInstanceTypeOfferings, as published by getmoto/moto on 2026-08-01.
var absent = map[string][]string{
	"af-south-1":  {"t3a"},
	"af-south-1a": {"c6g"},
	"us-east-1e":  {"*"},
}

// Offered says whether a known type can be had in a zone of a known region.
func Offered(name, zone string) bool {
	if zone == "" {
		return false
	}
	region := zone[:len(zone)-1]
	if _, ok := types[name]; !ok || !slices.Contains(Zones(region), zone) {
		return false
	}
	family, _, _ := strings.Cut(name, ".")
	missing := slices.Concat(absent[region], absent[zone])
	return !slices.Contains(missing, family) && !slices.Contains(missing, "*")
}

// parse reads the embedded table, which a test reads first; a broken one can reach no user.
func parse(text string) map[string]Type {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("instances: types.csv: %v", err))
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			panic(fmt.Sprintf("instances: types.csv: %v", err))
		}
		return n
	}
	types := map[string]Type{}
	for _, row := range rows[1:] {
		types[row[0]] = Type{
			Name:            row[0],
			VCPU:            number(row[1]),
			MemoryMiB:       number(row[2]) * 1024,
			Arch:            row[3],
			ENIs:            number(row[4]),
			AddressesPerENI: number(row[5]),
		}
	}
	return types
}

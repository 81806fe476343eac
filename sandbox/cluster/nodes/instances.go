// Package nodes plays the part of EC2 and of the kubelets for one cluster: it keeps a Node object for every instance that
// the account's node groups ask for, and prepares the pods that the scheduler puts there.
//
// What a node offers (processors, memory, pods, labels, taints, zone) follows what a managed node of that instance type
// reports on EKS, because that is what scheduling, quotas and spreading decide on. From there kwok takes over: its stages
// (Stages) report the nodes' health and let prepared pods run and finish. Two things are judged here and not there,
// since they change while the cluster runs: whether an image exists, and which address in the subnet is free.
package nodes

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// InstanceType is what EC2 says about an instance type.
type InstanceType struct {
	Name      string
	VCPU      int
	MemoryMiB int
	Arch      string // amd64 or arm64
	MaxPods   int    // addresses of its network interfaces allow that many pods
}

//go:embed instances.csv
var instancesCSV string

var instanceTypes = mustParseInstances(instancesCSV)

// LookupInstanceType returns the type of that name.
func LookupInstanceType(name string) (InstanceType, error) {
	t, ok := instanceTypes[name]
	if !ok {
		return InstanceType{}, fmt.Errorf("instance type %q: not in the sandbox's table (sandbox/cluster/nodes/instances.csv)", name)
	}
	return t, nil
}

// mustParseInstances reads the embedded table; a test keeps it readable.
func mustParseInstances(text string) map[string]InstanceType {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic(err)
	}
	number := func(row []string, column int) int {
		n, err := strconv.Atoi(row[column])
		if err != nil {
			panic(fmt.Sprintf("instances.csv: %s: %v", row[0], err))
		}
		return n
	}
	types := map[string]InstanceType{}
	for _, row := range rows[1:] {
		types[row[0]] = InstanceType{
			Name: row[0], VCPU: number(row, 1), MemoryMiB: number(row, 2) * 1024, Arch: row[3], MaxPods: number(row, 4),
		}
	}
	return types
}

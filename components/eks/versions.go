package eks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Addons are the EKS add-ons that a cluster has.
type Addons struct {
	VPCCNI, PodIdentityAgent, KubeProxy, CoreDNS, EBSCSI, MetricsServer string
}

// versions is the matrix of what works together, by Kubernetes minor: the add-on builds that EKS has offered for it and
// that clusters of that minor run. Nothing floats; a new row is a reviewed change.
// Check with: aws eks describe-addon-versions --kubernetes-version 1.36
var versions = map[string]Addons{
	"1.36": {
		VPCCNI:           "v1.22.4-eksbuild.3",
		PodIdentityAgent: "v1.3.10-eksbuild.3",
		KubeProxy:        "v1.36.0-eksbuild.25",
		CoreDNS:          "v1.14.3-eksbuild.23",
		EBSCSI:           "v1.66.0-eksbuild.1",
		MetricsServer:    "v0.9.0-eksbuild.11",
	},
}

// Versions lists the Kubernetes minors of the matrix.
func Versions() []string { return slices.Sorted(maps.Keys(versions)) }

func addonsOf(version string) (Addons, error) {
	a, ok := versions[version]
	if !ok {
		return Addons{}, fmt.Errorf("version: must be one of the version matrix (%s), got %q", strings.Join(Versions(), ", "), version)
	}
	return a, nil
}

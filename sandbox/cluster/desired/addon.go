package desired

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/cloudinsight/platform/sandbox/account"
)

// Addon is an EKS add-on.
type Addon struct {
	Name    string
	Version string // such as v1.20.4-eksbuild.1; empty for what came with the cluster
	Managed bool   // false: it came with the cluster (see Cluster.SelfManagedAddons)
	Config  AddonConfig
}

// AddonConfig is the part of an add-on's configuration values that changes what runs in the cluster.
type AddonConfig struct {
	ReplicaCount *int              `json:"replicaCount"`
	Env          map[string]string `json:"env"`
	Resources    *Resources        `json:"resources"`

	// Controller and Node are where the EBS CSI driver has its settings.
	Controller struct {
		ReplicaCount *int       `json:"replicaCount"`
		Resources    *Resources `json:"resources"`
	} `json:"controller"`
	Node struct {
		Resources *Resources `json:"resources"`
	} `json:"node"`
}

// Resources are a container's requests and limits by resource name.
type Resources struct {
	Requests map[string]string `json:"requests"`
	Limits   map[string]string `json:"limits"`
}

type addonProps struct {
	Name          string `json:"addonName"`
	Version       string `json:"addonVersion"`
	Configuration string `json:"configurationValues"`
}

// bootstrapAddons came with every cluster before EKS made them optional.
var bootstrapAddons = []string{"vpc-cni", "kube-proxy", "coredns"}

func addons(c *Cluster, s *account.State) []Addon {
	var all []Addon
	named := map[string]bool{}
	for _, r := range of(s, TypeAddon, c.Name) {
		props, ok := decode[addonProps](c, r, "add-on")
		if !ok {
			continue
		}
		addon := Addon{Name: props.Name, Version: props.Version, Managed: true}
		if props.Configuration != "" {
			// EKS takes JSON or YAML.
			if err := yaml.Unmarshal([]byte(props.Configuration), &addon.Config); err != nil {
				c.problem(fmt.Sprintf("add-on %q", props.Name), "configuration values cannot be read: %v", err)
			}
		}
		named[props.Name] = true
		all = append(all, addon)
	}
	if c.SelfManagedAddons {
		for _, name := range bootstrapAddons {
			if !named[name] {
				all = append(all, Addon{Name: name})
			}
		}
	}
	sortBy(all, func(a Addon) string { return a.Name })
	return all
}

// Addon returns the add-on of that name, or nil.
func (c *Cluster) Addon(name string) *Addon {
	for i := range c.Addons {
		if c.Addons[i].Name == name {
			return &c.Addons[i]
		}
	}
	return nil
}

// PrefixDelegation says whether the network plugin hands out address prefixes, which lets a node run more pods than its
// interfaces have addresses.
// https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html
func (c *Cluster) PrefixDelegation() bool {
	cni := c.Addon("vpc-cni")
	return cni != nil && cni.Config.Env["ENABLE_PREFIX_DELEGATION"] == "true"
}

// UnmarshalJSON accepts numbers and booleans where Kubernetes wants strings, as the add-ons' schemas do.
func (a *AddonConfig) UnmarshalJSON(raw []byte) error {
	type plain AddonConfig
	var loose struct {
		plain
		Env map[string]any `json:"env"`
	}
	if err := json.Unmarshal(raw, &loose); err != nil {
		return err
	}
	*a = AddonConfig(loose.plain)
	if len(loose.Env) > 0 {
		a.Env = map[string]string{}
		for name, value := range loose.Env {
			a.Env[name] = fmt.Sprint(value)
		}
	}
	return nil
}

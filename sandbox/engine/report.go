package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Report is what an environment has.
type Report struct {
	Environment string         `json:"environment"`
	Up          bool           `json:"up"` // the last up ended well
	Components  []Component    `json:"components"`
	Outputs     map[string]any `json:"outputs"` // of the stack, without secrets and the kubeconfig
	Clusters    []Cluster      `json:"clusters,omitempty"`
	Chains      Chains         `json:"chains"` // what waits for the stores
	// Unverified says of each resource that nobody has judged why: charts that were not rendered, kinds without a definition.
	Unverified []string `json:"unverified,omitempty"`
}

// Component is a component of the stack with the resources below it.
type Component struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	AWS        int    `json:"aws"`
	Kubernetes int    `json:"kubernetes"`
	Other      int    `json:"other"`
}

// Total counts the component's resources.
func (c Component) Total() int { return c.AWS + c.Kubernetes + c.Other }

// Report reads what the environment has: its state, and the nodes and pods of its cluster when that runs.
func (e *Engine) Report(ctx context.Context, env string) (Report, error) {
	if err := e.project.hasStack(env); err != nil {
		return Report{}, err
	}
	state, err := e.readState(env)
	if err != nil {
		return Report{}, err
	}
	outputs := state.outputs()
	delete(outputs, kubeconfigOutput)
	report := Report{Environment: env, Up: e.isUp(env), Components: state.components(), Outputs: outputs, Chains: state.chains(), Unverified: state.unverified()}
	report.Clusters, err = e.inspectClusters(ctx, env)
	return report, err
}

// unverifiedOutput is where the sandbox's providers say in the state why nobody has judged a resource.
const unverifiedOutput = "__unverified"

// unverified lists what the state holds of that, in the order of the state.
func (s stackState) unverified() []string {
	var list []string
	for _, r := range s.resources {
		if text, ok := r.Outputs[unverifiedOutput].(string); ok && !r.Delete {
			list = append(list, text)
		}
	}
	return list
}

// components groups the stack's resources by the component under the stack that they belong to, in the order in which
// those were made.
func (s stackState) components() []Component {
	parents := map[resource.URN]apitype.ResourceV3{}
	for _, r := range s.resources {
		parents[r.URN] = r
	}
	var list []Component
	index := map[resource.URN]int{}
	for _, r := range s.resources {
		if !r.Custom || r.Delete || isProvider(r) {
			continue
		}
		top := r
		for {
			parent, ok := parents[top.Parent]
			if !ok || parent.Type == resource.RootStackType {
				break
			}
			top = parent
		}
		key, name, typ := top.URN, top.URN.Name(), string(top.Type)
		if top.Custom {
			key, name, typ = "", "", "pulumi:pulumi:Stack"
		}
		at, ok := index[key]
		if !ok {
			at = len(list)
			index[key] = at
			list = append(list, Component{Name: name, Type: typ})
		}
		switch pkg, _, _ := strings.Cut(string(r.Type), ":"); pkg {
		case "aws":
			list[at].AWS++
		case "kubernetes":
			list[at].Kubernetes++
		default:
			list[at].Other++
		}
	}
	// What stands directly in the stack comes last.
	slices.SortStableFunc(list, func(a, b Component) int {
		switch {
		case a.Name == "" && b.Name != "":
			return 1
		case a.Name != "" && b.Name == "":
			return -1
		}
		return 0
	})
	return list
}

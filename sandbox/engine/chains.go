package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Chain is what waits for one of the stores that take AWS long to make.
type Chain struct {
	Store   string   `json:"store"`             // the component
	Waiting []string `json:"waiting,omitempty"` // the components that have a resource which is made after the store
	Longest []string `json:"longest"`           // the longest way through components, from the store on
}

// Chains are the stores of an environment with what waits for them.
type Chains struct {
	Stores []Chain  `json:"stores"`
	Free   []string `json:"free"` // the components that wait for none of them
}

// storeTypes are the resources whose making takes AWS many minutes.
var storeTypes = []string{
	"aws:msk/cluster:Cluster", "aws:rds/instance:Instance", "aws:rds/cluster:Cluster", "aws:docdb/cluster:Cluster",
	"aws:docdb/clusterInstance:ClusterInstance", "aws:elasticache/replicationGroup:ReplicationGroup",
}

// chains finds out what waits for what. A resource waits for its dependencies, for its provider, and for its parent to be
// registered, which waits for the parent's own dependencies.
func (s stackState) chains() Chains {
	g := newGraph(s.resources)
	roots := map[string][]resource.URN{}
	for _, r := range s.resources {
		if !r.Delete && slices.Contains(storeTypes, string(r.Type)) {
			roots[g.component[r.URN]] = append(roots[g.component[r.URN]], r.URN)
		}
	}
	all := Chains{}
	waitsForSome := map[string]bool{}
	for _, store := range slices.Sorted(maps.Keys(roots)) {
		reached := map[resource.URN]bool{}
		c := Chain{Store: store, Longest: []string{store}}
		longest := map[resource.URN][]string{}
		for _, root := range roots[store] {
			g.reach(root, reached)
			if way := g.longest(root, longest); len(way) > len(c.Longest) {
				c.Longest = way
			}
		}
		waiting := map[string]bool{}
		for urn := range reached {
			if name := g.component[urn]; name != store && name != "" {
				waiting[name], waitsForSome[name] = true, true
			}
		}
		c.Waiting = slices.Sorted(maps.Keys(waiting))
		all.Stores = append(all.Stores, c)
	}
	free := map[string]bool{}
	for _, name := range g.component {
		if name != "" && !waitsForSome[name] && roots[name] == nil {
			free[name] = true
		}
	}
	all.Free = slices.Sorted(maps.Keys(free))
	return all
}

// graph is which resource waits for which.
type graph struct {
	component map[resource.URN]string         // the innermost component around a resource; "" for what stands in none
	after     map[resource.URN][]resource.URN // who waits for the resource
}

func newGraph(resources []apitype.ResourceV3) graph {
	g := graph{component: map[resource.URN]string{}, after: map[resource.URN][]resource.URN{}}
	byURN, children := map[resource.URN]apitype.ResourceV3{}, map[resource.URN][]resource.URN{}
	for _, r := range resources {
		if !r.Delete {
			byURN[r.URN] = r
			children[r.Parent] = append(children[r.Parent], r.URN)
		}
	}
	// To wait for a component is to wait for everything in it.
	var whole func(urn resource.URN) []resource.URN
	whole = func(urn resource.URN) []resource.URN {
		all := []resource.URN{urn}
		if r, ok := byURN[urn]; ok && !r.Custom {
			for _, child := range children[urn] {
				all = append(all, whole(child)...)
			}
		}
		return all
	}
	for urn, r := range byURN {
		g.component[urn] = componentOf(r, byURN)
		before := map[resource.URN]bool{r.Parent: true}
		if provider, _, ok := cutLast(r.Provider, "::"); ok {
			before[resource.URN(provider)] = true
		}
		lists := append(slices.Collect(maps.Values(r.PropertyDependencies)), r.Dependencies)
		for _, dependency := range slices.Concat(lists...) {
			for _, on := range whole(dependency) {
				before[on] = true
			}
		}
		for on := range before {
			if _, ok := byURN[on]; ok && on != urn {
				g.after[on] = append(g.after[on], urn)
			}
		}
	}
	return g
}

// componentOf names the innermost component of the project around a resource: "rds", "apps.user".
func componentOf(r apitype.ResourceV3, byURN map[resource.URN]apitype.ResourceV3) string {
	for {
		if pkg, _, _ := strings.Cut(string(r.Type), ":"); !r.Custom && pkg == string(r.URN.Project()) {
			name, rest := partAndRest(string(r.URN))
			if rest != "" {
				name += "." + rest
			}
			return name
		}
		parent, ok := byURN[r.Parent]
		if !ok {
			return ""
		}
		r = parent
	}
}

// reach notes what waits for a resource, directly or not.
func (g graph) reach(urn resource.URN, reached map[resource.URN]bool) {
	for _, next := range g.after[urn] {
		if !reached[next] {
			reached[next] = true
			g.reach(next, reached)
		}
	}
}

// longest is the longest way from a resource through others' components to one for which nothing waits; of ways of the same
// length it is the first by name.
func (g graph) longest(urn resource.URN, known map[resource.URN][]string) []string {
	if way, ok := known[urn]; ok {
		return way
	}
	known[urn] = nil // a state has no circles; this keeps one from being endless
	var best []string
	for _, next := range g.after[urn] {
		way := g.longest(next, known)
		if len(way) > len(best) || len(way) == len(best) && slices.Compare(way, best) < 0 {
			best = way
		}
	}
	if name := g.component[urn]; name != "" && (len(best) == 0 || best[0] != name) {
		best = append([]string{name}, best...)
	}
	known[urn] = best
	return best
}

// cutLast cuts around the last separator.
func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

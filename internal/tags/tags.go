// Package tags makes the tags that every AWS resource carries. Values are plain text, so that they are known at preview
// and policies can read them.
//
// The AWS provider writes Default on everything it makes. A component adds Of to each resource, since the provider
// cannot know whose resource it is. What a service makes on its own (instances and volumes of a launch template, say)
// is out of the provider's reach and gets both, through Merge.
package tags

import "maps"

const project = "cloudinsight"

// Default returns the tags that all resources of an environment share.
func Default(environment, owner, costCenter string) map[string]string {
	return map[string]string{
		"Project":     project,
		"Environment": environment,
		"Owner":       owner,
		"CostCenter":  costCenter,
		"ManagedBy":   "pulumi",
	}
}

// Of returns the tags of one resource of a component, and more where it needs them.
func Of(component, name string, more ...map[string]string) map[string]string {
	return Merge(append([]map[string]string{{"Component": component, "Name": name}}, more...)...)
}

// Merge returns one map with the tags of all; a later map wins.
func Merge(sets ...map[string]string) map[string]string {
	merged := map[string]string{}
	for _, set := range sets {
		maps.Copy(merged, set)
	}
	return merged
}

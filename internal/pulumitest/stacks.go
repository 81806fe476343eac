package pulumitest

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// stackReference is the resource that a program reads another stack's outputs through.
const stackReference = "pulumi:pulumi:StackReference"

// Organization is that of the stacks in tests, as Pulumi's file and bucket backends have it.
const Organization = "organization"

// StackOutputs answers a reference to another stack of the project.
func StackOutputs(stack string, outputs map[string]any) Option {
	return func(r *run) { r.stacks[Organization+"/"+Project+"/"+stack] = outputs }
}

// stackOutputs is the state of a stack reference. A stack that was not told about is not there, which is an error as it is
// with the engine.
func (r *run) stackOutputs(name string) (string, resource.PropertyMap, error) {
	outputs, ok := r.stacks[name]
	if !ok {
		return "", nil, fmt.Errorf("unknown stack %q: tell pulumitest.StackOutputs", name)
	}
	return name, resource.NewPropertyMapFromMap(map[string]any{"name": name, "outputs": outputs, "secretOutputNames": []any{}}), nil
}

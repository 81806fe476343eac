package pulumitest

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// reference is a resource that a remote component would have made and hands out as one of its outputs.
type reference struct {
	output, typ string
	state       map[string]any
}

// standName is the name of the resource behind a reference.
func (r reference) standName() string { return "behind-" + r.output }

// References makes an output of a remote component a resource, as eksCluster of eks:index:Cluster is: remote components
// make their children out of a mock's sight, so the test tells what the child's state is. The child is not recorded.
func References(component, output, typ string, state map[string]any) Option {
	return func(r *run) {
		r.references[component] = append(r.references[component], reference{output, typ, state})
	}
}

// withStands registers the resources behind references first: the SDK asks the monitor for their state.
func (r *run) withStands(program pulumi.RunFunc) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		for _, references := range r.references {
			for _, ref := range references {
				var stand pulumi.CustomResourceState
				if err := ctx.RegisterResource(ref.typ, ref.standName(), nil, &stand); err != nil {
					return err
				}
				// The URN resolves when the monitor has it.
				done := make(chan struct{})
				stand.URN().ApplyT(func(pulumi.URN) bool { close(done); return true })
				<-done
			}
		}
		return program(ctx)
	}
}

// stand returns the state of the resource behind a reference, when that is what is being registered.
func (r *run) stand(typ, name string) (resource.PropertyMap, bool) {
	for _, references := range r.references {
		for _, ref := range references {
			if ref.typ == typ && ref.standName() == name {
				return resource.NewPropertyMapFromMap(ref.state), true
			}
		}
	}
	return nil, false
}

// referenced are the outputs of a component that refer to resources.
func (r *run) referenced(component string) resource.PropertyMap {
	outputs := resource.PropertyMap{}
	for _, ref := range r.references[component] {
		urn := resource.NewURN(tokens.QName(r.stack), Project, "", tokens.Type(ref.typ), ref.standName())
		outputs[resource.PropertyKey(ref.output)] = resource.MakeCustomResourceReference(urn, "stand", "")
	}
	return outputs
}

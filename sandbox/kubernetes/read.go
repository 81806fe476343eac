package kubernetes

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Read returns the live object. Its inputs are the recorded ones with the live values in them, so that a refresh shows
// what somebody changed and nothing of what the server or others added. An object that is gone reads as such; one that
// lives but is not ready is reported so. Without recorded inputs (an import) everything that is set becomes an input.
func (p *Provider) Read(ctx context.Context, req plugin.ReadRequest) (plugin.ReadResponse, error) {
	if req.Type == releaseType {
		return p.readRelease(ctx, req)
	}
	s, c, err := p.configured()
	if err != nil {
		return plugin.ReadResponse{}, err
	}
	r, err := p.newRequest(req.URN, req.Type, req.Inputs, req.State, req.Timeout)
	if err != nil {
		return plugin.ReadResponse{}, err
	}
	r.object = r.object.withID(req.ID)
	ctx, done := p.operation(about(ctx, req.URN))
	defer done()
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()

	var live *unstructured.Unstructured
	err = p.settleReachable(ctx, r, func() error {
		client, o, err := c.resource(r.object)
		if err != nil {
			return err
		}
		live, err = client.Get(ctx, o.name, metav1.GetOptions{})
		return err
	})
	recorded := plugin.ReadResponse{ReadResult: plugin.ReadResult{ID: req.ID, Inputs: req.Inputs, Outputs: req.State}}
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return plugin.ReadResponse{}, nil
	case unreachable(err) && s.deleteUnreachable:
		p.log.warning(req.URN, fmt.Sprintf("%s: taken as gone: the cluster cannot be reached", r.object))
		return plugin.ReadResponse{}, nil
	case unreachable(err) && s.skipUpdateUnreachable:
		p.log.warning(req.URN, fmt.Sprintf("%s: left as recorded: the cluster cannot be reached", r.object))
		return recorded, nil
	case err != nil:
		return plugin.ReadResponse{}, describe(r, err)
	}

	inputs := req.Inputs
	if len(inputs) == 0 {
		inputs = importedInputs(live)
	} else {
		inputs = refreshedInputs(r.object, inputs, live)
	}
	r.inputs = inputs
	out := r.outputs(live)
	if reasons := p.glance(ctx, c, r, live); len(reasons) > 0 {
		return plugin.ReadResponse{}, notReady(req.ID, inputs, out, reasons)
	}
	return plugin.ReadResponse{ReadResult: plugin.ReadResult{ID: req.ID, Inputs: inputs, Outputs: out}}, nil
}

// settleReachable is settle for reads: only an API server that does not answer is worth another try.
func (p *Provider) settleReachable(ctx context.Context, r request, do func() error) error {
	var last error
	err := p.settle(ctx, r, func() error {
		if last = do(); unreachable(last) {
			return last
		}
		return nil
	})
	if err == nil {
		err = last
	}
	return err
}

// serverMetadata are the fields of the metadata that only the server writes.
var serverMetadata = []string{
	"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
	"resourceVersion", "selfLink", "uid",
}

// importedInputs are the inputs of an object that was not made here.
func importedInputs(live *unstructured.Unstructured) resource.PropertyMap {
	content := live.DeepCopy().Object
	delete(content, "status")
	for _, field := range serverMetadata {
		unstructured.RemoveNestedField(content, "metadata", field)
	}
	in := resource.NewPropertyMapFromMap(content)
	if live.GetAPIVersion() == "v1" && live.GetKind() == "Secret" && in["data"].HasValue() {
		in["data"] = resource.MakeSecret(in["data"])
	}
	return in
}

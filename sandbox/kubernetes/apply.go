package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// request is one Create or Update of one object.
type request struct {
	urn     resource.URN
	object  object
	inputs  resource.PropertyMap
	manager string        // field manager
	initial string        // apiVersion that the object was created with
	timeout time.Duration // for the whole operation, waiting included
}

// newRequest reads the object from the inputs. outputs is the recorded state, nil for a new object.
func (p *Provider) newRequest(
	urn resource.URN, typ tokens.Type, inputs, outputs resource.PropertyMap, seconds float64,
) (request, error) {
	o, err := parseType(typ, textOf(bare(inputs["kind"])))
	if err != nil {
		return request{}, err
	}
	metadata := oldMetadata(inputs)
	o.name, o.namespace = textOf(bare(metadata["name"])), textOf(bare(metadata["namespace"]))
	r := request{
		urn: urn, object: o, inputs: inputs,
		manager: textOf(bare(outputs[outputManager])), initial: textOf(bare(outputs[outputInitial])),
	}
	if r.manager == "" {
		r.manager = fieldManager(urn)
	}
	if r.initial == "" {
		r.initial = o.gvk.GroupVersion().String()
	}
	r.timeout, err = timeoutFor(o, metadata, seconds)
	return r, err
}

// Create applies a new object and waits until it is ready. An object that exists already is refused unless this very
// resource made it (an earlier run was interrupted) or the provider is told to take existing objects over.
func (p *Provider) Create(ctx context.Context, req plugin.CreateRequest) (plugin.CreateResponse, error) {
	if req.Type == releaseType {
		return p.createRelease(ctx, req)
	}
	s, c, err := p.configured()
	if err != nil {
		return plugin.CreateResponse{}, err
	}
	r, err := p.newRequest(req.URN, req.Type, req.Properties, nil, req.Timeout)
	if err != nil {
		return plugin.CreateResponse{}, err
	}
	ctx, done := p.operation(about(ctx, req.URN))
	defer done()
	if req.Preview {
		out, err := p.previewCreate(ctx, s, c, r)
		return plugin.CreateResponse{Properties: out}, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	var live, found *unstructured.Unstructured
	err = p.settle(ctx, r, func() error {
		if found, err = p.vacant(ctx, s, c, r); err != nil {
			return err
		}
		live, err = c.apply(ctx, s, r, false)
		return err
	})
	if err != nil {
		return plugin.CreateResponse{}, describe(r, err)
	}
	if found != nil {
		p.adopted.Store(found.GetUID(), true)
	}
	live, reasons := p.await(ctx, c, r, live)
	id, out := r.idOf(live), r.outputs(live)
	if len(reasons) > 0 {
		return plugin.CreateResponse{}, notReady(id, r.inputs, out, reasons)
	}
	return plugin.CreateResponse{ID: id, Properties: out}, nil
}

// Update applies the changed object under the field manager that created it and waits until it is ready.
func (p *Provider) Update(ctx context.Context, req plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	if req.Type == releaseType {
		return p.updateRelease(ctx, req)
	}
	s, c, err := p.configured()
	if err != nil {
		return plugin.UpdateResponse{}, err
	}
	r, err := p.newRequest(req.URN, req.Type, req.NewInputs, req.OldOutputs, req.Timeout)
	if err != nil {
		return plugin.UpdateResponse{}, err
	}
	r.object = r.object.withID(req.ID)
	ctx, done := p.operation(about(ctx, req.URN))
	defer done()
	if req.Preview {
		out, err := p.previewUpdate(ctx, s, c, r, req.OldOutputs)
		return plugin.UpdateResponse{Properties: out}, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	var live *unstructured.Unstructured
	err = p.settle(ctx, r, func() error {
		live, err = c.apply(ctx, s, r, false)
		return err
	})
	if unreachable(err) && s.skipUpdateUnreachable {
		p.log.warning(req.URN, fmt.Sprintf("%s: left as it is: the cluster cannot be reached", r.object))
		return plugin.UpdateResponse{Properties: req.OldOutputs}, nil
	}
	if err != nil {
		return plugin.UpdateResponse{}, describe(r, err)
	}
	live, reasons := p.await(ctx, c, r, live)
	out := r.outputs(live)
	if len(reasons) > 0 {
		return plugin.UpdateResponse{}, notReady(req.ID, r.inputs, out, reasons)
	}
	return plugin.UpdateResponse{Properties: out}, nil
}

// vacant makes sure that a new object takes nobody's place. One that is just being deleted is waited for; one that may be
// taken up (this resource made it, or the provider is told to take over) is returned.
func (p *Provider) vacant(ctx context.Context, s settings, c *cluster, r request) (*unstructured.Unstructured, error) {
	client, o, err := c.resource(r.object)
	if err != nil {
		return nil, err
	}
	live, err := client.Get(ctx, o.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) && r.object.patch:
		return nil, fmt.Errorf("%s: does not exist: there is nothing to patch", o)
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil, r.object.patch:
		return nil, err
	case live.GetDeletionTimestamp() != nil:
		return nil, p.gone(ctx, c, o, r.urn, live.GetUID())
	}
	return live, r.mayTake(s, o, live)
}

// mayTake refuses an object of somebody else.
func (r request) mayTake(s settings, o object, live *unstructured.Unstructured) error {
	if s.upsertExistingObjects || managedBy(live, r.manager) {
		return nil
	}
	return fmt.Errorf("%s: already exists and was not made by this resource%s: "+
		"import it, change only some of its fields with a %sPatch, or set upsertExistingObjects on the provider",
		o, managersOf(live), o.gvk.Kind)
}

// apply sends the object by server-side apply. Fields that the server does not know are refused.
func (c *cluster) apply(ctx context.Context, s settings, r request, dryRun bool) (*unstructured.Unstructured, error) {
	client, o, err := c.resource(r.object)
	if err != nil {
		return nil, err
	}
	body := plainMap(r.inputs)
	metadata, _ := body["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		body["metadata"] = metadata
	}
	metadata["name"] = o.name
	if o.namespace == "" {
		delete(metadata, "namespace")
	} else {
		metadata["namespace"] = o.namespace
	}
	if len(body) == 3 && len(metadata) <= 2 && !r.object.patch {
		// The server keeps no field manager for an object without fields (a bare ServiceAccount), and such an object
		// could not be told from somebody else's after an interrupted run.
		metadata["annotations"] = map[string]any{annotationManager: r.manager}
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	force := s.enablePatchForce
	switch annotation(oldMetadata(r.inputs), annotationPatchForce) {
	case "true":
		force = true
	case "false":
		force = false
	}
	options := metav1.PatchOptions{FieldManager: r.manager, Force: &force, FieldValidation: metav1.FieldValidationStrict}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	return client.Patch(ctx, o.name, types.ApplyYAMLPatchType, data, options)
}

func managedBy(live *unstructured.Unstructured, manager string) bool {
	for _, f := range live.GetManagedFields() {
		if f.Manager == manager {
			return true
		}
	}
	return false
}

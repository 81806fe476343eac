package kubernetes

import (
	"context"
	"fmt"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// outputUnverified says in the state why nobody has judged a resource; the environment's report lists it.
const outputUnverified = resource.PropertyKey("__unverified")

// createRelease records a release and brings the definitions of its operator. The chart itself is not rendered: the
// release warns of that.
func (p *Provider) createRelease(ctx context.Context, req plugin.CreateRequest) (plugin.CreateResponse, error) {
	s, c, err := p.configured()
	if err != nil {
		return plugin.CreateResponse{}, err
	}
	r := newRelease(req.URN, req.Properties, req.Timeout)
	ctx, done := p.operation(about(ctx, req.URN))
	defer done()
	if req.Preview {
		return plugin.CreateResponse{Properties: req.Properties}, p.previewRelease(ctx, s, c, r)
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	var out resource.PropertyMap
	err = p.settle(ctx, r.request, func() error {
		if err := c.connect(); err != nil {
			return err
		}
		if err := c.vacantRelease(ctx, s, r); err != nil {
			return err
		}
		if err := c.releaseNamespace(ctx, r); err != nil {
			return err
		}
		out, err = p.install(ctx, c, r, 1)
		return err
	})
	if err != nil {
		return plugin.CreateResponse{}, describe(r.request, err)
	}
	return plugin.CreateResponse{ID: r.object.id(), Properties: out}, nil
}

// previewRelease looks whether a new release takes another's place, where there is a cluster to ask.
func (p *Provider) previewRelease(ctx context.Context, s settings, c *cluster, r release) error {
	askable := c.reachable(ctx) == nil && r.object.name != "" && r.object.namespace != ""
	if !askable {
		return nil
	}
	if err := c.vacantRelease(ctx, s, r); err != nil && !tolerated(err) && !apierrors.IsForbidden(err) {
		return describe(r.request, err)
	}
	return nil
}

// vacantRelease refuses a name that another release has. The record that this very resource made, in an interrupted run,
// is taken up.
func (c *cluster) vacantRelease(ctx context.Context, s settings, r release) error {
	_, secret, err := c.readRecord(ctx, r)
	if err != nil || secret == nil || s.upsertExistingObjects || managedBy(secret, r.manager) {
		return err
	}
	return fmt.Errorf("%s: already exists and was not made by this resource%s", r.object, managersOf(secret))
}

// releaseNamespace makes sure that the release's namespace is there. Like Helm it makes one only when told to, and
// leaves it when the release goes.
func (c *cluster) releaseNamespace(ctx context.Context, r release) error {
	client := c.dynamic.Resource(namespaceResource)
	_, err := client.Get(ctx, r.object.namespace, metav1.GetOptions{})
	switch {
	case !apierrors.IsNotFound(err):
		return err
	case !r.createNamespace:
		return fmt.Errorf("%s: namespace %q does not exist: make it first, or set createNamespace", r.object, r.object.namespace)
	}
	made := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
	made.SetName(r.object.namespace)
	_, err = client.Create(ctx, made, metav1.CreateOptions{FieldManager: r.manager})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// install brings the definitions that the release wants, takes those that it wants no more, and writes its record. The
// record comes first: what it needs stays for as long as it is there.
func (p *Provider) install(ctx context.Context, c *cluster, r release, revision int) (resource.PropertyMap, error) {
	o, wanted := r.operator()
	operator := ""
	if wanted {
		operator = o.Name
	}
	if err := c.writeRecord(ctx, r, r.record(revision), operator); err != nil {
		return nil, err
	}
	var err error
	switch {
	case wanted:
		err = p.installDefinitions(ctx, c, r.urn, o)
	case o.Name != "":
		err = p.removeDefinitions(ctx, c, r, o)
	}
	if err != nil {
		return nil, err
	}
	p.log.warning(r.urn, r.unverified())
	return p.releaseOutputs(ctx, c, r, revision)
}

// unverified says what of a release is not proven here.
func (r release) unverified() string {
	text := fmt.Sprintf("release %s: chart %s version %s was not rendered: the sandbox cannot fetch charts; its objects are not verified",
		r.object.name, r.chart, r.version)
	switch o, wanted := r.operator(); {
	case wanted && o.Module != "":
		text += fmt.Sprintf(" (objects of its custom kinds are, against the definitions of %s)", o)
	case wanted:
		text += ", nor are those of its custom kinds: no Go module has their definitions"
	}
	return text
}

// releaseOutputs is the state of a release: its inputs, its status, and what of its objects is in the cluster.
func (p *Provider) releaseOutputs(ctx context.Context, c *cluster, r release, revision int) (resource.PropertyMap, error) {
	names := map[string]any{}
	if o, wanted := r.operator(); wanted {
		list, err := c.definitionsOf(ctx, o)
		if err != nil {
			return nil, err
		}
		var all []any
		for _, d := range list {
			all = append(all, d.GetName())
		}
		if len(all) > 0 {
			names["CustomResourceDefinition.apiextensions.k8s.io/apiextensions.k8s.io/v1"] = all
		}
	}
	out := r.inputs.Copy()
	maps.Copy(out, resource.NewPropertyMapFromMap(map[string]any{
		"resourceNames": names,
		"status": map[string]any{
			"name": r.object.name, "namespace": r.object.namespace, "chart": r.chart, "version": r.version,
			"revision": revision, "status": "deployed",
		},
	}))
	out[outputUnverified] = resource.NewStringProperty(r.unverified())
	return out, nil
}

// updateRelease records the changed release as its next revision.
func (p *Provider) updateRelease(ctx context.Context, req plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	_, c, err := p.configured()
	if err != nil {
		return plugin.UpdateResponse{}, err
	}
	r := newRelease(req.URN, req.NewInputs, req.Timeout)
	if req.Preview {
		out := over(resource.NewObjectProperty(req.OldOutputs), resource.NewObjectProperty(req.NewInputs)).ObjectValue()
		// The values are given as a whole: what the program dropped from them is gone.
		out["values"], out["status"] = req.NewInputs["values"], resource.MakeComputed(resource.NewObjectProperty(nil))
		return plugin.UpdateResponse{Properties: out}, nil
	}
	ctx, done := p.operation(about(ctx, req.URN))
	defer done()
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	var out resource.PropertyMap
	err = p.settle(ctx, r.request, func() error {
		if err := c.connect(); err != nil {
			return err
		}
		found, _, err := c.readRecord(ctx, r)
		if err != nil {
			return err
		}
		revision := 1
		if found != nil {
			revision = found.Revision + 1
		}
		out, err = p.install(ctx, c, r, revision)
		return err
	})
	if err != nil {
		return plugin.UpdateResponse{}, describe(r.request, err)
	}
	return plugin.UpdateResponse{Properties: out}, nil
}

// deleteRelease takes the release's definitions away, with all objects of their kinds, and then its record.
func (p *Provider) deleteRelease(ctx context.Context, req plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	s, c, err := p.configured()
	if err != nil {
		return plugin.DeleteResponse{}, err
	}
	r := newRelease(req.URN, req.Inputs, req.Timeout)
	r.object = r.object.withID(req.ID)
	ctx, done := p.operation(about(ctx, req.URN))
	defer done()
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	err = p.settleReachable(ctx, r.request, func() error {
		if err := c.connect(); err != nil {
			return err
		}
		if o, wanted := r.operator(); wanted {
			if err := p.removeDefinitions(ctx, c, r, o); err != nil {
				return err
			}
		}
		return c.deleteRecord(ctx, r)
	})
	switch {
	case err == nil, apierrors.IsNotFound(err):
		return plugin.DeleteResponse{}, nil
	case unreachable(err) && s.deleteUnreachable:
		p.log.warning(req.URN, fmt.Sprintf("%s: taken as deleted: the cluster cannot be reached", r.object))
		return plugin.DeleteResponse{}, nil
	}
	return plugin.DeleteResponse{}, describe(r.request, err)
}

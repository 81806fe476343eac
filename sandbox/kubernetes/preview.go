package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// previewCreate validates a new object and returns what is known of it: its inputs. What the server would fill in is
// left unknown, because a dry run makes up other values than the real one.
func (p *Provider) previewCreate(ctx context.Context, s settings, c *cluster, r request) (resource.PropertyMap, error) {
	_, err := p.previewObject(ctx, s, c, r, true)
	return r.inputs, err
}

// previewUpdate validates a changed object and returns it as the server would store it, or where that cannot be known
// the recorded state with the new inputs over it.
func (p *Provider) previewUpdate(
	ctx context.Context, s settings, c *cluster, r request, recorded resource.PropertyMap,
) (resource.PropertyMap, error) {
	live, err := p.previewObject(ctx, s, c, r, false)
	if err != nil {
		return nil, err
	}
	if live != nil {
		return r.outputs(live), nil
	}
	return over(resource.NewObjectProperty(recorded), resource.NewObjectProperty(r.inputs)).ObjectValue(), nil
}

// over lays the new value over the old one, map by map.
func over(old, news resource.PropertyValue) resource.PropertyValue {
	if bare(old).IsObject() && news.IsObject() {
		merged := bare(old).ObjectValue().Copy()
		for k, v := range news.ObjectValue() {
			merged[k] = over(merged[k], v)
		}
		return resource.NewObjectProperty(merged)
	}
	return news
}

// previewObject asks the server to judge an object without storing it. It returns nil without an error where that is
// impossible: values still unknown, no cluster yet, or a namespace or definition that the same run may make.
func (p *Provider) previewObject(
	ctx context.Context, s settings, c *cluster, r request, isNew bool,
) (*unstructured.Unstructured, error) {
	if resource.NewObjectProperty(r.inputs).ContainsUnknowns() || r.object.name == "" {
		return nil, nil
	}
	switch err := c.reachable(ctx); {
	case apierrors.IsUnauthorized(err):
		// A caller who may not enter the cluster sees what a preview without one shows, and that every time.
		return nil, nil
	case err != nil:
		p.log.warning("", fmt.Sprintf("Kubernetes objects are previewed without the cluster, which cannot be reached: %s", err))
		return nil, nil
	}
	if isNew {
		known, err := c.previewPlace(ctx, s, r)
		switch {
		case known, tolerated(err):
			return nil, nil
		case err != nil:
			return nil, describe(r, err)
		}
	}
	live, err := c.apply(ctx, s, r, true)
	switch {
	case err == nil:
		return live, nil
	case tolerated(err):
		return nil, nil
	case doubtful(err):
		p.log.warning(r.urn, describe(r, err).Error())
		return nil, nil
	}
	return nil, describe(r, err)
}

// previewPlace looks whether a new object takes somebody's place. known is true for an object that this resource made
// before: it is about to be replaced, and what may not change on the old one says nothing about the new one. An object
// being deleted is no obstacle, and neither is the missing object of a patch, which the same run may make.
func (c *cluster) previewPlace(ctx context.Context, s settings, r request) (known bool, err error) {
	client, o, err := c.resource(r.object)
	if err != nil {
		return false, err
	}
	live, err := client.Get(ctx, o.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) && !r.object.patch:
		return false, nil
	case err != nil, r.object.patch:
		return false, err
	case live.GetDeletionTimestamp() != nil:
		return true, nil
	}
	err = r.mayTake(s, o, live)
	return err == nil, err
}

// tolerated are errors at preview that say something about the moment, not about the object.
func tolerated(err error) bool {
	return meta.IsNoMatchError(err) || apierrors.IsNotFound(err) || terminating(err) || passing(err) ||
		apierrors.IsUnauthorized(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// doubtful are refusals at preview that the same run may lift: a quota that it raises, permissions that it grants.
func doubtful(err error) bool {
	if !apierrors.IsForbidden(err) {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "exceeded quota") || strings.Contains(text, " cannot ")
}

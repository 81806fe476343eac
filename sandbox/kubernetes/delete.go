package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Delete removes the object and waits until it has really disappeared, with everything that it owns (foreground) and
// past its finalizers. An object that is gone already, or whose kind is, counts as deleted. A patch gives its fields
// back instead: what nobody else owns returns to its default.
func (p *Provider) Delete(ctx context.Context, req plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	if req.Type == releaseType {
		return p.deleteRelease(ctx, req)
	}
	s, c, err := p.configured()
	if err != nil {
		return plugin.DeleteResponse{}, err
	}
	r, err := p.newRequest(req.URN, req.Type, req.Inputs, req.Outputs, req.Timeout)
	if err != nil {
		return plugin.DeleteResponse{}, err
	}
	r.object = r.object.withID(req.ID)
	recorded := types.UID(textOf(bare(oldMetadata(req.Outputs)["uid"])))
	if _, kept := p.adopted.Load(recorded); kept && recorded != "" {
		// The replacement took this very object over: there is no older one left to delete.
		return plugin.DeleteResponse{}, nil
	}
	ctx, done := p.operation(about(ctx, req.URN))
	defer done()
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	if r.object.patch {
		err = p.settleReachable(ctx, r, func() error { return c.relinquish(ctx, r) })
	} else {
		err = p.settleReachable(ctx, r, func() error { return p.remove(ctx, c, r) })
	}
	switch {
	case err == nil, apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return plugin.DeleteResponse{}, nil
	case unreachable(err) && s.deleteUnreachable:
		p.log.warning(req.URN, fmt.Sprintf("%s: taken as deleted: the cluster cannot be reached", r.object))
		return plugin.DeleteResponse{}, nil
	case unreachable(err):
		return plugin.DeleteResponse{}, fmt.Errorf("%w; when the cluster is gone for good, set deleteUnreachable on the "+
			"provider or PULUMI_K8S_DELETE_UNREACHABLE=true", describe(r, err))
	}
	return plugin.DeleteResponse{}, describe(r, err)
}

func (p *Provider) remove(ctx context.Context, c *cluster, r request) error {
	client, o, err := c.resource(r.object)
	if err != nil {
		return err
	}
	policy := metav1.DeletePropagationForeground
	if ownsNothing[o.gvk.Kind] {
		policy = metav1.DeletePropagationBackground
	}
	switch v := strings.ToLower(annotation(oldMetadata(r.inputs), annotationPropagation)); v {
	case "":
	case "foreground":
		policy = metav1.DeletePropagationForeground
	case "background":
		policy = metav1.DeletePropagationBackground
	case "orphan":
		policy = metav1.DeletePropagationOrphan
	default:
		return fmt.Errorf("annotation %s: must be foreground, background or orphan, got %q", annotationPropagation, v)
	}
	live, err := client.Get(ctx, o.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	uid := live.GetUID()
	// The UID keeps an object of the same name that somebody made in between.
	options := metav1.DeleteOptions{PropagationPolicy: &policy, Preconditions: &metav1.Preconditions{UID: &uid}}
	if err := client.Delete(ctx, o.name, options); err != nil {
		return err
	}
	return p.gone(ctx, c, o, r.urn, uid)
}

// ownsNothing are the kinds on which no other object depends: waiting for the garbage collector to find that out would
// only take time.
var ownsNothing = map[string]bool{
	"ClusterRole": true, "ClusterRoleBinding": true, "ConfigMap": true, "HorizontalPodAutoscaler": true, "LimitRange": true,
	"Namespace": true, "NetworkPolicy": true, "PodDisruptionBudget": true, "PriorityClass": true, "ResourceQuota": true,
	"Role": true, "RoleBinding": true, "Secret": true, "ServiceAccount": true, "StorageClass": true,
}

// relinquish applies an object without fields, which takes the field manager off all that it owned.
func (c *cluster) relinquish(ctx context.Context, r request) error {
	client, o, err := c.resource(r.object)
	if err != nil {
		return err
	}
	if _, err := client.Get(ctx, o.name, metav1.GetOptions{}); err != nil {
		return err
	}
	nothing := &unstructured.Unstructured{Object: map[string]any{}}
	nothing.SetGroupVersionKind(o.gvk)
	nothing.SetName(o.name)
	nothing.SetNamespace(o.namespace)
	data, err := json.Marshal(nothing.Object)
	if err != nil {
		return err
	}
	_, err = client.Patch(ctx, o.name, types.ApplyYAMLPatchType, data, metav1.PatchOptions{FieldManager: r.manager})
	return err
}

// gone waits until the object with this UID is no more.
func (p *Provider) gone(ctx context.Context, c *cluster, o object, urn resource.URN, uid types.UID) error {
	client, o, err := c.resource(o)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	wake := watchObject(watching, client, o.name)
	start, told := time.Now(), ""
	var live *unstructured.Unstructured
	for {
		now, err := client.Get(ctx, o.name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err), err == nil && now.GetUID() != uid:
			if told != "" {
				p.log.status(urn, "")
			}
			return nil
		case err == nil:
			live = now
			if why := holding(live); why != told && time.Since(start) > 2*time.Second {
				told = why
				p.log.status(urn, "[1/1] "+why)
			}
		case !unreachable(err) && ctx.Err() == nil:
			return err
		}
		select {
		case <-ctx.Done():
			if live == nil {
				return fmt.Errorf("%s: still there: %w", o, ctx.Err())
			}
			return fmt.Errorf("%s: not deleted in time: %s", o, holding(live))
		case <-wake:
		case <-time.After(time.Second):
		}
	}
}

// holding words what keeps an object from disappearing: a namespace's own account of it, or the finalizers.
func holding(live *unstructured.Unstructured) string {
	var reasons []string
	if live.GetKind() == "Namespace" && live.GetAPIVersion() == "v1" {
		conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
		for _, item := range conditions {
			if condition, ok := item.(map[string]any); ok && condition["status"] == "True" {
				reasons = append(reasons, fmt.Sprint(condition["message"]))
			}
		}
	}
	if finalizers := live.GetFinalizers(); len(finalizers) > 0 {
		reasons = append(reasons, "waiting for finalizers "+strings.Join(finalizers, ", "))
	}
	if len(reasons) == 0 {
		return "waiting for deletion"
	}
	return strings.Join(reasons, "; ")
}

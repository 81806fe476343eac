package kubernetes

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// judge looks at a live object, and at what belongs to it, and says how far it is.
type judge func(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error)

// judges are the kinds that are awaited. All others are ready when they are stored.
var judges = map[schema.GroupKind]judge{
	{Group: "apps", Kind: "Deployment"}:                               judgeDeployment,
	{Group: "apps", Kind: "StatefulSet"}:                              judgeStatefulSet,
	{Group: "apps", Kind: "DaemonSet"}:                                judgeDaemonSet,
	{Group: "apps", Kind: "ReplicaSet"}:                               judgeReplicaSet,
	{Group: "batch", Kind: "Job"}:                                     judgeJob,
	{Kind: "Pod"}:                                                     judgePod,
	{Kind: "Service"}:                                                 judgeService,
	{Kind: "PersistentVolumeClaim"}:                                   judgeClaim,
	{Kind: "Namespace"}:                                               judgeNamespace,
	{Group: "networking.k8s.io", Kind: "Ingress"}:                     judgeIngress,
	{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}: judgeDefinition,
	{Group: "apiregistration.k8s.io", Kind: "APIService"}:             judgeAPIService,
}

// defaultTimeout bounds an operation for which neither the program nor an annotation does.
const defaultTimeout = 10 * time.Minute

// timeoutFor is the time for a whole operation: the resource's custom timeout, its annotation, or ten minutes.
func timeoutFor(o object, metadata resource.PropertyMap, seconds float64) (time.Duration, error) {
	if seconds > 0 {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	text := annotation(metadata, annotationTimeout)
	if text == "" {
		return defaultTimeout, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: annotation %s: must be a number of seconds, got %q", o, annotationTimeout, text)
	}
	if n == 0 {
		return defaultTimeout, nil
	}
	return time.Duration(n) * time.Second, nil
}

// judgeFor picks how an object is awaited: by its waitFor annotation, by its kind, or (nil) not at all. A custom resource
// is ready when the API server has accepted it.
func judgeFor(r request) (judge, error) {
	metadata := oldMetadata(r.inputs)
	if annotated(metadata, annotationSkipAwait) {
		return nil, nil
	}
	if text := annotation(metadata, annotationWaitFor); text != "" {
		look, err := waitFor(text)
		if !builtinGroup(r.object.gvk.Group) {
			// No operator runs here that could make a condition of its own kind come true.
			return nil, err
		}
		return look, err
	}
	return judges[r.object.gvk.GroupKind()], nil
}

// await watches an applied object until it is ready. It returns the object as it was seen last and, when it did not get
// ready, why: each reason names the object, and the pod and container where there is one.
func (p *Provider) await(
	ctx context.Context, c *cluster, r request, live *unstructured.Unstructured,
) (*unstructured.Unstructured, []string) {
	r.object.namespace, r.object.name = live.GetNamespace(), live.GetName()
	look, err := judgeFor(r)
	if err != nil {
		return live, []string{fmt.Sprintf("%s: %s", r.object, err)}
	}
	if look == nil {
		return live, nil
	}
	client, o, err := c.resource(r.object)
	if err != nil {
		return live, []string{describe(r, err).Error()}
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	wake := watchObject(watching, client, o.name)
	start := time.Now()
	eyes := &view{cluster: c, since: start}
	vigil := newVigil(p.patience, start)
	var seen verdict
	told := ""
	for {
		if now, err := client.Get(ctx, o.name, metav1.GetOptions{}); err == nil {
			live = now
		} else if apierrors.IsNotFound(err) {
			return live, []string{fmt.Sprintf("%s: was deleted while it was waited for", o)}
		}
		if v, err := look(ctx, eyes, live); err == nil {
			seen = v
		}
		if seen.ready {
			if told != "" {
				p.log.status(r.urn, "")
			}
			return live, nil
		}
		if seen.progress != told {
			told = seen.progress
			p.log.status(r.urn, told)
		}
		if late := eyes.confirm(ctx, live, vigil.overdue(time.Now(), seen)); len(late) > 0 {
			return live, reasonsFor(o, seen.fact(), late)
		}
		select {
		case <-ctx.Done():
			why := fmt.Sprintf("not ready after %s: %s", time.Since(start).Round(time.Second), seen.fact())
			if p.canceled.Err() != nil {
				why = "canceled: " + seen.fact()
			}
			return live, reasonsFor(o, why, seen.problems)
		case <-wake:
		case <-time.After(time.Second):
		}
	}
}

// glance looks at an object once, for a refresh: an object that is merely on its way is no problem.
func (p *Provider) glance(ctx context.Context, c *cluster, r request, live *unstructured.Unstructured) []string {
	r.object.namespace, r.object.name = live.GetNamespace(), live.GetName()
	look, err := judgeFor(r)
	if err != nil || look == nil {
		return nil
	}
	eyes := &view{cluster: c, since: time.Now().Add(-flicker)}
	seen, err := look(ctx, eyes, live)
	if err != nil || seen.ready {
		return nil
	}
	var lasting []problem
	for _, found := range seen.problems {
		if _, ends := p.patience.of(found.class); ends {
			lasting = append(lasting, found)
		}
	}
	if lasting = eyes.confirm(ctx, live, lasting); len(lasting) == 0 {
		return nil
	}
	return reasonsFor(r.object, seen.fact(), lasting)
}

// reasonsFor words each problem with the object and its state in front; without a problem the state is the reason.
func reasonsFor(o object, state string, problems []problem) []string {
	head := fmt.Sprintf("%s: %s", o, state)
	if len(problems) == 0 {
		return []string{head}
	}
	var out []string
	told := map[string]bool{}
	for _, p := range problems {
		if !told[p.text] {
			told[p.text] = true
			out = append(out, head+": "+p.text)
		}
	}
	return out
}

// watchObject wakes the caller whenever the object changes, until ctx ends. It is a hint only: callers look from time
// to time as well, because the watch can break and what belongs to the object changes on its own.
func watchObject(ctx context.Context, client dynamic.ResourceInterface, name string) <-chan struct{} {
	wake := make(chan struct{}, 1)
	go func() {
		w, err := client.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
		if err != nil {
			return
		}
		defer w.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case _, ok := <-w.ResultChan():
				if !ok {
					return
				}
				select {
				case wake <- struct{}{}:
				default:
				}
			}
		}
	}()
	return wake
}

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// settle runs do again while its failure may pass on its own: the API server is starting, a namespace or a definition
// of the same run is on its way, a webhook has no endpoint yet. It gives up after the patience for missing things.
func (p *Provider) settle(ctx context.Context, r request, do func() error) error {
	deadline := time.Now().Add(p.patience.missing)
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := do()
		if err == nil || !passing(err) || time.Now().After(deadline) {
			return err
		}
		p.log.status(r.urn, "retrying: "+describe(r, err).Error())
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// passing says whether an error may go away without anybody changing the object.
func passing(err error) bool {
	return meta.IsNoMatchError(err) || namespaceMissing(err) || unreachable(err) ||
		apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook")
}

func namespaceMissing(err error) bool {
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return false
	}
	return status.Status().Details.Kind == "namespaces"
}

// terminating says whether an object was refused because its namespace is being deleted.
func terminating(err error) bool {
	return apierrors.HasStatusCause(err, "NamespaceTerminating")
}

// describe words an error of the API server: which object, what is wrong with it, and where the way out is not plain,
// what to do. Secret values are taken out.
func describe(r request, err error) error {
	text := describeText(r.object, err)
	return errors.New(redactor(r.inputs).Replace(text))
}

func describeText(o object, err error) string {
	var status apierrors.APIStatus
	switch {
	case meta.IsNoMatchError(err):
		return fmt.Sprintf("%s: the cluster has no kind %s in %s: its definition is missing (made by a chart or a "+
			"CustomResourceDefinition that this resource should depend on?)", o, o.gvk.Kind, o.gvk.GroupVersion())
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("%s: no answer from the API server in time", o)
	case errors.Is(err, context.Canceled):
		return fmt.Sprintf("%s: canceled", o)
	case unreachable(err):
		return fmt.Sprintf("%s: the cluster cannot be reached: %s", o, err)
	case !errors.As(err, &status):
		if strings.HasPrefix(err.Error(), o.String()) {
			return err.Error()
		}
		return fmt.Sprintf("%s: %s", o, err)
	case apierrors.IsConflict(err):
		if text := conflictText(status.Status()); text != "" {
			return fmt.Sprintf("%s: %s", o, text)
		}
	case terminating(err):
		return fmt.Sprintf("%s: namespace %q is being deleted", o, o.namespace)
	case namespaceMissing(err):
		return fmt.Sprintf("%s: namespace %q does not exist", o, o.namespace)
	}
	return fmt.Sprintf("%s: %s", o, causes(err.Error(), o))
}

// causes drops what the message repeats of the object's own name: `Deployment.apps "cost" is invalid: spec…`.
func causes(text string, o object) string {
	for _, lead := range []string{
		fmt.Sprintf("%s.%s %q is invalid: ", o.gvk.Kind, o.gvk.Group, o.name),
		fmt.Sprintf("%s %q is invalid: ", o.gvk.Kind, o.name),
	} {
		text = strings.TrimPrefix(text, lead)
	}
	return text
}

// conflictText words the fields that other managers own.
func conflictText(status metav1.Status) string {
	if status.Details == nil {
		return ""
	}
	var fields []string
	for _, cause := range status.Details.Causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		owner := strings.TrimPrefix(cause.Message, "conflict with ")
		fields = append(fields, fmt.Sprintf("%s is owned by %s", cause.Field, owner))
	}
	if len(fields) == 0 {
		return ""
	}
	return strings.Join(fields, "; ") + ": leave the field to its owner, or take it with the annotation " +
		annotationPatchForce + `: "true"`
}

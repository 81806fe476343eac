package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cloudinsight/platform/sandbox/kubernetes/definitions"
)

const (
	// labelOperator marks the definitions that a release brought, and the records of the releases that need them.
	labelOperator = "sandbox.cloudinsight/operator"
	// labelVersion is the operator's version that a definition comes from: one that is there is not sent again.
	labelVersion = "sandbox.cloudinsight/version"
	// definitionsManager owns those definitions, whatever release brought them.
	definitionsManager = "sandbox-definitions"
)

// cleanup is how long deleted definitions are waited for. The API server finishes one that it has only just begun to serve
// minutes later at times, and a release does not wait for that.
const cleanup = 15 * time.Second

var definitionResource = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// definitionsFolder is where the definitions are unless a test says otherwise: beside the running program.
func definitionsFolder() string {
	exe, err := os.Executable()
	if err != nil {
		return definitions.Folder
	}
	return filepath.Join(filepath.Dir(exe), definitions.Folder)
}

// operator is what the release brings definitions of, if it brings any.
func (r release) operator() (definitions.Operator, bool) {
	o, ok := definitions.ForChart(r.chart)
	return o, ok && !r.skipDefinitions && o.Installs(r.values)
}

// installDefinitions applies the operator's definitions and waits until the API server serves them. Those that somebody
// else made are left alone, as Helm does.
func (p *Provider) installDefinitions(ctx context.Context, c *cluster, urn resource.URN, o definitions.Operator) error {
	list, err := o.Load(p.definitions)
	if err != nil {
		return err
	}
	client := c.dynamic.Resource(definitionResource)
	force := true
	for _, d := range list {
		live, err := client.Get(ctx, d.GetName(), metav1.GetOptions{})
		switch {
		case err == nil && live.GetLabels()[labelOperator] != o.Name,
			err == nil && live.GetDeletionTimestamp() == nil && live.GetLabels()[labelVersion] == o.Version:
			continue
		case err == nil && live.GetDeletionTimestamp() != nil:
			if err := p.gone(ctx, c, definitionObject(d.GetName()), urn, live.GetUID()); err != nil {
				return err
			}
		case err != nil && !apierrors.IsNotFound(err):
			return err
		}
		labels := d.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels[labelOperator], labels[labelVersion] = o.Name, o.Version
		d.SetLabels(labels)
		data, err := json.Marshal(d.Object)
		if err != nil {
			return err
		}
		options := metav1.PatchOptions{FieldManager: definitionsManager, Force: &force}
		if _, err := client.Patch(ctx, d.GetName(), types.ApplyYAMLPatchType, data, options); err != nil {
			return fmt.Errorf("definition %s of %s: %w", d.GetName(), o, err)
		}
	}
	for _, d := range list {
		if err := p.established(ctx, c, urn, d.GetName()); err != nil {
			return err
		}
	}
	c.mapper.Reset()
	return nil
}

// established waits until the API server serves a definition.
func (p *Provider) established(ctx context.Context, c *cluster, urn resource.URN, name string) error {
	for {
		live, err := c.dynamic.Resource(definitionResource).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		seen := conditionIs(live, "Established", "True")
		if seen.ready {
			return nil
		}
		p.log.status(urn, fmt.Sprintf("definition %s: %s", name, seen.progress))
		select {
		case <-ctx.Done():
			return fmt.Errorf("definition %s: not served in time", name)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// removeDefinitions deletes what a release brought, and with it all objects of those kinds, unless the record of another
// release needs it.
func (p *Provider) removeDefinitions(ctx context.Context, c *cluster, r release, o definitions.Operator) error {
	records, err := c.dynamic.Resource(secretResource).List(ctx, metav1.ListOptions{LabelSelector: labelOperator + "=" + o.Name})
	if err != nil {
		return err
	}
	for _, record := range records.Items {
		if record.GetNamespace() != r.object.namespace || record.GetName() != r.recordName() {
			return nil
		}
	}
	list, err := c.definitionsOf(ctx, o)
	if err != nil {
		return err
	}
	client := c.dynamic.Resource(definitionResource)
	for _, d := range list {
		if err := client.Delete(ctx, d.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	settled, stop := context.WithTimeout(ctx, cleanup)
	defer stop()
	for _, d := range list {
		if err := p.gone(settled, c, definitionObject(d.GetName()), r.urn, d.GetUID()); err != nil && settled.Err() == nil {
			return err
		}
	}
	c.mapper.Reset()
	return nil
}

// definitionsOf lists the definitions in the cluster that releases of the operator brought.
func (c *cluster) definitionsOf(ctx context.Context, o definitions.Operator) ([]unstructured.Unstructured, error) {
	list, err := c.dynamic.Resource(definitionResource).List(ctx, metav1.ListOptions{LabelSelector: labelOperator + "=" + o.Name})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// missingDefinitions names the operator's definitions that the cluster does not have, whoever made them.
func (p *Provider) missingDefinitions(ctx context.Context, c *cluster, o definitions.Operator) ([]string, error) {
	list, err := o.Load(p.definitions)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, d := range list {
		_, err := c.dynamic.Resource(definitionResource).Get(ctx, d.GetName(), metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			missing = append(missing, d.GetName())
		case err != nil:
			return nil, err
		}
	}
	return missing, nil
}

func definitionObject(name string) object {
	return object{name: name, gvk: schema.GroupVersionKind{Group: definitionResource.Group, Version: "v1", Kind: "CustomResourceDefinition"}}
}

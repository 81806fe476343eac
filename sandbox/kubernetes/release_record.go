package kubernetes

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var (
	secretResource    = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	namespaceResource = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
)

// recordType is the type of the secrets that stand for releases.
const recordType = "sandbox/release"

// releaseRecord is what the cluster keeps of a release, in a secret of its namespace: values can be confidential.
type releaseRecord struct {
	Chart    string         `json:"chart"`
	Version  string         `json:"version"`
	Repo     string         `json:"repo,omitempty"`
	Values   map[string]any `json:"values"`
	Revision int            `json:"revision"` // 1 for the first, and one more with each update
}

func (r release) recordName() string { return "sandbox.release." + r.object.name }

// record of the release as the program wants it.
func (r release) record(revision int) releaseRecord {
	out := releaseRecord{Chart: r.chart, Version: r.version, Values: r.values, Revision: revision}
	if options := bare(r.inputs["repositoryOpts"]); options.IsObject() {
		out.Repo = textOf(bare(options.ObjectValue()["repo"]))
	}
	return out
}

// readRecord returns the release's record and the secret that holds it; nil when there is none.
func (c *cluster) readRecord(ctx context.Context, r release) (*releaseRecord, *unstructured.Unstructured, error) {
	secret, err := c.dynamic.Resource(secretResource).Namespace(r.object.namespace).Get(ctx, r.recordName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	text, _, _ := unstructured.NestedString(secret.Object, "data", "release")
	content, err := base64.StdEncoding.DecodeString(text)
	var found releaseRecord
	if err == nil {
		err = json.Unmarshal(content, &found)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: its record, secret %q, cannot be read: %w", r.object, r.recordName(), err)
	}
	return &found, secret, nil
}

// writeRecord stores the release. operator names whose definitions it needs, if any.
func (c *cluster) writeRecord(ctx context.Context, r release, as releaseRecord, operator string) error {
	content, err := json.Marshal(as)
	if err != nil {
		return err
	}
	labels := map[string]any{}
	if operator != "" {
		labels[labelOperator] = operator
	}
	data, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": recordType,
		"metadata": map[string]any{"name": r.recordName(), "namespace": r.object.namespace, "labels": labels},
		"data":     map[string]any{"release": base64.StdEncoding.EncodeToString(content)},
	})
	if err != nil {
		return err
	}
	force := true
	_, err = c.dynamic.Resource(secretResource).Namespace(r.object.namespace).Patch(ctx, r.recordName(), types.ApplyYAMLPatchType, data,
		metav1.PatchOptions{FieldManager: r.manager, Force: &force})
	return err
}

func (c *cluster) deleteRecord(ctx context.Context, r release) error {
	return c.dynamic.Resource(secretResource).Namespace(r.object.namespace).Delete(ctx, r.recordName(), metav1.DeleteOptions{})
}

// refreshedRelease puts what the record says into the inputs; what says the same stays as it is, secrets included.
func refreshedRelease(r release, found releaseRecord) resource.PropertyMap {
	in := r.inputs.Copy()
	if found.Chart != r.chart {
		in["chart"] = resource.NewStringProperty(found.Chart)
	}
	if found.Version != r.version {
		in["version"] = resource.NewStringProperty(found.Version)
	}
	wanted, errWanted := json.Marshal(r.values)
	live, errLive := json.Marshal(found.Values)
	if errWanted == nil && errLive == nil && string(wanted) != string(live) {
		values := resource.NewPropertyValue(found.Values)
		if in["values"].ContainsSecrets() {
			values = resource.MakeSecret(values)
		}
		in["values"] = values
	}
	return in
}

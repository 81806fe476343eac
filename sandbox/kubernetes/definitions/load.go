package definitions

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Load returns the operator's definitions: those that Build wrote to dir, or ones that accept anything.
func (o Operator) Load(dir string) ([]*unstructured.Unstructured, error) {
	if o.Module == "" {
		var list []*unstructured.Unstructured
		for _, k := range o.Kinds {
			list = append(list, k.definition())
		}
		return list, nil
	}
	content, err := os.ReadFile(filepath.Join(dir, o.file()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the definitions of %s are not in %s: run `make tools`", o, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("definitions of %s: %w", o, err)
	}
	var docs []json.RawMessage
	if err := json.Unmarshal(content, &docs); err != nil {
		return nil, fmt.Errorf("definitions of %s: %s: %w", o, o.file(), err)
	}
	list := make([]*unstructured.Unstructured, len(docs))
	for i, doc := range docs {
		list[i] = &unstructured.Unstructured{}
		// Numbers have to be whole ones where Kubernetes wants them, which its own decoder sees to.
		if err := list[i].UnmarshalJSON(doc); err != nil {
			return nil, fmt.Errorf("definitions of %s: %s: %w", o, o.file(), err)
		}
	}
	return list, nil
}

// definition accepts every object of the kind.
func (k Kind) definition() *unstructured.Unstructured {
	scope := "Namespaced"
	if k.Cluster {
		scope = "Cluster"
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": k.Plural + "." + k.Group},
		"spec": map[string]any{
			"group": k.Group, "scope": scope,
			"names": map[string]any{"kind": k.Kind, "plural": k.Plural},
			"versions": []any{map[string]any{
				"name": k.Version, "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{
					"type": "object", "x-kubernetes-preserve-unknown-fields": true,
				}},
			}},
		},
	}}
}

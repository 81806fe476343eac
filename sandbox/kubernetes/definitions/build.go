package definitions

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// Build writes the definitions of all operators that have a module to dir, one JSON list each, and removes those of other
// versions. What is there is kept: a file's name has the version, and its content never changes. The modules come from
// Go's module cache or its proxy.
func Build(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("definitions: %w", err)
	}
	wanted := map[string]bool{}
	for _, o := range Operators {
		if o.Module == "" {
			continue
		}
		wanted[o.file()] = true
		if _, err := os.Stat(filepath.Join(dir, o.file())); err == nil {
			continue
		}
		if err := o.build(ctx, dir); err != nil {
			return fmt.Errorf("definitions of %s: %w", o, err)
		}
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("definitions: %w", err)
	}
	for _, entry := range old {
		if !wanted[entry.Name()] {
			err = errors.Join(err, os.Remove(filepath.Join(dir, entry.Name())))
		}
	}
	return err
}

func (o Operator) build(ctx context.Context, dir string) error {
	archive, err := o.download(ctx, dir)
	if err != nil {
		return err
	}
	list, err := o.extract(archive)
	if err != nil {
		return err
	}
	content, err := json.Marshal(list)
	if err != nil {
		return err
	}
	// Renamed into place: a file that is there is whole.
	part := filepath.Join(dir, "."+o.file())
	if err := os.WriteFile(part, content, 0o644); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(dir, o.file()))
}

// download returns the path of the module's archive in Go's module cache.
func (o Operator) download(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", o.Module+"@"+o.Version)
	cmd.Dir = dir
	// Nothing of the module is compiled, so neither its Go version nor a module or workspace around dir matters.
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, runErr := cmd.Output()
	var got struct{ Zip, Sum, Error string }
	if err := json.Unmarshal(out, &got); err != nil {
		return "", fmt.Errorf("go mod download %s@%s: %w: %s", o.Module, o.Version, errors.Join(runErr, err), complaint.String())
	}
	switch {
	case got.Zip == "":
		return "", fmt.Errorf("go mod download %s@%s: %s", o.Module, o.Version, got.Error)
	case got.Sum != o.Sum:
		return "", fmt.Errorf("module %s@%s: checksum must be %s, got %s", o.Module, o.Version, o.Sum, got.Sum)
	}
	return got.Zip, nil
}

// extract reads the definitions from the module's archive.
func (o Operator) extract(archive string) ([]map[string]any, error) {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	var list []map[string]any
	for _, f := range r.File {
		name, ok := strings.CutPrefix(f.Name, o.Module+"@"+o.Version+"/")
		if !ok || !o.has(name) {
			continue
		}
		found, err := parse(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, found...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("module %s@%s has no definition in %s", o.Module, o.Version, strings.Join(o.Files, ", "))
	}
	return list, nil
}

func (o Operator) has(name string) bool {
	for _, pattern := range o.Files {
		if ok, err := path.Match(pattern, name); err == nil && ok {
			return true
		}
	}
	return false
}

func parse(f *zip.File) ([]map[string]any, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	var list []map[string]any
	decoder := utilyaml.NewYAMLOrJSONDecoder(in, 4096)
	for {
		var doc map[string]any
		switch err := decoder.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, err
		case doc["kind"] == "CustomResourceDefinition":
			list = append(list, withoutController(withoutTexts(doc)))
		}
	}
}

// withoutTexts drops the descriptions of fields: most of a definition's size, and nothing to judge an object by.
func withoutTexts(schema map[string]any) map[string]any {
	for key, value := range schema {
		switch v := value.(type) {
		case string:
			if key == "description" {
				delete(schema, key)
			}
		case map[string]any:
			if key != "default" && key != "example" {
				withoutTexts(v)
			}
		case []any:
			for _, item := range v {
				if m, ok := item.(map[string]any); ok && key != "default" && key != "enum" {
					withoutTexts(m)
				}
			}
		}
	}
	return schema
}

// withoutController takes out what only works with the operator running: its status, and a webhook that converts between
// versions, which nobody would answer.
func withoutController(doc map[string]any) map[string]any {
	delete(doc, "status")
	if spec, ok := doc["spec"].(map[string]any); ok {
		delete(spec, "conversion")
	}
	if metadata, ok := doc["metadata"].(map[string]any); ok {
		delete(metadata, "creationTimestamp")
	}
	return doc
}

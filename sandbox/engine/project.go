package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// project is the settings of the program: Pulumi.yaml and the stack files of a folder.
type project struct {
	Name   string
	dir    string
	root   *yaml.Node // Pulumi.yaml
	stacks []string   // those that have a file
}

func loadProject(dir string) (project, error) {
	root, err := readYAML(filepath.Join(dir, "Pulumi.yaml"))
	if err != nil {
		return project{}, err
	}
	p := project{dir: dir, root: root}
	if name := field(root, "name"); name != nil {
		p.Name = name.Value
	}
	if p.Name == "" {
		return project{}, fmt.Errorf("%s: name: is required", filepath.Join(dir, "Pulumi.yaml"))
	}
	files, err := filepath.Glob(filepath.Join(dir, "Pulumi.*.yaml"))
	if err != nil {
		return project{}, fmt.Errorf("sandbox: %w", err)
	}
	for _, f := range files {
		p.stacks = append(p.stacks, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "Pulumi."), ".yaml"))
	}
	return p, nil
}

func (p project) hasStack(name string) error {
	if slices.Contains(p.stacks, name) {
		return nil
	}
	return fmt.Errorf("environment: must be one of %s (each has its Pulumi.<environment>.yaml), got %q",
		strings.Join(p.stacks, ", "), name)
}

// write lays the settings out in a folder of the sandbox: the project runs the built program, and the stack keeps the
// salt of the sandbox's own secrets.
func (p project) write(dir, stack, program string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	settings := mapping("name", scalar(p.Name), "runtime", mapping("name", scalar("go"),
		"options", mapping("binary", scalar(program))))
	for _, key := range []string{"description", "config", "options"} {
		if node := field(p.root, key); node != nil {
			settings.Content = append(settings.Content, scalar(key), node)
		}
	}
	config, err := p.stackSettings(dir, stack)
	if err != nil {
		return err
	}
	return errors.Join(writeYAML(filepath.Join(dir, "Pulumi.yaml"), settings),
		writeYAML(filepath.Join(dir, stackFile(stack)), config))
}

// stackSettings is the stack's file without its secrets provider, which the sandbox has not the key of.
func (p project) stackSettings(dir, stack string) (*yaml.Node, error) {
	source := filepath.Join(p.dir, stackFile(stack))
	own, err := readYAML(source)
	if err != nil {
		return nil, err
	}
	settings := mapping()
	if config := field(own, "config"); config != nil {
		for i := 0; i+1 < len(config.Content); i += 2 {
			if field(config.Content[i+1], "secure") != nil {
				return nil, fmt.Errorf("%s: %s: is encrypted by the stack's own secrets provider; the sandbox cannot read it",
					source, config.Content[i].Value)
			}
		}
		settings = mapping("config", config)
	}
	if kept, err := readYAML(filepath.Join(dir, stackFile(stack))); err == nil {
		if salt := field(kept, "encryptionsalt"); salt != nil {
			settings.Content = append(settings.Content, scalar("encryptionsalt"), salt)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return settings, nil
}

func stackFile(stack string) string { return "Pulumi." + stack + ".yaml" }

// writeFile replaces a file in one step, unless it has this content already.
func writeFile(path string, content []byte, mode os.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	next := path + ".next"
	if err := os.WriteFile(next, content, mode); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
}

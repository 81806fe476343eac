package engine

import (
	"fmt"
	"os"

	"gopkg.in/yaml.v3"
)

// readYAML returns the mapping of a file; an empty file is an empty mapping.
func readYAML(path string) (*yaml.Node, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return mapping(), nil
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: must be a mapping of keys to values", path)
	}
	return doc.Content[0], nil
}

// writeYAML leaves a file that says this already alone.
func writeYAML(path string, node *yaml.Node) error {
	content, err := yaml.Marshal(node)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return writeFile(path, content, 0o600)
}

func field(node *yaml.Node, key string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

func scalar(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

// mapping makes a mapping of keys (string) and values (*yaml.Node) in turn.
func mapping(pairs ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, p := range pairs {
		switch v := p.(type) {
		case string:
			node.Content = append(node.Content, scalar(v))
		case *yaml.Node:
			node.Content = append(node.Content, v)
		}
	}
	return node
}

// set gives a key of a mapping a value.
func set(node *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			node.Content[i+1] = value
			return
		}
	}
	node.Content = append(node.Content, scalar(key), value)
}

// ensure returns the mapping under a key, which is made when there is none.
func ensure(node *yaml.Node, key string) *yaml.Node {
	child := field(node, key)
	if child == nil || child.Kind != yaml.MappingNode {
		child = mapping()
		set(node, key, child)
	}
	return child
}

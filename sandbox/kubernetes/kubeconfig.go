package kubernetes

import (
	"context"
	"fmt"
	"os"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// loadKubeconfig reads a kubeconfig given as YAML, as JSON, or as the path of a file. Its errors never quote the text:
// it may hold credentials.
func loadKubeconfig(text string) (*clientcmdapi.Config, error) {
	if info, err := os.Stat(text); err == nil && !info.IsDir() {
		c, err := clientcmd.LoadFromFile(text)
		if err != nil {
			return nil, fmt.Errorf("%s: not a kubeconfig", text)
		}
		return c, nil
	}
	c, err := clientcmd.Load([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("must be a kubeconfig or the path of one: it does not parse")
	}
	if len(c.Clusters) == 0 {
		return nil, fmt.Errorf("must be a kubeconfig or the path of one: it names no cluster")
	}
	return c, nil
}

// activeCluster returns the cluster that a kubeconfig selects together with the provider's overrides.
func activeCluster(s settings) *clientcmdapi.Cluster {
	if s.kubeconfig == "" {
		return nil
	}
	c, err := loadKubeconfig(s.kubeconfig)
	if err != nil {
		return nil
	}
	name := s.context
	if name == "" {
		name = c.CurrentContext
	}
	selected := s.cluster
	if active := c.Contexts[name]; active != nil && selected == "" {
		selected = active.Cluster
	}
	return c.Clusters[selected]
}

// DiffConfig decides whether changed settings mean another cluster. They do when clusterIdentifier changes; as long as
// it stays the same nothing else replaces the provider (and with it every object). Without an identifier the active
// cluster of the kubeconfig decides, and an unknown kubeconfig counts as another cluster.
func (p *Provider) DiffConfig(_ context.Context, req plugin.DiffConfigRequest) (plugin.DiffConfigResponse, error) {
	changed := plugin.NewDetailedDiffFromObjectDiff(req.OldInputs.Diff(req.NewInputs), true)
	if len(changed) == 0 {
		return plugin.DiffConfigResponse{Changes: plugin.DiffNone}, nil
	}
	for _, key := range replacesProvider(req.OldInputs, req.NewInputs) {
		d, ok := changed[string(key)]
		if !ok {
			d = plugin.PropertyDiff{Kind: plugin.DiffUpdate, InputDiff: true}
		}
		changed[string(key)] = d.ToReplace()
	}
	return plugin.DiffConfigResponse{Changes: plugin.DiffSome, DetailedDiff: changed}, nil
}

func replacesProvider(olds, news resource.PropertyMap) []resource.PropertyKey {
	const id = resource.PropertyKey("clusterIdentifier")
	if before, after := bare(olds[id]), bare(news[id]); before.HasValue() || after.HasValue() {
		if before.DeepEquals(after) {
			return nil
		}
		return []resource.PropertyKey{id}
	}
	for _, key := range []resource.PropertyKey{"kubeconfig", "context", "cluster"} {
		if bare(news[key]).IsComputed() {
			return []resource.PropertyKey{key}
		}
	}
	before, _ := parseSettings(olds)
	after, _ := parseSettings(news)
	if reflect.DeepEqual(activeCluster(before), activeCluster(after)) {
		return nil
	}
	for _, key := range []resource.PropertyKey{"context", "cluster"} {
		if !olds[key].DeepEquals(news[key]) {
			return []resource.PropertyKey{key}
		}
	}
	return []resource.PropertyKey{"kubeconfig"}
}

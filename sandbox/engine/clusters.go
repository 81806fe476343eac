package engine

import (
	"context"

	"github.com/cloudinsight/platform/sandbox/planes"
)

// Planes are the sandbox's control planes.
func (e *Engine) Planes() planes.Planes {
	return planes.Planes{Root: e.Root, Bin: e.Bin, Sandbox: e.sandboxBinary()}
}

// Status is one environment of the sandbox.
type Status struct {
	Environment string          `json:"environment"`
	Up          bool            `json:"up"`        // the last up ended well
	Resources   int             `json:"resources"` // in the recorded state
	Clusters    []ClusterStatus `json:"clusters,omitempty"`
}

// ClusterStatus says whether a cluster's control plane runs here.
type ClusterStatus struct {
	Name     string `json:"name"`
	Running  bool   `json:"running"`
	Endpoint string `json:"endpoint"`
}

// Status lists the environments that have a settings file.
func (e *Engine) Status() ([]Status, error) {
	var all []Status
	for _, env := range e.project.stacks {
		state, err := e.readState(env)
		if err != nil {
			return nil, err
		}
		names, err := e.clustersOf(env)
		if err != nil {
			return nil, err
		}
		status := Status{Environment: env, Up: e.isUp(env), Resources: len(state.resources)}
		for _, name := range names {
			c := ClusterStatus{Name: name}
			if plane, err := e.Planes().Open(name); err == nil {
				c.Running, c.Endpoint = plane.Running(), plane.Endpoint()
			}
			status.Clusters = append(status.Clusters, c)
		}
		all = append(all, status)
	}
	return all, nil
}

// Stop stops all control planes and returns their names. What they hold is kept; the next run starts them again.
func (e *Engine) Stop(ctx context.Context) ([]string, error) {
	all, err := e.Planes().List()
	if err != nil {
		return nil, err
	}
	var stopped []string
	for _, plane := range all {
		if err := plane.Stop(ctx); err != nil {
			return stopped, err
		}
		stopped = append(stopped, plane.Name())
	}
	return stopped, nil
}

// clustersOf are the names of the environment's clusters in the account.
func (e *Engine) clustersOf(env string) ([]string, error) { return e.Planes().OfStack(env) }

// startClusters starts the environment's control planes that do not run, and clears up what a killed run left.
func (e *Engine) startClusters(ctx context.Context, env string) error {
	return e.Planes().Converge(ctx, env)
}

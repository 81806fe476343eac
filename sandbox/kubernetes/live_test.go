package kubernetes

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/cloudinsight/platform/sandbox/kubernetes/definitions"
)

// stack drives a provider on a real cluster the way the engine does, and remembers what the engine would.
type stack struct {
	t        *testing.T
	p        *Provider
	mu       sync.Mutex
	messages []string
	deployed map[resource.URN]*record
}

type record struct {
	id              resource.ID
	inputs, outputs resource.PropertyMap
}

func newStack(t *testing.T, settings map[string]any) *stack {
	t.Helper()
	in := properties(settings)
	in["kubeconfig"] = resource.NewStringProperty(testCluster(t))
	s := &stack{t: t, p: New(), deployed: map[resource.URN]*record{}}
	s.p.definitions = filepath.Join(shared.dir, definitions.Folder)
	s.p.patience = patience{certain: 2 * time.Second, unschedulable: 4 * time.Second, crashing: 4 * time.Second, missing: 2 * time.Second}
	s.p.log.sink = func(_ pulumirpc.LogSeverity, urn resource.URN, text string, ephemeral bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.messages = append(s.messages, fmt.Sprintf("%t %s", ephemeral, text))
	}
	_, err := s.p.Configure(context.Background(), plugin.ConfigureRequest{Inputs: in})
	require.NoError(t, err)
	return s
}

func (s *stack) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.messages, "\n")
}

// manifest is an object as a program registers it.
func manifest(apiVersion, kind, namespace, name string, rest map[string]any) map[string]any {
	metadata := map[string]any{"name": name}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	m := map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": metadata}
	for k, v := range rest {
		m[k] = v
	}
	return m
}

func typeOf(m map[string]any, suffix string) string {
	if m["chart"] != nil {
		return string(releaseType)
	}
	version := m["apiVersion"].(string)
	if !strings.Contains(version, "/") {
		version = "core/" + version
	}
	return "kubernetes:" + version + ":" + m["kind"].(string) + suffix
}

// up registers a manifest under a name: check, then create or (when something changed) update.
func (s *stack) up(name string, m map[string]any) error { return s.apply(name, m, "", false) }

// preview does the same without storing anything.
func (s *stack) preview(name string, m map[string]any) error { return s.apply(name, m, "", true) }

func (s *stack) apply(name string, m map[string]any, suffix string, preview bool) error {
	urn := urnOf(typeOf(m, suffix), name)
	ctx := context.Background()
	s.mu.Lock()
	old := s.deployed[urn]
	s.mu.Unlock()
	var olds resource.PropertyMap
	if old != nil {
		olds = old.inputs
	}
	checked, err := s.p.Check(ctx, plugin.CheckRequest{URN: urn, Name: name, Type: urn.Type(), Olds: olds, News: properties(m), RandomSeed: []byte(name)})
	if err != nil {
		return err
	}
	if len(checked.Failures) > 0 {
		return fmt.Errorf("%v", checked.Failures)
	}
	if old == nil {
		resp, err := s.p.Create(ctx, plugin.CreateRequest{URN: urn, Name: name, Type: urn.Type(), Properties: checked.Properties, Preview: preview})
		return s.keep(urn, checked.Properties, resp.ID, resp.Properties, err, preview)
	}
	diff, err := s.p.Diff(ctx, plugin.DiffRequest{URN: urn, Type: urn.Type(), ID: old.id, OldInputs: old.inputs, OldOutputs: old.outputs, NewInputs: checked.Properties})
	if err != nil || diff.Changes == plugin.DiffNone {
		return err
	}
	resp, err := s.p.Update(ctx, plugin.UpdateRequest{URN: urn, Name: name, Type: urn.Type(), ID: old.id,
		OldInputs: old.inputs, OldOutputs: old.outputs, NewInputs: checked.Properties, Preview: preview})
	return s.keep(urn, checked.Properties, old.id, resp.Properties, err, preview)
}

// keep records a result. An object that is not ready is recorded too, as the engine does with a partial failure.
func (s *stack) keep(urn resource.URN, inputs resource.PropertyMap, id resource.ID, outputs resource.PropertyMap, err error, preview bool) error {
	if preview {
		return err
	}
	if err != nil {
		converted, ok := rpcerror.FromError(err)
		if !ok {
			return err
		}
		for _, detail := range converted.Details() {
			if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
				id = resource.ID(failed.Id)
				outputs, _ = plugin.UnmarshalProperties(failed.Properties, plugin.MarshalOptions{KeepSecrets: true})
			}
		}
		if id == "" {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deployed[urn] = &record{id, inputs, outputs}
	return err
}

// refresh reads a resource again and says whether its inputs changed; gone is true for an object that is no more.
func (s *stack) refresh(name string, m map[string]any) (changed map[string]plugin.PropertyDiff, gone bool) {
	s.t.Helper()
	urn := urnOf(typeOf(m, ""), name)
	old := s.deployed[urn]
	resp, err := s.p.Read(context.Background(), plugin.ReadRequest{URN: urn, Name: name, Type: urn.Type(), ID: old.id, Inputs: old.inputs, State: old.outputs})
	require.NoError(s.t, err)
	if resp.ID == "" {
		return nil, true
	}
	changed = plugin.NewDetailedDiffFromObjectDiff(old.inputs.Diff(resp.Inputs), true)
	s.deployed[urn] = &record{resp.ID, resp.Inputs, resp.Outputs}
	return changed, false
}

func (s *stack) down(name string, m map[string]any) error { return s.remove(name, m, "") }

func (s *stack) remove(name string, m map[string]any, suffix string) error {
	urn := urnOf(typeOf(m, suffix), name)
	old := s.deployed[urn]
	_, err := s.p.Delete(context.Background(), plugin.DeleteRequest{URN: urn, Name: name, Type: urn.Type(), ID: old.id, Inputs: old.inputs, Outputs: old.outputs})
	if err == nil {
		delete(s.deployed, urn)
	}
	return err
}

// namespace makes a namespace for one test and takes it away at its end.
func (s *stack) namespace(name string, labels map[string]any) map[string]any {
	s.t.Helper()
	m := manifest("v1", "Namespace", "", name, nil)
	m["metadata"].(map[string]any)["labels"] = labels
	require.NoError(s.t, s.up("ns-"+name, m))
	s.t.Cleanup(func() {
		if s.deployed[urnOf("kubernetes:core/v1:Namespace", "ns-"+name)] != nil {
			require.NoError(s.t, s.down("ns-"+name, m))
		}
	})
	return m
}

// get reads an object past the provider's own paths.
func (s *stack) get(m map[string]any) *unstructured.Unstructured {
	s.t.Helper()
	client, o := s.client(m)
	live, err := client.Get(context.Background(), o.name, metav1.GetOptions{})
	require.NoError(s.t, err)
	return live
}

// edit changes an object as somebody with kubectl would.
func (s *stack) edit(m map[string]any, mergePatch string) {
	s.t.Helper()
	client, o := s.client(m)
	_, err := client.Patch(context.Background(), o.name, types.MergePatchType, []byte(mergePatch), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	require.NoError(s.t, err)
}

func (s *stack) client(m map[string]any) (dynamic.ResourceInterface, object) {
	s.t.Helper()
	r, err := s.p.newRequest(urnOf(typeOf(m, ""), "x"), urnOf(typeOf(m, ""), "x").Type(), properties(m), nil, 0)
	require.NoError(s.t, err)
	client, o, err := s.p.cluster.resource(r.object)
	require.NoError(s.t, err)
	return client, o
}

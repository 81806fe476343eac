package aws

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

// world is an account with a provider for one region, driven as the engine does: Check, then Create.
type world struct {
	t        *testing.T
	provider *Provider
	planes   *fakePlanes
	made     int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	acc := account.Open(filepath.Join(t.TempDir(), "account.json"))
	key := ""
	require.NoError(t, acc.Update(func(s *account.State) error { key = s.Identities[0].AccessKeyID; return nil }))
	planes := &fakePlanes{}
	p, err := New(Options{Account: acc, Planes: planes, AccessKeyID: key})
	require.NoError(t, err)
	w := &world{t: t, provider: p, planes: planes}
	w.configure("af-south-1")
	return w
}

func (w *world) configure(region string) {
	w.t.Helper()
	_, err := w.provider.Configure(context.Background(), plugin.ConfigureRequest{Inputs: resource.PropertyMap{
		"region":      resource.NewStringProperty(region),
		"defaultTags": resource.NewStringProperty(`{"tags":{"Project":"CloudInsight"}}`),
	}})
	require.NoError(w.t, err)
}

type made struct {
	typ, id, urn string
	inputs       resource.PropertyMap
	outputs      props
}

func urnOf(typ, name string) resource.URN {
	return resource.NewURN("dev", "cloudinsight", "", tokens.Type(typ), name)
}

// try checks and creates; the error holds every failed check.
func (w *world) try(typ string, in map[string]any) (made, error) {
	w.t.Helper()
	w.made++
	urn := urnOf(typ, fmt.Sprintf("r%d", w.made))
	checked, err := w.check(urn, in)
	if err != nil {
		return made{}, err
	}
	created, err := w.provider.Create(context.Background(), plugin.CreateRequest{
		URN: urn, Name: urn.Name(), Type: urn.Type(), Properties: checked,
	})
	return made{typ, string(created.ID), string(urn), checked, plainMap(created.Properties)}, err
}

func (w *world) check(urn resource.URN, in map[string]any) (resource.PropertyMap, error) {
	w.t.Helper()
	checked, err := w.provider.Check(context.Background(), plugin.CheckRequest{
		URN: urn, Name: urn.Name(), Type: urn.Type(), News: resource.NewPropertyMapFromMap(in), RandomSeed: []byte("12345678901234567890123456789012"),
	})
	if err != nil {
		return nil, err
	}
	var failures []string
	for _, f := range checked.Failures {
		failures = append(failures, f.Reason)
	}
	if failures != nil {
		return nil, fmt.Errorf("%s", strings.Join(failures, "\n"))
	}
	return checked.Properties, nil
}

// make creates what has to succeed.
func (w *world) make(typ string, in map[string]any) made {
	w.t.Helper()
	m, err := w.try(typ, in)
	require.NoError(w.t, err, typ)
	return m
}

func (w *world) delete(m made) error {
	_, err := w.provider.Delete(context.Background(), plugin.DeleteRequest{
		URN: resource.URN(m.urn), Type: tokens.Type(m.typ), ID: resource.ID(m.id), Inputs: m.inputs,
	})
	return err
}

func (w *world) update(m made, in map[string]any) (props, error) {
	w.t.Helper()
	checked, err := w.check(resource.URN(m.urn), in)
	if err != nil {
		return nil, err
	}
	updated, err := w.provider.Update(context.Background(), plugin.UpdateRequest{
		URN: resource.URN(m.urn), Type: tokens.Type(m.typ), ID: resource.ID(m.id), OldInputs: m.inputs, NewInputs: checked,
	})
	return plainMap(updated.Properties), err
}

func (w *world) read(m made) plugin.ReadResponse {
	w.t.Helper()
	got, err := w.provider.Read(context.Background(), plugin.ReadRequest{URN: resource.URN(m.urn), Type: tokens.Type(m.typ), ID: resource.ID(m.id)})
	require.NoError(w.t, err)
	return got
}

// fakePlanes stand in for the local control planes, which have tests of their own.
type fakePlanes struct {
	running map[string]ClusterSpec
	nodes   error
}

func (f *fakePlanes) Create(_ context.Context, c ClusterSpec) (string, string, error) {
	if f.running == nil {
		f.running = map[string]ClusterSpec{}
	}
	f.running[c.Name] = c
	return "https://127.0.0.1:6443", "Y2E=", nil
}

func (f *fakePlanes) Delete(_ context.Context, name string) error {
	delete(f.running, name)
	return nil
}

func (f *fakePlanes) WaitNodes(context.Context, string, string, int) error { return f.nodes }

package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/aws/schema"
)

// Provider is the stand-in. One is made for each provider resource of a program; all share the account.
type Provider struct {
	plugin.UnimplementedProvider

	account     *account.Account
	planes      ControlPlanes
	schema      *schema.Schema
	identity    string // access key of the caller
	region      string
	defaultTags map[string]string
}

// ControlPlanes are the local Kubernetes control planes behind the account's EKS clusters.
type ControlPlanes interface {
	// Create starts the control plane of a new cluster and returns what DescribeCluster says of it: the endpoint and
	// the certificate authority (base64 of PEM).
	Create(ctx context.Context, c ClusterSpec) (endpoint, certificateAuthority string, err error)
	// Delete stops the control plane and removes what it kept. A missing one is no error.
	Delete(ctx context.Context, name string) error
	// WaitNodes returns when the node group has that many Ready nodes, or with the reason why it has not.
	WaitNodes(ctx context.Context, cluster, group string, count int) error
}

// ClusterSpec is what a control plane has to know of its cluster.
type ClusterSpec struct {
	Name, Region, Version, ServiceCIDR, OIDCIssuer string
}

// Options for New.
type Options struct {
	Account     *account.Account
	Planes      ControlPlanes
	AccessKeyID string // whose calls these are; an identity of the account
}

// New returns a stand-in that is not configured yet.
func New(o Options) (*Provider, error) {
	s, err := schema.Load()
	if err != nil {
		return nil, err
	}
	return &Provider{account: o.Account, planes: o.Planes, schema: s, identity: o.AccessKeyID}, nil
}

// Version is the version of the AWS provider that is stood in for.
func (p *Provider) Version() string { return p.schema.Version }

// GetPluginInfo returns the version of the AWS provider that is stood in for.
func (p *Provider) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	v, err := semver.Parse(p.schema.Version)
	return plugin.PluginInfo{Version: &v}, err
}

// Handshake has nothing to agree on.
func (p *Provider) Handshake(context.Context, plugin.ProviderHandshakeRequest) (*plugin.ProviderHandshakeResponse, error) {
	return &plugin.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true, AcceptOutputs: true}, nil
}

// SignalCancellation lets running calls end: none of them takes long.
func (p *Provider) SignalCancellation(context.Context) error { return nil }

// Close has nothing to close.
func (p *Provider) Close() error { return nil }

// CheckConfig judges the provider's own arguments.
func (p *Provider) CheckConfig(_ context.Context, req plugin.CheckConfigRequest) (plugin.CheckConfigResponse, error) {
	found := &problems{}
	in := plainMap(req.News)
	known := props{}
	for name, v := range in {
		// The engine hands nested provider arguments over as JSON text.
		known[name] = fromJSON(v, p.schema.Provider[name].Type)
	}
	delete(known, "version")
	p.checkObject(found, "", p.schema.Provider, known)
	if region := known.str("region"); known.known("region") && zonesOf(region) == nil {
		found.add("region", "must be a region that the stand-in knows (%s), got %q", strings.Join(sortedKeys(regions), ", "), region)
	}
	var failures []plugin.CheckFailure
	for _, f := range found.sorted() {
		failures = append(failures, plugin.CheckFailure{
			Property: resource.PropertyKey(f.path), Reason: fmt.Sprintf("%s: %s", f.path, f.reason),
		})
	}
	return plugin.CheckConfigResponse{Properties: req.News, Failures: failures}, nil
}

// DiffConfig replaces everything when the region changes, as nothing can move.
func (p *Provider) DiffConfig(_ context.Context, req plugin.DiffConfigRequest) (plugin.DiffConfigResponse, error) {
	return diffProps(plainMap(req.OldInputs), plainMap(req.NewInputs), kind{replace: []string{"region"}}, req.IgnoreChanges), nil
}

// Configure takes region and default tags.
func (p *Provider) Configure(_ context.Context, req plugin.ConfigureRequest) (plugin.ConfigureResponse, error) {
	in := plainMap(req.Inputs)
	p.region = in.str("region")
	tags, _ := fromJSON(in["defaultTags"], "aws.ProviderDefaultTags").(map[string]any)
	p.defaultTags = map[string]string{}
	for k, v := range props(tags).object("tags") {
		if s, ok := v.(string); ok {
			p.defaultTags[k] = s
		}
	}
	return plugin.ConfigureResponse{}, nil
}

// regionOf is where this provider makes and finds resources of the kind: "" for a service without regions.
func (p *Provider) regionOf(k kind) string {
	if k.global {
		return ""
	}
	return p.region
}

// Create makes the resource in the account, or says why AWS would not.
func (p *Provider) Create(ctx context.Context, req plugin.CreateRequest) (plugin.CreateResponse, error) {
	token := string(req.Type)
	typ, k, err := p.lookUp(token)
	if err != nil {
		return plugin.CreateResponse{}, err
	}
	in := plainMap(req.Properties)
	if req.Preview {
		return plugin.CreateResponse{Properties: previewed(typ, in, nil), Status: resource.StatusOK}, nil
	}
	if p.region == "" && !k.global {
		return plugin.CreateResponse{}, fmt.Errorf("aws stand-in: the provider of %s has no region", req.URN)
	}
	c := &call{p: p, region: p.regionOf(k), urn: string(req.URN), in: in, out: props{}}
	r := &account.Resource{Type: token, Region: c.region, URN: c.urn}
	err = p.account.Update(func(s *account.State) error {
		c.state = s
		if err := p.mayChange(s, "Create", token); err != nil {
			return err
		}
		if err := k.create(c); err != nil {
			return err
		}
		r.ID, r.ARN = c.id, c.arn
		p.fill(typ, r, c)
		s.Put(r)
		return nil
	})
	if err != nil {
		return plugin.CreateResponse{}, fmt.Errorf("creating %s: %w", req.URN.Name(), err)
	}
	if k.settle != nil {
		if err := p.settle(ctx, typ, k.settle, r, c); err != nil {
			return plugin.CreateResponse{}, initFailed(r.ID, p.outputs(typ, r), req.Properties, err)
		}
	}
	return plugin.CreateResponse{ID: resource.ID(r.ID), Properties: p.outputs(typ, r), Status: resource.StatusOK}, nil
}

// settle runs what takes long without the account's lock and keeps what it learnt.
func (p *Provider) settle(
	ctx context.Context, typ schema.Resource, wait func(context.Context, *call) error, r *account.Resource, c *call,
) error {
	waitErr := wait(ctx, c)
	err := p.account.Update(func(s *account.State) error {
		c.state = s
		p.fill(typ, r, c)
		s.Put(r)
		return nil
	})
	if waitErr != nil {
		return waitErr
	}
	return err
}

// fill sets the resource's properties from the call: inputs, then outputs, and all tags.
func (p *Provider) fill(typ schema.Resource, r *account.Resource, c *call) {
	all, _ := clone(map[string]any(c.in)).(map[string]any)
	delete(all, "__defaults")
	maps.Copy(all, c.out)
	if _, ok := typ.Outputs["arn"]; ok && all["arn"] == nil && r.ARN != "" {
		all["arn"] = r.ARN
	}
	if _, ok := typ.Outputs["tagsAll"]; ok {
		all["tagsAll"] = c.in["tags"]
		if all["tagsAll"] == nil {
			all["tagsAll"] = map[string]any{}
		}
	}
	r.Props = all
	asked, _ := clone(map[string]any(c.in)).(map[string]any)
	delete(asked, "__defaults")
	r.Inputs = asked
}

// outputs are the properties that the schema knows of, secrets marked.
func (p *Provider) outputs(typ schema.Resource, r *account.Resource) resource.PropertyMap {
	out := resource.PropertyMap{"id": resource.NewStringProperty(r.ID)}
	for name, v := range r.Props {
		if _, ok := typ.Outputs[name]; ok && v != nil {
			out[resource.PropertyKey(name)] = rich(v)
		}
	}
	hide(typ, out)
	return out
}

// hide marks secrets as such.
func hide(typ schema.Resource, all resource.PropertyMap) {
	for _, name := range typ.Secrets {
		if v, ok := all[resource.PropertyKey(name)]; ok && !v.IsSecret() {
			all[resource.PropertyKey(name)] = resource.MakeSecret(v)
		}
	}
}

// previewed are the outputs as far as they are known before the resource is: its inputs, and what it has already.
func previewed(typ schema.Resource, in props, had resource.PropertyMap) resource.PropertyMap {
	out := resource.PropertyMap{}
	for name := range typ.Outputs {
		key := resource.PropertyKey(name)
		switch {
		case in.has(name):
			out[key] = rich(in[name])
		case had.HasValue(key) && typ.Inputs[name].Type == "":
			out[key] = had[key]
		case name == "tagsAll":
			out[key] = rich(clone(in["tags"]))
		case typ.Inputs[name].Type == "" || had == nil:
			out[key] = resource.MakeComputed(resource.NewStringProperty(""))
		}
	}
	hide(typ, out)
	return out
}

// Read returns the resource as the account has it, or nothing when it is gone.
func (p *Provider) Read(_ context.Context, req plugin.ReadRequest) (plugin.ReadResponse, error) {
	typ, k, err := p.lookUp(string(req.Type))
	if err != nil {
		return plugin.ReadResponse{}, err
	}
	var found *account.Resource
	if err := p.account.View(func(s *account.State) error {
		found = s.GetIn(p.regionOf(k), string(req.Type), string(req.ID))
		return nil
	}); err != nil {
		return plugin.ReadResponse{}, err
	}
	if found == nil {
		return plugin.ReadResponse{Status: resource.StatusOK}, nil
	}
	inputs := resource.PropertyMap{}
	for name, asked := range found.Inputs {
		if v := shaped(asked, found.Props[name]); v != nil {
			inputs[resource.PropertyKey(name)] = rich(v)
		}
	}
	hide(typ, inputs)
	return plugin.ReadResponse{Status: resource.StatusOK, ReadResult: plugin.ReadResult{
		ID: req.ID, Inputs: inputs, Outputs: p.outputs(typ, found),
	}}, nil
}

// shaped is the live value without what was never asked for: what AWS has added is no drift.
func shaped(asked, live any) any {
	switch asked := asked.(type) {
	case map[string]any:
		m, ok := live.(map[string]any)
		if !ok {
			return live
		}
		out := map[string]any{}
		for k, v := range asked {
			if s := shaped(v, m[k]); s != nil {
				out[k] = s
			}
		}
		return out
	case []any:
		l, ok := live.([]any)
		if !ok || len(l) != len(asked) {
			return live
		}
		out := make([]any, len(l))
		for i := range l {
			out[i] = shaped(asked[i], l[i])
		}
		return out
	}
	return live
}

// Update changes the resource in place.
func (p *Provider) Update(ctx context.Context, req plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	typ, k, err := p.lookUp(string(req.Type))
	if err != nil {
		return plugin.UpdateResponse{}, err
	}
	in := plainMap(req.NewInputs)
	if req.Preview {
		return plugin.UpdateResponse{Properties: previewed(typ, in, req.OldOutputs), Status: resource.StatusOK}, nil
	}
	c := &call{p: p, region: p.region, urn: string(req.URN), id: string(req.ID), in: in, out: props{}}
	var r *account.Resource
	err = p.account.Update(func(s *account.State) error {
		c.state = s
		if err := p.mayChange(s, "Update", string(req.Type)); err != nil {
			return err
		}
		r = s.GetIn(p.regionOf(k), string(req.Type), string(req.ID))
		if r == nil {
			return fail("Describe", "NotFound", "%s does not exist in the account any more; run a refresh", req.ID)
		}
		c.old, c.arn, c.region = clone(r.Props).(map[string]any), r.ARN, r.Region
		for name, v := range r.Props {
			if _, input := typ.Inputs[name]; !input {
				c.out[name] = v
			}
		}
		delete(c.out, "tagsAll")
		// Inputs that AWS filled in because they were not given stay as they are.
		for _, name := range sortedKeys(r.Props) {
			if _, input := typ.Inputs[name]; input && !in.has(name) && r.Inputs[name] == nil {
				c.out[name] = r.Props[name]
			}
		}
		if k.update != nil {
			if err := k.update(c); err != nil {
				return err
			}
		}
		p.fill(typ, r, c)
		s.Put(r)
		return nil
	})
	if err != nil {
		return plugin.UpdateResponse{}, fmt.Errorf("updating %s: %w", req.URN.Name(), err)
	}
	if k.settleUpdate != nil {
		if err := p.settle(ctx, typ, k.settleUpdate, r, c); err != nil {
			return plugin.UpdateResponse{}, initFailed(r.ID, p.outputs(typ, r), req.NewInputs, err)
		}
	}
	return plugin.UpdateResponse{Properties: p.outputs(typ, r), Status: resource.StatusOK}, nil
}

// Delete removes the resource, unless something depends on it.
func (p *Provider) Delete(ctx context.Context, req plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	token := string(req.Type)
	_, k, err := p.lookUp(token)
	if err != nil {
		return plugin.DeleteResponse{}, err
	}
	c := &call{p: p, region: p.region, urn: string(req.URN), id: string(req.ID), out: props{}}
	err = p.account.Update(func(s *account.State) error {
		if err := p.mayChange(s, "Delete", token); err != nil {
			return err
		}
		r := s.GetIn(p.regionOf(k), token, c.id)
		if r == nil {
			return nil
		}
		c.state, c.in, c.arn, c.region = s, r.Props, r.ARN, r.Region
		if k.remove != nil {
			if err := k.remove(c); err != nil {
				return err
			}
		}
		if c.kept != "" {
			s.Keep(r, c.kept, c.until)
			return nil
		}
		s.Remove(r)
		return nil
	})
	if err == nil && k.settleRemove != nil {
		if c.in == nil {
			c.in = plainMap(req.Outputs)
		}
		err = k.settleRemove(ctx, c)
	}
	if err != nil {
		return plugin.DeleteResponse{}, fmt.Errorf("deleting %s: %w", req.URN.Name(), err)
	}
	return plugin.DeleteResponse{Status: resource.StatusOK}, nil
}

// initFailed tells the engine that the resource exists but did not become what was asked for, so that the state keeps it.
func initFailed(id string, outputs, inputs resource.PropertyMap, cause error) error {
	opts := plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true}
	out, err := plugin.MarshalProperties(outputs, opts)
	if err != nil {
		return errors.Join(cause, err)
	}
	in, err := plugin.MarshalProperties(inputs, opts)
	if err != nil {
		return errors.Join(cause, err)
	}
	return rpcerror.WithDetails(rpcerror.New(codes.Unknown, cause.Error()), &pulumirpc.ErrorResourceInitFailed{
		Id: id, Properties: out, Inputs: in, Reasons: []string{cause.Error()},
	})
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

package kubernetes

import (
	"context"
	"fmt"
	"sync"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Version is the version of the official plugin that this one stands in for: the one of the SDK in go.mod.
const Version = "4.30.0"

// Provider implements the Kubernetes provider of the engine's plugin protocol. The zero value is not usable: see New.
type Provider struct {
	plugin.UnimplementedProvider

	log      *logger
	patience patience

	definitions string // the folder of the operators' custom resource definitions

	// canceled is done once the engine has asked to stop.
	canceled context.Context
	cancel   context.CancelFunc

	mu       sync.Mutex
	settings settings
	cluster  *cluster

	// recorded holds the URNs that the engine has a state of: a new automatic name for one of them is a replacement's.
	recorded sync.Map
	// adopted holds the UIDs of objects that Create found in place, made by the same resource before.
	adopted sync.Map
}

var _ plugin.Provider = (*Provider)(nil)

// New returns a provider that is not connected to an engine: what it logs goes nowhere. How long it waits before it
// calls a failure certain comes from the environment (see patience).
func New() *Provider {
	ctx, cancel := context.WithCancel(context.Background())
	return &Provider{
		log: &logger{}, patience: patienceFromEnv(), definitions: definitionsFolder(), canceled: ctx, cancel: cancel,
	}
}

// Handshake tells the engine which parts of the protocol are understood: secrets, outputs and autonaming.
func (p *Provider) Handshake(
	context.Context, plugin.ProviderHandshakeRequest,
) (*plugin.ProviderHandshakeResponse, error) {
	return &plugin.ProviderHandshakeResponse{
		AcceptSecrets:                   true,
		AcceptResources:                 true,
		AcceptOutputs:                   true,
		SupportsAutonamingConfiguration: true,
	}, nil
}

// GetPluginInfo returns Version.
func (p *Provider) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	v := semver.MustParse(Version)
	return plugin.PluginInfo{Version: &v}, nil
}

// Attach connects the provider's log to the engine at address, for engines that attach to a running plugin.
func (p *Provider) Attach(address string) error {
	return p.log.connect(address)
}

// Configure takes the provider's settings. No cluster is contacted before the first object needs it.
func (p *Provider) Configure(_ context.Context, req plugin.ConfigureRequest) (plugin.ConfigureResponse, error) {
	s, problems := parseSettings(req.Inputs)
	if len(problems) > 0 {
		return plugin.ConfigureResponse{}, fmt.Errorf("kubernetes provider: %s: %s", problems[0].Property, problems[0].Reason)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings = s
	p.cluster = newCluster(s, p.warn)
	return plugin.ConfigureResponse{}, nil
}

// configured returns the settings and the cluster, or an error when Configure has not been called.
func (p *Provider) configured() (settings, *cluster, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cluster == nil {
		return settings{}, nil, fmt.Errorf("kubernetes provider: not configured")
	}
	return p.settings, p.cluster, nil
}

// SignalCancellation ends every wait: the objects stay as they are and are reported as not ready.
func (p *Provider) SignalCancellation(context.Context) error {
	p.cancel()
	return nil
}

// Close is a no-op: the process ends with its engine.
func (p *Provider) Close() error { return nil }

// GetSchema is refused: the SDK is generated from the official plugin's schema.
func (p *Provider) GetSchema(context.Context, plugin.GetSchemaRequest) (plugin.GetSchemaResponse, error) {
	return plugin.GetSchemaResponse{}, unsupported("the schema")
}

// Invoke is refused: functions (yaml decoding, Helm templating, kustomize) are not part of the sandbox.
func (p *Provider) Invoke(_ context.Context, req plugin.InvokeRequest) (plugin.InvokeResponse, error) {
	return plugin.InvokeResponse{}, unsupported(fmt.Sprintf("function %q", req.Tok))
}

// Call is refused: no resource of this provider has methods.
func (p *Provider) Call(_ context.Context, req plugin.CallRequest) (plugin.CallResponse, error) {
	return plugin.CallResponse{}, unsupported(fmt.Sprintf("method %q", req.Tok))
}

// Construct is refused: component resources (charts, manifest files) are not part of the sandbox.
func (p *Provider) Construct(_ context.Context, req plugin.ConstructRequest) (plugin.ConstructResponse, error) {
	return plugin.ConstructResponse{}, unsupported(fmt.Sprintf("component %q", req.Type))
}

func unsupported(what string) error {
	return status.Errorf(codes.InvalidArgument,
		"%s is not supported by the sandbox's Kubernetes provider: install pulumi-resource-kubernetes v%s to use it",
		what, Version)
}

// operation returns a context that ends with the engine's request and with the cancellation of the run.
func (p *Provider) operation(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(p.canceled, cancel)
	return ctx, func() { stop(); cancel() }
}

package kubernetes

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// logger sends messages about a resource to the engine. Without a connection it drops them.
type logger struct {
	engine pulumirpc.EngineClient
	sent   sync.Map // URN and text of warnings: each is worth telling once
	sink   func(severity pulumirpc.LogSeverity, urn resource.URN, text string, ephemeral bool)
}

func (l *logger) connect(address string) error {
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()), rpcutil.GrpcChannelOptions())
	if err != nil {
		return err
	}
	l.engine = pulumirpc.NewEngineClient(conn)
	return nil
}

// status shows what a resource is waiting for: a line that the next one replaces.
func (l *logger) status(urn resource.URN, text string) {
	l.send(pulumirpc.LogSeverity_INFO, urn, text, true)
}

// warning reports something the user should know about a resource, once per resource and text.
func (l *logger) warning(urn resource.URN, text string) {
	if _, told := l.sent.LoadOrStore(string(urn)+"\x00"+text, true); !told {
		l.send(pulumirpc.LogSeverity_WARNING, urn, text, false)
	}
}

func (l *logger) send(severity pulumirpc.LogSeverity, urn resource.URN, text string, ephemeral bool) {
	if l.sink != nil {
		l.sink(severity, urn, text, ephemeral)
	}
	if l.engine == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// A message that cannot be delivered must not fail the resource it is about.
	_, _ = l.engine.Log(ctx, &pulumirpc.LogRequest{
		Severity: severity, Urn: string(urn), Message: text, Ephemeral: ephemeral,
	})
}

type urnKey struct{}

// about marks a context with the resource it works for, so that the API server's warnings find their way to it.
func about(ctx context.Context, urn resource.URN) context.Context {
	return context.WithValue(ctx, urnKey{}, urn)
}

// warn receives the API server's warnings: deprecations, and Pod Security findings on workloads.
func (p *Provider) warn(ctx context.Context, text string) {
	urn, ok := ctx.Value(urnKey{}).(resource.URN)
	if !ok {
		return
	}
	p.mu.Lock()
	quiet := p.settings.suppressDeprecationWarnings
	p.mu.Unlock()
	if quiet && strings.Contains(text, "deprecated") {
		return
	}
	p.log.warning(urn, text)
}

// Package protocol serves a provider plugin to the engine that started it.
package protocol

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// engineCheck is how often a plugin looks whether its engine still lives. An engine killed with SIGKILL closes nothing
// behind it, so this is also how long an orphaned plugin lives at most.
const engineCheck = time.Second

// Serve listens on a free loopback port, prints the port to out as the engine expects, and returns when the engine is
// gone. The engine's address is the last of args; without one (a plugin started by hand, to attach to) Serve goes on until
// the process is killed. start gets the engine's address, or "".
func Serve(args []string, out io.Writer, start func(engine string) (plugin.Provider, error)) error {
	engine := engineAddress(args)
	p, err := start(engine)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if engine != "" {
		if err := rpcutil.Healthcheck(ctx, engine, engineCheck, stop); err != nil {
			return fmt.Errorf("engine %s: %w", engine, err)
		}
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(s, withDetail{plugin.NewProviderServer(p)})
			return nil
		},
		Options: rpcutil.TracingServerInterceptorOptions(nil),
	})
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintln(out, handle.Port)
	select {
	case err := <-handle.Done:
		return err
	case <-ctx.Done():
		// Requests of a dead engine have nobody to report to: they are dropped, not drained.
		return nil
	}
}

// engineAddress finds the engine's address: the last argument, after the flags for logging and tracing.
func engineAddress(args []string) string {
	if len(args) == 0 {
		return ""
	}
	last := args[len(args)-1]
	if _, port, err := net.SplitHostPort(last); err != nil || port == "" {
		return ""
	}
	return last
}

// withDetail says of a detailed diff that it is there. The SDK's server sends it without that flag, and the engine then
// ignores it and can show no difference.
type withDetail struct {
	pulumirpc.ResourceProviderServer
}

func (s withDetail) Diff(ctx context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	resp, err := s.ResourceProviderServer.Diff(ctx, req)
	return detailed(resp), err
}

func (s withDetail) DiffConfig(ctx context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	resp, err := s.ResourceProviderServer.DiffConfig(ctx, req)
	return detailed(resp), err
}

func detailed(resp *pulumirpc.DiffResponse) *pulumirpc.DiffResponse {
	if resp != nil {
		resp.HasDetailedDiff = len(resp.DetailedDiff) > 0
	}
	return resp
}

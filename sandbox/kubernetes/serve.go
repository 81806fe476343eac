package kubernetes

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// engineCheck is how often a plugin looks whether its engine still lives. An engine killed with SIGKILL closes nothing
// behind it, so this is also how long an orphaned plugin lives at most.
const engineCheck = time.Second

// Serve runs the plugin as the engine expects it: it listens on a free loopback port, prints the port as the first line
// of standard output, and returns when the engine is gone. The engine's address is the process's last argument; without
// one (a plugin started by hand, to attach to) it serves until it is killed.
func Serve() error {
	return serve(os.Args[1:], os.Stdout)
}

func serve(args []string, out io.Writer) error {
	p := New()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if address, ok := engineAddress(args); ok {
		if err := p.log.connect(address); err != nil {
			return fmt.Errorf("kubernetes provider: engine %s: %w", address, err)
		}
		if err := rpcutil.Healthcheck(ctx, address, engineCheck, stop); err != nil {
			return fmt.Errorf("kubernetes provider: engine %s: %w", address, err)
		}
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(s, plugin.NewProviderServer(p))
			return nil
		},
		Options: rpcutil.TracingServerInterceptorOptions(nil),
	})
	if err != nil {
		return fmt.Errorf("kubernetes provider: %w", err)
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
func engineAddress(args []string) (string, bool) {
	if len(args) == 0 {
		return "", false
	}
	last := args[len(args)-1]
	if _, port, err := net.SplitHostPort(last); err != nil || port == "" {
		return "", false
	}
	return last, true
}

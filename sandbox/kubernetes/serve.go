package kubernetes

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"k8s.io/klog/v2"

	"github.com/cloudinsight/platform/sandbox/protocol"
)

// Serve runs the provider as a plugin process until its engine is gone; see protocol.Serve. args are the process's
// arguments, whose last one is the engine's address; the port goes to out.
func Serve(args []string, out io.Writer) error {
	quiet()
	return protocol.Serve(args, out, func(engine string) (plugin.Provider, error) {
		p := New()
		if engine == "" {
			return p, nil
		}
		if err := p.log.connect(engine); err != nil {
			return nil, fmt.Errorf("kubernetes provider: engine %s: %w", engine, err)
		}
		return p, nil
	})
}

// quiet keeps the client library from writing to standard error what it returns as an error as well: the engine would
// show it twice.
func quiet() {
	klog.SetSlogLogger(slog.New(slog.DiscardHandler))
}

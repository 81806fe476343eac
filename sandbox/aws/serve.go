package aws

import (
	"io"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"

	"github.com/cloudinsight/platform/sandbox/protocol"
)

// Serve runs the stand-in as a plugin process until its engine is gone; see protocol.Serve.
func Serve(args []string, out io.Writer, o Options) error {
	return protocol.Serve(args, out, func(string) (plugin.Provider, error) { return New(o) })
}

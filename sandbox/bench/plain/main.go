// Command plain is the yardstick of the benchmark: as many resources as configured, with nothing behind them. Called with
// the argument "provider" it is their provider.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/sandbox/protocol"
)

const version = "1.0.0"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "provider" {
		err := protocol.Serve(os.Args, os.Stdout, func(string) (plugin.Provider, error) { return &provider{}, nil })
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	pulumi.Run(func(ctx *pulumi.Context) error {
		setting, _ := ctx.GetConfig("plain:count")
		count, err := strconv.Atoi(setting)
		if err != nil {
			return fmt.Errorf("config: plain:count: %w", err)
		}
		for i := range count {
			made := &struct{ pulumi.CustomResourceState }{}
			args := pulumi.Map{"number": pulumi.Int(i), "name": pulumi.Sprintf("resource-%d", i)}
			if err := ctx.RegisterResource("plain:index:Resource", fmt.Sprintf("resource-%d", i), args, made, pulumi.Version(version)); err != nil {
				return err
			}
		}
		return nil
	})
}

// provider accepts everything and keeps nothing.
type provider struct{ plugin.UnimplementedProvider }

func (*provider) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	v := semver.MustParse(version)
	return plugin.PluginInfo{Version: &v}, nil
}

func (*provider) Handshake(context.Context, plugin.ProviderHandshakeRequest) (*plugin.ProviderHandshakeResponse, error) {
	return &plugin.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true, AcceptOutputs: true}, nil
}

func (*provider) CheckConfig(_ context.Context, req plugin.CheckConfigRequest) (plugin.CheckConfigResponse, error) {
	return plugin.CheckConfigResponse{Properties: req.News}, nil
}

func (*provider) DiffConfig(context.Context, plugin.DiffConfigRequest) (plugin.DiffConfigResponse, error) {
	return plugin.DiffResult{Changes: plugin.DiffNone}, nil
}

func (*provider) Configure(context.Context, plugin.ConfigureRequest) (plugin.ConfigureResponse, error) {
	return plugin.ConfigureResponse{}, nil
}

func (*provider) Check(_ context.Context, req plugin.CheckRequest) (plugin.CheckResponse, error) {
	return plugin.CheckResponse{Properties: req.News}, nil
}

func (*provider) Diff(_ context.Context, req plugin.DiffRequest) (plugin.DiffResponse, error) {
	if req.OldInputs.DeepEquals(req.NewInputs) {
		return plugin.DiffResult{Changes: plugin.DiffNone}, nil
	}
	return plugin.DiffResult{Changes: plugin.DiffSome}, nil
}

func (*provider) Create(_ context.Context, req plugin.CreateRequest) (plugin.CreateResponse, error) {
	return plugin.CreateResponse{ID: resource.ID(req.URN.Name()), Properties: req.Properties, Status: resource.StatusOK}, nil
}

func (*provider) Update(_ context.Context, req plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	return plugin.UpdateResponse{Properties: req.NewInputs, Status: resource.StatusOK}, nil
}

func (*provider) Delete(context.Context, plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	return plugin.DeleteResponse{Status: resource.StatusOK}, nil
}

func (*provider) SignalCancellation(context.Context) error { return nil }

func (*provider) Close() error { return nil }

package stacks

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/apps"
	"github.com/cloudinsight/platform/config"
)

// Deploy registers the resources of the stack that its configuration names. Nothing is registered when the configuration
// has a problem; the error lists all of them.
func Deploy(ctx *pulumi.Context) error {
	services := serviceNames()
	jobs := slices.DeleteFunc(apps.ImageNames(), func(name string) bool { return slices.Contains(services, name) })
	cfg, err := config.FromEnv(services, jobs...)
	if err != nil {
		return err
	}
	if cfg.Environment == config.Shared {
		return deployShared(ctx, cfg)
	}
	return deployEnvironment(ctx, cfg)
}

func serviceNames() []string {
	var names []string
	for _, row := range apps.Catalog() {
		names = append(names, row.Name)
	}
	return names
}

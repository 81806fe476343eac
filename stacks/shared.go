package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/config"
)

// deployShared registers what all environments have in common: the region that its registries and buckets are in.
func deployShared(ctx *pulumi.Context, cfg *config.Config) error {
	if _, err := newAWSProvider(ctx, cfg); err != nil {
		return err
	}
	ctx.Export(OutputRegion, pulumi.String(cfg.Region))
	return nil
}

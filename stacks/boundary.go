package stacks

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// bindRoles puts the permissions boundary on every role that the stack makes, those of remote components among them: a
// deploy role may make no other. It has to be called before anything is registered.
func bindRoles(ctx *pulumi.Context, boundaryARN string) error {
	err := ctx.RegisterResourceTransform(func(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
		if args.Type != "aws:iam/role:Role" {
			return nil
		}
		args.Props["permissionsBoundary"] = pulumi.String(boundaryARN)
		return &pulumi.ResourceTransformResult{Props: args.Props, Opts: args.Opts}
	})
	if err != nil {
		return fmt.Errorf("permissions boundary: %w", err)
	}
	return nil
}

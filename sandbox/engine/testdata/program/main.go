// Command program is the Pulumi program of the tests of package engine: a component with a VPC and as many security groups as configured.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// awsVersion is the version of the provider that the stand-in stands in for.
const awsVersion = "6.83.2"

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		setting, _ := ctx.GetConfig("fixture:groups")
		count, err := strconv.Atoi(setting)
		if err != nil {
			return fmt.Errorf("config: fixture:groups: %w", err)
		}
		if count < 0 {
			return errors.Join(fmt.Errorf("config: fixture:groups: must not be negative, got %d", count),
				errors.New("config: fixture:other: is wrong too"))
		}
		if count > 100 {
			panic("too many")
		}
		if leaked := os.Getenv("AWS_PROFILE") + os.Getenv("HTTPS_PROXY"); leaked != "" {
			return fmt.Errorf("the operator's environment reaches the program: %q", leaked)
		}
		networks := &struct{ pulumi.ResourceState }{}
		if err := ctx.RegisterComponentResource("fixture:index:Networks", "networks", networks); err != nil {
			return err
		}
		provider := &struct{ pulumi.ProviderResourceState }{}
		if err := ctx.RegisterResource("pulumi:providers:aws", "aws", pulumi.Map{"region": pulumi.String("af-south-1")},
			provider, pulumi.Version(awsVersion)); err != nil {
			return err
		}
		in := []pulumi.ResourceOption{pulumi.Parent(networks), pulumi.Provider(provider), pulumi.Version(awsVersion)}
		vpc := &struct{ pulumi.CustomResourceState }{}
		if err := ctx.RegisterResource("aws:ec2/vpc:Vpc", "vpc", pulumi.Map{"cidrBlock": pulumi.String("10.9.0.0/16")}, vpc, in...); err != nil {
			return err
		}
		for i := range count {
			group := &struct{ pulumi.CustomResourceState }{}
			args := pulumi.Map{"vpcId": vpc.ID(), "name": pulumi.Sprintf("group-%d", i), "description": pulumi.String("fixture")}
			if err := ctx.RegisterResource("aws:ec2/securityGroup:SecurityGroup", fmt.Sprintf("group-%d", i), args, group, in...); err != nil {
				return err
			}
		}
		ctx.Export("groups", pulumi.Int(count))
		ctx.Export("password", pulumi.ToSecret(pulumi.String("do-not-show")))
		ctx.Export("kubeconfig", pulumi.ToSecret(pulumi.String("apiVersion: v1\n")))
		return nil
	})
}

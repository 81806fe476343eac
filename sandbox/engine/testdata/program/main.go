// Command program is the Pulumi program of the tests of package engine: a component with a VPC and as many security groups
// as configured, and when it is named a load balancer that is protected as a store of data would be.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
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
		description := "fixture"
		if configured, ok := ctx.GetConfig("fixture:description"); ok {
			description = configured
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
			args := pulumi.Map{"vpcId": vpc.ID(), "name": pulumi.Sprintf("group-%d", i), "description": pulumi.String(description)}
			if err := ctx.RegisterResource("aws:ec2/securityGroup:SecurityGroup", fmt.Sprintf("group-%d", i), args, group, in...); err != nil {
				return err
			}
		}
		if err := newBalancer(ctx, vpc, provider, in); err != nil {
			return err
		}
		ctx.Export("groups", pulumi.Int(count))
		ctx.Export("password", pulumi.ToSecret(pulumi.String("do-not-show")))
		ctx.Export("kubeconfig", pulumi.ToSecret(pulumi.String("apiVersion: v1\n")))
		return nil
	})
}

// newBalancer makes the load balancer named by fixture:balancer.
func newBalancer(ctx *pulumi.Context, vpc pulumi.CustomResource, provider pulumi.ProviderResource, in []pulumi.ResourceOption) error {
	name, _ := ctx.GetConfig("fixture:balancer")
	if name == "" {
		return nil
	}
	var protection struct {
		Disabled    bool
		Unprotected []string
	}
	if text, ok := ctx.GetConfig("fixture:protection"); ok {
		if err := json.Unmarshal([]byte(text), &protection); err != nil {
			return fmt.Errorf("config: fixture:protection: %w", err)
		}
	}
	subnet := &struct{ pulumi.CustomResourceState }{}
	if err := ctx.RegisterResource("aws:ec2/subnet:Subnet", "subnet", pulumi.Map{
		"vpcId": vpc.ID(), "cidrBlock": pulumi.String("10.9.0.0/24"), "availabilityZone": pulumi.String("af-south-1a"),
	}, subnet, in...); err != nil {
		return err
	}
	component := &struct{ pulumi.ResourceState }{}
	if err := ctx.RegisterComponentResource("fixture:balancer:Balancer", "fixture-"+ctx.Stack(), component); err != nil {
		return err
	}
	protected := !protection.Disabled && !slices.Contains(protection.Unprotected, "balancer") && !slices.Contains(protection.Unprotected, "all")
	return ctx.RegisterResource("aws:lb/loadBalancer:LoadBalancer", "fixture-"+ctx.Stack(), pulumi.Map{
		"name": pulumi.String(name), "loadBalancerType": pulumi.String("network"), "internal": pulumi.Bool(true),
		"subnets": pulumi.StringArray{subnet.ID().ToStringOutput()}, "enableDeletionProtection": pulumi.Bool(protected),
	}, &struct{ pulumi.CustomResourceState }{}, pulumi.Parent(component), pulumi.Provider(provider), pulumi.Version(awsVersion), pulumi.Protect(protected))
}

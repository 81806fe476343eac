package pulumitest_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	vpcType    = "aws:ec2/vpc:Vpc"
	subnetType = "aws:ec2/subnet:Subnet"
	groupType  = "cloudinsight:test:Group"
)

type group struct{ pulumi.ResourceState }

type custom struct {
	pulumi.CustomResourceState

	ARN     pulumi.StringOutput `pulumi:"arn"`
	OwnerID pulumi.StringOutput `pulumi:"ownerId"`
}

// program registers a component with a network and a subnet, which depends on the network through its id.
func program(ctx *pulumi.Context) error {
	g := &group{}
	if err := ctx.RegisterComponentResourceV2(groupType, "main", pulumi.Map{"size": pulumi.Int(1)}, g); err != nil {
		return err
	}
	parent := pulumi.Parent(g)
	vpc := &custom{}
	err := ctx.RegisterResource(vpcType, "main", pulumi.Map{"cidrBlock": pulumi.String("10.0.0.0/16")}, vpc, parent, pulumi.Protect(true))
	if err != nil {
		return err
	}
	err = ctx.RegisterResource(subnetType, "main-a", pulumi.Map{
		"vpcId": vpc.ID(),
		"owner": vpc.OwnerID,
		"list":  pulumi.Array{pulumi.Map{"port": pulumi.Int(443)}},
		"key":   pulumi.ToSecret(pulumi.String("hidden")),
	}, &custom{}, parent, pulumi.IgnoreChanges([]string{"list"}), pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String("old")}}))
	if err != nil {
		return err
	}
	return ctx.RegisterResourceOutputs(g, pulumi.Map{"arn": vpc.ARN})
}

func TestRun_RecordsWhatWasRegistered(t *testing.T) {
	recorder := pulumitest.Run(t, program)

	assert.Len(t, recorder.All(), 3)
	assert.Equal(t, 1, recorder.Count(subnetType))
	component := recorder.Named(t, groupType, "main")
	assert.Nil(t, component.Parent)
	assert.False(t, component.Custom)
	assert.Len(t, recorder.Children(component), 2)

	vpc := recorder.Named(t, vpcType, "main")
	assert.Regexp(t, `^vpc-[0-9a-f]{17}$`, vpc.ID)
	assert.Same(t, component, vpc.Parent)
	assert.True(t, vpc.Protect)

	subnet := recorder.Named(t, subnetType, "main-a")
	assert.Equal(t, vpc.ID, subnet.Input("vpcId"))
	assert.Equal(t, pulumitest.AccountID, subnet.Input("owner"))
	assert.Equal(t, float64(443), subnet.Input("list[0].port"))
	assert.Equal(t, pulumitest.Secret{Value: "hidden"}, subnet.Input("key"))
	assert.Nil(t, subnet.Input("list[1].port"))
	assert.Equal(t, []string{"list"}, subnet.IgnoreChanges)
	assert.Equal(t, []string{"old"}, subnet.Aliases)
	assert.True(t, subnet.DependsOnNamed(vpcType, "main"))
	assert.False(t, subnet.DependsOnNamed(vpcType, "other"))
}

func TestRun_IsTheSameTwice(t *testing.T) {
	first := pulumitest.Run(t, program).Text()
	assert.Equal(t, first, pulumitest.Run(t, program).Text())
}

func TestRun_PreviewKnowsNoOutputs(t *testing.T) {
	recorder := pulumitest.Run(t, program, pulumitest.Preview())
	subnet := recorder.Named(t, subnetType, "main-a")
	assert.Nil(t, subnet.Input("vpcId"))
	assert.Equal(t, float64(443), subnet.Input("list[0].port"))
}

func TestRun_OutputsOfAType(t *testing.T) {
	recorder := pulumitest.Run(t, program, pulumitest.Outputs(vpcType, func(vpc *pulumitest.Resource) map[string]any {
		return map[string]any{"ownerId": "owner of " + vpc.Name}
	}))
	assert.Equal(t, "owner of main", recorder.Named(t, subnetType, "main-a").Input("owner"))
}

func TestRun_Invoke(t *testing.T) {
	ask := func(ctx *pulumi.Context) error {
		var answer struct {
			Name string `pulumi:"name"`
		}
		err := ctx.Invoke("aws:index/getRegion:getRegion", &struct{}{}, &answer)
		if err == nil && answer.Name != "here" {
			return errors.New("got " + answer.Name)
		}
		return err
	}
	pulumitest.Run(t, ask, pulumitest.Invoke("aws:index/getRegion:getRegion", func(map[string]any) map[string]any {
		return map[string]any{"name": "here"}
	}))
	_, err := pulumitest.RunErr(t, ask)
	assert.ErrorContains(t, err, "invoke aws:index/getRegion:getRegion: not answered in this test")
}

func TestRunErr_RefusesTwoOfOneName(t *testing.T) {
	_, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		for range 2 {
			if err := ctx.RegisterResource(vpcType, "main", pulumi.Map{}, &custom{}); err != nil {
				return err
			}
		}
		return nil
	})
	assert.ErrorContains(t, err, "registered twice")
}

func TestRun_StackIsTheProjectsOwn(t *testing.T) {
	pulumitest.Run(t, func(ctx *pulumi.Context) error {
		assert.Equal(t, "staging", ctx.Stack())
		value, ok := ctx.GetConfig("cloudinsight:environment")
		assert.True(t, ok)
		assert.Equal(t, "staging", value)
		return nil
	}, pulumitest.Stack("staging"))
}

func TestText(t *testing.T) {
	text := pulumitest.Run(t, program).Text()
	assert.Contains(t, text, `aws:ec2/vpc:Vpc main
  parent: main
  protect
  cidrBlock = "10.0.0.0/16"
`)
	assert.Contains(t, text, "  key = [secret]\n  list[0].port = 443\n")
	assert.NotContains(t, text, "hidden")
}

func TestGolden(t *testing.T) {
	path := filepath.Join("testdata", "program.golden")
	require.FileExists(t, path)
	pulumitest.Golden(t, path, pulumitest.Run(t, program).Text())
}

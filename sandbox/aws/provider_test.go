package aws

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/aws/schema"
)

func TestSchema_EveryTypeHasAKindAndEveryKindAType(t *testing.T) {
	s, err := schema.Load()
	require.NoError(t, err)
	for token := range s.Resources {
		assert.Contains(t, kinds, token, "types.txt names it, but no file says what AWS does with it")
		assert.NotNil(t, kinds[token].create, token)
	}
	for token, k := range kinds {
		require.Contains(t, s.Resources, token, "schema.json lacks it: add it to types.txt and run go generate ./sandbox/aws/schema")
		for _, path := range k.replace {
			assert.Contains(t, s.Resources[token].Inputs, top(path), "%s: replace", token)
		}
		if k.name != "" {
			assert.Contains(t, s.Resources[token].Inputs, k.name, token)
		}
	}
}

func TestCheck_RefusesWhatTheSDKDoesNotHave(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		typ  string
		in   map[string]any
		want string
	}{
		"unknown property": {typeVPC, map[string]any{"cidrBlock": "10.0.0.0/16", "cidr": "x"}, `cidr: the AWS SDK 6.83.2 has no such property; did you mean "cidrBlock"?`},
		"unknown nested":   {typeNodeGroup, map[string]any{"scalingConfig": map[string]any{"min": 1}}, `scalingConfig.min: the AWS SDK 6.83.2 has no such property`},
		"wrong type":       {typeVPC, map[string]any{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": "yes"}, `enableDnsSupport: must be true or false, got "yes"`},
		"no whole number":  {typeLogGroup, map[string]any{"retentionInDays": 7.5}, "retentionInDays: must be a whole number, got 7.5"},
		"not a list":       {typeNodeGroup, map[string]any{"subnetIds": "subnet-1"}, `subnetIds: must be a list, got "subnet-1"`},
		"missing":          {typeSubnet, map[string]any{"cidrBlock": "10.0.1.0/24"}, "vpcId: is required"},
		"missing list":     {typeNodeGroup, map[string]any{}, "subnetIds: is required"},
		"tag key":          {typeVPC, map[string]any{"cidrBlock": "10.0.0.0/16", "tags": map[string]any{"aws:x": "1"}}, `tags: a key has at most 128 characters and does not begin with aws:, got "aws:x"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.try(c.typ, c.in)
			assert.ErrorContains(t, err, c.want)
		})
	}
	_, err := w.try("aws:sagemaker/domain:Domain", nil)
	assert.ErrorContains(t, err, `it does not know the type "aws:sagemaker/domain:Domain"`)
}

func TestInvoke_RefusesAnUnknownFunction(t *testing.T) {
	w := newWorld(t)
	_, err := w.provider.Invoke(context.Background(), plugin.InvokeRequest{Tok: "aws:ec2/getAmi:getAmi"})
	assert.ErrorContains(t, err, `it does not know the function "aws:ec2/getAmi:getAmi"`)
	zones, err := w.provider.Invoke(context.Background(), plugin.InvokeRequest{Tok: "aws:index/getAvailabilityZones:getAvailabilityZones"})
	require.NoError(t, err)
	assert.Equal(t, []string{"af-south-1a", "af-south-1b", "af-south-1c"}, plainMap(zones.Properties).strings("names"))
}

func TestCheck_NamesAndTagsAreStable(t *testing.T) {
	w := newWorld(t)
	vpc := w.make(typeVPC, map[string]any{"cidrBlock": "10.0.0.0/16"})
	assert.Equal(t, "CloudInsight", vpc.outputs.object("tags").str("Project"), "default tags are in tags, as the provider has them")
	assert.Equal(t, vpc.outputs["tags"], vpc.outputs["tagsAll"])
	group := w.make(typeSecurityGroup, map[string]any{"vpcId": vpc.id})
	assert.Regexp(t, `^r2-[0-9a-f]{7}$`, group.outputs.str("name"))

	again, err := w.provider.Check(context.Background(), plugin.CheckRequest{
		URN: resource.URN(group.urn), Name: "r2", Type: typeSecurityGroup, Olds: group.inputs,
		News: resource.PropertyMap{"vpcId": resource.NewStringProperty(vpc.id)}, RandomSeed: []byte("another seed of thirty-two bytes"),
	})
	require.NoError(t, err)
	assert.Equal(t, group.inputs["name"], again.Properties["name"], "a generated name stays")
	d, err := w.provider.Diff(context.Background(), plugin.DiffRequest{Type: typeSecurityGroup, OldInputs: group.inputs, NewInputs: again.Properties})
	require.NoError(t, err)
	assert.Equal(t, plugin.DiffNone, d.Changes)
}

func TestDiff_SaysWhatReplaces(t *testing.T) {
	old := props{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": true}
	change := diffProps(old, props{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": false}, kinds[typeVPC], nil)
	assert.Equal(t, plugin.DiffUpdate, change.DetailedDiff["enableDnsSupport"].Kind)
	assert.Empty(t, change.ReplaceKeys)
	change = diffProps(old, props{"cidrBlock": "10.1.0.0/16"}, kinds[typeVPC], []string{"enableDnsSupport"})
	assert.Equal(t, plugin.DiffUpdateReplace, change.DetailedDiff["cidrBlock"].Kind)
	assert.Len(t, change.DetailedDiff, 1)
	assert.False(t, change.DeleteBeforeReplace)

	named := props{"name": "a", "roleArn": "x"}
	change = diffProps(named, props{"name": "a", "roleArn": "y"}, kinds[typeCluster], nil)
	assert.True(t, change.DeleteBeforeReplace, "the replacement would have the same name")
	change = diffProps(props{"policy": `{"a":1,"b":2}`}, props{"policy": `{ "b": 2, "a": 1 }`}, kinds[typeRolePolicy], nil)
	assert.Equal(t, plugin.DiffNone, change.Changes)
}

func TestReadUpdateDelete_FollowTheAccount(t *testing.T) {
	w := newWorld(t)
	vpc := w.make(typeVPC, map[string]any{"cidrBlock": "10.0.0.0/16"})
	out, err := w.update(vpc, map[string]any{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	require.NoError(t, err)
	assert.Equal(t, true, out["enableDnsHostnames"])
	assert.Equal(t, vpc.outputs["arn"], out["arn"])
	assert.Equal(t, true, out["enableDnsSupport"], "AWS's default stays")

	require.NoError(t, w.provider.account.Update(func(s *account.State) error {
		s.Get(typeVPC, vpc.id).Props["enableDnsHostnames"] = false
		return nil
	}))
	drifted := w.read(vpc)
	assert.Equal(t, false, plainMap(drifted.Inputs)["enableDnsHostnames"], "drift shows in inputs and outputs")
	assert.NotContains(t, drifted.Inputs, resource.PropertyKey("enableDnsSupport"), "what was never given is no input")

	require.NoError(t, w.delete(vpc))
	assert.Nil(t, w.read(vpc).Outputs)
	require.NoError(t, w.delete(vpc), "deleting what is gone succeeds")
	require.NoError(t, w.provider.account.View(func(s *account.State) error {
		assert.Empty(t, s.OfStack("dev"), "what AWS made along with the VPC is gone too")
		return nil
	}))
}

func TestCreate_PreviewTouchesNothing(t *testing.T) {
	w := newWorld(t)
	urn := urnOf(typeVPC, "v")
	got, err := w.provider.Create(context.Background(), plugin.CreateRequest{
		URN: urn, Type: typeVPC, Preview: true, Properties: resource.PropertyMap{"cidrBlock": resource.NewStringProperty("10.0.0.0/16")},
	})
	require.NoError(t, err)
	assert.Equal(t, "10.0.0.0/16", got.Properties["cidrBlock"].StringValue())
	assert.True(t, got.Properties["arn"].IsComputed())
	require.NoError(t, w.provider.account.View(func(s *account.State) error { assert.Empty(t, s.OfStack("dev")); return nil }))
}

package desired

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

const nodeConfig = `apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      maxPods: 58
`

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestMaxPodsOf(t *testing.T) {
	multipart := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n" +
		"--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\necho maxPods: 9\n" +
		"--B\nContent-Type: application/node.eks.aws\n\n" + nodeConfig + "\n--B--\n"
	for name, c := range map[string]struct {
		data string
		want int
	}{
		"none":                   {"", 0},
		"a NodeConfig":           {encode(nodeConfig), 58},
		"a NodeConfig in MIME":   {encode(multipart), 58},
		"several documents":      {encode("apiVersion: v1\nkind: Other\n---\n" + nodeConfig), 58},
		"a shell script":         {encode("#!/bin/sh\necho maxPods: 9\n"), 0},
		"Bottlerocket":           {encode("[settings.kubernetes]\nmax-pods = 40\n"), 40},
		"Bottlerocket, one line": {encode("settings.kubernetes.max-pods = 41\n"), 41},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := MaxPodsOf(c.data)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
	_, err := MaxPodsOf("not base64!")
	assert.ErrorContains(t, err, "must be base64")
}

func TestRead(t *testing.T) {
	s := &account.State{AccountID: "111122223333"}
	put := func(typ, id string, props map[string]any) {
		s.Put(&account.Resource{Type: typ, ID: id, Region: "af-south-1", Props: props})
	}
	put(TypeCluster, "dev", map[string]any{"name": "dev", "bootstrapSelfManagedAddons": false})
	put(TypeSubnet, "subnet-b", map[string]any{"availabilityZone": "af-south-1b", "cidrBlock": "10.2.12.0/24"})
	put(TypeSubnet, "subnet-a", map[string]any{"availabilityZone": "af-south-1a", "cidrBlock": "10.2.11.0/24"})
	put(TypeLaunchTemplate, "lt-1", map[string]any{"userData": encode(nodeConfig), "imageId": "ami-1"})
	put(TypeNodeGroup, "dev:workload", map[string]any{
		"clusterName": "dev", "nodeGroupName": "workload", "subnetIds": []any{"subnet-b", "subnet-a", "subnet-gone"},
		"instanceTypes": []any{"t3.large", "t3a.large"}, "capacityType": "SPOT", "scalingConfig": map[string]any{"desiredSize": 3.0},
		"labels": map[string]any{"purpose": "workload"}, "launchTemplate": map[string]any{"id": "lt-1", "version": "4"},
		"taints": []any{map[string]any{"key": "k", "value": "v", "effect": "NO_SCHEDULE"}},
	})
	put(TypeNodeGroup, "prod:workload", map[string]any{"clusterName": "prod", "nodeGroupName": "workload"})
	put(TypeAddon, "dev:vpc-cni", map[string]any{
		"clusterName": "dev", "addonName": "vpc-cni", "configurationValues": `{"env":{"ENABLE_PREFIX_DELEGATION":true}}`,
	})
	put(TypeAccessEntry, "dev:arn", map[string]any{"clusterName": "dev", "principalArn": "arn", "kubernetesGroups": []any{"qa"}})
	put(TypeImage, "i", map[string]any{"repositoryName": "cloudinsight/user", "imageTag": "1.0.0"})

	c := Read(s, "dev")
	require.Len(t, c.NodeGroups, 1)
	g := c.NodeGroups[0]
	assert.Equal(t, "t3.large", g.InstanceType)
	assert.Equal(t, 58, g.MaxPods)
	assert.Equal(t, 3, g.Desired)
	assert.Equal(t, "ami-1", g.Image)
	assert.Equal(t, []Taint{{"k", "v", "NO_SCHEDULE"}}, g.Taints)
	require.Len(t, g.Subnets, 2)
	assert.Equal(t, "af-south-1a", g.Subnets[0].Zone, "subnets are ordered by zone")
	assert.Equal(t, []Problem{{`node group "workload"`, `subnet "subnet-gone" is not in the account`}}, c.Problems)

	assert.True(t, c.PrefixDelegation())
	assert.Len(t, c.Addons, 1, "bootstrapSelfManagedAddons is false: only what is declared")
	assert.Equal(t, []string{"qa"}, c.Entries[0].Groups)
	assert.True(t, c.Images["111122223333.dkr.ecr.af-south-1.amazonaws.com/cloudinsight/user:1.0.0"])
}

func TestReadAddsTheAddonsThatComeWithACluster(t *testing.T) {
	s := &account.State{}
	s.Put(&account.Resource{Type: TypeCluster, ID: "dev", Props: map[string]any{"name": "dev"}})
	s.Put(&account.Resource{Type: TypeAddon, ID: "dev:coredns", Props: map[string]any{"clusterName": "dev", "addonName": "coredns"}})
	var names []string
	for _, a := range Read(s, "dev").Addons {
		names = append(names, a.Name)
	}
	assert.Equal(t, []string{"coredns", "kube-proxy", "vpc-cni"}, names)
	assert.True(t, Read(s, "dev").Addon("coredns").Managed)
	assert.False(t, Read(s, "dev").Addon("vpc-cni").Managed)
	assert.Empty(t, Read(s, "other").Addons, "a cluster that is not in the account has none")
}

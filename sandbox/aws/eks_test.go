package aws

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

// fleet is a network with the roles that a cluster and its nodes need.
type fleet struct {
	*network
	service, node made
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{network: newNetwork(t)}
	f.service = f.role("eks.amazonaws.com")
	f.node = f.role("ec2.amazonaws.com")
	for _, policy := range []string{"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"} {
		f.make(typeRoleAttachment, map[string]any{"role": f.node.id, "policyArn": "arn:aws:iam::aws:policy/" + policy})
	}
	return f
}

func (f *fleet) role(service string) made {
	return f.make(typeRole, map[string]any{
		"assumeRolePolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`,
	})
}

func (f *fleet) clusterArgs(change map[string]any) map[string]any {
	return merged(map[string]any{
		"name": "main", "version": "1.36", "roleArn": f.service.outputs.str("arn"),
		"vpcConfig":    map[string]any{"subnetIds": []any{f.a.id, f.b.id}, "endpointPrivateAccess": true, "endpointPublicAccess": false},
		"accessConfig": map[string]any{"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": true},
	}, change)
}

func (f *fleet) groupArgs(change map[string]any) map[string]any {
	return merged(map[string]any{
		"clusterName": "main", "nodeGroupName": "work", "nodeRoleArn": f.node.outputs.str("arn"), "subnetIds": []any{f.a.id, f.b.id},
		"instanceTypes": []any{"t3.medium"}, "scalingConfig": map[string]any{"minSize": 0, "desiredSize": 1, "maxSize": 3},
	}, change)
}

func merged(base, change map[string]any) map[string]any {
	for k, v := range change {
		base[k] = v
	}
	return base
}

func TestCluster_IsMadeWithWhatAWSMakesAlong(t *testing.T) {
	f := newFleet(t)
	cluster := f.make(typeCluster, f.clusterArgs(map[string]any{"enabledClusterLogTypes": []any{"audit"}}))
	assert.Equal(t, "https://127.0.0.1:6443", cluster.outputs.str("endpoint"))
	assert.Equal(t, "ACTIVE", cluster.outputs.str("status"))
	assert.Equal(t, "Y2E=", cluster.outputs.object("certificateAuthority").str("data"))
	assert.Regexp(t, `^https://oidc\.eks\.af-south-1\.amazonaws\.com/id/[0-9A-F]{32}$`, f.planes.running["main"].OIDCIssuer)
	require.NoError(t, f.provider.account.View(func(s *account.State) error {
		assert.NotNil(t, s.Get(typeLogGroup, "/aws/eks/main/cluster"), "EKS makes the log group that nobody made first")
		assert.NotNil(t, s.Get(typeSecurityGroup, cluster.outputs.object("vpcConfig").str("clusterSecurityGroupId")))
		assert.NotNil(t, s.Get(typeAccessEntry, "main:"+s.Identities[0].PrincipalARN), "the creator is let in")
		return nil
	}))

	assert.Equal(t, plainMap(cluster.inputs), plainMap(f.read(cluster).Inputs), "what AWS adds to vpcConfig is no drift")

	group := f.make(typeNodeGroup, f.groupArgs(nil))
	assert.ErrorContains(t, f.delete(cluster), "ResourceInUseException: Cluster has nodegroups attached: "+group.id)
	assert.ErrorContains(t, f.delete(f.a), "DependencyViolation")
	require.NoError(t, f.delete(group))
	require.NoError(t, f.delete(cluster))
	assert.Empty(t, f.planes.running)
	require.NoError(t, f.provider.account.View(func(s *account.State) error {
		assert.Empty(t, s.List(typeAccessEntry))
		assert.NotNil(t, s.Get(typeLogGroup, "/aws/eks/main/cluster"), "and leaves it behind")
		return nil
	}))
}

func TestCluster_Refuses(t *testing.T) {
	f := newFleet(t)
	vpc := func(change map[string]any) map[string]any {
		return f.clusterArgs(map[string]any{"vpcConfig": merged(map[string]any{"subnetIds": []any{f.a.id, f.b.id}}, change)})
	}
	f.refuses(t, map[string]refusal{
		"one zone":            {typeCluster, vpc(map[string]any{"subnetIds": []any{f.a.id}}), "at least two different AZs, got [af-south-1a]"},
		"no endpoint":         {typeCluster, vpc(map[string]any{"endpointPrivateAccess": false, "endpointPublicAccess": false}), "cannot both be off"},
		"version":             {typeCluster, f.clusterArgs(map[string]any{"version": "1.20"}), `version: must be one of [1.34 1.35 1.36 1.37], got "1.20"`},
		"role of others":      {typeCluster, f.clusterArgs(map[string]any{"roleArn": f.node.outputs.str("arn")}), "trusted entity is not correct"},
		"log type":            {typeCluster, f.clusterArgs(map[string]any{"enabledClusterLogTypes": []any{"all"}}), "enabledClusterLogTypes[0]: must be one of"},
		"key":                 {typeCluster, f.clusterArgs(map[string]any{"encryptionConfig": map[string]any{"resources": []any{"secrets"}, "provider": map[string]any{"keyArn": "arn:aws:kms:af-south-1:1:key/x"}}}), "in encryptionConfig provider is invalid"},
		"group of no vpc":     {typeCluster, vpc(map[string]any{"securityGroupIds": []any{"sg-0"}}), "The security group sg-0 does not exist"},
		"access block":        {typeCluster, vpc(map[string]any{"publicAccessCidrs": []any{"1.2.3.4"}}), `publicAccessCidrs[0]: "1.2.3.4" is not a valid CIDR block`},
		"nodes of no cluster": {typeNodeGroup, f.groupArgs(nil), "No cluster found for name: main"},
	})
	cluster := f.make(typeCluster, f.clusterArgs(nil))
	_, err := f.update(cluster, f.clusterArgs(map[string]any{"version": "1.34"}))
	assert.ErrorContains(t, err, "Unsupported Kubernetes minor version update from 1.36 to 1.34")
	_, err = f.update(cluster, f.clusterArgs(map[string]any{"accessConfig": map[string]any{"authenticationMode": "CONFIG_MAP"}}))
	assert.ErrorContains(t, err, "Unsupported authentication mode update from API to CONFIG_MAP")
	f.refuses(t, map[string]refusal{
		"name twice":         {typeCluster, f.clusterArgs(nil), "Cluster already exists with name: main"},
		"min above desired":  {typeNodeGroup, f.groupArgs(map[string]any{"scalingConfig": map[string]any{"minSize": 2, "desiredSize": 1, "maxSize": 3}}), "must hold minSize <= desiredSize <= maxSize, got 2, 1, 3"},
		"type not offered":   {typeNodeGroup, f.groupArgs(map[string]any{"instanceTypes": []any{"t3a.medium"}}), "(t3a.medium) is not supported in your requested Availability Zone (af-south-1a)"},
		"type unknown":       {typeNodeGroup, f.groupArgs(map[string]any{"instanceTypes": []any{"t9.mega"}}), "[t9.mega]"},
		"architecture":       {typeNodeGroup, f.groupArgs(map[string]any{"instanceTypes": []any{"t4g.medium"}}), "not a valid instance type for requested amiType AL2023_x86_64_STANDARD"},
		"amazon linux 2":     {typeNodeGroup, f.groupArgs(map[string]any{"amiType": "AL2_x86_64"}), "amiType: must be one of"},
		"role":               {typeNodeGroup, f.groupArgs(map[string]any{"nodeRoleArn": f.service.outputs.str("arn")}), "ec2.amazonaws.com may not assume it"},
		"role of no use":     {typeNodeGroup, f.groupArgs(map[string]any{"nodeRoleArn": f.role("ec2.amazonaws.com").outputs.str("arn")}), "has no worker node policy"},
		"template":           {typeNodeGroup, f.groupArgs(map[string]any{"launchTemplate": map[string]any{"id": "lt-0", "version": "1"}}), "Launch template not found"},
		"taint":              {typeNodeGroup, f.groupArgs(map[string]any{"taints": []any{map[string]any{"key": "a", "effect": "NoSchedule"}}}), `taints[0].effect: must be one of`},
		"addon over default": {typeAddon, map[string]any{"clusterName": "main", "addonName": "coredns"}, "ConfigurationConflict"},
		"addon version":      {typeAddon, map[string]any{"clusterName": "main", "addonName": "coredns", "addonVersion": "v1.0.0-eksbuild.1", "resolveConflictsOnCreate": "OVERWRITE"}, "Addon version specified is not supported"},
		"addon unknown":      {typeAddon, map[string]any{"clusterName": "main", "addonName": "teapot"}, "Addon teapot specified is not supported"},
		"entry of nobody":    {typeAccessEntry, map[string]any{"clusterName": "main", "principalArn": "arn:aws:iam::1:role/nobody"}, "invalid principal"},
		"entry of a master":  {typeAccessEntry, map[string]any{"clusterName": "main", "principalArn": f.node.outputs.str("arn"), "kubernetesGroups": []any{"system:masters"}}, "must not begin with system:"},
		"policy of nobody": {typeAccessPolicy, map[string]any{
			"clusterName": "main", "principalArn": f.node.outputs.str("arn"), "policyArn": accessPolicyARN + "AmazonEKSViewPolicy", "accessScope": map[string]any{"type": "cluster"},
		}, "The specified principalArn could not be found"},
		"pod identity trust": {typePodIdentity, map[string]any{"clusterName": "main", "namespace": "a", "serviceAccount": "b", "roleArn": f.node.outputs.str("arn")}, "pods.eks.amazonaws.com may not assume it"},
	})
}

func TestNodeGroup_ThatGetsNoNodesStaysInTheState(t *testing.T) {
	f := newFleet(t)
	f.make(typeCluster, f.clusterArgs(nil))
	f.planes.nodes = errors.New("node ip-10-0-1-4: NotReady: cni plugin not initialized")
	_, err := f.try(typeNodeGroup, f.groupArgs(nil))
	require.ErrorContains(t, err, "cni plugin not initialized")
	require.NoError(t, f.provider.account.View(func(s *account.State) error {
		assert.NotNil(t, s.Get(typeNodeGroup, "main:work"))
		return nil
	}))
}

func TestLaunchTemplate_VersionsAndRefusals(t *testing.T) {
	w := newWorld(t)
	template := w.make(typeLaunchTemplate, map[string]any{"name": "nodes"})
	assert.Equal(t, 1.0, template.outputs["latestVersion"])
	out, err := w.update(template, map[string]any{"name": "nodes", "userData": base64.StdEncoding.EncodeToString([]byte("x"))})
	require.NoError(t, err)
	assert.Equal(t, 2.0, out["latestVersion"])
	assert.Equal(t, 1.0, out["defaultVersion"])
	w.refuses(t, map[string]refusal{
		"name twice": {typeLaunchTemplate, map[string]any{"name": "nodes"}, "AlreadyExists"},
		"tokens":     {typeLaunchTemplate, map[string]any{"metadataOptions": map[string]any{"httpTokens": "yes"}}, "metadataOptions.httpTokens: must be one of [optional required]"},
		"user data":  {typeLaunchTemplate, map[string]any{"userData": "#!/bin/sh"}, "userData: must be base64"},
		"placement":  {typeLaunchTemplate, map[string]any{"placement": map[string]any{"groupName": "none"}}, "InvalidPlacementGroup.Unknown"},
		"strategy":   {typePlacementGroup, map[string]any{"strategy": "near"}, "strategy: must be one of"},
	})
}

func TestEdge_AWebACLGuardsNoNetworkLoadBalancer(t *testing.T) {
	n := newNetwork(t)
	balancer := func(kind string) made {
		return n.make(typeLoadBalancer, map[string]any{"loadBalancerType": kind, "subnets": []any{n.a.id, n.b.id}})
	}
	acl := n.make(typeWebACL, map[string]any{
		"scope": "REGIONAL", "defaultAction": map[string]any{"allow": map[string]any{}},
		"visibilityConfig": map[string]any{"cloudwatchMetricsEnabled": true, "metricName": "m", "sampledRequestsEnabled": true},
	})
	associate := func(target made) (made, error) {
		return n.try(typeWebACLAssociation, map[string]any{"resourceArn": target.outputs.str("arn"), "webAclArn": acl.outputs.str("arn")})
	}
	_, err := associate(balancer("network"))
	assert.ErrorContains(t, err, "a web ACL cannot be attached to a network load balancer")
	alb := balancer("application")
	association, err := associate(alb)
	require.NoError(t, err)
	assert.ErrorContains(t, n.delete(acl), "WAFAssociatedItemException")
	require.NoError(t, n.delete(association))
	require.NoError(t, n.delete(acl))
	n.refuses(t, map[string]refusal{
		"one zone for an alb": {typeLoadBalancer, map[string]any{"subnets": []any{n.a.id}}, "At least 2 subnets"},
		"cloudfront scope": {typeWebACL, map[string]any{
			"scope": "CLOUDFRONT", "defaultAction": map[string]any{"block": map[string]any{}}, "visibilityConfig": map[string]any{"cloudwatchMetricsEnabled": true, "metricName": "m", "sampledRequestsEnabled": true},
		}, "valid in us-east-1 only"},
	})
}

func TestConfig_RefusesAnUnknownRegion(t *testing.T) {
	w := newWorld(t)
	got, err := w.provider.CheckConfig(context.Background(), plugin.CheckConfigRequest{News: rich(map[string]any{"region": "ap-south-9"}).ObjectValue()})
	require.NoError(t, err)
	require.Len(t, got.Failures, 1)
	assert.Contains(t, got.Failures[0].Reason, `must be a region that the stand-in knows`)
}

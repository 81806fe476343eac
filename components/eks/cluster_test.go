package eks

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	remoteToken   = "eks:index:Cluster"
	addonToken    = "aws:eks/addon:Addon"
	groupToken    = "aws:eks/nodeGroup:NodeGroup"
	templateToken = "aws:ec2/launchTemplate:LaunchTemplate"
	roleToken     = "aws:iam/role:Role"
)

func subnets(zones ...string) map[string]pulumi.StringOutput {
	all := map[string]pulumi.StringOutput{}
	for _, zone := range zones {
		all[zone] = pulumi.String("subnet-" + zone).ToStringOutput()
	}
	return all
}

func defaults() *ClusterArgs {
	return &ClusterArgs{
		Name: "main", Region: "af-south-1", VPCID: pulumi.String("vpc-1"), PrivateSubnets: subnets("af-south-1a", "af-south-1b"),
		SecretsKeyARN: pulumi.String("arn:secrets"), LogKeyARN: pulumi.String("arn:logs"),
		NodeGroups: map[string]NodeGroup{"workload": {InstanceTypes: []string{"m5.xlarge"}, Min: 3, Desired: 3, Max: 15}},
	}
}

func record(t *testing.T, args *ClusterArgs) (*pulumitest.Recorder, error) {
	t.Helper()
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := NewCluster(ctx, "main", args)
		return err
	}, pulumitest.References(remoteToken, "eksCluster", "aws:eks/cluster:Cluster", map[string]any{
		"name": "main", "vpcConfig": map[string]any{"clusterSecurityGroupId": "sg-cluster"},
		"identities": []any{map[string]any{"oidcs": []any{map[string]any{"issuer": "https://oidc.example/id/1"}}}},
	}))
}

func recorded(t *testing.T, args *ClusterArgs) *pulumitest.Recorder {
	t.Helper()
	rec, err := record(t, args)
	require.NoError(t, err)
	return rec
}

func TestCluster_DefaultsAreForProduction(t *testing.T) {
	rec := recorded(t, defaults())
	c := rec.Named(t, remoteToken, "main")
	for path, want := range map[string]any{
		"version": "1.36", "authenticationMode": "API", "endpointPrivateAccess": true, "endpointPublicAccess": false, "skipDefaultNodeGroup": true,
		"useDefaultVpcCni": true, "createOidcProvider": false, "encryptionConfigKeyArn": "arn:secrets", "kubernetesServiceIpAddressRange": "172.20.0.0/16",
	} {
		assert.Equal(t, want, c.Input(path), path)
	}
	assert.Empty(t, c.Input("publicAccessCidrs"))
	assert.Len(t, c.Input("enabledClusterLogTypes"), 5)

	logs := rec.Named(t, "aws:cloudwatch/logGroup:LogGroup", "main-control-plane")
	assert.Equal(t, "/aws/eks/main/cluster", logs.Input("name"))
	assert.Equal(t, 90.0, logs.Input("retentionInDays"))
	assert.Equal(t, "arn:logs", logs.Input("kmsKeyId"))
	assert.Contains(t, c.DependsOn, logs.URN, "EKS would make a log group of its own")
	attachment := rec.Named(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "main-control-plane-AmazonEKSClusterPolicy")
	assert.Contains(t, c.DependsOn, attachment.URN, "without the policy EKS can't clean up")
	assert.Equal(t, 0, rec.Count("aws:ec2/securityGroupRule:SecurityGroupRule"))
}

func TestCluster_AddonsComeInOrderAndPinned(t *testing.T) {
	rec := recorded(t, defaults())
	group := rec.Named(t, groupToken, "main-workload")
	want := versions["1.36"]
	for name, c := range map[string]struct {
		version     string
		beforeNodes bool
	}{
		"vpc-cni": {want.VPCCNI, true}, "kube-proxy": {want.KubeProxy, true}, "eks-pod-identity-agent": {want.PodIdentityAgent, true},
		"coredns": {want.CoreDNS, false}, "aws-ebs-csi-driver": {want.EBSCSI, false}, "metrics-server": {want.MetricsServer, false},
	} {
		addon := rec.Named(t, addonToken, "main-"+name)
		assert.Equal(t, c.version, addon.Input("addonVersion"), name)
		assert.Equal(t, c.beforeNodes, contains(group.DependsOn, addon.URN), "%s before nodes", name)
		assert.Equal(t, !c.beforeNodes, contains(addon.DependsOn, group.URN), "%s after nodes", name)
	}
	var cni cniValues
	require.NoError(t, json.Unmarshal([]byte(rec.Named(t, addonToken, "main-vpc-cni").Input("configurationValues").(string)), &cni))
	assert.Equal(t, "true", cni.EnableNetworkPolicy)
	assert.Equal(t, "true", cni.Env["ENABLE_PREFIX_DELEGATION"])
	assert.Nil(t, cni.ENIConfig)
}

func TestCluster_RolesAreSmall(t *testing.T) {
	rec := recorded(t, defaults())
	for name, want := range map[string][]string{
		"node":               {"AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy", "AmazonSSMManagedInstanceCore"},
		"control-plane":      {"AmazonEKSClusterPolicy"},
		"vpc-cni":            {"AmazonEKS_CNI_Policy"},
		"aws-ebs-csi-driver": {"AmazonEBSCSIDriverPolicy"},
	} {
		var got []string
		for _, a := range rec.Children(rec.Named(t, roleToken, "main-"+name)) {
			arn := a.Input("policyArn").(string)
			got = append(got, arn[strings.LastIndex(arn, "/")+1:])
		}
		assert.ElementsMatch(t, want, got, name)
	}
	assert.Contains(t, rec.Named(t, roleToken, "main-vpc-cni").Input("assumeRolePolicy"), "pods.eks.amazonaws.com")
}

func TestCluster_NodesAreLaunchedHardened(t *testing.T) {
	rec := recorded(t, defaults())
	template := rec.Named(t, templateToken, "main-workload")
	for path, want := range map[string]any{
		"metadataOptions.httpTokens": "required", "metadataOptions.httpPutResponseHopLimit": 1.0,
		"blockDeviceMappings[0].ebs.encrypted": "true", "blockDeviceMappings[0].ebs.volumeType": "gp3", "blockDeviceMappings[0].deviceName": "/dev/xvda",
	} {
		assert.Equal(t, want, template.Input(path), path)
	}
	text, err := base64.StdEncoding.DecodeString(template.Input("userData").(string))
	require.NoError(t, err)
	assert.Contains(t, string(text), "maxPods: 110\n", "prefix delegation lifts 58 to the ceiling that AWS advises")
	group := rec.Named(t, groupToken, "main-workload")
	assert.Equal(t, "AL2023_x86_64_STANDARD", group.Input("amiType"))
	assert.Equal(t, "ON_DEMAND", group.Input("capacityType"))
	assert.Equal(t, []string{"scalingConfig.desiredSize"}, group.IgnoreChanges, "the autoscaler moves it")
}

func TestCluster_EverythingSet(t *testing.T) {
	args := defaults()
	args.PublicAccessCIDRs = []string{"203.0.113.0/24"}
	args.PodSubnets = subnets("af-south-1a", "af-south-1b")
	args.AdminRoleARNs = []string{"arn:aws:iam::111122223333:role/platform"}
	args.Tags = map[string]string{"Owner": "platform"}
	args.LogRetentionDays, args.ServiceCIDR = 7, "10.100.0.0/16"
	args.NodeGroups["system"] = NodeGroup{
		InstanceTypes: []string{"m6g.large", "m7g.large"}, Min: 0, Desired: 1, Max: 2, Spot: true, AMI: Bottlerocket, DiskGiB: 80, Placement: "spread",
		Zones: []string{"af-south-1b"}, Labels: map[string]string{"team": "core"}, Taints: []Taint{{"dedicated", "system", "NoSchedule"}},
	}
	rec := recorded(t, args)
	c := rec.Named(t, remoteToken, "main")
	assert.Equal(t, true, c.Input("endpointPublicAccess"))
	assert.Equal(t, []any{"203.0.113.0/24"}, c.Input("publicAccessCidrs"))

	group := rec.Named(t, groupToken, "main-system")
	for path, want := range map[string]any{
		"amiType": "BOTTLEROCKET_ARM_64", "capacityType": "SPOT", "subnetIds": []any{"subnet-af-south-1b"}, "labels.team": "core",
		"taints[0].effect": "NO_SCHEDULE", "updateConfig.maxUnavailable": 1.0,
	} {
		assert.Equal(t, want, group.Input(path), path)
	}
	assert.Equal(t, "system", group.Inputs["labels"].(map[string]any)["cloudinsight.com/purpose"])
	admin := rec.Named(t, "aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "main-admin-platform")
	assert.Equal(t, clusterAdminPolicy, admin.Input("policyArn"))
	template := rec.Named(t, templateToken, "main-system")
	assert.Equal(t, "/dev/xvdb", template.Input("blockDeviceMappings[0].deviceName"), "Bottlerocket's data volume")
	for i, resource := range []string{"instance", "volume", "network-interface"} {
		spec := template.Input("tagSpecifications").([]any)[i].(map[string]any)
		assert.Equal(t, resource, spec["resourceType"])
		assert.Equal(t, "platform", spec["tags"].(map[string]any)["Owner"], "default tags do not reach what EC2 launches")
	}
	assert.Equal(t, "spread", rec.Named(t, "aws:ec2/placementGroup:PlacementGroup", "main-system").Input("strategy"))

	var cni cniValues
	require.NoError(t, json.Unmarshal([]byte(rec.Named(t, addonToken, "main-vpc-cni").Input("configurationValues").(string)), &cni))
	assert.Equal(t, "topology.kubernetes.io/zone", cni.Env["ENI_CONFIG_LABEL_DEF"])
	assert.Equal(t, eniSubnet{ID: "subnet-af-south-1a", SecurityGroups: []string{"sg-cluster"}}, cni.ENIConfig.Subnets["af-south-1a"])
}

func TestCluster_EveryChildHasAParent(t *testing.T) {
	for _, r := range recorded(t, defaults()).All() {
		if r.Type != clusterType {
			assert.NotNil(t, r.Parent, "%s %q", r.Type, r.Name)
		}
	}
}

func TestCluster_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ClusterArgs)
		want   string
	}{
		"version":         {func(a *ClusterArgs) { a.Version = "1.20" }, `version: must be one of the version matrix (1.36), got "1.20"`},
		"one zone":        {func(a *ClusterArgs) { a.PrivateSubnets = subnets("af-south-1a") }, "private subnets: must span at least 2 zones, got 1"},
		"no groups":       {func(a *ClusterArgs) { a.NodeGroups = nil }, "node groups: must have at least one"},
		"access":          {func(a *ClusterArgs) { a.PublicAccessCIDRs = []string{"anywhere"} }, `public access cidrs[0]: must be a CIDR block, got "anywhere"`},
		"name":            {func(a *ClusterArgs) { a.Name = "" }, "name: must have 1 to 100 characters"},
		"admin":           {func(a *ClusterArgs) { a.AdminRoleARNs = []string{"root"} }, `admin role arns[0]: must be the ARN of an IAM role, got "root"`},
		"min above max":   {group(NodeGroup{InstanceTypes: []string{"t3.large"}, Min: 3, Desired: 3, Max: 1}), `node group "x": size: must hold`},
		"unknown type":    {group(NodeGroup{InstanceTypes: []string{"z1.huge"}, Max: 1}), `"z1.huge" is not known`},
		"two arches":      {group(NodeGroup{InstanceTypes: []string{"m5.large", "m6g.large"}, Max: 1}), "must have one architecture, got amd64 and arm64"},
		"image":           {group(NodeGroup{InstanceTypes: []string{"m5.large"}, Max: 1, AMI: "al2"}), `ami: must be al2023 or bottlerocket, got "al2"`},
		"effect":          {group(NodeGroup{InstanceTypes: []string{"m5.large"}, Max: 1, Taints: []Taint{{"a", "b", "Never"}}}), "taints[0].effect: must be NoSchedule"},
		"zone of no tier": {group(NodeGroup{InstanceTypes: []string{"m5.large"}, Max: 1, Zones: []string{"af-south-1c"}}), `zones: "af-south-1c" has no private subnet`},
	} {
		t.Run(name, func(t *testing.T) {
			args := defaults()
			c.change(args)
			rec, err := record(t, args)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All(), "nothing is registered")
		})
	}
}

func group(g NodeGroup) func(*ClusterArgs) {
	return func(a *ClusterArgs) { a.NodeGroups = map[string]NodeGroup{"x": g} }
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

package config_test

import (
	"net/netip"
	"reflect"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/config"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

// catalog stands for the services of package apps.
var catalog = []string{"frontend", "user", "cost", "metric", "anomaly", "forecast", "notification"}

func stack(t *testing.T, name string) *config.Config {
	t.Helper()
	c, err := config.Parse(pulumitest.StackConfig(t, name), catalog)
	require.NoError(t, err, name)
	assert.Equal(t, name, string(c.Environment))
	return c
}

func TestStacks_Dev(t *testing.T) {
	c := stack(t, "dev")
	assert.Equal(t, config.Network{
		CIDR:               "10.2.0.0/16",
		Zones:              []string{"af-south-1a", "af-south-1b"},
		DataZones:          []string{"af-south-1a", "af-south-1b", "af-south-1c"},
		NATGateways:        config.NATSingle,
		InterfaceEndpoints: []string{},
		FlowLogs:           config.FlowLogs{Destination: config.LogsToCloudWatch},
	}, c.Network)
	assert.Equal(t, config.NodeGroup{
		CapacityType:  config.Spot,
		InstanceTypes: []string{"t3.medium", "c5.large", "c6i.large"},
		AMI:           config.AL2023,
		Max:           3,
		Desired:       1,
		DiskGiB:       50,
		Zones:         []string{"af-south-1a", "af-south-1b"},
	}, c.NodeGroups["workload"])
	assert.Equal(t, config.BestEffort, c.Apps.QoS)
	assert.True(t, c.Apps.Autoscaling.Disabled)
	assert.Equal(t, config.LogDebug, c.Apps.LogLevel)
	assert.Equal(t, []config.Team{config.Developers}, c.Access.Teams)
}

func TestStacks_Staging(t *testing.T) {
	c := stack(t, "staging")
	assert.Empty(t, c.Cluster.PublicAccessCIDRs)
	assert.Equal(t, config.Burstable, c.Apps.QoS)
	assert.Equal(t, config.Autoscaling{
		Min: 2, Max: 5, CPUPercent: 50, MemoryPercent: 60, ScaleDownStabilizationSeconds: 180,
	}, c.Apps.Autoscaling)
	assert.Equal(t, config.Logs{RetentionDays: 30, ArchiveDays: 365}, c.Logs)
}

func TestStacks_Prod(t *testing.T) {
	c := stack(t, "prod")
	assert.Equal(t, "100.64.0.0/16", c.Network.PodCIDR)
	assert.Equal(t, config.FlowLogs{Destination: config.LogsToS3}, c.Network.FlowLogs)
	assert.Equal(t, config.DefaultInterfaceEndpoints, c.Network.InterfaceEndpoints)
	assert.Empty(t, c.Cluster.PublicAccessCIDRs)
	assert.Equal(t, config.Guaranteed, c.Apps.QoS)
	assert.Equal(t, config.Autoscaling{
		Min: 3, Max: 20, CPUPercent: 70, MemoryPercent: 80, ScaleUpStabilizationSeconds: 300, ScaleDownStabilizationSeconds: 600,
	}, c.Apps.Autoscaling)
	assert.Equal(t, []config.Team{config.DevOps}, c.Access.Teams)
	group := c.NodeGroups["workload"]
	assert.Equal(t, []int{3, 3, 15}, []int{group.Min, group.Desired, group.Max})
}

func TestStacks_RecoveryIsProdInTheOtherRegion(t *testing.T) {
	prod, recovery := stack(t, "prod"), stack(t, "recovery")
	assert.Equal(t, prod.DRRegion, recovery.Region)
	assert.Equal(t, prod.Region, recovery.DRRegion)
	assert.Equal(t, prod.RDS, recovery.RDS)
	assert.Equal(t, prod.DocumentDB, recovery.DocumentDB)
	assert.Equal(t, prod.MSK.InstanceType, recovery.MSK.InstanceType)
	assert.Equal(t, prod.Redis, recovery.Redis)
	assert.Equal(t, prod.Apps, recovery.Apps)
	assert.Equal(t, prod.NodeGroups["workload"].InstanceTypes, recovery.NodeGroups["workload"].InstanceTypes)
	assert.True(t, recovery.Recovery.Disabled, "there is no third region")
}

func TestStacks_SharedHasNeitherNetworkNorCluster(t *testing.T) {
	assert.Equal(t, &config.Config{
		Environment: config.Shared,
		Region:      "af-south-1",
		DRRegion:    "eu-west-1",
		Tags:        config.Tags{Owner: "platform", CostCenter: "cloudinsight-shared", DataClassification: config.Confidential},
		Domain:      "cloudinsight.com",
		Logs:        config.Logs{RetentionDays: 90, ArchiveDays: 2557},
		Protection:  config.Protection{},
		Registry:    config.Registry{KeepImages: 50, UntaggedDays: 7},
		Delivery: config.Delivery{
			Repository: "cloudinsight/platform",
			Branches:   map[string]string{"dev": "development", "staging": "staging", "prod": "production", "recovery": "production"},
		},
		Security: config.Security{UnusedAccessDays: 90},
	}, stack(t, "shared"))
}

func TestStacks_CanBePeered(t *testing.T) {
	var taken []netip.Prefix
	for _, name := range []string{"dev", "staging", "prod", "recovery"} {
		prefix := netip.MustParsePrefix(stack(t, name).Network.CIDR)
		for _, other := range taken {
			assert.False(t, other.Overlaps(prefix), "%s of %s overlaps %s", prefix, name, other)
		}
		taken = append(taken, prefix)
	}
}

// Pulumi.yaml declares every key, and its defaults are the program's.
func TestProject_DeclaresTheKeys(t *testing.T) {
	project, err := workspace.LoadProject("../Pulumi.yaml")
	require.NoError(t, err)

	var keys []string
	for i := range reflect.TypeFor[config.Config]().NumField() {
		keys = append(keys, reflect.TypeFor[config.Config]().Field(i).Tag.Get("json"))
	}
	declared := map[string]any{}
	for key, property := range project.Config {
		assert.NotEmpty(t, property.Description, key)
		assert.NotEmpty(t, property.TypeName(), key)
		declared[key] = property.Default
	}
	require.Len(t, declared, len(keys))

	prod := stack(t, "prod")
	defaults := map[string]any{"environment": nil, "tags": nil, "region": prod.Region, "drRegion": prod.DRRegion, "domain": prod.Domain}
	for _, key := range keys {
		want, scalar := defaults[key]
		if !scalar {
			want = map[string]any{}
		}
		assert.Equal(t, want, declared[key], key)
	}
}

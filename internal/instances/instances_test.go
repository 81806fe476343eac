package instances_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/instances"
)

func TestLookup(t *testing.T) {
	got, ok := instances.Lookup("t3.medium")
	require.True(t, ok)
	assert.Equal(t, instances.Type{Name: "t3.medium", VCPU: 2, MemoryMiB: 4096, Arch: "amd64", ENIs: 3, AddressesPerENI: 6}, got)

	_, ok = instances.Lookup("t9.huge")
	assert.False(t, ok)
	assert.Len(t, instances.Names(), 44)
}

func TestType_MaxPods(t *testing.T) {
	for name, want := range map[string]struct{ shared, custom int }{
		"t3.micro":  {34, 18},
		"t3.medium": {110, 110},
		"m5.xlarge": {110, 110},
	} {
		got, ok := instances.Lookup(name)
		require.True(t, ok, name)
		assert.Equal(t, want.shared, got.MaxPods(false), name)
		assert.Equal(t, want.custom, got.MaxPods(true), name)
	}
	assert.Equal(t, 250, instances.Type{VCPU: 32, ENIs: 8, AddressesPerENI: 30}.MaxPods(false))
}

func TestOffered(t *testing.T) {
	for _, test := range []struct {
		name, zone string
		want       bool
	}{
		{"t3.medium", "af-south-1a", true},
		{"t3a.medium", "af-south-1a", false},
		{"t3a.medium", "eu-west-1a", true},
		{"c6g.large", "af-south-1a", false},
		{"c6g.large", "af-south-1b", true},
		{"m5.large", "us-east-1e", false},
		{"m5.large", "us-east-1f", true},
		{"m5.large", "af-south-1d", false},
		{"m5.large", "mars-1a", false},
		{"t9.huge", "af-south-1a", false},
		{"m5.large", "", false},
	} {
		assert.Equal(t, test.want, instances.Offered(test.name, test.zone), "%s in %q", test.name, test.zone)
	}
}

func TestZones(t *testing.T) {
	assert.Equal(t, []string{"af-south-1a", "af-south-1b", "af-south-1c"}, instances.Zones("af-south-1"))
	assert.Empty(t, instances.Zones("ap-south-1"))
	assert.Equal(t, []string{"af-south-1", "eu-west-1", "us-east-1"}, instances.Regions())
}

func TestType_Burstable(t *testing.T) {
	for name, want := range map[string]bool{"t3.medium": true, "t4g.large": true, "m5.large": false} {
		got, ok := instances.Lookup(name)
		require.True(t, ok, name)
		assert.Equal(t, want, got.Burstable(), name)
	}
}

func TestType_AddressPods(t *testing.T) {
	for name, want := range map[string]int{"t3.micro": 4, "t3.medium": 17, "m5.xlarge": 58, "m5.4xlarge": 234} {
		kind, ok := instances.Lookup(name)
		require.True(t, ok)
		assert.Equal(t, want, kind.AddressPods(), name)
	}
}

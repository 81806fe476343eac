package nodes

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/instances"
)

// The figures of nodeadm for real instances: kube-reserved of t3.medium is 70m and 442Mi, of m5.xlarge 80m and 893Mi.
func TestCapacity(t *testing.T) {
	for name, want := range map[string]struct {
		milliCPU, memoryMiB int64
	}{
		"t3.micro":   {1930, 947 - 299 - 100},
		"t3.medium":  {1930, 3788 - 442 - 100},
		"t3.large":   {1930, 7577 - 640 - 100},
		"m5.xlarge":  {3920, 15155 - 893 - 100},
		"m5.4xlarge": {15890, 60620 - 2829 - 100},
	} {
		t.Run(name, func(t *testing.T) {
			kind, known := instances.Lookup(name)
			require.True(t, known)
			capacity, allocatable := Capacity(kind, 42)
			assert.Equal(t, want.milliCPU, allocatable.Cpu().MilliValue())
			assert.Equal(t, want.memoryMiB, allocatable.Memory().Value()>>20)
			assert.Equal(t, int64(42), allocatable.Pods().Value())
			assert.Equal(t, int64(kind.VCPU*1000), capacity.Cpu().MilliValue())
			for resource, part := range allocatable {
				whole := capacity[resource]
				assert.LessOrEqual(t, part.Cmp(whole), 0, resource)
				assert.Positive(t, part.Sign(), resource)
			}
		})
	}
}

func TestEveryInstanceTypeHasRoomForPods(t *testing.T) {
	for _, name := range instances.Names() {
		kind, _ := instances.Lookup(name)
		_, allocatable := Capacity(kind, kind.AddressPods())
		assert.Positive(t, allocatable.Memory().Value(), name)
		assert.Contains(t, []string{"amd64", "arm64"}, kind.Arch, name)
		assert.Positive(t, kind.AddressPods(), name)
	}
}

func TestMaxPods(t *testing.T) {
	medium, large := instances.Type{VCPU: 2, ENIs: 3, AddressesPerENI: 6}, instances.Type{VCPU: 32, ENIs: 8, AddressesPerENI: 30}
	assert.Equal(t, 17, MaxPods(medium, 0, false), "what the interfaces allow")
	assert.Equal(t, 110, MaxPods(medium, 0, true))
	assert.Equal(t, 250, MaxPods(large, 0, true))
	assert.Equal(t, 58, MaxPods(medium, 58, true), "the launch template decides")
}

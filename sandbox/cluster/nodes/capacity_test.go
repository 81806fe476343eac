package nodes

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
			kind, err := LookupInstanceType(name)
			require.NoError(t, err)
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
	assert.Greater(t, len(instanceTypes), 40)
	for name, kind := range instanceTypes {
		_, allocatable := Capacity(kind, kind.MaxPods)
		assert.Positive(t, allocatable.Memory().Value(), name)
		assert.Contains(t, []string{"amd64", "arm64"}, kind.Arch, name)
		assert.Positive(t, kind.MaxPods, name)
	}
}

func TestMaxPods(t *testing.T) {
	medium, large := InstanceType{VCPU: 2, MaxPods: 17}, InstanceType{VCPU: 32, MaxPods: 234}
	assert.Equal(t, 17, MaxPods(medium, 0, false), "what the interfaces allow")
	assert.Equal(t, 110, MaxPods(medium, 0, true))
	assert.Equal(t, 250, MaxPods(large, 0, true))
	assert.Equal(t, 58, MaxPods(medium, 58, true), "the launch template decides")
}

func TestLookupInstanceTypeNamesTheTable(t *testing.T) {
	_, err := LookupInstanceType("x99.mega")
	assert.ErrorContains(t, err, `instance type "x99.mega": not in the sandbox's table`)
}

package nodes

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/cloudinsight/platform/internal/instances"
)

const (
	// hypervisorShare is the part of an instance's memory, in thousandths, that its kernel never sees. It differs by
	// type; this is the share that Karpenter plans with when it has not seen the type yet.
	// https://karpenter.sh/docs/reference/settings/ (VM_MEMORY_OVERHEAD_PERCENT)
	hypervisorShare = 75

	// evictionMiB is the kubelet's default eviction threshold, memory.available<100Mi.
	evictionMiB = 100

	// volumeGiB is the root volume of a managed node that names no size.
	volumeGiB = 20
)

// Capacity returns what a node of the type has, and what is left of it for pods on AL2023.
func Capacity(t instances.Type, maxPods int) (capacity, allocatable corev1.ResourceList) {
	memory := t.MemoryMiB * (1000 - hypervisorShare) / 1000
	capacity = resources(t.VCPU*1000, memory, volumeGiB, maxPods)
	allocatable = resources(t.VCPU*1000-reservedMilliCPU(t.VCPU*1000), memory-reservedMiB(t)-evictionMiB, volumeGiB*9/10-1, maxPods)
	return capacity, allocatable
}

// MaxPods returns how many pods the kubelet of a managed node admits: what the launch template says; else, with prefix
// delegation, the limit that EKS recommends; else what the interfaces have addresses for.
// https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html#determine-max-pods
func MaxPods(t instances.Type, configured int, prefixDelegation bool) int {
	switch {
	case configured > 0:
		return configured
	case prefixDelegation && t.VCPU < 30:
		return 110
	case prefixDelegation:
		return 250
	default:
		return t.AddressPods()
	}
}

// reservedMilliCPU is nodeadm's reservation for the kubelet: 6 % of the first core, 1 % of the second, 0.5 % of the next
// two and 0.25 % of the rest.
// https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go
func reservedMilliCPU(total int) int {
	reserved, from := 0, 0
	for _, step := range []struct{ to, perTenThousand int }{{1000, 600}, {2000, 100}, {4000, 50}, {total, 25}} {
		if total <= from {
			break
		}
		reserved += (min(total, step.to) - from) * step.perTenThousand / 10000
		from = step.to
	}
	return reserved
}

// reservedMiB is nodeadm's reservation of memory. It counts the pods that the type's interfaces allow, whatever max pods
// is configured.
func reservedMiB(t instances.Type) int { return 255 + 11*t.AddressPods() }

func resources(milliCPU, memoryMiB, storageGiB, pods int) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse(fmt.Sprintf("%dm", milliCPU)),
		corev1.ResourceMemory:           resource.MustParse(fmt.Sprintf("%dMi", memoryMiB)),
		corev1.ResourceEphemeralStorage: resource.MustParse(fmt.Sprintf("%dGi", storageGiB)),
		corev1.ResourcePods:             resource.MustParse(fmt.Sprint(pods)),
	}
}

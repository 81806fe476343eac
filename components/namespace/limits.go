package namespace

import (
	"fmt"
	"strconv"

	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	k8score "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Quota bounds a namespace: pods, and the sums of what they request and may
// use, in millicores and MiB. A BestEffort namespace has only Pods, since a
// quota on requests or limits would refuse every pod that has none.
type Quota struct {
	Pods                        int
	RequestsCPU, RequestsMemory int
	LimitsCPU, LimitsMemory     int
}

func (q Quota) problems(qos k8score.PodQOSClass) []error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if q.Pods < 1 {
		add("quota.pods: must be at least 1, got %d", q.Pods)
	}
	sums := Quota{RequestsCPU: q.RequestsCPU, RequestsMemory: q.RequestsMemory, LimitsCPU: q.LimitsCPU, LimitsMemory: q.LimitsMemory}
	if qos == k8score.PodQOSBestEffort {
		if sums != (Quota{}) {
			add("quota: must bound only pods with qos %q, got %+v", qos, q)
		}
		return problems
	}
	for _, sum := range []struct {
		key              string
		requests, limits int
	}{
		{"Cpu", q.RequestsCPU, q.LimitsCPU},
		{"Memory", q.RequestsMemory, q.LimitsMemory},
	} {
		if sum.requests < 1 {
			add("quota.requests%s: must be at least 1, got %d", sum.key, sum.requests)
		}
		if sum.limits < sum.requests {
			add("quota.limits%s: must be at least quota.requests%s (%d), got %d", sum.key, sum.key, sum.requests, sum.limits)
		}
	}
	return problems
}

// hard is the quota as Kubernetes has it. Services that open a way in from
// outside the cluster belong to the ingress, in any environment.
func (q Quota) hard() map[string]string {
	hard := map[string]string{
		"pods":                   strconv.Itoa(q.Pods),
		"services.loadbalancers": "0",
		"services.nodeports":     "0",
	}
	if q.RequestsCPU > 0 {
		hard["requests.cpu"] = millicores(q.RequestsCPU)
		hard["requests.memory"] = mebibytes(q.RequestsMemory)
		hard["limits.cpu"] = millicores(q.LimitsCPU)
		hard["limits.memory"] = mebibytes(q.LimitsMemory)
	}
	return hard
}

// limits are the sizes of containers that name none, chosen to leave pods in
// the class. Claims are bounded in every class: services keep nothing on disk.
func limits(qos k8score.PodQOSClass) corev1.LimitRangeItemArray {
	items := corev1.LimitRangeItemArray{&corev1.LimitRangeItemArgs{
		Type: pulumi.String("PersistentVolumeClaim"),
		Max:  pulumi.StringMap{"storage": pulumi.String("10Gi")},
	}}
	container := &corev1.LimitRangeItemArgs{
		Type:           pulumi.String("Container"),
		Default:        size(200, 256),
		DefaultRequest: size(50, 128),
		Max:            size(4000, 8192),
	}
	switch qos {
	case k8score.PodQOSBestEffort:
		// Any rule about containers, a maximum too, gives them a limit and so
		// another class.
		return items
	case k8score.PodQOSGuaranteed:
		container.DefaultRequest = container.Default
		container.MaxLimitRequestRatio = pulumi.StringMap{"cpu": pulumi.String("1"), "memory": pulumi.String("1")}
	}
	return append(items, container)
}

func size(cpu, memory int) pulumi.StringMap {
	return pulumi.StringMap{"cpu": pulumi.String(millicores(cpu)), "memory": pulumi.String(mebibytes(memory))}
}

// The API server returns quantities in their shortest form; spelled otherwise
// they would differ on the next run.
func millicores(n int) string {
	return resource.NewMilliQuantity(int64(n), resource.DecimalSI).String()
}

func mebibytes(n int) string { return resource.NewQuantity(int64(n)<<20, resource.BinarySI).String() }

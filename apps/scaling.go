package apps

import (
	autoscalingv2 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/autoscaling/v2"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	policyv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/policy/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newScaling registers the autoscaler, where there is one, and the disruption
// budget, where it leaves a pod that may be evicted.
func newScaling(ctx *pulumi.Context, name string, a ServiceArgs, opts ...pulumi.ResourceOption) error {
	if a.Autoscaling != nil {
		if _, err := autoscalingv2.NewHorizontalPodAutoscaler(ctx, name, &autoscalingv2.HorizontalPodAutoscalerArgs{
			Metadata: a.metadata(nil),
			Spec:     a.Autoscaling.spec(a.Row.Name),
		}, opts...); err != nil {
			return err
		}
	}
	if a.floor() > 1 {
		if _, err := policyv1.NewPodDisruptionBudget(ctx, name, &policyv1.PodDisruptionBudgetArgs{
			Metadata: a.metadata(nil),
			Spec:     disruptionBudget(a.Row.Name, a.floor()),
		}, opts...); err != nil {
			return err
		}
	}
	return nil
}

func (as Autoscaling) spec(service string) *autoscalingv2.HorizontalPodAutoscalerSpecArgs {
	metrics := autoscalingv2.MetricSpecArray{}
	if as.CPUPercent > 0 {
		metrics = append(metrics, utilization("cpu", as.CPUPercent))
	}
	if as.MemoryPercent > 0 {
		metrics = append(metrics, utilization("memory", as.MemoryPercent))
	}
	return &autoscalingv2.HorizontalPodAutoscalerSpecArgs{
		ScaleTargetRef: &autoscalingv2.CrossVersionObjectReferenceArgs{
			ApiVersion: pulumi.String("apps/v1"), Kind: pulumi.String("Deployment"), Name: pulumi.String(service),
		},
		MinReplicas: pulumi.Int(as.Min),
		MaxReplicas: pulumi.Int(as.Max),
		Metrics:     metrics,
		Behavior: &autoscalingv2.HorizontalPodAutoscalerBehaviorArgs{
			ScaleUp:   &autoscalingv2.HPAScalingRulesArgs{StabilizationWindowSeconds: pulumi.Int(as.ScaleUpSeconds)},
			ScaleDown: &autoscalingv2.HPAScalingRulesArgs{StabilizationWindowSeconds: pulumi.Int(as.ScaleDownSeconds)},
		},
	}
}

func utilization(of string, percent int) *autoscalingv2.MetricSpecArgs {
	return &autoscalingv2.MetricSpecArgs{
		Type: pulumi.String("Resource"),
		Resource: &autoscalingv2.ResourceMetricSourceArgs{
			Name: pulumi.String(of),
			Target: &autoscalingv2.MetricTargetArgs{
				Type: pulumi.String("Utilization"), AverageUtilization: pulumi.Int(percent),
			},
		},
	}
}

// disruptionBudget keeps one of two pods, or all but one of more; it never
// blocks a node's drain for good, also not by pods that are broken anyway.
func disruptionBudget(service string, replicas int) *policyv1.PodDisruptionBudgetSpecArgs {
	spec := &policyv1.PodDisruptionBudgetSpecArgs{
		Selector:                   metav1.LabelSelectorArgs{MatchLabels: pulumi.ToStringMap(selector(service))},
		UnhealthyPodEvictionPolicy: pulumi.String("AlwaysAllow"),
	}
	if replicas == 2 {
		spec.MinAvailable = pulumi.Int(1)
	} else {
		spec.MaxUnavailable = pulumi.Int(1)
	}
	return spec
}

package edge

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
)

// Alarms ring when nothing is behind the load balancer, and when something there is ill.
func (l *LoadBalancer) Alarms() []alarm.Alarm { return l.alarms }

// alarms of the load balancer.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html
func alarms(name string, balancer, targets pulumi.StringOutput) []alarm.Alarm {
	dimensions := pulumi.StringMap{"LoadBalancer": balancer, "TargetGroup": targets}
	return []alarm.Alarm{
		{
			Name:        name + "-edge-nothing-healthy",
			Description: "No pod of the ingress controller answers the load balancer: the environment is down. Look at the pods first.",
			Namespace:   "AWS/NetworkELB", Metric: "HealthyHostCount", Statistic: "Maximum", Dimensions: dimensions,
			Threshold: 1, Below: true, PeriodSeconds: 60, Periods: 3, Severity: alarm.Critical,
		},
		{
			Name:        name + "-edge-unhealthy",
			Description: "A pod of the ingress controller fails the load balancer's check. Look at its log.",
			Namespace:   "AWS/NetworkELB", Metric: "UnHealthyHostCount", Statistic: "Maximum", Dimensions: dimensions,
			Threshold: 0, PeriodSeconds: 60, Periods: 10, Severity: alarm.Medium,
		},
	}
}

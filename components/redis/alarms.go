package redis

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
)

// alarms of each node: any of them can be the primary. ElastiCache numbers nodes from 001.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.WhichShouldIMonitor.html
func alarms(name string, group pulumi.StringOutput, nodes int) []alarm.Alarm {
	var all []alarm.Alarm
	for i := 1; i <= nodes; i++ {
		node := fmt.Sprintf("%03d", i)
		add := func(what string, a alarm.Alarm) {
			a.Name = fmt.Sprintf("%s-redis-%s-%s", name, what, node)
			a.Namespace = "AWS/ElastiCache"
			a.Dimensions = pulumi.StringMap{"CacheClusterId": pulumi.Sprintf("%s-%s", group, node)}
			all = append(all, a)
		}
		add("engine-cpu", alarm.Alarm{
			Description: "Node " + node + ": the one thread that runs commands is nearly always busy, and everybody waits. The slow log names the commands.",
			Metric:      "EngineCPUUtilization", Threshold: 80, Severity: alarm.High,
		})
		add("memory", alarm.Alarm{
			Description: "Node " + node + ": memory is nearly full; keys will be evicted, or writes refused when none may be. Look for keys without expiry, or use a larger node type.",
			Metric:      "DatabaseMemoryUsagePercentage", Statistic: "Maximum", Threshold: 80, Severity: alarm.High,
		})
		add("evictions", alarm.Alarm{
			Description: "Node " + node + ": keys are evicted before they expire, sessions among them: people are signed out. Use a larger node type.",
			Metric:      "Evictions", Statistic: "Sum", Threshold: 0, Severity: alarm.Medium,
		})
		add("connections", alarm.Alarm{
			// The pools of all services at their most pods hold about a thousand; a node takes 65,000.
			Description: "Node " + node + ": more connections are open than the services' pools can hold. A client may be opening them without closing.",
			Metric:      "CurrConnections", Statistic: "Maximum", Threshold: 5000, Severity: alarm.Medium,
		})
		if nodes > 1 {
			add("replication-lag", alarm.Alarm{
				Description: "Node " + node + " is behind the primary: what it lacks is lost when it takes over. Look for large writes and a saturated network.",
				Metric:      "ReplicationLag", Statistic: "Maximum", Threshold: 10, Severity: alarm.Medium,
			})
		}
	}
	return all
}

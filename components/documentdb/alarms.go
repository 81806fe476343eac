package documentdb

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
)

const (
	gib = 1 << 30
	// largestVolume of a cluster, 128 TiB. It grows by itself up to there.
	// https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html
	largestVolume = 128 << 40
)

// clusterAlarms watches what the instances share. Metrics as in
// https://docs.aws.amazon.com/documentdb/latest/developerguide/cloud_watch.html
func (a *ClusterArgs) clusterAlarms(identifier pulumi.StringOutput) []alarm.Alarm {
	watch := func(one alarm.Alarm) alarm.Alarm {
		one.Name = a.Name + "-" + one.Name
		one.Namespace, one.Dimensions = "AWS/DocDB", pulumi.StringMap{"DBClusterIdentifier": identifier}
		return one
	}
	all := []alarm.Alarm{
		watch(alarm.Alarm{
			Name: "storage", Metric: "VolumeBytesUsed", Threshold: 0.8 * largestVolume, Severity: alarm.Critical,
			Description: "The volume is at four fifths of the largest that there is. Look for collections to archive or to move to a cluster of their own.",
		}),
		// What runs full in practice: each instance's own disk, for sorts, index builds and logs. Its size goes by the
		// class and is published nowhere, so the threshold is a fixed remainder.
		watch(alarm.Alarm{
			Name: "local-storage", Metric: "FreeLocalStorage", Statistic: "Minimum", Threshold: gib, Below: true,
			Description: "An instance has less than 1 GiB for sorts and index builds. Look at what is being built, then at the class.",
		}),
		watch(alarm.Alarm{
			Name: "throttled", Metric: "LowMemNumOperationsThrottled", Statistic: "Sum", Threshold: 0,
			Description: "Requests wait for memory. Look at open cursors and connections, then at the class.",
		}),
	}
	if a.Instances > 1 {
		// Milliseconds.
		all = append(all, watch(alarm.Alarm{
			Name: "lag", Metric: "DBClusterReplicaLagMaximum", Statistic: "Maximum", Threshold: 10_000, PeriodSeconds: 60, Periods: 5,
			Description: "A replica is ten seconds or more behind. Look at its CPU and at long queries on it.",
		}))
	}
	return all
}

// instanceAlarms watches one instance.
func (a *ClusterArgs) instanceAlarms(name string, identifier pulumi.StringOutput) []alarm.Alarm {
	dimensions := pulumi.StringMap{"DBInstanceIdentifier": identifier}
	return []alarm.Alarm{
		{
			Name: name + "-cpu", Namespace: "AWS/DocDB", Metric: "CPUUtilization", Dimensions: dimensions, Threshold: 70,
			Description: "DocumentDB is busy. Look at the profiler's log for slow operations, then at replicas and class.",
		},
		{
			Name: name + "-connections", Namespace: "AWS/DocDB", Metric: "DatabaseConnectionsMax", Statistic: "Maximum", Dimensions: dimensions,
			Threshold:   0.8 * float64(connections[a.InstanceClass]),
			Description: "Four of five connections are taken. Look for a service that does not give them back.",
		},
	}
}

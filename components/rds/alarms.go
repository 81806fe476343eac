package rds

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
)

// instanceAlarms watches one instance. Metrics as in
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
func (a *DatabaseArgs) instanceAlarms(name string, identifier pulumi.StringOutput) []alarm.Alarm {
	memory, _ := memoryGiB(a.InstanceClass)
	watch := func(suffix, description, metric string, threshold float64) alarm.Alarm {
		return alarm.Alarm{
			Name: name + "-" + suffix, Description: description,
			Namespace: "AWS/RDS", Metric: metric, Dimensions: pulumi.StringMap{"DBInstanceIdentifier": identifier}, Threshold: threshold,
		}
	}
	below := func(one alarm.Alarm) alarm.Alarm {
		one.Below = true
		return one
	}
	severity := func(s alarm.Severity, one alarm.Alarm) alarm.Alarm {
		one.Severity = s
		return one
	}
	return []alarm.Alarm{
		watch("cpu", "PostgreSQL is busy. Look at the top SQL in Database Insights, then at the instance class.",
			"CPUUtilization", 75),
		watch("connections", "Four of five connections are taken. Look for a service that does not give them back.",
			"DatabaseConnections", 0.8*float64(maxConnections(memory))),
		// Storage auto-scaling steps in at a tenth free as well: if this rings, it waits for its six hours or is at its end.
		severity(alarm.Critical, below(watch("storage", "Less than a tenth of the storage is free. A full disk stops the database.",
			"FreeStorageSpace", 0.1*float64(a.StorageGiB)*gib))),
		below(watch("memory", "Less than a twentieth of the memory can be freed. Connections or sorts take more than there is.",
			"FreeableMemory", 0.05*memory*gib)),
		// Past two thousand million the database stops taking writes; half of it leaves days to vacuum.
		// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Autovacuum.html
		watch("transaction-ids", "Vacuum does not keep up. Look for long transactions and forgotten replication slots.",
			"MaximumUsedTransactionIDs", 1e9),
	}
}

// lagAlarm watches how far a replica is behind. It is what an RPO of minutes rests on.
func lagAlarm(name string, identifier pulumi.StringOutput) alarm.Alarm {
	return alarm.Alarm{
		Name: name + "-lag", Description: "The replica is a minute or more behind. Look at its CPU and at long queries on it.",
		Namespace: "AWS/RDS", Metric: "ReplicaLag", Statistic: "Maximum", Dimensions: pulumi.StringMap{"DBInstanceIdentifier": identifier},
		Threshold: 60, PeriodSeconds: 60, Periods: 5,
	}
}

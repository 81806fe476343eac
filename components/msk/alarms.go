package msk

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
)

// alarms of a cluster: two for all of it, three for each broker. MSK numbers brokers from 1.
// https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
func alarms(name string, cluster pulumi.StringOutput, brokers int) []alarm.Alarm {
	whole := pulumi.StringMap{"Cluster Name": cluster}
	all := []alarm.Alarm{{
		Name:        name + "-kafka-offline-partitions",
		Description: "Partitions have no leader: nothing can be written to or read from them. Look at the brokers' state in the MSK console.",
		Metric:      "OfflinePartitionsCount", Statistic: "Maximum", Dimensions: whole,
		PeriodSeconds: 60, Periods: 3, Severity: alarm.Critical,
	}, {
		Name:        name + "-kafka-no-controller",
		Description: "No broker is the controller: topics and leaders cannot change. Look at the brokers' logs for lost connections.",
		Metric:      "ActiveControllerCount", Statistic: "Maximum", Dimensions: whole, Threshold: 1, Below: true,
		PeriodSeconds: 60, Periods: 5, Severity: alarm.Critical, MissingIsBreaching: true,
	}}
	for id := 1; id <= brokers; id++ {
		broker := pulumi.StringMap{"Cluster Name": cluster, "Broker ID": pulumi.String(fmt.Sprint(id))}
		all = append(all, alarm.Alarm{
			Name: fmt.Sprintf("%s-kafka-disk-%d", name, id),
			// Early, since enlarging takes a while and can be done once in six hours only.
			Description: fmt.Sprintf("Broker %d has filled three quarters of its volume; a full one stops. Enlarge volumeGiB or shorten the retention of large topics.", id),
			Metric:      "KafkaDataLogsDiskUsed", Dimensions: broker, Threshold: 75, Severity: alarm.High,
		}, alarm.Alarm{
			Name: fmt.Sprintf("%s-kafka-cpu-%d", name, id),
			// AWS wants user and system below 60 together, to survive the loss of a broker; idle is the rest of one metric.
			Description: fmt.Sprintf("Broker %d is idle less than 40%% of the time, too little to take over when another broker fails. Use a larger type or more brokers.", id),
			Metric:      "CpuIdle", Dimensions: broker, Threshold: 40, Below: true, Severity: alarm.Medium,
		}, alarm.Alarm{
			Name:        fmt.Sprintf("%s-kafka-under-replicated-%d", name, id),
			Description: fmt.Sprintf("Partitions led by broker %d lack replicas: one more failure may stop writes. Normal while brokers restart, not for longer.", id),
			Metric:      "UnderReplicatedPartitions", Statistic: "Maximum", Dimensions: broker,
			PeriodSeconds: 300, Periods: 6, Severity: alarm.High,
		})
	}
	for i := range all {
		all[i].Namespace = "AWS/Kafka"
	}
	return all
}

package msk

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/cloudinsight/platform/internal/managed"
)

const largestVolume = 16384

var (
	// https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html
	clusterName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,63}$`)
	brokerType  = regexp.MustCompile(`^kafka\.[a-z0-9]+\.[a-z0-9]+$`)
	// 3.9.x, 3.6.0 and 3.9.x.kraft; tiered storage had versions of its own once.
	kafkaVersion = regexp.MustCompile(`^\d+\.\d+\.(x|\d+)(\.kraft|\.tiered)?$`)

	classifications = []string{"confidential", "anonymised", "synthetic"}
)

func (args *ClusterArgs) withDefaults() ClusterArgs {
	a := ClusterArgs{}
	if args != nil {
		a = *args
	}
	if a.KafkaVersion == "" {
		a.KafkaVersion = "3.9.x"
	}
	if a.BrokersPerZone == 0 {
		a.BrokersPerZone = 1
	}
	if a.VolumeGiB == 0 {
		a.VolumeGiB = 100
	}
	if a.LogRetentionDays == 0 {
		a.LogRetentionDays = 90
	}
	if a.Classification == "" {
		a.Classification = "confidential"
	}
	return a
}

// brokers of the cluster, a multiple of its zones.
func (a *ClusterArgs) brokers() int { return a.BrokersPerZone * len(a.SubnetsByZone) }

func (a *ClusterArgs) validate() error {
	var problems []error
	refuse := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !clusterName.MatchString(a.Name) {
		refuse("name: must be 1 to 64 letters, digits and hyphens, got %q", a.Name)
	}
	if a.Region == "" {
		refuse("region: must be given")
	}
	if a.VPCID == nil {
		refuse("vpc id: must be given")
	}
	if a.KeyARN == nil {
		refuse("key: must be given, brokers always encrypt what they store")
	}
	if a.LogKeyARN == nil {
		refuse("log key: must be given, logs are always encrypted")
	}
	if !kafkaVersion.MatchString(a.KafkaVersion) {
		refuse("kafka version: must be spelled as MSK does, such as 3.9.x, got %q", a.KafkaVersion)
	}
	if !brokerType.MatchString(a.InstanceType) {
		refuse("instance type: must be a broker type such as kafka.m5.large, got %q", a.InstanceType)
	}
	if zones := len(a.SubnetsByZone); zones < 2 {
		refuse("subnets: must be in at least 2 zones, got %d", zones)
	}
	if a.BrokersPerZone < 1 {
		refuse("brokers per zone: must be at least 1, got %d", a.BrokersPerZone)
	}
	if a.LogRetentionDays < 1 {
		refuse("log retention: must be positive, got %d days", a.LogRetentionDays)
	}
	if !slices.Contains(classifications, a.Classification) {
		refuse("classification: must be one of %v, got %q", classifications, a.Classification)
	}
	for _, label := range slices.Sorted(maps.Keys(a.Clients)) {
		if label == "" || a.Clients[label] == nil {
			refuse("clients: must have a name and a security group each, got %q", label)
		}
	}
	for _, label := range slices.Sorted(maps.Keys(a.MetricsClients)) {
		if label == "" || a.MetricsClients[label] == nil {
			refuse("metrics clients: must have a name and a security group each, got %q", label)
		}
	}
	return errors.Join(append(problems, a.validateStorage()...)...)
}

func (a *ClusterArgs) validateStorage() []error {
	var problems []error
	if a.VolumeGiB < 1 || a.VolumeGiB > largestVolume {
		problems = append(problems, fmt.Errorf("volume: must be between 1 and %d GiB, got %d", largestVolume, a.VolumeGiB))
	}
	if a.MaxVolumeGiB == 0 {
		return problems
	}
	if a.MaxVolumeGiB < a.VolumeGiB || a.MaxVolumeGiB > largestVolume {
		problems = append(problems, fmt.Errorf("max volume: must be between the volume, %d GiB, and %d GiB, got %d", a.VolumeGiB, largestVolume, a.MaxVolumeGiB))
	}
	if !managed.BrokersGrow(a.Region) {
		problems = append(problems, fmt.Errorf("max volume: must be 0 in %s, where MSK cannot enlarge volumes by itself, got %d", a.Region, a.MaxVolumeGiB))
	}
	return problems
}

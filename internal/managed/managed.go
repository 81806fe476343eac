// Package managed holds the facts about AWS's managed data services: which engine versions there are and which sizes are
// offered in which region. A version or a size that is not here is unknown, never guessed.
package managed

import (
	"maps"
	"slices"
	"strings"
)

// Service is a managed data service.
type Service string

// The services of the data tier.
const (
	PostgreSQL  Service = "RDS for PostgreSQL"
	DocumentDB  Service = "DocumentDB"
	Kafka       Service = "MSK"
	ElastiCache Service = "ElastiCache for Redis"
)

// versions that can be had for a new database, cluster or cache, of the majors that the platform is tested with.
//
// PostgreSQL: https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-versions.html, newest minor of
// 2026-08. DocumentDB: https://docs.aws.amazon.com/documentdb/latest/developerguide/release-notes.html. MSK:
// https://docs.aws.amazon.com/msk/latest/developerguide/supported-kafka-versions.html, 4.x has no metadata in ZooKeeper.
// ElastiCache: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/supported-engine-versions.html
var versions = map[Service][]string{
	PostgreSQL:  {"17.11"},
	DocumentDB:  {"5.0.0"},
	Kafka:       {"3.9.x", "3.9.x.kraft"},
	ElastiCache: {"7.1"},
}

// Sizes of the families, as the price lists of 2025-06 and 2025-11 have them.
var (
	burstable = []string{"micro", "small", "medium", "large", "xlarge", "2xlarge"}
	large     = []string{"large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"}
	graviton2 = []string{"large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"}
)

// families by service: the prefix of their sizes, the sizes of each, and the families of each region.
//
// af-south-1: the price list feeds of RDS, DocumentDB, MSK and ElastiCache (2025-06 to 2025-11), DocumentDB's table of
// instance classes by region, and AWS's announcement of ElastiCache T4g (2026-06).
var families = map[Service]struct {
	prefix  string
	sizes   map[string][]string
	regions map[string][]string
}{
	PostgreSQL: {"db.",
		map[string][]string{
			"t3": burstable, "t4g": burstable, "m5": large, "m5d": large, "m6g": graviton2, "m6i": append(slices.Clone(large), "32xlarge"),
			"m7g": graviton2, "r5": large, "r5d": large, "r6g": graviton2, "r6i": append(slices.Clone(large), "32xlarge"), "r7g": graviton2,
		},
		map[string][]string{
			"af-south-1": {"t3", "t4g", "m5", "m5d", "m6g", "m6i", "r5", "r5d", "r6g", "r6i"},
			"eu-west-1":  {"t3", "t4g", "m5", "m5d", "m6g", "m6i", "m7g", "r5", "r5d", "r6g", "r6i", "r7g"},
			"us-east-1":  {"t3", "t4g", "m5", "m5d", "m6g", "m6i", "m7g", "r5", "r5d", "r6g", "r6i", "r7g"},
		}},
	DocumentDB: {"db.",
		map[string][]string{"t3": {"medium"}, "t4g": {"medium"}, "r5": large, "r6g": graviton2, "r8g": graviton2},
		map[string][]string{
			"af-south-1": {"t3", "t4g", "r5", "r6g"},
			"eu-west-1":  {"t3", "t4g", "r5", "r6g", "r8g"},
			"us-east-1":  {"t3", "t4g", "r5", "r6g", "r8g"},
		}},
	Kafka: {"kafka.",
		map[string][]string{"t3": {"small"}, "m5": large, "m7g": graviton2},
		map[string][]string{"af-south-1": {"t3", "m5"}, "eu-west-1": {"t3", "m5", "m7g"}, "us-east-1": {"t3", "m5", "m7g"}}},
	ElastiCache: {"cache.",
		map[string][]string{
			"t3": {"micro", "small", "medium"}, "t4g": {"micro", "small", "medium"}, "m5": large, "r5": large,
			"m6g": graviton2, "r6g": graviton2, "m7g": graviton2, "r7g": graviton2,
		},
		map[string][]string{
			"af-south-1": {"t3", "t4g", "m5", "r5"},
			"eu-west-1":  {"t3", "t4g", "m5", "r5", "m6g", "r6g", "m7g", "r7g"},
			"us-east-1":  {"t3", "t4g", "m5", "r5", "m6g", "r6g", "m7g", "r7g"},
		}},
}

// Versions lists the engine versions that the platform knows, the newest last.
func Versions(s Service) []string { return slices.Clone(versions[s]) }

// Classes lists the sizes that a service offers in a region, in alphabetical order; none for an unknown region.
func Classes(s Service, region string) []string {
	var all []string
	for _, family := range families[s].regions[region] {
		for _, size := range families[s].sizes[family] {
			all = append(all, families[s].prefix+family+"."+size)
		}
	}
	slices.Sort(all)
	return all
}

// Exists says whether any known region offers the size.
func Exists(s Service, class string) bool {
	for region := range maps.Keys(families[s].regions) {
		if Offered(s, class, region) {
			return true
		}
	}
	return false
}

// Offered says whether a service offers a size in a region.
func Offered(s Service, class, region string) bool { return slices.Contains(Classes(s, region), class) }

// Burstable says whether a size lives on CPU credits.
func Burstable(class string) bool {
	_, rest, _ := strings.Cut(class, ".")
	return strings.HasPrefix(rest, "t")
}

// withoutBrokerGrowth are the regions where MSK does not enlarge the volumes of brokers by itself.
// https://docs.aws.amazon.com/msk/latest/developerguide/msk-autoexpand.html
var withoutBrokerGrowth = []string{"af-south-1", "ap-northeast-3", "ap-southeast-5"}

// BrokersGrow says whether MSK enlarges the volumes of brokers by itself in a region.
func BrokersGrow(region string) bool { return !slices.Contains(withoutBrokerGrowth, region) }

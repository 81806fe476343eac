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

// Sizes in which AWS makes families of instances.
const (
	burstable = "micro small medium large xlarge 2xlarge"
	to16      = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
	to24      = to16 + " 24xlarge"
	to32      = to24 + " 32xlarge"
	cacheTo24 = "large xlarge 2xlarge 4xlarge 12xlarge 24xlarge"
)

// offer is what a service has in one region: sizes by family. What is missing here is refused: either AWS does not offer it
// there, or it came after the list was made, and then it is to be added with its source.
type offer map[string]string

// offers by service and region.
var offers = map[Service]map[string]offer{
	// PostgreSQL. https://aws.amazon.com/rds/postgresql/pricing/ (June 2025) and
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html
	PostgreSQL: {
		"af-south-1": {
			"db.t3": burstable, "db.t4g": burstable, "db.m5": to24, "db.m5d": to24, "db.m6g": to16, "db.m6i": to32,
			"db.r5": to24, "db.r5d": to24, "db.r6g": to16, "db.r6i": to32,
		},
		"eu-west-1": rdsMost, "us-east-1": rdsMost,
	},
	// https://docs.aws.amazon.com/documentdb/latest/developerguide/db-instance-classes.html, by region
	DocumentDB: {
		"af-south-1": {"db.t3": "medium", "db.t4g": "medium", "db.r5": to24, "db.r6g": to16},
		"eu-west-1":  documentMost, "us-east-1": documentMost,
	},
	// Standard brokers. https://aws.amazon.com/msk/pricing/ (October 2025) and
	// https://docs.aws.amazon.com/msk/latest/developerguide/broker-instance-sizes.html
	Kafka: {
		"af-south-1": {"kafka.t3": "small", "kafka.m5": to24},
		"eu-west-1":  kafkaMost, "us-east-1": kafkaMost,
	},
	// https://aws.amazon.com/elasticache/pricing/ (June 2025); T4g in Cape Town:
	// https://aws.amazon.com/about-aws/whats-new/2026/06/amazon-elasticache-t4g-additional-aws-regions/
	ElastiCache: {
		"af-south-1": {"cache.t3": "micro small medium", "cache.t4g": "micro small medium", "cache.m5": cacheTo24, "cache.r5": cacheTo24},
		"eu-west-1":  cacheMost, "us-east-1": cacheMost,
	},
}

var (
	rdsMost = offer{
		"db.t3": burstable, "db.t4g": burstable, "db.m5": to24, "db.m5d": to24, "db.m6g": to16, "db.m6i": to32, "db.m7g": to16,
		"db.r5": to24, "db.r5d": to24, "db.r6g": to16, "db.r6i": to32, "db.r7g": to16,
	}
	documentMost = offer{"db.t3": "medium", "db.t4g": "medium", "db.r5": to24, "db.r6g": to16, "db.r8g": to16}
	kafkaMost    = offer{"kafka.t3": "small", "kafka.m5": to24, "kafka.m7g": to16}
	cacheMost    = offer{
		"cache.t3": "micro small medium", "cache.t4g": "micro small medium", "cache.m5": cacheTo24, "cache.r5": cacheTo24,
		"cache.m6g": to16, "cache.r6g": to16, "cache.m7g": to16, "cache.r7g": to16,
	}
)

// Versions lists the engine versions that the platform knows, the newest last.
func Versions(s Service) []string { return slices.Clone(versions[s]) }

// Classes lists the sizes that a service offers in a region, in alphabetical order; none for an unknown region.
func Classes(s Service, region string) []string {
	var all []string
	for family, sizes := range offers[s][region] {
		for size := range strings.FieldsSeq(sizes) {
			all = append(all, family+"."+size)
		}
	}
	slices.Sort(all)
	return all
}

// Families lists the families that a service offers in a region, in alphabetical order.
func Families(s Service, region string) []string { return slices.Sorted(maps.Keys(offers[s][region])) }

// Exists says whether any known region offers the size.
func Exists(s Service, class string) bool {
	for region := range offers[s] {
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

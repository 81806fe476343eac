package aws

import (
	"fmt"
	"slices"
	"strings"
)

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
var offers = map[string]map[string]offer{
	// PostgreSQL. https://aws.amazon.com/rds/postgresql/pricing/ (June 2025) and
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html
	"rds": {
		"af-south-1": {
			"db.t3": burstable, "db.t4g": burstable, "db.m5": to24, "db.m5d": to24, "db.m6g": to16, "db.m6i": to32,
			"db.r5": to24, "db.r5d": to24, "db.r6g": to16, "db.r6i": to32,
		},
		"eu-west-1": rdsMost, "us-east-1": rdsMost,
	},
	// https://docs.aws.amazon.com/documentdb/latest/developerguide/db-instance-classes.html, by region
	"docdb": {
		"af-south-1": {"db.t3": "medium", "db.t4g": "medium", "db.r5": to24, "db.r6g": to16},
		"eu-west-1":  documentMost, "us-east-1": documentMost,
	},
	// Standard brokers. https://aws.amazon.com/msk/pricing/ (October 2025) and
	// https://docs.aws.amazon.com/msk/latest/developerguide/broker-instance-sizes.html
	"kafka": {
		"af-south-1": {"kafka.t3": "small", "kafka.m5": to24},
		"eu-west-1":  kafkaMost, "us-east-1": kafkaMost,
	},
	// https://aws.amazon.com/elasticache/pricing/ (June 2025); T4g in Cape Town:
	// https://aws.amazon.com/about-aws/whats-new/2026/06/amazon-elasticache-t4g-additional-aws-regions/
	"elasticache": {
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

// offered says whether the service has the class in the region.
func offered(service, region, class string) bool {
	i := strings.LastIndex(class, ".")
	return i >= 0 && slices.Contains(strings.Fields(offers[service][region][class[:i]]), class[i+1:])
}

// offeredFamilies is what an error tells instead.
func offeredFamilies(service, region string) string {
	return fmt.Sprintf("%s has %s there", region, strings.Join(sortedKeys(offers[service][region]), ", "))
}

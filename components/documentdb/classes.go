package documentdb

import (
	"maps"
	"slices"
)

// connections that a class takes, active and idle. DocumentDB has no parameter for it.
// https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html#limits.instance
var connections = memoryOptimized(map[string]int{"db.t3.medium": 1000, "db.t4g.medium": 1000})

func memoryOptimized(all map[string]int) map[string]int {
	bySize := map[string]int{
		"large": 3400, "xlarge": 7000, "2xlarge": 14200, "4xlarge": 28400, "8xlarge": 60000, "12xlarge": 60000, "16xlarge": 60000,
	}
	for _, family := range []string{"r5", "r6g", "r6gd"} {
		for size, count := range bySize {
			all["db."+family+"."+size] = count
		}
	}
	all["db.r5.24xlarge"] = 60000
	return all
}

// Classes lists the instance classes whose limits are known.
func Classes() []string { return slices.Sorted(maps.Keys(connections)) }

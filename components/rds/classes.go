package rds

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// largeGiB is the memory of size large by family; the other sizes follow from it.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
var largeGiB = map[string]float64{
	"t3": 8, "t4g": 8,
	"m5": 8, "m5d": 8, "m6g": 8, "m6gd": 8, "m6i": 8, "m6id": 8, "m7g": 8, "m7i": 8, "m8g": 8,
	"r5": 16, "r5d": 16, "r6g": 16, "r6gd": 16, "r6i": 16, "r6id": 16, "r7g": 16, "r7i": 16, "r8g": 16,
}

// Families lists the instance families whose memory is known, such as r5.
func Families() []string { return slices.Sorted(maps.Keys(largeGiB)) }

// Sizes in parts of large; 2xlarge is four times large, and so on.
var smallSizes = map[string]float64{"micro": 1. / 8, "small": 1. / 4, "medium": 1. / 2, "large": 1, "xlarge": 2}

var (
	class  = regexp.MustCompile(`^db\.([a-z0-9]+)\.([a-z0-9]+)$`)
	xlarge = regexp.MustCompile(`^([1-9]\d?)xlarge$`)
)

// memoryGiB of an instance class.
func memoryGiB(instanceClass string) (float64, error) {
	m := class.FindStringSubmatch(instanceClass)
	if m == nil {
		return 0, fmt.Errorf("must look like db.r5.large, got %q", instanceClass)
	}
	large, ok := largeGiB[m[1]]
	if !ok {
		return 0, fmt.Errorf("must be of a family of %s, got %q", strings.Join(Families(), ", "), instanceClass)
	}
	if part, ok := smallSizes[m[2]]; ok {
		return large * part, nil
	}
	if times := xlarge.FindStringSubmatch(m[2]); times != nil {
		count, _ := strconv.Atoi(times[1])
		return large * 2 * float64(count), nil
	}
	return 0, fmt.Errorf("must have a size such as micro, large or 2xlarge, got %q", instanceClass)
}

const gib = 1 << 30

// maxConnections that a class gets: RDS's own formula, LEAST(DBInstanceClassMemory/9531392, 5000). RDS takes from the
// memory what it needs for itself and does not say how much; here it is 256 MiB. The number is set as a parameter, so
// the alarm and the database agree on it.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
func maxConnections(memoryGiB float64) int {
	const own = gib / 4
	return min(int((memoryGiB*gib-own)/9531392), 5000)
}

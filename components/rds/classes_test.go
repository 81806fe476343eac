package rds

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMemoryGiB(t *testing.T) {
	for class, want := range map[string]float64{
		"db.t3.micro": 1, "db.t3.small": 2, "db.t3.medium": 4, "db.t4g.2xlarge": 32, "db.m5.large": 8, "db.m6i.4xlarge": 64,
		"db.r5.large": 16, "db.r5.xlarge": 32, "db.r5.2xlarge": 64, "db.r6g.16xlarge": 512,
	} {
		got, err := memoryGiB(class)
		assert.NoError(t, err)
		assert.Equal(t, want, got, class)
	}
	for class, want := range map[string]string{
		"":              "must look like db.r5.large",
		"r5.large":      "must look like db.r5.large",
		"db.r4.large":   "must be of a family of m5, m5d",
		"db.r5.huge":    "must have a size such as micro, large or 2xlarge",
		"db.r5.0xlarge": "must have a size",
	} {
		_, err := memoryGiB(class)
		assert.ErrorContains(t, err, want, class)
	}
}

// Worked out by hand from the formula.
func TestMaxConnections(t *testing.T) {
	for memory, want := range map[float64]int{1: 84, 2: 197, 4: 422, 16: 1774, 64: 5000, 512: 5000} {
		assert.Equal(t, want, maxConnections(memory), "%v GiB", memory)
	}
}

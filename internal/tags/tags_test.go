package tags_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudinsight/platform/internal/tags"
)

func TestDefault(t *testing.T) {
	assert.Equal(t, map[string]string{
		"Project": "cloudinsight", "Environment": "dev", "Owner": "platform", "CostCenter": "cc-1", "ManagedBy": "pulumi",
	}, tags.Default("dev", "platform", "cc-1"))
}

func TestOf(t *testing.T) {
	assert.Equal(t, map[string]string{"Component": "vpc", "Name": "main", "Tier": "data"},
		tags.Of("vpc", "main", map[string]string{"Tier": "data"}))
}

func TestMerge_LaterWinsAndInputsStay(t *testing.T) {
	first, second := map[string]string{"a": "1", "b": "1"}, map[string]string{"b": "2"}
	assert.Equal(t, map[string]string{"a": "1", "b": "2"}, tags.Merge(first, second))
	assert.Equal(t, map[string]string{"a": "1", "b": "1"}, first)
}

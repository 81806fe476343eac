package storage_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudinsight/platform/components/storage"
)

func TestLifecycle_DefaultKeepsObjectsAndForgetsOldVersions(t *testing.T) {
	lifecycle := record(t, plain()).Named(t, lifecycleType, "dev-logs")
	assert.Len(t, lifecycle.Input("rules"), 1)
	assert.Equal(t, map[string]any{"prefix": ""}, lifecycle.Input("rules[0].filter"), "all objects")
	assert.Nil(t, lifecycle.Input("rules[0].expiration.days"))
	assert.Equal(t, true, lifecycle.Input("rules[0].expiration.expiredObjectDeleteMarker"))
	assert.Equal(t, 30.0, lifecycle.Input("rules[0].noncurrentVersionExpiration.noncurrentDays"))
	assert.Equal(t, 7.0, lifecycle.Input("rules[0].abortIncompleteMultipartUpload.daysAfterInitiation"))
	assert.Nil(t, lifecycle.Input("rules[0].transitions"))
}

func TestLifecycle_EverythingSet(t *testing.T) {
	lifecycle := record(t, everything()).Named(t, lifecycleType, "dev-logs")
	assert.Equal(t, 2557.0, lifecycle.Input("rules[0].expiration.days"))
	assert.Nil(t, lifecycle.Input("rules[0].expiration.expiredObjectDeleteMarker"), "S3 takes one of the two")
	assert.Equal(t, 90.0, lifecycle.Input("rules[0].transitions[0].days"))
	assert.Equal(t, "GLACIER", lifecycle.Input("rules[0].transitions[0].storageClass"))
	assert.Equal(t, 7.0, lifecycle.Input("rules[0].noncurrentVersionExpiration.noncurrentDays"))
	assert.Equal(t, "results/", lifecycle.Input("rules[1].filter.prefix"), "in the order of the folders")
	assert.Equal(t, 7.0, lifecycle.Input("rules[1].expiration.days"))
	assert.Equal(t, "tmp/", lifecycle.Input("rules[2].filter.prefix"))
}

func TestKeepRecords_GoesToGlacierWhenThatPays(t *testing.T) {
	assert.Equal(t, storage.Lifecycle{ExpireDays: 2557, GlacierAfterDays: 90}, storage.KeepRecords(2557))
	assert.Equal(t, storage.Lifecycle{ExpireDays: 180, GlacierAfterDays: 90}, storage.KeepRecords(180))
	assert.Equal(t, storage.Lifecycle{ExpireDays: 179}, storage.KeepRecords(179))
	assert.Equal(t, storage.Lifecycle{}, storage.KeepRecords(0), "kept until deleted")
}

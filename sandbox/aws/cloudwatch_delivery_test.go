package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDelivery_OfADistributionsLog(t *testing.T) {
	w := newWorld(t)
	closed := w.bucket("closed", "")
	open := w.bucket("open", allow("delivery.logs.amazonaws.com", "s3:PutObject", "arn:aws:s3:::open/AWSLogs/*"))
	d := w.make(typeDistribution, distributionOf())
	source := map[string]any{"name": "edge", "logType": "ACCESS_LOGS", "resourceArn": d.outputs.str("arn")}
	_, err := w.try(typeDeliverySource, source)
	assert.ErrorContains(t, err, "is in us-east-1, got af-south-1")
	w.configure("us-east-1")
	from := w.make(typeDeliverySource, source)
	to := func(bucket made) map[string]any {
		return map[string]any{"outputFormat": "json", "deliveryDestinationConfiguration": map[string]any{"destinationResourceArn": bucket.outputs.str("arn")}}
	}
	good, bad := w.make(typeDeliveryDestination, to(open)), w.make(typeDeliveryDestination, to(closed))
	assert.Equal(t, "S3", good.outputs.str("deliveryDestinationType"))
	delivery := map[string]any{"deliverySourceName": "edge", "deliveryDestinationArn": good.outputs.str("arn")}
	w.refuses(t, map[string]refusal{
		"source twice":   {typeDeliverySource, source, "one resource would undo the other"},
		"log twice":      {typeDeliverySource, with(source, map[string]any{"name": "other"}), "ConflictException"},
		"no source":      {typeDeliverySource, with(source, map[string]any{"name": "other", "resourceArn": "x"}), "ResourceNotFoundException"},
		"kind of log":    {typeDeliverySource, with(source, map[string]any{"logType": "EVENT_LOGS"}), "logType: must be one of"},
		"no destination": {typeDeliveryDestination, to(made{outputs: props{"arn": "arn:aws:s3:::none"}}), "There is no bucket or log group"},
		"closed bucket":  {typeDelivery, with(delivery, map[string]any{"deliveryDestinationArn": bad.outputs.str("arn")}), "does not let delivery.logs.amazonaws.com put"},
		"delimiter":      {typeDelivery, with(delivery, map[string]any{"fieldDelimiter": ","}), "has no field delimiter"},
		"from nothing":   {typeDelivery, with(delivery, map[string]any{"deliverySourceName": "none"}), "There is no source none"},
	})
	made := w.make(typeDelivery, delivery)
	_, err = w.try(typeDelivery, delivery)
	assert.ErrorContains(t, err, "ConflictException")
	assert.ErrorContains(t, w.delete(from), "ConflictException")
	assert.ErrorContains(t, w.delete(good), "ConflictException")
	require.NoError(t, w.delete(made))
	require.NoError(t, w.delete(from))
}

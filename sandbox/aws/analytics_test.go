package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

func TestGlue_Refuses(t *testing.T) {
	w := newWorld(t)
	w.bucket("cost", "")
	database := w.make(typeCatalogDatabase, map[string]any{"name": "cost"})
	assert.Equal(t, w.accountID()+":cost", database.id)
	table := map[string]any{"name": "cur", "databaseName": "cost", "storageDescriptor": map[string]any{
		"location": "s3://cost/exports/", "columns": []any{map[string]any{"name": "a", "type": "string"}},
	}}
	crawler := map[string]any{"name": "c", "databaseName": "cost", "role": w.role("glue.amazonaws.com"), "s3Targets": []any{map[string]any{"path": "s3://cost/exports/"}}}
	w.refuses(t, map[string]refusal{
		"upper case":       {typeCatalogDatabase, map[string]any{"name": "Cost"}, "no upper-case letters"},
		"database twice":   {typeCatalogDatabase, map[string]any{"name": "cost"}, "Database already exists"},
		"another account":  {typeCatalogDatabase, map[string]any{"name": "x", "catalogId": "444455556666"}, "does not know the catalog of another account"},
		"no database":      {typeCatalogTable, with(table, map[string]any{"databaseName": "none"}), "Database none not found"},
		"no bucket":        {typeCatalogTable, with(table, map[string]any{"storageDescriptor": map[string]any{"location": "s3://none/"}}), "not a place in a bucket that exists"},
		"column twice":     {typeCatalogTable, with(table, map[string]any{"partitionKeys": []any{map[string]any{"name": "A", "type": "date"}}}), `got "a" twice`},
		"no target":        {typeCrawler, with(crawler, map[string]any{"s3Targets": nil}), "a crawler needs a target"},
		"role of others":   {typeCrawler, with(crawler, map[string]any{"role": w.role("athena.amazonaws.com")}), "cannot be assumed by glue.amazonaws.com"},
		"schedule":         {typeCrawler, with(crawler, map[string]any{"schedule": "rate(1 day)"}), "must be one of the forms [cron]"},
		"new folders only": {typeCrawler, with(crawler, map[string]any{"recrawlPolicy": map[string]any{"recrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}}), "has LOG for both behaviors"},
		"jdbc":             {typeCrawler, with(crawler, map[string]any{"jdbcTargets": []any{map[string]any{"connectionName": "x", "path": "y"}}}), "does not know crawlers of jdbcTargets"},
	})
	made := w.make(typeCatalogTable, table)
	w.make(typeCrawler, crawler)
	require.NoError(t, w.delete(database))
	assert.Nil(t, w.read(made).Outputs, "tables go with their database")
}

func TestWorkgroup_Refuses(t *testing.T) {
	w := newWorld(t)
	w.bucket("results", "")
	group := func(configuration map[string]any) map[string]any {
		return map[string]any{"name": "cost", "configuration": configuration}
	}
	encrypted := func(option string, key any) map[string]any {
		e := map[string]any{"encryptionOption": option}
		if key != nil {
			e["kmsKeyArn"] = key
		}
		return group(map[string]any{"resultConfiguration": map[string]any{"outputLocation": "s3://results/", "encryptionConfiguration": e}})
	}
	w.refuses(t, map[string]refusal{
		"cutoff":       {typeWorkgroup, group(map[string]any{"bytesScannedCutoffPerQuery": 10485759}), "must be at least 10485760 (10 MiB), got 10485759"},
		"no bucket":    {typeWorkgroup, group(map[string]any{"resultConfiguration": map[string]any{"outputLocation": "s3://none/"}}), "not a place in a bucket that exists"},
		"no key given": {typeWorkgroup, encrypted("SSE_KMS", nil), "goes together with SSE_KMS"},
		"no key there": {typeWorkgroup, encrypted("SSE_KMS", "arn:aws:kms:af-south-1:1:key/x"), "does not exist in af-south-1"},
		"primary":      {typeWorkgroup, map[string]any{"name": "primary"}, "WorkGroup is already created"},
		"name":         {typeWorkgroup, map[string]any{"name": "a b"}, "name: must match"},
	})
	made := w.make(typeWorkgroup, encrypted("SSE_KMS", w.keyFor("")))
	w.change(func(s *account.State) { s.Get(typeWorkgroup, "cost").Props[workgroupHoldsQueries] = []any{"q"} })
	assert.ErrorContains(t, w.delete(made), "is not empty")
}

func exportOf(bucket, query string, settings map[string]any, output map[string]any) map[string]any {
	q := map[string]any{"queryStatement": query}
	if settings != nil {
		q["tableConfigurations"] = settings
	}
	return map[string]any{"export": map[string]any{
		"name": "cost", "dataQueries": []any{q}, "refreshCadences": []any{map[string]any{"frequency": "SYNCHRONOUS"}},
		"destinationConfigurations": []any{map[string]any{"s3Destinations": []any{map[string]any{
			"s3Bucket": bucket, "s3Prefix": "exports", "s3Region": "af-south-1",
			"s3OutputConfigurations": []any{with(map[string]any{"compression": "PARQUET", "format": "PARQUET", "outputType": "CUSTOM", "overwrite": "OVERWRITE_REPORT"}, output)},
		}}}},
	}}
}

func TestExport_IsMadeInOneRegionForABucketThatLetsItIn(t *testing.T) {
	w := newWorld(t)
	w.bucket("cost", `{"Effect":"Allow","Principal":{"Service":"bcm-data-exports.amazonaws.com"},"Action":["s3:PutObject","s3:GetBucketPolicy"],"Resource":["arn:aws:s3:::cost","arn:aws:s3:::cost/*"],
		"Condition":{"StringLike":{"aws:SourceAccount":"`+w.accountID()+`","aws:SourceArn":"arn:aws:bcm-data-exports:us-east-1:`+w.accountID()+`:export/*"}}}`)
	w.bucket("closed", "")
	const query = "SELECT line_item_usage_start_date, line_item_unblended_cost FROM COST_AND_USAGE_REPORT"
	_, err := w.try(typeExport, exportOf("cost", query, nil, nil))
	assert.ErrorContains(t, err, "made in us-east-1 alone")
	w.configure("us-east-1")
	hourly := map[string]any{"COST_AND_USAGE_REPORT": map[string]any{"TIME_GRANULARITY": "HOURLY", "INCLUDE_RESOURCES": "TRUE"}}
	w.refuses(t, map[string]refusal{
		"no bucket":     {typeExport, exportOf("none", query, nil, nil), "The S3 bucket none does not exist"},
		"closed bucket": {typeExport, exportOf("closed", query, nil, nil), "does not let bcm-data-exports.amazonaws.com put exports/*"},
		"no query":      {typeExport, exportOf("cost", "all of it", nil, nil), "must be SELECT columns FROM table"},
		"everything":    {typeExport, exportOf("cost", "SELECT * FROM COST_AND_USAGE_REPORT", nil, nil), "select columns by their names"},
		"table":         {typeExport, exportOf("cost", "SELECT a FROM CUR", nil, nil), "must be FROM one of"},
		"setting":       {typeExport, exportOf("cost", query, map[string]any{"COST_AND_USAGE_REPORT": map[string]any{"GRANULARITY": "HOURLY"}}, nil), "has only"},
		"value":         {typeExport, exportOf("cost", query, map[string]any{"COST_AND_USAGE_REPORT": map[string]any{"TIME_GRANULARITY": "WEEKLY"}}, nil), "must be one of [HOURLY DAILY MONTHLY]"},
		"compression":   {typeExport, exportOf("cost", query, nil, map[string]any{"compression": "GZIP"}), "is PARQUET for PARQUET and GZIP for TEXT_OR_CSV"},
	})
	made := w.make(typeExport, exportOf("cost", query, hourly, nil))
	assert.Equal(t, made.id, made.outputs.object("export").str("exportArn"))
	_, err = w.try(typeExport, exportOf("cost", query, nil, nil))
	assert.ErrorContains(t, err, "already exists")
	change := diffProps(plainMap(made.inputs), exportOf("cost", query, nil, nil), kinds[typeExport], nil)
	assert.NotEmpty(t, change.ReplaceKeys, "settings of the table can't be changed in place")
}

func TestConfig_OneRecorderAndWhereItDelivers(t *testing.T) {
	w := newWorld(t)
	role := w.role("config.amazonaws.com")
	grants := func(bucket string) string {
		return allow("config.amazonaws.com", "s3:GetBucketAcl", "arn:aws:s3:::"+bucket) + "," +
			`{"Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + bucket + `/AWSLogs/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}`
	}
	w.bucket("history", grants("history"))
	w.bucket("closed", "")
	channel := map[string]any{"name": "default", "s3BucketName": "history"}
	w.refuses(t, map[string]refusal{
		"role":         {typeRecorder, map[string]any{"roleArn": w.role("s3.amazonaws.com")}, "cannot be assumed by config.amazonaws.com"},
		"all and some": {typeRecorder, map[string]any{"roleArn": role, "recordingGroup": map[string]any{"allSupported": true, "resourceTypes": []any{"AWS::S3::Bucket"}}}, "only one of them"},
		"no recorder":  {typeDeliveryChannel, channel, "Configuration recorder is not available"},
		"organization": {typeAggregator, map[string]any{"organizationAggregationSource": map[string]any{"roleArn": role, "allRegions": true}}, "management account"},
		"no regions":   {typeAggregator, map[string]any{"accountAggregationSource": map[string]any{"accountIds": []any{w.accountID()}}}, "all regions or some"},
	})
	w.make(typeRecorder, map[string]any{"name": "default", "roleArn": role})
	w.refuses(t, map[string]refusal{
		"second recorder": {typeRecorder, map[string]any{"name": "other", "roleArn": role}, "MaxNumberOfConfigurationRecordersExceededException"},
		"closed bucket":   {typeDeliveryChannel, with(channel, map[string]any{"s3BucketName": "closed"}), "InsufficientDeliveryPolicyException"},
		"another prefix":  {typeDeliveryChannel, with(channel, map[string]any{"s3KeyPrefix": "config"}), "InsufficientDeliveryPolicyException"},
		"no channel":      {typeRecorderStatus, map[string]any{"name": "default", "isEnabled": true}, "NoAvailableDeliveryChannelException"},
		"status of none":  {typeRecorderStatus, map[string]any{"name": "none", "isEnabled": false}, "NoSuchConfigurationRecorderException"},
	})
	delivery := w.make(typeDeliveryChannel, channel)
	status := w.make(typeRecorderStatus, map[string]any{"name": "default", "isEnabled": true})
	assert.ErrorContains(t, w.delete(delivery), "there is a running configuration recorder")
	require.NoError(t, w.delete(status))
	require.NoError(t, w.delete(delivery))
	w.make(typeAggregator, map[string]any{"accountAggregationSource": map[string]any{"accountIds": []any{w.accountID()}, "allRegions": true}})
}

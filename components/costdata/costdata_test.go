package costdata_test

import (
	"testing"

	awssdk "github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/costdata"
	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	componentType    = "cloudinsight:costdata:CostData"
	aggregatorType   = "aws:cfg/configurationAggregator:ConfigurationAggregator"
	allowType        = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
	databaseType     = "aws:glue/catalogDatabase:CatalogDatabase"
	exportType       = "aws:bcmdata/export:Export"
	notificationType = "aws:s3/bucketNotification:BucketNotification"
	queueType        = "aws:sqs/queue:Queue"
	queuePolicyType  = "aws:sqs/queuePolicy:QueuePolicy"
	tableType        = "aws:glue/catalogTable:CatalogTable"
	workgroupType    = "aws:athena/workgroup:Workgroup"
	userType         = "test:index:User"

	key           = "arn:aws:kms:af-south-1:111122223333:key/1"
	aggregatorARN = "arn:aws:config:af-south-1:111122223333:config-aggregator/config-aggregator-1"
)

func plain() *costdata.Args {
	return &costdata.Args{
		Name: "cloudinsight-dev", Region: pulumitest.Region, AccountID: pulumitest.AccountID,
		BucketName: pulumi.String("costs-1234567"), BucketARN: pulumi.String("arn:aws:s3:::costs-1234567"), KeyARN: pulumi.String(key),
	}
}

// record registers the component, and a user of its outputs. The provider is there for whoever sets it.
func record(t *testing.T, change func(*costdata.Args, pulumi.ProviderResource)) (*pulumitest.Recorder, *costdata.CostData) {
	t.Helper()
	var made *costdata.CostData
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		global, err := awssdk.NewProvider(ctx, "global", &awssdk.ProviderArgs{Region: pulumi.String("us-east-1")})
		if err != nil {
			return err
		}
		args := plain()
		if change != nil {
			change(args, global)
		}
		if made, err = costdata.NewCostData(ctx, "costs", args); err != nil {
			return err
		}
		dimensions := pulumi.StringMap{}
		for _, alarm := range made.Alarms() {
			dimensions[alarm.Name] = alarm.Dimensions["QueueName"]
		}
		return ctx.RegisterResource(userType, "user", pulumi.Map{
			"queueUrl": made.QueueURL, "queueArn": made.QueueARN, "deadLetters": made.DeadLetterQueueARN,
			"database": made.Database, "workgroup": made.Workgroup, "policy": made.ReadPolicy, "queues": dimensions,
		}, &struct{ pulumi.CustomResourceState }{})
	}, pulumitest.Outputs(aggregatorType, func(found *pulumitest.Resource) map[string]any {
		return map[string]any{"arn": aggregatorARN}
	}))
	return rec, made
}

func everything(args *costdata.Args, global pulumi.ProviderResource) {
	args.Export, args.ExportProvider = true, global
	args.ScanLimitBytes, args.MaxReceives, args.Aggregator = 1<<30, 3, true
}

func TestCostData_Defaults(t *testing.T) {
	rec, _ := record(t, nil)
	assert.Zero(t, rec.Count(exportType))
	assert.Zero(t, rec.Count(aggregatorType))
	assert.Equal(t, map[string]any{"Component": "costdata", "Name": "costs"}, rec.Named(t, queueType, "costs").Input("tags"))
	assert.Len(t, rec.Children(rec.Named(t, componentType, "costs")), 9)
}

func TestCostData_EverythingSet(t *testing.T) {
	rec, made := record(t, everything)
	assert.Len(t, rec.Children(rec.Named(t, componentType, "costs")), 11)
	assert.Equal(t, 1073741824.0, rec.Named(t, workgroupType, "costs").Input("configuration.bytesScannedCutoffPerQuery"))
	aggregator := rec.Named(t, aggregatorType, "costs")
	assert.Equal(t, []any{pulumitest.AccountID}, aggregator.Input("accountAggregationSource.accountIds"))
	assert.Equal(t, true, aggregator.Input("accountAggregationSource.allRegions"))
	assert.Len(t, made.Ready, 3)
}

func TestExport_DeliversTheColumnsOfTheTable(t *testing.T) {
	rec, _ := record(t, everything)
	export := rec.Named(t, exportType, "costs")
	assert.Equal(t, "global", export.Provider)
	assert.Equal(t, "cloudinsight-dev-cost", export.Input("export.name"))
	assert.Equal(t, map[string]any{
		"BILLING_VIEW_ARN": "arn:aws:billing::111122223333:billingview/primary", "INCLUDE_RESOURCES": "TRUE", "TIME_GRANULARITY": "HOURLY",
		"INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY": "FALSE", "INCLUDE_SPLIT_COST_ALLOCATION_DATA": "FALSE",
	}, export.Input("export.dataQueries[0].tableConfigurations.COST_AND_USAGE_REPORT"))
	destination := "export.destinationConfigurations[0].s3Destinations[0]."
	assert.Equal(t, "costs-1234567", export.Input(destination+"s3Bucket"))
	assert.Equal(t, "exports", export.Input(destination+"s3Prefix"))
	assert.Equal(t, "af-south-1", export.Input(destination+"s3Region"), "the bucket's, not the export's")
	assert.Equal(t, map[string]any{"outputType": "CUSTOM", "format": "PARQUET", "compression": "PARQUET", "overwrite": "OVERWRITE_REPORT"},
		export.Input(destination+"s3OutputConfigurations[0]"))
	assert.Equal(t, "SYNCHRONOUS", export.Input("export.refreshCadences[0].frequency"))

	table := rec.Named(t, tableType, "costs")
	query := "SELECT "
	seen := map[any]bool{}
	for i, column := range table.Input("storageDescriptor.columns").([]any) {
		name := column.(map[string]any)["name"]
		assert.False(t, seen[name], "%s twice", name)
		seen[name] = true
		if i > 0 {
			query += ", "
		}
		query += name.(string)
	}
	assert.Equal(t, query+" FROM COST_AND_USAGE_REPORT", export.Input("export.dataQueries[0].queryStatement"))
}

func TestTable_KnowsTheMonthsByTheCalendar(t *testing.T) {
	rec, _ := record(t, nil)
	assert.Equal(t, "cloudinsight_dev_cost", rec.Named(t, databaseType, "costs").Input("name"))
	table := rec.Named(t, tableType, "costs")
	assert.Equal(t, "cloudinsight_dev_cost", table.Input("databaseName"))
	assert.Equal(t, costdata.Table, table.Input("name"))
	assert.Equal(t, "s3://costs-1234567/exports/cloudinsight-dev-cost/data/", table.Input("storageDescriptor.location"))
	assert.Equal(t, []any{map[string]any{"name": "billing_period", "type": "string"}}, table.Input("partitionKeys"))
	for key, want := range map[string]string{
		"projection.enabled":                      "true",
		"projection.billing_period.type":          "date",
		"projection.billing_period.format":        "yyyy-MM",
		"projection.billing_period.interval":      "1",
		"projection.billing_period.interval.unit": "MONTHS",
		"storage.location.template":               "s3://costs-1234567/exports/cloudinsight-dev-cost/data/BILLING_PERIOD=${billing_period}/",
	} {
		assert.Equal(t, want, table.Input(`parameters["`+key+`"]`), key)
	}
	assert.Regexp(t, `^\d{4}-\d{2},NOW$`, table.Input(`parameters["projection.billing_period.range"]`))
}

func TestWorkgroup_LimitsWhatAQueryReads(t *testing.T) {
	rec, _ := record(t, nil)
	workgroup := rec.Named(t, workgroupType, "costs")
	assert.Equal(t, "cloudinsight-dev-cost", workgroup.Input("name"))
	assert.Equal(t, float64(10<<30), workgroup.Input("configuration.bytesScannedCutoffPerQuery"))
	assert.Equal(t, true, workgroup.Input("configuration.enforceWorkgroupConfiguration"))
	result := "configuration.resultConfiguration."
	assert.Equal(t, "s3://costs-1234567/athena-results/", workgroup.Input(result+"outputLocation"))
	assert.Equal(t, pulumitest.AccountID, workgroup.Input(result+"expectedBucketOwner"))
	assert.Equal(t, "SSE_KMS", workgroup.Input(result+"encryptionConfiguration.encryptionOption"))
	assert.Equal(t, key, workgroup.Input(result+"encryptionConfiguration.kmsKeyArn"))
}

func TestBucketStatements_OnlyExportsOfTheAccount(t *testing.T) {
	document := iam.Document{Statements: costdata.BucketStatements(pulumitest.AccountID)("arn:aws:s3:::b")}
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{
		"Sid": "DeliverCostData", "Effect": "Allow", "Action": ["s3:GetBucketPolicy", "s3:PutObject"],
		"Principal": {"Service": ["bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"]},
		"Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
		"Condition": {"StringEquals": {"aws:SourceAccount": ["111122223333"]}, "ArnLike": {"aws:SourceArn": [
			"arn:aws:bcm-data-exports:us-east-1:111122223333:export/*", "arn:aws:cur:us-east-1:111122223333:definition/*"]}}
	}]}`, document.JSON())
}

func TestCostData_Outputs(t *testing.T) {
	rec, made := record(t, nil)
	user := rec.Named(t, userType, "user")
	queue, deadLetters := rec.Named(t, queueType, "costs"), rec.Named(t, queueType, "costs-dead-letter")
	assert.Contains(t, user.Input("queueUrl"), "https://sqs.af-south-1.amazonaws.com/111122223333/costs-")
	assert.Equal(t, arn(queue), user.Input("queueArn"))
	assert.Equal(t, arn(deadLetters), user.Input("deadLetters"))
	assert.Equal(t, "cloudinsight_dev_cost", user.Input("database"))
	assert.Equal(t, "cloudinsight-dev-cost", user.Input("workgroup"))

	require.Len(t, made.Alarms(), 2)
	for _, a := range made.Alarms() {
		require.NoError(t, a.WithDefaults().Validate())
	}
	assert.Equal(t, map[string]any{
		"cloudinsight-dev-cost-data-dead-letters": deadLetters.Name + suffix(deadLetters),
		"cloudinsight-dev-cost-data-waits":        queue.Name + suffix(queue),
	}, user.Input("queues"))
}

func TestCostData_Refuses(t *testing.T) {
	change := func(f func(*costdata.Args)) *costdata.Args {
		args := plain()
		f(args)
		return args
	}
	for name, c := range map[string]struct {
		args *costdata.Args
		want []string
	}{
		"nothing given": {nil, []string{"name: must match", "region: must be a region", "account id: must be twelve digits",
			"bucket: its name and ARN are required", "key: is required"}},
		"export without a provider":    {change(func(a *costdata.Args) { a.Export = true }), []string{"export: needs a provider of us-east-1"}},
		"no limit":                     {change(func(a *costdata.Args) { a.ScanLimitBytes = 1 }), []string{"scan limit: must be at least 10485760 bytes, got 1"}},
		"receives":                     {change(func(a *costdata.Args) { a.MaxReceives = 1001 }), []string{"max receives: must be between 1 and 1000, got 1001"}},
		"name that Athena cannot have": {change(func(a *costdata.Args) { a.Name = "Cloud.Insight" }), []string{`got "Cloud.Insight"`}},
	} {
		t.Run(name, func(t *testing.T) {
			rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
				_, err := costdata.NewCostData(ctx, "costs", c.args)
				return err
			})
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, rec.All())
		})
	}
}

package costdata

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/athena"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/glue"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Table is the name of the table in the database.
const Table = "cost_and_usage"

// firstMonth that a query looks for; an export starts with the month that it is made in.
const firstMonth = "2026-01"

// catalog describes the export to Athena. Months are folders whose names follow from the calendar, so the table knows
// them without a crawler that would have to run after each delivery.
// https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
func (b *builder) catalog() (err error) {
	b.database, err = glue.NewCatalogDatabase(b.ctx, b.name, &glue.CatalogDatabaseArgs{
		// Athena takes no hyphens.
		Name:        pulumi.String(strings.ReplaceAll(b.args.Name, "-", "_") + "_cost"),
		Description: pulumi.String("Cost and usage of " + b.args.Name),
		Tags:        b.tags(b.name),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	data := pulumi.Sprintf("s3://%s/%s%s/data/", b.args.BucketName, ExportFolder, b.args.exportName())
	b.table, err = glue.NewCatalogTable(b.ctx, b.name, &glue.CatalogTableArgs{
		DatabaseName: b.database.Name,
		Name:         pulumi.String(Table),
		Description:  pulumi.String("AWS cost and usage, hourly by resource; filter by billing_period"),
		TableType:    pulumi.String("EXTERNAL_TABLE"),
		Parameters: pulumi.StringMap{
			"EXTERNAL":                                pulumi.String("TRUE"),
			"classification":                          pulumi.String("parquet"),
			"projection.enabled":                      pulumi.String("true"),
			"projection.billing_period.type":          pulumi.String("date"),
			"projection.billing_period.format":        pulumi.String("yyyy-MM"),
			"projection.billing_period.range":         pulumi.String(firstMonth + ",NOW"),
			"projection.billing_period.interval":      pulumi.String("1"),
			"projection.billing_period.interval.unit": pulumi.String("MONTHS"),
			"storage.location.template":               pulumi.Sprintf("%sBILLING_PERIOD=${billing_period}/", data),
		},
		PartitionKeys: glue.CatalogTablePartitionKeyArray{glue.CatalogTablePartitionKeyArgs{
			Name: pulumi.String("billing_period"), Type: pulumi.String(text),
		}},
		StorageDescriptor: glue.CatalogTableStorageDescriptorArgs{
			Location:     data,
			Columns:      tableColumns(),
			InputFormat:  pulumi.String("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"),
			OutputFormat: pulumi.String("org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"),
			SerDeInfo: glue.CatalogTableStorageDescriptorSerDeInfoArgs{
				SerializationLibrary: pulumi.String("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"),
				Parameters:           pulumi.StringMap{"serialization.format": pulumi.String("1")},
			},
		},
	}, b.parent)
	if err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return nil
}

func tableColumns() glue.CatalogTableStorageDescriptorColumnArray {
	var all glue.CatalogTableStorageDescriptorColumnArray
	for _, c := range columns {
		all = append(all, glue.CatalogTableStorageDescriptorColumnArgs{Name: pulumi.String(c.name), Type: pulumi.String(c.typ)})
	}
	return all
}

// queries stop at the limit, and no client can ask for other settings.
func (b *builder) queries() (err error) {
	name := b.args.Name + "-cost"
	b.workgroup, err = athena.NewWorkgroup(b.ctx, b.name, &athena.WorkgroupArgs{
		Name:        pulumi.String(name),
		Description: pulumi.String("Queries of the cost service of " + b.args.Name),
		Configuration: athena.WorkgroupConfigurationArgs{
			BytesScannedCutoffPerQuery:      pulumi.Int(int(b.args.ScanLimitBytes)),
			EnforceWorkgroupConfiguration:   pulumi.Bool(true),
			PublishCloudwatchMetricsEnabled: pulumi.Bool(true),
			ResultConfiguration: athena.WorkgroupConfigurationResultConfigurationArgs{
				OutputLocation:      pulumi.Sprintf("s3://%s/%s", b.args.BucketName, ResultsFolder),
				ExpectedBucketOwner: pulumi.String(b.args.AccountID),
				EncryptionConfiguration: athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs{
					EncryptionOption: pulumi.String("SSE_KMS"),
					KmsKeyArn:        b.args.KeyARN.ToStringOutput(),
				},
			},
		},
		// The history of queries is all that goes with it, and Athena would refuse to delete a workgroup that has one.
		ForceDestroy: pulumi.Bool(true),
		Tags:         b.tags(name),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("workgroup: %w", err)
	}
	return nil
}

// aggregate shows the records of all regions in one place.
func (b *builder) aggregate() error {
	aggregator, err := cfg.NewConfigurationAggregator(b.ctx, b.name, &cfg.ConfigurationAggregatorArgs{
		Name: pulumi.String(b.args.Name + "-cost"),
		AccountAggregationSource: cfg.ConfigurationAggregatorAccountAggregationSourceArgs{
			AccountIds: pulumi.ToStringArray([]string{b.args.AccountID}),
			AllRegions: pulumi.Bool(true),
		},
		Tags: b.tags(b.name),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("aggregator: %w", err)
	}
	b.aggregator = aggregator
	return nil
}

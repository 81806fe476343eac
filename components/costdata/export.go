package costdata

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/bcmdata"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

// sourceTable is CUR 2.0.
// https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html
const sourceTable = "COST_AND_USAGE_REPORT"

// export makes AWS deliver the columns of the table as Parquet, several times a day, each time the whole month anew.
func (b *builder) export() error {
	_, err := bcmdata.NewExport(b.ctx, b.name, &bcmdata.ExportArgs{
		Export: bcmdata.ExportExportArgs{
			Name:        pulumi.String(b.args.exportName()),
			Description: pulumi.String("Cost and usage for " + b.args.Name),
			DataQueries: bcmdata.ExportExportDataQueryArray{bcmdata.ExportExportDataQueryArgs{
				QueryStatement:      pulumi.String(query()),
				TableConfigurations: pulumi.StringMapMap{sourceTable: b.args.tableConfiguration()},
			}},
			DestinationConfigurations: bcmdata.ExportExportDestinationConfigurationArray{bcmdata.ExportExportDestinationConfigurationArgs{
				S3Destinations: bcmdata.ExportExportDestinationConfigurationS3DestinationArray{
					bcmdata.ExportExportDestinationConfigurationS3DestinationArgs{
						S3Bucket: b.args.BucketName,
						S3Prefix: pulumi.String(exportPrefix),
						S3Region: pulumi.String(b.args.Region),
						S3OutputConfigurations: bcmdata.ExportExportDestinationConfigurationS3DestinationS3OutputConfigurationArray{
							bcmdata.ExportExportDestinationConfigurationS3DestinationS3OutputConfigurationArgs{
								OutputType:  pulumi.String("CUSTOM"),
								Format:      pulumi.String("PARQUET"),
								Compression: pulumi.String("PARQUET"),
								// The table reads a folder a month; a second copy there would count everything twice.
								Overwrite: pulumi.String("OVERWRITE_REPORT"),
							},
						},
					},
				},
			}},
			RefreshCadences: bcmdata.ExportExportRefreshCadenceArray{bcmdata.ExportExportRefreshCadenceArgs{
				// The only one there is.
				Frequency: pulumi.String("SYNCHRONOUS"),
			}},
		},
		Tags: b.tags(b.name),
	}, b.parent, pulumi.Provider(b.args.ExportProvider))
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// exportPrefix is ExportFolder as data exports spell it.
const exportPrefix = "exports"

func (a *Args) exportName() string { return a.Name + "-cost" }

// tableConfiguration names every property that AWS answers with, also those at their default: what is left out comes
// back in the state, and a change of the configuration replaces the export.
// https://github.com/hashicorp/terraform-provider-aws/issues/43978
func (a *Args) tableConfiguration() pulumi.StringMap {
	return pulumi.StringMap{
		"BILLING_VIEW_ARN":                      pulumi.String("arn:aws:billing::" + a.AccountID + ":billingview/primary"),
		"INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY": pulumi.String("FALSE"),
		"INCLUDE_RESOURCES":                     pulumi.String("TRUE"),
		"INCLUDE_SPLIT_COST_ALLOCATION_DATA":    pulumi.String("FALSE"),
		"TIME_GRANULARITY":                      pulumi.String("HOURLY"),
	}
}

// ExportServices deliver exports; both must be let into the bucket, and into its key.
func ExportServices() []string {
	return []string{"bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"}
}

// ExportConditions bind them to the exports of the account.
func ExportConditions(accountID string) iam.Conditions {
	return iam.Conditions{
		"StringEquals": {"aws:SourceAccount": {accountID}},
		"ArnLike": {"aws:SourceArn": {
			"arn:aws:bcm-data-exports:us-east-1:" + accountID + ":export/*",
			"arn:aws:cur:us-east-1:" + accountID + ":definition/*",
		}},
	}
}

// BucketStatements are what the policy of the bucket needs for the exports of the account.
// https://docs.aws.amazon.com/cur/latest/userguide/dataexports-s3-bucket.html
func BucketStatements(accountID string) func(bucketARN string) []iam.Statement {
	return func(bucketARN string) []iam.Statement {
		return []iam.Statement{{
			Sid:        "DeliverCostData",
			Actions:    []string{"s3:GetBucketPolicy", "s3:PutObject"},
			Resources:  []string{bucketARN, bucketARN + "/*"},
			Principals: iam.Principals{Service: ExportServices()},
			Conditions: ExportConditions(accountID),
		}}
	}
}

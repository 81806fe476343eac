package costdata

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

// ARNs that the policy of the cost service names.
type readable struct {
	queue, bucket, key, workgroup string
	// catalog prefix such as arn:aws:glue:af-south-1:111122223333, and the database in it.
	catalog, database string
	// region of S3, through which alone the key is used.
	region string
	// aggregator of Config, read only where the component has one.
	aggregator string
	aggregated bool
}

// readPolicy waits for the ARNs.
func (b *builder) readPolicy() pulumi.StringOutput {
	aggregator := pulumi.String("").ToStringOutput()
	if b.aggregator != nil {
		aggregator = b.aggregator.Arn
	}
	return pulumi.All(b.queue.Arn, b.args.BucketARN, b.args.KeyARN, b.workgroup.Arn, b.database.Name, aggregator).
		ApplyT(b.args.readPolicy).(pulumi.StringOutput)
}

// readPolicy takes queue, bucket, key, workgroup, database and aggregator.
func (a *Args) readPolicy(values []any) string {
	return readable{
		queue: values[0].(string), bucket: values[1].(string), key: values[2].(string), workgroup: values[3].(string),
		catalog: "arn:aws:glue:" + a.Region + ":" + a.AccountID, database: values[4].(string),
		region: a.Region, aggregator: values[5].(string), aggregated: a.Aggregator,
	}.policy().JSON()
}

// policy lets the cost service take messages, read the files they name, and query the table. Athena works with the
// permissions of whoever asks, so the results need to be written too.
// https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html
func (r readable) policy() iam.Document {
	statements := []iam.Statement{
		{
			Sid:       "TakeMessages",
			Actions:   []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"},
			Resources: []string{r.queue},
		},
		{
			Sid:       "ReadFiles",
			Actions:   []string{"s3:GetObject"},
			Resources: []string{r.bucket + "/" + ExportFolder + "*"},
		},
		{
			Sid:       "FindFiles",
			Actions:   []string{"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"},
			Resources: []string{r.bucket},
		},
		{
			Sid:       "KeepResults",
			Actions:   []string{"s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"},
			Resources: []string{r.bucket + "/" + ResultsFolder + "*"},
		},
		{
			Sid:       "ReadCatalog",
			Actions:   []string{"glue:GetDatabase", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"},
			Resources: []string{r.catalog + ":catalog", r.catalog + ":database/" + r.database, r.catalog + ":table/" + r.database + "/*"},
		},
		{
			Sid: "Query",
			Actions: []string{
				"athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup",
				"athena:StartQueryExecution", "athena:StopQueryExecution",
			},
			Resources: []string{r.workgroup},
		},
		{
			Sid:        "UseKey",
			Actions:    []string{"kms:Decrypt", "kms:GenerateDataKey"},
			Resources:  []string{r.key},
			Conditions: iam.Conditions{"StringEquals": {"kms:ViaService": {"s3." + r.region + ".amazonaws.com"}}},
		},
		{
			// Takes no resource.
			// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonresourcegrouptaggingapi.html
			Sid:       "AuditTags",
			Actions:   []string{"tag:GetResources"},
			Resources: []string{"*"},
		},
	}
	if r.aggregated {
		statements = append(statements, iam.Statement{
			Sid:       "AuditConfiguration",
			Actions:   []string{"config:SelectAggregateResourceConfig"},
			Resources: []string{r.aggregator},
		})
	}
	return iam.Document{Statements: statements}
}

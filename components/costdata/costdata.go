// Package costdata brings AWS's cost and usage data to the cost service: the daily export (CUR 2.0) into a bucket, a
// queue that announces each new file, and a table and workgroup to query all of it.
//
// The bucket is made elsewhere, with BucketStatements in its policy and nothing else that notifies: S3 takes one
// notification configuration a bucket. The package refuses queries without a limit on what they read.
package costdata

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/athena"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/glue"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const costDataType = "cloudinsight:costdata:CostData"

// Folders of the bucket. Results can be had again by asking again: let them expire.
const (
	ExportFolder  = exportPrefix + "/"
	ResultsFolder = "athena-results/"
)

// CostData is the way of the cost data from AWS to the cost service.
type CostData struct {
	pulumi.ResourceState

	// QueueURL and QueueARN of the queue whose messages are S3's event notifications, one or more files each. The first
	// message is S3's test event, which names no file.
	QueueURL pulumi.StringOutput
	QueueARN pulumi.StringOutput
	// DeadLetterQueueARN of the queue for messages that were received too often.
	DeadLetterQueueARN pulumi.StringOutput
	// Database and Workgroup are names, for Athena; the table is Table.
	Database  pulumi.StringOutput
	Workgroup pulumi.StringOutput
	// ReadPolicy is the IAM policy of the cost service, as JSON: take messages, read files, query the table.
	ReadPolicy pulumi.StringOutput
	// Ready is what has to be there before the service works with it.
	Ready []pulumi.Resource

	alarms []alarm.Alarm
}

// Alarms are those of the queue: messages that nobody could handle, and messages that wait.
func (c *CostData) Alarms() []alarm.Alarm { return c.alarms }

// Args says where the cost data goes.
type Args struct {
	// Name that the names in AWS begin with, such as cloudinsight-dev: lower case letters, digits and hyphens.
	Name string
	// Region of the bucket, the queue and the table.
	Region string
	// AccountID of twelve digits whose costs they are.
	AccountID string
	// BucketName and BucketARN of the bucket, in Region.
	BucketName pulumi.StringInput
	BucketARN  pulumi.StringInput
	// KeyARN of the bucket's key, which results of queries get too. Its policy lets ExportServices use it under
	// ExportConditions.
	KeyARN pulumi.StringInput

	// Export makes AWS deliver the data (default not: the bucket is filled by hand). An account has few exports, so let
	// one environment of it have one.
	Export bool
	// ExportProvider of us-east-1, where exports are made whatever the region of the bucket; required for Export.
	ExportProvider pulumi.ProviderResource
	// ScanLimitBytes that one query may read, at least 10 MiB (default 10 GiB).
	ScanLimitBytes int64
	// MaxReceives of a message until it moves to the dead-letter queue, 1 to 1000 (default 5).
	MaxReceives int
	// Aggregator collects AWS Config's records of all regions, for audits of tags (default off).
	Aggregator bool
}

// NewCostData registers the export, the queue, the table and the workgroup.
func NewCostData(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*CostData, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("cost data %q: %w", name, err)
	}
	made := &CostData{}
	inputs := pulumi.Map{"name": pulumi.String(a.Name), "export": pulumi.Bool(a.Export)}
	if err := ctx.RegisterComponentResourceV2(costDataType, name, inputs, made, opts...); err != nil {
		return nil, fmt.Errorf("cost data %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(made)}
	if err := b.build(made); err != nil {
		return nil, fmt.Errorf("cost data %q: %w", name, err)
	}
	return made, ctx.RegisterResourceOutputs(made, pulumi.Map{
		"queueUrl": made.QueueURL, "queueArn": made.QueueARN, "deadLetterQueueArn": made.DeadLetterQueueARN,
		"database": made.Database, "workgroup": made.Workgroup,
	})
}

func (args *Args) withDefaults() Args {
	a := Args{}
	if args != nil {
		a = *args
	}
	if a.ScanLimitBytes == 0 {
		a.ScanLimitBytes = 10 << 30
	}
	if a.MaxReceives == 0 {
		a.MaxReceives = 5
	}
	return a
}

var (
	environmentName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,59}$`)
	region          = regexp.MustCompile(`^[a-z]{2}-[a-z]+(-[a-z]+)*-\d$`)
	accountID       = regexp.MustCompile(`^\d{12}$`)
)

// https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
const leastScanLimit = 10 << 20

func (a *Args) validate() error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !environmentName.MatchString(a.Name) {
		problem("name: must match %s, got %q", environmentName, a.Name)
	}
	if !region.MatchString(a.Region) {
		problem("region: must be a region such as af-south-1, got %q", a.Region)
	}
	if !accountID.MatchString(a.AccountID) {
		problem("account id: must be twelve digits, got %q", a.AccountID)
	}
	if a.BucketName == nil || a.BucketARN == nil {
		problem("bucket: its name and ARN are required")
	}
	if a.KeyARN == nil {
		problem("key: is required, cost data is always encrypted")
	}
	if a.Export && a.ExportProvider == nil {
		problem("export: needs a provider of us-east-1")
	}
	if a.ScanLimitBytes < leastScanLimit {
		problem("scan limit: must be at least %d bytes, got %d", leastScanLimit, a.ScanLimitBytes)
	}
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
	if a.MaxReceives < 1 || a.MaxReceives > 1000 {
		problem("max receives: must be between 1 and 1000, got %d", a.MaxReceives)
	}
	return errors.Join(problems...)
}

// builder carries what the steps share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   Args
	parent pulumi.ResourceOption

	queue, deadLetters *sqs.Queue
	database           *glue.CatalogDatabase
	table              *glue.CatalogTable
	workgroup          *athena.Workgroup
	aggregator         *cfg.ConfigurationAggregator
}

func (b *builder) build(made *CostData) error {
	announced, err := b.announce()
	if err != nil {
		return err
	}
	if err := b.catalog(); err != nil {
		return err
	}
	if err := b.queries(); err != nil {
		return err
	}
	if b.args.Export {
		if err := b.export(); err != nil {
			return err
		}
	}
	if b.args.Aggregator {
		if err := b.aggregate(); err != nil {
			return err
		}
	}
	made.QueueURL = b.queue.Url
	made.QueueARN = b.queue.Arn
	made.DeadLetterQueueARN = b.deadLetters.Arn
	made.Database = b.database.Name
	made.Workgroup = b.workgroup.Name
	made.ReadPolicy = b.readPolicy()
	made.Ready = []pulumi.Resource{announced, b.table, b.workgroup}
	made.alarms = b.alarms()
	return nil
}

func (b *builder) tags(name string) pulumi.StringMap {
	return pulumi.ToStringMap(tags.Of("costdata", name))
}

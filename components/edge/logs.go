package edge

import (
	"errors"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// Log is where the access log goes: CloudFront's second kind of log, since the first neither writes to Cape Town nor to
// buckets without ACLs. https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
type Log struct {
	// BucketARN of the bucket, in any region; its policy has LogAccess, its key lets delivery.logs.amazonaws.com use it.
	BucketARN pulumi.StringInput
	// Provider of us-east-1, where CloudFront's logs are set up.
	Provider pulumi.ProviderResource
}

func (l Log) validate() []error {
	var problems []error
	if l.BucketARN == nil {
		problems = append(problems, errors.New("log: bucket arn: is required"))
	}
	if l.Provider == nil {
		problems = append(problems, errors.New("log: provider: is required"))
	}
	return problems
}

// build says that the distribution writes, where to, and joins the two.
func (l Log) build(ctx *pulumi.Context, name, environment string, of *cloudfront.Distribution, parent pulumi.ResourceOption) error {
	there := pulumi.Provider(l.Provider)
	fixed := pulumi.DeleteBeforeReplace(true)
	labels := pulumi.ToStringMap(tags.Of("edge", environment+"-cloudfront"))
	source, err := cloudwatch.NewLogDeliverySource(ctx, name, &cloudwatch.LogDeliverySourceArgs{
		Name:        pulumi.String(environment + "-cloudfront"),
		LogType:     pulumi.String("ACCESS_LOGS"),
		ResourceArn: of.Arn,
		Tags:        labels,
	}, parent, there, fixed)
	if err != nil {
		return err
	}
	destination, err := cloudwatch.NewLogDeliveryDestination(ctx, name, &cloudwatch.LogDeliveryDestinationArgs{
		Name:         pulumi.String(environment + "-cloudfront"),
		OutputFormat: pulumi.String("json"),
		DeliveryDestinationConfiguration: cloudwatch.LogDeliveryDestinationDeliveryDestinationConfigurationArgs{
			DestinationResourceArn: l.BucketARN,
		},
		Tags: labels,
	}, parent, there, fixed)
	if err != nil {
		return err
	}
	_, err = cloudwatch.NewLogDelivery(ctx, name, &cloudwatch.LogDeliveryArgs{
		DeliverySourceName:     source.Name,
		DeliveryDestinationArn: destination.Arn,
		S3DeliveryConfigurations: cloudwatch.LogDeliveryS3DeliveryConfigurationArray{cloudwatch.LogDeliveryS3DeliveryConfigurationArgs{
			EnableHiveCompatiblePath: pulumi.Bool(false),
			SuffixPath:               pulumi.String("cloudfront/{DistributionId}/{yyyy}/{MM}/{dd}/{HH}"),
		}},
		Tags: labels,
	}, parent, there)
	return err
}

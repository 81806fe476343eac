package msk

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	awsmsk "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/msk"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// targetUtilization in percent of the volume at which MSK enlarges it; AWS advises 50 to 60.
// https://docs.aws.amazon.com/msk/latest/developerguide/msk-autoexpand-details.html
const targetUtilization = 60

// storageScaling lets the volumes grow up to MaxVolumeGiB. The policy is a child of the cluster's ARN, so it goes first:
// the alarms that it makes would outlive the cluster otherwise.
func (b *builder) storageScaling(cluster *awsmsk.Cluster) error {
	if b.args.MaxVolumeGiB == 0 {
		return nil
	}
	target, err := appautoscaling.NewTarget(b.ctx, b.name+"-storage", &appautoscaling.TargetArgs{
		ServiceNamespace:  pulumi.String("kafka"),
		ScalableDimension: pulumi.String("kafka:broker-storage:VolumeSize"),
		ResourceId:        cluster.Arn,
		MinCapacity:       pulumi.Int(1),
		MaxCapacity:       pulumi.Int(b.args.MaxVolumeGiB),
		Tags:              b.tags(b.args.Name + "-storage"),
	}, b.parent)
	if err != nil {
		return err
	}
	_, err = appautoscaling.NewPolicy(b.ctx, b.name+"-storage", &appautoscaling.PolicyArgs{
		Name:              pulumi.String(b.args.Name + "-storage"),
		PolicyType:        pulumi.String("TargetTrackingScaling"),
		ServiceNamespace:  target.ServiceNamespace,
		ScalableDimension: target.ScalableDimension,
		ResourceId:        target.ResourceId,
		TargetTrackingScalingPolicyConfiguration: &appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
			PredefinedMetricSpecification: &appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs{
				PredefinedMetricType: pulumi.String("KafkaBrokerStorageUtilization"),
			},
			TargetValue: pulumi.Float64(targetUtilization),
			// A volume cannot shrink.
			DisableScaleIn: pulumi.Bool(true),
		},
	}, b.parent)
	return err
}

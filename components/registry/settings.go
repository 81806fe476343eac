package registry

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// settings are those of the whole registry.
func (b *builder) settings() ([]pulumi.Resource, error) {
	// Enhanced scanning is Inspector's: on push, and again whenever a new weakness becomes known.
	// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-enhanced.html
	scanning, err := ecr.NewRegistryScanningConfiguration(b.ctx, b.name, &ecr.RegistryScanningConfigurationArgs{
		ScanType: pulumi.String("ENHANCED"),
		Rules: ecr.RegistryScanningConfigurationRuleArray{ecr.RegistryScanningConfigurationRuleArgs{
			ScanFrequency: pulumi.String("CONTINUOUS_SCAN"),
			RepositoryFilters: ecr.RegistryScanningConfigurationRuleRepositoryFilterArray{
				ecr.RegistryScanningConfigurationRuleRepositoryFilterArgs{
					Filter:     pulumi.String(Namespace + "/*"),
					FilterType: pulumi.String("WILDCARD"),
				},
			},
		}},
	}, b.parent)
	if err != nil || b.args.ReplicaRegion == "" {
		return []pulumi.Resource{scanning}, err
	}
	var before []pulumi.Resource
	if b.args.ReplicaProvider != nil {
		template, err := b.replicaTemplate()
		if err != nil {
			return nil, err
		}
		before = append(before, template)
	}
	replication, err := ecr.NewReplicationConfiguration(b.ctx, b.name, &ecr.ReplicationConfigurationArgs{
		ReplicationConfiguration: ecr.ReplicationConfigurationReplicationConfigurationArgs{
			Rules: ecr.ReplicationConfigurationReplicationConfigurationRuleArray{
				ecr.ReplicationConfigurationReplicationConfigurationRuleArgs{
					Destinations: ecr.ReplicationConfigurationReplicationConfigurationRuleDestinationArray{
						ecr.ReplicationConfigurationReplicationConfigurationRuleDestinationArgs{
							Region:     pulumi.String(b.args.ReplicaRegion),
							RegistryId: pulumi.String(b.args.AccountID),
						},
					},
					RepositoryFilters: ecr.ReplicationConfigurationReplicationConfigurationRuleRepositoryFilterArray{
						ecr.ReplicationConfigurationReplicationConfigurationRuleRepositoryFilterArgs{
							Filter:     pulumi.String(Namespace + "/"),
							FilterType: pulumi.String("PREFIX_MATCH"),
						},
					},
				},
			},
		},
	}, b.parent, pulumi.DependsOn(before))
	return []pulumi.Resource{scanning, replication}, err
}

// replicaTemplate is what ECR follows when it makes a repository for copies. It does not copy deletions either, so the
// lifecycle is repeated. The copies have ECR's own encryption: a key would need a role for ECR in that region.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html
func (b *builder) replicaTemplate() (pulumi.Resource, error) {
	name := b.name + "-replica"
	return ecr.NewRepositoryCreationTemplate(b.ctx, name, &ecr.RepositoryCreationTemplateArgs{
		Prefix:             pulumi.String(Namespace),
		Description:        pulumi.String("Copies of the images of " + Namespace),
		AppliedFors:        pulumi.ToStringArray([]string{"REPLICATION"}),
		ImageTagMutability: pulumi.String("IMMUTABLE"),
		LifecyclePolicy:    pulumi.String(lifecycle(b.args.KeepImages, b.args.UntaggedDays)),
		RepositoryPolicy:   pulumi.String(accountOnly(b.args.AccountID).JSON()),
	}, b.parent, pulumi.Provider(b.args.ReplicaProvider))
}

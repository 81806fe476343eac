package stacks

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/components/eks"
	"github.com/cloudinsight/platform/config"
	"github.com/cloudinsight/platform/internal/tags"
)

// newAWSProvider writes the default tags on everything that it makes.
func newAWSProvider(ctx *pulumi.Context, name, region string, cfg *config.Config) (*aws.Provider, error) {
	provider, err := aws.NewProvider(ctx, name, &aws.ProviderArgs{
		Region:      pulumi.String(region),
		DefaultTags: &aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(defaultTags(cfg))},
	})
	if err != nil {
		return nil, fmt.Errorf("aws provider %q: %w", name, err)
	}
	return provider, nil
}

// newProviders makes a provider for each region that the environment has something in.
func (e *environment) newProviders() (err error) {
	if e.aws, err = newAWSProvider(e.ctx, "aws", e.cfg.Region, e.cfg); err != nil {
		return err
	}
	if e.account, err = accountID(e.ctx, e.aws); err != nil {
		return err
	}
	if !e.cfg.Recovery.Disabled {
		if e.recovery, err = newAWSProvider(e.ctx, "recovery", e.cfg.DRRegion, e.cfg); err != nil {
			return err
		}
	}
	if e.cfg.CostData.Export {
		e.billing, err = newAWSProvider(e.ctx, "billing", billingRegion, e.cfg)
	}
	return err
}

// billingRegion is where AWS has the account's cost data.
// https://docs.aws.amazon.com/cur/latest/userguide/dataexports-quotas.html
const billingRegion = "us-east-1"

func defaultTags(cfg *config.Config) map[string]string {
	return tags.Default(string(cfg.Environment), cfg.Tags.Owner, cfg.Tags.CostCenter)
}

// accountID of the credentials. It is the same for every identity of the account; who the caller is stays unread, so that
// people and CI see one preview.
func accountID(ctx *pulumi.Context, provider *aws.Provider) (string, error) {
	identity, err := aws.GetCallerIdentity(ctx, &aws.GetCallerIdentityArgs{}, pulumi.Provider(provider))
	if err != nil {
		return "", fmt.Errorf("account id: %w", err)
	}
	return identity.AccountId, nil
}

// newKubernetesProvider applies to the cluster. The cluster's identifier is plain text: by it the provider knows that a
// kubeconfig that changed, or is not known yet, still leads to the same cluster, and replaces nothing.
func newKubernetesProvider(ctx *pulumi.Context, name string, cluster *eks.Cluster) (*kubernetes.Provider, error) {
	provider, err := kubernetes.NewProvider(ctx, "kubernetes", &kubernetes.ProviderArgs{
		Kubeconfig:            cluster.KubeconfigJSON,
		ClusterIdentifier:     pulumi.String(name),
		EnableServerSideApply: pulumi.Bool(true),
		// Without it a changed ConfigMap is deleted and made anew, and a pod that starts in between fails. The services' pods
		// carry a checksum of their settings, so they are rolled when those change.
		EnableConfigMapMutable: pulumi.Bool(true),
	})
	if err != nil {
		return nil, fmt.Errorf("kubernetes provider: %w", err)
	}
	return provider, nil
}

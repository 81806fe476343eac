// Package registry makes the container registry that all environments pull from: a repository for each service, with
// tags that cannot be moved, scanned by Amazon Inspector, encrypted, and copied to the region of disaster recovery.
//
// Scanning and replication are settings of the whole registry, which an account has one of in each region: make one
// Registry there. It refuses repositories that are open to anybody outside the account.
package registry

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"

	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const registryType = "cloudinsight:registry:Registry"

// Namespace is what the names of all repositories begin with.
const Namespace = "cloudinsight"

// Registry is a set of repositories and the registry's settings.
type Registry struct {
	pulumi.ResourceState

	// URLs by repository as it was asked for, such as
	// 111122223333.dkr.ecr.af-south-1.amazonaws.com/cloudinsight/user; without a tag.
	URLs map[string]pulumi.StringOutput
	// ARNs by repository.
	ARNs map[string]pulumi.StringOutput
	// Host of all URLs.
	Host pulumi.StringOutput
}

// Args says which repositories to make.
type Args struct {
	// Repositories without the namespace, such as "user"; at least one.
	Repositories []string
	// KeyARN of the KMS key. A repository keeps the key that it was made with.
	KeyARN pulumi.StringInput
	// AccountID of twelve digits.
	AccountID string

	// ReplicaRegion gets a copy of every image that is pushed from now on (default none).
	ReplicaRegion string
	// ReplicaProvider of that region makes the copies' repositories like the originals; without it they have tags that
	// can be moved, and keep every image.
	ReplicaProvider pulumi.ProviderResource
	// KeepImages is how many tagged images a repository keeps (default 100). An image that still runs somewhere must be
	// among them.
	KeepImages int
	// UntaggedDays until an image without a tag is deleted (default 7).
	UntaggedDays int
	// Unprotected lets repositories be deleted, together with their images.
	Unprotected bool
}

// NewRegistry registers the repositories and the settings of the registry.
func NewRegistry(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Registry, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("registry %q: %w", name, err)
	}
	made := &Registry{URLs: map[string]pulumi.StringOutput{}, ARNs: map[string]pulumi.StringOutput{}}
	inputs := pulumi.Map{"repositories": pulumi.ToStringArray(a.Repositories)}
	if err := ctx.RegisterComponentResourceV2(registryType, name, inputs, made, opts...); err != nil {
		return nil, fmt.Errorf("registry %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(made)}
	if err := b.build(made); err != nil {
		return nil, fmt.Errorf("registry %q: %w", name, err)
	}
	urls := pulumi.StringMap{}
	for repository, url := range made.URLs {
		urls[repository] = url
	}
	return made, ctx.RegisterResourceOutputs(made, pulumi.Map{"host": made.Host, "urls": urls})
}

func (args *Args) withDefaults() Args {
	a := Args{}
	if args != nil {
		a = *args
	}
	if a.KeepImages == 0 {
		a.KeepImages = 100
	}
	if a.UntaggedDays == 0 {
		a.UntaggedDays = 7
	}
	return a
}

var (
	accountID  = regexp.MustCompile(`^\d{12}$`)
	region     = regexp.MustCompile(`^[a-z]{2}-[a-z]+(-[a-z]+)*-\d$`)
	repository = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)
)

func (a *Args) validate() error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if len(a.Repositories) == 0 {
		problem("repositories: must have at least one")
	}
	for i, r := range a.Repositories {
		// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
		if !repository.MatchString(r) || len(Namespace)+1+len(r) > 256 {
			problem("repositories[%d]: must match %s, got %q", i, repository, r)
		}
		if slices.Index(a.Repositories, r) < i {
			problem("repositories[%d]: must name each once, got %q again", i, r)
		}
	}
	if a.KeyARN == nil {
		problem("key: is required, images are always encrypted with one")
	}
	if !accountID.MatchString(a.AccountID) {
		problem("account id: must be twelve digits, got %q", a.AccountID)
	}
	if a.ReplicaRegion != "" && !region.MatchString(a.ReplicaRegion) {
		problem("replica region: must be a region such as eu-west-1, got %q", a.ReplicaRegion)
	}
	if a.ReplicaProvider != nil && a.ReplicaRegion == "" {
		problem("replica provider: needs a replica region")
	}
	if a.KeepImages < 1 {
		problem("keep images: must be at least 1, got %d", a.KeepImages)
	}
	if a.UntaggedDays < 1 {
		problem("untagged: must be kept at least a day, got %d days", a.UntaggedDays)
	}
	return errors.Join(problems...)
}

// builder carries what the steps of one registry share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   Args
	parent pulumi.ResourceOption
}

func (b *builder) build(made *Registry) error {
	settings, err := b.settings()
	if err != nil {
		return err
	}
	for _, repository := range b.args.Repositories {
		if err := b.repository(made, repository, settings); err != nil {
			return fmt.Errorf("repository %q: %w", repository, err)
		}
	}
	made.Host = pulumix.Cast[pulumi.StringOutput](pulumix.Apply(made.URLs[b.args.Repositories[0]], host))
	return nil
}

func host(url string) string {
	host, _, _ := strings.Cut(url, "/")
	return host
}

// repository waits for the settings, so that its first image is scanned and copied.
func (b *builder) repository(made *Registry, repository string, settings []pulumi.Resource) error {
	name := b.name + "-" + repository
	r, err := ecr.NewRepository(b.ctx, name, &ecr.RepositoryArgs{
		Name:               pulumi.String(Namespace + "/" + repository),
		ImageTagMutability: pulumi.String("IMMUTABLE"),
		// What counts is the registry's rule; this is what is left when Inspector is switched off.
		ImageScanningConfiguration: ecr.RepositoryImageScanningConfigurationArgs{ScanOnPush: pulumi.Bool(true)},
		EncryptionConfigurations: ecr.RepositoryEncryptionConfigurationArray{ecr.RepositoryEncryptionConfigurationArgs{
			EncryptionType: pulumi.String("KMS"),
			KmsKey:         b.args.KeyARN.ToStringOutput(),
		}},
		ForceDelete: pulumi.Bool(b.args.Unprotected),
		Tags:        pulumi.ToStringMap(tags.Of("registry", Namespace+"/"+repository)),
	}, b.parent, pulumi.Protect(!b.args.Unprotected), pulumi.DeleteBeforeReplace(true), pulumi.DependsOn(settings))
	if err != nil {
		return err
	}
	_, err = ecr.NewLifecyclePolicy(b.ctx, name, &ecr.LifecyclePolicyArgs{
		Repository: r.Name,
		Policy:     pulumi.String(lifecycle(b.args.KeepImages, b.args.UntaggedDays)),
		// A repository has one; deleting the old one last would leave none.
	}, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return err
	}
	_, err = ecr.NewRepositoryPolicy(b.ctx, name, &ecr.RepositoryPolicyArgs{
		Repository: r.Name,
		Policy:     pulumi.String(accountOnly(b.args.AccountID).JSON()),
	}, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return err
	}
	made.URLs[repository], made.ARNs[repository] = r.RepositoryUrl, r.Arn
	return nil
}

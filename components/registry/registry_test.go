package registry_test

import (
	"encoding/json"
	"testing"

	awssdk "github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/registry"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	componentType   = "cloudinsight:registry:Registry"
	repositoryType  = "aws:ecr/repository:Repository"
	lifecycleType   = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
	policyType      = "aws:ecr/repositoryPolicy:RepositoryPolicy"
	scanningType    = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
	replicationType = "aws:ecr/replicationConfiguration:ReplicationConfiguration"
	templateType    = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"
	userType        = "test:index:User"

	key = "arn:aws:kms:af-south-1:111122223333:key/1"
)

func plain() *registry.Args {
	return &registry.Args{
		Repositories: []string{"user", "cost"}, KeyARN: pulumi.String(key), AccountID: pulumitest.AccountID,
	}
}

func record(t *testing.T, args *registry.Args, use func(*pulumi.Context, *registry.Registry) error) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		made, err := registry.NewRegistry(ctx, "shared", args)
		if err != nil || use == nil {
			return err
		}
		return use(ctx, made)
	})
}

// recordEverything has the region of the copies served by a provider of its own.
func recordEverything(t *testing.T) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		recovery, err := awssdk.NewProvider(ctx, "recovery", &awssdk.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		args := plain()
		args.ReplicaRegion, args.ReplicaProvider = "eu-west-1", recovery
		args.KeepImages, args.UntaggedDays, args.Unprotected = 10, 1, true
		_, err = registry.NewRegistry(ctx, "shared", args)
		return err
	})
}

func TestRegistry_Defaults(t *testing.T) {
	rec := record(t, plain(), nil)
	assert.Equal(t, 2, rec.Count(repositoryType))
	user := rec.Named(t, repositoryType, "shared-user")
	assert.Equal(t, "cloudinsight/user", user.Input("name"))
	assert.Equal(t, "IMMUTABLE", user.Input("imageTagMutability"))
	assert.Equal(t, true, user.Input("imageScanningConfiguration.scanOnPush"))
	assert.Equal(t, "KMS", user.Input("encryptionConfigurations[0].encryptionType"))
	assert.Equal(t, key, user.Input("encryptionConfigurations[0].kmsKey"))
	assert.Equal(t, false, user.Input("forceDelete"))
	assert.Equal(t, map[string]any{"Component": "registry", "Name": "cloudinsight/user"}, user.Input("tags"))
	assert.True(t, user.Protect)
	assert.True(t, user.DeleteBeforeReplace, "the name is fixed")
	assert.True(t, user.DependsOnNamed(scanningType, "shared"), "the first image is scanned")

	scanning := rec.Named(t, scanningType, "shared")
	assert.Equal(t, "ENHANCED", scanning.Input("scanType"))
	assert.Equal(t, "CONTINUOUS_SCAN", scanning.Input("rules[0].scanFrequency"))
	assert.Equal(t, "cloudinsight/*", scanning.Input("rules[0].repositoryFilters[0].filter"))
	assert.Zero(t, rec.Count(replicationType))
	assert.Zero(t, rec.Count(templateType))
}

func TestRegistry_EverythingSet(t *testing.T) {
	rec := recordEverything(t)
	user := rec.Named(t, repositoryType, "shared-user")
	assert.False(t, user.Protect)
	assert.Equal(t, true, user.Input("forceDelete"))
	assert.True(t, user.DependsOnNamed(replicationType, "shared"), "the first image is copied")

	replication := rec.Named(t, replicationType, "shared")
	rule := "replicationConfiguration.rules[0]."
	assert.Equal(t, "eu-west-1", replication.Input(rule+"destinations[0].region"))
	assert.Equal(t, pulumitest.AccountID, replication.Input(rule+"destinations[0].registryId"))
	assert.Equal(t, "cloudinsight/", replication.Input(rule+"repositoryFilters[0].filter"))
	assert.True(t, replication.DependsOnNamed(templateType, "shared-replica"), "the copies' repositories follow the template")

	template := rec.Named(t, templateType, "shared-replica")
	assert.Equal(t, "recovery", template.Provider)
	assert.Equal(t, "cloudinsight", template.Input("prefix"))
	assert.Equal(t, "IMMUTABLE", template.Input("imageTagMutability"))
	assert.Equal(t, rec.Named(t, lifecycleType, "shared-user").Input("policy"), template.Input("lifecyclePolicy"))
	assert.Equal(t, rec.Named(t, policyType, "shared-user").Input("policy"), template.Input("repositoryPolicy"))
}

func TestRegistry_KeepsTheNewestAndDropsTheUntagged(t *testing.T) {
	rec := recordEverything(t)
	policy := rec.Named(t, lifecycleType, "shared-cost")
	assert.Equal(t, "cloudinsight/cost", policy.Input("repository"))
	assert.JSONEq(t, `{"rules": [
		{"rulePriority": 1, "description": "What lost its tag, or never had one",
		 "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1},
		 "action": {"type": "expire"}},
		{"rulePriority": 2, "description": "All but the newest images",
		 "selection": {"tagStatus": "tagged", "tagPatternList": ["*"], "countType": "imageCountMoreThan", "countNumber": 10},
		 "action": {"type": "expire"}}
	]}`, policy.Input("policy").(string))

	var defaults struct {
		Rules []struct{ Selection struct{ CountNumber int } }
	}
	text := record(t, plain(), nil).Named(t, lifecycleType, "shared-cost").Input("policy").(string)
	require.NoError(t, json.Unmarshal([]byte(text), &defaults))
	assert.Equal(t, 7, defaults.Rules[0].Selection.CountNumber)
	assert.Equal(t, 100, defaults.Rules[1].Selection.CountNumber)
}

func TestRegistry_NobodyOutsideTheAccount(t *testing.T) {
	policy := record(t, plain(), nil).Named(t, policyType, "shared-user")
	assert.Equal(t, "cloudinsight/user", policy.Input("repository"))
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{
		"Sid": "AccountOnly", "Effect": "Deny", "Principal": "*", "Action": ["ecr:*"],
		"Condition": {"StringNotEquals": {"aws:PrincipalAccount": ["111122223333"]}, "Bool": {"aws:PrincipalIsAWSService": ["false"]}}
	}]}`, policy.Input("policy").(string))
}

func TestRegistry_Outputs(t *testing.T) {
	rec := record(t, plain(), func(ctx *pulumi.Context, made *registry.Registry) error {
		return ctx.RegisterResource(userType, "user", pulumi.Map{
			"host": made.Host, "url": made.URLs["cost"], "arn": made.ARNs["cost"],
		}, &struct{ pulumi.CustomResourceState }{})
	})
	user := rec.Named(t, userType, "user")
	assert.Equal(t, "111122223333.dkr.ecr.af-south-1.amazonaws.com", user.Input("host"))
	assert.Equal(t, "111122223333.dkr.ecr.af-south-1.amazonaws.com/cloudinsight/cost", user.Input("url"))
	assert.Equal(t, "arn:aws:ecr:af-south-1:111122223333:repository/cloudinsight/cost", user.Input("arn"))
}

func TestRegistry_ChildrenAreParented(t *testing.T) {
	rec := recordEverything(t)
	// Two repositories with two policies each, scanning, replication, template.
	assert.Len(t, rec.Children(rec.Named(t, componentType, "shared")), 2*3+3)
}

func TestRegistry_CopiesWithoutAProviderGoWithoutATemplate(t *testing.T) {
	args := plain()
	args.ReplicaRegion = "eu-west-1"
	rec := record(t, args, nil)
	assert.Equal(t, 1, rec.Count(replicationType))
	assert.Zero(t, rec.Count(templateType))
}

func TestRegistry_Refuses(t *testing.T) {
	change := func(f func(*registry.Args)) *registry.Args {
		args := plain()
		f(args)
		return args
	}
	for name, c := range map[string]struct {
		args *registry.Args
		want []string
	}{
		"nothing given": {nil, []string{"repositories: must have at least one", "key: is required", "account id: must be twelve digits"}},
		"names": {change(func(a *registry.Args) { a.Repositories = []string{"user", "User", "user", "a/b"} }), []string{
			`repositories[1]: must match`, `got "User"`, `repositories[2]: must name each once, got "user" again`, `got "a/b"`}},
		"no region": {change(func(a *registry.Args) { a.ReplicaRegion = "europe" }), []string{
			`replica region: must be a region such as eu-west-1, got "europe"`}},
		"numbers": {change(func(a *registry.Args) { a.KeepImages, a.UntaggedDays = -1, -2 }), []string{
			"keep images: must be at least 1, got -1", "untagged: must be kept at least a day, got -2 days"}},
	} {
		t.Run(name, func(t *testing.T) {
			rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
				_, err := registry.NewRegistry(ctx, "shared", c.args)
				return err
			})
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, rec.All())
		})
	}
	t.Run("provider without a region", func(t *testing.T) {
		rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
			_, err := registry.NewRegistry(ctx, "shared", change(func(a *registry.Args) { a.ReplicaProvider = &awssdk.Provider{} }))
			return err
		})
		require.ErrorContains(t, err, "replica provider: needs a replica region")
		assert.Empty(t, rec.All())
	})
}

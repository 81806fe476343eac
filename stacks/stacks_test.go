package stacks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/apps"
	"github.com/cloudinsight/platform/components/cicd"
	"github.com/cloudinsight/platform/components/registry"
	"github.com/cloudinsight/platform/components/security"
	"github.com/cloudinsight/platform/components/storage"
	"github.com/cloudinsight/platform/config"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

var environments = []string{"dev", "staging", "prod", "recovery"}

// aws answers what the program asks AWS for, and stands in for what pulumi-eks makes.
func awsSide() []pulumitest.Option {
	return []pulumitest.Option{
		pulumitest.Invoke("aws:index/getCallerIdentity:getCallerIdentity", func(map[string]any) map[string]any {
			return map[string]any{"accountId": pulumitest.AccountID, "arn": "arn:aws:sts::1:assumed-role/anyone/at-all", "userId": "x", "id": "x"}
		}),
		pulumitest.Invoke("aws:route53/getZone:getZone", func(args map[string]any) map[string]any {
			return map[string]any{"id": "Z1", "zoneId": "Z1", "name": args["name"], "arn": "arn:aws:route53:::hostedzone/Z1"}
		}),
		pulumitest.Invoke("aws:secretsmanager/getRandomPassword:getRandomPassword", func(map[string]any) map[string]any {
			return map[string]any{"id": "x", "randomPassword": "made-up"}
		}),
		pulumitest.StackOutputs("shared", sharedOutputs()),
		pulumitest.Outputs("eks:index:Cluster", func(*pulumitest.Resource) map[string]any {
			return map[string]any{"kubeconfigJson": "{}"}
		}),
		pulumitest.References("eks:index:Cluster", "eksCluster", "aws:eks/cluster:Cluster", map[string]any{
			"name": "cloudinsight", "arn": "arn:aws:eks:af-south-1:" + pulumitest.AccountID + ":cluster/cloudinsight", "endpoint": "https://eks.example",
			"vpcConfig":  map[string]any{"clusterSecurityGroupId": "sg-cluster"},
			"identities": []any{map[string]any{"oidcs": []any{map[string]any{"issuer": "https://oidc.example/id/1"}}}},
		}),
	}
}

// sharedOutputs are what the shared stack has exported.
func sharedOutputs() map[string]any {
	host := pulumitest.AccountID + ".dkr.ecr.%s.amazonaws.com"
	return map[string]any{
		SharedRegion: "af-south-1", SharedRecoveryRegion: "eu-west-1", SharedDomain: "cloudinsight.com", SharedZoneID: "Z1",
		SharedRegistryHost: fmt.Sprintf(host, "af-south-1"), SharedRecoveryRegistryHost: fmt.Sprintf(host, "eu-west-1"),
		SharedAccessLogsBucket: "access-logs", SharedRecoveryAccessLogsBucket: "recovery-access-logs", SharedArtifactsBucket: "artifacts",
		SharedPermissionsBoundaryARN: "arn:aws:iam::" + pulumitest.AccountID + ":policy/cloudinsight-boundary",
	}
}

func deploy(t *testing.T, stack string, more ...pulumitest.Option) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, Deploy, append(append(awsSide(), pulumitest.Stack(stack)), more...)...)
}

func TestDeploy_RegistersWhatTheGoldenFilesSay(t *testing.T) {
	for _, stack := range append([]string{"shared"}, environments...) {
		t.Run(stack, func(t *testing.T) {
			pulumitest.Golden(t, "testdata/"+stack+".golden", deploy(t, stack).Text())
		})
	}
}

func TestDeploy_PreviewOfNothingWorks(t *testing.T) {
	for _, stack := range environments {
		t.Run(stack, func(t *testing.T) {
			full, preview := deploy(t, stack), deploy(t, stack, pulumitest.Preview())
			assert.Len(t, preview.All(), len(full.All()), "a preview shows every resource")
		})
	}
}

func TestDeploy_CallersSeeOnePreview(t *testing.T) {
	other := pulumitest.Invoke("aws:index/getCallerIdentity:getCallerIdentity", func(map[string]any) map[string]any {
		return map[string]any{"accountId": pulumitest.AccountID, "arn": "arn:aws:iam::1:user/somebody-else", "userId": "y", "id": "y"}
	})
	assert.Equal(t, deploy(t, "prod").Text(), deploy(t, "prod", other).Text())
}

func TestDeploy_EveryResourceHasAComponentAndAProvider(t *testing.T) {
	for _, r := range deploy(t, "prod").All() {
		if strings.HasPrefix(r.Type, "pulumi:") {
			continue
		}
		if r.Custom {
			assert.NotNil(t, r.Parent, "%s %q has no parent", r.Type, r.Name)
			want := []string{"aws", "recovery", "billing"}
			if strings.HasPrefix(r.Type, "kubernetes:") {
				want = []string{"kubernetes"}
			}
			assert.Contains(t, want, r.Provider, "%s %q", r.Type, r.Name)
		} else if r.Type != "eks:index:Cluster" {
			assert.Regexp(t, `^cloudinsight:[a-z]+:[A-Z]`, r.Type, r.Name)
		}
	}
}

func TestDeploy_KubernetesObjectsOutliveNothingTheyNeed(t *testing.T) {
	rec := deploy(t, "staging")
	var needed []string
	for _, typ := range []string{"aws:eks/nodeGroup:NodeGroup", "aws:eks/addon:Addon", "eks:index:Cluster"} {
		for _, r := range rec.OfType(typ) {
			needed = append(needed, r.URN)
		}
	}
	require.Len(t, needed, 8)
	for _, r := range rec.All() {
		if r.Custom && strings.HasPrefix(r.Type, "kubernetes:") {
			reach := map[string]bool{}
			reachable(rec, r, reach)
			for _, urn := range needed {
				assert.True(t, reach[urn], "%s %q does not depend on %s", r.Type, r.Name, urn)
			}
		}
	}
}

func TestDeploy_PodsComeAfterWhatBoundsAndIdentifiesThem(t *testing.T) {
	rec := deploy(t, "prod")
	for _, deployment := range rec.OfType("kubernetes:apps/v1:Deployment") {
		for typ, name := range map[string]string{
			"kubernetes:core/v1:ResourceQuota": "cloudinsight-prod", "kubernetes:core/v1:LimitRange": "cloudinsight-prod",
			"kubernetes:core/v1:ServiceAccount": deployment.Name, "aws:eks/podIdentityAssociation:PodIdentityAssociation": deployment.Name,
			"kubernetes:networking.k8s.io/v1:NetworkPolicy": "cloudinsight-prod-default-deny",
		} {
			assert.True(t, deployment.DependsOnNamed(typ, name), "%s on %s %s", deployment.Name, typ, name)
		}
	}
}

// reachable follows dependsOn from one resource.
func reachable(rec *pulumitest.Recorder, from *pulumitest.Resource, seen map[string]bool) {
	for _, urn := range from.DependsOn {
		if !seen[urn] {
			seen[urn] = true
			for _, r := range rec.All() {
				if r.URN == urn {
					reachable(rec, r, seen)
				}
			}
		}
	}
}

func TestDeploy_RegistersNothingWhenTheConfigurationIsWrong(t *testing.T) {
	values := pulumitest.StackConfig(t, "prod")
	values["cloudinsight:networks"] = "{}"
	values["cloudinsight:cluster"] = `{"publicAccessCidrs":["0.0.0.0/0"],"version":136}`
	rec, err := pulumitest.RunErr(t, Deploy, append(awsSide(), pulumitest.Config(values))...)
	require.Error(t, err)
	assert.Empty(t, rec.All())
	for _, want := range []string{"config: networks: ", "config: cluster.publicAccessCidrs", "config: cluster.version: "} {
		assert.ErrorContains(t, err, want, "all problems at once")
	}
}

func TestDeploy_ImagesComeFromTheSharedRegistry(t *testing.T) {
	values := pulumitest.StackConfig(t, "dev")
	digest := "sha256:" + strings.Repeat("a", 64)
	values["cloudinsight:apps"] = `{"qos":"bestEffort","replicas":1,"autoscaling":{"disabled":true},"images":{"cost":"1.4.2","user":"` + digest + `"}}`
	rec := pulumitest.Run(t, Deploy, append(awsSide(), pulumitest.Config(values))...)
	image := func(service string) any {
		return rec.Named(t, "kubernetes:apps/v1:Deployment", "cloudinsight-dev-"+service).Input("spec.template.spec.containers[0].image")
	}
	registry := pulumitest.AccountID + ".dkr.ecr.af-south-1.amazonaws.com/cloudinsight/"
	assert.Equal(t, registry+"cost:1.4.2", image("cost"))
	assert.Equal(t, registry+"user@"+digest, image("user"))
	assert.Contains(t, image("metric"), "agnhost", "without an image the placeholder runs")
}

// The names on both sides of the stack reference are the same constants; this is the proof that none is forgotten.
func TestShared_ExportsWhatEnvironmentsRead(t *testing.T) {
	bucket := &storage.Bucket{}
	exported := (&common{cfg: &config.Config{}}).outputs("Z1", &sharedBuckets{bucket, bucket, bucket, bucket},
		&registry.Registry{}, &cicd.Identities{}, &security.Account{})
	for name := range (&contract{}).fields() {
		assert.Contains(t, exported, name)
	}
}

func TestContract_NamesAllThatIsMissing(t *testing.T) {
	outputs := sharedOutputs()
	delete(outputs, SharedZoneID)
	delete(outputs, SharedAccessLogsBucket)
	outputs[SharedRegistryHost] = 7.0
	outputs[SharedDomain] = "example.com"
	outputs[SharedRegion] = "us-east-1"
	for name, options := range map[string][]pulumitest.Option{"up": nil, "preview": {pulumitest.Preview()}} {
		t.Run(name, func(t *testing.T) {
			options := append(append(awsSide(), pulumitest.Stack("prod"), pulumitest.StackOutputs("shared", outputs)), options...)
			rec, err := pulumitest.RunErr(t, Deploy, options...)
			require.Error(t, err)
			assert.Empty(t, rec.All(), "nothing is registered")
			for _, want := range []string{
				`output "zoneId" is missing: bring the stack up at this version of the program first`, `output "accessLogsBucket" is missing`,
				`output "registryHost": must be text, got float64`, `config: domain: must be that of the stack organization/cloudinsight/shared, example.com, got "cloudinsight.com"`,
				`config: region: must be a region of the stack organization/cloudinsight/shared (us-east-1, eu-west-1), got "af-south-1"`,
			} {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

// Nothing waits for a store that it does not use.
func TestDeploy_OnlyUsersWaitForAStore(t *testing.T) {
	rec := deploy(t, "prod")
	for typ, store := range map[string]apps.Store{
		"aws:msk/cluster:Cluster": apps.Kafka, "aws:rds/instance:Instance": apps.PostgreSQL,
		"aws:docdb/clusterInstance:ClusterInstance": apps.DocumentDB, "aws:elasticache/replicationGroup:ReplicationGroup": apps.Redis,
	} {
		t.Run(string(store), func(t *testing.T) {
			users := apps.UsersOf(apps.Catalog(), store)
			var waiting []string
			for _, d := range rec.OfType("kubernetes:apps/v1:Deployment") {
				reach := map[string]bool{}
				reachable(rec, d, reach)
				if slices.ContainsFunc(rec.OfType(typ), func(r *pulumitest.Resource) bool { return reach[r.URN] }) {
					waiting = append(waiting, strings.TrimPrefix(d.Name, "cloudinsight-prod-"))
				}
			}
			assert.ElementsMatch(t, users, waiting)
		})
	}
}

// What holds data is protected unless the stack says otherwise, part by part.
func TestDeploy_ProtectsWhatHoldsData(t *testing.T) {
	stateful := []string{
		"aws:rds/instance:Instance", "aws:docdb/cluster:Cluster", "aws:msk/cluster:Cluster", "aws:elasticache/replicationGroup:ReplicationGroup",
		"aws:s3/bucketV2:BucketV2", "aws:kms/key:Key", "aws:secretsmanager/secret:Secret", "aws:backup/vault:Vault", "aws:ecr/repository:Repository",
	}
	protected := func(rec *pulumitest.Recorder, typ string) (on, off int) {
		for _, r := range rec.OfType(typ) {
			if r.Protect {
				on++
			} else {
				off++
			}
		}
		return on, off
	}
	for _, stack := range []string{"staging", "prod", "shared"} {
		rec := deploy(t, stack)
		for _, typ := range stateful {
			on, off := protected(rec, typ)
			if typ == "aws:rds/instance:Instance" && stack == "prod" {
				assert.Equal(t, []int{1, 1}, []int{on, off}, "the replica holds nothing that the primary does not have")
				continue
			}
			assert.Zero(t, off, "%s: %s", stack, typ)
		}
	}
	dev := deploy(t, "dev")
	for _, typ := range stateful {
		on, _ := protected(dev, typ)
		assert.Zero(t, on, "dev: %s", typ)
	}

	values := pulumitest.StackConfig(t, "prod")
	values["cloudinsight:protection"] = `{"unprotected":["msk"]}`
	lifted := pulumitest.Run(t, Deploy, append(awsSide(), pulumitest.Config(values))...)
	on, off := protected(lifted, "aws:msk/cluster:Cluster")
	assert.Equal(t, []int{0, 1}, []int{on, off})
	on, _ = protected(lifted, "aws:docdb/cluster:Cluster")
	assert.Equal(t, 1, on, "only what is named")
}

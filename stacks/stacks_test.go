package stacks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

var environments = []string{"dev", "staging", "prod"}

// aws answers what the program asks AWS for, and stands in for what pulumi-eks makes.
func awsSide() []pulumitest.Option {
	return []pulumitest.Option{
		pulumitest.Invoke("aws:index/getCallerIdentity:getCallerIdentity", func(map[string]any) map[string]any {
			return map[string]any{"accountId": pulumitest.AccountID, "arn": "arn:aws:sts::1:assumed-role/anyone/at-all", "userId": "x", "id": "x"}
		}),
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
			want := "aws"
			if strings.HasPrefix(r.Type, "kubernetes:") {
				want = "kubernetes"
			}
			assert.Equal(t, want, r.Provider, "%s %q", r.Type, r.Name)
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

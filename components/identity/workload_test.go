package identity

import (
	"strings"
	"testing"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	roleType        = "aws:iam/role:Role"
	rolePolicyType  = "aws:iam/rolePolicy:RolePolicy"
	associationType = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
	accountType     = "kubernetes:core/v1:ServiceAccount"
)

func podIdentity() *WorkloadArgs {
	return &WorkloadArgs{
		RoleName: "cloudinsight-dev-app-cost", Namespace: "shop", ServiceAccount: "cost",
		ClusterName: pulumi.String("cloudinsight-dev"),
	}
}

func run(t *testing.T, args *WorkloadArgs) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := NewWorkload(ctx, "cost", args)
		return err
	})
}

func TestWorkload_PodIdentityByDefault(t *testing.T) {
	rec := run(t, podIdentity())

	role := rec.Named(t, roleType, "cost")
	assert.Equal(t, "cloudinsight-dev-app-cost", role.Input("name"))
	assert.Equal(t, iam.Document{Statements: []iam.Statement{{
		Actions:    []string{"sts:AssumeRole", "sts:TagSession"},
		Principals: iam.Principals{Service: []string{"pods.eks.amazonaws.com"}},
		Conditions: iam.Conditions{"StringEquals": {
			"aws:RequestTag/kubernetes-namespace":       {"shop"},
			"aws:RequestTag/kubernetes-service-account": {"cost"},
		}},
	}}}.JSON(), role.Input("assumeRolePolicy"))
	assert.Nil(t, role.Input("permissionsBoundary"))
	assert.Zero(t, rec.Count(rolePolicyType), "nothing is permitted that nobody asked for")

	association := rec.Named(t, associationType, "cost")
	assert.Equal(t, "cloudinsight-dev", association.Input("clusterName"))
	assert.Equal(t, "shop", association.Input("namespace"))
	assert.Equal(t, "cost", association.Input("serviceAccount"))
	assert.Contains(t, association.Input("roleArn"), "cloudinsight-dev-app-cost")

	account := rec.Named(t, accountType, "cost")
	assert.Equal(t, "cost", account.Input("metadata.name"))
	assert.Equal(t, false, account.Input("automountServiceAccountToken"))
	assert.Nil(t, account.Input("metadata.annotations"))
	everyChildHasItsParent(t, rec)
}

func TestWorkload_IRSAWithEverything(t *testing.T) {
	permissions := iam.Document{Statements: []iam.Statement{{
		Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::reports/*"},
	}}}.JSON()
	rec := run(t, &WorkloadArgs{
		RoleName: "cost", Namespace: "shop", ServiceAccount: "cost", Labels: map[string]string{"a": "b"},
		OIDCProviderARN:     pulumi.String("arn:aws:iam::123456789012:oidc-provider/oidc.example/id/1"),
		OIDCIssuer:          pulumi.String("https://oidc.example/id/1"),
		Policy:              pulumi.String(permissions),
		PermissionsBoundary: pulumi.String("arn:aws:iam::123456789012:policy/boundary"),
	})

	role := rec.Named(t, roleType, "cost")
	assert.Equal(t, iam.AssumeServiceAccount(
		"arn:aws:iam::123456789012:oidc-provider/oidc.example/id/1", "https://oidc.example/id/1", "shop", "cost",
	).JSON(), role.Input("assumeRolePolicy"))
	assert.Equal(t, "arn:aws:iam::123456789012:policy/boundary", role.Input("permissionsBoundary"))
	assert.Equal(t, permissions, rec.Named(t, rolePolicyType, "cost").Input("policy"))
	assert.Zero(t, rec.Count(associationType))

	account := rec.Named(t, accountType, "cost")
	assert.Contains(t, account.Input(`metadata.annotations["eks.amazonaws.com/role-arn"]`), ":role/cost")
	assert.Equal(t, "b", account.Input("metadata.labels.a"))
	everyChildHasItsParent(t, rec)
}

func TestWorkload_MorePolicies(t *testing.T) {
	args := podIdentity()
	args.MorePolicies = map[string]pulumi.StringInput{"cost-data": pulumi.String("{}"), "audit": pulumi.String("[]")}
	rec := run(t, args)
	assert.Equal(t, 2, rec.Count(rolePolicyType))
	for child, want := range map[string]string{"cost-cost-data": "{}", "cost-audit": "[]"} {
		policy := rec.Named(t, rolePolicyType, child)
		assert.Equal(t, want, policy.Input("policy"))
		assert.Equal(t, child, "cost-"+policy.Input("name").(string))
		assert.Contains(t, policy.Input("role"), "cloudinsight-dev-app-cost")
	}
	everyChildHasItsParent(t, rec)
}

// Pods wait for all that their role permits.
func TestWorkload_ReadyHasEveryPolicy(t *testing.T) {
	args := podIdentity()
	args.Policy = pulumi.String("{}")
	args.MorePolicies = map[string]pulumi.StringInput{"audit": pulumi.String("[]")}
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		w, err := NewWorkload(ctx, "cost", args)
		if err != nil {
			return err
		}
		var pods struct{ pulumi.CustomResourceState }
		return ctx.RegisterResource("test:test:Pods", "pods", nil, &pods, pulumi.DependsOn(w.Ready))
	})
	pods := rec.Named(t, "test:test:Pods", "pods")
	assert.True(t, pods.DependsOnNamed(rolePolicyType, "cost"))
	assert.True(t, pods.DependsOnNamed(rolePolicyType, "cost-audit"))
}

func TestWorkload_Refused(t *testing.T) {
	some := pulumi.String("x")
	for name, c := range map[string]struct {
		change func(*WorkloadArgs)
		want   string
	}{
		"long role name":  {func(a *WorkloadArgs) { a.RoleName = strings.Repeat("r", 65) }, "(65)"},
		"no role name":    {func(a *WorkloadArgs) { a.RoleName = "" }, `roleName: must be 1 to 64 letters, digits or +=,.@_-, got "" (0)`},
		"role with path":  {func(a *WorkloadArgs) { a.RoleName = "a/b" }, "roleName: must be"},
		"namespace":       {func(a *WorkloadArgs) { a.Namespace = "A" }, `namespace: must be a DNS label, got "A"`},
		"service account": {func(a *WorkloadArgs) { a.ServiceAccount = "" }, `serviceAccount: must be a DNS name, got ""`},
		"neither way":     {func(a *WorkloadArgs) { a.ClusterName = nil }, "clusterName: is required, or"},
		"both ways":       {func(a *WorkloadArgs) { a.OIDCProviderARN, a.OIDCIssuer = some, some }, "clusterName: must be left out"},
		"policy's name taken": {func(a *WorkloadArgs) { a.MorePolicies = map[string]pulumi.StringInput{"permissions": some} },
			`morePolicies: must be named by letters, digits or +=,.@_-, and not permissions, got "permissions"`},
		"policy's name": {func(a *WorkloadArgs) { a.MorePolicies = map[string]pulumi.StringInput{"a b": some} }, `got "a b"`},
		"absent policy": {func(a *WorkloadArgs) { a.MorePolicies = map[string]pulumi.StringInput{"audit": nil} },
			"morePolicies.audit: is required"},
		"half of IRSA":     {func(a *WorkloadArgs) { a.ClusterName, a.OIDCIssuer = nil, some }, "must come together"},
		"other half of it": {func(a *WorkloadArgs) { a.ClusterName, a.OIDCProviderARN = nil, some }, "must come together"},
	} {
		t.Run(name, func(t *testing.T) {
			args := podIdentity()
			c.change(args)
			rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
				_, err := NewWorkload(ctx, "cost", args)
				return err
			})
			require.ErrorContains(t, err, `workload identity "cost": `)
			require.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All())
		})
	}
}

func TestWorkload_RoleNameOfFullLength(t *testing.T) {
	args := podIdentity()
	args.RoleName = strings.Repeat("r", MaxRoleNameLength)
	assert.NoError(t, args.validate())
}

func everyChildHasItsParent(t *testing.T, rec *pulumitest.Recorder) {
	for _, r := range rec.All() {
		if r.Type != workloadType {
			require.NotNil(t, r.Parent, r.Type)
			assert.Equal(t, workloadType, r.Parent.Type, r.Type)
		}
	}
}

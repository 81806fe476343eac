package access

import (
	"slices"
	"testing"

	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	roleType        = "aws:iam/role:Role"
	rolePolicyType  = "aws:iam/rolePolicy:RolePolicy"
	entryType       = "aws:eks/accessEntry:AccessEntry"
	associationType = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
	clusterRoleType = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
	bindingType     = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"
)

func argsFor(teams ...Team) *Args {
	return &Args{
		Environment: "staging", Namespace: "shop", Teams: teams,
		ClusterName: pulumi.String("cloudinsight-staging"),
		ClusterARN:  pulumi.String("arn:aws:eks:af-south-1:123456789012:cluster/cloudinsight-staging"),
		AccountID:   pulumi.String("123456789012"),
	}
}

func run(t *testing.T, args *Args) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := NewAccess(ctx, "access", args)
		return err
	})
}

func TestAccess_NobodyByDefault(t *testing.T) {
	rec := run(t, argsFor())
	require.Len(t, rec.All(), 1)
	assert.Equal(t, accessType, rec.All()[0].Type)
}

func TestAccess_EveryTeam(t *testing.T) {
	args := argsFor(Teams...)
	args.PermissionsBoundary = pulumi.String("arn:aws:iam::123456789012:policy/boundary")
	granted := make(chan map[string]string, 1)
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		access, err := NewAccess(ctx, "access", args)
		if err != nil {
			return err
		}
		access.RoleARNs.ApplyT(func(arns map[string]string) error { granted <- arns; return nil })
		return nil
	})

	roles := <-granted
	for team, want := range map[Team]struct {
		label, clusterRole string
		policies           int
	}{
		Developers: {"developers", "cloudinsight-developers", 0},
		QA:         {"qa", "cloudinsight-qa", 0},
		TechLeads:  {"tech-leads", "edit", 0},
		DevOps:     {"devops", "admin", 1},
	} {
		name := "access-" + want.label
		role := rec.Named(t, roleType, name)
		assert.Equal(t, "cloudinsight-staging-team-"+want.label, role.Input("name"))
		assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole"],
			"Principal":{"AWS":["arn:aws:iam::123456789012:root"]},
			"Condition":{"Bool":{"aws:MultiFactorAuthPresent":["true"]}}}]}`, role.Input("assumeRolePolicy").(string))
		assert.EqualValues(t, sessionSeconds, role.Input("maxSessionDuration"))
		assert.Equal(t, "arn:aws:iam::123456789012:policy/boundary", role.Input("permissionsBoundary"))
		assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["eks:DescribeCluster"],
			"Resource":["arn:aws:eks:af-south-1:123456789012:cluster/cloudinsight-staging"]}]}`,
			rec.Named(t, rolePolicyType, name).Input("policy").(string))
		assert.Contains(t, roles[string(team)], want.label)

		entry := rec.Named(t, entryType, name)
		assert.Equal(t, roles[string(team)], entry.Input("principalArn"))
		assert.Equal(t, []any{"cloudinsight:" + want.label}, entry.Input("kubernetesGroups"))

		binding := rec.Named(t, bindingType, name)
		assert.Equal(t, "shop", binding.Input("metadata.namespace"))
		assert.Equal(t, want.clusterRole, binding.Input("roleRef.name"))
		assert.Equal(t, "cloudinsight:"+want.label, binding.Input("subjects[0].name"))
		assert.Len(t, slices.DeleteFunc(rec.OfType(associationType), func(r *pulumitest.Resource) bool { return r.Name != name }), want.policies)
	}
	assert.Equal(t, 2, rec.Count(clusterRoleType))
	assert.Equal(t, "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
		rec.Named(t, associationType, "access-devops").Input("policyArn"))
	for _, r := range rec.All() {
		if r.Type != accessType {
			require.NotNil(t, r.Parent, r.Name)
			assert.Equal(t, accessType, r.Parent.Type, r.Name)
		}
	}
}

// may answers for a team's own rules as Kubernetes' authorizer does: any rule
// that names group, resource and verb will do.
func may(team Team, verb, group, resource string) bool {
	return slices.ContainsFunc(grants[team].rules, func(r rule) bool {
		return r.group == group && slices.Contains(r.resources, resource) && slices.Contains(r.verbs, verb)
	})
}

func TestGrants(t *testing.T) {
	for _, c := range []struct {
		verb, group, resource string
		developers, qa        bool
	}{
		{"get", "", "pods", true, true},
		{"get", "", "pods/log", true, true},
		{"create", "", "pods/portforward", true, true},
		{"create", "", "pods/exec", true, false},
		{"delete", "", "pods", true, false},
		{"patch", "apps", "deployments", true, false},
		{"list", "apps", "deployments", true, true},
		{"get", "", "secrets", false, false},
		{"list", "", "secrets", false, false},
		{"update", "", "resourcequotas", false, false},
		{"create", "networking.k8s.io", "networkpolicies", false, false},
		{"create", "rbac.authorization.k8s.io", "rolebindings", false, false},
		{"create", "", "serviceaccounts/token", false, false},
	} {
		assert.Equal(t, c.developers, may(Developers, c.verb, c.group, c.resource), "developers: %s %s", c.verb, c.resource)
		assert.Equal(t, c.qa, may(QA, c.verb, c.group, c.resource), "qa: %s %s", c.verb, c.resource)
	}
	for team, g := range grants {
		assert.NotEqual(t, g.builtin == "", len(g.rules) == 0, "%s: rules of its own or a built-in role", team)
		for _, r := range g.rules {
			assert.NotContains(t, r.resources, "*", team)
			assert.NotContains(t, r.verbs, "*", team)
		}
	}
}

func TestAccess_WaitsForTheNamespace(t *testing.T) {
	args := argsFor(Developers)
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var space struct{ pulumi.CustomResourceState }
		if err := ctx.RegisterResource("test:test:Space", "space", nil, &space); err != nil {
			return err
		}
		args.DependsOn = []pulumi.Resource{&space}
		_, err := NewAccess(ctx, "access", args)
		return err
	})
	assert.True(t, rec.Named(t, bindingType, "access-developers").DependsOnNamed("test:test:Space", "space"))
	assert.False(t, rec.Named(t, roleType, "access-developers").DependsOnNamed("test:test:Space", "space"), "AWS need not wait")
}

func TestAccess_Refused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Args)
		want   string
	}{
		"environment":  {func(a *Args) { a.Environment = "" }, `environment: must be a DNS label, got ""`},
		"namespace":    {func(a *Args) { a.Namespace = "a b" }, `namespace: must be a DNS label, got "a b"`},
		"unknown team": {func(a *Args) { a.Teams = []Team{"ops"} }, `teams[0]: must be one of [developers qa techLeads devops], got "ops"`},
		"twice":        {func(a *Args) { a.Teams = []Team{QA, DevOps, QA} }, `teams[2]: must be unique, "qa" is there already`},
		"cluster name": {func(a *Args) { a.ClusterName = nil }, "clusterName: is required"},
		"cluster ARN":  {func(a *Args) { a.ClusterARN = nil }, "clusterArn: is required"},
		"account":      {func(a *Args) { a.AccountID = nil }, "accountId: is required"},
	} {
		t.Run(name, func(t *testing.T) {
			args := argsFor(QA)
			c.change(args)
			rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
				_, err := NewAccess(ctx, "access", args)
				return err
			})
			require.ErrorContains(t, err, `access "access": `+c.want)
			assert.Empty(t, rec.All())
		})
	}
}

package access

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

const developers = "arn:aws:iam::111122223333:role/teams/developers"

func association(policy, scope string, namespaces ...string) desired.PolicyAssociation {
	a := desired.PolicyAssociation{PrincipalARN: developers, PolicyARN: "arn:aws:eks::aws:cluster-access-policy/" + policy}
	a.Scope.Type, a.Scope.Namespaces = scope, namespaces
	return a
}

func TestUserOf(t *testing.T) {
	c := &desired.Cluster{Name: "dev", Entries: []desired.AccessEntry{
		{PrincipalARN: developers, Groups: []string{"developers"}},
		{PrincipalARN: "arn:aws:iam::111122223333:user/ann"},
		{PrincipalARN: "arn:aws:iam::111122223333:role/ci", UserName: "ci:{{SessionName}}"},
		{PrincipalARN: "arn:aws:iam::111122223333:role/node", Type: "EC2_LINUX"},
	}}
	for arn, want := range map[string]string{
		"arn:aws:sts::111122223333:assumed-role/developers/ann@example.com": "arn:aws:sts::111122223333:assumed-role/developers/ann-example.com",
		developers:                           "arn:aws:sts::111122223333:assumed-role/developers/sandbox",
		"arn:aws:iam::111122223333:user/ann": "arn:aws:iam::111122223333:user/ann",
		"arn:aws:sts::111122223333:assumed-role/ci/build-7": "ci:build-7",
	} {
		user, err := userOf(c, &account.Identity{PrincipalARN: arn})
		require.NoError(t, err, arn)
		assert.Equal(t, want, user.Username)
	}
	user, err := userOf(c, &account.Identity{PrincipalARN: developers})
	require.NoError(t, err)
	assert.Equal(t, []string{"eks:access-entry:" + developers, "developers"}, user.Groups)

	_, err = userOf(c, &account.Identity{PrincipalARN: "arn:aws:iam::111122223333:role/stranger"})
	assert.ErrorContains(t, err, `cluster "dev" has no access entry for arn:aws:iam::111122223333:role/stranger`)
	_, err = userOf(c, &account.Identity{PrincipalARN: "arn:aws:sts::111122223333:assumed-role/node/i-0"})
	assert.ErrorContains(t, err, "which is for nodes")
}

func TestBindings(t *testing.T) {
	c := &desired.Cluster{
		Entries: []desired.AccessEntry{{PrincipalARN: developers}},
		Associations: []desired.PolicyAssociation{
			association("AmazonEKSViewPolicy", "cluster"),
			association("AmazonEKSEditPolicy", "namespace", "one", "two"),
			association("AmazonEKSOtherPolicy", "cluster"),
			association("AmazonEKSAdminPolicy", "planet"),
		},
	}
	cluster, namespaced, problems := bindings(c)
	require.Len(t, cluster, 1)
	assert.Equal(t, "view", cluster[0].RoleRef.Name)
	assert.Equal(t, []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "eks:access-entry:" + developers}}, cluster[0].Subjects)
	require.Len(t, namespaced, 2)
	assert.Equal(t, []string{"one", "two"}, []string{namespaced[0].Namespace, namespaced[1].Namespace})
	assert.Equal(t, "edit", namespaced[0].RoleRef.Name)
	require.Len(t, problems, 2, "an unknown policy and a wrong scope grant nothing")
	assert.Contains(t, problems[0].Message, "grants nothing here")
	assert.Contains(t, problems[1].Message, `got "planet"`)

	c.Entries = nil
	cluster, namespaced, _ = bindings(c)
	assert.Empty(t, cluster, "no entry, no grant")
	assert.Empty(t, namespaced)
}

func TestReconcileTakesBackWhatIsNoLongerGranted(t *testing.T) {
	ctx, client := context.Background(), fake.NewClientset()
	c := &desired.Cluster{Entries: []desired.AccessEntry{{PrincipalARN: developers}}}
	names := func() (names []string) {
		list, err := client.RbacV1().ClusterRoleBindings().List(ctx, metav1.ListOptions{})
		require.NoError(t, err)
		for _, b := range list.Items {
			names = append(names, b.RoleRef.Name)
		}
		return names
	}
	foreign := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "own"}, RoleRef: rbacv1.RoleRef{Name: "foreign"}}
	_, err := client.RbacV1().ClusterRoleBindings().Create(ctx, foreign, metav1.CreateOptions{})
	require.NoError(t, err)

	c.Associations = []desired.PolicyAssociation{association("AmazonEKSAdminViewPolicy", "cluster")}
	for range 2 {
		_, _, err := Reconcile(ctx, client, c)
		require.NoError(t, err)
	}
	assert.ElementsMatch(t, []string{"foreign", adminViewRole}, names())
	_, err = client.RbacV1().ClusterRoles().Get(ctx, adminViewRole, metav1.GetOptions{})
	require.NoError(t, err)

	c.Associations = nil
	_, _, err = Reconcile(ctx, client, c)
	require.NoError(t, err)
	assert.Equal(t, []string{"foreign"}, names())
}

package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

const (
	// managedLabel marks the bindings that this package keeps.
	managedLabel = "sandbox.cloudinsight.com/access-policy"

	// adminViewRole is the cluster role behind AmazonEKSAdminViewPolicy, for which Kubernetes has none of its own.
	adminViewRole = "eks:admin-view"
)

// clusterRoles gives the cluster role that permits the same as an access policy.
// https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
var clusterRoles = map[string]string{
	"AmazonEKSClusterAdminPolicy": "cluster-admin",
	"AmazonEKSAdminPolicy":        "admin",
	"AmazonEKSAdminViewPolicy":    adminViewRole,
	"AmazonEKSEditPolicy":         "edit",
	"AmazonEKSViewPolicy":         "view",
}

// bindings returns what the cluster's policy associations amount to. A namespaced binding stands for each namespace by
// name; one that does not exist yet gets its binding when it is made.
func bindings(c *desired.Cluster) (cluster []rbacv1.ClusterRoleBinding, namespaced []rbacv1.RoleBinding, problems []desired.Problem) {
	for _, a := range c.Associations {
		policy := a.PolicyARN[strings.LastIndex(a.PolicyARN, "/")+1:]
		problem := func(format string, args ...any) {
			problems = append(problems, desired.Problem{
				Subject: fmt.Sprintf("access policy %s for %s", policy, a.PrincipalARN), Message: fmt.Sprintf(format, args...),
			})
		}
		role, ok := clusterRoles[policy]
		if !ok {
			problem("grants nothing here: known are %s", strings.Join(sortedNames(clusterRoles), ", "))
			continue
		}
		if !slices.ContainsFunc(c.Entries, func(e desired.AccessEntry) bool { return e.PrincipalARN == a.PrincipalARN }) {
			problem("the principal has no access entry")
			continue
		}
		meta := metav1.ObjectMeta{Name: bindingName(policy, a.PrincipalARN), Labels: map[string]string{managedLabel: policy}}
		ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}
		subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: entryGroup(a.PrincipalARN)}}
		switch a.Scope.Type {
		case "cluster":
			cluster = append(cluster, rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects})
		case "namespace":
			for _, namespace := range a.Scope.Namespaces {
				inNamespace := *meta.DeepCopy()
				inNamespace.Namespace = namespace
				namespaced = append(namespaced, rbacv1.RoleBinding{ObjectMeta: inNamespace, RoleRef: ref, Subjects: subjects})
			}
		default:
			problem("access scope must be cluster or namespace, got %q", a.Scope.Type)
		}
	}
	return cluster, namespaced, problems
}

// bindingName is readable and, by the hash, different for every principal.
func bindingName(policy, principal string) string {
	sum := sha256.Sum256([]byte(principal))
	return "eks-access-" + strings.ToLower(policy) + "-" + hex.EncodeToString(sum[:5])
}

func sortedNames(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Reconcile makes the cluster's bindings those of the account's policy associations. Missing reports that a namespace of
// an association does not exist yet, so that its binding is still to be made.
func Reconcile(ctx context.Context, client kubernetes.Interface, c *desired.Cluster) (problems []desired.Problem, missing bool, err error) {
	wantCluster, wantNamespaced, problems := bindings(c)
	rbac, managed := client.RbacV1(), metav1.ListOptions{LabelSelector: managedLabel}
	var errs []error
	keep := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}

	haveCluster, err := rbac.ClusterRoleBindings().List(ctx, managed)
	if err != nil {
		return problems, false, fmt.Errorf("access: %w", err)
	}
	haveNamespaced, err := rbac.RoleBindings("").List(ctx, managed)
	if err != nil {
		return problems, false, fmt.Errorf("access: %w", err)
	}
	for _, have := range haveCluster.Items {
		stays := slices.ContainsFunc(wantCluster, func(want rbacv1.ClusterRoleBinding) bool {
			return want.Name == have.Name && want.RoleRef == have.RoleRef && reflect.DeepEqual(want.Subjects, have.Subjects)
		})
		if !stays {
			keep(ignore(rbac.ClusterRoleBindings().Delete(ctx, have.Name, metav1.DeleteOptions{}), apierrors.IsNotFound))
		}
	}
	for _, have := range haveNamespaced.Items {
		stays := slices.ContainsFunc(wantNamespaced, func(want rbacv1.RoleBinding) bool {
			return want.Name == have.Name && want.Namespace == have.Namespace && want.RoleRef == have.RoleRef && reflect.DeepEqual(want.Subjects, have.Subjects)
		})
		if !stays {
			keep(ignore(rbac.RoleBindings(have.Namespace).Delete(ctx, have.Name, metav1.DeleteOptions{}), apierrors.IsNotFound))
		}
	}

	if slices.ContainsFunc(wantCluster, func(b rbacv1.ClusterRoleBinding) bool { return b.RoleRef.Name == adminViewRole }) ||
		slices.ContainsFunc(wantNamespaced, func(b rbacv1.RoleBinding) bool { return b.RoleRef.Name == adminViewRole }) {
		role := &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: adminViewRole},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"get", "list", "watch"}}},
		}
		_, err := rbac.ClusterRoles().Create(ctx, role, metav1.CreateOptions{})
		keep(ignore(err, apierrors.IsAlreadyExists))
	}
	for i := range wantCluster {
		_, err := rbac.ClusterRoleBindings().Create(ctx, &wantCluster[i], metav1.CreateOptions{})
		keep(ignore(err, apierrors.IsAlreadyExists))
	}
	for i := range wantNamespaced {
		_, err := rbac.RoleBindings(wantNamespaced[i].Namespace).Create(ctx, &wantNamespaced[i], metav1.CreateOptions{})
		if apierrors.IsNotFound(err) {
			missing = true
			continue
		}
		keep(ignore(err, apierrors.IsAlreadyExists))
	}
	return problems, missing, errors.Join(errs...)
}

func ignore(err error, expected func(error) bool) error {
	if err == nil || expected(err) {
		return nil
	}
	return fmt.Errorf("access: %w", err)
}

package cluster

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
	"github.com/cloudinsight/platform/sandbox/cluster/token"
)

// as returns a client with that bearer token and nothing else.
func (f *fixture) as(t *testing.T, bearer string) kubernetes.Interface {
	t.Helper()
	config := rest.AnonymousClientConfig(f.plane.AdminConfig())
	config.BearerToken = bearer
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	return client
}

func (f *fixture) deployer(t *testing.T) account.Identity {
	t.Helper()
	var identity account.Identity
	require.NoError(t, f.account.View(func(s *account.State) error { identity = s.Identities[0]; return nil }))
	return identity
}

func (f *fixture) grant(t *testing.T, principal, policy string, scope map[string]any) {
	t.Helper()
	f.put(t, desired.TypePolicyAssociation, policy, map[string]any{
		"principalArn": principal, "policyArn": "arn:aws:eks::aws:cluster-access-policy/" + policy, "accessScope": scope,
	})
	t.Cleanup(func() { f.remove(t, desired.TypePolicyAssociation, policy) })
}

func TestTokens(t *testing.T) {
	f := sharedPlane(t)
	ctx := context.Background()
	me := f.deployer(t)
	good, err := token.Make(me, testName, testRegion, time.Now())
	require.NoError(t, err)
	whoami := func(bearer string) (authenticationv1.UserInfo, error) {
		review, err := f.as(t, bearer).AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		if err != nil {
			return authenticationv1.UserInfo{}, err
		}
		return review.Status.UserInfo, nil
	}

	_, err = whoami(good)
	require.True(t, apierrors.IsUnauthorized(err), "no access entry yet: %v", err)

	f.put(t, desired.TypeAccessEntry, "deployer", map[string]any{"principalArn": me.PrincipalARN, "kubernetesGroups": []any{"deployers"}})
	t.Cleanup(func() { f.remove(t, desired.TypeAccessEntry, "deployer") })
	good, err = token.Make(me, testName, testRegion, time.Now().Add(-time.Second)) // the refusal of the first is cached
	require.NoError(t, err)
	user, err := whoami(good)
	require.NoError(t, err)
	assert.Regexp(t, `^arn:aws:sts::\d{12}:assumed-role/`+account.DeployerName+`/`, user.Username)
	assert.Contains(t, user.Groups, "deployers")
	assert.Contains(t, user.Groups, "system:authenticated")

	other, err := token.Make(me, "another-cluster", testRegion, time.Now())
	require.NoError(t, err)
	expired, err := token.Make(me, testName, testRegion, time.Now().Add(-token.Lifetime-time.Second))
	require.NoError(t, err)
	forged, err := token.Make(account.Identity{AccessKeyID: me.AccessKeyID, SecretAccessKey: "guessed"}, testName, testRegion, time.Now())
	require.NoError(t, err)
	for name, bearer := range map[string]string{
		"another cluster": other, "expired": expired, "forged": forged, "tampered": good[:len(good)-4] + "AAAA", "nonsense": "nonsense",
	} {
		_, err := whoami(bearer)
		assert.True(t, apierrors.IsUnauthorized(err), "%s: %v", name, err)
	}
	_, err = f.as(t, "").CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	assert.True(t, apierrors.IsUnauthorized(err), "anonymous callers see nothing: %v", err)
}

func TestAccessPolicies(t *testing.T) {
	f := sharedPlane(t)
	ctx := context.Background()
	me := f.deployer(t)
	f.put(t, desired.TypeAccessEntry, "deployer", map[string]any{"principalArn": me.PrincipalARN})
	t.Cleanup(func() { f.remove(t, desired.TypeAccessEntry, "deployer") })
	bearer, err := token.Make(me, testName, testRegion, time.Now())
	require.NoError(t, err)
	client := f.as(t, bearer)
	note := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "note-"}}
	write := func(namespace string) error {
		_, err := client.CoreV1().ConfigMaps(namespace).Create(ctx, note, metav1.CreateOptions{})
		return err
	}
	read := func() error {
		_, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
		return err
	}
	allowed := func(try func() error) func() bool { return func() bool { return try() == nil } }

	require.True(t, apierrors.IsForbidden(read()), "an entry alone permits nothing")
	f.grant(t, me.PrincipalARN, "AmazonEKSViewPolicy", map[string]any{"type": "cluster"})
	require.Eventually(t, allowed(read), 10*time.Second, 50*time.Millisecond)
	err = write("default")
	require.True(t, apierrors.IsForbidden(err), "view must not write: %v", err)

	namespace := f.namespace(t, nil)
	f.grant(t, me.PrincipalARN, "AmazonEKSEditPolicy", map[string]any{"type": "namespace", "namespaces": []any{namespace, "not-there-yet"}})
	require.Eventually(t, allowed(func() error { return write(namespace) }), 10*time.Second, 50*time.Millisecond)
	require.True(t, apierrors.IsForbidden(write("default")), "another namespace stays closed")

	late := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "not-there-yet"}}
	_, err = f.client.CoreV1().Namespaces().Create(ctx, late, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.client.CoreV1().Namespaces().Delete(ctx, late.Name, metav1.DeleteOptions{}) })
	require.Eventually(t, allowed(func() error { return write(late.Name) }), 10*time.Second, 50*time.Millisecond)

	f.remove(t, desired.TypePolicyAssociation, "AmazonEKSEditPolicy")
	require.Eventually(t, func() bool { return apierrors.IsForbidden(write(namespace)) }, 10*time.Second, 50*time.Millisecond)

	f.grant(t, me.PrincipalARN, "AmazonEKSMadeUpPolicy", map[string]any{"type": "cluster"})
	require.Eventually(t, func() bool {
		problems, err := f.plane.Problems()
		return err == nil && len(problems) == 1 && strings.Contains(problems[0].Message, "grants nothing here")
	}, 5*time.Second, 50*time.Millisecond)
}

func TestAddonsComeAndGo(t *testing.T) {
	f := sharedPlane(t)
	startNodes(t, f, "workload", "t3.large", 2)
	names := []string{"kube-proxy", "coredns", "aws-ebs-csi-driver", "eks-pod-identity-agent", "metrics-server"}
	for _, name := range names {
		f.put(t, desired.TypeAddon, name, map[string]any{"addonName": name, "addonVersion": "v1.0.0-eksbuild.1"})
	}
	pods := func() (all, ready int) {
		list, err := f.client.CoreV1().Pods("kube-system").List(context.Background(), metav1.ListOptions{})
		require.NoError(t, err)
		for _, pod := range list.Items {
			if condition(&pod, corev1.PodReady).Status == corev1.ConditionTrue {
				ready++
			}
		}
		return len(list.Items), ready
	}
	// Four daemon sets on two nodes, three deployments of two.
	require.Eventually(t, func() bool { all, ready := pods(); return all == 14 && ready == 14 }, 30*time.Second, 100*time.Millisecond)
	service, err := f.client.CoreV1().Services("kube-system").Get(context.Background(), "kube-dns", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, "172.20.0.10", service.Spec.ClusterIP)

	for _, name := range names {
		f.remove(t, desired.TypeAddon, name)
	}
	require.Eventually(t, func() bool { all, _ := pods(); return all == 2 }, 30*time.Second, 100*time.Millisecond, "only the network plugin is left")
}

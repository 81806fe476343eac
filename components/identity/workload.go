// Package identity gives pods an AWS identity: a role that only one Kubernetes
// service account of one namespace can take on, and that service account.
//
// EKS Pod Identity is the usual way; IAM roles for service accounts (IRSA) is
// for clusters or software that Pod Identity does not reach. Nothing is
// permitted unless a policy is given.
package identity

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
	awseks "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/util/validation"
)

const workloadType = "cloudinsight:identity:Workload"

// MaxRoleNameLength is AWS's limit on the name of a role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const MaxRoleNameLength = 64

// ownPolicy is the name of the policy that Policy becomes.
const ownPolicy = "permissions"

var roleNames = regexp.MustCompile(`^[\w+=,.@-]+$`)

// Workload is the identity of the pods of one service account.
type Workload struct {
	pulumi.ResourceState

	RoleARN pulumi.StringOutput
	// ServiceAccount is the name for spec.serviceAccountName, known once the
	// role can be used through it.
	ServiceAccount pulumi.StringOutput
	// Ready is what has to be there before the pods: a dependency on the component itself can miss children, which the SDK
	// adds to it in the background.
	Ready []pulumi.Resource
}

// WorkloadArgs configures a Workload.
type WorkloadArgs struct {
	RoleName       string            // unique in the account, at most 64 characters
	Namespace      string            // of the service account
	ServiceAccount string            // name; pods of no other can take on the role
	Labels         map[string]string // of the service account (optional)

	// ClusterName selects Pod Identity, on this EKS cluster.
	ClusterName pulumi.StringInput
	// OIDCProviderARN and OIDCIssuer select IRSA, through this provider.
	OIDCProviderARN, OIDCIssuer pulumi.StringInput
	// Policy is what the role permits, as JSON of an iam.Document (optional).
	Policy pulumi.StringInput
	// MorePolicies are what the role permits besides, by name: documents that were
	// made elsewhere and pass through whole (optional).
	MorePolicies map[string]pulumi.StringInput
	// PermissionsBoundary limits whatever the policy permits (optional).
	PermissionsBoundary pulumi.StringPtrInput
	// DependsOn must exist before the service account is applied.
	DependsOn []pulumi.Resource
}

// NewWorkload registers the role, the service account and what binds them.
func NewWorkload(ctx *pulumi.Context, name string, args *WorkloadArgs, opts ...pulumi.ResourceOption) (*Workload, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("workload identity %q: %w", name, err)
	}
	w := &Workload{}
	if err := ctx.RegisterComponentResourceV2(workloadType, name, a.inputs(), w, opts...); err != nil {
		return nil, fmt.Errorf("workload identity %q: %w", name, err)
	}

	role, err := awsiam.NewRole(ctx, name, &awsiam.RoleArgs{
		Name:                pulumi.String(a.RoleName),
		Description:         pulumi.Sprintf("Pods of service account %s/%s", a.Namespace, a.ServiceAccount),
		AssumeRolePolicy:    a.trust(),
		PermissionsBoundary: a.PermissionsBoundary,
		Tags:                pulumi.ToStringMap(tags.Of("identity", a.RoleName)),
	}, pulumi.Parent(w))
	if err != nil {
		return nil, err
	}
	w.Ready = []pulumi.Resource{role}
	policies, err := newPolicies(ctx, name, a, role, pulumi.Parent(w))
	if err != nil {
		return nil, err
	}
	w.Ready = append(w.Ready, policies...)
	if a.ClusterName != nil {
		association, err := awseks.NewPodIdentityAssociation(ctx, name, &awseks.PodIdentityAssociationArgs{
			ClusterName:    a.ClusterName,
			Namespace:      pulumi.String(a.Namespace),
			ServiceAccount: pulumi.String(a.ServiceAccount),
			RoleArn:        role.Arn,
			Tags:           pulumi.ToStringMap(tags.Of("identity", a.RoleName)),
		}, pulumi.Parent(w))
		if err != nil {
			return nil, err
		}
		w.Ready = append(w.Ready, association)
	}
	account, err := corev1.NewServiceAccount(ctx, name, &corev1.ServiceAccountArgs{
		Metadata:                     a.metadata(role.Arn),
		AutomountServiceAccountToken: pulumi.Bool(false),
	}, pulumi.Parent(w), pulumi.DependsOn(a.DependsOn))
	if err != nil {
		return nil, err
	}

	w.Ready = append(w.Ready, account)
	w.RoleARN = role.Arn
	w.ServiceAccount = account.Metadata.Name().Elem()
	return w, ctx.RegisterResourceOutputs(w, pulumi.Map{"roleArn": w.RoleARN, "serviceAccount": w.ServiceAccount})
}

// newPolicies registers what the role permits.
func newPolicies(
	ctx *pulumi.Context, name string, a WorkloadArgs, role *awsiam.Role, parent pulumi.ResourceOption,
) ([]pulumi.Resource, error) {
	var policies []pulumi.Resource
	add := func(child, policyName string, document pulumi.StringInput) error {
		policy, err := awsiam.NewRolePolicy(ctx, child, &awsiam.RolePolicyArgs{
			Name: pulumi.String(policyName), Role: role.Name, Policy: document,
		}, parent)
		policies = append(policies, policy)
		return err
	}
	if a.Policy != nil {
		if err := add(name, ownPolicy, a.Policy); err != nil {
			return nil, err
		}
	}
	for _, policyName := range slices.Sorted(maps.Keys(a.MorePolicies)) {
		if err := add(name+"-"+policyName, policyName, a.MorePolicies[policyName]); err != nil {
			return nil, err
		}
	}
	return policies, nil
}

func (a *WorkloadArgs) withDefaults() WorkloadArgs {
	if a == nil {
		return WorkloadArgs{}
	}
	return *a
}

func (a WorkloadArgs) validate() error {
	var problems []error
	if n := len(a.RoleName); n == 0 || n > MaxRoleNameLength || !roleNames.MatchString(a.RoleName) {
		problems = append(problems, fmt.Errorf(
			"roleName: must be 1 to %d letters, digits or +=,.@_-, got %q (%d)", MaxRoleNameLength, a.RoleName, n))
	}
	if len(validation.IsDNS1123Label(a.Namespace)) > 0 {
		problems = append(problems, fmt.Errorf("namespace: must be a DNS label, got %q", a.Namespace))
	}
	if len(validation.IsDNS1123Subdomain(a.ServiceAccount)) > 0 {
		problems = append(problems, fmt.Errorf("serviceAccount: must be a DNS name, got %q", a.ServiceAccount))
	}
	for _, policyName := range slices.Sorted(maps.Keys(a.MorePolicies)) {
		if policyName == ownPolicy || !roleNames.MatchString(policyName) {
			problems = append(problems, fmt.Errorf(
				"morePolicies: must be named by letters, digits or +=,.@_-, and not %s, got %q", ownPolicy, policyName))
		}
		if a.MorePolicies[policyName] == nil {
			problems = append(problems, fmt.Errorf("morePolicies.%s: is required", policyName))
		}
	}
	irsa := a.OIDCProviderARN != nil || a.OIDCIssuer != nil
	switch {
	case a.ClusterName == nil && !irsa:
		problems = append(problems, errors.New("clusterName: is required, or oidcProviderArn and oidcIssuer for IRSA"))
	case a.ClusterName != nil && irsa:
		problems = append(problems, errors.New("clusterName: must be left out with oidcProviderArn and oidcIssuer"))
	case irsa && (a.OIDCProviderARN == nil || a.OIDCIssuer == nil):
		problems = append(problems, errors.New("oidcProviderArn, oidcIssuer: must come together, got one"))
	}
	return errors.Join(problems...)
}

func (a WorkloadArgs) inputs() pulumi.Map {
	return pulumi.Map{
		"roleName":       pulumi.String(a.RoleName),
		"namespace":      pulumi.String(a.Namespace),
		"serviceAccount": pulumi.String(a.ServiceAccount),
	}
}

// trust says who may take on the role: only the pods of the service account.
func (a WorkloadArgs) trust() pulumi.StringInput {
	if a.ClusterName != nil {
		return pulumi.String(a.podIdentityTrust().JSON())
	}
	return pulumi.All(a.OIDCProviderARN, a.OIDCIssuer).ApplyT(func(v []any) string {
		return iam.AssumeServiceAccount(v[0].(string), v[1].(string), a.Namespace, a.ServiceAccount).JSON()
	}).(pulumi.StringOutput)
}

// podIdentityTrust narrows the trust to the tags that EKS gives every session,
// so that an association with another service account is of no use.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
func (a WorkloadArgs) podIdentityTrust() iam.Document {
	document := iam.AssumePodIdentity()
	for i := range document.Statements {
		s := &document.Statements[i]
		s.Conditions = s.Conditions.And(iam.Conditions{"StringEquals": {
			"aws:RequestTag/kubernetes-namespace":       {a.Namespace},
			"aws:RequestTag/kubernetes-service-account": {a.ServiceAccount},
		}})
	}
	return document
}

func (a WorkloadArgs) metadata(roleARN pulumi.StringOutput) *metav1.ObjectMetaArgs {
	meta := &metav1.ObjectMetaArgs{
		Name:      pulumi.String(a.ServiceAccount),
		Namespace: pulumi.String(a.Namespace),
		Labels:    pulumi.ToStringMap(a.Labels),
	}
	if a.ClusterName == nil {
		meta.Annotations = pulumi.StringMap{"eks.amazonaws.com/role-arn": roleARN}
	}
	return meta
}

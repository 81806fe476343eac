// Package access lets people into a cluster, by team: an IAM role that asks for
// a second factor, an EKS access entry that maps it to a Kubernetes group, and
// what that group may do.
//
// Nobody is let in by name. Whoever may take on a team's role is decided where
// people are managed, by allowing them sts:AssumeRole on it.
package access

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
	awseks "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/util/validation"
)

const accessType = "cloudinsight:access:Access"

// sessionSeconds is how long a session lasts before a new second factor: a
// quarter of a working day.
const sessionSeconds = 2 * 3600

// Access is who may enter a cluster.
type Access struct {
	pulumi.ResourceState

	// RoleARNs are the roles to take on, by team.
	RoleARNs pulumi.StringMapOutput
}

// Args configures Access.
type Args struct {
	Environment string // part of the role names
	Namespace   string // that the teams work in; it must exist (DependsOn)
	Teams       []Team // who may enter, each at most once

	// ClusterName is the EKS cluster.
	ClusterName pulumi.StringInput
	// ClusterARN is what the roles may describe, to make a kubeconfig.
	ClusterARN pulumi.StringInput
	// AccountID is the AWS account whose people may take on the roles.
	AccountID pulumi.StringInput
	// PermissionsBoundary limits the roles (optional).
	PermissionsBoundary pulumi.StringPtrInput
	// DependsOn must exist before anything is applied to the cluster.
	DependsOn []pulumi.Resource
}

// NewAccess registers role, access entry and permissions of each team.
func NewAccess(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Access, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("access %q: %w", name, err)
	}
	access := &Access{}
	if err := ctx.RegisterComponentResourceV2(accessType, name, a.inputs(), access, opts...); err != nil {
		return nil, fmt.Errorf("access %q: %w", name, err)
	}
	roles := pulumi.StringMap{}
	for _, team := range a.Teams {
		role, err := newRole(ctx, name, team, a, pulumi.Parent(access))
		if err != nil {
			return nil, err
		}
		if err := newEntry(ctx, name, team, a, role, pulumi.Parent(access)); err != nil {
			return nil, err
		}
		if err := newPermissions(ctx, name, team, a, pulumi.Parent(access), pulumi.DependsOn(a.DependsOn)); err != nil {
			return nil, err
		}
		roles[string(team)] = role.Arn
	}
	access.RoleARNs = roles.ToStringMapOutput()
	return access, ctx.RegisterResourceOutputs(access, pulumi.Map{"roleArns": access.RoleARNs})
}

func (a *Args) withDefaults() Args {
	if a == nil {
		return Args{}
	}
	return *a
}

func (a Args) validate() error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if len(validation.IsDNS1123Label(a.Environment)) > 0 {
		add("environment: must be a DNS label, got %q", a.Environment)
	}
	if len(validation.IsDNS1123Label(a.Namespace)) > 0 {
		add("namespace: must be a DNS label, got %q", a.Namespace)
	}
	for i, team := range a.Teams {
		if _, ok := grants[team]; !ok {
			add("teams[%d]: must be one of %v, got %q", i, Teams, team)
		}
		if slices.Contains(a.Teams[:i], team) {
			add("teams[%d]: must be unique, %q is there already", i, team)
		}
	}
	for _, input := range []struct {
		key   string
		value pulumi.StringInput
	}{{"clusterName", a.ClusterName}, {"clusterArn", a.ClusterARN}, {"accountId", a.AccountID}} {
		if input.value == nil {
			add("%s: is required", input.key)
		}
	}
	return errors.Join(problems...)
}

func (a Args) inputs() pulumi.Map {
	teams := pulumi.StringArray{}
	for _, team := range a.Teams {
		teams = append(teams, pulumi.String(team))
	}
	return pulumi.Map{"environment": pulumi.String(a.Environment), "namespace": pulumi.String(a.Namespace), "teams": teams}
}

// newRole registers the role that the team's people take on. All it permits in
// AWS is to find the cluster.
func newRole(ctx *pulumi.Context, name string, team Team, a Args, opts ...pulumi.ResourceOption) (*awsiam.Role, error) {
	roleName := "cloudinsight-" + a.Environment + "-team-" + team.label()
	role, err := awsiam.NewRole(ctx, name+"-"+team.label(), &awsiam.RoleArgs{
		Name:                pulumi.String(roleName),
		Description:         pulumi.Sprintf("People of %s, with a second factor", string(team)),
		AssumeRolePolicy:    trust(a.AccountID),
		MaxSessionDuration:  pulumi.Int(sessionSeconds),
		PermissionsBoundary: a.PermissionsBoundary,
		Tags:                pulumi.ToStringMap(tags.Of("access", roleName)),
	}, opts...)
	if err != nil {
		return nil, err
	}
	_, err = awsiam.NewRolePolicy(ctx, name+"-"+team.label(), &awsiam.RolePolicyArgs{
		Name:   pulumi.String("describe-cluster"),
		Role:   role.Name,
		Policy: describeCluster(a.ClusterARN),
	}, opts...)
	return role, err
}

// newEntry registers the role with the cluster, as a member of the team's group.
func newEntry(ctx *pulumi.Context, name string, team Team, a Args, role *awsiam.Role, opts ...pulumi.ResourceOption) error {
	entry, err := awseks.NewAccessEntry(ctx, name+"-"+team.label(), &awseks.AccessEntryArgs{
		ClusterName:      a.ClusterName,
		PrincipalArn:     role.Arn,
		KubernetesGroups: pulumi.ToStringArray([]string{team.group()}),
		Type:             pulumi.String("STANDARD"),
		Tags:             pulumi.ToStringMap(tags.Of("access", team.label())),
	}, opts...)
	if err != nil {
		return err
	}
	policy := grants[team].accessPolicy
	if policy == "" {
		return nil
	}
	_, err = awseks.NewAccessPolicyAssociation(ctx, name+"-"+team.label(), &awseks.AccessPolicyAssociationArgs{
		ClusterName:  entry.ClusterName,
		PrincipalArn: entry.PrincipalArn,
		PolicyArn:    pulumi.String("arn:aws:eks::aws:cluster-access-policy/" + policy),
		AccessScope:  &awseks.AccessPolicyAssociationAccessScopeArgs{Type: pulumi.String("cluster")},
	}, opts...)
	return err
}

func trust(accountID pulumi.StringInput) pulumi.StringOutput {
	return accountID.ToStringOutput().ApplyT(func(id string) string {
		return iam.AssumeWithMFA("arn:aws:iam::" + id + ":root").JSON()
	}).(pulumi.StringOutput)
}

func describeCluster(clusterARN pulumi.StringInput) pulumi.StringOutput {
	return clusterARN.ToStringOutput().ApplyT(func(arn string) string {
		return iam.Document{Statements: []iam.Statement{{
			Actions: []string{"eks:DescribeCluster"}, Resources: []string{arn},
		}}}.JSON()
	}).(pulumi.StringOutput)
}

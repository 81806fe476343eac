package cicd

import "github.com/cloudinsight/platform/internal/iam"

// passedTo are the services that act as roles of an environment.
var passedTo = []string{
	"application-autoscaling.amazonaws.com", "backup.amazonaws.com", "config.amazonaws.com", "ec2.amazonaws.com", "eks.amazonaws.com",
	"events.amazonaws.com", "export.rds.amazonaws.com", "fis.amazonaws.com", "glue.amazonaws.com", "monitoring.rds.amazonaws.com",
	"pods.eks.amazonaws.com", "rds.amazonaws.com", "s3.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com",
	"chatbot.amazonaws.com", "vpc-flow-logs.amazonaws.com",
}

// linkedTo are the services that make a role of their own when an account first uses them.
var linkedTo = []string{
	"autoscaling.amazonaws.com", "backup.amazonaws.com", "eks.amazonaws.com", "eks-nodegroup.amazonaws.com", "elasticache.amazonaws.com",
	"elasticloadbalancing.amazonaws.com", "fis.amazonaws.com", "kafka.amazonaws.com", "rds.amazonaws.com", "reports.backup.amazonaws.com",
	"restore-testing.backup.amazonaws.com", "spot.amazonaws.com", "*.application-autoscaling.amazonaws.com",
}

// roles permits the environment's own roles, known by their names, and only while they carry the boundary.
func (a *Args) roles(env string) []iam.Statement {
	own := a.iamARN("role/cloudinsight-" + env + "-*")
	return []iam.Statement{
		{
			Sid: "RolesWithTheBoundary", Resources: []string{own},
			Actions: []string{
				"iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy",
			},
			Conditions: iam.Conditions{"StringEquals": {"iam:PermissionsBoundary": {a.boundaryARN()}}},
		},
		{
			Sid: "Roles", Resources: []string{own},
			Actions: []string{
				"iam:DeleteRole", "iam:GetRole*", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRole*", "iam:TagRole",
				"iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole*",
			},
		},
		{
			Sid: "Policies", Resources: []string{a.iamARN("policy/cloudinsight-" + env + "-*")},
			Actions: []string{
				"iam:CreatePolicy*", "iam:DeletePolicy*", "iam:GetPolicy*", "iam:ListPolicy*", "iam:SetDefaultPolicyVersion", "iam:TagPolicy", "iam:UntagPolicy",
			},
		},
		{Sid: "PoliciesOfAWS", Actions: []string{"iam:GetPolicy*"}, Resources: []string{"arn:aws:iam::aws:policy/*"}},
		{
			Sid: "InstanceProfiles", Actions: []string{"iam:*InstanceProfile*"}, Resources: []string{a.iamARN("instance-profile/cloudinsight-" + env + "-*")},
		},
		{
			Sid: "Issuers", Actions: []string{"iam:*OpenIDConnectProvider*"}, Resources: []string{a.iamARN("oidc-provider/oidc.eks.*")},
		},
		{
			Sid: "HandRolesToServices", Actions: []string{"iam:PassRole"}, Resources: []string{own},
			Conditions: iam.Conditions{"StringEquals": {"iam:PassedToService": passedTo}},
		},
		{
			Sid: "RolesOfServices", Actions: []string{"iam:CreateServiceLinkedRole"}, Resources: []string{a.iamARN("role/aws-service-role/*")},
			Conditions: iam.Conditions{"StringLike": {"iam:AWSServiceName": linkedTo}},
		},
		{Sid: "SeeRolesOfServices", Actions: []string{"iam:GetRole"}, Resources: []string{a.iamARN("role/aws-service-role/*")}},
		{Sid: "Find", Actions: []string{"iam:ListOpenIDConnectProviders", "iam:ListPolicies", "iam:ListRoles", "sts:GetCallerIdentity"}, Resources: []string{"*"}},
	}
}

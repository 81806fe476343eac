package cicd

import "github.com/cloudinsight/platform/internal/iam"

// withoutRegions are services that are asked in one place for the whole world, whatever the region of what they act on.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
var withoutRegions = []string{
	"bcm-data-exports:*", "budgets:*", "ce:*", "chatbot:*", "cloudfront:*", "cur:*", "health:*", "iam:*", "pricing:*", "route53:*", "shield:*",
	"s3:GetBucketLocation", "s3:ListAllMyBuckets", "sts:*",
}

// boundary is the most that a role of the program can do, whatever its own policies say: act in the regions, leave users
// alone, make no role that could do more, and change neither the workflows' identities nor what watches over the account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func (a *Args) boundary() iam.Document {
	everything := []string{"*"}
	return iam.Document{Statements: []iam.Statement{
		{
			Sid: "InRegions", Actions: everything, Resources: everything,
			Conditions: iam.Conditions{"StringEquals": {"aws:RequestedRegion": a.Regions}},
		},
		{Sid: "WithoutRegions", Actions: withoutRegions, Resources: everything},
		{
			Sid: "UsersStay", Deny: true, Resources: everything,
			Actions: []string{
				"iam:AddUserToGroup", "iam:Attach*User*", "iam:Attach*Group*", "iam:ChangePassword", "iam:Create*User*", "iam:Create*Group*", "iam:CreateAccessKey",
				"iam:CreateLoginProfile", "iam:CreateSAMLProvider", "iam:CreateServiceSpecificCredential", "iam:CreateVirtualMFADevice",
				"iam:DeactivateMFADevice", "iam:Delete*User*", "iam:Delete*Group*", "iam:DeleteAccountPasswordPolicy", "iam:EnableMFADevice",
				"iam:Put*User*", "iam:Put*Group*", "iam:RemoveUserFromGroup", "iam:UpdateAccessKey", "iam:UpdateAccountPasswordPolicy",
				"iam:UpdateGroup", "iam:UpdateLoginProfile", "iam:UpdateSAMLProvider", "iam:UpdateUser", "iam:Upload*",
			},
		},
		{Sid: "BoundaryStays", Deny: true, Actions: []string{"iam:DeleteRolePermissionsBoundary"}, Resources: everything},
		{
			Sid: "RolesHaveTheBoundary", Deny: true, Resources: everything,
			Actions:    []string{"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"},
			Conditions: iam.Conditions{"StringNotEquals": {"iam:PermissionsBoundary": {a.boundaryARN()}}},
		},
		{
			Sid: "IdentitiesStay", Deny: true,
			Actions: []string{
				"iam:Attach*", "iam:Create*", "iam:Delete*", "iam:Detach*", "iam:Put*", "iam:Remove*", "iam:Set*", "iam:Tag*", "iam:Untag*", "iam:Update*",
			},
			Resources: []string{
				a.iamARN("role/cloudinsight-deploy-*"), a.iamARN("role/cloudinsight-preview"), a.iamARN("policy/cloudinsight-deploy-*"), a.boundaryARN(),
				a.iamARN("oidc-provider/" + issuer),
			},
		},
		{
			Sid: "GuardsStay", Deny: true, Resources: everything,
			Actions: []string{
				"access-analyzer:DeleteAnalyzer", "account:*", "cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging",
				"cloudtrail:UpdateTrail", "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:StopConfigurationRecorder",
				"guardduty:Delete*", "guardduty:Disassociate*", "guardduty:StopMonitoringMembers", "guardduty:UpdateDetector", "inspector2:Disable",
				"organizations:*",
			},
		},
	}}
}

func (a *Args) boundaryARN() string { return a.iamARN("policy/" + BoundaryName) }

func (a *Args) iamARN(resource string) string { return "arn:aws:iam::" + a.AccountID + ":" + resource }

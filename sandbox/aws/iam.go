package aws

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeRole            = "aws:iam/role:Role"
	typeRolePolicy      = "aws:iam/rolePolicy:RolePolicy"
	typeRoleAttachment  = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	typePolicy          = "aws:iam/policy:Policy"
	typeOIDC            = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	typeInstanceProfile = "aws:iam/instanceProfile:InstanceProfile"
	typePasswordPolicy  = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy"
)

// managedPolicies are AWS's own policies that the stand-in knows to exist.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
var managedPolicies = []string{
	"AdministratorAccess", "AWSBackupServiceRolePolicyForS3Backup", "AWSBackupServiceRolePolicyForS3Restore", "AWSCloudTrail_ReadOnlyAccess",
	"AWSConfigUserAccess", "AWSXRayDaemonWriteAccess", "AmazonAthenaFullAccess", "AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKSClusterPolicy", "AmazonEKSServicePolicy",
	"AmazonEKSVPCResourceController", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy",
	"AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy", "PowerUserAccess", "ReadOnlyAccess", "SecurityAudit", "job-function/ViewOnlyAccess",
	"service-role/AWSBackupServiceRolePolicyForBackup", "service-role/AWSBackupServiceRolePolicyForRestores", "service-role/AWSGlueServiceRole",
	"service-role/AWSFaultInjectionSimulatorEC2Access", "service-role/AWSFaultInjectionSimulatorEKSAccess",
	"service-role/AWSFaultInjectionSimulatorNetworkAccess", "service-role/AWSFaultInjectionSimulatorRDSAccess", "service-role/AWS_ConfigRole",
	"service-role/AmazonEBSCSIDriverPolicy", "service-role/AmazonEBSCSIDriverPolicyV2", "service-role/AmazonRDSEnhancedMonitoringRole",
}

var iamName = regexp.MustCompile(`^[\w+=,.@-]+$`)

// iamKinds are roles, policies and identity providers.
// Rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html and .../APIReference/API_CreateRole.html.
var iamKinds = map[string]kind{
	typeRole: {
		global: true, name: "name", nameMax: 64,
		replace: []string{"name", "namePrefix", "path"},
		rules: func(in props, p *problems) {
			iamNameRule(in, "name", 64, p)
			p.between(in, "maxSessionDuration", "maxSessionDuration", 3600, 43200)
			policyDocument(in, "assumeRolePolicy", 2048, p)
		},
		create: func(c *call) error {
			name := c.in.str("name")
			if c.find(typeRole, name) != nil {
				return fail("CreateRole", "EntityAlreadyExists", "Role with name %s already exists.", name)
			}
			if err := checkTrust(c); err != nil {
				return err
			}
			c.id = name
			c.arn = c.globalARN("iam", "role"+pathOf(c.in)+name)
			c.out = props{"uniqueId": "AROA" + strings.ToUpper(hexDigits(17)), "createDate": now()}
			if !c.in.has("maxSessionDuration") {
				c.out["maxSessionDuration"] = 3600.0
			}
			if !c.in.has("path") {
				c.out["path"] = "/"
			}
			return checkManaged(c)
		},
		update: func(c *call) error {
			if err := checkTrust(c); err != nil {
				return err
			}
			return checkManaged(c)
		},
		remove: removeRole,
	},
	typeRolePolicy: {
		global: true, name: "name", nameMax: 128,
		replace: []string{"name", "namePrefix", "role"},
		rules: func(in props, p *problems) {
			iamNameRule(in, "name", 128, p)
			policyDocument(in, "policy", 10240, p)
		},
		create: func(c *call) error {
			if err := needRole(c, "PutRolePolicy"); err != nil {
				return err
			}
			c.id = c.in.str("role") + ":" + c.in.str("name")
			return nil
		},
	},
	typeRoleAttachment: {
		global:  true,
		replace: []string{"role", "policyArn"},
		create: func(c *call) error {
			if err := needRole(c, "AttachRolePolicy"); err != nil {
				return err
			}
			if err := needPolicy(c, "AttachRolePolicy", c.in.str("policyArn")); err != nil {
				return err
			}
			attached := c.byProp(typeRoleAttachment, "role", c.in.str("role"))
			if len(attached) >= 10 {
				return fail("AttachRolePolicy", "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")
			}
			c.id = c.in.str("role") + "-" + strings.ReplaceAll(c.in.str("policyArn")[strings.LastIndex(c.in.str("policyArn"), "/")+1:], ":", "_")
			return nil
		},
	},
	typePolicy: {
		global: true, name: "name", nameMax: 128,
		replace: []string{"name", "namePrefix", "path", "description"},
		rules: func(in props, p *problems) {
			iamNameRule(in, "name", 128, p)
			policyDocument(in, "policy", 6144, p)
		},
		create: func(c *call) error {
			c.arn = c.globalARN("iam", "policy"+pathOf(c.in)+c.in.str("name"))
			c.id = c.arn
			if c.find(typePolicy, c.id) != nil {
				return fail("CreatePolicy", "EntityAlreadyExists", "A policy called %s already exists.", c.in.str("name"))
			}
			c.out = props{"policyId": "ANPA" + strings.ToUpper(hexDigits(17)), "attachmentCount": 0.0}
			return nil
		},
		remove: func(c *call) error {
			for _, a := range c.byProp(typeRoleAttachment, "policyArn", c.arn) {
				return fail("DeletePolicy", "DeleteConflict", "Cannot delete a policy attached to entities: %s", a.String("role"))
			}
			bounded := c.byProp(typeRole, "permissionsBoundary", c.arn)
			for _, r := range append(bounded, c.holding(typeRole, "managedPolicyArns", c.arn)...) {
				return fail("DeletePolicy", "DeleteConflict", "Cannot delete a policy attached to entities: %s", r.ID)
			}
			return nil
		},
	},
	typeOIDC: {
		global:  true,
		replace: []string{"url"},
		rules: func(in props, p *problems) {
			if u := in.str("url"); in.known("url") && !strings.HasPrefix(u, "https://") {
				p.add("url", "must begin with https://, got %q", u)
			}
			for i, print := range in.strings("thumbprintLists") {
				if len(print) != 40 {
					p.add(fmt.Sprintf("thumbprintLists[%d]", i), "must be 40 hexadecimal digits, got %d characters", len(print))
				}
			}
		},
		create: func(c *call) error {
			host := strings.TrimPrefix(c.in.str("url"), "https://")
			c.arn = c.globalARN("iam", "oidc-provider/"+host)
			c.id = c.arn
			if c.find(typeOIDC, c.id) != nil {
				return fail("CreateOpenIDConnectProvider", "EntityAlreadyExists", "Provider with url %s already exists.", c.in.str("url"))
			}
			if !c.in.has("thumbprintLists") {
				c.out = props{"thumbprintLists": []any{strings.Repeat("0", 40)}}
			}
			return nil
		},
	},
	typeInstanceProfile: {
		global: true, name: "name", nameMax: 128,
		replace: []string{"name", "namePrefix", "path"},
		create: func(c *call) error {
			c.id = c.in.str("name")
			c.arn = c.globalARN("iam", "instance-profile/"+c.id)
			if c.find(typeInstanceProfile, c.id) != nil {
				return fail("CreateInstanceProfile", "EntityAlreadyExists", "Instance Profile %s already exists.", c.id)
			}
			return needRole(c, "AddRoleToInstanceProfile")
		},
	},
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
	typePasswordPolicy: {
		global: true,
		rules: func(in props, p *problems) {
			p.between(in, "minimumPasswordLength", "minimumPasswordLength", 6, 128)
			p.between(in, "passwordReusePrevention", "passwordReusePrevention", 1, 24)
			p.between(in, "maxPasswordAge", "maxPasswordAge", 1, 1095)
		},
		create: func(c *call) error {
			c.id = "iam-account-password-policy"
			if other := c.find(typePasswordPolicy, c.id); other != nil {
				return overwrites("UpdateAccountPasswordPolicy", other)
			}
			return expirePasswords(c)
		},
		update: expirePasswords,
	},
}

func expirePasswords(c *call) error {
	c.out["expirePasswords"] = c.in.number("maxPasswordAge") > 0
	return nil
}

func iamNameRule(in props, name string, longest int, p *problems) {
	if n := in.str(name); in.known(name) && (len(n) > longest || !iamName.MatchString(n)) {
		p.add(name, "must match %s and have at most %d characters, got %q (%d)", iamName, longest, n, len(n))
	}
}

// checkTrust refuses a trust policy whose principals do not exist, or that lets anybody's workflow in.
func checkTrust(c *call) error {
	if err := checkPrincipals(c, "CreateRole", "MalformedPolicyDocument", c.in["assumeRolePolicy"]); err != nil {
		return err
	}
	doc, _, _ := parsePolicy(c.in["assumeRolePolicy"])
	for i, s := range doc.Statement {
		if s.Resource != nil || s.NotResource != nil {
			return fail("CreateRole", "MalformedPolicyDocument", "Has prohibited field Resource: statement %d", i)
		}
		if s.Principal == nil && s.NotPrincipal == nil {
			return fail("CreateRole", "MalformedPolicyDocument", "Missing required field Principal: statement %d", i)
		}
		principal, _ := s.Principal.(map[string]any)
		for _, arn := range asStrings(principal["Federated"]) {
			if strings.HasSuffix(arn, "oidc-provider/"+githubIssuer) && s.Effect == "Allow" && !scopesWorkflows(s.Condition) {
				return fail("CreateRole", "MalformedPolicyDocument", "The trust in %s needs a condition on %s:sub that names an organization", arn, githubIssuer)
			}
		}
	}
	return nil
}

const githubIssuer = "token.actions.githubusercontent.com"

// scopesWorkflows: GitHub's provider signs for everybody's repositories, so IAM wants to know whose.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
func scopesWorkflows(condition any) bool {
	blocks, _ := condition.(map[string]any)
	for _, keys := range blocks {
		m, _ := keys.(map[string]any)
		subjects := asStrings(m[githubIssuer+":sub"])
		scoped := len(subjects) > 0
		for _, subject := range subjects {
			owner, _, _ := strings.Cut(strings.TrimPrefix(subject, "repo:"), "/")
			scoped = scoped && strings.HasPrefix(subject, "repo:") && !strings.ContainsAny(owner, "*?")
		}
		if scoped {
			return true
		}
	}
	return false
}

func checkManaged(c *call) error {
	if n := len(c.in.strings("managedPolicyArns")); n > 10 {
		return fail("AttachRolePolicy", "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10, got %d", n)
	}
	for _, arn := range c.in.strings("managedPolicyArns") {
		if err := needPolicy(c, "AttachRolePolicy", arn); err != nil {
			return err
		}
	}
	if boundary := c.in.str("permissionsBoundary"); boundary != "" {
		return needPolicy(c, "PutRolePermissionsBoundary", boundary)
	}
	return nil
}

func needPolicy(c *call, operation, arn string) error {
	name, managed := strings.CutPrefix(arn, "arn:aws:iam::aws:policy/")
	if managed && contains(managedPolicies, name) || c.find(typePolicy, arn) != nil {
		return nil
	}
	return fail(operation, "NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
}

func needRole(c *call, operation string) error {
	if name := c.in.str("role"); name != "" && c.find(typeRole, name) == nil {
		return fail(operation, "NoSuchEntity", "The role with name %s cannot be found.", name)
	}
	return nil
}

func removeRole(c *call) error {
	for _, typ := range []string{typeRoleAttachment, typeRolePolicy, typeInstanceProfile} {
		if used := c.byProp(typ, "role", c.id); len(used) > 0 && !c.in.boolean("forceDetachPolicies") {
			return fail("DeleteRole", "DeleteConflict", "Cannot delete entity, must detach all policies first: %s", used[0].ID)
		}
	}
	return nil
}

func pathOf(in props) string {
	if p := in.str("path"); p != "" {
		return p
	}
	return "/"
}

// roleOf returns the role of an ARN, or nil.
func roleOf(c *call, arn string) *account.Resource {
	for _, r := range c.state.List(typeRole) {
		if r.ARN == arn {
			return r
		}
	}
	return nil
}

// trusts says whether the role's trust policy names the service.
func trusts(role *account.Resource, service string) bool {
	return admits(role.Props["assumeRolePolicy"], service)
}

// attached says whether one of these managed policies is attached to the role.
func attached(c *call, role string, names ...string) bool {
	for _, name := range names {
		arn := "arn:aws:iam::aws:policy/" + name
		if contains(props(c.find(typeRole, role).Props).strings("managedPolicyArns"), arn) {
			return true
		}
		for _, a := range c.byProp(typeRoleAttachment, "role", role) {
			if a.Props["policyArn"] == arn {
				return true
			}
		}
	}
	return false
}

package aws

import (
	"fmt"
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeAccessEntry  = "aws:eks/accessEntry:AccessEntry"
	typeAccessPolicy = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
	typePodIdentity  = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
	accessPolicyARN  = "arn:aws:eks::aws:cluster-access-policy/"
)

// accessPolicies: https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
var accessPolicies = []string{
	"AmazonEKSAdminPolicy", "AmazonEKSClusterAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy",
}

// accessKinds are who may enter a cluster, and which pods act as which role.
// Rules: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html, API_AssociateAccessPolicy.html,
// API_CreatePodIdentityAssociation.html.
var accessKinds = map[string]kind{
	typeAccessEntry: {
		replace: []string{"clusterName", "principalArn", "type"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "type", "type", "STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
			for i, g := range in.strings("kubernetesGroups") {
				if strings.HasPrefix(g, "system:") || strings.HasPrefix(g, "eks:") || strings.HasPrefix(g, "aws:") || strings.HasPrefix(g, "amazon:") {
					p.add(fmt.Sprintf("kubernetesGroups[%d]", i), "must not begin with system:, eks:, aws: or amazon:, got %q", g)
				}
			}
			if typ := in.str("type"); typ != "" && typ != "STANDARD" && in.has("kubernetesGroups") {
				p.add("kubernetesGroups", "only a STANDARD entry has groups, got type %q", typ)
			}
		},
		create: createAccessEntry,
		remove: func(c *call) error {
			for _, a := range c.byProp(typeAccessPolicy, "clusterName", c.in.str("clusterName")) {
				if a.Props["principalArn"] == c.in["principalArn"] {
					c.state.Delete(typeAccessPolicy, a.ID)
				}
			}
			return nil
		},
	},
	typeAccessPolicy: {
		replace: []string{"clusterName", "principalArn", "policyArn", "accessScope"},
		rules: func(in props, p *problems) {
			scope := in.object("accessScope")
			p.oneOf(scope, "accessScope.type", "type", "cluster", "namespace")
			if scope.str("type") == "namespace" && !scope.has("namespaces") {
				p.add("accessScope.namespaces", "is required for the namespace scope")
			}
			name, ok := strings.CutPrefix(in.str("policyArn"), accessPolicyARN)
			if in.known("policyArn") && (!ok || !contains(accessPolicies, name)) {
				p.add("policyArn", "must be %s and one of %v, got %q", accessPolicyARN, accessPolicies, in.str("policyArn"))
			}
		},
		create: func(c *call) error {
			if _, err := c.needCluster("AssociateAccessPolicy"); err != nil {
				return err
			}
			entry := c.find(typeAccessEntry, c.in.str("clusterName")+":"+c.in.str("principalArn"))
			if entry == nil {
				return fail("AssociateAccessPolicy", "ResourceNotFoundException", "The specified principalArn could not be found: %s", c.in.str("principalArn"))
			}
			if typ := entry.String("type"); typ != "STANDARD" {
				return fail("AssociateAccessPolicy", "InvalidRequestException", "The access entry of %s is of type %s: only STANDARD takes access policies", entry.ID, typ)
			}
			c.id = entry.ID + "#" + c.in.str("policyArn")
			c.out = props{"associatedAt": now(), "modifiedAt": now()}
			return nil
		},
	},
	typePodIdentity: {
		replace: []string{"clusterName", "namespace", "serviceAccount"},
		create: func(c *call) error {
			cluster, err := c.needCluster("CreatePodIdentityAssociation")
			if err != nil {
				return err
			}
			for _, a := range c.byProp(typePodIdentity, "clusterName", cluster.ID) {
				if a.Props["namespace"] == c.in["namespace"] && a.Props["serviceAccount"] == c.in["serviceAccount"] {
					return fail("CreatePodIdentityAssociation", "ResourceInUseException", "Association already exists: %s", a.ID)
				}
			}
			if err := checkPodIdentityRole(c); err != nil {
				return err
			}
			association := "a-" + hexDigits(17)
			c.id = association
			c.arn = c.arnOf("eks", fmt.Sprintf("podidentityassociation/%s/%s", cluster.ID, association))
			c.out = props{"associationArn": c.arn, "associationId": association}
			return nil
		},
		update: checkPodIdentityRole,
	},
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }

func createAccessEntry(c *call) error {
	const operation = "CreateAccessEntry"
	cluster, err := c.needCluster(operation)
	if err != nil {
		return err
	}
	if props(cluster.Props).object("accessConfig").str("authenticationMode") == "CONFIG_MAP" {
		return fail(operation, "InvalidRequestException", "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation")
	}
	principal := c.in.str("principalArn")
	if roleOf(c, principal) == nil && !knownPrincipal(c, principal) {
		return fail(operation, "InvalidParameterException", "The specified principalArn is invalid: invalid principal: %s", principal)
	}
	c.id = cluster.ID + ":" + principal
	if c.find(typeAccessEntry, c.id) != nil {
		return fail(operation, "ResourceInUseException", "The specified access entry resource is already in use on this cluster: %s", principal)
	}
	c.arn = c.arnOf("eks", fmt.Sprintf("access-entry/%s/role/%s", cluster.ID, newUUID()))
	c.out = props{"accessEntryArn": c.arn, "createdAt": now(), "modifiedAt": now()}
	if !c.in.has("type") {
		c.out["type"] = "STANDARD"
	}
	if !c.in.has("userName") {
		c.out["userName"] = entryUser(principal)
	}
	return nil
}

// entryUser is the name that EKS gives: a role's users carry the name of their session.
func entryUser(principal string) string {
	if strings.Contains(principal, ":role/") {
		sts := strings.Replace(strings.Replace(principal, ":iam:", ":sts:", 1), ":role/", ":assumed-role/", 1)
		return sts + "/{{SessionName}}"
	}
	return principal
}

func knownPrincipal(c *call, principal string) bool {
	for _, id := range c.state.Identities {
		if id.PrincipalARN == principal {
			return true
		}
	}
	return false
}

// addCreatorEntry is what EKS does for the principal that creates a cluster, unless told not to.
func addCreatorEntry(c *call, access map[string]any) error {
	if access["bootstrapClusterCreatorAdminPermissions"] == false || access["authenticationMode"] == "CONFIG_MAP" {
		return nil
	}
	caller := c.state.Identity(c.p.identity)
	if caller == nil {
		return fail("CreateCluster", "UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	id := c.id + ":" + caller.PrincipalARN
	common := map[string]any{"clusterName": c.id, "principalArn": caller.PrincipalARN}
	entry := &account.Resource{Type: typeAccessEntry, ID: id, Region: c.region, MadeFor: c.urn, Props: map[string]any{
		"type": "STANDARD", "userName": entryUser(caller.PrincipalARN), "kubernetesGroups": []any{},
	}}
	policy := &account.Resource{Type: typeAccessPolicy, ID: id + "#" + accessPolicyARN + "AmazonEKSClusterAdminPolicy", Region: c.region, MadeFor: c.urn, Props: map[string]any{
		"policyArn": accessPolicyARN + "AmazonEKSClusterAdminPolicy", "accessScope": map[string]any{"type": "cluster"},
	}}
	for k, v := range common {
		entry.Props[k], policy.Props[k] = v, v
	}
	c.state.Put(entry)
	c.state.Put(policy)
	return nil
}

func checkPodIdentityRole(c *call) error {
	role := roleOf(c, c.in.str("roleArn"))
	if role == nil || !trusts(role, "pods.eks.amazonaws.com") {
		return fail("CreatePodIdentityAssociation", "InvalidParameterException",
			"Trust policy of role %s is not valid: pods.eks.amazonaws.com may not assume it, or it does not exist", c.in.str("roleArn"))
	}
	return nil
}

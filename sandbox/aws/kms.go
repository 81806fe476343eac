package aws

import (
	"regexp"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeKey   = "aws:kms/key:Key"
	typeAlias = "aws:kms/alias:Alias"
)

var aliasName = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)

// kmsKinds are keys and their aliases.
// Rules: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html and .../developerguide/key-policy-default.html.
var kmsKinds = map[string]kind{
	typeKey: {
		replace: []string{"customerMasterKeySpec", "keyUsage", "multiRegion"},
		rules: func(in props, p *problems) {
			p.between(in, "deletionWindowInDays", "deletionWindowInDays", 7, 30)
			p.between(in, "rotationPeriodInDays", "rotationPeriodInDays", 90, 2560)
			policyDocument(in, "policy", 32768, p)
		},
		create: func(c *call) error {
			if err := checkKeyPolicy(c); err != nil {
				return err
			}
			c.id = newUUID()
			c.arn = c.arnOf("kms", "key/"+c.id)
			c.out = props{"keyId": c.id}
			for name, standard := range map[string]any{
				"isEnabled": true, "keyUsage": "ENCRYPT_DECRYPT", "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "multiRegion": false,
			} {
				if !c.in.has(name) {
					c.out[name] = standard
				}
			}
			return nil
		},
		update: checkKeyPolicy,
		remove: func(c *call) error {
			for _, cluster := range c.inRegion(typeCluster) {
				if props(cluster.Props).object("encryptionConfig").object("provider").str("keyArn") == c.arn {
					// AWS schedules the deletion all the same, and the cluster is lost: no program should get there.
					return fail("ScheduleKeyDeletion", "KMSInvalidStateException", "%s encrypts the secrets of cluster %s", c.arn, cluster.ID)
				}
			}
			for _, group := range c.inRegion(typeLogGroup) {
				if group.Props["kmsKeyId"] == c.arn {
					return fail("ScheduleKeyDeletion", "KMSInvalidStateException", "%s encrypts the log group %s", c.arn, group.ID)
				}
			}
			return nil
		},
	},
	typeAlias: {
		name: "name", nameMax: 256,
		replace: []string{"name", "namePrefix"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && (!aliasName.MatchString(n) || strings.HasPrefix(n, "alias/aws/")) {
				p.add("name", "must match %s and not begin with alias/aws/, got %q", aliasName, n)
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			if c.find(typeAlias, c.id) != nil {
				return fail("CreateAlias", "AlreadyExistsException", "An alias with the name %s already exists", c.arnOf("kms", c.id))
			}
			key := keyOf(c, c.in.str("targetKeyId"))
			if key == nil {
				return fail("CreateAlias", "NotFoundException", "Key '%s' does not exist", c.in.str("targetKeyId"))
			}
			c.arn = c.arnOf("kms", c.id)
			c.out = props{"targetKeyArn": key.ARN}
			return nil
		},
	},
}

// checkKeyPolicy refuses a policy after which nobody could change the policy, as KMS does.
func checkKeyPolicy(c *call) error {
	if !c.in.has("policy") || c.in.boolean("bypassPolicyLockoutSafetyCheck") {
		return nil
	}
	doc, _, err := parsePolicy(c.in["policy"])
	if err != nil {
		return fail("PutKeyPolicy", "MalformedPolicyDocumentException", "%v", err)
	}
	for _, s := range doc.Statement {
		principal, _ := s.Principal.(map[string]any)
		for _, p := range asStrings(principal["AWS"]) {
			ours := p == "arn:aws:iam::"+c.state.AccountID+":root" || p == c.state.AccountID || roleOf(c, p) != nil || knownPrincipal(c, p)
			for _, action := range asStrings(s.Action) {
				if ours && s.Effect == "Allow" && (action == "kms:*" || action == "kms:Put*" || action == "kms:PutKeyPolicy") {
					return nil
				}
			}
		}
	}
	return fail("PutKeyPolicy", "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
}

// keyOf returns the key of an id or ARN in the call's region, or nil.
func keyOf(c *call, key string) *account.Resource {
	return c.find(typeKey, key[strings.LastIndex(key, "/")+1:])
}

// needKey refuses a key that does not exist or that the service may not use.
func needKey(c *call, operation, arn, service string) error {
	key := keyOf(c, arn)
	if key == nil || service != "" && !admits(key.Props["policy"], service) {
		return fail(operation, "AccessDeniedException", "The specified KMS Key Id '%s' does not exist or does not allow %s; its policy must name the service", arn, service)
	}
	return nil
}

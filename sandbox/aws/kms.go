package aws

import (
	"regexp"
	"strings"
	"time"

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
		replace: []string{"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"},
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
		remove: removeKey,
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
				if pendingDeletion(c, c.in.str("targetKeyId")) {
					return fail("CreateAlias", "KMSInvalidStateException", "%s is pending deletion.", c.in.str("targetKeyId"))
				}
				return fail("CreateAlias", "NotFoundException", "Key '%s' does not exist", c.in.str("targetKeyId"))
			}
			c.arn = c.arnOf("kms", c.id)
			c.out = props{"targetKeyArn": key.ARN}
			return nil
		},
	},
}

// checkKeyPolicy refuses a policy after which nobody could change the policy, and one for whom AWS does not know, as KMS does.
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
					return checkPrincipals(c, "PutKeyPolicy", "MalformedPolicyDocumentException", c.in["policy"])
				}
			}
		}
	}
	return fail("PutKeyPolicy", "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
}

// removeKey schedules the deletion. The key stays, of no use to anybody, until its waiting period is over.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
func removeKey(c *call) error {
	// AWS schedules the deletion all the same, and what the key encrypts is lost: no program should get there.
	for _, cluster := range c.inRegion(typeCluster) {
		if props(cluster.Props).object("encryptionConfig").object("provider").str("keyArn") == c.arn {
			return fail("ScheduleKeyDeletion", "KMSInvalidStateException", "%s encrypts the secrets of cluster %s", c.arn, cluster.ID)
		}
	}
	for _, group := range c.inRegion(typeLogGroup) {
		if group.Props["kmsKeyId"] == c.arn {
			return fail("ScheduleKeyDeletion", "KMSInvalidStateException", "%s encrypts the log group %s", c.arn, group.ID)
		}
	}
	if store := storeUsing(c, c.arn, func(u storeUses) []string { return u.keys }); store != nil {
		return fail("ScheduleKeyDeletion", "KMSInvalidStateException", "%s encrypts %s", c.arn, store.ID)
	}
	days := 30
	if c.in.has("deletionWindowInDays") {
		days = c.in.number("deletionWindowInDays")
	}
	c.keepUntil(time.Now().AddDate(0, 0, days))
	return nil
}

// keepUntil leaves what is being removed behind, scheduled for deletion.
func (c *call) keepUntil(end time.Time) {
	c.kept, c.until = "scheduled for deletion", end
}

// keyOf returns the key of an id or ARN in the call's region, or nil. One whose deletion is scheduled is none.
func keyOf(c *call, key string) *account.Resource {
	if parts := strings.Split(key, ":"); len(parts) > 3 && parts[3] != c.region {
		return nil
	}
	return c.find(typeKey, key[strings.LastIndex(key, "/")+1:])
}

func pendingDeletion(c *call, key string) bool {
	return c.state.KeptIn(c.region, typeKey, key[strings.LastIndex(key, "/")+1:]) != nil
}

// needKey refuses a key that does not exist or that the service may not use.
func needKey(c *call, operation, arn, service string) error {
	if pendingDeletion(c, arn) {
		return fail(operation, "KMSInvalidStateException", "%s is pending deletion.", arn)
	}
	key := keyOf(c, arn)
	if key == nil || service != "" && !admits(key.Props["policy"], service) {
		return fail(operation, "AccessDeniedException", "The specified KMS Key Id '%s' does not exist or does not allow %s; its policy must name the service", arn, service)
	}
	return nil
}

// usableKeys refuses keys, given by property, that a store of the region cannot use for the caller: it has to be there in the
// same region, enabled, and not about to be deleted. code is what the service calls that.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html (KMSKeyNotAccessibleFault)
func usableKeys(c *call, in props, operation, code string, names ...string) error {
	for _, name := range names {
		arn := in.str(name)
		if arn == "" || strings.Contains(arn, ":alias/aws/") {
			continue
		}
		reason := ""
		switch key := keyOf(c, arn); {
		case pendingDeletion(c, arn):
			reason = "it is pending deletion"
		case key == nil:
			reason = "there is none in " + c.region
		case key.Props["isEnabled"] == false:
			reason = "it is disabled"
		}
		if reason != "" {
			return fail(operation, code, "The specified KMS key [%s] does not exist, is not enabled or you do not have permissions to access it: %s: %s", arn, name, reason)
		}
	}
	return nil
}

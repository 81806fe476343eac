package aws

import (
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// anyKey finds what a service was given as its key: id, ARN, alias or ARN of an alias, in the call's region. AWS's own
// keys (alias/aws/...) are there without being anybody's resource: managed says so.
// https://docs.aws.amazon.com/kms/latest/developerguide/find-cmk-id-arn.html
func (c *call) anyKey(ref string) (key *account.Resource, managed bool) {
	if i := strings.Index(ref, "alias/"); i >= 0 {
		if strings.HasPrefix(ref[i:], "alias/aws/") {
			return nil, true
		}
		alias := c.find(typeAlias, ref[i:])
		if alias == nil || i > 0 && alias.ARN != ref {
			return nil, false
		}
		ref = alias.String("targetKeyId")
	}
	key = keyOf(c, ref)
	if key != nil && strings.HasPrefix(ref, "arn:") && key.ARN != ref {
		return nil, false
	}
	return key, false
}

// needAnyKey refuses a key that does not exist in the region.
func needAnyKey(c *call, operation, code, ref string) error {
	if ref == "" {
		return nil
	}
	if key, managed := c.anyKey(ref); key == nil && !managed {
		return fail(operation, code, "The KMS key %s does not exist in %s", ref, c.region)
	}
	return nil
}

// keyAdmits says whether the service may encrypt and decrypt with what a resource was given as its key. No key admits
// all; AWS's own keys, whose policies nobody can change, admit their own service alone.
func (c *call) keyAdmits(ref string, r request, actions ...string) bool {
	if ref == "" {
		return true
	}
	key, _ := c.anyKey(ref)
	if key == nil {
		return false
	}
	for _, action := range actions {
		r.action, r.resource = action, key.ARN
		if !allows(key.Props["policy"], r) {
			return false
		}
	}
	return true
}

package aws

import (
	"regexp"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeSecret         = "aws:secretsmanager/secret:Secret"
	typeSecretPolicy   = "aws:secretsmanager/secretPolicy:SecretPolicy"
	typeSecretRotation = "aws:secretsmanager/secretRotation:SecretRotation"
	typeSecretVersion  = "aws:secretsmanager/secretVersion:SecretVersion"

	// secretValue is where the account keeps the value of a secret. No schema knows it, so it is no output of anything.
	secretValue = "__secretString"
	// owningService says which service manages a secret that it has made.
	owningService = "__owningService"
)

var secretName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)

// secretKinds are secrets, their values, policies and rotation.
// Rules: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html, API_DeleteSecret.html,
// API_PutSecretValue.html and .../userguide/service-linked-secrets.html
var secretKinds = map[string]kind{
	typeSecret: {
		name: "name", nameMax: 512,
		replace: []string{"name", "namePrefix"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && !secretName.MatchString(n) {
				p.add("name", "must match %s, got %q", secretName, n)
			}
			if days := in.number("recoveryWindowInDays"); in.known("recoveryWindowInDays") && days != 0 && (days < 7 || days > 30) {
				p.add("recoveryWindowInDays", "must be 0 or between 7 and 30, got %d", days)
			}
			policyDocument(in, "policy", 20480, p)
			p.unknownTo(in, "replicas", "forceOverwriteReplicaSecret")
		},
		create: createSecret,
		update: func(c *call) error {
			return usableKeys(c, c.in, "UpdateSecret", "InvalidParameterException", "kmsKeyId")
		},
		remove: removeSecret,
	},
	typeSecretPolicy: {
		replace: []string{"secretArn"},
		rules:   func(in props, p *problems) { policyDocument(in, "policy", 20480, p) },
		create: func(c *call) error {
			secret, err := needSecret(c, "PutResourcePolicy", c.in.str("secretArn"))
			if err != nil {
				return err
			}
			if c.id = secret.ARN; c.find(typeSecretPolicy, c.id) != nil {
				return fail("PutResourcePolicy", "InvalidRequestException", "Two resources set the policy of %s: the later would undo the earlier", c.id)
			}
			return refusePublicSecret(c)
		},
		update: refusePublicSecret,
	},
	typeSecretVersion: {
		replace: []string{"secretId", "secretString", "secretBinary"},
		rules: func(in props, p *problems) {
			p.apart(in, "secretString", "secretBinary")
			p.unknownTo(in, "secretBinary", "versionStages")
			if len(in.str("secretString")) > 65536 {
				p.add("secretString", "must have at most 65536 bytes")
			}
		},
		create: createSecretVersion,
		remove: func(c *call) error {
			if secret := secretOf(c, c.in.str("secretId")); secret != nil && secret.Props[secretValue] == c.in["secretString"] {
				delete(secret.Props, secretValue)
			}
			return nil
		},
	},
	typeSecretRotation: {
		replace: []string{"secretId"},
		rules:   rotationRules,
		create: func(c *call) error {
			secret, err := needSecret(c, "RotateSecret", c.in.str("secretId"))
			if err != nil {
				return err
			}
			if c.id = secret.ARN; c.find(typeSecretRotation, c.id) != nil {
				return fail("RotateSecret", "InvalidRequestException", "Two resources rotate %s", c.id)
			}
			return rotate(c, secret)
		},
		update: func(c *call) error {
			secret, err := needSecret(c, "RotateSecret", c.in.str("secretId"))
			if err != nil {
				return err
			}
			return rotate(c, secret)
		},
	},
}

func createSecret(c *call) error {
	const operation = "CreateSecret"
	name := c.in.str("name")
	if len(c.byProp(typeSecret, "name", name)) > 0 {
		return fail(operation, "ResourceExistsException", "The operation failed because the secret %s already exists.", name)
	}
	for _, gone := range c.state.KeptOf(typeSecret) {
		if gone.Region == c.region && gone.String("name") == name {
			return fail(operation, "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
		}
	}
	if err := usableKeys(c, c.in, operation, "InvalidParameterException", "kmsKeyId"); err != nil {
		return err
	}
	c.arn = secretARN(c, name)
	c.id = c.arn
	c.standard(props{"recoveryWindowInDays": 30.0, "forceOverwriteReplicaSecret": false, "policy": ""})
	return nil
}

// secretARN ends in six characters that AWS makes up, so that a new secret of an old name has another ARN.
func secretARN(c *call, name string) string {
	return c.arnOf("secretsmanager", "secret:"+name+"-"+upperID(6))
}

// removeSecret takes the secret out of use; its name stays taken until the recovery window is over.
func removeSecret(c *call) error {
	for _, typ := range []string{typeSecretPolicy, typeSecretRotation} {
		if part := c.find(typ, c.id); part != nil {
			c.state.Remove(part)
		}
	}
	if days := c.in.number("recoveryWindowInDays"); days > 0 {
		c.keepUntil(time.Now().AddDate(0, 0, days))
	}
	return nil
}

func secretUses(_ *call, r props) storeUses { return storeUses{keys: []string{r.str("kmsKeyId")}} }

// secretOf returns the secret of an ARN or name in the call's region, or nil.
func secretOf(c *call, id string) *account.Resource {
	if r := c.find(typeSecret, id); r != nil {
		return r
	}
	for _, r := range c.byProp(typeSecret, "name", id) {
		return r
	}
	return nil
}

func needSecret(c *call, operation, id string) (*account.Resource, error) {
	if secret := secretOf(c, id); secret != nil {
		return secret, nil
	}
	if c.state.KeptIn(c.region, typeSecret, id) != nil {
		return nil, fail(operation, "InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	}
	return nil, fail(operation, "ResourceNotFoundException", "Secrets Manager can't find the specified secret: %s in %s", id, c.region)
}

func refusePublicSecret(c *call) error {
	doc, _, err := parsePolicy(c.in["policy"])
	if err != nil {
		return fail("PutResourcePolicy", "MalformedPolicyDocumentException", "%v", err)
	}
	for _, s := range doc.Statement {
		principal, _ := s.Principal.(map[string]any)
		public := s.Principal == "*" || contains(asStrings(principal["AWS"]), "*")
		if c.in.boolean("blockPublicPolicy") && s.Effect == "Allow" && public && s.Condition == nil {
			return fail("PutResourcePolicy", "PublicPolicyException", "You can't attach a resource policy that allows broad access to the secret.")
		}
	}
	return nil
}

func createSecretVersion(c *call) error {
	secret, err := needSecret(c, "PutSecretValue", c.in.str("secretId"))
	if err != nil {
		return err
	}
	if owner := secret.String(owningService); owner != "" {
		return fail("PutSecretValue", "InvalidRequestException", "You can't change the value of %s: it is managed by %s", secret.String("name"), owner)
	}
	version := newUUID()
	c.id, c.arn = secret.ARN+"|"+version, secret.ARN
	c.out = props{"versionId": version, "versionStages": []any{"AWSCURRENT"}}
	secret.Props[secretValue] = c.in["secretString"]
	return nil
}

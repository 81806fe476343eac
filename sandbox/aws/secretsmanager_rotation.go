package aws

import (
	"encoding/json"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html
func rotationRules(in props, p *problems) {
	rules := in.object("rotationRules")
	p.between(rules, "rotationRules.automaticallyAfterDays", "automaticallyAfterDays", 1, 1000)
	p.apart(rules, "automaticallyAfterDays", "scheduleExpression")
	if !rules.has("automaticallyAfterDays") && !rules.has("scheduleExpression") {
		p.add("rotationRules", "automaticallyAfterDays or scheduleExpression is required")
	}
	if s := rules.str("scheduleExpression"); rules.known("scheduleExpression") && !strings.HasPrefix(s, "cron(") && !strings.HasPrefix(s, "rate(") {
		p.add("rotationRules.scheduleExpression", "must be cron(…) or rate(…), got %q", s)
	}
}

// rotate needs a function for every secret but those of services that rotate for themselves.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_managed.html
func rotate(c *call, secret *account.Resource) error {
	managed := secret.String(owningService) != ""
	switch function := c.in.str("rotationLambdaArn"); {
	case managed && function != "":
		return fail("RotateSecret", "InvalidRequestException", "You can't specify a rotation Lambda function for a managed secret: %s", secret.String("name"))
	case !managed && function == "":
		return fail("RotateSecret", "InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
	case function != "":
		return fail("RotateSecret", "AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function: the stand-in knows of no function %s", function)
	}
	c.out["rotationEnabled"] = true
	c.standard(props{"rotateImmediately": true})
	return nil
}

// manageSecret makes the secret of a database's master user as RDS and DocumentDB do: named rds!…, rotated every seven days.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
func manageSecret(c *call, prefix, username, key, owner string) []any {
	name := prefix + newUUID()
	value, _ := json.Marshal(map[string]string{"username": username, "password": upperID(8) + newUUID()[:20]})
	if key == "" {
		key = c.arnOf("kms", "alias/aws/secretsmanager")
	}
	secret := &account.Resource{Type: typeSecret, Region: c.region, MadeFor: c.urn, ARN: secretARN(c, name), Props: map[string]any{
		"name": name, "kmsKeyId": key, "description": "Secret associated with primary user of " + owner, owningService: "rds",
		secretValue: string(value), "tags": map[string]any{"aws:rds:primaryArn": owner},
	}}
	secret.ID = secret.ARN
	secret.Props["arn"] = secret.ARN
	c.state.Put(secret)
	return []any{map[string]any{"secretArn": secret.ARN, "secretStatus": "active", "kmsKeyId": key}}
}

// dropManaged deletes the secrets that a database manages, at once.
func dropManaged(c *call, r props) {
	for _, secret := range r.objects("masterUserSecrets") {
		c.state.Delete(typeSecret, secret.str("secretArn"))
	}
}

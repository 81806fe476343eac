package aws

import (
	"regexp"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// servicePrincipals are the services that may stand in a policy, without region: logs.eu-west-1.amazonaws.com is logs.
// A name that is not here is refused, as AWS refuses one that it does not know.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
var servicePrincipals = []string{
	"access-analyzer", "application-autoscaling", "athena", "autoscaling", "backup", "bcm-data-exports", "billingreports", "budgets", "chatbot", "cloudfront",
	"cloudtrail", "cloudwatch", "cloudwatch.alarms", "config", "costalerts", "delivery.logs", "dms", "ec2", "ecr", "ecs-tasks", "eks", "eks-fargate-pods",
	"eks-nodegroup", "elasticache", "elasticloadbalancing", "events", "export.rds", "firehose", "fis", "glue", "guardduty", "inspector2", "kafka",
	"kafkaconnect", "lambda", "logdelivery.elasticloadbalancing", "logging.s3", "logs", "malware-protection-plan.guardduty", "monitoring.rds", "pipes",
	"pods.eks", "rds", "replication.ecr", "reports.backup", "restore-testing.backup", "route53", "s3", "batchoperations.s3", "scheduler", "secretsmanager",
	"securityhub", "sns", "spot", "sqs", "ssm", "states", "vpc-flow-logs",
}

var regionInPrincipal = regexp.MustCompile(`\.[a-z]{2}(-[a-z]+)+-[0-9]\.amazonaws\.com$`)

// checkPrincipals refuses principals that AWS does not know: a role of this account that is not there, or a service that
// does not exist. Other accounts are taken at their word.
func checkPrincipals(c *call, operation, code string, policy any) error {
	doc, _, err := parsePolicy(policy)
	if err != nil {
		return fail(operation, code, "%v", err)
	}
	for _, s := range doc.Statement {
		principal, _ := s.Principal.(map[string]any)
		if notPrincipal, ok := s.NotPrincipal.(map[string]any); ok {
			principal = notPrincipal
		}
		for _, kind := range sortedKeys(principal) {
			for _, p := range asStrings(principal[kind]) {
				if !c.principalExists(kind, p) {
					return fail(operation, code, "Invalid principal in policy: %q:%q", kind, p)
				}
			}
		}
	}
	return nil
}

var otherAccount = regexp.MustCompile(`^([0-9]{12}|arn:aws:iam::[0-9]{12}:.+)$`)

func (c *call) principalExists(kind, p string) bool {
	switch kind {
	case "Service":
		name, ok := strings.CutSuffix(regionInPrincipal.ReplaceAllString(p, ".amazonaws.com"), ".amazonaws.com")
		return ok && contains(servicePrincipals, name)
	case "AWS":
		own := "arn:aws:iam::" + c.state.AccountID + ":"
		if strings.HasPrefix(p, own) && p != own+"root" {
			return roleOf(c, p) != nil || knownPrincipal(c, p)
		}
		return p == "*" || otherAccount.MatchString(p)
	case "Federated":
		return !strings.Contains(p, ":oidc-provider/") || c.state.GetIn("", typeOIDC, p) != nil
	}
	return kind == "CanonicalUser"
}

// resourcePolicy judges a resource's policy by itself: a principal in each statement, and actions of the service alone.
func resourcePolicy(in props, name, service string, longest int, p *problems) {
	policyDocument(in, name, longest, p)
	if !in.known(name) {
		return
	}
	doc, _, _ := parsePolicy(in[name])
	for i, s := range doc.Statement {
		if s.Principal == nil && s.NotPrincipal == nil {
			p.add(name, "MalformedPolicy: statement %d: a resource's policy names a Principal", i)
		}
		for _, action := range append(asStrings(s.Action), asStrings(s.NotAction)...) {
			if action != "*" && !strings.HasPrefix(strings.ToLower(action), service+":") {
				p.add(name, "MalformedPolicy: statement %d: Policy has invalid action: must be one of %s, got %q", i, service, action)
			}
		}
	}
}

// byARN returns the resource of the type in whichever region, or nil.
func (c *call) byARN(typ, arn string) *account.Resource {
	for _, r := range c.state.List(typ) {
		if r.ARN == arn {
			return r
		}
	}
	return nil
}

// needServiceRole refuses a role that does not exist, or that does not trust the service.
func needServiceRole(c *call, operation, code, arn, service string) error {
	role := roleOf(c, arn)
	if role == nil {
		return fail(operation, code, "The role %s does not exist", arn)
	}
	if !trusts(role, service) {
		return fail(operation, code, "The role %s cannot be assumed by %s: its trust policy does not name the service", arn, service)
	}
	return nil
}

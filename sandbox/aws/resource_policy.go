package aws

import (
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// servicePrincipals are the services that may stand in a policy, without region: logs.eu-west-1.amazonaws.com is logs.
// A name that is not here is refused, as AWS refuses one that it does not know.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
var servicePrincipals = []string{
	"access-analyzer", "application-autoscaling", "athena", "autoscaling", "backup", "bcm-data-exports", "billingreports", "budgets", "cloudfront",
	"cloudtrail", "cloudwatch", "cloudwatch.alarms", "config", "costalerts", "delivery.logs", "dms", "ec2", "ecr", "ecs-tasks", "eks", "eks-fargate-pods",
	"eks-nodegroup", "elasticache", "elasticloadbalancing", "events", "export.rds", "firehose", "fis", "glue", "guardduty", "inspector2", "kafka",
	"kafkaconnect", "lambda", "logdelivery.elasticloadbalancing", "logging.s3", "logs", "malware-protection-plan.guardduty", "monitoring.rds", "pipes",
	"pods.eks", "rds", "replication.ecr", "s3", "s3.batchoperations", "batchoperations.s3", "scheduler", "secretsmanager", "securityhub", "sns", "spot", "sqs", "ssm",
	"states", "vpc-flow-logs",
}

var regionInPrincipal = regexp.MustCompile(`\.[a-z]{2}(-[a-z]+)+-[0-9]\.amazonaws\.com$`)

// request is what a service asks of a resource in the account's name.
type request struct {
	service, action, resource string
	context                   map[string]string // condition keys, lower case
}

// asService is a request with the keys that a service sends along on behalf of one of its resources.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (c *call) asService(service, source, action, resource string) request {
	return request{service, action, resource, map[string]string{
		"aws:sourceaccount": c.state.AccountID, "aws:sourcearn": source, "aws:securetransport": "true", "aws:principalisawsservice": "true",
		"aws:principalservicename": service,
	}}
}

// with adds a condition key.
func (r request) with(key, value string) request {
	r.context = maps.Clone(r.context)
	r.context[strings.ToLower(key)] = value
	return r
}

// allows evaluates a resource's policy: a statement has to allow the request and none may deny it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func allows(policy any, r request) bool {
	doc, _, err := parsePolicy(policy)
	if err != nil {
		return false
	}
	allowed := false
	for _, s := range doc.Statement {
		if !r.fits(s) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (r request) fits(s statement) bool {
	return r.principalFits(s) && listFits(s.Action, s.NotAction, r.action, strings.ToLower) &&
		(s.Resource == nil && s.NotResource == nil || listFits(s.Resource, s.NotResource, r.resource, nil)) && r.conditionsFit(s.Condition)
}

func (r request) principalFits(s statement) bool {
	if s.NotPrincipal != nil {
		return s.Effect == "Deny" // of all but those named, and no service is an AWS principal
	}
	if s.Principal == "*" {
		return true
	}
	principal, _ := s.Principal.(map[string]any)
	return contains(asStrings(principal["Service"]), r.service) || contains(asStrings(principal["AWS"]), "*")
}

func listFits(are, areNot any, value string, fold func(string) string) bool {
	list, want := are, true
	if are == nil {
		list, want = areNot, false
	}
	for _, pattern := range asStrings(list) {
		v := value
		if fold != nil {
			pattern, v = fold(pattern), fold(v)
		}
		if wildcard(pattern, v) {
			return want
		}
	}
	return !want
}

// conditionsFit evaluates conditions as IAM does: a key that the request lacks fits only what is negated or IfExists.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func (r request) conditionsFit(condition any) bool {
	blocks, _ := condition.(map[string]any)
	for operator, keys := range blocks {
		operator, _ = strings.CutPrefix(operator, "ForAnyValue:")
		operator, all := strings.CutPrefix(operator, "ForAllValues:")
		operator, ifExists := strings.CutSuffix(operator, "IfExists")
		m, _ := keys.(map[string]any)
		for key, want := range m {
			got, there := r.context[strings.ToLower(key)]
			if operator == "Null" {
				if absent := want == true || contains(asStrings(want), "true"); absent == there {
					return false
				}
				continue
			}
			negated := strings.Contains(operator, "Not")
			if !there {
				if !negated && !ifExists && !all {
					return false
				}
				continue
			}
			if anyFits(operator, want, got) == negated {
				return false
			}
		}
	}
	return true
}

func anyFits(operator string, want any, got string) bool {
	values := asStrings(want)
	if b, ok := want.(bool); ok {
		values = []string{fmt.Sprint(b)}
	}
	for _, v := range values {
		switch {
		case strings.HasSuffix(operator, "Like") || strings.HasPrefix(operator, "Arn"):
			if wildcard(v, got) {
				return true
			}
		case strings.HasSuffix(operator, "IgnoreCase") || operator == "Bool":
			if strings.EqualFold(v, got) {
				return true
			}
		case v == got:
			return true
		}
	}
	return false
}

// wildcard matches IAM's * and ?, which cross every separator.
func wildcard(pattern, s string) bool {
	for len(pattern) > 0 {
		switch {
		case pattern[0] == '*':
			for i := len(s); i >= 0; i-- {
				if wildcard(pattern[1:], s[i:]) {
					return true
				}
			}
			return false
		case len(s) == 0 || pattern[0] != '?' && pattern[0] != s[0]:
			return false
		}
		pattern, s = pattern[1:], s[1:]
	}
	return len(s) == 0
}

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

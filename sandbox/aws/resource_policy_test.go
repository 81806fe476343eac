package aws

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

// accountID of the world.
func (w *world) accountID() string {
	w.t.Helper()
	id := ""
	require.NoError(w.t, w.provider.account.View(func(s *account.State) error { id = s.AccountID; return nil }))
	return id
}

// change edits what the account has behind the engine's back.
func (w *world) change(edit func(s *account.State)) {
	w.t.Helper()
	require.NoError(w.t, w.provider.account.Update(func(s *account.State) error { edit(s); return nil }))
}

// role makes a role that the service may assume and returns its ARN.
func (w *world) role(service string) string {
	w.t.Helper()
	return w.make(typeRole, map[string]any{"assumeRolePolicy": fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole"}]}`, service)}).outputs.str("arn")
}

// keyFor makes a key that the services may use and returns its ARN.
func (w *world) keyFor(services string) string {
	w.t.Helper()
	statements := fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*","Resource":"*"}`, w.accountID())
	if services != "" {
		statements += fmt.Sprintf(`,{"Effect":"Allow","Principal":{"Service":[%s]},"Action":["kms:GenerateDataKey*","kms:Decrypt","kms:DescribeKey"],"Resource":"*"}`, services)
	}
	return w.make(typeKey, map[string]any{"policy": `{"Version":"2012-10-17","Statement":[` + statements + `]}`}).outputs.str("arn")
}

// bucket makes one of that name, with a policy unless the statements are empty.
func (w *world) bucket(name, statements string) made {
	w.t.Helper()
	b := w.make(typeBucket, map[string]any{"bucket": name})
	if statements != "" {
		w.make(typeBucketPolicy, map[string]any{"bucket": name, "policy": policyOf(statements)})
	}
	return b
}

func policyOf(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

// allow is a statement that lets a service do something.
func allow(service, action, resource string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Principal":{"Service":%q},"Action":%q,"Resource":%q}`, service, action, resource)
}

func TestAllows_EvaluatesAsIAMDoes(t *testing.T) {
	c := &call{state: &account.State{AccountID: "111122223333"}}
	request := c.asService("sns.amazonaws.com", "arn:aws:sns:eu-west-1:111122223333:t", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q")
	const grant = `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:Send*","Resource":"arn:aws:sqs:*:q"`
	for name, test := range map[string]struct {
		statements string
		want       bool
	}{
		"plain":                         {grant + `}`, true},
		"action in another case":        {`{"Effect":"Allow","Principal":{"Service":["x","sns.amazonaws.com"]},"Action":["SQS:SENDMESSAGE"],"Resource":"*"}`, true},
		"everybody":                     {`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`, true},
		"another service":               {`{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"*","Resource":"*"}`, false},
		"another action":                {`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:Receive*","Resource":"*"}`, false},
		"all actions but this":          {`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"NotAction":"sqs:SendMessage","Resource":"*"}`, false},
		"another resource":              {`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"*","Resource":"arn:aws:sqs:*:r"}`, false},
		"this account":                  {grant + `,"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}`, true},
		"another account":               {grant + `,"Condition":{"StringEquals":{"AWS:SourceAccount":["444455556666"]}}}`, false},
		"any topic":                     {grant + `,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}}}`, true},
		"another topic":                 {grant + `,"Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:u"}}}`, false},
		"a key that is not sent":        {grant + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`, false},
		"a key that need not be sent":   {grant + `,"Condition":{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}}`, true},
		"a key that must not be sent":   {grant + `,"Condition":{"Null":{"aws:SourceArn":"true"}}}`, false},
		"insecure transport denied":     {grant + `},{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, true},
		"denied to all but a topic":     {grant + `},{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"ArnNotEquals":{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:u"}}}`, false},
		"denied to all but a principal": {grant + `},{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"*","Resource":"*"}`, false},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, allows(policyOf(test.statements), request)) })
	}
	assert.False(t, allows(nil, request), "no policy")
}

func TestCheckPrincipals_RefusesWhomAWSDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	role := w.role("lambda.amazonaws.com")
	trust := func(principal string) map[string]any {
		return map[string]any{"assumeRolePolicy": `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + principal + `}}`}
	}
	for name, principal := range map[string]string{
		"misspelled service": `{"Service":"cloudtrial.amazonaws.com"}`,
		"no service at all":  `{"Service":"s3"}`,
		"no role":            `{"AWS":"arn:aws:iam::` + w.accountID() + `:role/nobody"}`,
		"no user":            `{"AWS":"arn:aws:iam::` + w.accountID() + `:user/nobody"}`,
		"no provider":        `{"Federated":"arn:aws:iam::` + w.accountID() + `:oidc-provider/none"}`,
		"no principal":       `{"AWS":"somebody"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.try(typeRole, trust(principal))
			assert.ErrorContains(t, err, "Invalid principal in policy")
		})
	}
	for _, principal := range []string{
		`{"Service":"states.eu-west-1.amazonaws.com"}`, `{"AWS":"` + role + `"}`, `{"AWS":"arn:aws:iam::444455556666:role/theirs"}`, `{"AWS":"*"}`,
		`{"Service":["malware-protection-plan.guardduty.amazonaws.com","fis.amazonaws.com"]}`,
	} {
		w.make(typeRole, trust(principal))
	}
}

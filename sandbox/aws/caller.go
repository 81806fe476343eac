package aws

import (
	"fmt"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// caller is the identity whose calls these are. AWS refuses an access key that it does not know.
func (p *Provider) caller(s *account.State, operation string) (*account.Identity, error) {
	id := s.Identity(p.identity)
	if id == nil {
		return nil, fail(operation, "InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	return id, nil
}

// sessionARN is how AWS names somebody who has assumed a role.
func sessionARN(s *account.State, id *account.Identity) string {
	role := id.PrincipalARN[strings.LastIndex(id.PrincipalARN, "/")+1:]
	return fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/sandbox", s.AccountID, role)
}

// mayChange refuses what an identity that may only read is not allowed to do. The action is named after the type; AWS's own
// names of actions differ here and there.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (p *Provider) mayChange(s *account.State, verb, token string) error {
	service := strings.Split(strings.TrimPrefix(token, "aws:"), "/")[0]
	operation := verb + token[strings.LastIndex(token, ":")+1:]
	id, err := p.caller(s, operation)
	if err != nil || !id.ReadOnly {
		return err
	}
	return fail(operation, "AccessDenied",
		"User: %s is not authorized to perform: %s:%s because no identity-based policy allows the %s:%s action",
		sessionARN(s, id), service, operation, service, operation)
}

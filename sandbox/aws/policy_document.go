package aws

import (
	"encoding/json"
	"strings"
)

// policyDocument refuses what IAM calls malformed, and what is longer than its quota (white space not counted).
func policyDocument(in props, name string, longest int, p *problems) {
	if !in.known(name) {
		return
	}
	doc, size, err := parsePolicy(in[name])
	switch {
	case err != nil:
		p.add(name, "MalformedPolicyDocument: %v", err)
	case size > longest:
		p.add(name, "LimitExceeded: at most %d characters, got %d", longest, size)
	case len(doc.Statement) == 0:
		p.add(name, "MalformedPolicyDocument: no statement")
	}
	for i, s := range doc.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" {
			p.add(name, "MalformedPolicyDocument: statement %d: Effect must be Allow or Deny, got %q", i, s.Effect)
		}
		if s.Action == nil && s.NotAction == nil {
			p.add(name, "MalformedPolicyDocument: statement %d: no Action", i)
		}
	}
}

type policyDoc struct {
	Version   string
	Statement statements
}

type statement struct {
	Effect, Sid                                                                  string
	Action, NotAction, Resource, NotResource, Principal, NotPrincipal, Condition any
}

// statements may stand alone in JSON.
type statements []statement

func (s *statements) UnmarshalJSON(raw []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "{") {
		var one statement
		err := json.Unmarshal(raw, &one)
		*s = statements{one}
		return err
	}
	return json.Unmarshal(raw, (*[]statement)(s))
}

func parsePolicy(v any) (doc policyDoc, size int, err error) {
	raw, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return doc, 0, err
		}
		raw = string(b)
	}
	err = json.Unmarshal([]byte(raw), &doc)
	compact, _ := json.Marshal(json.RawMessage(raw))
	return doc, len(compact), err
}

// admits says whether a policy allows the service principal something.
func admits(policy any, service string) bool {
	doc, _, err := parsePolicy(policy)
	if err != nil {
		return false
	}
	for _, s := range doc.Statement {
		principal, _ := s.Principal.(map[string]any)
		if s.Effect == "Allow" && contains(asStrings(principal["Service"]), service) {
			return true
		}
	}
	return false
}

// asStrings reads what IAM allows to be one string or a list of them.
func asStrings(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		return props{"v": v}.strings("v")
	}
	return nil
}

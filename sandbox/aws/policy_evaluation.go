package aws

import (
	"fmt"
	"maps"
	"strings"
)

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

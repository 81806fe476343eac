package cicd_test

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// request is something that somebody asks AWS to do.
type request struct {
	action, resource string
	// context holds the values of condition keys.
	context map[string]string
}

// document is a policy as AWS reads it.
type document struct {
	Statement []struct {
		Sid, Effect      string
		Action, Resource []string
		Condition        map[string]map[string][]string
	}
}

func parse(t *testing.T, text string) document {
	t.Helper()
	var d document
	require.NoError(t, json.Unmarshal([]byte(text), &d))
	return d
}

// permits says whether a role with these policies and this boundary may do what is asked, by AWS's rules: one statement
// of the policies and one of the boundary allows it, and none of either denies it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func permits(t *testing.T, boundary document, policies []document, r request) bool {
	t.Helper()
	limited, _ := decide(t, []document{boundary}, r)
	allowed, _ := decide(t, policies, r)
	_, denied := decide(t, append([]document{boundary}, policies...), r)
	return limited && allowed && !denied
}

func decide(t *testing.T, policies []document, r request) (allowed, denied bool) {
	t.Helper()
	for _, policy := range policies {
		for _, s := range policy.Statement {
			if !like(s.Action, r.action) || !like(s.Resource, r.resource) || !holds(t, s.Condition, r.context) {
				continue
			}
			allowed = allowed || s.Effect == "Allow"
			denied = denied || s.Effect == "Deny"
		}
	}
	return allowed, denied
}

func holds(t *testing.T, conditions map[string]map[string][]string, context map[string]string) bool {
	t.Helper()
	for operator, keys := range conditions {
		for key, values := range keys {
			value, present := context[key]
			var ok bool
			switch operator {
			case "StringEquals":
				ok = present && slices.Contains(values, value)
			case "StringNotEquals":
				ok = !present || !slices.Contains(values, value)
			case "StringLike":
				ok = present && like(values, value)
			case "StringNotLike":
				ok = !present || !like(values, value)
			case "Null":
				ok = values[0] == map[bool]string{true: "false", false: "true"}[present]
			default:
				t.Fatalf("operator %q: not known to this test", operator)
			}
			if !ok {
				return false
			}
		}
	}
	return true
}

// like says whether one of the patterns matches. In those of IAM an asterisk stands for slashes too.
func like(patterns []string, text string) bool {
	flat := strings.NewReplacer("/", "|", "[", "{", "]", "}")
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matches, err := path.Match(flat.Replace(pattern), flat.Replace(text))
		return err == nil && matches
	})
}

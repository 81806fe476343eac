package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"
)

// waitFor reads the annotation pulumi.com/waitFor: condition=Type[=Status], jsonpath={.path}[=value], or a JSON list of
// those, all of which must hold.
func waitFor(text string) (judge, error) {
	texts := []string{text}
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		if err := json.Unmarshal([]byte(text), &texts); err != nil {
			return nil, fmt.Errorf("annotation %s: must be a JSON list of conditions, got %q", annotationWaitFor, text)
		}
	}
	var all []judge
	for _, t := range texts {
		one, err := waitForOne(t)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return func(ctx context.Context, v *view, live *unstructured.Unstructured) (verdict, error) {
		for _, one := range all {
			if seen, err := one(ctx, v, live); err != nil || !seen.ready {
				return seen, err
			}
		}
		return verdict{ready: true}, nil
	}, nil
}

func waitForOne(text string) (judge, error) {
	if rest, ok := strings.CutPrefix(text, "condition="); ok {
		name, status, ok := strings.Cut(rest, "=")
		if !ok {
			status = "True"
		}
		return func(_ context.Context, _ *view, live *unstructured.Unstructured) (verdict, error) {
			return conditionIs(live, name, status), nil
		}, nil
	}
	if rest, ok := strings.CutPrefix(text, "jsonpath="); ok {
		end := strings.LastIndex(rest, "}")
		path := jsonpath.New(annotationWaitFor).AllowMissingKeys(true)
		if err := path.Parse(rest[:end+1]); err == nil && end > 0 {
			want, compare := strings.CutPrefix(rest[end+1:], "=")
			return func(_ context.Context, _ *view, live *unstructured.Unstructured) (verdict, error) {
				var got bytes.Buffer
				if err := path.Execute(&got, live.Object); err != nil {
					return verdict{}, err
				}
				return verdict{
					ready:    compare && got.String() == want || !compare && got.Len() > 0,
					progress: fmt.Sprintf("[1/1] waiting for %s, it is %q", rest, got.String()),
				}, nil
			}, nil
		}
	}
	return nil, fmt.Errorf("annotation %s: must be condition=Type[=Status] or jsonpath={.path}[=value], got %q", annotationWaitFor, text)
}

// conditionIs waits for a condition of the object's status, and tells its message while it has another value.
func conditionIs(live *unstructured.Unstructured, name, want string) verdict {
	status, message := condition(live, name)
	if status == want {
		return verdict{ready: true}
	}
	seen := verdict{progress: fmt.Sprintf("[1/1] waiting for condition %s to be %s, it is %s", name, want, orElse(status, "not set"))}
	if message != "" {
		seen.problems = []problem{{hint, message}}
	}
	return seen
}

// condition finds a condition of the status: its value and its reason with message.
func condition(live *unstructured.Unstructured, name string) (status, message string) {
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	for _, item := range conditions {
		c, ok := item.(map[string]any)
		if !ok || c["type"] != name {
			continue
		}
		status, _ = c["status"].(string)
		reason, _ := c["reason"].(string)
		text, _ := c["message"].(string)
		return status, join(reason, text)
	}
	return "", ""
}

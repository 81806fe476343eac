package aws

import (
	"encoding/json"
	"fmt"
	"strings"
)

// imagePolicy is a lifecycle policy's document.
type imagePolicy struct {
	Rules []imageRule `json:"rules"`
}

type imageRule struct {
	Priority    int    `json:"rulePriority"`
	Description string `json:"description"`
	Selection   struct {
		TagStatus      string   `json:"tagStatus"`
		TagPrefixList  []string `json:"tagPrefixList"`
		TagPatternList []string `json:"tagPatternList"`
		CountType      string   `json:"countType"`
		CountUnit      string   `json:"countUnit"`
		CountNumber    int      `json:"countNumber"`
	} `json:"selection"`
	Action struct {
		Type string `json:"type"`
	} `json:"action"`
}

// imageLifecycleRules: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
func imageLifecycleRules(name string, in props, p *problems) {
	text, ok := in[name].(string)
	if !ok {
		return
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var policy imagePolicy
	if err := decoder.Decode(&policy); err != nil {
		p.add(name, "Invalid parameter at 'LifecyclePolicyText': %v", err)
		return
	}
	if len(policy.Rules) == 0 || len(policy.Rules) > 50 {
		p.add(name, "has 1 to 50 rules, got %d", len(policy.Rules))
	}
	seen, last, any := map[int]bool{}, 0, 0
	for i, rule := range policy.Rules {
		at := fmt.Sprintf("%s.rules[%d]", name, i)
		if rule.Priority < 1 || seen[rule.Priority] {
			p.add(at+".rulePriority", "must be at least 1 and unique, got %d", rule.Priority)
		}
		seen[rule.Priority] = true
		last = max(last, rule.Priority)
		if rule.Selection.TagStatus == "any" {
			any = rule.Priority
		}
		if rule.Action.Type != "expire" {
			p.add(at+".action.type", "must be expire, got %q", rule.Action.Type)
		}
		rule.selectionRules(at+".selection", p)
	}
	if any != 0 && any != last {
		p.add(name, "a rule of tagStatus any must be evaluated last: %d is not the highest rulePriority", any)
	}
}

func (rule imageRule) selectionRules(at string, p *problems) {
	s := rule.Selection
	switch s.TagStatus {
	case "tagged":
		if (len(s.TagPrefixList) == 0) == (len(s.TagPatternList) == 0) {
			p.add(at, "tagStatus tagged needs tagPrefixList or tagPatternList, and only one of them")
		}
	case "untagged", "any":
		if len(s.TagPrefixList)+len(s.TagPatternList) > 0 {
			p.add(at, "only tagStatus tagged has tagPrefixList or tagPatternList, got %q", s.TagStatus)
		}
	default:
		p.add(at+".tagStatus", "must be one of [tagged untagged any], got %q", s.TagStatus)
	}
	for _, pattern := range s.TagPatternList {
		if strings.Count(pattern, "*") > 4 {
			p.add(at+".tagPatternList", "a pattern has at most four wildcards, got %q", pattern)
		}
	}
	switch s.CountType {
	case "imageCountMoreThan":
		if s.CountUnit != "" {
			p.add(at+".countUnit", "only sinceImagePushed has a unit, got %q", s.CountUnit)
		}
	case "sinceImagePushed":
		if s.CountUnit != "days" {
			p.add(at+".countUnit", "must be days, got %q", s.CountUnit)
		}
	default:
		p.add(at+".countType", "must be one of [imageCountMoreThan sinceImagePushed], got %q", s.CountType)
	}
	if s.CountNumber < 1 {
		p.add(at+".countNumber", "must be at least 1, got %d", s.CountNumber)
	}
}

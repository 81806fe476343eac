package registry

import (
	"encoding/json"

	"github.com/cloudinsight/platform/internal/iam"
)

// lifecyclePolicy is ECR's language for what to delete. A rule with a lower priority is asked first.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
type lifecyclePolicy struct {
	Rules []lifecycleRule `json:"rules"`
}

type lifecycleRule struct {
	Priority    int               `json:"rulePriority"`
	Description string            `json:"description"`
	Selection   lifecycleSelect   `json:"selection"`
	Action      map[string]string `json:"action"`
}

type lifecycleSelect struct {
	TagStatus   string   `json:"tagStatus"`
	TagPatterns []string `json:"tagPatternList,omitempty"`
	CountType   string   `json:"countType"`
	CountUnit   string   `json:"countUnit,omitempty"`
	CountNumber int      `json:"countNumber"`
}

// lifecycle keeps the newest tagged images, and images without a tag for some days.
func lifecycle(keepImages, untaggedDays int) string {
	expire := map[string]string{"type": "expire"}
	text, err := json.Marshal(lifecyclePolicy{Rules: []lifecycleRule{
		{
			Priority:    1,
			Description: "What lost its tag, or never had one",
			Selection: lifecycleSelect{
				TagStatus: "untagged", CountType: "sinceImagePushed", CountUnit: "days", CountNumber: untaggedDays,
			},
			Action: expire,
		},
		{
			Priority:    2,
			Description: "All but the newest images",
			Selection: lifecycleSelect{
				TagStatus: "tagged", TagPatterns: []string{"*"}, CountType: "imageCountMoreThan", CountNumber: keepImages,
			},
			Action: expire,
		},
	}})
	if err != nil {
		// Texts and numbers: there is nothing that encoding/json could refuse.
		panic(err)
	}
	return string(text)
}

// accountOnly refuses everybody outside the account, whatever else is allowed; within it, IAM policies decide. AWS
// services, such as replication and Inspector, have no account of their own.
func accountOnly(accountID string) iam.Document {
	return iam.Document{Statements: []iam.Statement{{
		Sid:        "AccountOnly",
		Deny:       true,
		Actions:    []string{"ecr:*"},
		Principals: iam.Principals{Everyone: true},
		Conditions: iam.Conditions{
			"StringNotEquals": {"aws:PrincipalAccount": {accountID}},
			"Bool":            {"aws:PrincipalIsAWSService": {"false"}},
		},
	}}}
}

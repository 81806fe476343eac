package config

// Registry describes the container registry of all environments.
type Registry struct {
	// Tagged images kept of each service. Rule: from 10 to 1000.
	KeepImages int `json:"keepImages"`
	// Days that an image without a tag is kept. Rule: from 1 to 365.
	UntaggedDays int `json:"untaggedDays"`
}

// Delivery describes who deploys: the repository's workflows, without long-lived keys.
type Delivery struct {
	// GitHub repository of this project, owner/name. Required.
	Repository string `json:"repository"`
	// Branch that each environment is deployed from. Default: dev from development, staging from staging, prod from
	// production.
	Branches map[string]string `json:"branches"`
	// Bucket that holds Pulumi's state; none when the state is elsewhere. Rule: a bucket name.
	StateBucket string `json:"stateBucket"`
}

// Security describes the account's own guards.
type Security struct {
	// Record every change of configuration with AWS Config, which bills by the record.
	ConfigRecorder bool `json:"configRecorder"`
	// Days without use after which an access is reported. Rule: from 1 to 365.
	UnusedAccessDays int `json:"unusedAccessDays"`
}

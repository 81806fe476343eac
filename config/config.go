// Package config is the typed configuration of a stack: what Pulumi.<stack>.yaml may say, what it means when it
// says nothing, and which combinations are refused.
//
// Values are read strictly (a key that nobody reads is an error), laid over the production-safe defaults, and
// judged as they will be applied. Every problem is reported at once, with the path as the user typed it. The
// package knows nothing of Pulumi resources; only the stacks import it.
package config

// Environment says which stack the configuration is for.
type Environment string

// Real says whether people depend on the environment.
func (e Environment) Real() bool { return e == Prod || e == Standby }

// The stacks of the project.
const (
	Dev     Environment = "dev"
	Staging Environment = "staging"
	Prod    Environment = "prod"
	// Standby is prod's shape in its disaster recovery region, brought up when the first region is lost.
	Standby Environment = "recovery"
	Shared  Environment = "shared"
)

func (Environment) values() []string {
	return []string{string(Dev), string(Staging), string(Prod), string(Standby), string(Shared)}
}

// Config is the configuration of one stack, complete and judged.
type Config struct {
	// Stack that this file configures. Required.
	Environment Environment `json:"environment"`
	// Primary AWS region. Rule: a region whose zones and instance types are known.
	Region string `json:"region"`
	// Region that holds the disaster recovery copies. Rule: differs from region.
	DRRegion string `json:"drRegion"`
	// Owners written on every resource.
	Tags Tags `json:"tags"`
	// Registered domain; each environment lives below it. Rule: a DNS name whose public hosted zone the account has.
	Domain string `json:"domain"`
	// Retention of log records.
	Logs Logs `json:"logs"`
	// What keeps data from being replaced or deleted.
	Protection Protection `json:"protection"`
	// VPC of the environment.
	Network Network `json:"network" only:"environments"`
	// EKS control plane of the environment.
	Cluster Cluster `json:"cluster" only:"environments"`
	// Managed node groups by name. Rule: at least one; names are DNS labels of at most 30 characters.
	NodeGroups map[string]NodeGroup `json:"nodeGroups" only:"environments"`
	// Who may enter the environment.
	Access Access `json:"access" only:"environments"`
	// When AWS may work on the data stores.
	Maintenance Maintenance `json:"maintenance" only:"environments"`
	// PostgreSQL database.
	RDS RDS `json:"rds" only:"environments"`
	// Document database.
	DocumentDB DocumentDB `json:"documentdb" only:"environments"`
	// Kafka cluster.
	MSK MSK `json:"msk" only:"environments"`
	// Cache and session store.
	Redis Redis `json:"redis" only:"environments"`
	// Daily backups of the data stores.
	Backup Backup `json:"backup" only:"environments"`
	// Copies in drRegion.
	Recovery Recovery `json:"recovery" only:"environments"`
	// AWS's Cost and Usage Report, which the product lives on.
	CostData CostData `json:"costData" only:"environments"`
	// Experiments that break things on purpose.
	Faults Faults `json:"faults" only:"environments"`
	// Services of the product and how they run.
	Apps Apps `json:"apps" only:"environments"`
	// Container registry.
	Registry Registry `json:"registry" only:"shared"`
	// Who deploys.
	Delivery Delivery `json:"delivery" only:"shared"`
	// Guards of the account.
	Security Security `json:"security" only:"shared"`
}

// Tags name the people behind a resource; they become default tags of the AWS provider.
type Tags struct {
	// Team that answers for the resources. Required. Rule: an AWS tag value.
	Owner string `json:"owner"`
	// Cost center that pays for the resources. Required. Rule: an AWS tag value.
	CostCenter string `json:"costCenter"`
	// What the data stores hold.
	DataClassification DataClassification `json:"dataClassification"`
}

// DataClassification says whose data it is.
type DataClassification string

// Synthetic data is made up, anonymised data is of people who cannot be found in it.
const (
	Confidential DataClassification = "confidential"
	Anonymised   DataClassification = "anonymised"
	Synthetic    DataClassification = "synthetic"
)

func (DataClassification) values() []string {
	return []string{string(Confidential), string(Anonymised), string(Synthetic)}
}

// Access says who may enter the environment.
type Access struct {
	// Teams that get an IAM role and an access entry to the cluster. Rule: no team twice.
	Teams []Team `json:"teams"`
}

// Team is a group of people with one level of access.
type Team string

// The teams of the product.
const (
	Developers Team = "developers"
	QA         Team = "qa"
	TechLeads  Team = "techLeads"
	DevOps     Team = "devops"
)

func (Team) values() []string {
	return []string{string(Developers), string(QA), string(TechLeads), string(DevOps)}
}

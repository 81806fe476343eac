package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What waits for the database: whose input comes from it, who depends on its component, and whose parent waits.
func TestChains(t *testing.T) {
	const (
		in     = "urn:pulumi:prod::p::"
		rds    = in + "p:rds:Database::p-prod"
		db     = in + "p:rds:Database$aws:rds/instance:Instance::p-prod"
		alarm  = in + "p:rds:Database$aws:cloudwatch/metricAlarm:MetricAlarm::p-prod-cpu"
		msk    = in + "p:msk:Cluster::p-prod"
		kafka  = in + "p:msk:Cluster$aws:msk/cluster:Cluster::p-prod"
		user   = in + "p:identity:Workload::p-prod-user"
		role   = in + "p:identity:Workload$aws:iam/rolePolicy:RolePolicy::p-prod-user"
		apps   = in + "p:apps:Apps::p-prod"
		app    = in + "p:apps:Apps$p:apps:Service::p-prod-user"
		deploy = in + "p:apps:Apps$p:apps:Service$kubernetes:apps/v1:Deployment::p-prod-user"
		web    = in + "p:apps:Apps$p:apps:Service::p-prod-web"
		webs   = in + "p:apps:Apps$p:apps:Service$kubernetes:apps/v1:Deployment::p-prod-web"
		late   = in + "p:backup:Backup::p-prod"
		vault  = in + "p:backup:Backup$aws:backup/selection:Selection::p-prod"
		kube   = in + "pulumi:providers:kubernetes::p-prod"
		gone   = in + "p:old:Old$aws:rds/instance:Instance::p-prod-old"
	)
	s := state(t, `[
		{"urn": "`+rds+`", "type": "p:rds:Database"},
		{"urn": "`+db+`", "type": "aws:rds/instance:Instance", "custom": true, "parent": "`+rds+`"},
		{"urn": "`+alarm+`", "type": "aws:cloudwatch/metricAlarm:MetricAlarm", "custom": true, "parent": "`+rds+`", "dependencies": ["`+db+`"]},
		{"urn": "`+msk+`", "type": "p:msk:Cluster"},
		{"urn": "`+kafka+`", "type": "aws:msk/cluster:Cluster", "custom": true, "parent": "`+msk+`"},
		{"urn": "`+user+`", "type": "p:identity:Workload"},
		{"urn": "`+role+`", "type": "aws:iam/rolePolicy:RolePolicy", "custom": true, "parent": "`+user+`", "propertyDependencies": {"policy": ["`+db+`"]}},
		{"urn": "`+apps+`", "type": "p:apps:Apps"},
		{"urn": "`+app+`", "type": "p:apps:Service", "parent": "`+apps+`", "dependencies": ["`+role+`"]},
		{"urn": "`+deploy+`", "type": "kubernetes:apps/v1:Deployment", "custom": true, "parent": "`+app+`"},
		{"urn": "`+web+`", "type": "p:apps:Service", "parent": "`+apps+`"},
		{"urn": "`+webs+`", "type": "kubernetes:apps/v1:Deployment", "custom": true, "parent": "`+web+`", "provider": "`+kube+`::id"},
		{"urn": "`+kube+`", "type": "pulumi:providers:kubernetes", "custom": true, "dependencies": ["`+kafka+`"]},
		{"urn": "`+late+`", "type": "p:backup:Backup"},
		{"urn": "`+vault+`", "type": "aws:backup/selection:Selection", "custom": true, "parent": "`+late+`", "dependencies": ["`+rds+`"]},
		{"urn": "`+gone+`", "type": "aws:rds/instance:Instance", "custom": true, "delete": true}
	]`, `[]`)
	assert.Equal(t, Chains{
		Stores: []Chain{
			{Store: "msk", Waiting: []string{"apps.web"}, Longest: []string{"msk", "apps.web"}},
			{Store: "rds", Waiting: []string{"apps.user", "backup", "identity.user"}, Longest: []string{"rds", "identity.user", "apps.user"}},
		},
		Free: []string{"apps"},
	}, s.chains())
	assert.Equal(t, Chains{}, state(t, `[]`, `[]`).chains())
}

package rds

import (
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

type parameter struct{ name, value, applyMethod string }

// How a changed parameter comes into force. Static parameters wait for a reboot. So does rds.force_ssl here, although
// it is dynamic: 1 is its default since PostgreSQL 15, RDS answers defaults as pending-reboot, and any other method would
// show as a change for ever. A new instance starts with all of them in any case.
const (
	immediate     = "immediate"
	pendingReboot = "pending-reboot"
)

// parametersOf a database. Statements are logged when they are slow, not by kind: DDL would carry passwords.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
func (a *DatabaseArgs) parametersOf() []parameter {
	memory, _ := memoryGiB(a.InstanceClass)
	return []parameter{
		{"log_connections", "1", immediate},
		{"log_disconnections", "1", immediate},
		{"log_lock_waits", "1", immediate},
		// Milliseconds.
		{"log_min_duration_statement", "1000", immediate},
		// KiB: what spills to disk more than 10 MiB at a time lacks memory or an index.
		{"log_temp_files", "10240", immediate},
		{"max_connections", strconv.Itoa(maxConnections(memory)), pendingReboot},
		{"rds.force_ssl", "1", pendingReboot},
	}
}

// parameterGroup is named by family: a new major needs a new group, which can be made while the old one is in use.
func (b *builder) parameterGroup() (*rds.ParameterGroup, error) {
	family := b.args.family()
	name := b.args.Name + "-" + family
	var parameters rds.ParameterGroupParameterArray
	for _, p := range b.args.parametersOf() {
		parameters = append(parameters, rds.ParameterGroupParameterArgs{
			Name: pulumi.String(p.name), Value: pulumi.String(p.value), ApplyMethod: pulumi.String(p.applyMethod),
		})
	}
	return rds.NewParameterGroup(b.ctx, b.name+"-"+family, &rds.ParameterGroupArgs{
		Name:        pulumi.String(name),
		Family:      pulumi.String(family),
		Description: pulumi.String("Parameters of PostgreSQL " + b.args.Name),
		Parameters:  parameters,
		Tags:        b.tags(name),
	}, b.parent)
}

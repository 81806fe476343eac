// Package faults breaks things on purpose, where that is allowed: AWS FIS templates for the loss of nodes, of a zone, of
// the primary database. Making a template breaks nothing; somebody has to start the experiment, and every one of them
// stops by itself when one of the given alarms goes off. The package refuses prod.
package faults

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const experimentsType = "cloudinsight:faults:Experiments"

// Experiments are the templates of an environment.
type Experiments struct {
	pulumi.ResourceState

	// TemplateIDs by experiment: node-loss, zone-loss-<zone>, database-failover, documents-failover.
	TemplateIDs map[string]pulumi.StringOutput
	// Ready is what has to be there before an experiment is started.
	Ready []pulumi.Resource
}

// Args says what may be broken.
type Args struct {
	// Name of the environment's resources, such as cloudinsight-staging.
	Name string
	// Environment, such as staging; prod is refused.
	Environment string
	// Region of the provider, and AccountID of twelve digits.
	Region    string
	AccountID string
	// ClusterName is the EKS cluster whose nodes are lost.
	ClusterName string
	// Zones that can be lost, one experiment each, at least one.
	Zones []string
	// StopAlarmARNs are CloudWatch alarms by label that end an experiment, 1 to 5.
	StopAlarmARNs map[string]pulumi.StringInput
	// LogKeyARN encrypts the record of the experiments.
	LogKeyARN pulumi.StringInput

	// NodePercent of the nodes that are lost, 1 to 100 (default 34: one of three).
	NodePercent int
	// DatabaseARN is an RDS instance with a standby, which takes over (default no experiment). One without a standby
	// is restarted (SingleZone).
	DatabaseARN pulumi.StringInput
	SingleZone  bool
	// DocumentsARN is a DocumentDB cluster of two instances at least (default no experiment).
	DocumentsARN pulumi.StringInput
	// LogRetentionDays (default 90).
	LogRetentionDays int
	// PermissionsBoundary of the role (default none).
	PermissionsBoundary pulumi.StringPtrInput
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	region    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
)

// NewExperiments registers the templates, their role and their log group.
func NewExperiments(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Experiments, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("faults %q: %w", name, err)
	}
	e := &Experiments{TemplateIDs: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResourceV2(experimentsType, name, pulumi.Map{"environment": pulumi.String(a.Environment)}, e, opts...); err != nil {
		return nil, fmt.Errorf("faults %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name + "-faults", args: a, parent: pulumi.Parent(e)}
	if err := b.build(e); err != nil {
		return nil, fmt.Errorf("faults %q: %w", name, err)
	}
	ids := pulumi.StringMap{}
	for experiment, id := range e.TemplateIDs {
		ids[experiment] = id
	}
	return e, ctx.RegisterResourceOutputs(e, pulumi.Map{"templateIds": ids})
}

func (args *Args) withDefaults() Args {
	a := Args{}
	if args != nil {
		a = *args
	}
	if a.NodePercent == 0 {
		a.NodePercent = 34
	}
	if a.LogRetentionDays == 0 {
		a.LogRetentionDays = 90
	}
	return a
}

func (a *Args) validate() error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if a.Name == "" {
		add("name: is required")
	}
	if a.Environment == "" || a.Environment == "prod" {
		add("environment: must be one where things may break, which prod is not, got %q", a.Environment)
	}
	if !region.MatchString(a.Region) {
		add("region: must be a region, got %q", a.Region)
	}
	if !accountID.MatchString(a.AccountID) {
		add("account id: must be twelve digits, got %q", a.AccountID)
	}
	if a.ClusterName == "" {
		add("cluster name: is required")
	}
	if len(a.Zones) == 0 {
		add("zones: must have at least one")
	}
	for i, zone := range a.Zones {
		if len(zone) != len(a.Region)+1 || zone[:len(zone)-1] != a.Region {
			add("zones[%d]: must be a zone of %s, got %q", i, a.Region, zone)
		}
		if slices.Contains(a.Zones[:i], zone) {
			add("zones[%d]: must be unique, %q is there already", i, zone)
		}
	}
	// https://docs.aws.amazon.com/fis/latest/userguide/fis-quotas.html
	if n := len(a.StopAlarmARNs); n < 1 || n > 5 {
		add("stop alarms: must be 1 to 5, got %d", n)
	}
	for _, label := range slices.Sorted(maps.Keys(a.StopAlarmARNs)) {
		if a.StopAlarmARNs[label] == nil {
			add("stop alarms[%q]: arn is required", label)
		}
	}
	if a.LogKeyARN == nil {
		add("log key arn: is required")
	}
	if a.NodePercent < 1 || a.NodePercent > 100 {
		add("nodes: must be between 1 and 100 percent, got %d", a.NodePercent)
	}
	if a.SingleZone && a.DatabaseARN == nil {
		add("single zone: must come with a database arn")
	}
	return errors.Join(problems...)
}

// builder carries what the steps share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   Args
	parent pulumi.ResourceOption

	logs *cloudwatch.LogGroup
}

func (b *builder) build(e *Experiments) (err error) {
	name := "/aws/fis/" + b.args.Name
	b.logs, err = cloudwatch.NewLogGroup(b.ctx, b.name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(name),
		RetentionInDays: pulumi.Int(b.args.LogRetentionDays),
		KmsKeyId:        b.args.LogKeyARN,
		Tags:            pulumi.ToStringMap(tags.Of("faults", name)),
	}, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return fmt.Errorf("log group: %w", err)
	}
	role, ready, err := b.newRole()
	if err != nil {
		return err
	}
	templates := b.args.templates()
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		template, err := b.newTemplate(name, templates[name], role.Arn, ready)
		if err != nil {
			return err
		}
		e.TemplateIDs[name] = template.ID().ToStringOutput()
		e.Ready = append(e.Ready, template)
	}
	return nil
}

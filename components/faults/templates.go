package faults

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/fis"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// experiment is one thing that breaks: one action on one target.
type experiment struct {
	description string
	// action of FIS and its parameters, and the kind of target that it asks for.
	action     string
	parameters map[string]string
	kind       string
	target     fis.ExperimentTemplateTargetArgs
}

// templates are the experiments by name.
// https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
func (a *Args) templates() map[string]experiment {
	all := map[string]experiment{
		"node-loss": {
			description: fmt.Sprintf("%d percent of the nodes of %s end", a.NodePercent, a.ClusterName),
			action:      "aws:ec2:terminate-instances", kind: "Instances",
			target: a.nodes(fmt.Sprintf("PERCENT(%d)", a.NodePercent), nil),
		},
	}
	for _, zone := range a.Zones {
		all["zone-loss-"+zone] = experiment{
			description: "all nodes of " + a.ClusterName + " in " + zone + " stop",
			// Their group ends stopped nodes and starts others, in the zones that are left or in this one again.
			action: "aws:ec2:stop-instances", parameters: map[string]string{"completeIfInstancesTerminated": "true", "startInstancesAfterDuration": "PT10M"},
			kind: "Instances", target: a.nodes("ALL", &zone),
		}
	}
	if a.DatabaseARN != nil {
		all["database-failover"] = experiment{
			description: "the primary of PostgreSQL restarts" + map[bool]string{false: ", and its standby takes over"}[a.SingleZone],
			action:      "aws:rds:reboot-db-instances", parameters: map[string]string{"forceFailover": fmt.Sprint(!a.SingleZone)},
			kind: "DBInstances", target: resource("aws:rds:db", a.DatabaseARN),
		}
	}
	if a.DocumentsARN != nil {
		all["documents-failover"] = experiment{
			description: "a replica of DocumentDB becomes the primary",
			action:      "aws:rds:failover-db-cluster", kind: "Clusters", target: resource("aws:rds:cluster", a.DocumentsARN),
		}
	}
	return all
}

// nodes are running instances of the cluster, known by the tag that EKS puts on the instances of managed node groups.
func (a *Args) nodes(selection string, zone *string) fis.ExperimentTemplateTargetArgs {
	filters := fis.ExperimentTemplateTargetFilterArray{filter("State.Name", "running")}
	if zone != nil {
		filters = append(filters, filter("Placement.AvailabilityZone", *zone))
	}
	return fis.ExperimentTemplateTargetArgs{
		Name:          pulumi.String("victims"),
		ResourceType:  pulumi.String("aws:ec2:instance"),
		SelectionMode: pulumi.String(selection),
		ResourceTags: fis.ExperimentTemplateTargetResourceTagArray{fis.ExperimentTemplateTargetResourceTagArgs{
			Key: pulumi.String(nodeTag), Value: pulumi.String(a.ClusterName),
		}},
		Filters: filters,
	}
}

// https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html
const nodeTag = "eks:cluster-name"

func filter(path, value string) fis.ExperimentTemplateTargetFilterArgs {
	return fis.ExperimentTemplateTargetFilterArgs{Path: pulumi.String(path), Values: pulumi.ToStringArray([]string{value})}
}

func resource(kind string, arn pulumi.StringInput) fis.ExperimentTemplateTargetArgs {
	return fis.ExperimentTemplateTargetArgs{
		Name: pulumi.String("victims"), ResourceType: pulumi.String(kind), SelectionMode: pulumi.String("ALL"), ResourceArns: pulumi.StringArray{arn},
	}
}

// newTemplate makes the template of one experiment. It stops when one of the alarms goes off, or when there is nothing
// left to break.
func (b *builder) newTemplate(name string, e experiment, role pulumi.StringInput, ready []pulumi.Resource) (*fis.ExperimentTemplate, error) {
	action := fis.ExperimentTemplateActionArgs{
		Name: pulumi.String("break"), ActionId: pulumi.String(e.action), Description: pulumi.String(e.description),
		Target: fis.ExperimentTemplateActionTargetArgs{Key: pulumi.String(e.kind), Value: pulumi.String("victims")},
	}
	var parameters fis.ExperimentTemplateActionParameterArray
	for _, key := range slices.Sorted(maps.Keys(e.parameters)) {
		parameters = append(parameters, fis.ExperimentTemplateActionParameterArgs{Key: pulumi.String(key), Value: pulumi.String(e.parameters[key])})
	}
	if len(parameters) > 0 {
		action.Parameters = parameters
	}
	template, err := fis.NewExperimentTemplate(b.ctx, b.name+"-"+name, &fis.ExperimentTemplateArgs{
		Description:    pulumi.String(b.args.Name + ": " + e.description),
		RoleArn:        role,
		Actions:        fis.ExperimentTemplateActionArray{action},
		Targets:        fis.ExperimentTemplateTargetArray{e.target},
		StopConditions: b.stopConditions(),
		ExperimentOptions: fis.ExperimentTemplateExperimentOptionsArgs{
			AccountTargeting: pulumi.String("single-account"), EmptyTargetResolutionMode: pulumi.String("fail"),
		},
		LogConfiguration: fis.ExperimentTemplateLogConfigurationArgs{
			LogSchemaVersion: pulumi.Int(2),
			CloudwatchLogsConfiguration: fis.ExperimentTemplateLogConfigurationCloudwatchLogsConfigurationArgs{
				LogGroupArn: pulumi.Sprintf("%s:*", b.logs.Arn),
			},
		},
		Tags: pulumi.ToStringMap(tags.Of("faults", b.args.Name+"-"+name)),
	}, b.parent, pulumi.DependsOn(ready))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return template, nil
}

func (b *builder) stopConditions() fis.ExperimentTemplateStopConditionArray {
	var all fis.ExperimentTemplateStopConditionArray
	for _, label := range slices.Sorted(maps.Keys(b.args.StopAlarmARNs)) {
		all = append(all, fis.ExperimentTemplateStopConditionArgs{
			Source: pulumi.String("aws:cloudwatch:alarm"), Value: b.args.StopAlarmARNs[label],
		})
	}
	return all
}

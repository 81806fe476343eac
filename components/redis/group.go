package redis

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	awsvpc "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// replicationGroup is the nodes. With one node it is the same without failover, so that a second can be added in place.
func (b *builder) replicationGroup(users *elasticache.UserGroup, firewall *ec2.SecurityGroup, subnets *elasticache.SubnetGroup,
	parameters *elasticache.ParameterGroup, logs []log) (*elasticache.ReplicationGroup, error) {
	var deliveries elasticache.ReplicationGroupLogDeliveryConfigurationArray
	for _, l := range logs {
		deliveries = append(deliveries, &elasticache.ReplicationGroupLogDeliveryConfigurationArgs{
			Destination:     l.group.Name,
			DestinationType: pulumi.String("cloudwatch-logs"),
			LogFormat:       pulumi.String("json"),
			LogType:         pulumi.String(l.kind),
		})
	}
	replicated := pulumi.Bool(b.args.Nodes > 1)
	args := &elasticache.ReplicationGroupArgs{
		ReplicationGroupId:       pulumi.String(b.args.Name),
		Description:              pulumi.String("Cache and sessions of " + b.args.Name),
		Engine:                   pulumi.String("redis"),
		EngineVersion:            pulumi.String(b.args.EngineVersion),
		NodeType:                 pulumi.String(b.args.NodeType),
		NumCacheClusters:         pulumi.Int(b.args.Nodes),
		AutomaticFailoverEnabled: replicated,
		MultiAzEnabled:           replicated,
		Port:                     pulumi.Int(Port),
		SubnetGroupName:          subnets.Name,
		SecurityGroupIds:         pulumi.StringArray{firewall.ID()},
		ParameterGroupName:       parameters.Name,
		UserGroupIds:             pulumi.StringArray{users.UserGroupId},
		TransitEncryptionEnabled: pulumi.Bool(true),
		TransitEncryptionMode:    pulumi.String("required"),
		AtRestEncryptionEnabled:  pulumi.Bool(true),
		KmsKeyId:                 b.args.KeyARN,
		SnapshotRetentionLimit:   pulumi.Int(max(0, b.args.SnapshotRetentionDays)),
		SnapshotWindow:           pulumi.String(b.args.SnapshotWindow),
		MaintenanceWindow:        pulumi.String(b.args.MaintenanceWindow),
		// What interrupts waits for the maintenance window; a version changes when this program says so.
		ApplyImmediately:          pulumi.Bool(false),
		AutoMinorVersionUpgrade:   pulumi.Bool(false),
		LogDeliveryConfigurations: deliveries,
		Tags:                      b.tags(b.args.Name, map[string]string{"DataClassification": b.args.Classification}),
	}
	if !b.args.SkipFinalSnapshot {
		args.FinalSnapshotIdentifier = b.finalSnapshot()
	}
	return elasticache.NewReplicationGroup(b.ctx, b.name, args, b.parent,
		pulumi.Protect(!b.args.Unprotected), pulumi.DeleteBeforeReplace(true))
}

// finalSnapshot is the name of the copy that is kept when the cache is deleted. It must not be taken by an earlier
// cache's of the same name, so it carries what tells one from the other: the network and the key.
func (b *builder) finalSnapshot() pulumi.StringPtrOutput {
	return pulumi.All(b.args.VPCID, b.args.KeyARN).ApplyT(func(parts []any) *string {
		sum := sha256.Sum256([]byte(parts[0].(string) + "\n" + parts[1].(string)))
		name := b.args.Name + "-final-" + hex.EncodeToString(sum[:4])
		return &name
	}).(pulumi.StringPtrOutput)
}

// parameters of the engine. A family is bound to the major version, which the name carries: the old group is in use until
// the cache has moved.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
func (b *builder) parameters() (*elasticache.ParameterGroup, error) {
	major, _, _ := strings.Cut(b.args.EngineVersion, ".")
	family := "redis" + major
	return elasticache.NewParameterGroup(b.ctx, b.name, &elasticache.ParameterGroupArgs{
		Name:        pulumi.String(b.args.Name + "-" + family),
		Description: pulumi.String("Redis of " + b.args.Name),
		Family:      pulumi.String(family),
		Parameters: elasticache.ParameterGroupParameterArray{
			// A user may use no channel unless its access string names it; AWS's default is all of them.
			&elasticache.ParameterGroupParameterArgs{Name: pulumi.String("acl-pubsub-default"), Value: pulumi.String("resetchannels")},
		},
		Tags: b.tags(b.args.Name + "-" + family),
	}, b.parent)
}

// log is a log group and what goes into it.
type log struct {
	kind  string
	group *cloudwatch.LogGroup
}

// logs are made before the cache. Below /aws/vendedlogs/ the size of the resource policy that AWS keeps for log groups
// does not limit how many there are.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html
func (b *builder) logs() ([]log, error) {
	var all []log
	for _, kind := range []string{"slow-log", "engine-log"} {
		group, err := cloudwatch.NewLogGroup(b.ctx, b.name+"-"+kind, &cloudwatch.LogGroupArgs{
			Name:            pulumi.String(fmt.Sprintf("/aws/vendedlogs/elasticache/%s/%s", b.args.Name, kind)),
			RetentionInDays: pulumi.Int(b.args.LogRetentionDays),
			KmsKeyId:        b.args.LogKeyARN,
			Tags:            b.tags(b.args.Name + "-" + kind),
		}, b.parent)
		if err != nil {
			return nil, err
		}
		all = append(all, log{kind, group})
	}
	return all, nil
}

// securityGroup lets the clients in and nobody out: the nodes answer and never call.
func (b *builder) securityGroup() (*ec2.SecurityGroup, []pulumi.Resource, error) {
	group, err := ec2.NewSecurityGroup(b.ctx, b.name, &ec2.SecurityGroupArgs{
		VpcId:       b.args.VPCID,
		Description: pulumi.String("Redis nodes of " + b.args.Name),
		Tags:        b.tags(b.args.Name),
	}, b.parent)
	if err != nil {
		return nil, nil, err
	}
	var rules []pulumi.Resource
	for _, label := range slices.Sorted(maps.Keys(b.args.Clients)) {
		rule, err := awsvpc.NewSecurityGroupIngressRule(b.ctx, b.name+"-from-"+label, &awsvpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId:           group.ID(),
			Description:               pulumi.String("Redis from " + label),
			IpProtocol:                pulumi.String("tcp"),
			FromPort:                  pulumi.Int(Port),
			ToPort:                    pulumi.Int(Port),
			ReferencedSecurityGroupId: b.args.Clients[label],
			Tags:                      b.tags(b.name + "-from-" + label),
		}, b.parent)
		if err != nil {
			return nil, nil, err
		}
		rules = append(rules, rule)
	}
	return group, rules, nil
}

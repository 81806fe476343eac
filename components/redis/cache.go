// Package redis makes the cache and session store of an environment: ElastiCache with Redis OSS, one primary and replicas
// in other zones, reached over TLS only. Each service is a user of its own that signs in with its IAM role; there is no
// password, and the user that Redis would take anybody for is off.
//
// A user may touch keys that begin with its own name and a colon, and nothing else: services share no keys. A session
// belongs to the service that made it, and others ask that service. Channels are closed to all; events go through Kafka.
//
// It refuses names that ElastiCache would alter, windows that are too short or overlap, and more replicas than there can
// be. What it holds can be lost: every key may expire or be evicted, snapshots are a day apart.
package redis

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const cacheType = "cloudinsight:redis:Cache"

// Port is where the nodes listen.
const Port = 6379

// Cache is a replication group with its users, logs and security group.
type Cache struct {
	pulumi.ResourceState

	// Endpoint is the host of the primary, wherever it is; ReaderEndpoint spreads reads over the replicas, and is the
	// primary where there are none.
	Endpoint       pulumi.StringOutput
	ReaderEndpoint pulumi.StringOutput
	// ReplicationGroupARN and one of UserARNs, by user, are the resources of elasticache:Connect. They are known before
	// the cache is there: a role that names them does not wait for it.
	ReplicationGroupARN pulumi.StringOutput
	UserARNs            map[string]pulumi.StringOutput
	// SecurityGroupID is the group on the nodes.
	SecurityGroupID pulumi.StringOutput
	// Ready is what has to be there before a client can connect.
	Ready []pulumi.Resource

	alarms []alarm.Alarm
}

// CacheArgs says which cache to build.
type CacheArgs struct {
	// Name of the replication group, 1 to 40 lower-case letters, digits and hyphens, such as cloudinsight-dev.
	Name string
	// Region of the provider and AccountID of twelve digits, for ARNs.
	Region    string
	AccountID string
	// NodeType of every node, such as cache.r5.large.
	NodeType string
	// VPCID and SubnetIDs of the nodes. With two nodes or more the subnets must be in two zones or more.
	VPCID     pulumi.StringInput
	SubnetIDs pulumi.StringArrayInput
	// KeyARN encrypts data and snapshots, LogKeyARN the logs. Changing KeyARN replaces the cache.
	KeyARN    pulumi.StringInput
	LogKeyARN pulumi.StringInput

	// EngineVersion, major and minor (default 7.1).
	EngineVersion string
	// Nodes, 1 to 6 (default 2). One node has nobody to take over from it.
	Nodes int
	// Users that may sign in, each with the IAM role that has elasticache:Connect for it. Names are unique in account and
	// region, such as cloudinsight-dev-user; at most 99.
	Users []string
	// Clients are security groups that may connect, by a name for each.
	Clients map[string]pulumi.StringInput
	// SnapshotRetentionDays, 1 to 35, or -1 for no daily snapshots (default 7).
	SnapshotRetentionDays int
	// SnapshotWindow of every day and MaintenanceWindow of every week, at least an hour each, in UTC (default
	// 01:00-02:00 and sun:02:30-sun:03:30).
	SnapshotWindow    string
	MaintenanceWindow string
	// LogRetentionDays of the slow log and the engine's log (default 90).
	LogRetentionDays int
	// Unprotected lets Pulumi delete and replace the cache.
	Unprotected bool
	// SkipFinalSnapshot deletes the cache without keeping a copy.
	SkipFinalSnapshot bool
	// Classification of the data: confidential, anonymised or synthetic (default confidential).
	Classification string
}

// NewCache registers the cache and its children.
func NewCache(ctx *pulumi.Context, name string, args *CacheArgs, opts ...pulumi.ResourceOption) (*Cache, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("redis %q: %w", name, err)
	}
	c := &Cache{}
	inputs := pulumi.Map{"name": pulumi.String(a.Name), "engineVersion": pulumi.String(a.EngineVersion), "nodes": pulumi.Int(a.Nodes)}
	if err := ctx.RegisterComponentResourceV2(cacheType, name, inputs, c, opts...); err != nil {
		return nil, fmt.Errorf("redis %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(c)}
	if err := b.build(c); err != nil {
		return nil, fmt.Errorf("redis %q: %w", name, err)
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{
		"endpoint": c.Endpoint, "readerEndpoint": c.ReaderEndpoint, "securityGroupId": c.SecurityGroupID,
	})
}

// Alarms are what to watch about the cache.
func (c *Cache) Alarms() []alarm.Alarm { return c.alarms }

// builder carries what the steps of one cache share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   CacheArgs
	parent pulumi.ResourceOption
}

func (b *builder) build(c *Cache) error {
	users, err := b.users()
	if err != nil {
		return err
	}
	firewall, rules, err := b.securityGroup()
	if err != nil {
		return fmt.Errorf("security group: %w", err)
	}
	logs, err := b.logs()
	if err != nil {
		return fmt.Errorf("log group: %w", err)
	}
	subnets, err := elasticache.NewSubnetGroup(b.ctx, b.name, &elasticache.SubnetGroupArgs{
		Name:        pulumi.String(b.args.Name),
		Description: pulumi.String("Redis of " + b.args.Name),
		SubnetIds:   b.args.SubnetIDs,
		Tags:        b.tags(b.args.Name),
	}, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return fmt.Errorf("subnet group: %w", err)
	}
	parameters, err := b.parameters()
	if err != nil {
		return fmt.Errorf("parameter group: %w", err)
	}
	group, err := b.replicationGroup(users, firewall, subnets, parameters, logs)
	if err != nil {
		return err
	}
	c.Endpoint = group.PrimaryEndpointAddress
	c.ReaderEndpoint = group.ReaderEndpointAddress
	c.ReplicationGroupARN = b.arn("replicationgroup", b.args.Name)
	c.UserARNs = map[string]pulumi.StringOutput{}
	for _, user := range b.args.Users {
		c.UserARNs[user] = b.arn("user", user)
	}
	c.SecurityGroupID = firewall.ID().ToStringOutput()
	c.Ready = append([]pulumi.Resource{group}, rules...)
	c.alarms = alarms(b.args.Name, group.ReplicationGroupId, b.args.Nodes)
	return nil
}

// arn of something that ElastiCache names as it is told.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticache.html
func (b *builder) arn(kind, id string) pulumi.StringOutput {
	return pulumi.String(fmt.Sprintf("arn:aws:elasticache:%s:%s:%s:%s", b.args.Region, b.args.AccountID, kind, id)).ToStringOutput()
}

// tags of one child; the provider's default tags come on top.
func (b *builder) tags(name string, more ...map[string]string) pulumi.StringMap {
	return pulumi.ToStringMap(tags.Of("redis", name, more...))
}

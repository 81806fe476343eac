// Package documentdb makes the document database of an environment: a DocumentDB cluster that is encrypted, reached over
// TLS only, audited, and backed up to go back to any second, with instances that AWS spreads over the zones, and a
// machine that adds read replicas while they are busy (a switch), since DocumentDB is no target of Application Auto
// Scaling.
//
// It refuses backup and maintenance windows that overlap, clusters without backups, and classes whose limits it does not
// know.
//
// DocumentDB makes and rotates the master password, in a secret under AWS's own key: the SDK has no property to name
// another. Clusters that are part of a global one are the exception. There DocumentDB manages no password
// (https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-secrets-manager.html), so the caller gives one.
package documentdb

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/docdb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const clusterType = "cloudinsight:documentdb:Cluster"

// Port on which clusters listen.
const Port = 27017

// DefaultUsername is the master user where none is named.
const DefaultUsername = "platform"

// Cluster is a DocumentDB cluster with its instances.
type Cluster struct {
	pulumi.ResourceState

	// Endpoint is the host that takes writes, ReaderEndpoint the one that spreads reads over the replicas. They are known
	// when the first instance is there: until then nobody answers.
	Endpoint       pulumi.StringOutput
	ReaderEndpoint pulumi.StringOutput
	// SecretARN of the master user's name and password.
	SecretARN pulumi.StringOutput
	// SecurityGroupID of the instances.
	SecurityGroupID pulumi.StringOutput
	// ClusterARN and Identifier of the cluster.
	ClusterARN pulumi.StringOutput
	Identifier pulumi.StringOutput
	// GlobalClusterID is what clusters of other regions join, empty without Global.
	GlobalClusterID pulumi.StringOutput
	// Username to connect with.
	Username string
	// Ready is what has to be there before anything connects.
	Ready []pulumi.Resource

	alarms []alarm.Alarm
}

// Alarms watches CPU and connections of every instance, and storage, throttling and replica lag of the cluster.
func (c *Cluster) Alarms() []alarm.Alarm { return slices.Clone(c.alarms) }

// ClusterArgs says which cluster to make.
type ClusterArgs struct {
	// Name of the cluster and the beginning of all other names, unique among the databases of RDS and DocumentDB in
	// account and region: a lower-case letter, then letters, digits and single hyphens, up to 45 characters.
	Name string
	// Region of the provider and AccountID of twelve digits, for ARNs.
	Region    string
	AccountID string
	// VPCID and SubnetIDs, at least two subnets in two zones, without a route to the internet.
	VPCID     pulumi.StringInput
	SubnetIDs pulumi.StringArrayInput
	// Clients may connect: ids of their security groups by label, which names the rule.
	Clients map[string]pulumi.StringInput
	// KeyARN encrypts storage and snapshots, LogKeyARN the logs.
	KeyARN    pulumi.StringInput
	LogKeyARN pulumi.StringInput

	// EngineVersion in full (default 5.0.0).
	EngineVersion string
	// InstanceClass such as db.t3.medium, one of Classes (default db.r5.large).
	InstanceClass string
	// Instances, 1 to 16; the first takes writes (default 3).
	Instances int
	// ReplicaScaling adds replicas while they are busy (default nil: never).
	ReplicaScaling *ReplicaScaling
	// Username of the master (default platform).
	Username string
	// Login is the master user's password and the secret that holds it (default: DocumentDB makes and rotates its own).
	Login *Login
	// Global makes a global cluster around this one, for others to join. It needs a Login.
	Global bool
	// BackupRetentionDays for going back to any second, 1 to 35 (default 30).
	BackupRetentionDays int
	// BackupWindow of every day and MaintenanceWindow of every week, in UTC (default 02:30-03:30 and
	// sun:00:00-sun:02:00, which is the morning of Sunday in Kigali).
	BackupWindow      string
	MaintenanceWindow string
	// LogRetentionDays of the exported logs (default 90).
	LogRetentionDays int
	// RestoreFrom is the ARN of a cluster snapshot that the cluster is created from; changed later it has no effect (default:
	// an empty cluster).
	RestoreFrom string
	// Unprotected lets the cluster be deleted and replaced.
	Unprotected bool
	// SkipFinalSnapshot deletes the data and its backups with the cluster.
	SkipFinalSnapshot bool
	// Classification of the data: confidential, anonymised or synthetic (default confidential).
	Classification string
	// Tags for the replicas that ReplicaScaling adds, which the provider's default tags do not reach.
	Tags map[string]string
	// PermissionsBoundary of the roles (default none).
	PermissionsBoundary pulumi.StringPtrInput
}

// Login is a password that the caller keeps.
type Login struct {
	Password pulumi.StringInput
	// SecretARN of the secret with the user's name and the password, as DocumentDB would write it.
	SecretARN pulumi.StringInput
}

// NewCluster registers the cluster and its children.
func NewCluster(ctx *pulumi.Context, name string, args *ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("documentdb cluster %q: %w", name, err)
	}
	c := &Cluster{Username: a.Username}
	inputs := pulumi.Map{"name": pulumi.String(a.Name), "engineVersion": pulumi.String(a.EngineVersion)}
	if err := ctx.RegisterComponentResourceV2(clusterType, name, inputs, c, opts...); err != nil {
		return nil, fmt.Errorf("documentdb cluster %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(c)}
	if err := b.build(c); err != nil {
		return nil, fmt.Errorf("documentdb cluster %q: %w", name, err)
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{
		"endpoint": c.Endpoint, "readerEndpoint": c.ReaderEndpoint, "secretArn": c.SecretARN, "clusterArn": c.ClusterARN,
	})
}

// builder carries what the steps of one cluster share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   ClusterArgs
	parent pulumi.ResourceOption

	group   *ec2.SecurityGroup
	cluster *docdb.Cluster
}

func (b *builder) build(c *Cluster) (err error) {
	if b.group, err = b.securityGroup(); err != nil {
		return err
	}
	if err := b.newCluster(); err != nil {
		return err
	}
	c.ClusterARN, c.Identifier = b.cluster.Arn, b.cluster.ClusterIdentifier
	c.SecurityGroupID = b.group.ID().ToStringOutput()
	c.SecretARN = b.secret()
	if c.GlobalClusterID, err = b.global(); err != nil {
		return err
	}
	c.alarms = b.args.clusterAlarms(b.cluster.ClusterIdentifier)
	for number := 1; number <= b.args.Instances; number++ {
		instance, err := b.instance(number)
		if err != nil {
			return err
		}
		if number == 1 {
			c.Endpoint, c.ReaderEndpoint = answered(b.cluster.Endpoint, instance), answered(b.cluster.ReaderEndpoint, instance)
		}
		c.Ready = append(c.Ready, instance)
		c.alarms = slices.Concat(c.alarms, b.args.instanceAlarms(b.args.instanceName(number), instance.Identifier))
	}
	return b.replicaScaling()
}

// answered is a host name that is known when the instance is there.
func answered(host pulumi.StringOutput, instance *docdb.ClusterInstance) pulumi.StringOutput {
	return pulumi.All(host, instance.ID()).ApplyT(func(of []any) string { return of[0].(string) }).(pulumi.StringOutput)
}

// tags of one resource; stores also say what kind of data they hold.
func (b *builder) tags(name string) pulumi.StringMap {
	return pulumi.ToStringMap(tags.Of("documentdb", name))
}

func (a *ClusterArgs) storeTags(name string) map[string]string {
	return tags.Of("documentdb", name, map[string]string{"DataClassification": a.Classification})
}

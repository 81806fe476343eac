// Package rds makes the PostgreSQL database of an environment: encrypted, reached over TLS only, spread over two zones,
// with backups to go back to any second, log groups made before RDS would make them without key and retention, and a
// master password that RDS keeps to itself and Secrets Manager.
//
// It refuses versions that float, backup and maintenance windows that overlap, databases without backups, and classes
// whose memory it does not know, since connections and alarms are counted from it.
//
// The master password is RDS's own, which it rotates every seven days, unless a Login is given. No schedule of our own is
// laid over it: the SDK can rotate a managed secret without a Lambda function, but what it cancels when the schedule is
// taken away is RDS's own rotation.
package rds

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const databaseType = "cloudinsight:rds:Database"

// Port on which databases, replicas and proxies listen.
const Port = 5432

// DefaultUsername is the master user where none is named.
const DefaultUsername = "platform"

// Database is a PostgreSQL instance with its replicas and its proxy.
type Database struct {
	pulumi.ResourceState

	// Endpoint is the host that takes reads and writes: the proxy when there is one.
	Endpoint pulumi.StringOutput
	// ReaderEndpoint is the first read replica, else Endpoint. A proxy of an RDS instance has no endpoint for reading.
	ReaderEndpoint pulumi.StringOutput
	// SecretARN of the master user's name and password, which RDS made and rotates.
	SecretARN pulumi.StringOutput
	// SecurityGroupID of what listens at Endpoint.
	SecurityGroupID pulumi.StringOutput
	// InstanceARN and Identifier of the instance that takes writes.
	InstanceARN pulumi.StringOutput
	Identifier  pulumi.StringOutput
	// DatabaseName and Username to connect with.
	DatabaseName string
	Username     string
	// Ready is what has to be there before anything connects.
	Ready []pulumi.Resource

	alarms []alarm.Alarm
}

// Alarms watches CPU, connections, storage, memory and transaction ids of every instance, and the replicas' lag.
func (d *Database) Alarms() []alarm.Alarm { return slices.Clone(d.alarms) }

// DatabaseArgs says which database to make.
type DatabaseArgs struct {
	// Name of the instance and the beginning of all other names, unique among the databases of RDS and DocumentDB in
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
	// KeyARN encrypts storage, snapshots and performance data, SecretKeyARN the master password, LogKeyARN the logs.
	KeyARN       pulumi.StringInput
	SecretKeyARN pulumi.StringInput
	LogKeyARN    pulumi.StringInput

	// EngineVersion with its minor (default 17.11).
	EngineVersion string
	// InstanceClass such as db.t3.micro, of a family of Families (default db.r5.large).
	InstanceClass string
	// DatabaseName to create (default cloudinsight) and Username of the master (default platform).
	DatabaseName string
	Username     string
	// StorageGiB to begin with, 20 to 65536 (default 100). RDS grows it up to MaxStorageGiB, at least a tenth more
	// than StorageGiB (default 0: it stays as it is).
	StorageGiB    int
	MaxStorageGiB int
	// SingleZone leaves out the standby in a second zone.
	SingleZone bool
	// ReadReplicas, 0 to 15 (default none).
	ReadReplicas int
	// BackupRetentionDays for going back to any second, 1 to 35 (default 30).
	BackupRetentionDays int
	// BackupWindow of every day and MaintenanceWindow of every week, in UTC (default 02:30-03:30 and
	// sun:00:00-sun:02:00, which is the morning of Sunday in Kigali).
	BackupWindow      string
	MaintenanceWindow string
	// LogRetentionDays of the exported logs (default 90).
	LogRetentionDays int
	// Login is the master user's password and the secret that holds it (default: RDS makes and rotates its own). Read
	// replicas need one: RDS makes none of a PostgreSQL whose password it manages.
	Login *Login
	// Proxy pools connections, over TLS only.
	Proxy bool
	// RestoreFrom is the ARN of a snapshot, or of replicated automated backups, that the database is created from; changed
	// later it has no effect (default: an empty database).
	RestoreFrom string
	// Unprotected lets the database be deleted and replaced.
	Unprotected bool
	// SkipFinalSnapshot deletes the data and its backups with the database.
	SkipFinalSnapshot bool
	// Classification of the data: confidential, anonymised or synthetic (default confidential).
	Classification string
	// PermissionsBoundary of the roles (default none).
	PermissionsBoundary pulumi.StringPtrInput
}

// Login is a password that the caller keeps.
type Login struct {
	Password pulumi.StringInput
	// SecretARN of the secret with the user's name and the password, as RDS would write it.
	SecretARN pulumi.StringInput
}

// NewDatabase registers the database and its children.
func NewDatabase(ctx *pulumi.Context, name string, args *DatabaseArgs, opts ...pulumi.ResourceOption) (*Database, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("database %q: %w", name, err)
	}
	d := &Database{DatabaseName: a.DatabaseName, Username: a.Username}
	inputs := pulumi.Map{"name": pulumi.String(a.Name), "engineVersion": pulumi.String(a.EngineVersion)}
	if err := ctx.RegisterComponentResourceV2(databaseType, name, inputs, d, opts...); err != nil {
		return nil, fmt.Errorf("database %q: %w", name, err)
	}
	b := &builder{ctx: ctx, name: name, args: a, parent: pulumi.Parent(d)}
	if err := b.build(d); err != nil {
		return nil, fmt.Errorf("database %q: %w", name, err)
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{
		"endpoint": d.Endpoint, "readerEndpoint": d.ReaderEndpoint, "secretArn": d.SecretARN, "instanceArn": d.InstanceARN,
	})
}

// builder carries what the steps of one database share.
type builder struct {
	ctx    *pulumi.Context
	name   string
	args   DatabaseArgs
	parent pulumi.ResourceOption

	subnets    *rds.SubnetGroup
	parameters *rds.ParameterGroup
	monitoring *role
	group      *ec2.SecurityGroup
	instance   *rds.Instance
}

func (b *builder) build(d *Database) (err error) {
	if b.subnets, err = b.subnetGroup(); err != nil {
		return err
	}
	if b.group, err = b.securityGroup("", "PostgreSQL "+b.args.Name); err != nil {
		return err
	}
	if b.parameters, err = b.parameterGroup(); err != nil {
		return err
	}
	if b.monitoring, err = b.monitoringRole(); err != nil {
		return err
	}
	if b.instance, err = b.primary(); err != nil {
		return err
	}
	d.InstanceARN, d.Identifier = b.instance.Arn, b.instance.Identifier
	d.SecretARN = b.secret()
	d.Ready = []pulumi.Resource{b.instance}
	d.alarms = b.args.instanceAlarms(b.args.Name, b.instance.Identifier)

	if b.args.Proxy {
		err = b.behindProxy(d)
	} else {
		err = b.direct(d)
	}
	if err != nil {
		return err
	}
	return b.replicas(d)
}

// direct lets the clients connect to the instance itself.
func (b *builder) direct(d *Database) error {
	d.Endpoint, d.SecurityGroupID = b.instance.Address, b.group.ID().ToStringOutput()
	return b.admitClients("", b.group)
}

// replicas makes the copies to read from. With a proxy they get a security group of their own, because the instance's
// lets in nobody but the proxy.
func (b *builder) replicas(d *Database) error {
	d.ReaderEndpoint = d.Endpoint
	if b.args.ReadReplicas == 0 {
		return nil
	}
	group := b.group
	if b.args.Proxy {
		var err error
		if group, err = b.securityGroup("-replica", "Read replicas of PostgreSQL "+b.args.Name); err != nil {
			return err
		}
		if err := b.admitClients("-replica", group); err != nil {
			return err
		}
	}
	for number := 1; number <= b.args.ReadReplicas; number++ {
		replica, err := b.replica(number, group)
		if err != nil {
			return err
		}
		if number == 1 {
			d.ReaderEndpoint = replica.Address
		}
		identifier := b.args.replicaName(number)
		d.Ready = append(d.Ready, replica)
		d.alarms = slices.Concat(d.alarms, b.args.instanceAlarms(identifier, replica.Identifier),
			[]alarm.Alarm{lagAlarm(identifier, replica.Identifier)})
	}
	return nil
}

// tags of one resource; stores also say what kind of data they hold.
func (b *builder) tags(name string) pulumi.StringMap { return pulumi.ToStringMap(tags.Of("rds", name)) }

func (b *builder) storeTags(name string) pulumi.StringMap {
	return pulumi.ToStringMap(tags.Of("rds", name, map[string]string{"DataClassification": b.args.Classification}))
}

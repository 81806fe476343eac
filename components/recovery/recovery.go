// Package recovery keeps the databases in a second region, from which the platform can be brought up again when the
// first is lost: PostgreSQL's automated backups, to any point in time, and a second cluster of a global DocumentDB
// cluster. All of it lives at the provider of the second region, which is passed as an option.
//
// What else survives the region is made where it belongs: recovery points are copied by the backup package, into a vault
// that it makes in the second region, and objects by the replication of their buckets.
package recovery

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Part of the state: a rename ships with an alias.
const recoveryType = "cloudinsight:recovery:Recovery"

// Recovery is what of the databases is kept in the second region.
type Recovery struct {
	pulumi.ResourceState

	// DocumentsEndpoint and DocumentsReaderEndpoint are the host names of the second DocumentDB cluster, empty without
	// one. It only answers reads until it is promoted.
	DocumentsEndpoint       pulumi.StringOutput
	DocumentsReaderEndpoint pulumi.StringOutput
	// DocumentsARN of that cluster, empty without one.
	DocumentsARN pulumi.StringOutput
	// Ready is what has to be there before the first region may be lost.
	Ready []pulumi.Resource
}

// Args says what is kept.
type Args struct {
	// Name of the environment's resources, such as cloudinsight-prod.
	Name string
	// Region that everything is kept in, that of the provider.
	Region string
	// KeyARN is a KMS key of the region.
	KeyARN pulumi.StringInput

	// DatabaseARN is the RDS instance whose automated backups are replicated (default none). It must have backups itself.
	DatabaseARN pulumi.StringInput
	// BackupRetentionDays of the replicated backups, 1 to 35 (default 30).
	BackupRetentionDays int
	// Documents is the second cluster of a global DocumentDB cluster (default none).
	Documents *Documents
	// Unprotected lets Pulumi delete the second cluster.
	Unprotected bool
	// Classification of the data, a tag (default confidential).
	Classification string
}

var region = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)

// NewRecovery registers what is kept in the second region.
func NewRecovery(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Recovery, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("recovery %q: %w", name, err)
	}
	none := pulumi.String("").ToStringOutput()
	r := &Recovery{DocumentsEndpoint: none, DocumentsReaderEndpoint: none, DocumentsARN: none}
	inputs := pulumi.Map{"name": pulumi.String(a.Name), "region": pulumi.String(a.Region)}
	if err := ctx.RegisterComponentResourceV2(recoveryType, name, inputs, r, opts...); err != nil {
		return nil, fmt.Errorf("recovery %q: %w", name, err)
	}
	if a.DatabaseARN != nil {
		if err := r.replicateBackups(ctx, name, a); err != nil {
			return nil, fmt.Errorf("recovery %q: database: %w", name, err)
		}
	}
	if a.Documents != nil {
		if err := r.addDocuments(ctx, name+"-docdb", a); err != nil {
			return nil, fmt.Errorf("recovery %q: documents: %w", name, err)
		}
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{
		"documentsEndpoint": r.DocumentsEndpoint, "documentsReaderEndpoint": r.DocumentsReaderEndpoint, "documentsArn": r.DocumentsARN,
	})
}

func (args *Args) withDefaults() Args {
	a := Args{}
	if args != nil {
		a = *args
	}
	if a.BackupRetentionDays == 0 {
		a.BackupRetentionDays = 30
	}
	if a.Classification == "" {
		a.Classification = "confidential"
	}
	if a.Documents != nil {
		d := a.Documents.withDefaults()
		a.Documents = &d
	}
	return a
}

func (a *Args) validate() error {
	var problems []error
	if a.Name == "" {
		problems = append(problems, errors.New("name: is required"))
	}
	if !region.MatchString(a.Region) {
		problems = append(problems, fmt.Errorf("region: must be a region, got %q", a.Region))
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("key arn: is required"))
	}
	if a.DatabaseARN == nil && a.Documents == nil {
		problems = append(problems, errors.New("database arn, documents: must have one of them, there is nothing to keep"))
	}
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/AutomatedBackups.Replicating.Enable.html
	if a.BackupRetentionDays < 1 || a.BackupRetentionDays > 35 {
		problems = append(problems, fmt.Errorf("backup retention: must be between 1 and 35 days, got %d", a.BackupRetentionDays))
	}
	if a.Documents != nil {
		problems = append(problems, a.Documents.validate())
	}
	return errors.Join(problems...)
}

// replicateBackups follows the database's snapshots and logs. There can be one replication of a database in a region, and
// each change makes another: the one before it has to go first. What it has brought over stays for its retention.
func (r *Recovery) replicateBackups(ctx *pulumi.Context, name string, a Args) error {
	replication, err := rds.NewInstanceAutomatedBackupsReplication(ctx, name, &rds.InstanceAutomatedBackupsReplicationArgs{
		SourceDbInstanceArn: a.DatabaseARN,
		KmsKeyId:            a.KeyARN,
		RetentionPeriod:     pulumi.Int(a.BackupRetentionDays),
	}, pulumi.Parent(r), pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return err
	}
	r.Ready = append(r.Ready, replication)
	return nil
}

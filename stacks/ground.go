package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/components/costdata"
	"github.com/cloudinsight/platform/components/keys"
	"github.com/cloudinsight/platform/components/storage"
	"github.com/cloudinsight/platform/components/vpc"
	"github.com/cloudinsight/platform/internal/iam"
)

// environmentKeys are the encryption keys by domain.
type environmentKeys struct{ logs, cluster, data, secrets *keys.Key }

func (e *environment) newKeys() (*environmentKeys, error) {
	made := &environmentKeys{}
	for _, domain := range []struct {
		key               **keys.Key
		name, description string
		users             []keys.ServiceUse
	}{
		{&made.logs, "logs", "Logs and alarms of " + e.name, []keys.ServiceUse{
			keys.LogGroups(e.cfg.Region, e.account), keys.LogDelivery(e.account), keys.Topics(e.account),
		}},
		{&made.cluster, "cluster", "Kubernetes secrets of " + e.name, nil},
		{&made.data, "data", "Data stores and files of " + e.name, []keys.ServiceUse{keys.DataExports(e.account)}},
		{&made.secrets, "secrets", "Secrets of " + e.name, nil},
	} {
		key, err := keys.NewKey(e.ctx, e.name+"-"+domain.name, &keys.KeyArgs{
			Alias: e.name + "/" + domain.name, Description: domain.description, AccountID: e.account, Users: domain.users,
			Unprotected: e.lifted("keys." + domain.name),
		}, e.onlyAWS())
		if err != nil {
			return nil, err
		}
		*domain.key = key
	}
	return made, nil
}

// refuge is what the disaster recovery region holds before anything is copied there.
type refuge struct {
	key      *keys.Key
	replicas map[string]*storage.Bucket // by the purpose of the bucket that is copied
}

// replicated are the buckets whose objects exist nowhere else. Logs and cost data can be had from their sources again, and
// the way out of the region is dear.
var replicated = []string{"backups", "assets"}

func (e *environment) newRefuge() (*refuge, error) {
	if e.recovery == nil {
		return nil, nil
	}
	there := pulumi.Providers(e.recovery)
	key, err := keys.NewKey(e.ctx, e.name+"-recovery", &keys.KeyArgs{
		Alias: e.name + "/recovery", Description: "Copies of the data of " + e.name, AccountID: e.account,
		Users: []keys.ServiceUse{keys.LogGroups(e.cfg.DRRegion, e.account)}, Unprotected: e.lifted("keys.recovery"),
	}, there)
	if err != nil {
		return nil, err
	}
	r := &refuge{key: key, replicas: map[string]*storage.Bucket{}}
	for _, purpose := range replicated {
		r.replicas[purpose], err = storage.NewBucket(e.ctx, e.name+"-replica-"+purpose, &storage.BucketArgs{
			Purpose: "replica-" + purpose, KeyARN: key.ARN, AccessLogs: pulumi.String(e.shared.at(e.cfg.DRRegion).accessLogsBucket), Classification: e.classification(),
			Unprotected: e.lifted("storage.replicas"),
		}, there)
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// environmentBuckets are the buckets of an environment by purpose.
type environmentBuckets struct{ logs, backups, assets, costData *storage.Bucket }

func (e *environment) newBuckets(keys *environmentKeys, refuge *refuge) (*environmentBuckets, error) {
	made := &environmentBuckets{}
	for _, purpose := range []struct {
		bucket     **storage.Bucket
		name, part string
		key        pulumi.StringOutput
		lifecycle  storage.Lifecycle
		statements func(bucketARN string) []iam.Statement
	}{
		{&made.logs, "logs", "storage.logs", keys.logs.ARN, storage.KeepRecords(e.cfg.Logs.ArchiveDays), func(arn string) []iam.Statement {
			return vpc.FlowLogDelivery(arn, e.account, e.cfg.Region)
		}},
		{&made.backups, "backups", "storage.backups", keys.data.ARN, storage.KeepRecords(e.cfg.Logs.ArchiveDays), nil},
		{&made.assets, "assets", "storage.assets", keys.data.ARN, storage.Lifecycle{}, nil},
		{&made.costData, "cost-data", "storage.costData", keys.data.ARN, storage.Lifecycle{ExpireUnder: map[string]int{costdata.ResultsFolder: 7}}, costdata.BucketStatements(e.account)},
	} {
		args := &storage.BucketArgs{
			Purpose: purpose.name, KeyARN: purpose.key, AccessLogs: pulumi.String(e.shared.at(e.cfg.Region).accessLogsBucket), Lifecycle: purpose.lifecycle,
			Statements: purpose.statements, Classification: e.classification(), Unprotected: e.lifted(purpose.part),
		}
		if refuge != nil && refuge.replicas[purpose.name] != nil {
			args.Replica = &storage.Replica{
				BucketARN: refuge.replicas[purpose.name].ARN, KeyARN: refuge.key.ARN, SourceKeyARN: purpose.key,
			}
		}
		bucket, err := storage.NewBucket(e.ctx, e.name+"-"+purpose.name, args, e.onlyAWS())
		if err != nil {
			return nil, err
		}
		*purpose.bucket = bucket
	}
	return made, nil
}

func (e *environment) lifted(part string) bool { return e.cfg.Protection.Lifted(part) }
func (e *environment) classification() string  { return string(e.cfg.Tags.DataClassification) }

package stacks

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/apps"
	"github.com/cloudinsight/platform/components/cicd"
	"github.com/cloudinsight/platform/components/keys"
	"github.com/cloudinsight/platform/components/registry"
	"github.com/cloudinsight/platform/components/security"
	"github.com/cloudinsight/platform/components/storage"
	"github.com/cloudinsight/platform/components/trail"
	"github.com/cloudinsight/platform/config"
	"github.com/cloudinsight/platform/internal/iam"
)

// common is what the steps of the shared stack share.
type common struct {
	ctx     *pulumi.Context
	cfg     *config.Config
	name    string
	account string

	aws, recovery *aws.Provider
}

// deployShared registers what all environments have in common, and what an account has once.
func deployShared(ctx *pulumi.Context, cfg *config.Config) (err error) {
	c := &common{ctx: ctx, cfg: cfg, name: "cloudinsight-" + string(config.Shared)}
	if c.aws, err = newAWSProvider(ctx, "aws", cfg.Region, cfg); err != nil {
		return err
	}
	if c.recovery, err = newAWSProvider(ctx, "recovery", cfg.DRRegion, cfg); err != nil {
		return err
	}
	if c.account, err = accountID(ctx, c.aws); err != nil {
		return err
	}
	zone, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: &cfg.Domain}, pulumi.Provider(c.aws))
	if err != nil {
		return fmt.Errorf("public zone of %s: %w", cfg.Domain, err)
	}
	logs, artifacts, err := c.newKeys()
	if err != nil {
		return err
	}
	buckets, err := c.newBuckets(logs, artifacts)
	if err != nil {
		return err
	}
	images, err := registry.NewRegistry(ctx, c.name, &registry.Args{
		Repositories: apps.ImageNames(), KeyARN: artifacts.ARN, AccountID: c.account, ReplicaRegion: cfg.DRRegion, ReplicaProvider: c.recovery,
		KeepImages: cfg.Registry.KeepImages, UntaggedDays: cfg.Registry.UntaggedDays, Unprotected: c.lifted("registry"),
	}, c.onlyAWS())
	if err != nil {
		return err
	}
	identities, err := c.newIdentities()
	if err != nil {
		return err
	}
	watch, err := c.newGuards(logs, artifacts, buckets, identities)
	if err != nil {
		return err
	}
	for name, value := range c.outputs(zone.ZoneId, buckets, images, identities, watch) {
		ctx.Export(name, value)
	}
	return nil
}

func (c *common) newKeys() (logs, artifacts *keys.Key, err error) {
	logs, err = keys.NewKey(c.ctx, c.name+"-logs", &keys.KeyArgs{
		Alias: c.name + "/logs", Description: "Records of the account's actions, and findings", AccountID: c.account,
		Users:       []keys.ServiceUse{keys.CloudTrail(c.cfg.Region, c.account), keys.Topics(c.account), keys.Events()},
		Unprotected: c.lifted("keys.logs"),
	}, c.onlyAWS())
	if err != nil {
		return nil, nil, err
	}
	artifacts, err = keys.NewKey(c.ctx, c.name+"-artifacts", &keys.KeyArgs{
		Alias: c.name + "/artifacts", Description: "Container images, build and test results", AccountID: c.account,
		Unprotected: c.lifted("keys.artifacts"),
	}, c.onlyAWS())
	return logs, artifacts, err
}

// sharedBuckets are the buckets of the shared stack by purpose.
type sharedBuckets struct{ accessLogs, recoveryAccessLogs, artifacts, trail *storage.Bucket }

func (c *common) newBuckets(logs, artifacts *keys.Key) (b *sharedBuckets, err error) {
	b = &sharedBuckets{}
	for bucket, at := range map[**storage.Bucket]struct {
		name     string
		provider *aws.Provider
	}{
		&b.accessLogs: {"access-logs", c.aws}, &b.recoveryAccessLogs: {"recovery-access-logs", c.recovery},
	} {
		*bucket, err = storage.NewBucket(c.ctx, c.name+"-"+at.name, &storage.BucketArgs{
			Purpose: storage.PurposeAccessLogs, Statements: storage.AccessLogDelivery(c.account),
			Lifecycle: storage.KeepRecords(c.cfg.Logs.ArchiveDays), Unprotected: c.lifted("storage.accessLogs"),
		}, pulumi.Providers(at.provider))
		if err != nil {
			return nil, err
		}
	}
	b.artifacts, err = storage.NewBucket(c.ctx, c.name+"-artifacts", &storage.BucketArgs{
		Purpose: "artifacts", KeyARN: artifacts.ARN, AccessLogs: b.accessLogs.Name,
		Lifecycle: storage.Lifecycle{ExpireDays: 365}, Unprotected: c.lifted("storage.artifacts"),
	}, c.onlyAWS())
	if err != nil {
		return nil, err
	}
	b.trail, err = storage.NewBucket(c.ctx, c.name+"-trail", &storage.BucketArgs{
		Purpose: "trail", KeyARN: logs.ARN, AccessLogs: b.accessLogs.Name, Lifecycle: storage.KeepRecords(c.cfg.Logs.ArchiveDays),
		Statements: func(bucketARN string) []iam.Statement {
			return trail.BucketStatements(c.name, c.account, c.cfg.Region)(bucketARN)
		},
		Unprotected: c.lifted("storage.trail"),
	}, c.onlyAWS())
	return b, err
}

func (c *common) newIdentities() (*cicd.Identities, error) {
	d := c.cfg.Delivery
	args := &cicd.Args{
		Repository: d.Repository, Environments: map[string]cicd.Environment{}, AccountID: c.account,
		// us-east-1 holds what AWS has only there: certificates of CloudFront, cost data exports.
		Regions: []string{c.cfg.Region, c.cfg.DRRegion, "us-east-1"},
	}
	for environment, branch := range d.Branches {
		args.Environments[environment] = cicd.Environment{Branch: branch}
	}
	if d.StateBucket != "" {
		args.StateBucketARN = pulumi.String("arn:aws:s3:::" + d.StateBucket)
	}
	return cicd.NewIdentities(c.ctx, c.name, args, c.onlyAWS())
}

// newGuards records what is done in the account and watches for what should not be.
func (c *common) newGuards(logs, artifacts *keys.Key, buckets *sharedBuckets, identities *cicd.Identities) (*security.Account, error) {
	_, err := trail.NewTrail(c.ctx, c.name, &trail.Args{
		Name: c.name, BucketName: buckets.trail.Name, KeyARN: logs.ARN, DependsOn: buckets.trail.Ready, Unprotected: c.lifted("trail"),
		DataEventBucketARNs: map[string]pulumi.StringInput{"artifacts": buckets.artifacts.ARN},
	}, c.onlyAWS())
	if err != nil {
		return nil, err
	}
	args := &security.Args{
		Name: c.name, Region: c.cfg.Region, AccountID: c.account, KeyARN: logs.ARN, UnusedAccessDays: c.cfg.Security.UnusedAccessDays,
		ScannedBuckets:      map[string]security.Bucket{"artifacts": {Name: buckets.artifacts.Name, KeyARN: artifacts.ARN}},
		PermissionsBoundary: identities.BoundaryARN.ToStringPtrOutput(),
	}
	if c.cfg.Security.ConfigRecorder {
		args.Recorder = &security.Recorder{BucketName: buckets.trail.Name, KeyARN: logs.ARN}
	}
	return security.NewAccount(c.ctx, c.name, args, c.onlyAWS())
}

func (c *common) outputs(
	zoneID string, buckets *sharedBuckets, images *registry.Registry, identities *cicd.Identities, watch *security.Account,
) map[string]pulumi.Input {
	return map[string]pulumi.Input{
		SharedRegion: pulumi.String(c.cfg.Region), SharedRecoveryRegion: pulumi.String(c.cfg.DRRegion),
		SharedRecoveryRegistryHost:     pulumi.Sprintf("%s.dkr.ecr.%s.amazonaws.com", c.account, c.cfg.DRRegion),
		SharedRecoveryAccessLogsBucket: buckets.recoveryAccessLogs.Name,
		SharedDomain:                   pulumi.String(c.cfg.Domain), SharedZoneID: pulumi.String(zoneID),
		SharedRegistryHost: images.Host, SharedAccessLogsBucket: buckets.accessLogs.Name, SharedArtifactsBucket: buckets.artifacts.Name,
		SharedPermissionsBoundaryARN: identities.BoundaryARN,
		OutputDeployRoles:            pulumi.StringMap(inputs(identities.DeployRoleARNs)), OutputPreviewRole: identities.PreviewRoleARN,
		OutputFindingsTopic: watch.FindingsTopicARN,
	}
}

func (c *common) lifted(part string) bool        { return c.cfg.Protection.Lifted(part) }
func (c *common) onlyAWS() pulumi.ResourceOption { return pulumi.Providers(c.aws) }

func inputs(outputs map[string]pulumi.StringOutput) map[string]pulumi.StringInput {
	all := map[string]pulumi.StringInput{}
	for name, value := range outputs {
		all[name] = value
	}
	return all
}

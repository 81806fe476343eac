package storage_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/storage"
	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	componentType   = "cloudinsight:storage:Bucket"
	bucketType      = "aws:s3/bucketV2:BucketV2"
	blockType       = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	encryptionType  = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	lifecycleType   = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	loggingType     = "aws:s3/bucketLoggingV2:BucketLoggingV2"
	ownershipType   = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	policyType      = "aws:s3/bucketPolicy:BucketPolicy"
	replicationType = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
	versioningType  = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	roleType        = "aws:iam/role:Role"
	rolePolicyType  = "aws:iam/rolePolicy:RolePolicy"
	userType        = "test:index:User"

	key        = "arn:aws:kms:af-south-1:111122223333:key/1"
	replicaKey = "arn:aws:kms:eu-west-1:111122223333:key/2"
	encryption = "rules[0].applyServerSideEncryptionByDefault."
)

func plain() *storage.BucketArgs {
	return &storage.BucketArgs{Purpose: "logs", KeyARN: pulumi.String(key), AccessLogs: pulumi.String("access-logs-1234567")}
}

func everything() *storage.BucketArgs {
	args := plain()
	args.Lifecycle = storage.Lifecycle{ExpireDays: 2557, GlacierAfterDays: 90, OldVersionDays: 7, ExpireUnder: map[string]int{"tmp/": 1, "results/": 7}}
	args.Statements = func(bucketARN string) []iam.Statement {
		return []iam.Statement{{
			Sid: "Deliver", Actions: []string{"s3:PutObject"}, Resources: []string{bucketARN + "/*"},
			Principals: iam.Principals{Service: []string{"delivery.logs.amazonaws.com"}},
		}}
	}
	args.Replica = &storage.Replica{
		BucketARN: pulumi.String("arn:aws:s3:::copy"), KeyARN: pulumi.String(replicaKey), SourceKeyARN: pulumi.String(key),
	}
	args.PermissionsBoundary = pulumi.String("arn:aws:iam::111122223333:policy/boundary")
	args.Unprotected = true
	args.Classification = "synthetic"
	return args
}

func accessLogs() *storage.BucketArgs {
	return &storage.BucketArgs{Purpose: storage.PurposeAccessLogs, Statements: storage.AccessLogDelivery(pulumitest.AccountID)}
}

func changed(args *storage.BucketArgs, change func(*storage.BucketArgs)) *storage.BucketArgs {
	change(args)
	return args
}

func record(t *testing.T, args *storage.BucketArgs) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := storage.NewBucket(ctx, "dev-logs", args)
		return err
	})
}

func TestBucket_Defaults(t *testing.T) {
	rec := record(t, plain())
	bucket := rec.Named(t, bucketType, "dev-logs")
	assert.True(t, bucket.Protect)
	assert.Equal(t, false, bucket.Input("forceDestroy"))
	assert.Nil(t, bucket.Input("bucket"), "the name is Pulumi's to make")
	assert.Equal(t, map[string]any{"Component": "storage", "Name": "dev-logs", "Purpose": "logs", "DataClassification": "confidential"}, bucket.Input("tags"))

	block := rec.Named(t, blockType, "dev-logs")
	for _, setting := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		assert.Equal(t, true, block.Input(setting), setting)
	}
	assert.Equal(t, "BucketOwnerEnforced", rec.Named(t, ownershipType, "dev-logs").Input("rule.objectOwnership"))
	assert.Equal(t, "Enabled", rec.Named(t, versioningType, "dev-logs").Input("versioningConfiguration.status"))

	encrypted := rec.Named(t, encryptionType, "dev-logs")
	assert.Equal(t, "aws:kms", encrypted.Input(encryption+"sseAlgorithm"))
	assert.Equal(t, key, encrypted.Input(encryption+"kmsMasterKeyId"))
	assert.Equal(t, true, encrypted.Input("rules[0].bucketKeyEnabled"))

	logging := rec.Named(t, loggingType, "dev-logs")
	assert.Equal(t, "access-logs-1234567", logging.Input("targetBucket"))
	assert.Equal(t, "logs/", logging.Input("targetPrefix"))

	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*",
		"Action": ["s3:*"], "Resource": ["arn:aws:s3:::`+bucket.ID+`", "arn:aws:s3:::`+bucket.ID+`/*"],
		"Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}]}`, rec.Named(t, policyType, "dev-logs").Input("policy").(string))

	assert.Zero(t, rec.Count(replicationType))
	assert.Zero(t, rec.Count(roleType))
}

func TestBucket_EverythingSet(t *testing.T) {
	rec := record(t, everything())
	bucket := rec.Named(t, bucketType, "dev-logs")
	assert.False(t, bucket.Protect)
	assert.Equal(t, true, bucket.Input("forceDestroy"))
	assert.Equal(t, "synthetic", bucket.Input("tags.DataClassification"))

	policy := rec.Named(t, policyType, "dev-logs").Input("policy").(string)
	assert.Contains(t, policy, `"Sid":"Deliver"`)
	assert.Contains(t, policy, `"Sid":"DenyInsecureTransport"`)

	replication := rec.Named(t, replicationType, "dev-logs")
	role := rec.Named(t, roleType, "dev-logs")
	assert.Equal(t, "arn:aws:iam::111122223333:role/"+role.ID, replication.Input("role"))
	assert.Equal(t, "arn:aws:iam::111122223333:policy/boundary", role.Input("permissionsBoundary"))
	assert.Contains(t, role.Input("assumeRolePolicy"), "s3.amazonaws.com")
	for path, want := range map[string]any{
		"status":                         "Enabled",
		"filter.prefix":                  "",
		"deleteMarkerReplication.status": "Enabled",
		"sourceSelectionCriteria.sseKmsEncryptedObjects.status": "Enabled",
		"destination.bucket": "arn:aws:s3:::copy",
		"destination.encryptionConfiguration.replicaKmsKeyId": replicaKey,
		"destination.metrics.status":                          "Enabled",
	} {
		assert.Equal(t, want, replication.Input("rules[0]."+path), path)
	}
}

func TestBucket_ReplicatorReadsTheOneAndWritesTheOther(t *testing.T) {
	rec := record(t, everything())
	source := "arn:aws:s3:::" + rec.Named(t, bucketType, "dev-logs").ID
	var document struct {
		Statement []struct {
			Sid              string
			Action, Resource []string
			Condition        map[string]map[string][]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(rec.Named(t, rolePolicyType, "dev-logs").Input("policy").(string)), &document))
	where := map[string][]string{}
	for _, s := range document.Statement {
		for _, action := range s.Action {
			where[action] = s.Resource
		}
		if strings.HasPrefix(s.Action[0], "kms:") {
			assert.NotEmpty(t, s.Condition["StringLike"]["kms:EncryptionContext:aws:s3:arn"], s.Sid)
		}
	}
	assert.Equal(t, []string{source}, where["s3:ListBucket"])
	assert.Equal(t, []string{source + "/*"}, where["s3:GetObjectVersionForReplication"])
	assert.Equal(t, []string{"arn:aws:s3:::copy/*"}, where["s3:ReplicateDelete"])
	assert.Equal(t, []string{key}, where["kms:Decrypt"])
	assert.Equal(t, []string{replicaKey}, where["kms:Encrypt"])
}

func TestBucket_AccessLogsHaveTheOneEncryptionThatS3CanWrite(t *testing.T) {
	rec := record(t, accessLogs())
	encrypted := rec.Named(t, encryptionType, "dev-logs")
	assert.Equal(t, "AES256", encrypted.Input(encryption+"sseAlgorithm"))
	assert.Nil(t, encrypted.Input(encryption+"kmsMasterKeyId"))
	assert.Zero(t, rec.Count(loggingType))
	policy := rec.Named(t, policyType, "dev-logs").Input("policy").(string)
	assert.Contains(t, policy, `"Principal":{"Service":["logging.s3.amazonaws.com"]}`)
	assert.Contains(t, policy, `{"StringEquals":{"aws:SourceAccount":["111122223333"]}}`)
}

func TestBucket_StepsWaitForEachOther(t *testing.T) {
	rec := record(t, everything())
	for _, wait := range []struct{ who, forWhom string }{
		{ownershipType, blockType}, {policyType, ownershipType}, // S3 takes one change of access at a time
		{lifecycleType, versioningType}, {replicationType, versioningType}, {replicationType, rolePolicyType},
	} {
		assert.True(t, rec.Named(t, wait.who, "dev-logs").DependsOnNamed(wait.forWhom, "dev-logs"), "%s waits for %s", wait.who, wait.forWhom)
	}
}

func TestBucket_OutputsWaitForTheGuards(t *testing.T) {
	var ready []pulumi.Resource
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		bucket, err := storage.NewBucket(ctx, "dev-logs", plain())
		if err != nil {
			return err
		}
		ready = bucket.Ready
		for name, output := range map[string]pulumi.StringOutput{"name": bucket.Name, "arn": bucket.ARN, "domain": bucket.RegionalDomainName} {
			err := ctx.RegisterResource(userType, name, pulumi.Map{"value": output}, &struct{ pulumi.CustomResourceState }{})
			if err != nil {
				return err
			}
		}
		return nil
	})
	id := rec.Named(t, bucketType, "dev-logs").ID
	assert.Equal(t, id, rec.Named(t, userType, "name").Input("value"))
	assert.Equal(t, "arn:aws:s3:::"+id, rec.Named(t, userType, "arn").Input("value"))
	assert.Equal(t, id+".s3.af-south-1.amazonaws.com", rec.Named(t, userType, "domain").Input("value"))
	for _, user := range rec.OfType(userType) {
		for _, guard := range []string{policyType, encryptionType, versioningType} {
			assert.True(t, user.DependsOnNamed(guard, "dev-logs"), "%s waits for %s", user.Name, guard)
		}
	}
	assert.Len(t, ready, 3)
}

func TestBucket_ChildrenAreParented(t *testing.T) {
	rec := record(t, everything())
	component := rec.Named(t, componentType, "dev-logs")
	assert.Len(t, rec.Children(component), 11)
	assert.Len(t, rec.All(), 12)
}

func TestBucket_LongestNameLeavesRoomForTheSuffix(t *testing.T) {
	name := strings.Repeat("a", 55)
	build := func(name string) error {
		_, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
			_, err := storage.NewBucket(ctx, name, everything())
			return err
		})
		return err
	}
	require.NoError(t, build(name))
	assert.ErrorContains(t, build(name+"a"), "name: must match")
	assert.ErrorContains(t, build("Logs"), "name: must match")
	assert.ErrorContains(t, build("sthree-logs"), `name: must not start with "sthree-"`)
}

func TestBucket_Refuses(t *testing.T) {
	statements := func(all ...iam.Statement) func(*storage.BucketArgs) {
		return func(a *storage.BucketArgs) { a.Statements = func(string) []iam.Statement { return all } }
	}
	for name, c := range map[string]struct {
		args *storage.BucketArgs
		want []string
	}{
		"nothing given": {nil, []string{"purpose: must match", "key: is required", "access logs: a bucket for them is required"}},
		"classification": {changed(plain(), func(a *storage.BucketArgs) { a.Classification = "secret" }), []string{
			`classification: must be one of ["confidential" "anonymised" "synthetic"], got "secret"`}},
		"access logs with what S3 cannot do": {changed(everything(), func(a *storage.BucketArgs) {
			a.Purpose, a.Statements = storage.PurposeAccessLogs, nil
		}), []string{
			"key: S3 cannot deliver access logs", "access logs: a bucket for access logs has none", "replica: access logs have no key", "statements: must let S3 deliver"}},
		"half a replica": {changed(plain(), func(a *storage.BucketArgs) { a.Replica = &storage.Replica{BucketARN: pulumi.String("b")} }), []string{
			"replica: its bucket, its key and the source's key are required"}},
		"everyone": {changed(plain(), statements(iam.Statement{Actions: []string{"s3:GetObject"}, Principals: iam.Principals{Everyone: true}})), []string{
			`statements[0]: must not allow everyone, got ["s3:GetObject"]`}},
		"everyone in disguise": {changed(plain(), statements(iam.Statement{Actions: []string{"s3:Get*"}, Principals: iam.Principals{AWS: []string{"*"}}})), []string{
			"statements[0]: must not allow everyone"}},
		"sid of ours": {changed(plain(), statements(iam.Statement{Sid: "DenyInsecureTransport", Deny: true})), []string{
			`statements[0]: sid must be used once, got "DenyInsecureTransport" again`}},
		"negative days": {changed(plain(), func(a *storage.BucketArgs) {
			a.Lifecycle = storage.Lifecycle{ExpireDays: -1, GlacierAfterDays: -2, OldVersionDays: -3}
		}), []string{
			"lifecycle: expire: must not be negative, got -1 days", "lifecycle: glacier after: must not be negative, got -2 days", "lifecycle: old versions: must not be negative, got -3 days"}},
		"glacier that does not pay": {changed(plain(), func(a *storage.BucketArgs) {
			a.Lifecycle = storage.Lifecycle{ExpireDays: 120, GlacierAfterDays: 31}
		}), []string{
			"lifecycle: glacier after: must leave 90 days until objects expire after 120, got 31 days"}},
		"folder that outlives the rest": {changed(plain(), func(a *storage.BucketArgs) {
			a.Lifecycle = storage.Lifecycle{ExpireDays: 10, ExpireUnder: map[string]int{"tmp/": 10, "never/": 0, "file": 1, "/root/": 1}}
		}), []string{
			`lifecycle: expire under "tmp/": must be at least a day and earlier than the rest, got 10 days`, `lifecycle: expire under "never/"`,
			`lifecycle: expire under: must be a folder such as results/, got "file"`, `got "/root/"`}},
	} {
		t.Run(name, func(t *testing.T) {
			rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
				_, err := storage.NewBucket(ctx, "dev-logs", c.args)
				return err
			})
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, rec.All())
		})
	}
}

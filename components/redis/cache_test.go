package redis

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	groupToken     = "aws:elasticache/replicationGroup:ReplicationGroup"
	userToken      = "aws:elasticache/user:User"
	userGroupToken = "aws:elasticache/userGroup:UserGroup"
	logToken       = "aws:cloudwatch/logGroup:LogGroup"
	ruleToken      = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	firewallToken  = "aws:ec2/securityGroup:SecurityGroup"
)

func defaults() *CacheArgs {
	return &CacheArgs{
		Name: "cloudinsight-prod", Region: "af-south-1", AccountID: pulumitest.AccountID, NodeType: "cache.r5.large", VPCID: pulumi.String("vpc-1"),
		SubnetIDs: pulumi.ToStringArray([]string{"subnet-a", "subnet-b"}), KeyARN: pulumi.String("arn:data"), LogKeyARN: pulumi.String("arn:logs"),
		Users: []string{"cloudinsight-prod-user", "cloudinsight-prod-cost"},
	}
}

func record(t *testing.T, args *CacheArgs, options ...pulumitest.Option) (*pulumitest.Recorder, *Cache, error) {
	t.Helper()
	var cache *Cache
	options = append(options, pulumitest.Outputs(groupToken, func(r *pulumitest.Resource) map[string]any {
		return map[string]any{"primaryEndpointAddress": "primary.example", "readerEndpointAddress": "reader.example"}
	}))
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) (err error) {
		cache, err = NewCache(ctx, "redis", args)
		return err
	}, options...)
	return rec, cache, err
}

func recorded(t *testing.T, args *CacheArgs) (*pulumitest.Recorder, *Cache) {
	t.Helper()
	rec, cache, err := record(t, args)
	require.NoError(t, err)
	return rec, cache
}

func TestCache_DefaultsAreForProduction(t *testing.T) {
	rec, _ := recorded(t, defaults())
	group := rec.Named(t, groupToken, "redis")
	for path, want := range map[string]any{
		"replicationGroupId": "cloudinsight-prod", "engine": "redis", "engineVersion": "7.1", "nodeType": "cache.r5.large", "numCacheClusters": 2.0, "port": 6379.0,
		"automaticFailoverEnabled": true, "multiAzEnabled": true, "transitEncryptionEnabled": true, "transitEncryptionMode": "required",
		"atRestEncryptionEnabled": true, "kmsKeyId": "arn:data", "snapshotRetentionLimit": 7.0, "snapshotWindow": "01:00-02:00",
		"maintenanceWindow": "sun:02:30-sun:03:30", "applyImmediately": false, "autoMinorVersionUpgrade": false,
		"parameterGroupName": "cloudinsight-prod-redis7", "subnetGroupName": "cloudinsight-prod", "tags.DataClassification": "confidential", "tags.Component": "redis",
		"userGroupIds": []any{"cloudinsight-prod"}, "securityGroupIds": []any{rec.Named(t, firewallToken, "redis").ID},
	} {
		assert.Equal(t, want, group.Input(path), path)
	}
	assert.Nil(t, group.Input("authToken"))
	assert.Nil(t, group.Input("notificationTopicArn"))
	assert.Regexp(t, `^cloudinsight-prod-final-[0-9a-f]{8}$`, group.Input("finalSnapshotIdentifier"))
	assert.True(t, group.Protect)
	assert.True(t, group.DeleteBeforeReplace, "the name is taken until the old one is gone")
	assert.Equal(t, "resetchannels", rec.Named(t, "aws:elasticache/parameterGroup:ParameterGroup", "redis").Input("parameters[0].value"))
}

func TestCache_LogsArriveWhereSomebodyHasMadeRoom(t *testing.T) {
	rec, _ := recorded(t, defaults())
	group := rec.Named(t, groupToken, "redis")
	for i, kind := range []string{"slow-log", "engine-log"} {
		logs := rec.Named(t, logToken, "redis-"+kind)
		assert.Equal(t, 90.0, logs.Input("retentionInDays"))
		assert.Equal(t, "arn:logs", logs.Input("kmsKeyId"))
		assert.Equal(t, map[string]any{
			"destination": "/aws/vendedlogs/elasticache/cloudinsight-prod/" + kind, "destinationType": "cloudwatch-logs", "logFormat": "json", "logType": kind,
		}, group.Input("logDeliveryConfigurations").([]any)[i])
		assert.True(t, group.DependsOnNamed(logToken, "redis-"+kind))
	}
}

func TestCache_EveryServiceIsAUserOfItsOwn(t *testing.T) {
	rec, cache := recorded(t, defaults())
	require.Equal(t, 3, rec.Count(userToken))
	for _, name := range []string{"cloudinsight-prod-user", "cloudinsight-prod-cost"} {
		user := rec.Named(t, userToken, name)
		assert.Equal(t, name, user.Input("userId"))
		assert.Equal(t, name, user.Input("userName"), "IAM wants it to be the id")
		assert.Equal(t, "iam", user.Input("authenticationMode.type"))
		assert.Equal(t, "on ~"+name+":* +@all -@admin -@dangerous +info", user.Input("accessString"))
		require.Contains(t, cache.UserARNs, name)
	}
	off := rec.Named(t, userToken, "cloudinsight-prod-default")
	assert.Equal(t, "default", off.Input("userName"), "a user group must have one of this name")
	assert.Equal(t, "off -@all", off.Input("accessString"))
	assert.Equal(t, "no-password-required", off.Input("authenticationMode.type"))
	group := rec.Named(t, userGroupToken, "redis")
	assert.Equal(t, []any{"cloudinsight-prod-default", "cloudinsight-prod-user", "cloudinsight-prod-cost"}, group.Input("userIds"))
	for _, user := range rec.OfType(userToken) {
		assert.Nil(t, user.Input("passwords"), user.Name)
		assert.Equal(t, "redis", user.Input("engine"), "lower case, as AWS answers it")
		assert.True(t, group.DependsOnNamed(userToken, user.Name))
	}
}

func TestCache_EverythingSet(t *testing.T) {
	args := defaults()
	args.Name, args.NodeType, args.Nodes = "cloudinsight-dev", "cache.t3.micro", 1
	args.EngineVersion, args.Users = "7.0", nil
	args.SnapshotRetentionDays, args.SnapshotWindow, args.MaintenanceWindow = -1, "23:30-00:30", "tue:01:00-tue:03:00"
	args.LogRetentionDays, args.Classification, args.Unprotected, args.SkipFinalSnapshot = 7, "synthetic", true, true
	args.Clients = map[string]pulumi.StringInput{"nodes": pulumi.String("sg-nodes"), "bastion": pulumi.String("sg-bastion")}
	rec, cache := recorded(t, args)
	group := rec.Named(t, groupToken, "redis")
	for path, want := range map[string]any{
		"numCacheClusters": 1.0, "automaticFailoverEnabled": false, "multiAzEnabled": false, "engineVersion": "7.0", "snapshotRetentionLimit": 0.0,
		"snapshotWindow": "23:30-00:30", "maintenanceWindow": "tue:01:00-tue:03:00", "tags.DataClassification": "synthetic", "finalSnapshotIdentifier": nil,
	} {
		assert.Equal(t, want, group.Input(path), path)
	}
	assert.False(t, group.Protect)
	assert.Equal(t, 7.0, rec.Named(t, logToken, "redis-slow-log").Input("retentionInDays"))
	assert.Empty(t, cache.UserARNs)
	assert.Equal(t, []any{"cloudinsight-dev-default"}, rec.Named(t, userGroupToken, "redis").Input("userIds"))

	rule := rec.Named(t, ruleToken, "redis-from-nodes")
	for path, want := range map[string]any{
		"referencedSecurityGroupId": "sg-nodes", "fromPort": 6379.0, "toPort": 6379.0, "ipProtocol": "tcp", "securityGroupId": rec.Named(t, firewallToken, "redis").ID,
	} {
		assert.Equal(t, want, rule.Input(path), path)
	}
	assert.Equal(t, 2, rec.Count(ruleToken))
	assert.Len(t, cache.Ready, 3, "the nodes and the rules that let clients in")
}

func TestCache_OutputsAndChildren(t *testing.T) {
	endpoints := make(chan []any, 1)
	_, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		cache, err := NewCache(ctx, "redis", defaults())
		if err != nil {
			return err
		}
		pulumi.All(cache.Endpoint, cache.ReaderEndpoint, cache.ReplicationGroupARN, cache.UserARNs["cloudinsight-prod-cost"], cache.Alarms()[0].Dimensions["CacheClusterId"]).ApplyT(func(all []any) error {
			endpoints <- all
			return nil
		})
		return nil
	}, pulumitest.Outputs(groupToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"primaryEndpointAddress": "primary.example", "readerEndpointAddress": "reader.example"}
	}))
	require.NoError(t, err)
	assert.Equal(t, []any{"primary.example", "reader.example", "arn:aws:elasticache:af-south-1:111122223333:replicationgroup:cloudinsight-prod",
		"arn:aws:elasticache:af-south-1:111122223333:user:cloudinsight-prod-cost", "cloudinsight-prod-001"}, <-endpoints)

	rec, _ := recorded(t, defaults())
	component := rec.Named(t, cacheType, "redis")
	assert.Len(t, rec.Children(component), len(rec.All())-1, "all are its children")
}

func TestCache_AlarmsAreForEachNode(t *testing.T) {
	_, cache := recorded(t, defaults())
	names := map[string]bool{}
	for _, a := range cache.Alarms() {
		a = a.WithDefaults()
		assert.NoError(t, a.Validate(), a.Name)
		assert.False(t, names[a.Name], "%s is there twice", a.Name)
		names[a.Name] = true
	}
	assert.Len(t, names, 10)
	for _, what := range []string{"engine-cpu", "memory", "evictions", "connections", "replication-lag"} {
		assert.True(t, names["cloudinsight-prod-redis-"+what+"-002"], what)
	}

	args := defaults()
	args.Nodes = 1
	_, cache = recorded(t, args)
	for _, a := range cache.Alarms() {
		assert.NotContains(t, a.Name, "replication", "nothing replicates")
		assert.NotEqual(t, alarm.Critical, a.Severity)
	}
	assert.Len(t, cache.Alarms(), 4)
}

func TestCache_FinalSnapshotDiffersWithNetworkAndKey(t *testing.T) {
	name := func(change func(*CacheArgs)) any {
		args := defaults()
		change(args)
		rec, _ := recorded(t, args)
		return rec.Named(t, groupToken, "redis").Input("finalSnapshotIdentifier")
	}
	first := name(func(*CacheArgs) {})
	assert.Equal(t, first, name(func(*CacheArgs) {}))
	assert.NotEqual(t, first, name(func(a *CacheArgs) { a.VPCID = pulumi.String("vpc-2") }))
	assert.NotEqual(t, first, name(func(a *CacheArgs) { a.KeyARN = pulumi.String("arn:data-2") }))
}

func TestCache_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*CacheArgs)
		want   string
	}{
		"upper case":           {func(a *CacheArgs) { a.Name = "CloudInsight" }, `name: must be 1 to 40 lower-case letters`},
		"two hyphens":          {func(a *CacheArgs) { a.Name = "a--b" }, `got "a--b"`},
		"hyphen last":          {func(a *CacheArgs) { a.Name = "a-" }, `got "a-"`},
		"no vpc":               {func(a *CacheArgs) { a.VPCID = nil }, "vpc id: must be given"},
		"no subnets":           {func(a *CacheArgs) { a.SubnetIDs = nil }, "subnets: must be given"},
		"no key":               {func(a *CacheArgs) { a.KeyARN = nil }, "key: must be given"},
		"no log key":           {func(a *CacheArgs) { a.LogKeyARN = nil }, "log key: must be given"},
		"engine":               {func(a *CacheArgs) { a.EngineVersion = "6.x" }, `engine version: must be 7 and a minor, such as 7.1, got "6.x"`},
		"node type":            {func(a *CacheArgs) { a.NodeType = "db.t3.micro" }, `node type: must be a node type such as cache.r5.large, got "db.t3.micro"`},
		"negative nodes":       {func(a *CacheArgs) { a.Nodes = -1 }, "nodes: must be between 1 and 6, got -1"},
		"seven nodes":          {func(a *CacheArgs) { a.Nodes = 7 }, "nodes: must be between 1 and 6, got 7"},
		"retention":            {func(a *CacheArgs) { a.SnapshotRetentionDays = 36 }, "snapshot retention: must be between 1 and 35 days, or -1 for none, got 36"},
		"region":               {func(a *CacheArgs) { a.Region = "" }, "region: must be given"},
		"account":              {func(a *CacheArgs) { a.AccountID = "1" }, `account id: must be twelve digits, got "1"`},
		"log retention":        {func(a *CacheArgs) { a.LogRetentionDays = -1 }, "log retention: must be positive, got -1 days"},
		"classification":       {func(a *CacheArgs) { a.Classification = "secret" }, `classification: must be one of [confidential anonymised synthetic], got "secret"`},
		"client":               {func(a *CacheArgs) { a.Clients = map[string]pulumi.StringInput{"nodes": nil} }, `clients: must have a name and a security group each, got "nodes"`},
		"user":                 {func(a *CacheArgs) { a.Users = []string{"User"} }, `users[0]: must be 1 to 40 lower-case letters`},
		"default user":         {func(a *CacheArgs) { a.Users = []string{"default"} }, `users[0]: "default" is the user that is off`},
		"our default user":     {func(a *CacheArgs) { a.Users = []string{"cloudinsight-prod-default"} }, `is the user that is off`},
		"user twice":           {func(a *CacheArgs) { a.Users = []string{"a", "b", "a"} }, `users[2]: must be there once, got "a" again`},
		"a hundred users":      {func(a *CacheArgs) { a.Users = strings.Fields(strings.Repeat("a ", 100)) }, "users: must be at most 99, got 100"},
		"snapshot window":      {func(a *CacheArgs) { a.SnapshotWindow = "1-2" }, `snapshot window: must be "HH:MM-HH:MM"`},
		"short snapshots":      {func(a *CacheArgs) { a.SnapshotWindow = "01:00-01:45" }, `snapshot window: must be at least 60 minutes long, got "01:00-01:45"`},
		"short maintenance":    {func(a *CacheArgs) { a.MaintenanceWindow = "sun:03:00-sun:03:30" }, "maintenance window: must be at least 60 minutes long"},
		"overlap":              {func(a *CacheArgs) { a.MaintenanceWindow = "sun:01:30-sun:03:00" }, "windows: must not overlap, got snapshots at 01:00-02:00 and maintenance at sun:01:30-sun:03:00"},
		"all problems at once": {func(a *CacheArgs) { *a = CacheArgs{} }, "log key: must be given\nnode type:"},
	} {
		t.Run(name, func(t *testing.T) {
			args := defaults()
			c.change(args)
			rec, _, err := record(t, args)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All(), "nothing is registered")
		})
	}
}

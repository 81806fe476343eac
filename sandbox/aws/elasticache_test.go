package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type caches struct {
	*ground
	subnets, parameters, user, users made
}

func newCaches(t *testing.T) *caches {
	c := &caches{ground: newGround(t)}
	c.subnets = c.make(typeCacheSubnets, map[string]any{"name": "main", "subnetIds": []any{c.a.id, c.b.id}})
	c.parameters = c.make(typeCacheParameters, map[string]any{"name": "main-redis7", "family": "redis7", "parameters": []any{
		map[string]any{"name": "acl-pubsub-default", "value": "resetchannels"},
	}})
	c.make(typeCacheUser, map[string]any{
		"userId": "main-default", "userName": "default", "engine": "redis", "accessString": "off -@all", "authenticationMode": map[string]any{"type": "no-password-required"},
	})
	c.user = c.make(typeCacheUser, iamUser("reader", "reader"))
	c.users = c.make(typeCacheUserGroup, map[string]any{"userGroupId": "main", "engine": "redis", "userIds": []any{"main-default", "reader"}})
	return c
}

func iamUser(id, name string) map[string]any {
	return map[string]any{"userId": id, "userName": name, "engine": "redis", "accessString": "on ~* +@all", "authenticationMode": map[string]any{"type": "iam"}}
}

func (c *caches) cache(with map[string]any) map[string]any {
	return changed(map[string]any{
		"replicationGroupId": "main", "description": "Cache", "engine": "redis", "engineVersion": "7.1", "nodeType": "cache.t3.micro", "numCacheClusters": 2,
		"automaticFailoverEnabled": true, "multiAzEnabled": true, "subnetGroupName": "main", "securityGroupIds": []any{c.group.id},
		"parameterGroupName": "main-redis7", "userGroupIds": []any{"main"}, "transitEncryptionEnabled": true, "transitEncryptionMode": "required",
		"atRestEncryptionEnabled": true, "kmsKeyId": c.key.outputs.str("arn"), "snapshotRetentionLimit": 1, "snapshotWindow": "01:00-02:00",
		"maintenanceWindow": "sun:02:30-sun:03:30", "finalSnapshotIdentifier": "main-final",
	}, with)
}

func TestElastiCache_FillsInWhatAWSDoes(t *testing.T) {
	c := newCaches(t)
	out := c.make(typeCache, c.cache(nil)).outputs
	assert.Regexp(t, `^master\.main\.[a-z2-7]{6}\.afs1\.cache\.amazonaws\.com$`, out["primaryEndpointAddress"])
	assert.Regexp(t, `^replica\.main\.[a-z2-7]{6}\.afs1\.cache\.amazonaws\.com$`, out["readerEndpointAddress"])
	assert.Regexp(t, `^arn:aws:elasticache:af-south-1:\d{12}:replicationgroup:main$`, out["arn"])
	assert.Equal(t, []string{"main-001", "main-002"}, out.strings("memberClusters"))
	assert.Equal(t, "7.1.0", out["engineVersionActual"])
	assert.Equal(t, 6379.0, out["port"])
	assert.Equal(t, false, out["clusterEnabled"])
	assert.Regexp(t, `^arn:aws:elasticache:af-south-1:\d{12}:user:reader$`, c.user.outputs["arn"])
	assert.Equal(t, c.vpc.id, c.subnets.outputs["vpcId"])
}

func TestElastiCache_Refuses(t *testing.T) {
	c := newCaches(t)
	one := c.make(typeCacheSubnets, map[string]any{"name": "one", "subnetIds": []any{c.a.id}})
	c.make(typeCacheParameters, map[string]any{"name": "old", "family": "redis6.x"})
	c.refusesChanges(t, typeCache, c.cache(nil), map[string]change{
		"id":           {map[string]any{"replicationGroupId": "1st"}, "replicationGroupId: must be a lower-case letter"},
		"node":         {map[string]any{"nodeType": "cache.r7g.large"}, "The cache node type cache.r7g.large is not available; af-south-1 has cache.m5"},
		"version":      {map[string]any{"engineVersion": "7.9"}, "engineVersion: must be one of [6.2 7.0 7.1]"},
		"failover":     {map[string]any{"numCacheClusters": 1}, "numCacheClusters: must be at least 2 with automaticFailoverEnabled"},
		"multi az":     {map[string]any{"automaticFailoverEnabled": false}, "multiAzEnabled: InvalidParameterCombination: must have automaticFailoverEnabled"},
		"zones":        {map[string]any{"subnetGroupName": one.id}, "Multi-AZ needs subnets in two Availability Zones"},
		"too many":     {map[string]any{"numCacheClusters": 7}, "numCacheClusters: must be between 1 and 6"},
		"unencrypted":  {map[string]any{"transitEncryptionEnabled": false}, "userGroupIds: InvalidParameterCombination: needs transitEncryptionEnabled"},
		"key":          {map[string]any{"atRestEncryptionEnabled": false}, "kmsKeyId: InvalidParameterCombination: needs atRestEncryptionEnabled"},
		"key's region": {map[string]any{"kmsKeyId": "arn:aws:kms:eu-west-1:1:key/none"}, "there is none in af-south-1"},
		"short window": {map[string]any{"snapshotWindow": "01:00-01:30"}, "snapshotWindow: must be hh24:mi-hh24:mi of at least 60 minutes"},
		"overlap":      {map[string]any{"snapshotWindow": "03:00-04:00"}, "must not overlap"},
		"retention":    {map[string]any{"snapshotRetentionLimit": 36}, "snapshotRetentionLimit: must be between 0 and 35"},
		"subnets":      {map[string]any{"subnetGroupName": "none"}, `Cache subnet group "none" does not exist.`},
		"parameters":   {map[string]any{"parameterGroupName": "none"}, "CacheParameterGroup not found: none"},
		"family":       {map[string]any{"parameterGroupName": "old"}, "Expected a parameter group of family redis7 but found one of family redis6.x"},
		"users":        {map[string]any{"userGroupIds": []any{"none"}}, "User group none not found."},
		"iam on 6":     {map[string]any{"engineVersion": "6.2", "parameterGroupName": "old"}, "IAM authentication of reader needs engine version 7.0"},
		"token":        {map[string]any{"authToken": "a-token-of-sixteen"}, "authToken: conflicts with userGroupIds"},
		"log group":    {map[string]any{"logDeliveryConfigurations": []any{map[string]any{"destination": "/none", "destinationType": "cloudwatch-logs", "logFormat": "json", "logType": "slow-log"}}}, "The CloudWatch Logs log group /none does not exist"},
		"log type":     {map[string]any{"logDeliveryConfigurations": []any{map[string]any{"destination": "/none", "destinationType": "cloudwatch-logs", "logFormat": "json", "logType": "audit"}}}, "logType: must be one of [slow-log engine-log]"},
		"cluster mode": {map[string]any{"numNodeGroups": 2}, "numNodeGroups: the stand-in does not know"},
		"snapshot":     {map[string]any{"snapshotName": "none"}, "none is either not present or not available."},
	})
	c.refuses(t, map[string]refusal{
		"parameter": {typeCacheParameters, map[string]any{"family": "redis7", "parameters": []any{map[string]any{"name": "maxmemory", "value": "1"}}}, "Could not find parameter with name: maxmemory"},
		"value":     {typeCacheParameters, map[string]any{"family": "redis7", "parameters": []any{map[string]any{"name": "maxmemory-policy", "value": "lru"}}}, "Invalid parameter value: lru for: maxmemory-policy"},
		"family":    {typeCacheParameters, map[string]any{"family": "redis9"}, "family: must be a family of ElastiCache"},
	})
	c.make(typeCache, c.cache(nil))
	_, err := c.try(typeCache, c.cache(nil))
	assert.ErrorContains(t, err, "Replication group main already exists.")
	assert.ErrorContains(t, c.delete(c.subnets), "CacheSubnetGroupInUse")
	assert.ErrorContains(t, c.delete(c.parameters), "still members of this parameter group")
	assert.ErrorContains(t, c.delete(c.users), "is associated with the replication group main")
	assert.ErrorContains(t, c.delete(c.group), "has a dependent object")
}

func TestElastiCache_Users(t *testing.T) {
	c := newCaches(t)
	password := func(passwords ...any) map[string]any {
		return changed(iamUser("someone", "someone"), map[string]any{"authenticationMode": map[string]any{"type": "password", "passwords": passwords}})
	}
	c.refuses(t, map[string]refusal{
		"two names":        {typeCacheUser, iamUser("someone", "else"), `user id and user name must be the same, in lower case, got "someone" and "else"`},
		"upper case":       {typeCacheUser, iamUser("Someone", "Someone"), "must be the same, in lower case"},
		"taken":            {typeCacheUser, iamUser("reader", "reader"), "User reader already exists."},
		"access":           {typeCacheUser, changed(iamUser("someone", "someone"), map[string]any{"accessString": "~* +@all"}), "accessString: must begin with on or off"},
		"short password":   {typeCacheUser, password("short"), "passwords: must have 16 to 128 characters"},
		"three":            {typeCacheUser, password("sixteen-characters", "another-sixteen-of-them", "yet-another-sixteen"), "passwords: at most 2, got 3"},
		"nothing":          {typeCacheUser, changed(iamUser("someone", "someone"), map[string]any{"authenticationMode": nil}), "a user needs passwords, IAM, or no password to be required"},
		"iam and password": {typeCacheUser, changed(iamUser("someone", "someone"), map[string]any{"authenticationMode": map[string]any{"type": "iam", "passwords": []any{"sixteen-characters"}}}), "there are none with iam"},
		"no default":       {typeCacheUserGroup, map[string]any{"userGroupId": "other", "engine": "redis", "userIds": []any{"reader"}}, "Default user needs to be included in the user group."},
		"no user":          {typeCacheUserGroup, map[string]any{"userGroupId": "other", "engine": "redis", "userIds": []any{"main-default", "none"}}, "User none not found."},
		"default twice":    {typeCacheUserGroup, map[string]any{"userGroupId": "other", "engine": "redis", "userIds": []any{"default", "main-default"}}, "User name default is in the user group twice."},
		"group taken":      {typeCacheUserGroup, map[string]any{"userGroupId": "main", "engine": "redis", "userIds": []any{"default"}}, "User group main already exists."},
	})
	c.make(typeCacheUserGroup, map[string]any{"userGroupId": "aws", "engine": "redis", "userIds": []any{"default"}})
	assert.ErrorContains(t, c.delete(made{typ: typeCacheUser, id: "main-default", urn: c.user.urn}), "DefaultUserAssociatedToUserGroup")
	require.NoError(t, c.delete(c.user))
	assert.Equal(t, []string{"main-default"}, plainMap(c.read(c.users).Outputs).strings("userIds"), "a deleted user leaves its groups")
}

func TestElastiCache_ChangesAndDown(t *testing.T) {
	c := newCaches(t)
	group := c.make(typeCache, c.cache(nil))
	out, err := c.update(group, c.cache(map[string]any{"numCacheClusters": 3}))
	require.NoError(t, err)
	assert.Equal(t, []string{"main-001", "main-002", "main-003"}, out.strings("memberClusters"))
	assert.Equal(t, group.outputs["primaryEndpointAddress"], out["primaryEndpointAddress"])
	_, err = c.update(group, c.cache(map[string]any{"transitEncryptionEnabled": nil, "transitEncryptionMode": nil, "userGroupIds": nil}))
	assert.ErrorContains(t, err, "To turn transit encryption off, its mode must be preferred first")
	_, err = c.update(group, c.cache(map[string]any{"nodeType": "cache.m7g.large"}))
	assert.ErrorContains(t, err, "is not available")

	plain := c.make(typeCache, c.cache(map[string]any{"replicationGroupId": "plain", "transitEncryptionEnabled": nil, "transitEncryptionMode": nil, "userGroupIds": nil}))
	assert.Regexp(t, `^plain\.[a-z2-7]{6}\.ng\.0001\.afs1\.cache\.amazonaws\.com$`, plain.outputs["primaryEndpointAddress"])
	_, err = c.update(plain, c.cache(map[string]any{"replicationGroupId": "plain"}))
	assert.ErrorContains(t, err, "To turn transit encryption on, its mode must be preferred first")

	require.NoError(t, c.delete(group))
	assert.Equal(t, map[string]string{"main-final": "final snapshot"}, c.kept())
	again := c.make(typeCache, c.cache(map[string]any{"snapshotName": "main-final"}))
	assert.ErrorContains(t, c.delete(again), "SnapshotAlreadyExistsFault")
	_, err = c.update(again, c.cache(map[string]any{"snapshotName": "main-final", "finalSnapshotIdentifier": nil}))
	require.NoError(t, err)
	require.NoError(t, c.delete(again))
}

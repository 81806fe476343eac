package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/managed"
)

const (
	typeCache           = "aws:elasticache/replicationGroup:ReplicationGroup"
	typeCacheSubnets    = "aws:elasticache/subnetGroup:SubnetGroup"
	typeCacheParameters = "aws:elasticache/parameterGroup:ParameterGroup"
	typeCacheSnapshot   = "aws:elasticache/snapshot:Snapshot"
)

// cacheVersions by engine: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html
var cacheVersions = map[string][]string{"redis": {"6.2", "7.0", "7.1"}, "valkey": {"7.2", "8.0", "8.1"}}

// cacheKinds are replication groups with cluster mode off, and the groups that they refer to.
// Rules: https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html,
// API_ModifyReplicationGroup.html, .../dg/AutoFailover.html, .../dg/in-transit-encryption-enable.html, .../dg/Log_Delivery.html
var cacheKinds = map[string]kind{
	typeCache: {
		name: "replicationGroupId", nameMax: 40,
		replace: []string{
			"atRestEncryptionEnabled", "dataTieringEnabled", "globalReplicationGroupId", "kmsKeyId", "networkType", "port", "replicationGroupId",
			"securityGroupNames", "snapshotArns", "snapshotName", "subnetGroupName",
		},
		replaceWhen: []condition{
			{"engineVersion", "lowered", func(old, now props) bool {
				return now.has("engineVersion") && compareVersions(now.str("engineVersion"), old.str("engineVersion")) < 0
			}},
			{"engine", "changed from valkey to redis", func(old, now props) bool { return old.str("engine") == "valkey" && now.str("engine") != "valkey" }},
			{"transitEncryptionEnabled", "changed before engine 7.0.5", func(old, _ props) bool { return compareVersions(old.str("engineVersion"), "7.0.5") < 0 }},
		},
		rules:  cacheRules,
		create: createCache,
		update: updateCache,
		remove: func(c *call) error {
			name := c.in.str("finalSnapshotIdentifier")
			if name == "" {
				return nil
			}
			return keepSnapshot(c, "DeleteReplicationGroup", typeCacheSnapshot, c.arnOf("elasticache", "snapshot:"+name), name, "SnapshotAlreadyExistsFault")
		},
	},
	typeCacheSubnets: {
		name: "name", nameMax: 255,
		replace: []string{"name"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && (!subnetGroupName.MatchString(n) || strings.ContainsAny(n, " ._") || n == "default") {
				p.add("name", "must be lower-case letters, digits and hyphens, at most 255, and not default, got %q", n)
			}
		},
		create: func(c *call) error {
			if c.id = c.in.str("name"); c.find(typeCacheSubnets, c.id) != nil {
				return fail("CreateCacheSubnetGroup", "CacheSubnetGroupAlreadyExists", "Cache subnet group %s already exists.", c.id)
			}
			c.arn = c.arnOf("elasticache", "subnetgroup:"+c.id)
			c.standard(props{"description": "Managed by Pulumi"})
			return cacheSubnets(c)
		},
		update: cacheSubnets,
		remove: func(c *call) error {
			for _, user := range c.byProp(typeCache, "subnetGroupName", c.id) {
				return fail("DeleteCacheSubnetGroup", "CacheSubnetGroupInUse", "Cache subnet group %s is currently in use by a cache cluster: %s", c.id, user.ID)
			}
			return nil
		},
	},
	typeCacheParameters: {
		name: "name", nameMax: 255,
		replace: []string{"name", "family", "description"},
		rules: func(in props, p *problems) {
			p.identifier(in, "name", 255)
			parameterRules(in, "ElastiCache", cacheParameters, p)
		},
		create: func(c *call) error {
			if c.id = c.in.str("name"); c.find(typeCacheParameters, c.id) != nil {
				return fail("CreateCacheParameterGroup", "CacheParameterGroupAlreadyExists", "Parameter group %s already exists", c.id)
			}
			c.arn = c.arnOf("elasticache", "parametergroup:"+c.id)
			c.standard(props{"description": "Managed by Pulumi"})
			return checkParameters(c, "ModifyCacheParameterGroup", "", cacheParameters)
		},
		update: func(c *call) error { return checkParameters(c, "ModifyCacheParameterGroup", "", cacheParameters) },
		remove: func(c *call) error {
			for _, user := range c.byProp(typeCache, "parameterGroupName", c.id) {
				return fail("DeleteCacheParameterGroup", "InvalidCacheParameterGroupState",
					"One or more cache clusters are still members of this parameter group %s, so the group cannot be deleted: %s", c.id, user.ID)
			}
			return nil
		},
	},
}

func cacheSubnets(c *call) error {
	vpc, zones, err := spread(c, "CreateCacheSubnetGroup", "InvalidSubnet", c.in.strings("subnetIds"))
	c.out["vpcId"], c.out["__zones"] = vpc, toList(zones)
	return err
}

func cacheRules(in props, p *problems) {
	p.identifier(in, "replicationGroupId", 40)
	p.unknownTo(in, "globalReplicationGroupId", "numNodeGroups", "replicasPerNodeGroup", "securityGroupNames", "snapshotArns", "notificationTopicArn", "dataTieringEnabled")
	p.oneOf(in, "clusterMode", "clusterMode", "disabled")
	p.oneOf(in, "engine", "engine", "redis", "valkey")
	p.oneOf(in, "networkType", "networkType", "ipv4", "ipv6", "dual_stack")
	p.oneOf(in, "ipDiscovery", "ipDiscovery", "ipv4", "ipv6")
	p.oneOf(in, "transitEncryptionMode", "transitEncryptionMode", "preferred", "required")
	p.oneOf(in, "authTokenUpdateStrategy", "authTokenUpdateStrategy", "SET", "ROTATE", "DELETE")
	p.between(in, "snapshotRetentionLimit", "snapshotRetentionLimit", 0, 35)
	// A primary and at most five replicas: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html
	p.between(in, "numCacheClusters", "numCacheClusters", 1, 6)
	p.windows(in, "snapshotWindow", "maintenanceWindow", 60)
	p.apart(in, "authToken", "userGroupIds")
	finalSnapshotRules(in, p)
	engine := in.str("engine")
	if engine == "" {
		engine = "redis"
	}
	if !in.has("engineVersion") {
		p.add("engineVersion", "the stand-in does not choose a version; one of %v for %s", cacheVersions[engine], engine)
	}
	p.oneOf(in, "engineVersion", "engineVersion", cacheVersions[engine]...)
	if !in.has("nodeType") {
		p.add("nodeType", "is required")
	}
	failover, encrypted := in.boolean("automaticFailoverEnabled"), in.boolean("transitEncryptionEnabled")
	if failover && in.known("numCacheClusters") && in.number("numCacheClusters") < 2 || failover && !in.has("numCacheClusters") {
		p.add("numCacheClusters", "must be at least 2 with automaticFailoverEnabled, got %d", in.number("numCacheClusters"))
	}
	if in.boolean("multiAzEnabled") && !failover {
		p.add("multiAzEnabled", "InvalidParameterCombination: must have automaticFailoverEnabled")
	}
	for _, name := range []string{"userGroupIds", "authToken", "transitEncryptionMode"} {
		if in.has(name) && !encrypted {
			p.add(name, "InvalidParameterCombination: needs transitEncryptionEnabled")
		}
	}
	if in.has("kmsKeyId") && !in.boolean("atRestEncryptionEnabled") {
		p.add("kmsKeyId", "InvalidParameterCombination: needs atRestEncryptionEnabled")
	}
	if list, ok := in["userGroupIds"].([]any); ok && len(list) > 1 {
		p.add("userGroupIds", "InvalidParameterValue: at most one user group, got %d", len(list))
	}
	if list, ok := in["preferredCacheClusterAzs"].([]any); ok && in.known("numCacheClusters") && len(list) != in.number("numCacheClusters") {
		p.add("preferredCacheClusterAzs", "InvalidParameterCombination: must have as many zones as there are nodes, got %d", len(list))
	}
	deliveryRules(in, p)
}

func deliveryRules(in props, p *problems) {
	seen := map[string]bool{}
	for i, log := range in.objects("logDeliveryConfigurations") {
		path := fmt.Sprintf("logDeliveryConfigurations[%d]", i)
		p.oneOf(log, path+".destinationType", "destinationType", "cloudwatch-logs")
		p.oneOf(log, path+".logFormat", "logFormat", "json", "text")
		p.oneOf(log, path+".logType", "logType", "slow-log", "engine-log")
		if typ := log.str("logType"); seen[typ] {
			p.add(path+".logType", "InvalidParameterCombination: %s has two destinations", typ)
		}
		seen[log.str("logType")] = true
	}
}

func createCache(c *call) error {
	const operation = "CreateReplicationGroup"
	c.id = c.in.str("replicationGroupId")
	if c.find(typeCache, c.id) != nil {
		return fail(operation, "ReplicationGroupAlreadyExists", "Replication group %s already exists.", c.id)
	}
	if name := c.in.str("snapshotName"); name != "" && keptOf(c, typeCacheSnapshot, name) == nil {
		return fail(operation, "SnapshotNotFoundFault", "%s is either not present or not available.", name)
	}
	if err := checkCache(c, operation); err != nil {
		return err
	}
	c.arn = c.arnOf("elasticache", "replicationgroup:"+c.id)
	c.out["__host"] = strings.ToLower(upperID(6))
	c.standard(props{
		"engine": "redis", "port": 6379.0, "automaticFailoverEnabled": false, "multiAzEnabled": false, "atRestEncryptionEnabled": false,
		"transitEncryptionEnabled": false, "autoMinorVersionUpgrade": true, "clusterMode": "disabled", "dataTieringEnabled": false, "ipDiscovery": "ipv4",
		"networkType": "ipv4", "numCacheClusters": 1.0, "numNodeGroups": 1.0, "snapshotRetentionLimit": 0.0, "snapshotWindow": "22:00-23:00",
		"maintenanceWindow": "sun:23:00-mon:00:00", "parameterGroupName": "default." + cacheFamily(c),
	})
	if c.in.boolean("transitEncryptionEnabled") {
		c.standard(props{"transitEncryptionMode": "required"})
	}
	if !c.in.has("securityGroupIds") {
		subnets := c.find(typeCacheSubnets, c.in.str("subnetGroupName"))
		c.standard(props{"securityGroupIds": []any{c.find(typeVPC, subnets.String("vpcId")).String("defaultSecurityGroupId")}})
	}
	describeCache(c)
	return nil
}

// cacheFamily of the engine's parameters: redis7 is of Redis 7.1.
func cacheFamily(c *call) string {
	engine, _ := c.value("engine").(string)
	if engine == "" {
		engine = "redis"
	}
	version := c.in.str("engineVersion")
	if engine == "redis" && majorOf(version) == "6" {
		return "redis6.x"
	}
	return engine + majorOf(version)
}

func checkCache(c *call, operation string) error {
	if node := c.in.str("nodeType"); !managed.Offered(managed.ElastiCache, node, c.region) {
		return fail(operation, "InvalidParameterValue", "The cache node type %s is not available; %s", node, offeredThere(managed.ElastiCache, c.region))
	}
	name := c.in.str("subnetGroupName")
	subnets := c.find(typeCacheSubnets, name)
	if subnets == nil {
		return fail(operation, "CacheSubnetGroupNotFoundFault", "Cache subnet group %q does not exist.", name)
	}
	zones := props(subnets.Props).strings("__zones")
	if c.in.boolean("multiAzEnabled") && len(zones) < 2 {
		return fail(operation, "InvalidParameterCombination", "Multi-AZ needs subnets in two Availability Zones at least; %s has %v", name, zones)
	}
	for _, zone := range c.in.strings("preferredCacheClusterAzs") {
		if !slices.Contains(zones, zone) {
			return fail(operation, "InvalidParameterValue", "Cache subnet group %s has no subnet in %s", name, zone)
		}
	}
	if err := groupsIn(c, operation, "InvalidParameterValue", subnets.String("vpcId"), c.in.strings("securityGroupIds")); err != nil {
		return err
	}
	if err := checkCacheParameters(c, operation); err != nil {
		return err
	}
	for _, log := range c.in.objects("logDeliveryConfigurations") {
		if c.find(typeLogGroup, log.str("destination")) == nil {
			return fail(operation, "InvalidParameterValue", "The CloudWatch Logs log group %s does not exist", log.str("destination"))
		}
	}
	if err := checkUserGroups(c, operation); err != nil {
		return err
	}
	return usableKeys(c, c.in, operation, "InvalidKmsKeyFault", "kmsKeyId")
}

func checkCacheParameters(c *call, operation string) error {
	name, family := c.in.str("parameterGroupName"), cacheFamily(c)
	if name == "" || name == "default."+family {
		return nil
	}
	group := c.find(typeCacheParameters, name)
	if group == nil {
		return fail(operation, "CacheParameterGroupNotFound", "CacheParameterGroup not found: %s", name)
	}
	if got := group.String("family"); got != family {
		return fail(operation, "InvalidParameterCombination", "Expected a parameter group of family %s but found one of family %s", family, got)
	}
	return nil
}

func updateCache(c *call) error {
	const operation = "ModifyReplicationGroup"
	if err := checkCache(c, operation); err != nil {
		return err
	}
	// Encryption in transit comes and goes through a time in which both are accepted.
	was, is := c.old.boolean("transitEncryptionEnabled"), c.in.boolean("transitEncryptionEnabled")
	if !was && is && c.in.str("transitEncryptionMode") != "preferred" {
		return fail(operation, "InvalidParameterCombination", "To turn transit encryption on, its mode must be preferred first, got %q", c.in.str("transitEncryptionMode"))
	}
	if was && !is && c.old.str("transitEncryptionMode") != "preferred" {
		return fail(operation, "InvalidParameterCombination", "To turn transit encryption off, its mode must be preferred first, got %q", c.old.str("transitEncryptionMode"))
	}
	describeCache(c)
	return nil
}

// describeCache sets what DescribeReplicationGroups answers.
func describeCache(c *call) {
	// afs1 is af-south-1, as in the ids of its zones.
	short, _, _ := strings.Cut(zonesOf(c.region)[0].id, "-")
	host, _ := c.out["__host"].(string)
	end := fmt.Sprintf("%s.%s.cache.amazonaws.com", host, short)
	primary, reader := fmt.Sprintf("%s.%s.ng.0001.%s.cache.amazonaws.com", c.id, host, short), fmt.Sprintf("%s-ro.%s", c.id, end)
	if c.value("transitEncryptionEnabled") == true {
		primary, reader = fmt.Sprintf("master.%s.%s", c.id, end), fmt.Sprintf("replica.%s.%s", c.id, end)
	}
	nodes, _ := c.value("numCacheClusters").(float64)
	var members []any
	for n := range int(nodes) {
		members = append(members, fmt.Sprintf("%s-%03d", c.id, n+1))
	}
	maps.Copy(c.out, props{
		"primaryEndpointAddress": primary, "readerEndpointAddress": reader, "configurationEndpointAddress": "", "clusterEnabled": false,
		"memberClusters": members, "engineVersionActual": c.in.str("engineVersion") + ".0", "replicasPerNodeGroup": nodes - 1,
	})
}

func cacheUses(c *call, r props) storeUses {
	uses := storeUses{groups: r.strings("securityGroupIds"), keys: []string{r.str("kmsKeyId")}}
	if group := c.find(typeCacheSubnets, r.str("subnetGroupName")); group != nil {
		uses.subnets = props(group.Props).strings("subnetIds")
	}
	return uses
}

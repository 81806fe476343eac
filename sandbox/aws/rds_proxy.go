package aws

import (
	"fmt"
	"regexp"
)

const (
	typeProxy       = "aws:rds/proxy:Proxy"
	typeProxyGroup  = "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup"
	typeProxyTarget = "aws:rds/proxyTarget:ProxyTarget"
)

var proxyName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$`)

// databaseProxyKinds are pools of connections in front of a database.
// Rules: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBProxy.html, API_ConnectionPoolConfiguration.html,
// .../UserGuide/rds-proxy.html#rds-proxy.limitations
var databaseProxyKinds = map[string]kind{
	typeProxy: {
		name: "name", nameMax: 63,
		replace: []string{"name", "engineFamily", "vpcSubnetIds"},
		rules:   proxyRules,
		create:  createProxy,
		update:  checkProxy,
		remove: func(c *call) error {
			for _, typ := range []string{typeProxyGroup, typeProxyTarget} {
				for _, part := range c.byProp(typ, "dbProxyName", c.id) {
					c.state.Remove(part)
				}
			}
			return nil
		},
	},
	typeProxyGroup: {
		replace: []string{"dbProxyName"},
		rules: func(in props, p *problems) {
			pool := in.object("connectionPoolConfig")
			p.between(pool, "connectionPoolConfig.maxConnectionsPercent", "maxConnectionsPercent", 1, 100)
			p.between(pool, "connectionPoolConfig.maxIdleConnectionsPercent", "maxIdleConnectionsPercent", 0, 100)
			p.between(pool, "connectionPoolConfig.connectionBorrowTimeout", "connectionBorrowTimeout", 0, 300)
			if pool.has("maxConnectionsPercent") && pool.number("maxIdleConnectionsPercent") > pool.number("maxConnectionsPercent") {
				p.add("connectionPoolConfig.maxIdleConnectionsPercent", "must not be above maxConnectionsPercent, got %d", pool.number("maxIdleConnectionsPercent"))
			}
			if s := pool.strings("sessionPinningFilters"); len(s) > 0 && s[0] != "EXCLUDE_VARIABLE_SETS" {
				p.add("connectionPoolConfig.sessionPinningFilters", "must be EXCLUDE_VARIABLE_SETS, got %q", s[0])
			}
		},
		create: func(c *call) error {
			proxy := c.find(typeProxy, c.in.str("dbProxyName"))
			if proxy == nil {
				return noProxy(c, "ModifyDBProxyTargetGroup")
			}
			if c.id = proxy.ID; c.find(typeProxyGroup, c.id) != nil {
				return fail("ModifyDBProxyTargetGroup", "InvalidDBProxyState", "Two resources set the default target group of %s", c.id)
			}
			c.arn = c.arnOf("rds", "target-group:prx-tg-"+hexDigits(17))
			c.out = props{"name": "default"}
			c.standard(props{"connectionPoolConfig": map[string]any{
				"maxConnectionsPercent": 100.0, "maxIdleConnectionsPercent": 50.0, "connectionBorrowTimeout": 120.0,
			}})
			return nil
		},
	},
	typeProxyTarget: {
		replace: []string{"dbClusterIdentifier", "dbInstanceIdentifier", "dbProxyName", "targetGroupName"},
		rules: func(in props, p *problems) {
			p.unknownTo(in, "dbClusterIdentifier")
			p.oneOf(in, "targetGroupName", "targetGroupName", "default")
			if !in.has("dbInstanceIdentifier") {
				p.add("dbInstanceIdentifier", "is required")
			}
		},
		create: createProxyTarget,
	},
}

func proxyRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && (len(n) > 63 || !proxyName.MatchString(n)) {
		p.add("name", "must be a letter, then letters, digits and single hyphens, at most 63, got %q", n)
	}
	p.oneOf(in, "engineFamily", "engineFamily", "POSTGRESQL")
	p.between(in, "idleClientTimeout", "idleClientTimeout", 1, 28800)
	for i, auth := range in.objects("auths") {
		path := fmt.Sprintf("auths[%d]", i)
		p.oneOf(auth, path+".authScheme", "authScheme", "SECRETS")
		p.oneOf(auth, path+".iamAuth", "iamAuth", "DISABLED", "REQUIRED")
		p.oneOf(auth, path+".clientPasswordAuthType", "clientPasswordAuthType", "POSTGRES_SCRAM_SHA_256", "POSTGRES_MD5")
		if !auth.has("secretArn") {
			p.add(path+".secretArn", "is required")
		}
		if auth.str("iamAuth") == "REQUIRED" && in.known("requireTls") && !in.boolean("requireTls") {
			p.add("requireTls", "InvalidParameterCombination: IAM authentication needs TLS")
		}
	}
}

func createProxy(c *call) error {
	c.id = c.in.str("name")
	if c.find(typeProxy, c.id) != nil {
		return fail("CreateDBProxy", "DBProxyAlreadyExistsFault", "DB Proxy with name %s already exists", c.id)
	}
	if err := checkProxy(c); err != nil {
		return err
	}
	c.arn = c.arnOf("rds", "db-proxy:prx-"+hexDigits(17))
	c.out["endpoint"] = fmt.Sprintf("%s.proxy-%s.%s.rds.amazonaws.com", c.id, c.hostLabel("rds"), c.region)
	c.standard(props{"debugLogging": false, "idleClientTimeout": 1800.0, "requireTls": false})
	logGroupFor(c, "/aws/rds/proxy/"+c.id)
	return nil
}

func checkProxy(c *call) error {
	const operation = "CreateDBProxy"
	vpc, zones, err := spread(c, operation, "InvalidSubnet", c.in.strings("vpcSubnetIds"))
	if err != nil {
		return err
	}
	if len(zones) < 2 {
		return fail(operation, "InvalidSubnet", "The subnets of a proxy must be in two Availability Zones at least, got %v", zones)
	}
	groups := c.in.strings("vpcSecurityGroupIds")
	if len(groups) == 0 && c.old == nil {
		c.out["vpcSecurityGroupIds"] = []any{c.find(typeVPC, vpc).String("defaultSecurityGroupId")}
	}
	if err := groupsIn(c, operation, "InvalidParameterValue", vpc, groups); err != nil {
		return err
	}
	if role := roleOf(c, c.in.str("roleArn")); role == nil || !trusts(role, "rds.amazonaws.com") {
		return fail(operation, "InvalidParameterValue", "RDS is not authorized to assume service-linked role %s: it does not exist or rds.amazonaws.com may not assume it", c.in.str("roleArn"))
	}
	for _, auth := range c.in.objects("auths") {
		if _, err := needSecret(c, operation, auth.str("secretArn")); err != nil {
			return err
		}
	}
	c.out["__vpc"] = vpc
	return nil
}

func createProxyTarget(c *call) error {
	const operation = "RegisterDBProxyTargets"
	proxy := c.find(typeProxy, c.in.str("dbProxyName"))
	if proxy == nil {
		return noProxy(c, operation)
	}
	database := databaseOf(c, c.in.str("dbInstanceIdentifier"))
	if database == nil {
		return fail(operation, "DBInstanceNotFound", "DBInstance %s not found.", c.in.str("dbInstanceIdentifier"))
	}
	if group := c.find(typeDBSubnetGroup, database.String("dbSubnetGroupName")); group == nil || group.Props["vpcId"] != proxy.Props["__vpc"] {
		return fail(operation, "InvalidDBInstanceState", "DB instance %s and proxy %s must be in one VPC", database.String("identifier"), proxy.ID)
	}
	for _, other := range c.byProp(typeProxyTarget, "dbProxyName", proxy.ID) {
		return fail(operation, "DBProxyTargetAlreadyRegisteredFault", "%s is registered with proxy %s already", other.String("dbInstanceIdentifier"), proxy.ID)
	}
	identifier := database.String("identifier")
	c.id = fmt.Sprintf("%s/default/RDS_INSTANCE/%s", proxy.ID, identifier)
	c.out = props{
		"type": "RDS_INSTANCE", "rdsResourceId": identifier, "endpoint": database.String("address"), "port": database.Props["port"],
		"targetArn": database.ARN, "trackedClusterId": "",
	}
	return nil
}

func noProxy(c *call, operation string) error {
	return fail(operation, "DBProxyNotFoundFault", "DB proxy %s not found.", c.in.str("dbProxyName"))
}

func proxyUses(_ *call, r props) storeUses {
	return storeUses{subnets: r.strings("vpcSubnetIds"), groups: r.strings("vpcSecurityGroupIds")}
}

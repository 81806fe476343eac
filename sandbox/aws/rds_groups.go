package aws

import (
	"regexp"
	"strings"
)

const (
	typeDBSubnetGroup = "aws:rds/subnetGroup:SubnetGroup"
	typeDBParameters  = "aws:rds/parameterGroup:ParameterGroup"
)

// Names of groups: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
var subnetGroupName = regexp.MustCompile(`^[a-z0-9][a-z0-9 ._-]{0,254}$`)

// databaseGroupKinds are what instances refer to by name: subnets and parameters.
var databaseGroupKinds = map[string]kind{
	typeDBSubnetGroup: dbSubnetGroup(typeDatabase),
	typeDBParameters: {
		name: "name", nameMax: 255,
		replace: []string{"name", "namePrefix", "family", "description"},
		rules: func(in props, p *problems) {
			p.identifier(in, "name", 255)
			p.unknownTo(in, "skipDestroy")
			parameterRules(in, "postgres", postgresParameters, p)
		},
		create: func(c *call) error {
			return createParameterGroup(c, "CreateDBParameterGroup", "DBParameterGroupAlreadyExists", "pg", "immediate", postgresParameters)
		},
		update: func(c *call) error {
			return checkParameters(c, "ModifyDBParameterGroup", "immediate", postgresParameters)
		},
		remove: func(c *call) error {
			for _, user := range c.byProp(typeDatabase, "parameterGroupName", c.in.str("name")) {
				return fail("DeleteDBParameterGroup", "InvalidDBParameterGroupState",
					"One or more database instances are still members of this parameter group %s, so the group cannot be deleted: %s", c.id, user.String("identifier"))
			}
			return nil
		},
	},
}

// dbSubnetGroup is the subnet group of RDS and of DocumentDB, which is the same thing under one space of names.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
func dbSubnetGroup(user string) kind {
	return kind{
		name: "name", nameMax: 255,
		replace: []string{"name", "namePrefix"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && (!subnetGroupName.MatchString(n) || n == "default") {
				p.add("name", "must be lower-case letters, digits, spaces, dots, hyphens and underscores, at most 255, and not default, got %q", n)
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			for _, typ := range []string{typeDBSubnetGroup, typeDocumentSubnetGroup} {
				if c.find(typ, c.id) != nil {
					return fail("CreateDBSubnetGroup", "DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists.", c.id)
				}
			}
			c.arn = c.arnOf("rds", "subgrp:"+c.id)
			c.out = props{"supportedNetworkTypes": []any{"IPV4"}}
			c.standard(props{"description": "Managed by Pulumi"})
			return coverZones(c)
		},
		update: coverZones,
		remove: func(c *call) error {
			for _, used := range c.byProp(user, "dbSubnetGroupName", c.id) {
				return fail("DeleteDBSubnetGroup", "InvalidDBSubnetGroupStateFault",
					"Cannot delete the subnet group '%s' because at least one database is still using it: %s", c.id, used.ID)
			}
			return nil
		},
	}
}

func coverZones(c *call) error {
	vpc, zones, err := spread(c, "CreateDBSubnetGroup", "InvalidSubnet", c.in.strings("subnetIds"))
	if err != nil {
		return err
	}
	if len(zones) < 2 {
		return fail("CreateDBSubnetGroup", "DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. "+
			"Current AZ coverage: %s. Add subnets to cover at least 2 AZs.", strings.Join(zones, ", "))
	}
	c.out["vpcId"], c.out["__zones"] = vpc, toList(zones)
	return nil
}

func createParameterGroup(c *call, operation, taken, resource, unset string, known map[string]map[string]parameter) error {
	c.id = c.in.str("name")
	if c.find(kindOfURN(c.urn), c.id) != nil {
		return fail(operation, taken, "Parameter group %s already exists", c.id)
	}
	c.arn = c.arnOf("rds", resource+":"+c.id)
	c.standard(props{"description": "Managed by Pulumi"})
	return checkParameters(c, operation, unset, known)
}

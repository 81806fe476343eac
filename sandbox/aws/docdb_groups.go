package aws

const (
	typeDocumentSubnetGroup = "aws:docdb/subnetGroup:SubnetGroup"
	typeDocumentParameters  = "aws:docdb/clusterParameterGroup:ClusterParameterGroup"
)

// documentGroupKinds are what DocumentDB clusters refer to by name.
// Rules: https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBClusterParameterGroup.html
var documentGroupKinds = map[string]kind{
	typeDocumentSubnetGroup: dbSubnetGroup(typeDocuments),
	typeDocumentParameters: {
		name: "name", nameMax: 255,
		replace: []string{"name", "namePrefix", "family", "description"},
		rules: func(in props, p *problems) {
			p.identifier(in, "name", 255)
			parameterRules(in, "docdb", documentParameters, p)
		},
		create: func(c *call) error {
			return createParameterGroup(c, "CreateDBClusterParameterGroup", "DBParameterGroupAlreadyExists", "cluster-pg", "pending-reboot", documentParameters)
		},
		update: func(c *call) error {
			return checkParameters(c, "ModifyDBClusterParameterGroup", "pending-reboot", documentParameters)
		},
		remove: func(c *call) error {
			for _, user := range c.byProp(typeDocuments, "dbClusterParameterGroupName", c.in.str("name")) {
				return fail("DeleteDBClusterParameterGroup", "InvalidDBParameterGroupState",
					"One or more database clusters are still members of this parameter group %s, so the group cannot be deleted: %s", c.id, user.ID)
			}
			return nil
		},
	},
}

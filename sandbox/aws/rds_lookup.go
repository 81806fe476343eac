package aws

import (
	"slices"

	"github.com/cloudinsight/platform/sandbox/account"
)

func forgetReplica(c *call, replica props) {
	if source := databaseOf(c, replica.str("replicateSourceDb")); source != nil {
		source.Props["replicas"] = slices.DeleteFunc(asList(source.Props["replicas"]), func(v any) bool { return v == replica["identifier"] })
	}
}

// databaseOf returns the instance of an identifier, ARN or resource id, or nil. An ARN may be of another region.
func databaseOf(c *call, id string) *account.Resource {
	for _, r := range c.state.List(typeDatabase) {
		if id != "" && (r.ARN == id || r.Region == c.region && (r.String("identifier") == id || r.ID == id)) {
			return r
		}
	}
	return nil
}

// instanceNamed: RDS and DocumentDB share the identifiers of instances.
// https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html#limits-naming_constraints
func instanceNamed(c *call, identifier string) *account.Resource {
	for _, typ := range []string{typeDatabase, typeDocumentInstance} {
		for _, r := range c.byProp(typ, "identifier", identifier) {
			return r
		}
	}
	return nil
}

// databaseUses: its network interfaces are in subnets of its group, in which of them is for RDS to say.
func databaseUses(c *call, r props) storeUses {
	return storeUses{
		subnets: subnetsOfGroup(c, r.str("dbSubnetGroupName")), groups: r.strings("vpcSecurityGroupIds"),
		keys: []string{r.str("kmsKeyId"), r.str("performanceInsightsKmsKeyId")},
	}
}

func subnetsOfGroup(c *call, name string) []string {
	for _, typ := range []string{typeDBSubnetGroup, typeDocumentSubnetGroup} {
		if group := c.find(typ, name); group != nil {
			return props(group.Props).strings("subnetIds")
		}
	}
	return nil
}

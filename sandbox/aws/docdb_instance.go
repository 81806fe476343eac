package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/managed"
	"github.com/cloudinsight/platform/sandbox/account"
)

func createDocumentInstance(c *call) error {
	const operation = "CreateDBInstance"
	if c.id = c.in.str("identifier"); c.id == "" {
		c.id = generatedName(c.in.str("identifierPrefix"))
		c.out["identifier"] = c.id
	}
	if instanceNamed(c, c.id) != nil {
		return fail(operation, "DBInstanceAlreadyExists", "DB instance already exists: %s", c.id)
	}
	if err := checkDocumentInstance(c); err != nil {
		return err
	}
	cluster := c.find(typeDocuments, c.in.str("clusterIdentifier"))
	members := c.byProp(typeDocumentInstance, "clusterIdentifier", cluster.ID)
	if len(members) >= maxDocumentInstances {
		return fail(operation, "InstanceQuotaExceeded", "DB Cluster %s has %d instances already", cluster.ID, len(members))
	}
	zones := props(cluster.Props).strings("availabilityZones")
	if zone := c.in.str("availabilityZone"); zone != "" && !slices.Contains(zones, zone) {
		return fail(operation, "InvalidVPCNetworkStateFault", "DB subnet group %s has no subnet in %s", cluster.String("dbSubnetGroupName"), zone)
	}
	c.arn = c.arnOf("rds", "db:"+c.id)
	c.out["dbiResourceId"] = "db-" + upperID(26)
	for _, name := range []string{"dbSubnetGroupName", "engineVersion", "kmsKeyId", "port", "preferredBackupWindow", "storageEncrypted"} {
		c.out[name] = cluster.Props[name]
	}
	maps.Copy(c.out, props{
		"endpoint": fmt.Sprintf("%s.%s.%s.docdb.amazonaws.com", c.id, c.hostLabel("docdb"), c.region), "publiclyAccessible": false,
		"writer": len(members) == 0 && !isSecondary(c, cluster),
	})
	c.standard(props{
		"autoMinorVersionUpgrade": true, "availabilityZone": zones[len(members)%len(zones)], "caCertIdentifier": "rds-ca-rsa2048-g1",
		"copyTagsToSnapshot": false, "engine": "docdb", "preferredMaintenanceWindow": cluster.String("preferredMaintenanceWindow"), "promotionTier": 0.0,
	})
	cluster.Props["clusterMembers"] = append(asList(cluster.Props["clusterMembers"]), c.id)
	return nil
}

func checkDocumentInstance(c *call) error {
	const operation = "CreateDBInstance"
	cluster := c.find(typeDocuments, c.in.str("clusterIdentifier"))
	if cluster == nil {
		return fail(operation, "DBClusterNotFoundFault", "Could not find cluster: %s in %s", c.in.str("clusterIdentifier"), c.region)
	}
	class, version := c.in.str("instanceClass"), cluster.String("engineVersion")
	family := class[:max(0, strings.LastIndex(class, "."))]
	if since := classSince[family]; !managed.Offered(managed.DocumentDB, class, c.region) || since != "" && compareVersions(version, since) < 0 {
		return fail(operation, "InvalidParameterCombination", "RDS does not support creating a DB instance with the following combination: "+
			"DBInstanceClass=%s, Engine=docdb, EngineVersion=%s; %s", class, version, offeredThere(managed.DocumentDB, c.region))
	}
	if cluster.String("globalClusterIdentifier") != "" {
		if err := globalClass(operation, class); err != nil {
			return err
		}
	}
	return usableKeys(c, c.in, operation, "KMSKeyNotAccessibleFault", "performanceInsightsKmsKeyId")
}

// isSecondary says whether the cluster follows another region's.
func isSecondary(c *call, cluster *account.Resource) bool {
	global := cluster.String("globalClusterIdentifier")
	return global != "" && writerOf(c, global) != cluster
}

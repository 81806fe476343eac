package aws

import (
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// Global clusters: https://docs.aws.amazon.com/documentdb/latest/developerguide/global-clusters.html

const maxSecondaries = 5

func createGlobalDocuments(c *call) error {
	const operation = "CreateGlobalCluster"
	c.id = c.in.str("globalClusterIdentifier")
	if c.find(typeGlobalDocuments, c.id) != nil {
		return fail(operation, "GlobalClusterAlreadyExistsFault", "Global cluster %s already exists", c.id)
	}
	c.arn = c.globalARN("rds", "global-cluster:"+c.id)
	c.out = props{"status": "available", "globalClusterResourceId": "cluster-" + hexDigits(16), "globalClusterMembers": []any{}}
	if arn := c.in.str("sourceDbClusterIdentifier"); arn != "" {
		source := clusterOfARN(c, arn)
		if source == nil {
			return fail(operation, "DBClusterNotFoundFault", "Could not find cluster: %s", arn)
		}
		if source.String("globalClusterIdentifier") != "" {
			return fail(operation, "InvalidDBClusterStateFault", "%s is in the global cluster %s already", arn, source.String("globalClusterIdentifier"))
		}
		if source.Props["manageMasterUserPassword"] == true {
			return noManagedGlobal(operation, source.ID)
		}
		for _, instance := range c.state.List(typeDocumentInstance) {
			if instance.Region == source.Region && instance.String("clusterIdentifier") == source.ID {
				if err := globalClass(operation, instance.String("instanceClass")); err != nil {
					return err
				}
			}
		}
		source.Props["globalClusterIdentifier"] = c.id
		c.out["globalClusterMembers"] = []any{map[string]any{"dbClusterArn": arn, "isWriter": true}}
		c.standard(props{"engineVersion": source.Props["engineVersion"], "storageEncrypted": source.Props["storageEncrypted"]})
	}
	c.standard(props{"engine": "docdb", "engineVersion": "5.0.0", "storageEncrypted": false, "deletionProtection": false})
	return nil
}

// removeGlobalDocuments lets the members go first, as the provider does; they live on by themselves.
func removeGlobalDocuments(c *call) error {
	const operation = "DeleteGlobalCluster"
	if c.in.boolean("deletionProtection") {
		return fail(operation, "InvalidParameterCombination", "Cannot delete protected Global Cluster, please disable deletion protection and try again.")
	}
	for _, member := range c.in.objects("globalClusterMembers") {
		if cluster := clusterOfARN(c, member.str("dbClusterArn")); cluster != nil {
			cluster.Props["globalClusterIdentifier"] = ""
		}
	}
	return nil
}

// joinGlobal makes a new cluster a member: the first writes, the others follow in regions of their own.
func joinGlobal(c *call) error {
	const operation = "CreateDBCluster"
	id := c.in.str("globalClusterIdentifier")
	if id == "" {
		return nil
	}
	global := c.find(typeGlobalDocuments, id)
	if global == nil {
		return fail(operation, "GlobalClusterNotFoundFault", "Global cluster %s not found", id)
	}
	if c.in.boolean("manageMasterUserPassword") {
		return noManagedGlobal(operation, c.id)
	}
	members := props(global.Props).objects("globalClusterMembers")
	for _, member := range members {
		if region := strings.Split(member.str("dbClusterArn"), ":")[3]; region == c.region {
			return fail(operation, "InvalidGlobalClusterStateFault", "Global cluster %s has a cluster in %s already", id, region)
		}
	}
	if len(members) > maxSecondaries {
		return fail(operation, "GlobalClusterQuotaExceededFault", "Global cluster %s has %d clusters already", id, len(members))
	}
	if writer := writerOf(c, id); writer != nil {
		if c.value("engineVersion") != writer.Props["engineVersion"] || c.value("storageEncrypted") != writer.Props["storageEncrypted"] {
			return fail(operation, "InvalidParameterCombination", "engineVersion and storageEncrypted must be those of %s", writer.ARN)
		}
		if writer.Props["storageEncrypted"] == true && !c.in.has("kmsKeyId") {
			return fail(operation, "InvalidParameterCombination", "For encrypted cross-region replica, kmsKeyId should be explicitly specified")
		}
	}
	global.Props["globalClusterMembers"] = append(asList(global.Props["globalClusterMembers"]),
		map[string]any{"dbClusterArn": c.arn, "isWriter": len(members) == 0})
	return nil
}

// leaveGlobal judges a change of the global cluster: a cluster may leave one, and join none but when it is made.
func leaveGlobal(c *call) error {
	was, is := c.old.str("globalClusterIdentifier"), c.in.str("globalClusterIdentifier")
	switch {
	case !c.in.has("globalClusterIdentifier") || was == is:
		return nil
	case is != "":
		return fail("ModifyDBCluster", "InvalidParameterCombination", "An existing cluster cannot be added to the global cluster %s", is)
	}
	return dropMember(c, "RemoveFromGlobalCluster", was)
}

// dropMember takes the call's cluster out of its global cluster. The writer leaves last.
func dropMember(c *call, operation, id string) error {
	global := c.find(typeGlobalDocuments, id)
	if id == "" || global == nil {
		return nil
	}
	var rest []any
	for _, member := range props(global.Props).objects("globalClusterMembers") {
		if member.str("dbClusterArn") != c.arn {
			rest = append(rest, map[string]any(member))
		}
	}
	if writer := writerOf(c, id); writer != nil && writer.ARN == c.arn && len(rest) > 0 {
		return fail(operation, "InvalidDBClusterStateFault", "This cluster is a part of a global cluster, please remove it from globalcluster first: %s has other clusters", id)
	}
	global.Props["globalClusterMembers"] = rest
	return nil
}

// writerOf returns the cluster of a global cluster that takes writes, or nil.
func writerOf(c *call, id string) *account.Resource {
	global := c.find(typeGlobalDocuments, id)
	if global == nil {
		return nil
	}
	for _, member := range props(global.Props).objects("globalClusterMembers") {
		if member.boolean("isWriter") {
			return clusterOfARN(c, member.str("dbClusterArn"))
		}
	}
	return nil
}

// clusterOfARN returns a DocumentDB cluster of any region, or nil.
func clusterOfARN(c *call, arn string) *account.Resource {
	for _, r := range c.state.List(typeDocuments) {
		if r.ARN == arn {
			return r
		}
	}
	return nil
}

// https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-secrets-manager.html (limitations)
func noManagedGlobal(operation, cluster string) error {
	return fail(operation, "InvalidParameterCombination", "Managing the master user password of %s with Secrets Manager isn't supported for clusters of a global cluster", cluster)
}

// https://docs.aws.amazon.com/documentdb/latest/developerguide/global-clusters.get-started.html (configuration)
func globalClass(operation, class string) error {
	if strings.HasPrefix(class, "db.t") {
		return fail(operation, "InvalidParameterCombination", "Instance class %s is not supported in a global cluster", class)
	}
	return nil
}

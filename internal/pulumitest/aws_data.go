package pulumitest

import "fmt"

// dataIdentities are the ARNs of the data layer, of what guards it and of what the environments share.
var dataIdentities = map[string]identity{
	"aws:accessanalyzer/analyzer:Analyzer":                  {arn: "arn:aws:access-analyzer:{region}:{account}:analyzer/{id}"},
	"aws:athena/workgroup:Workgroup":                        {arn: "arn:aws:athena:{region}:{account}:workgroup/{id}"},
	"aws:backup/plan:Plan":                                  {arn: "arn:aws:backup:{region}:{account}:backup-plan:{id}"},
	"aws:backup/vault:Vault":                                {arn: "arn:aws:backup:{region}:{account}:backup-vault:{id}"},
	"aws:bcmdata/export:Export":                             {arn: "arn:aws:bcm-data-exports:us-east-1:{account}:export/{id}"},
	"aws:cloudtrail/trail:Trail":                            {arn: "arn:aws:cloudtrail:{region}:{account}:trail/{id}"},
	"aws:cloudwatch/eventRule:EventRule":                    {arn: "arn:aws:events:{region}:{account}:rule/{id}"},
	"aws:cloudwatch/metricAlarm:MetricAlarm":                {arn: "arn:aws:cloudwatch:{region}:{account}:alarm:{id}"},
	"aws:docdb/cluster:Cluster":                             {arn: "arn:aws:rds:{region}:{account}:cluster:{id}"},
	"aws:docdb/clusterInstance:ClusterInstance":             {arn: "arn:aws:rds:{region}:{account}:db:{id}"},
	"aws:docdb/clusterParameterGroup:ClusterParameterGroup": {arn: "arn:aws:rds:{region}:{account}:cluster-pg:{id}"},
	"aws:docdb/globalCluster:GlobalCluster":                 {arn: "arn:aws:rds::{account}:global-cluster:{id}"},
	"aws:docdb/subnetGroup:SubnetGroup":                     {arn: "arn:aws:rds:{region}:{account}:subgrp:{id}"},
	"aws:ecr/repository:Repository":                         {arn: "arn:aws:ecr:{region}:{account}:repository/{id}"},
	"aws:elasticache/parameterGroup:ParameterGroup":         {arn: "arn:aws:elasticache:{region}:{account}:parametergroup:{id}"},
	"aws:elasticache/replicationGroup:ReplicationGroup":     {arn: "arn:aws:elasticache:{region}:{account}:replicationgroup:{id}"},
	"aws:elasticache/subnetGroup:SubnetGroup":               {arn: "arn:aws:elasticache:{region}:{account}:subnetgroup:{id}"},
	"aws:elasticache/user:User":                             {arn: "arn:aws:elasticache:{region}:{account}:user:{id}"},
	"aws:elasticache/userGroup:UserGroup":                   {arn: "arn:aws:elasticache:{region}:{account}:usergroup:{id}"},
	"aws:glue/catalogDatabase:CatalogDatabase":              {arn: "arn:aws:glue:{region}:{account}:database/{id}"},
	"aws:glue/catalogTable:CatalogTable":                    {arn: "arn:aws:glue:{region}:{account}:table/{id}"},
	"aws:guardduty/detector:Detector":                       {arn: "arn:aws:guardduty:{region}:{account}:detector/{id}"},
	"aws:msk/cluster:Cluster":                               {arn: "arn:aws:kafka:{region}:{account}:cluster/{id}/9f0c1d2e-0000-4000-8000-000000000000-2"},
	"aws:msk/configuration:Configuration":                   {arn: "arn:aws:kafka:{region}:{account}:configuration/{id}/9f0c1d2e-0000-4000-8000-000000000000-2"},
	"aws:rds/instance:Instance":                             {arn: "arn:aws:rds:{region}:{account}:db:{id}"},
	"aws:rds/parameterGroup:ParameterGroup":                 {arn: "arn:aws:rds:{region}:{account}:pg:{id}"},
	"aws:rds/proxy:Proxy":                                   {arn: "arn:aws:rds:{region}:{account}:db-proxy:{id}"},
	"aws:rds/subnetGroup:SubnetGroup":                       {arn: "arn:aws:rds:{region}:{account}:subgrp:{id}"},
	"aws:secretsmanager/secret:Secret":                      {arn: "arn:aws:secretsmanager:{region}:{account}:secret:{id}"},
	"aws:sfn/stateMachine:StateMachine":                     {arn: "arn:aws:states:{region}:{account}:stateMachine:{id}"},
	"aws:sns/topic:Topic":                                   {arn: "arn:aws:sns:{region}:{account}:{id}"},
	"aws:sqs/queue:Queue":                                   {arn: "arn:aws:sqs:{region}:{account}:{id}"},
}

// dataOutputs are what components read of them.
var dataOutputs = map[string]func(*Resource) map[string]any{
	"aws:backup/vault:Vault":                 named,
	"aws:cloudtrail/trail:Trail":             named,
	"aws:cloudwatch/eventRule:EventRule":     named,
	"aws:cloudwatch/metricAlarm:MetricAlarm": named,
	"aws:docdb/cluster:Cluster": func(found *Resource) map[string]any {
		id := chosen(found, "clusterIdentifier")
		return map[string]any{
			"clusterIdentifier": id, "clusterResourceId": "cluster-" + digits(found, 26),
			"endpoint":          id + ".cluster-c1.af-south-1.docdb.amazonaws.com",
			"readerEndpoint":    id + ".cluster-ro-c1.af-south-1.docdb.amazonaws.com",
			"masterUserSecrets": managedSecret(found),
		}
	},
	"aws:docdb/clusterInstance:ClusterInstance":             func(found *Resource) map[string]any { return map[string]any{"identifier": chosen(found, "identifier")} },
	"aws:docdb/clusterParameterGroup:ClusterParameterGroup": named,
	"aws:docdb/subnetGroup:SubnetGroup":                     named,
	"aws:docdb/globalCluster:GlobalCluster": func(found *Resource) map[string]any {
		return map[string]any{"globalClusterIdentifier": chosen(found, "globalClusterIdentifier")}
	},
	"aws:ecr/repository:Repository": func(found *Resource) map[string]any {
		return map[string]any{
			"name": physicalName(found), "registryId": AccountID,
			"repositoryUrl": AccountID + ".dkr.ecr." + Region + ".amazonaws.com/" + physicalName(found),
		}
	},
	"aws:elasticache/parameterGroup:ParameterGroup": named,
	"aws:elasticache/replicationGroup:ReplicationGroup": func(found *Resource) map[string]any {
		id := chosen(found, "replicationGroupId")
		return map[string]any{
			"replicationGroupId":     id,
			"primaryEndpointAddress": "master." + id + ".x1.afs1.cache.amazonaws.com",
			"readerEndpointAddress":  "replica." + id + ".x1.afs1.cache.amazonaws.com",
		}
	},
	"aws:elasticache/subnetGroup:SubnetGroup":  named,
	"aws:glue/catalogDatabase:CatalogDatabase": named,
	"aws:glue/catalogTable:CatalogTable":       named,
	"aws:athena/workgroup:Workgroup":           named,
	"aws:msk/cluster:Cluster": func(found *Resource) map[string]any {
		return map[string]any{
			"clusterName": chosen(found, "clusterName"), "clusterUuid": "9f0c1d2e-0000-4000-8000-000000000000-2",
			"bootstrapBrokersSaslIam": "b-1.x.kafka.af-south-1.amazonaws.com:9098,b-2.x.kafka.af-south-1.amazonaws.com:9098",
		}
	},
	"aws:msk/configuration:Configuration": func(*Resource) map[string]any { return map[string]any{"latestRevision": 1} },
	"aws:rds/instance:Instance": func(found *Resource) map[string]any {
		id := chosen(found, "identifier")
		return map[string]any{
			"identifier": id, "resourceId": "db-" + digits(found, 26), "port": 5432,
			"address":           id + ".c1.af-south-1.rds.amazonaws.com",
			"endpoint":          id + ".c1.af-south-1.rds.amazonaws.com:5432",
			"masterUserSecrets": managedSecret(found),
		}
	},
	"aws:rds/parameterGroup:ParameterGroup": named,
	"aws:rds/proxy:Proxy": func(found *Resource) map[string]any {
		return map[string]any{"name": physicalName(found), "endpoint": physicalName(found) + ".proxy-c1.af-south-1.rds.amazonaws.com"}
	},
	"aws:rds/subnetGroup:SubnetGroup": named,
	"aws:s3/bucketV2:BucketV2": func(found *Resource) map[string]any {
		return map[string]any{"bucket": found.ID, "bucketRegionalDomainName": found.ID + ".s3." + Region + ".amazonaws.com"}
	},
	"aws:secretsmanager/secret:Secret":  named,
	"aws:sfn/stateMachine:StateMachine": named,
	"aws:sns/topic:Topic":               named,
	"aws:sqs/queue:Queue": func(found *Resource) map[string]any {
		name := physicalName(found)
		return map[string]any{"name": name, "url": fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/%s", Region, AccountID, name)}
	},
}

// chosen is the name that the program gave under that key, else one that Pulumi makes.
func chosen(found *Resource, key string) string {
	if name, ok := found.Inputs[key].(string); ok {
		return name
	}
	return physicalName(found)
}

// managedSecret is what AWS tells of a master password that it keeps itself.
func managedSecret(found *Resource) []any {
	if found.Inputs["manageMasterUserPassword"] != true {
		return nil
	}
	return []any{map[string]any{
		"secretArn":    arn("arn:aws:secretsmanager:{region}:{account}:secret:{id}", "rds!"+digits(found, 12)),
		"secretStatus": "active", "kmsKeyId": found.Inputs["masterUserSecretKmsKeyId"],
	}}
}

func init() {
	for token, identity := range dataIdentities {
		identities[token] = identity
	}
	for token, outputs := range dataOutputs {
		typeOutputs[token] = outputs
	}
}

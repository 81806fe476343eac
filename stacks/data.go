package stacks

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/apps"
	"github.com/cloudinsight/platform/components/costdata"
	"github.com/cloudinsight/platform/components/documentdb"
	"github.com/cloudinsight/platform/components/eks"
	"github.com/cloudinsight/platform/components/msk"
	"github.com/cloudinsight/platform/components/rds"
	"github.com/cloudinsight/platform/components/redis"
	"github.com/cloudinsight/platform/components/secrets"
	"github.com/cloudinsight/platform/components/vpc"
)

// environmentData are the data stores of an environment.
type environmentData struct {
	rds        *rds.Database
	documentdb *documentdb.Cluster
	msk        *msk.Cluster
	redis      *redis.Cache
	costData   *costdata.CostData

	brokers int // of the Kafka cluster
}

// newData registers the data stores. None of them waits for another. RDS and DocumentDB share a space of names.
func (e *environment) newData(
	keys *environmentKeys, buckets *environmentBuckets, network *vpc.Network, cluster *eks.Cluster,
) (d *environmentData, err error) {
	d = &environmentData{brokers: e.cfg.MSK.BrokersPerZone * len(e.cfg.Network.DataZones)}
	if d.rds, err = e.newRDS(keys, network, cluster); err != nil {
		return nil, err
	}
	if d.documentdb, err = e.newDocumentDB(keys, network, cluster); err != nil {
		return nil, err
	}
	if d.msk, err = e.newMSK(keys, network, cluster); err != nil {
		return nil, err
	}
	if d.redis, err = e.newRedis(keys, network, cluster); err != nil {
		return nil, err
	}
	d.costData, err = e.newCostData(keys, buckets)
	return d, err
}

func (e *environment) newRDS(keys *environmentKeys, network *vpc.Network, cluster *eks.Cluster) (*rds.Database, error) {
	c, m := e.cfg.RDS, e.cfg.Maintenance
	args := &rds.DatabaseArgs{
		Name: e.name + "-postgresql", Region: e.cfg.Region, AccountID: e.account, VPCID: network.ID, SubnetIDs: network.DataSubnetIDs,
		EngineVersion: c.EngineVersion, InstanceClass: c.InstanceClass, StorageGiB: c.StorageGiB, MaxStorageGiB: c.MaxStorageGiB,
		SingleZone: c.SingleZone, ReadReplicas: c.ReadReplicas, BackupRetentionDays: c.BackupRetentionDays, Proxy: c.Proxy,
		RestoreFrom:  c.RestoreFrom,
		BackupWindow: m.BackupWindow, MaintenanceWindow: m.Window, Clients: e.clients(apps.PostgreSQL, cluster),
		KeyARN: keys.data.ARN, SecretKeyARN: keys.secrets.ARN, LogKeyARN: keys.logs.ARN, LogRetentionDays: e.cfg.Logs.RetentionDays,
		Unprotected: e.lifted("rds"), SkipFinalSnapshot: e.cfg.Protection.Disabled, Classification: e.classification(),
	}
	if c.ReadReplicas > 0 {
		login, err := e.newLogin("rds", "Master user of PostgreSQL", rds.DefaultUsername, keys)
		if err != nil {
			return nil, err
		}
		args.Login = &rds.Login{Password: login.Password, SecretARN: login.ARN}
	}
	return rds.NewDatabase(e.ctx, e.name, args, e.onlyAWS())
}

// newLogin is for the databases whose password AWS does not manage.
func (e *environment) newLogin(part, description, username string, keys *environmentKeys) (*secrets.Login, error) {
	return secrets.NewLogin(e.ctx, e.name+"-"+part, &secrets.LoginArgs{
		Name: e.name + "-" + part, Description: description + " of " + e.name, Username: username, KeyARN: keys.secrets.ARN,
		NoRecovery: e.cfg.Protection.Disabled, Unprotected: e.lifted("secrets"), Classification: e.classification(),
	}, e.onlyAWS())
}

func (e *environment) newDocumentDB(keys *environmentKeys, network *vpc.Network, cluster *eks.Cluster) (*documentdb.Cluster, error) {
	c, m := e.cfg.DocumentDB, e.cfg.Maintenance
	args := &documentdb.ClusterArgs{
		Name: e.name + "-documentdb", Region: e.cfg.Region, AccountID: e.account, VPCID: network.ID, SubnetIDs: network.DataSubnetIDs,
		EngineVersion: c.EngineVersion, InstanceClass: c.InstanceClass, Instances: c.Instances, BackupRetentionDays: c.BackupRetentionDays,
		ReplicaScaling: replicaScaling(c.ReplicaScaling), RestoreFrom: c.RestoreFrom, Tags: defaultTags(e.cfg),
		BackupWindow: m.BackupWindow, MaintenanceWindow: m.Window, Clients: e.clients(apps.DocumentDB, cluster),
		KeyARN: keys.data.ARN, LogKeyARN: keys.logs.ARN, LogRetentionDays: e.cfg.Logs.RetentionDays,
		Unprotected: e.lifted("documentdb"), SkipFinalSnapshot: e.cfg.Protection.Disabled, Classification: e.classification(),
	}
	if c.Global {
		login, err := e.newLogin("documentdb", "Master user of DocumentDB", documentdb.DefaultUsername, keys)
		if err != nil {
			return nil, err
		}
		args.Global, args.Login = true, &documentdb.Login{Password: login.Password, SecretARN: login.ARN}
	}
	return documentdb.NewCluster(e.ctx, e.name, args, e.onlyAWS())
}

func (e *environment) newMSK(keys *environmentKeys, network *vpc.Network, cluster *eks.Cluster) (*msk.Cluster, error) {
	c := e.cfg.MSK
	return msk.NewCluster(e.ctx, e.name, &msk.ClusterArgs{
		Name: e.name, Region: e.cfg.Region, VPCID: network.ID, SubnetsByZone: network.DataSubnets,
		KafkaVersion: c.KafkaVersion, InstanceType: c.InstanceType, BrokersPerZone: c.BrokersPerZone,
		VolumeGiB: c.VolumeGiB, MaxVolumeGiB: c.MaxVolumeGiB, AutoCreateTopics: c.AutoCreateTopics,
		Clients: e.clients(apps.Kafka, cluster), KeyARN: keys.data.ARN, LogKeyARN: keys.logs.ARN,
		LogRetentionDays: e.cfg.Logs.RetentionDays, Unprotected: e.lifted("msk"), Classification: e.classification(),
	}, e.onlyAWS())
}

func (e *environment) newRedis(keys *environmentKeys, network *vpc.Network, cluster *eks.Cluster) (*redis.Cache, error) {
	c, m := e.cfg.Redis, e.cfg.Maintenance
	return redis.NewCache(e.ctx, e.name, &redis.CacheArgs{
		Name: e.name, Region: e.cfg.Region, AccountID: e.account, VPCID: network.ID, SubnetIDs: network.DataSubnetIDs,
		EngineVersion: c.EngineVersion, NodeType: c.NodeType, Nodes: c.Nodes, Users: e.redisUsers(),
		SnapshotRetentionDays: snapshotDays(c.SnapshotRetentionDays), SnapshotWindow: m.BackupWindow, MaintenanceWindow: m.Window,
		Clients: e.clients(apps.Redis, cluster), KeyARN: keys.data.ARN, LogKeyARN: keys.logs.ARN,
		LogRetentionDays: e.cfg.Logs.RetentionDays, Unprotected: e.lifted("redis"), SkipFinalSnapshot: e.cfg.Protection.Disabled,
		Classification: e.classification(),
	}, e.onlyAWS())
}

func (e *environment) newCostData(keys *environmentKeys, buckets *environmentBuckets) (*costdata.CostData, error) {
	c := e.cfg.CostData
	args := &costdata.Args{
		Name: e.name, Region: e.cfg.Region, AccountID: e.account, Export: c.Export,
		BucketName: buckets.costData.Name, BucketARN: buckets.costData.ARN, KeyARN: keys.data.ARN,
		ScanLimitBytes: int64(c.ScanLimitGiB) << 30, Aggregator: c.Aggregator,
	}
	if e.billing != nil {
		args.ExportProvider = e.billing
	}
	return costdata.NewCostData(e.ctx, e.name, args, e.onlyAWS())
}

// clients are the security groups that a store admits: the nodes', whose pods are told apart by their network policies. A
// store that no service uses admits nobody.
func (e *environment) clients(store apps.Store, cluster *eks.Cluster) map[string]pulumi.StringInput {
	if !apps.UsesStore(e.rows(), store) {
		return nil
	}
	return map[string]pulumi.StringInput{"nodes": cluster.SecurityGroupID}
}

// rows are the services of the environment.
func (e *environment) rows() []apps.Row {
	return slices.Concat(apps.Catalog(), extraServices(e.cfg.Apps.ExtraServices))
}

// redisUsers are the names of the users that services come to Redis as.
func (e *environment) redisUsers() []string {
	var users []string
	for _, service := range apps.UsersOf(e.rows(), apps.Redis) {
		users = append(users, apps.RedisUserName(string(e.cfg.Environment), service))
	}
	return users
}

// stores are what the services are told of the data stores.
func (d *environmentData) stores(e *environment, keys *environmentKeys) apps.Stores {
	users := map[string]pulumi.StringOutput{}
	for _, service := range apps.UsersOf(e.rows(), apps.Redis) {
		users[service] = d.redis.UserARNs[apps.RedisUserName(string(e.cfg.Environment), service)]
	}
	return apps.Stores{
		PostgreSQL: &apps.PostgreSQLStore{
			Host: d.rds.Endpoint, ReaderHost: d.rds.ReaderEndpoint, SecretARN: d.rds.SecretARN, SecretKeyARN: keys.secrets.ARN,
			Port: rds.Port, Database: d.rds.DatabaseName,
		},
		DocumentDB: &apps.DocumentDBStore{
			Host: d.documentdb.Endpoint, ReaderHost: d.documentdb.ReaderEndpoint, SecretARN: d.documentdb.SecretARN,
			SecretKeyARN: documentsKey(e, keys), Port: documentdb.Port,
		},
		Kafka: &apps.KafkaStore{BootstrapBrokers: d.msk.BootstrapBrokers, ClusterARN: d.msk.ARN, Brokers: d.brokers, Ready: d.msk.Ready},
		Redis: &apps.RedisStore{
			Host: d.redis.Endpoint, ReaderHost: d.redis.ReaderEndpoint, ReplicationGroupARN: d.redis.ReplicationGroupARN,
			UserARNs: users, Port: redis.Port,
		},
		CostData: &apps.CostDataStore{
			QueueURL: d.costData.QueueURL, Database: d.costData.Database, Workgroup: d.costData.Workgroup, Policy: d.costData.ReadPolicy,
		},
	}
}

// documentsKey encrypts the secret of DocumentDB: AWS's own, which needs no permission, except in a global cluster.
func documentsKey(e *environment, keys *environmentKeys) pulumi.StringInput {
	if !e.cfg.DocumentDB.Global {
		return nil
	}
	return keys.secrets.ARN
}

// endpoints are the host names of the stores, for people.
func (d *environmentData) endpoints() pulumi.StringMap {
	return pulumi.StringMap{
		"postgresql": d.rds.Endpoint, "documentdb": d.documentdb.Endpoint, "kafka": d.msk.BootstrapBrokers, "redis": d.redis.Endpoint,
	}
}

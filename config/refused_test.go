package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/cloudinsight/platform/config"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

// parse reads a stack file of which only the changes are given, laid over a small one that is right.
func parse(t *testing.T, environment, changes string) (*config.Config, error) {
	t.Helper()
	file := map[string]any{}
	require.NoError(t, yaml.Unmarshal(fmt.Appendf(nil, `
environment: %s
tags: {owner: platform, costCenter: cc-1}
network: {cidr: 10.2.0.0/16}
nodeGroups:
  workload: {instanceTypes: [m5.xlarge], min: 3, desired: 3, max: 15}
`, environment), &file))
	over := map[string]any{}
	require.NoError(t, yaml.Unmarshal([]byte(changes), &over))
	merge(file, over)

	// The engine's own reader turns the file into what the program gets.
	text, err := yaml.Marshal(map[string]any{"config": file})
	require.NoError(t, err)
	return config.Parse(pulumitest.ParseStack(t, string(text)), catalog)
}

func merge(into, over map[string]any) {
	for key, value := range over {
		inner, isObject := value.(map[string]any)
		outer, wasObject := into[key].(map[string]any)
		if isObject && wasObject {
			merge(outer, inner)
		} else {
			into[key] = value
		}
	}
}

func TestParse_AcceptsTheSmallestFile(t *testing.T) {
	for _, environment := range []string{"dev", "staging", "prod"} {
		_, err := parse(t, environment, "")
		require.NoError(t, err)
	}
}

// Every rule refuses a value: the changes to a prod file, and each line of the error.
func TestParse_Refuses(t *testing.T) {
	for _, test := range []struct{ changes, want string }{
		// Reading.
		{`netwrok: {}`, `netwrok: unknown key, did you mean "network"?`},
		{`network: {cdir: 10.2.0.0/16}`, `network.cdir: unknown key, did you mean "cidr"?`},
		{`network: {flowLogs: {weight: 1}}`, `network.flowLogs.weight: unknown key, known are destination`},
		{`nodeGroups: {workload: {instanceType: [m5.large]}}`, `nodeGroups.workload.instanceType: unknown key, did you mean "instanceTypes"?`},
		{`network: {cidr: 10}`, `network.cidr: must be a string (put it in quotes), got 10`},
		{`network: []`, `network: must be an object, got a list`},
		{`network: hello`, `network: must be an object, got "hello"`},
		{`network: {zones: af-south-1a}`, `network.zones: must be a list, got "af-south-1a"`},
		{`network: {zones: [af-south-1a, 2]}`, `network.zones[1]: must be a string (put it in quotes), got 2`},
		{`network: {subnets: {private: 1}}`, `network.subnets.private: must be an object, got 1`},
		{`cluster: {version: 1.36}`, `cluster.version: must be a string (put it in quotes), got 1.36`},
		{`logs: {retentionDays: "90"}`, `logs.retentionDays: must be a whole number, got "90"`},
		{`logs: {retentionDays: 7.5}`, `logs.retentionDays: must be a whole number, got 7.5`},
		{`cluster: {version: null}`, `cluster.version: must be a string, got nothing`},
		{`apps: {autoscaling: {disabled: "yes"}}`, `apps.autoscaling.disabled: must be true or false, got "yes"`},
		{`network: {natGateways: {}}`, `network.natGateways: must be a string, got an object`},
		{`network: {natGateways: one}`, `network.natGateways: must be one of perZone, single, got "one"`},

		// The stack.
		{`environment: live`, `environment: must be one of dev, staging, prod, recovery, shared, got "live"`},
		{`region: ap-south-1`, `region: must be a known region, got "ap-south-1", did you mean "af-south-1"?`},
		{`drRegion: mars`, `drRegion: must be a known region, got "mars", known are af-south-1, eu-west-1, us-east-1`},
		{`drRegion: af-south-1`, `drRegion: must differ from region, got "af-south-1"`},
		{`tags: {owner: ""}`, `tags.owner: is required`},
		{`tags: {costCenter: "<none>"}`, `tags.costCenter: must be 1 to 256 letters, digits, spaces or + - = . _ : / @, got "<none>"`},

		// The network.
		{`network: {cidr: ""}`, `network.cidr: is required`},
		{`network: {cidr: 10.2.0.0}`, `network.cidr: must be an IPv4 range such as 10.0.0.0/16, got "10.2.0.0"`},
		{`network: {cidr: 10.2.0.0/24}`, `network.cidr: must be between /16 and /20, got "10.2.0.0/24"`},
		{`network: {zones: [af-south-1a]}`, `network.zones: must name at least 2 zones, got 1`},
		{`network: {zones: [af-south-1a, af-south-1b, af-south-1a]}`, `network.zones[2]: must be named once, got "af-south-1a" again`},
		{`network: {zones: [af-south-1a, eu-west-1b, af-south-1b], dataZones: [af-south-1a, af-south-1b, eu-west-1b]}`, `
			network.dataZones[2]: must be a zone of region af-south-1 (af-south-1a, af-south-1b, af-south-1c), got "eu-west-1b"
			network.zones[1]: must be a zone of region af-south-1 (af-south-1a, af-south-1b, af-south-1c), got "eu-west-1b"`},
		{`network: {dataZones: [af-south-1b, af-south-1c]}`, `network.dataZones: must have all of network.zones, lacks "af-south-1a"`},
		{`network: {dataZones: []}`, `
			network.dataZones: must have all of network.zones, lacks "af-south-1a"
			network.dataZones: must have all of network.zones, lacks "af-south-1b"
			network.dataZones: must name at least 2 zones, got 0`},
		{`network: {subnets: {private: {af-south-1a: 10.9.1.0/24}}}`, `network.subnets.private.af-south-1a: must lie inside network.cidr 10.2.0.0/16, got "10.9.1.0/24"`},
		{`network: {subnets: {data: {af-south-1c: 10.2.11.0/25}}}`, `network.subnets.data.af-south-1c: must not overlap network.subnets.private.af-south-1a 10.2.11.0/24, got "10.2.11.0/25"`},
		{`network: {subnets: {public: {af-south-1c: 10.2.3.0/24}}}`, `network.subnets.public.af-south-1c: must be a zone of the tier, got "af-south-1c"`},
		{`network: {subnets: {public: {af-south-1a: 10.2.1.0/29}}}`, `network.subnets.public.af-south-1a: must be between /16 and /28, got "10.2.1.0/29"`},
		{`network: {podCidr: 10.2.128.0/18}`, `network.podCidr: must not overlap network.cidr 10.2.0.0/16, got "10.2.128.0/18"`},
		{`network: {podCidr: 192.168.0.0/16}`, `network.podCidr: must lie in 100.64.0.0/10 or in the private range of network.cidr 10.2.0.0/16, got "192.168.0.0/16"`},
		{`network: {interfaceEndpoints: [sts, ecr.ap, sts]}`, `
			network.interfaceEndpoints[1]: must be a known service, got "ecr.ap", did you mean "ecr.api"?
			network.interfaceEndpoints[2]: must be named once, got "sts" again`},

		// The cluster.
		{`cluster: {version: "1.36.3"}`, `cluster.version: must be a Kubernetes minor version such as "1.36", got "1.36.3"`},
		{`cluster: {publicAccessCidrs: [0.0.0.0/0]}`, `cluster.publicAccessCidrs[0]: must be /8 or longer outside dev, so that the API server is not open to the world, got "0.0.0.0/0"`},
		{`cluster: {publicAccessCidrs: [0.0.0.0/1, 128.0.0.0/1]}`, `
			cluster.publicAccessCidrs[0]: must be /8 or longer outside dev, so that the API server is not open to the world, got "0.0.0.0/1"
			cluster.publicAccessCidrs[1]: must be /8 or longer outside dev, so that the API server is not open to the world, got "128.0.0.0/1"`},
		{`cluster: {publicAccessCidrs: [198.51.100.7/24]}`, `cluster.publicAccessCidrs[0]: must be an IPv4 range such as 198.51.100.0/24, got "198.51.100.7/24"`},
		{`cluster: {publicAccessCidrs: [10.0.0.0/16]}`, `cluster.publicAccessCidrs[0]: must be a public range, got "10.0.0.0/16"`},
		{`cluster: {publicAccessCidrs: [198.51.100.0/24, 198.51.100.0/24]}`, `cluster.publicAccessCidrs[1]: must be named once, got "198.51.100.0/24" again`},
		{"cluster: {publicAccessCidrs: [" + manyRanges(41) + "]}", `cluster.publicAccessCidrs: must have at most 40 ranges, got 41`},
		{`logs: {retentionDays: 91}`, `logs.retentionDays: must be a retention of CloudWatch Logs (1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653), got 91`},
		{`cluster: {adminRoleArns: ["arn:aws:iam::111122223333:user/ann"]}`, `cluster.adminRoleArns[0]: must be the ARN of an IAM role, got "arn:aws:iam::111122223333:user/ann"`},
		{`cluster: {adminRoleArns: ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/a"]}`, `cluster.adminRoleArns[1]: must be named once, got "arn:aws:iam::111122223333:role/a" again`},
		{`cluster: {serviceCidr: 172.20.0.0}`, `cluster.serviceCidr: must be an IPv4 range such as 172.20.0.0/16, got "172.20.0.0"`},
		{`cluster: {serviceCidr: 172.20.0.0/28}`, `cluster.serviceCidr: must be between /12 and /24, got "172.20.0.0/28"`},
		{`cluster: {serviceCidr: 100.64.0.0/16}`, `cluster.serviceCidr: must lie in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, got "100.64.0.0/16"`},
		{`cluster: {serviceCidr: 10.2.0.0/20}`, `cluster.serviceCidr: must not overlap network.cidr 10.2.0.0/16, got "10.2.0.0/20"`},
		{`{cluster: {serviceCidr: 10.3.0.0/20}, network: {podCidr: 10.3.0.0/16}}`, `cluster.serviceCidr: must not overlap network.podCidr 10.3.0.0/16, got "10.3.0.0/20"`},

		// The node groups.
		{`nodeGroups: null`, `nodeGroups: must be an object, got nothing`},
		{`nodeGroups: {Workload: {instanceTypes: [m5.large], max: 1}}`, `nodeGroups.Workload: must be named by at most 30 lower case letters, digits and dashes, a letter first, got "Workload"`},
		{`nodeGroups: {workload: {min: 5, max: 3, desired: 4}}`, `nodeGroups.workload.min: must not be above max 3, got 5`},
		{`nodeGroups: {workload: {min: -1}}`, `nodeGroups.workload.min: must not be negative, got -1`},
		{`nodeGroups: {workload: {max: 0}}`, `nodeGroups.workload.max: must be at least 1, got 0`},
		{`nodeGroups: {workload: {desired: 16}}`, `nodeGroups.workload.desired: must be between min 3 and max 15, got 16`},
		{`nodeGroups: {workload: {diskGib: 8}}`, `nodeGroups.workload.diskGib: must be between 20 and 16384, got 8`},
		{`nodeGroups: {workload: {instanceTypes: []}}`, `nodeGroups.workload.instanceTypes: must name at least one type`},
		{`nodeGroups: {workload: {instanceTypes: [m5.lage]}}`, `nodeGroups.workload.instanceTypes[0]: must be a known type, got "m5.lage", did you mean "m5.large"?`},
		{`nodeGroups: {workload: {instanceTypes: [t3a.medium]}}`, `
			nodeGroups.workload.instanceTypes[0]: must be offered in af-south-1a, got "t3a.medium"
			nodeGroups.workload.instanceTypes[0]: must be offered in af-south-1b, got "t3a.medium"`},
		{`nodeGroups: {workload: {instanceTypes: [c6g.large]}}`, `nodeGroups.workload.instanceTypes[0]: must be offered in af-south-1a, got "c6g.large"`},
		{`nodeGroups: {workload: {capacityType: spot, instanceTypes: [m5.large, m6i.large]}}`, `nodeGroups.workload.instanceTypes: must name at least 3 types for spot, so that the group outlives a pool, got 2`},
		{`nodeGroups: {workload: {instanceTypes: [m5.large, m5.large]}}`, `nodeGroups.workload.instanceTypes[1]: must be named once, got "m5.large" again`},
		{`nodeGroups: {workload: {instanceTypes: [m5.large, m6g.large]}}`, `nodeGroups.workload.instanceTypes[1]: must be of the architecture of m5.large, amd64, got "m6g.large" (arm64)`},
		{`nodeGroups: {workload: {instanceTypes: [m5.large, m5.xlarge]}}`, `nodeGroups.workload.instanceTypes[1]: must be of the size of m5.large, 2 vCPU and 8192 MiB, got "m5.xlarge" (4 vCPU and 16384 MiB)`},
		{`nodeGroups: {workload: {zones: []}}`, `nodeGroups.workload.zones: must name at least one zone`},
		{`nodeGroups: {workload: {zones: [af-south-1c]}}`, `nodeGroups.workload.zones[0]: must be among network.zones (af-south-1a, af-south-1b), got "af-south-1c"`},
		{`nodeGroups: {workload: {zones: [af-south-1a, af-south-1a]}}`, `nodeGroups.workload.zones[1]: must be named once, got "af-south-1a" again`},
		{`nodeGroups: {workload: {labels: {kubernetes.io/role: x}}}`, `nodeGroups.workload.labels.kubernetes.io/role: must not have a prefix that Kubernetes or EKS keeps for itself`},
		{`nodeGroups: {workload: {taints: [{effect: NoSchedule, key: a}, {effect: NoSchedule, key: a, value: b}]}}`, `nodeGroups.workload.taints[1]: must be named once, got "a:NoSchedule" again`},
		{`nodeGroups: {workload: {taints: [{key: a}]}}`, `nodeGroups.workload.taints[0].effect: is required, one of NoSchedule, PreferNoSchedule, NoExecute`},
		{`nodeGroups: {workload: {taints: [{key: a, effect: Never}]}}`, `nodeGroups.workload.taints[0].effect: must be one of NoSchedule, PreferNoSchedule, NoExecute, got "Never"`},
		{`nodeGroups: {workload: {placementGroup: cluster}}`, `nodeGroups.workload.placementGroup: cluster must have its nodes in one zone, got 2`},
		{`nodeGroups: {workload: {placementGroup: cluster, zones: [af-south-1a], instanceTypes: [t3.large]}}`, `nodeGroups.workload.placementGroup: cluster must not have burstable types, got "t3.large"`},
		{`nodeGroups: {workload: {placementGroup: spread}}`, `nodeGroups.workload.placementGroup: spread takes 7 nodes a zone, 14 in all, got max 15`},

		// Access.
		{`access: {teams: [devops, devops]}`, `access.teams[1]: must be named once, got "devops" again`},
		{`access: {teams: [everyone]}`, `access.teams[0]: must be one of developers, qa, techLeads, devops, got "everyone"`},

		// Domain, logs and protection.
		{`domain: cloudinsight`, `domain: must be a DNS name such as example.com, got "cloudinsight"`},
		{`logs: {archiveDays: 0}`, `logs.archiveDays: must be between 1 and 3653, got 0`},
		{`tags: {dataClassification: public}`, `tags.dataClassification: must be one of confidential, anonymised, synthetic, got "public"`},
		{`protection: {disabled: true}`, `protection.disabled: must only be set in dev; name parts under protection.unprotected`},
		{`protection: {unprotected: [rsd]}`, `protection.unprotected[0]: must be a known part, got "rsd", did you mean "rds"?`},
		{`protection: {unprotected: [rds, rds]}`, `protection.unprotected[1]: must be named once, got "rds" again`},
		{`protection: {unprotected: [all]}`, `protection.unprotected[0]: must name single parts while protection.locked, got "all"`},
		{`registry: {keepImages: 20}`, `registry: has no meaning in environments`},

		// The data stores.
		{`maintenance: {window: "Sun:00:00-Sun:02:00"}`, `maintenance.window: must be "ddd:HH:MM-ddd:HH:MM" in UTC with days such as "sun", got "Sun:00:00-Sun:02:00"`},
		{`maintenance: {window: "sun:00:00-sun:00:45"}`, `maintenance.window: must be at least 60 minutes long, got "sun:00:00-sun:00:45"`},
		{`maintenance: {backupWindow: "25:00-26:00"}`, `maintenance.backupWindow: must be "HH:MM-HH:MM" in UTC, got "25:00-26:00"`},
		{`maintenance: {backupWindow: "22:00-22:30"}`, `maintenance.backupWindow: must be at least 60 minutes long, got "22:00-22:30"`},
		{`maintenance: {backupWindow: "01:00-02:00"}`, `maintenance.backupWindow: must not overlap maintenance.window sun:00:00-sun:02:00, got "01:00-02:00"`},
		{`rds: {engineVersion: "12.1"}`, `rds.engineVersion: must be a version of RDS for PostgreSQL that the platform knows (17.11), got "12.1"`},
		{`rds: {instanceClass: db.r7g.large}`, `rds.instanceClass: must be offered for RDS for PostgreSQL in af-south-1, got "db.r7g.large"`},
		{`rds: {instanceClass: db.r5.lage}`, `rds.instanceClass: must be a size of RDS for PostgreSQL, got "db.r5.lage", did you mean "db.r5.large"?`},
		{`rds: {storageGib: 10, maxStorageGib: 0}`, `rds.storageGib: must be between 20 and 65536, got 10`},
		{`rds: {storageGib: 100, maxStorageGib: 105}`, `rds.maxStorageGib: must be 0 or at least 110, for a size of 100, got 105`},
		{`rds: {readReplicas: 6}`, `rds.readReplicas: must be between 0 and 5, got 6`},
		{`rds: {backupRetentionDays: 3}`, `rds.backupRetentionDays: must be between 7 and 35, got 3`},
		{`documentdb: {engineVersion: "3.6.0"}`, `documentdb.engineVersion: must be a version of DocumentDB that the platform knows (5.0.0), got "3.6.0"`},
		{`documentdb: {instanceClass: db.r8g.large}`, `documentdb.instanceClass: must be offered for DocumentDB in af-south-1, got "db.r8g.large"`},
		{`rds: {restoreFrom: snapshot-1}`, `rds.restoreFrom: must be the ARN of an RDS snapshot, or of replicated automated backups, got "snapshot-1"`},
		{`rds: {restoreFrom: "arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1"}`, `rds.restoreFrom: must be in region af-south-1, got "arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1"`},
		{`documentdb: {restoreFrom: "arn:aws:rds:af-south-1:111122223333:snapshot:a"}`, `documentdb.restoreFrom: must be the ARN of a DocumentDB cluster snapshot, got "arn:aws:rds:af-south-1:111122223333:snapshot:a"`},
		{`documentdb: {instances: 17}`, `documentdb.instances: must be between 1 and 16, got 17`},
		{`documentdb: {backupRetentionDays: 36}`, `documentdb.backupRetentionDays: must be between 7 and 35, got 36`},
		{`documentdb: {replicaScaling: {enabled: true, min: 4, max: 2, cpuPercent: 99}}`, `
			documentdb.replicaScaling.cpuPercent: must be between 10 and 95, got 99
			documentdb.replicaScaling.max: must be between documentdb.instances 3 and 16, got 2
			documentdb.replicaScaling.min: must be between 1 and documentdb.instances 3, got 4`},
		{`documentdb: {global: true, instanceClass: db.t3.medium}`, `
			documentdb.global: must have instances that are not burstable, got instanceClass "db.t3.medium"
			recovery.cidr: is required with documentdb.global`},
		{`msk: {kafkaVersion: "2.8.1"}`, `msk.kafkaVersion: must be a version of MSK that the platform knows (3.9.x, 3.9.x.kraft), got "2.8.1"`},
		{`msk: {instanceType: kafka.m7g.large}`, `msk.instanceType: must be offered for MSK in af-south-1, got "kafka.m7g.large"`},
		{`msk: {brokersPerZone: 0, volumeGib: 0, maxVolumeGib: 0}`, `
			msk.brokersPerZone: must be between 1 and 10, got 0
			msk.volumeGib: must be between 1 and 16384, got 0`},
		{`msk: {volumeGib: 100, maxVolumeGib: 100}`, `
			msk.maxVolumeGib: must be 0 in af-south-1, where MSK does not enlarge volumes by itself, got 100
			msk.maxVolumeGib: must be 0 or at least 101, for a size of 100, got 100`},
		{`msk: {autoCreateTopics: true}`, `msk.autoCreateTopics: must not be set in prod: a misspelled name would make a topic`},
		{`redis: {engineVersion: "8.0"}`, `redis.engineVersion: must be a version of ElastiCache for Redis that the platform knows (7.1), got "8.0"`},
		{`redis: {nodeType: cache.r6g.large}`, `redis.nodeType: must be offered for ElastiCache for Redis in af-south-1, got "cache.r6g.large"`},
		{`redis: {nodes: 7, snapshotRetentionDays: 36}`, `
			redis.nodes: must be between 1 and 6, got 7
			redis.snapshotRetentionDays: must be between 0 and 35, got 36`},
		{`backup: {retentionDays: 5}`, `backup.retentionDays: must be between 7 and 3653, got 5`},
		{`backup: {disabled: true}`, `backup.disabled: must not be set in prod`},
		{`recovery: {disabled: true}`, `recovery.disabled: must not be set in prod`},
		{`{documentdb: {global: true}, recovery: {disabled: true}}`, `
			documentdb.global: needs recovery, which recovery.disabled turns off
			recovery.disabled: must not be set in prod`},
		{`recovery: {cidr: 10.9.0.0}`, `recovery.cidr: must be an IPv4 range such as 10.10.0.0/16, got "10.9.0.0"`},
		{`recovery: {cidr: 10.9.0.0/24}`, `recovery.cidr: must be between /16 and /20, got "10.9.0.0/24"`},
		{`recovery: {cidr: 11.9.0.0/16}`, `recovery.cidr: must lie in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, got "11.9.0.0/16"`},
		{`recovery: {cidr: 10.2.0.0/16}`, `recovery.cidr: must not overlap network.cidr 10.2.0.0/16, got "10.2.0.0/16"`},
		{`costData: {scanLimitGib: 0}`, `costData.scanLimitGib: must be between 1 and 10240, got 0`},
		{`faults: {enabled: true}`, `faults.enabled: must not be set in prod`},

		// The services.
		{`apps: {qos: bestEffort}`, `apps.autoscaling: needs requests to measure use against, which apps.qos bestEffort does not set; set apps.autoscaling.disabled or another apps.qos`},
		{`apps: {replicas: 0, autoscaling: {disabled: true}}`, `apps.replicas: must be at least 1, got 0`},
		{`apps: {replicas: 2}`, `apps.replicas: must be between apps.autoscaling.min 3 and max 20, got 2`},
		{`apps: {autoscaling: {min: 0}}`, `apps.autoscaling.min: must be at least 1, got 0`},
		{`apps: {autoscaling: {min: 4, max: 2}}`, `apps.autoscaling.min: must not be above max 2, got 4`},
		{`apps: {autoscaling: {cpuPercent: 0, memoryPercent: 101}}`, `
			apps.autoscaling.cpuPercent: must be between 1 and 100, got 0
			apps.autoscaling.memoryPercent: must be between 1 and 100, got 101`},
		{`apps: {autoscaling: {scaleUpStabilizationSeconds: -1, scaleDownStabilizationSeconds: 3601}}`, `
			apps.autoscaling.scaleDownStabilizationSeconds: must be between 0 and 3600, got 3601
			apps.autoscaling.scaleUpStabilizationSeconds: must be between 0 and 3600, got -1`},
		{`apps: {logLevel: debug}`, `apps.logLevel: must be one of DEBUG, INFO, WARN, ERROR, got "debug"`},
		{`apps: {images: {fronted: v1}}`, `apps.images.fronted: must be a known service, got "fronted", did you mean "frontend"?`},
		{`apps: {images: {user: latest}}`, `apps.images.user: must be a tag other than latest, or a digest such as sha256:…, got "latest"`},
		{`apps: {images: {user: "sha256:12"}}`, `apps.images.user: must be a tag other than latest, or a digest such as sha256:…, got "sha256:12"`},
		{`apps: {services: {billing: {replicas: 3}}}`, `apps.services.billing: must be a known service, got "billing", known are frontend, user, cost, metric, anomaly, forecast, notification`},
		{`apps: {services: {user: {replicas: -1}}}`, `
			apps.services.user.replicas: must be between minReplicas 3 and maxReplicas 20, got -1
			apps.services.user.replicas: must not be negative, got -1`},
		{`apps: {services: {user: {replicas: 30}}}`, `apps.services.user.replicas: must be between minReplicas 3 and maxReplicas 20, got 30`},
		{`apps: {services: {user: {minReplicas: 30}}}`, `apps.services.user.minReplicas: must not be above maxReplicas 20, got 30`},
		{`apps: {autoscaling: {disabled: true}, services: {user: {maxReplicas: 3}}}`, `apps.services.user.maxReplicas: needs an autoscaler, which apps.autoscaling.disabled takes away, got 3`},
		{`apps: {services: {user: {cpu: lots, memory: "0"}}}`, `
			apps.services.user.cpu: must be a positive Kubernetes quantity such as 500m or 1Gi, got "lots"
			apps.services.user.memory: must be a positive Kubernetes quantity such as 500m or 1Gi, got "0"`},
		{`apps: {qos: bestEffort, autoscaling: {disabled: true}, services: {user: {cpu: 500m}}}`, `apps.services.user.cpu: has no meaning for pods of apps.qos bestEffort, got "500m"`},
		{`apps: {extraServices: [{name: user, port: 8080, runtime: jvm}]}`, `apps.extraServices[0].name: must be taken by no other service, got "user"`},
		{`apps: {extraServices: [{name: report, port: 8080, runtime: jvm}, {name: report, port: 8081, runtime: jvm}]}`, `apps.extraServices[1].name: must be taken by no other service, got "report"`},
		{`apps: {extraServices: [{name: Report, port: 80}]}`, `
			apps.extraServices[0].name: must be named by at most 30 lower case letters, digits and dashes, a letter first, got "Report"
			apps.extraServices[0].port: must be between 1024 and 65535, got 80
			apps.extraServices[0].runtime: is required, one of jvm, node`},
		{`apps: {quota: {cpu: "-1", memory: 1Gi, pods: -1}}`, `
			apps.quota.cpu: must be a positive Kubernetes quantity such as 500m or 1Gi, got "-1"
			apps.quota.pods: must not be negative, got -1`},
	} {
		t.Run(test.changes, func(t *testing.T) {
			_, err := parse(t, "prod", test.changes)
			assert.Equal(t, lines(test.want), message(err))
		})
	}
}

// The texts of label rules are Kubernetes' own, so only the paths are compared.
func TestParse_RefusesLabelsThatKubernetesWould(t *testing.T) {
	_, err := parse(t, "prod", `nodeGroups: {workload: {labels: {"a b": "c d"}, taints: [{key: "", value: "c d", effect: NoExecute}]}}`)
	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	paths := map[string]bool{}
	for _, problem := range problems {
		paths[problem.Path] = true
	}
	assert.Equal(t, map[string]bool{
		"nodeGroups.workload.labels.a b":      true,
		"nodeGroups.workload.taints[0].key":   true,
		"nodeGroups.workload.taints[0].value": true,
	}, paths)
}

func TestParse_ReportsEverythingAtOnce(t *testing.T) {
	_, err := parse(t, "staging", `
regoin: af-south-1
network: {cidr: true, zones: [af-south-1a]}
cluster: {publicAccessCidrs: [0.0.0.0/0]}
nodeGroups: {workload: {min: 9, max: 3}}`)
	assert.Equal(t, lines(`
		cluster.publicAccessCidrs[0]: must be /8 or longer outside dev, so that the API server is not open to the world, got "0.0.0.0/0"
		network.cidr: must be a string, got true
		network.zones: must name at least 2 zones, got 1
		nodeGroups.workload.min: must not be above max 3, got 9
		regoin: unknown key, did you mean "region"?`), message(err))
}

func TestParse_EmptyStackLacksWhatHasNoDefault(t *testing.T) {
	_, err := config.Parse(map[string]string{"aws:region": "eu-west-1"}, catalog)
	assert.Equal(t, lines(`
		environment: is required, one of dev, staging, prod, recovery, shared
		network.cidr: is required
		nodeGroups: must have at least one group
		tags.costCenter: is required
		tags.owner: is required`), message(err))
}

func TestParse_SharedTakesNoEnvironment(t *testing.T) {
	_, err := config.Parse(map[string]string{
		"cloudinsight:environment": "shared",
		"cloudinsight:tags":        `{"owner": "platform", "costCenter": "cc-1"}`,
		"cloudinsight:network":     `{"cidr": "10.0.0.0/16"}`,
		"cloudinsight:delivery":    `{"repository": "cloudinsight/platform"}`,
		"cloudinsight:apps":        `{}`,
	}, catalog)
	assert.Equal(t, []string{"config: network: has no meaning in the shared stack"}, message(err))
}

func TestParse_SharedRefuses(t *testing.T) {
	_, err := config.Parse(map[string]string{
		"cloudinsight:environment": "shared",
		"cloudinsight:tags":        `{"owner": "platform", "costCenter": "cc-1"}`,
		"cloudinsight:registry":    `{"keepImages": 1, "untaggedDays": 0}`,
		"cloudinsight:delivery":    `{"repository": "platform", "branches": {"qa": "main", "dev": "a b"}, "stateBucket": "A"}`,
		"cloudinsight:security":    `{"unusedAccessDays": 400}`,
		"cloudinsight:protection":  `{"unprotected": ["rds"]}`,
	}, catalog)
	assert.Equal(t, lines(`
		delivery.branches.dev: must be a branch name, got "a b"
		delivery.branches.qa: must be a known environment, got "qa", known are dev, staging, prod, recovery
		delivery.repository: must be owner/name of a GitHub repository, got "platform"
		delivery.stateBucket: must be 3 to 63 of a-z, 0-9, dot and hyphen, got "A"
		protection.unprotected[0]: must be a known part, got "rds", known are keys.logs, keys.artifacts, registry, storage.accessLogs, storage.artifacts, storage.trail, trail, all
		registry.keepImages: must be between 10 and 1000, got 1
		registry.untaggedDays: must be between 1 and 365, got 0
		security.unusedAccessDays: must be between 1 and 365, got 400`), message(err))
}

func TestProtection_Lifted(t *testing.T) {
	assert.False(t, config.Protection{}.Lifted("rds"))
	assert.True(t, config.Protection{Disabled: true}.Lifted("rds"))
	assert.True(t, config.Protection{Unprotected: []string{"all"}}.Lifted("rds"))
	assert.True(t, config.Protection{Unprotected: []string{"rds"}}.Lifted("rds"))
	assert.False(t, config.Protection{Unprotected: []string{"msk"}}.Lifted("rds"))
}

func TestParse_DevMayOpenTheAPIServer(t *testing.T) {
	_, err := parse(t, "dev", `cluster: {publicAccessCidrs: [0.0.0.0/0]}`)
	require.NoError(t, err)
}

func TestParse_EighthServiceIsOneRow(t *testing.T) {
	c, err := parse(t, "prod", `apps: {extraServices: [{name: report, port: 8088, runtime: jvm}], images: {report: v1}, services: {report: {memory: 2Gi}}}`)
	require.NoError(t, err)
	assert.Equal(t, []config.ExtraService{{Name: "report", Port: 8088, Runtime: config.JVM}}, c.Apps.ExtraServices)
}

func TestFromEnv(t *testing.T) {
	t.Setenv("PULUMI_CONFIG", `{"cloudinsight:environment": "shared", "cloudinsight:tags": "{\"owner\": \"a\", \"costCenter\": \"b\"}", "cloudinsight:delivery": "{\"repository\": \"a/b\"}"}`)
	c, err := config.FromEnv(catalog)
	require.NoError(t, err)
	assert.Equal(t, config.Shared, c.Environment)
	assert.Zero(t, c.Network, "an area of the environments")

	t.Setenv("PULUMI_CONFIG", `{`)
	_, err = config.FromEnv(catalog)
	assert.ErrorContains(t, err, "config: PULUMI_CONFIG: ")
}

func manyRanges(n int) string {
	var ranges []string
	for i := range n {
		ranges = append(ranges, fmt.Sprintf("198.51.%d.0/24", i))
	}
	return strings.Join(ranges, ", ")
}

// lines puts config: before each line, as messages have it.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, "config: "+line)
		}
	}
	return all
}

func message(err error) []string {
	if err == nil {
		err = errors.New("nothing refused")
	}
	return strings.Split(err.Error(), "\n")
}

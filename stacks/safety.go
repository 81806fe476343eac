package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/components/alarms"
	"github.com/cloudinsight/platform/components/backup"
	"github.com/cloudinsight/platform/components/faults"
	"github.com/cloudinsight/platform/components/recovery"
	"github.com/cloudinsight/platform/components/secrets"
	"github.com/cloudinsight/platform/components/vpc"
	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/instances"
)

// environmentSafety is what watches over the data stores and keeps what they hold.
type environmentSafety struct {
	alarms  *alarms.Alarms
	secrets *secrets.Secrets
}

// handmade are the secrets whose values people put in.
var handmade = map[string]string{
	"slack-webhook":     "URL of the Slack webhook that alerts are sent to",
	"pagerduty-routing": "Routing key of the PagerDuty service that critical alerts are sent to",
}

// newSafety registers alarms, secrets, backups, copies in the disaster recovery region, and experiments.
func (e *environment) newSafety(
	keys *environmentKeys, refuge *refuge, data *environmentData,
) (s *environmentSafety, err error) {
	s = &environmentSafety{}
	s.alarms, err = alarms.NewAlarms(e.ctx, e.name, &alarms.Args{
		KeyARN: keys.logs.ARN, AccountID: e.account,
		Alarms: map[string][]alarm.Alarm{
			"rds": data.rds.Alarms(), "documentdb": data.documentdb.Alarms(), "msk": data.msk.Alarms(), "redis": data.redis.Alarms(),
			"cost-data": data.costData.Alarms(),
		},
	}, e.onlyAWS())
	if err != nil {
		return nil, err
	}
	s.secrets, err = secrets.NewSecrets(e.ctx, e.name, &secrets.Args{
		Name: e.name, AccountID: e.account, Secrets: handmade, KeyARN: keys.secrets.ARN,
		NoRecovery: e.cfg.Protection.Disabled, Unprotected: e.lifted("secrets"),
	}, e.onlyAWS())
	if err != nil {
		return nil, err
	}
	if err = e.newBackup(keys, refuge, data); err != nil {
		return nil, err
	}
	if err = e.newRecovery(refuge, data); err != nil {
		return nil, err
	}
	return s, e.newFaults(keys, data, s.alarms)
}

func (e *environment) newBackup(keys *environmentKeys, refuge *refuge, data *environmentData) error {
	c := e.cfg.Backup
	if c.Disabled {
		return nil
	}
	args := &backup.Args{
		Name: e.name, AccountID: e.account, KeyARN: keys.data.ARN, RetentionDays: c.RetentionDays, Unlocked: c.Unlocked,
		NoRestoreTests: c.NoRestoreTests, Unprotected: e.lifted("backup"), Classification: e.classification(),
		Resources: map[string]backup.Resource{
			"rds":        {Type: backup.RDS, ARN: data.rds.InstanceARN, RestoreMetadata: restoreInto(e.name + "-postgresql")},
			"documentdb": {Type: backup.DocumentDB, ARN: data.documentdb.ClusterARN, RestoreMetadata: restoreInto(e.name + "-documentdb")},
		},
	}
	if refuge != nil {
		vault, err := backup.NewVault(e.ctx, e.name+"-recovery", &backup.VaultArgs{
			Name: e.name + "-recovery", RoleName: e.name + "-backup", AccountID: e.account, KeyARN: refuge.key.ARN, Unlocked: c.Unlocked,
			Unprotected: e.lifted("recovery"), Classification: e.classification(),
		}, pulumi.Providers(e.recovery))
		if err != nil {
			return err
		}
		args.CopyVaultARN = vault.ARN
	}
	_, err := backup.NewBackup(e.ctx, e.name, args, e.onlyAWS())
	return err
}

// restoreInto has restore tests run in the subnets of the original; without it, AWS takes the default VPC.
func restoreInto(subnetGroup string) map[string]pulumi.StringInput {
	return map[string]pulumi.StringInput{"dbSubnetGroupName": pulumi.String(subnetGroup)}
}

// newRecovery keeps the databases in the disaster recovery region. A global DocumentDB cluster needs a network there.
func (e *environment) newRecovery(refuge *refuge, data *environmentData) error {
	if refuge == nil {
		return nil
	}
	args := &recovery.Args{
		Name: e.name, Region: e.cfg.DRRegion, KeyARN: refuge.key.ARN, DatabaseARN: data.rds.InstanceARN,
		BackupRetentionDays: e.cfg.RDS.BackupRetentionDays, Unprotected: e.lifted("recovery"), Classification: e.classification(),
	}
	if d := e.cfg.DocumentDB; d.Global {
		network, err := vpc.NewNetwork(e.ctx, e.name+"-recovery", &vpc.NetworkArgs{
			Region: e.cfg.DRRegion, CIDR: e.cfg.Recovery.CIDR, Zones: instances.Zones(e.cfg.DRRegion)[:2],
			DataZones: instances.Zones(e.cfg.DRRegion)[:3], ClusterName: e.name, NATGateways: vpc.NATSingle,
			FlowLogs:  vpc.FlowLogs{Destination: vpc.LogsToCloudWatch, RetentionDays: e.cfg.Logs.RetentionDays},
			LogKeyARN: refuge.key.ARN,
		}, pulumi.Providers(e.recovery))
		if err != nil {
			return err
		}
		args.Documents = &recovery.Documents{
			GlobalClusterID: data.documentdb.GlobalClusterID, EngineVersion: d.EngineVersion, InstanceClass: d.InstanceClass,
			VPCID: network.ID, SubnetIDs: network.DataSubnetIDs, LogKeyARN: refuge.key.ARN, LogRetentionDays: e.cfg.Logs.RetentionDays,
			BackupRetentionDays: d.BackupRetentionDays, BackupWindow: e.cfg.Maintenance.BackupWindow,
			MaintenanceWindow: e.cfg.Maintenance.Window, DependsOn: data.documentdb.Ready,
		}
	}
	_, err := recovery.NewRecovery(e.ctx, e.name, args, pulumi.Providers(e.recovery))
	return err
}

func (e *environment) newFaults(
	keys *environmentKeys, data *environmentData, guards *alarms.Alarms,
) error {
	if !e.cfg.Faults.Enabled {
		return nil
	}
	args := &faults.Args{
		Name: e.name, Environment: string(e.cfg.Environment), Region: e.cfg.Region, AccountID: e.account, ClusterName: e.name,
		Zones: e.cfg.Network.Zones, StopAlarmARNs: map[string]pulumi.StringInput{}, LogKeyARN: keys.logs.ARN,
		DatabaseARN: data.rds.InstanceARN, SingleZone: e.cfg.RDS.SingleZone, LogRetentionDays: e.cfg.Logs.RetentionDays,
	}
	if e.cfg.DocumentDB.Instances > 1 {
		args.DocumentsARN = data.documentdb.ClusterARN
	}
	for label, alarm := range stopExperiments {
		args.StopAlarmARNs[label] = guards.ARNs[e.name+"-"+alarm]
	}
	_, err := faults.NewExperiments(e.ctx, e.name, args, e.onlyAWS())
	return err
}

// stopExperiments are the alarms that end an experiment: what breaks is not what the experiment meant to break.
var stopExperiments = map[string]string{"kafka": "kafka-offline-partitions", "storage": "postgresql-storage"}

package recovery

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/docdb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// documentLogs are written to CloudWatch.
var documentLogs = []string{"audit", "profiler"}

// documents carries what the steps of the second cluster share.
type documents struct {
	ctx    *pulumi.Context
	name   string // of the children
	id     string // of the cluster at AWS
	args   Args
	parent pulumi.ResourceOption
}

// addDocuments makes the second cluster. It takes its users and contents from the global cluster, and nothing of it is
// snapshotted when it goes: all of it is the first cluster's.
func (r *Recovery) addDocuments(ctx *pulumi.Context, name string, a Args) error {
	d := &documents{ctx: ctx, name: name, id: a.Name + "-recovery", args: a, parent: pulumi.Parent(r)}
	subnets, err := docdb.NewSubnetGroup(ctx, name, &docdb.SubnetGroupArgs{
		Name:        pulumi.String(d.id),
		Description: pulumi.String("Subnets of DocumentDB " + d.id),
		SubnetIds:   a.Documents.SubnetIDs,
		Tags:        d.tags(d.id),
	}, d.parent)
	if err != nil {
		return fmt.Errorf("subnet group: %w", err)
	}
	parameters, err := d.parameterGroup()
	if err != nil {
		return err
	}
	group, err := d.securityGroup()
	if err != nil {
		return err
	}
	before, err := d.logGroups()
	if err != nil {
		return err
	}
	cluster, err := docdb.NewCluster(ctx, name, &docdb.ClusterArgs{
		ClusterIdentifier:            pulumi.String(d.id),
		GlobalClusterIdentifier:      a.Documents.GlobalClusterID,
		Engine:                       pulumi.String("docdb"),
		EngineVersion:                pulumi.String(a.Documents.EngineVersion),
		DbSubnetGroupName:            subnets.Name,
		DbClusterParameterGroupName:  parameters.Name,
		VpcSecurityGroupIds:          pulumi.StringArray{group.ID()},
		Port:                         pulumi.Int(DocumentsPort),
		StorageEncrypted:             pulumi.Bool(true),
		KmsKeyId:                     a.KeyARN,
		BackupRetentionPeriod:        pulumi.Int(a.Documents.BackupRetentionDays),
		PreferredBackupWindow:        pulumi.String(a.Documents.BackupWindow),
		PreferredMaintenanceWindow:   pulumi.String(a.Documents.MaintenanceWindow),
		EnabledCloudwatchLogsExports: pulumi.ToStringArray(documentLogs),
		DeletionProtection:           pulumi.Bool(!a.Unprotected),
		SkipFinalSnapshot:            pulumi.Bool(true),
		Tags:                         d.tags(d.id),
	}, d.parent, pulumi.Protect(!a.Unprotected), pulumi.DeleteBeforeReplace(true),
		pulumi.DependsOn(slices.Concat(before, a.Documents.DependsOn)))
	if err != nil {
		return err
	}
	instances, err := d.instances(cluster)
	if err != nil {
		return err
	}
	r.DocumentsARN, r.DocumentsEndpoint, r.DocumentsReaderEndpoint = cluster.Arn, cluster.Endpoint, cluster.ReaderEndpoint
	r.Ready = append(append(r.Ready, cluster), instances...)
	return nil
}

// instances answer reads, and make the cluster ready to be promoted.
func (d *documents) instances(cluster *docdb.Cluster) ([]pulumi.Resource, error) {
	var all []pulumi.Resource
	for n := 1; n <= d.args.Documents.Instances; n++ {
		suffix := "-" + strconv.Itoa(n)
		instance, err := docdb.NewClusterInstance(d.ctx, d.name+suffix, &docdb.ClusterInstanceArgs{
			Identifier:                 pulumi.String(d.id + suffix),
			ClusterIdentifier:          cluster.ID(),
			InstanceClass:              pulumi.String(d.args.Documents.InstanceClass),
			PreferredMaintenanceWindow: pulumi.String(d.args.Documents.MaintenanceWindow),
			CopyTagsToSnapshot:         pulumi.Bool(true),
			Tags:                       d.tags(d.id + suffix),
		}, d.parent, pulumi.DeleteBeforeReplace(true))
		if err != nil {
			return nil, fmt.Errorf("instance %d: %w", n, err)
		}
		all = append(all, instance)
	}
	return all, nil
}

// parameterGroup is named by its family, so that an upgrade finds the old group still in use and makes a new one. tls is
// spelled as the default is: any other spelling is a difference in every preview.
// https://github.com/hashicorp/terraform-provider-aws/issues/35855
func (d *documents) parameterGroup() (*docdb.ClusterParameterGroup, error) {
	family := "docdb" + engineVersion.FindStringSubmatch(d.args.Documents.EngineVersion)[1]
	name := d.id + "-" + strings.ReplaceAll(family, ".", "-")
	var parameters docdb.ClusterParameterGroupParameterArray
	for _, parameter := range []string{"tls", "audit_logs", "profiler"} {
		parameters = append(parameters, docdb.ClusterParameterGroupParameterArgs{
			Name: pulumi.String(parameter), Value: pulumi.String("enabled"), ApplyMethod: pulumi.String("pending-reboot"),
		})
	}
	group, err := docdb.NewClusterParameterGroup(d.ctx, d.name+"-"+family, &docdb.ClusterParameterGroupArgs{
		Name:        pulumi.String(name),
		Family:      pulumi.String(family),
		Description: pulumi.String("TLS, audit and profiler logs of DocumentDB " + d.id),
		Parameters:  parameters,
		Tags:        d.tags(name),
	}, d.parent)
	if err != nil {
		return nil, fmt.Errorf("parameter group: %w", err)
	}
	return group, nil
}

func (d *documents) securityGroup() (*ec2.SecurityGroup, error) {
	group, err := ec2.NewSecurityGroup(d.ctx, d.name, &ec2.SecurityGroupArgs{
		Description: pulumi.String("DocumentDB " + d.id + ": its clients only"),
		VpcId:       d.args.Documents.VPCID,
		Tags:        d.tags(d.id),
	}, d.parent)
	if err != nil {
		return nil, fmt.Errorf("security group: %w", err)
	}
	for _, client := range slices.Sorted(maps.Keys(d.args.Documents.Clients)) {
		_, err := vpc.NewSecurityGroupIngressRule(d.ctx, d.name+"-from-"+client, &vpc.SecurityGroupIngressRuleArgs{
			Description:               pulumi.String("DocumentDB from " + client),
			SecurityGroupId:           group.ID(),
			ReferencedSecurityGroupId: d.args.Documents.Clients[client],
			IpProtocol:                pulumi.String("tcp"),
			FromPort:                  pulumi.Int(DocumentsPort),
			ToPort:                    pulumi.Int(DocumentsPort),
			Tags:                      d.tags(d.id + "-from-" + client),
		}, d.parent)
		if err != nil {
			return nil, fmt.Errorf("ingress from %q: %w", client, err)
		}
	}
	return group, nil
}

// logGroups are made first: DocumentDB makes groups without retention and key when it finds none.
func (d *documents) logGroups() ([]pulumi.Resource, error) {
	var all []pulumi.Resource
	for _, log := range documentLogs {
		name := "/aws/docdb/" + d.id + "/" + log
		group, err := cloudwatch.NewLogGroup(d.ctx, d.name+"-"+log, &cloudwatch.LogGroupArgs{
			Name:            pulumi.String(name),
			RetentionInDays: pulumi.Int(d.args.Documents.LogRetentionDays),
			KmsKeyId:        d.args.Documents.LogKeyARN,
			Tags:            d.tags(name),
		}, d.parent, pulumi.DeleteBeforeReplace(true))
		if err != nil {
			return nil, fmt.Errorf("log group %q: %w", name, err)
		}
		all = append(all, group)
	}
	return all, nil
}

func (d *documents) tags(name string) pulumi.StringMap {
	return pulumi.ToStringMap(tags.Of("recovery", name, map[string]string{"DataClassification": d.args.Classification}))
}

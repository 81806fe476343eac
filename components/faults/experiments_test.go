package faults_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/faults"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	templateToken = "aws:fis/experimentTemplate:ExperimentTemplate"
	policyToken   = "aws:iam/rolePolicy:RolePolicy"
	roleToken     = "aws:iam/role:Role"

	alarm     = "arn:aws:cloudwatch:af-south-1:111122223333:alarm:offline"
	database  = "arn:aws:rds:af-south-1:111122223333:db:cloudinsight-staging"
	documents = "arn:aws:rds:af-south-1:111122223333:cluster:cloudinsight-staging"
)

func args() *faults.Args {
	return &faults.Args{
		Name: "cloudinsight-staging", Environment: "staging", Region: "af-south-1", AccountID: pulumitest.AccountID,
		ClusterName: "cloudinsight-staging", Zones: []string{"af-south-1a", "af-south-1b"},
		StopAlarmARNs: map[string]pulumi.StringInput{"offline": pulumi.String(alarm)},
		LogKeyARN:     pulumi.String("arn:aws:kms:af-south-1:111122223333:key/1"),
	}
}

func record(t *testing.T, a *faults.Args) (*pulumitest.Recorder, error) {
	return pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := faults.NewExperiments(ctx, "main", a)
		return err
	})
}

func TestExperiments_Nodes(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	require.Equal(t, 3, rec.Count(templateToken), "one for nodes, one for each zone")
	loss := rec.Named(t, templateToken, "main-faults-node-loss")
	assert.Equal(t, "aws:ec2:terminate-instances", loss.Input("actions[0].actionId"))
	assert.Equal(t, "PERCENT(34)", loss.Input("targets[0].selectionMode"))
	assert.Equal(t, map[string]any{"key": "eks:cluster-name", "value": "cloudinsight-staging"}, loss.Input("targets[0].resourceTags[0]"))
	assert.Equal(t, loss.Input("targets[0].name"), loss.Input("actions[0].target.value"))

	zone := rec.Named(t, templateToken, "main-faults-zone-loss-af-south-1b")
	assert.Equal(t, "aws:ec2:stop-instances", zone.Input("actions[0].actionId"))
	assert.Equal(t, "ALL", zone.Input("targets[0].selectionMode"))
	assert.Equal(t, map[string]any{"path": "Placement.AvailabilityZone", "values": []any{"af-south-1b"}}, zone.Input("targets[0].filters[1]"))
}

func TestExperiments_StopByAlarmAndAreOnRecord(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	group := rec.Named(t, "aws:cloudwatch/logGroup:LogGroup", "main-faults")
	assert.Equal(t, 90.0, group.Input("retentionInDays"))
	for _, template := range rec.OfType(templateToken) {
		assert.Equal(t, []any{map[string]any{"source": "aws:cloudwatch:alarm", "value": alarm}}, template.Input("stopConditions"), template.Name)
		assert.Equal(t, "arn:aws:logs:af-south-1:111122223333:log-group:/aws/fis/cloudinsight-staging:*",
			template.Input("logConfiguration.cloudwatchLogsConfiguration.logGroupArn"), template.Name)
		assert.True(t, template.DependsOnNamed(policyToken, "main-faults"), "%s: the role must be able to act", template.Name)
	}
}

func TestExperiments_Databases(t *testing.T) {
	a := args()
	a.DatabaseARN, a.DocumentsARN, a.NodePercent, a.LogRetentionDays = pulumi.String(database), pulumi.String(documents), 50, 30
	a.PermissionsBoundary = pulumi.StringPtr("arn:aws:iam::111122223333:policy/boundary")
	rec, err := record(t, a)
	require.NoError(t, err)
	failover := rec.Named(t, templateToken, "main-faults-database-failover")
	assert.Equal(t, []any{database}, failover.Input("targets[0].resourceArns"))
	assert.Equal(t, map[string]any{"key": "forceFailover", "value": "true"}, failover.Input("actions[0].parameters[0]"))
	promotion := rec.Named(t, templateToken, "main-faults-documents-failover")
	assert.Equal(t, "aws:rds:failover-db-cluster", promotion.Input("actions[0].actionId"))
	assert.Equal(t, []any{documents}, promotion.Input("targets[0].resourceArns"))
	assert.Equal(t, "PERCENT(50)", rec.Named(t, templateToken, "main-faults-node-loss").Input("targets[0].selectionMode"))
	assert.Equal(t, "arn:aws:iam::111122223333:policy/boundary", rec.Named(t, roleToken, "main-faults").Input("permissionsBoundary"))
	policy := rec.Named(t, policyToken, "main-faults").Input("policy").(string)
	assert.Contains(t, policy, `"Action":["rds:RebootDBInstance"],"Resource":["`+database+`"]`)
	assert.Contains(t, policy, `"Action":["rds:FailoverDBCluster"],"Resource":["`+documents+`"]`)

	a.SingleZone = true
	rec, err = record(t, a)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"key": "forceFailover", "value": "false"},
		rec.Named(t, templateToken, "main-faults-database-failover").Input("actions[0].parameters[0]"), "there is no standby")
}

func TestExperiments_RoleBreaksTheClustersNodesOnly(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "BreakNodes", "Effect": "Allow", "Action": ["ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"],
		 "Resource": ["arn:aws:ec2:af-south-1:111122223333:instance/*"],
		 "Condition": {"StringEquals": {"aws:ResourceTag/eks:cluster-name": ["cloudinsight-staging"]}}},
		{"Sid": "FindTargets", "Effect": "Allow", "Resource": ["*"],
		 "Action": ["ec2:DescribeInstances", "rds:DescribeDBClusters", "rds:DescribeDBInstances", "tag:GetResources"]},
		{"Sid": "WriteLogs", "Effect": "Allow", "Resource": ["*"],
		 "Action": ["logs:CreateLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy"]}
	]}`, rec.Named(t, policyToken, "main-faults").Input("policy").(string))
	assert.Contains(t, rec.Named(t, roleToken, "main-faults").Input("assumeRolePolicy"), "arn:aws:fis:af-south-1:111122223333:experiment/*")
}

func TestExperiments_Refuse(t *testing.T) {
	six := map[string]pulumi.StringInput{}
	for _, label := range []string{"a", "b", "c", "d", "e", "f"} {
		six[label] = pulumi.String(alarm)
	}
	for name, c := range map[string]struct {
		change func(*faults.Args)
		want   []string
	}{
		"nothing given": {func(a *faults.Args) { *a = faults.Args{} }, []string{
			"name: is required", "environment: must be one where things may break", "region: must be a region", "account id: must be twelve digits",
			"cluster name: is required", "zones: must have at least one", "stop alarms: must be 1 to 5, got 0", "log key arn: is required",
		}},
		"prod":         {func(a *faults.Args) { a.Environment = "prod" }, []string{`which prod is not, got "prod"`}},
		"foreign zone": {func(a *faults.Args) { a.Zones = []string{"eu-west-1a"} }, []string{`zones[0]: must be a zone of af-south-1, got "eu-west-1a"`}},
		"zone twice":   {func(a *faults.Args) { a.Zones = []string{"af-south-1a", "af-south-1a"} }, []string{`zones[1]: must be unique`}},
		"alarms":       {func(a *faults.Args) { a.StopAlarmARNs = six }, []string{"stop alarms: must be 1 to 5, got 6"}},
		"no alarm":     {func(a *faults.Args) { a.StopAlarmARNs["x"] = nil }, []string{`stop alarms["x"]: arn is required`}},
		"nodes":        {func(a *faults.Args) { a.NodePercent = 101 }, []string{"nodes: must be between 1 and 100 percent, got 101"}},
		"single zone":  {func(a *faults.Args) { a.SingleZone = true }, []string{"single zone: must come with a database arn"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			rec, err := record(t, a)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, rec.All())
		})
	}
	_, err := record(t, nil)
	assert.ErrorContains(t, err, `faults "main": name: is required`)
}

func TestExperiments_ChildrenHaveItAsParent(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	assert.Len(t, rec.Children(rec.Named(t, "cloudinsight:faults:Experiments", "main")), len(rec.All())-1)
}

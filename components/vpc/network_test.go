package vpc_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/components/vpc"
	"github.com/cloudinsight/platform/internal/addressplan"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	networkType     = "cloudinsight:vpc:Network"
	aclType         = "aws:ec2/networkAcl:NetworkAcl"
	associationType = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	defaultType     = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
	eipType         = "aws:ec2/eip:Eip"
	endpointType    = "aws:ec2/vpcEndpoint:VpcEndpoint"
	flowLogType     = "aws:ec2/flowLog:FlowLog"
	internetType    = "aws:ec2/internetGateway:InternetGateway"
	logGroupType    = "aws:cloudwatch/logGroup:LogGroup"
	natType         = "aws:ec2/natGateway:NatGateway"
	roleType        = "aws:iam/role:Role"
	routeType       = "aws:ec2/route:Route"
	ruleType        = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	groupType       = "aws:ec2/securityGroup:SecurityGroup"
	subnetType      = "aws:ec2/subnet:Subnet"
	tableType       = "aws:ec2/routeTable:RouteTable"
	vpcType         = "aws:ec2/vpc:Vpc"
)

func smallest() *vpc.NetworkArgs {
	return &vpc.NetworkArgs{
		Region:      "af-south-1",
		CIDR:        "10.2.0.0/16",
		Zones:       []string{"af-south-1a", "af-south-1b"},
		ClusterName: "cloudinsight-dev",
		FlowLogs:    vpc.FlowLogs{BucketARN: pulumi.String("arn:aws:s3:::logs")},
	}
}

func largest() *vpc.NetworkArgs {
	args := smallest()
	args.DataZones = []string{"af-south-1a", "af-south-1b", "af-south-1c"}
	args.NATGateways = vpc.NATSingle
	args.PodCIDR = "100.64.0.0/16"
	args.Subnets = addressplan.Subnets{Private: map[string]string{"af-south-1a": "10.2.64.0/20"}}
	args.InterfaceEndpoints = []string{"ecr.api", "sts"}
	args.FlowLogs = vpc.FlowLogs{Destination: vpc.LogsToCloudWatch, RetentionDays: 7}
	args.LogKeyARN = pulumi.String("arn:aws:kms:af-south-1:111122223333:key/1")
	return args
}

// build registers a network and hands its outputs to the test.
func build(t *testing.T, args *vpc.NetworkArgs, check func(*vpc.Network)) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		network, err := vpc.NewNetwork(ctx, "main", args)
		if err == nil && check != nil {
			check(network)
		}
		return err
	})
}

func TestNetwork_Defaults(t *testing.T) {
	recorder := build(t, smallest(), nil)

	assert.Equal(t, true, recorder.Named(t, vpcType, "main").Input("enableDnsHostnames"))
	assert.Equal(t, 6, recorder.Count(subnetType), "three tiers in two zones")
	assert.Equal(t, 2, recorder.Count(natType), "a gateway in each zone")
	assert.Equal(t, 2, recorder.Count(eipType))
	assert.Equal(t, 1, recorder.Count(internetType))
	assert.Equal(t, 3, recorder.Count(aclType), "one a tier")
	assert.Equal(t, "s3", recorder.Named(t, flowLogType, "main").Input("logDestinationType"))
	assert.Zero(t, recorder.Count(logGroupType))
	assert.Equal(t, 1, recorder.Count(endpointType), "S3 alone")
	assert.Zero(t, recorder.Count(groupType))

	locked := recorder.Named(t, defaultType, "main-default")
	assert.Nil(t, locked.Input("ingress"))
	assert.Nil(t, locked.Input("egress"))
}

func TestNetwork_EverythingSet(t *testing.T) {
	recorder := build(t, largest(), func(network *vpc.Network) {
		assert.Len(t, network.PodSubnets, 2)
		assert.Len(t, network.DataSubnets, 3)
		assert.Equal(t, "10.2.64.0/20", network.Plan.Private["af-south-1a"].String())
	})

	assert.Equal(t, 2+2+3+2, recorder.Count(subnetType))
	assert.Equal(t, 1, recorder.Count(natType))
	assert.Equal(t, 3, recorder.Count(endpointType))
	assert.Equal(t, "com.amazonaws.af-south-1.ecr.api", recorder.Named(t, endpointType, "main-ecr-api").Input("serviceName"))

	logs := recorder.Named(t, logGroupType, "main-flow-logs")
	assert.Equal(t, "/aws/vpc/main-flow-logs", logs.Input("name"))
	assert.Equal(t, float64(7), logs.Input("retentionInDays"))
	assert.Equal(t, "arn:aws:kms:af-south-1:111122223333:key/1", logs.Input("kmsKeyId"))

	assert.Equal(t, "10.2.64.0/20", recorder.Named(t, subnetType, "main-private-af-south-1a").Input("cidrBlock"))
	pods := recorder.Named(t, subnetType, "main-pods-af-south-1b")
	assert.Equal(t, "100.64.64.0/18", pods.Input("cidrBlock"))
	assert.True(t, pods.DependsOnNamed("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", "main-pods"),
		"the range must be there before its subnets")
}

func TestNetwork_ChildrenAreParentedAndTagged(t *testing.T) {
	untagged := map[string]bool{
		associationType: true, routeType: true,
		"aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": true,
		"aws:iam/rolePolicy:RolePolicy":                                   true,
	}
	for name, args := range map[string]*vpc.NetworkArgs{"smallest": smallest(), "largest": largest()} {
		t.Run(name, func(t *testing.T) {
			recorder := build(t, args, nil)
			network := recorder.Named(t, networkType, "main")
			for _, child := range recorder.All() {
				if child == network {
					continue
				}
				assert.Same(t, network, child.Parent, "%s %s", child.Type, child.Name)
				assert.True(t, strings.HasPrefix(child.Name, "main"), child.Name)
				if !untagged[child.Type] {
					assert.Equal(t, "vpc", child.Input("tags.Component"), "%s %s", child.Type, child.Name)
					assert.NotEmpty(t, child.Input("tags.Name"), "%s %s", child.Type, child.Name)
				}
			}
		})
	}
}

func TestNetwork_SubnetsAreFoundByTheirTags(t *testing.T) {
	recorder := build(t, largest(), nil)
	for name, want := range map[string]map[string]any{
		"main-public-af-south-1a":  {"kubernetes.io/role/elb": "1", "kubernetes.io/cluster/cloudinsight-dev": "shared"},
		"main-private-af-south-1a": {"kubernetes.io/role/internal-elb": "1", "kubernetes.io/cluster/cloudinsight-dev": "shared"},
		"main-pods-af-south-1a":    {"kubernetes.io/cluster/cloudinsight-dev": "shared"},
		"main-data-af-south-1a":    {},
	} {
		subnet := recorder.Named(t, subnetType, name)
		got := map[string]any{}
		for key, value := range subnet.Input("tags").(map[string]any) {
			if strings.HasPrefix(key, "kubernetes.io/") {
				got[key] = value
			}
		}
		assert.Equal(t, want, got, name)
		assert.Equal(t, false, subnet.Input("mapPublicIpOnLaunch"), name)
	}
}

func TestNetwork_PrivateZonesLeaveThroughTheirGateway(t *testing.T) {
	for name, test := range map[string]struct {
		args *vpc.NetworkArgs
		want map[string]string
	}{
		"a gateway in each zone": {smallest(), map[string]string{"af-south-1a": "af-south-1a", "af-south-1b": "af-south-1b"}},
		"a single gateway":       {largest(), map[string]string{"af-south-1a": "af-south-1a", "af-south-1b": "af-south-1a"}},
	} {
		t.Run(name, func(t *testing.T) {
			recorder := build(t, test.args, nil)
			for zone, gatewayZone := range test.want {
				route := recorder.Named(t, routeType, "main-private-"+zone+"-internet")
				assert.Equal(t, recorder.Named(t, natType, "main-nat-"+gatewayZone).ID, route.Input("natGatewayId"))
				assert.Equal(t, recorder.Named(t, tableType, "main-private-"+zone).ID, route.Input("routeTableId"))
			}
		})
	}
}

func TestNetwork_DataTierHasNoWayOut(t *testing.T) {
	recorder := build(t, largest(), nil)
	data := recorder.Named(t, tableType, "main-data")
	for _, route := range recorder.OfType(routeType) {
		assert.NotEqual(t, data.ID, route.Input("routeTableId"), route.Name)
	}
	assert.NotContains(t, recorder.Named(t, endpointType, "main-s3").Input("routeTableIds"), data.ID)
	for _, zone := range []string{"a", "b", "c"} {
		association := recorder.Named(t, associationType, "main-data-af-south-1"+zone)
		assert.Equal(t, data.ID, association.Input("routeTableId"))
	}
}

// Adding a zone must register the old resources as they were.
func TestNetwork_AddingAZoneChangesNoOtherSubnet(t *testing.T) {
	before := build(t, smallest(), nil)
	more := smallest()
	more.Zones = []string{"af-south-1a", "af-south-1b", "af-south-1c"}
	after := build(t, more, nil)

	for _, token := range []string{subnetType, natType, eipType, tableType, routeType, associationType} {
		for _, old := range before.OfType(token) {
			assert.Equal(t, old.Inputs, after.Named(t, token, old.Name).Inputs, "%s %s", token, old.Name)
		}
		assert.Greater(t, after.Count(token), before.Count(token), token)
	}
}

func TestNetwork_SubnetOutputsWaitForTheRoutes(t *testing.T) {
	recorder := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		network, err := vpc.NewNetwork(ctx, "main", largest())
		if err != nil {
			return err
		}
		return ctx.RegisterResource("test:index:User", "user", pulumi.Map{
			"private": network.PrivateSubnetIDs,
			"pod":     network.PodSubnets["af-south-1b"],
			"nat":     network.NATAddresses,
			"logs":    network.FlowLogDestinationARN,
		}, &struct{ pulumi.CustomResourceState }{})
	})
	user := recorder.Named(t, "test:index:User", "user")
	assert.Equal(t, recorder.Named(t, subnetType, "main-private-af-south-1b").ID, user.Input("private[1]"))
	assert.Equal(t, recorder.Named(t, subnetType, "main-pods-af-south-1b").ID, user.Input("pod"))
	assert.Equal(t, "198.51.100.7", user.Input("nat[0]"))
	assert.Equal(t, "arn:aws:logs:af-south-1:111122223333:log-group:/aws/vpc/main-flow-logs", user.Input("logs"))
	assert.True(t, user.DependsOnNamed(associationType, "main-private-af-south-1a"))
	assert.True(t, user.DependsOnNamed(associationType, "main-pods-af-south-1b"))
	table := recorder.Named(t, associationType, "main-private-af-south-1a")
	assert.True(t, table.DependsOnNamed(routeType, "main-private-af-south-1a-internet"))
}

func TestNetwork_EndpointsAnswerTheNetworkOnly(t *testing.T) {
	recorder := build(t, largest(), nil)
	sources := map[any]any{}
	for _, rule := range recorder.OfType(ruleType) {
		assert.NotEmpty(t, rule.Input("description"))
		assert.Equal(t, float64(443), rule.Input("toPort"))
		sources[rule.Input("cidrIpv4")] = rule.Input("description")
	}
	assert.Equal(t, map[any]any{"10.2.0.0/16": "TLS from the VPC", "100.64.0.0/16": "TLS from the pods"}, sources)
	assert.NotEmpty(t, recorder.Named(t, groupType, "main-endpoints").Input("description"))

	s3 := recorder.Named(t, endpointType, "main-s3")
	assert.Equal(t, "Gateway", s3.Input("vpcEndpointType"))
	assert.Len(t, s3.Input("routeTableIds"), 2)
	sts := recorder.Named(t, endpointType, "main-sts")
	assert.Equal(t, true, sts.Input("privateDnsEnabled"))
	assert.Len(t, sts.Input("subnetIds"), 2)
}

func TestNetwork_NothingIsMadeTwice(t *testing.T) {
	recorder := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		for _, name := range []string{"one", "two"} {
			if _, err := vpc.NewNetwork(ctx, name, largest()); err != nil {
				return err
			}
		}
		return nil
	})
	assert.Equal(t, 2, recorder.Count(vpcType))
}

func TestNetwork_Refuses(t *testing.T) {
	change := func(f func(*vpc.NetworkArgs)) *vpc.NetworkArgs {
		args := smallest()
		f(args)
		return args
	}
	for name, test := range map[string]struct {
		args *vpc.NetworkArgs
		want string
	}{
		"one zone":               {change(func(a *vpc.NetworkArgs) { a.Zones = a.Zones[:1] }), `zones: need at least 2, each once, got ["af-south-1a"]`},
		"one zone twice":         {change(func(a *vpc.NetworkArgs) { a.DataZones = []string{"x-1a", "x-1a"} }), `data zones: need at least 2, each once, got ["x-1a" "x-1a"]`},
		"no region":              {change(func(a *vpc.NetworkArgs) { a.Region = "" }), `region: is required`},
		"no cluster":             {change(func(a *vpc.NetworkArgs) { a.ClusterName = "" }), `cluster name: is required`},
		"no bucket":              {change(func(a *vpc.NetworkArgs) { a.FlowLogs.BucketARN = nil }), `flow logs: bucket ARN is required for destination s3`},
		"no key":                 {change(func(a *vpc.NetworkArgs) { a.FlowLogs.Destination = vpc.LogsToCloudWatch }), `log key: is required, flow logs are always encrypted`},
		"unknown NAT":            {change(func(a *vpc.NetworkArgs) { a.NATGateways = "two" }), `nat gateways: must be perZone or single, got "two"`},
		"unknown destination":    {change(func(a *vpc.NetworkArgs) { a.FlowLogs.Destination = "kafka" }), `flow logs: destination must be s3 or cloudWatch, got "kafka"`},
		"negative retention":     {change(func(a *vpc.NetworkArgs) { a.FlowLogs.RetentionDays = -1 }), `flow logs: retention must be positive, got -1 days`},
		"endpoint twice":         {change(func(a *vpc.NetworkArgs) { a.InterfaceEndpoints = []string{"sts", "sts"} }), `interface endpoints: must name each once, got "sts" again`},
		"address outside":        {change(func(a *vpc.NetworkArgs) { a.Subnets.Data = map[string]string{"af-south-1a": "10.9.0.0/24"} }), `subnets.data.af-south-1a: must lie inside network.cidr 10.2.0.0/16, got "10.9.0.0/24"`},
		"nothing asked for, nil": {nil, "cidr: must be an IPv4 range such as 10.0.0.0/16\n"},
	} {
		t.Run(name, func(t *testing.T) {
			recorder, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
				_, err := vpc.NewNetwork(ctx, "main", test.args)
				return err
			})
			require.ErrorContains(t, err, test.want)
			for line := range strings.Lines(strings.TrimSpace(err.Error())) {
				if line = strings.TrimPrefix(strings.TrimSpace(line), "* "); line != "" && !strings.HasSuffix(line, " occurred:") {
					assert.True(t, strings.HasPrefix(line, `network "main": `), line)
				}
			}
			assert.Empty(t, recorder.All(), "nothing is registered")
		})
	}
}

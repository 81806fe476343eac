package edge

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	balancerToken = "aws:lb/loadBalancer:LoadBalancer"
	targetsToken  = "aws:lb/targetGroup:TargetGroup"
	listenerToken = "aws:lb/listener:Listener"
	firewallToken = "aws:ec2/securityGroup:SecurityGroup"
	ingressToken  = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressToken   = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
)

func balancerArgs() *LoadBalancerArgs {
	return &LoadBalancerArgs{
		Name: "cloudinsight-prod", VPCID: pulumi.String("vpc-1"), SubnetIDs: pulumi.ToStringArray([]string{"subnet-a", "subnet-b"}),
		Targets: map[string]pulumi.StringInput{"cluster": pulumi.String("sg-cluster")},
	}
}

func recordBalancer(t *testing.T, name string, args *LoadBalancerArgs) (*pulumitest.Recorder, *LoadBalancer, []any, error) {
	t.Helper()
	var made *LoadBalancer
	values := make(chan []any, 1)
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) (err error) {
		if made, err = NewLoadBalancer(ctx, name, args); err != nil {
			values <- nil
			return err
		}
		pulumi.All(made.DNSName, made.ZoneID, made.TargetGroupARN).ApplyT(func(known []any) error { values <- known; return nil })
		return nil
	}, pulumitest.Invoke("aws:ec2/getManagedPrefixList:getManagedPrefixList", func(args map[string]any) map[string]any {
		assert.Equal(t, "com.amazonaws.global.cloudfront.origin-facing", args["name"])
		return map[string]any{"id": "pl-cloudfront", "name": args["name"], "arn": "arn:pl", "addressFamily": "IPv4", "ownerId": "AWS", "maxEntries": 55, "version": 1, "tags": map[string]any{}, "entries": []any{}}
	}), pulumitest.Outputs(balancerToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"dnsName": "edge.elb.amazonaws.com", "zoneId": "ZLB", "arn": "arn:lb", "arnSuffix": "net/edge/1"}
	}), pulumitest.Outputs(targetsToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"arn": "arn:targets", "arnSuffix": "targetgroup/edge/1"}
	}), pulumitest.Outputs(listenerToken, func(*pulumitest.Resource) map[string]any { return map[string]any{"arn": "arn:listener"} }))
	return rec, made, <-values, err
}

func TestLoadBalancer_DefaultsAreForProduction(t *testing.T) {
	rec, made, values, err := recordBalancer(t, "edge", balancerArgs())
	require.NoError(t, err)
	assert.Equal(t, []any{"edge.elb.amazonaws.com", "ZLB", "arn:targets"}, values)
	balancer := rec.Named(t, balancerToken, "edge")
	for path, want := range map[string]any{
		"loadBalancerType": "network", "internal": false, "enableCrossZoneLoadBalancing": true, "enableDeletionProtection": true,
		"subnets": []any{"subnet-a", "subnet-b"}, "securityGroups": []any{rec.Named(t, firewallToken, "edge").ID}, "name": nil, "tags.Component": "edge",
	} {
		assert.Equal(t, want, balancer.Input(path), path)
	}
	assert.True(t, balancer.Protect)
	for path, want := range map[string]any{
		"targetType": "ip", "protocol": "TCP", "port": 443.0, "vpcId": "vpc-1", "preserveClientIp": "true", "deregistrationDelay": 120.0, "connectionTermination": true,
		"healthCheck.protocol": "HTTP", "healthCheck.port": "8081", "healthCheck.path": "/nginx-ready", "healthCheck.matcher": "200",
	} {
		assert.Equal(t, want, rec.Named(t, targetsToken, "edge").Input(path), path)
	}
	for path, want := range map[string]any{
		"port": 443.0, "protocol": "TCP", "loadBalancerArn": "arn:lb", "defaultActions[0].type": "forward", "defaultActions[0].targetGroupArn": "arn:targets",
	} {
		assert.Equal(t, want, rec.Named(t, listenerToken, "edge").Input(path), path)
	}
	assert.Len(t, made.Ready, 6, "the listener, the rule for CloudFront, and two ports on two sides")
	assert.Len(t, rec.Children(rec.Named(t, loadBalancerType, "edge")), len(rec.All())-1)
}

func TestLoadBalancer_LetsInCloudFrontOnly(t *testing.T) {
	rec, _, _, err := recordBalancer(t, "edge", balancerArgs())
	require.NoError(t, err)
	firewall := rec.Named(t, firewallToken, "edge")
	for path, want := range map[string]any{"ingress": nil, "egress": nil, "vpcId": "vpc-1"} {
		assert.Equal(t, want, firewall.Input(path), path)
	}
	for _, rule := range rec.OfType(ingressToken) {
		assert.Nil(t, rule.Input("cidrIpv4"), rule.Name)
		if rule.Input("securityGroupId") == firewall.ID {
			assert.Equal(t, "edge-from-cloudfront", rule.Name)
			assert.Equal(t, "pl-cloudfront", rule.Input("prefixListId"))
			assert.Equal(t, 443.0, rule.Input("toPort"))
		}
	}
	assert.Equal(t, 3, rec.Count(ingressToken))
	for _, port := range []string{"443", "8081"} {
		in, out := rec.Named(t, ingressToken, "edge-to-cluster-"+port), rec.Named(t, egressToken, "edge-to-cluster-"+port)
		assert.Equal(t, "sg-cluster", in.Input("securityGroupId"))
		assert.Equal(t, firewall.ID, in.Input("referencedSecurityGroupId"))
		assert.Equal(t, "sg-cluster", out.Input("referencedSecurityGroupId"))
		assert.Equal(t, firewall.ID, out.Input("securityGroupId"))
	}
}

func TestLoadBalancer_EverythingSet(t *testing.T) {
	args := balancerArgs()
	args.TargetPort, args.HealthCheckPort, args.HealthCheckPath, args.DrainSeconds, args.Unprotected = 8443, 8443, "/ok", 10, true
	rec, _, _, err := recordBalancer(t, "edge", args)
	require.NoError(t, err)
	balancer := rec.Named(t, balancerToken, "edge")
	assert.False(t, balancer.Protect)
	assert.Equal(t, false, balancer.Input("enableDeletionProtection"))
	targets := rec.Named(t, targetsToken, "edge")
	assert.Equal(t, 8443.0, targets.Input("port"))
	assert.Equal(t, "8443", targets.Input("healthCheck.port"))
	assert.Equal(t, "/ok", targets.Input("healthCheck.path"))
	assert.Equal(t, 10.0, targets.Input("deregistrationDelay"))
	assert.Equal(t, 1, rec.Count(egressToken), "one port for both")
}

func TestLoadBalancer_Alarms(t *testing.T) {
	_, made, _, err := recordBalancer(t, "edge", balancerArgs())
	require.NoError(t, err)
	require.Len(t, made.Alarms(), 2)
	for _, a := range made.Alarms() {
		assert.NoError(t, a.WithDefaults().Validate(), a.Name)
	}
}

func TestLoadBalancer_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*LoadBalancerArgs)
		want   string
	}{
		"nothing": {func(a *LoadBalancerArgs) { *a = LoadBalancerArgs{} }, "name: is required\nvpc id: is required\nsubnets: are required\ntargets: must have at least one security group"},
		"target":  {func(a *LoadBalancerArgs) { a.Targets = map[string]pulumi.StringInput{"cluster": nil} }, `targets: must have a label and a security group each, got "cluster"`},
		"port":    {func(a *LoadBalancerArgs) { a.TargetPort = 65536 }, "target port: must be between 1 and 65535, got 65536"},
		"check":   {func(a *LoadBalancerArgs) { a.HealthCheckPort = -1 }, "health check port: must be between 1 and 65535, got -1"},
		"path":    {func(a *LoadBalancerArgs) { a.HealthCheckPath = "ok" }, "health check path: must match"},
		"drain":   {func(a *LoadBalancerArgs) { a.DrainSeconds = 3601 }, "drain: must be between 1 and 3600 seconds, got 3601"},
	} {
		t.Run(name, func(t *testing.T) {
			args := balancerArgs()
			c.change(args)
			rec, _, _, err := recordBalancer(t, "edge", args)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All())
		})
	}
	_, _, _, err := recordBalancer(t, "a-name-that-is-much-too-long", balancerArgs())
	assert.ErrorContains(t, err, "logical name: must match")
	_, _, _, err = recordBalancer(t, "edge", nil)
	assert.ErrorContains(t, err, `load balancer "edge": name: is required`)
}

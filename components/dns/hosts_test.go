package dns

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

const checkToken = "aws:route53/healthCheck:HealthCheck"

func hostsArgs() *HostsArgs {
	return &HostsArgs{
		Name: "cloudinsight-prod", Domain: "prod.cloudinsight.com", ZoneID: pulumi.String("Z1"),
		Target: Target{DNSName: pulumi.String("d1.cloudfront.net"), ZoneID: pulumi.String("ZCF")},
	}
}

func recordHosts(t *testing.T, args *HostsArgs) (*pulumitest.Recorder, *Hosts, error) {
	t.Helper()
	var hosts *Hosts
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) (err error) {
		hosts, err = NewHosts(ctx, "public", args)
		return err
	})
	return rec, hosts, err
}

func TestHosts_LeadToTheTarget(t *testing.T) {
	rec, hosts, err := recordHosts(t, hostsArgs())
	require.NoError(t, err)
	assert.Equal(t, 8, rec.Count(recordToken), "four hosts, each for IPv4 and IPv6")
	for label, host := range map[string]string{
		"apex": "prod.cloudinsight.com", "api": "api.prod.cloudinsight.com", "grafana": "grafana.prod.cloudinsight.com", "argocd": "argocd.prod.cloudinsight.com",
	} {
		assert.Contains(t, hosts.Names, host)
		for suffix, kind := range map[string]string{"a": "A", "aaaa": "AAAA"} {
			record := rec.Named(t, recordToken, "public-"+label+"-"+suffix)
			for path, want := range map[string]any{
				"zoneId": "Z1", "name": host, "type": kind, "aliases[0].name": "d1.cloudfront.net", "aliases[0].zoneId": "ZCF",
				"aliases[0].evaluateTargetHealth": false, "failoverRoutingPolicies": nil, "setIdentifier": nil, "healthCheckId": nil, "ttl": nil,
			} {
				assert.Equal(t, want, record.Input(path), "%s %s", record.Name, path)
			}
		}
	}
	check := rec.Named(t, checkToken, "public")
	for path, want := range map[string]any{
		"type": "HTTPS", "fqdn": "api.prod.cloudinsight.com", "port": 443.0, "resourcePath": "/healthz", "enableSni": true, "requestInterval": 30.0, "failureThreshold": 3.0,
	} {
		assert.Equal(t, want, check.Input(path), path)
	}
	assert.Equal(t, "api.prod.cloudinsight.com", hosts.CheckedName)
	assert.Len(t, rec.Children(rec.Named(t, hostsType, "public")), 9)
}

func TestHosts_FailOver(t *testing.T) {
	args := hostsArgs()
	args.Hosts = []string{"api.prod.cloudinsight.com"}
	args.HealthCheckPath = "/ready"
	args.Target = Target{DNSName: pulumi.String("one.elb"), ZoneID: pulumi.String("ZA"), EvaluateHealth: true, IPv4Only: true}
	args.Secondary = &Target{DNSName: pulumi.String("two.elb"), ZoneID: pulumi.String("ZB"), IPv4Only: true}
	rec, hosts, err := recordHosts(t, args)
	require.NoError(t, err)
	check := rec.Named(t, checkToken, "public")
	assert.Equal(t, "api-primary.prod.cloudinsight.com", check.Input("fqdn"), "a name that moves would answer for itself")
	assert.Equal(t, check.Input("fqdn"), hosts.CheckedName)
	assert.Equal(t, "/ready", check.Input("resourcePath"))
	fixed := rec.Named(t, recordToken, "public-api-primary-a")
	assert.Equal(t, "one.elb", fixed.Input("aliases[0].name"))
	assert.Nil(t, fixed.Input("failoverRoutingPolicies"))

	primary, secondary := rec.Named(t, recordToken, "public-api-a-primary"), rec.Named(t, recordToken, "public-api-a-secondary")
	for path, want := range map[string]any{
		"aliases[0].name": "one.elb", "aliases[0].evaluateTargetHealth": true, "failoverRoutingPolicies[0].type": "PRIMARY", "setIdentifier": "primary", "healthCheckId": check.ID,
	} {
		assert.Equal(t, want, primary.Input(path), path)
	}
	for path, want := range map[string]any{
		"aliases[0].name": "two.elb", "failoverRoutingPolicies[0].type": "SECONDARY", "setIdentifier": "secondary", "healthCheckId": nil,
	} {
		assert.Equal(t, want, secondary.Input(path), path)
	}
	assert.Equal(t, 3, rec.Count(recordToken))
}

func TestHosts_WithoutHealthCheck(t *testing.T) {
	args := hostsArgs()
	args.NoHealthCheck, args.Hosts = true, []string{"prod.cloudinsight.com"}
	rec, hosts, err := recordHosts(t, args)
	require.NoError(t, err)
	assert.Zero(t, rec.Count(checkToken))
	assert.Empty(t, hosts.CheckedName)
	assert.Equal(t, 2, rec.Count(recordToken))
}

func TestHosts_Refuse(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*HostsArgs)
		want   string
	}{
		"nothing":          {func(a *HostsArgs) { *a = HostsArgs{} }, "zone id: is required"},
		"outside the zone": {func(a *HostsArgs) { a.Hosts = append(a.Hosts, "api.prod.cloudinsight.com", "api.dev.cloudinsight.com") }, `hosts[1]: must be prod.cloudinsight.com or one label under it, got "api.dev.cloudinsight.com"`},
		"too deep":         {func(a *HostsArgs) { a.Hosts = []string{"v1.api.prod.cloudinsight.com"} }, `hosts[0]: must be prod.cloudinsight.com or one label under it`},
		"not a name":       {func(a *HostsArgs) { a.Hosts = []string{"a b.prod.cloudinsight.com"} }, `hosts[0]: must be prod.cloudinsight.com or one label`},
		"twice":            {func(a *HostsArgs) { a.Hosts = []string{"api.prod.cloudinsight.com", "api.prod.cloudinsight.com"} }, "hosts[1]: must be there once"},
		"ours":             {func(a *HostsArgs) { a.Hosts = []string{"api-primary.prod.cloudinsight.com"} }, "hosts[0]: must not be"},
		"no api":           {func(a *HostsArgs) { a.Hosts = []string{"prod.cloudinsight.com"} }, `hosts: must have "api.prod.cloudinsight.com", which the health check asks`},
		"no target":        {func(a *HostsArgs) { a.Target.ZoneID = nil }, "target: a dns name and its zone's id are required"},
		"no secondary":     {func(a *HostsArgs) { a.Secondary = &Target{} }, "secondary: a dns name and its zone's id are required"},
		"blind failover":   {func(a *HostsArgs) { s := a.Target; a.Secondary, a.NoHealthCheck = &s, true }, "secondary: must be left out without a health check"},
		"path":             {func(a *HostsArgs) { a.HealthCheckPath = "healthz" }, "health check path: must match"},
	} {
		t.Run(name, func(t *testing.T) {
			args := hostsArgs()
			c.change(args)
			rec, _, err := recordHosts(t, args)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All())
		})
	}
	_, _, err := recordHosts(t, nil)
	assert.ErrorContains(t, err, `hosts "public": `)
}

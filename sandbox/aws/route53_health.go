package aws

import (
	"net/netip"
	"strings"
)

const typeHealthCheck = "aws:route53/healthCheck:HealthCheck"

// checkerRegions: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
var checkerRegions = []string{
	"us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1",
}

// healthCheckKinds are Route 53's health checks. Deleting one is never refused: records that name it are left without.
// Rules: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html and API_CreateHealthCheck.html.
var healthCheckKinds = map[string]kind{
	typeHealthCheck: {
		global:  true,
		replace: []string{"type", "requestInterval", "measureLatency", "referenceName", "routingControlArn"},
		rules:   healthCheckRules,
		create: func(c *call) error {
			c.id = newUUID()
			c.arn = "arn:aws:route53:::healthcheck/" + c.id
			if typ := c.in.str("type"); strings.HasPrefix(typ, "HTTP") || typ == "TCP" {
				c.standard(props{"failureThreshold": 3.0, "requestInterval": 30.0, "enableSni": strings.HasPrefix(typ, "HTTPS")})
			}
			return checkHealthCheck(c)
		},
		update: checkHealthCheck,
	},
}

func healthCheckRules(in props, p *problems) {
	p.oneOf(in, "type", "type", "HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP", "CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")
	p.between(in, "port", "port", 1, 65535)
	p.between(in, "failureThreshold", "failureThreshold", 1, 10)
	p.between(in, "childHealthThreshold", "childHealthThreshold", 0, 256)
	p.oneOf(in, "insufficientDataHealthStatus", "insufficientDataHealthStatus", "Healthy", "Unhealthy", "LastKnownStatus")
	p.unknownTo(in, "routingControlArn")
	if n := in.number("requestInterval"); in.known("requestInterval") && n != 10 && n != 30 {
		p.add("requestInterval", "must be 10 or 30, got %d", n)
	}
	for _, name := range []string{"fqdn", "resourcePath", "searchString"} {
		if len(in.str(name)) > 255 {
			p.add(name, "has at most 255 characters, got %d", len(in.str(name)))
		}
	}
	if in.known("ipAddress") {
		address, err := netip.ParseAddr(in.str("ipAddress"))
		// Route 53 checks from the Internet: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
		if err != nil || address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() || address.IsMulticast() || address.IsUnspecified() {
			p.add("ipAddress", "InvalidInput: must be an address that the Internet reaches, got %q", in.str("ipAddress"))
		}
	}
	if regions := in.strings("regions"); in.known("regions") {
		if len(regions) < 3 {
			p.add("regions", "must be at least 3, got %d", len(regions))
		}
		for _, region := range regions {
			if !contains(checkerRegions, region) {
				p.add("regions", "must be of %v, got %q", checkerRegions, region)
			}
		}
	}
	typ := in.str("type")
	if !in.known("type") {
		return
	}
	endpoint := strings.HasPrefix(typ, "HTTP") || typ == "TCP"
	need := func(when bool, name string) {
		if when && !in.has(name) {
			p.add(name, "is required for the type %s", typ)
		}
	}
	refuse := func(when bool, names ...string) {
		for _, name := range names {
			if when && in.has(name) {
				p.add(name, "the type %s has none", typ)
			}
		}
	}
	if endpoint && !in.has("fqdn") && !in.has("ipAddress") {
		p.add("fqdn", "one of fqdn, ipAddress is required for the type %s", typ)
	}
	need(typ == "TCP", "port")
	need(strings.HasSuffix(typ, "_STR_MATCH"), "searchString")
	need(typ == "CALCULATED", "childHealthchecks")
	need(typ == "CLOUDWATCH_METRIC", "cloudwatchAlarmName")
	need(typ == "CLOUDWATCH_METRIC", "cloudwatchAlarmRegion")
	refuse(!strings.HasSuffix(typ, "_STR_MATCH"), "searchString")
	refuse(!strings.HasPrefix(typ, "HTTP"), "resourcePath")
	refuse(!endpoint, "fqdn", "ipAddress", "port", "requestInterval", "failureThreshold", "regions")
}

func checkHealthCheck(c *call) error {
	for _, id := range c.in.strings("childHealthchecks") {
		if c.find(typeHealthCheck, id) == nil || id == c.id {
			return fail("CreateHealthCheck", "InvalidInput", "The child health check %s does not exist", id)
		}
	}
	if alarm, region := c.in.str("cloudwatchAlarmName"), c.in.str("cloudwatchAlarmRegion"); alarm != "" &&
		c.state.GetIn(region, typeAlarm, alarm) == nil {
		return fail("CreateHealthCheck", "InvalidInput", "Cannot find the CloudWatch alarm %s in %s", alarm, region)
	}
	return nil
}

package aws

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeTargetGroup      = "aws:lb/targetGroup:TargetGroup"
	typeTargetAttachment = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
)

// targetKinds are target groups and their targets.
// Rules: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html,
// API_TargetGroupAttribute.html and API_RegisterTargets.html.
var targetKinds = map[string]kind{
	typeTargetGroup: {
		name: "name", nameMax: 32,
		replace: []string{"name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId", "ipAddressType"},
		rules:   targetGroupRules,
		create: func(c *call) error {
			if err := c.needVPC("CreateTargetGroup"); err != nil {
				return err
			}
			if c.in.str("name") == "" {
				return fail("CreateTargetGroup", "ValidationError", "aws stand-in: it knows name, not namePrefix")
			}
			for _, other := range c.byProp(typeTargetGroup, "name", c.in.str("name")) {
				return fail("CreateTargetGroup", "DuplicateTargetGroupName", "A target group with the same name '%s' exists: %s", c.in.str("name"), other.ID)
			}
			suffix := "targetgroup/" + c.in.str("name") + "/" + hexDigits(16)
			c.arn = c.arnOf("elasticloadbalancing", suffix)
			c.id = c.arn
			c.out = props{"arnSuffix": suffix, "loadBalancerArns": []any{}}
			c.standard(props{"targetType": "instance", "ipAddressType": "ipv4", "deregistrationDelay": 300.0, "loadBalancingCrossZoneEnabled": "use_load_balancer_configuration"})
			return nil
		},
		remove: func(c *call) error {
			for _, typ := range []string{typeListener, typeListenerRule} {
				for _, r := range c.inRegion(typ) {
					if contains(forwardsTo(r.Props), c.arn) {
						return fail("DeleteTargetGroup", "ResourceInUse", "Target group '%s' is currently in use by a listener or a rule: %s", c.arn, r.ID)
					}
				}
			}
			return nil
		},
	},
	typeTargetAttachment: {
		replace: []string{"targetGroupArn", "targetId", "port", "availabilityZone"},
		rules:   func(in props, p *problems) { p.between(in, "port", "port", 1, 65535) },
		create:  registerTarget,
	},
}

func layer7(protocol string) bool { return protocol == "HTTP" || protocol == "HTTPS" }

func targetGroupRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !loadBalancerName.MatchString(n) {
		p.add("name", "must match %s, got %q", loadBalancerName, n)
	}
	p.oneOf(in, "targetType", "targetType", "instance", "ip", "lambda", "alb")
	if typ := in.str("targetType"); typ == "lambda" || typ == "alb" {
		p.add("targetType", "the stand-in knows targets that are instances or addresses, got %q", typ)
	}
	p.unknownTo(in, "lambdaMultiValueHeadersEnabled", "targetFailovers", "targetGroupHealth", "targetHealthStates")
	p.oneOf(in, "protocol", "protocol", "HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP")
	p.between(in, "port", "port", 1, 65535)
	for _, name := range []string{"protocol", "port", "vpcId"} {
		if !in.has(name) {
			p.add(name, "is required for instances and addresses")
		}
	}
	p.between(in, "deregistrationDelay", "deregistrationDelay", 0, 3600)
	p.oneOf(in, "ipAddressType", "ipAddressType", "ipv4", "ipv6")
	p.oneOf(in, "protocolVersion", "protocolVersion", "HTTP1", "HTTP2", "GRPC")
	p.oneOf(in, "loadBalancingCrossZoneEnabled", "loadBalancingCrossZoneEnabled", "true", "false", "use_load_balancer_configuration")
	p.oneOf(in, "loadBalancingAlgorithmType", "loadBalancingAlgorithmType", "round_robin", "least_outstanding_requests", "weighted_random")
	p.oneOf(in, "preserveClientIp", "preserveClientIp", "true", "false")
	if n := in.number("slowStart"); n != 0 && (n < 30 || n > 900) {
		p.add("slowStart", "must be 0 or between 30 and 900, got %d", n)
	}
	protocol := in.str("protocol")
	if !in.known("protocol") {
		return
	}
	only := func(fits bool, names ...string) {
		for _, name := range names {
			if v := in[name]; !fits && v != nil && v != false {
				p.add(name, "InvalidConfigurationRequest: is not supported for target groups with the protocol %s", protocol)
			}
		}
	}
	only(layer7(protocol), "protocolVersion", "slowStart", "loadBalancingAlgorithmType", "loadBalancingAnomalyMitigation")
	only(!layer7(protocol), "preserveClientIp", "proxyProtocolV2", "connectionTermination")
	if strings.Contains(protocol, "UDP") && in.str("preserveClientIp") == "false" {
		p.add("preserveClientIp", "cannot be turned off for the protocol %s", protocol)
	}
	if s := in.object("stickiness"); s != nil {
		allowed := []string{"lb_cookie", "app_cookie"}
		if !layer7(protocol) {
			allowed = []string{"source_ip"}
		}
		p.oneOf(s, "stickiness.type", "type", allowed...)
		p.between(s, "stickiness.cookieDuration", "cookieDuration", 1, 604800)
	}
	targetHealthRules(in.object("healthCheck"), protocol, p)
}

// targetHealthRules: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
func targetHealthRules(h props, protocol string, p *problems) {
	const path = "healthCheck."
	allowed := []string{"HTTP", "HTTPS", "TCP"}
	how := h.str("protocol")
	if layer7(protocol) {
		allowed = allowed[:2]
		if how == "" {
			how = "HTTP"
		}
	} else if how == "" {
		how = "TCP"
	}
	p.oneOf(h, path+"protocol", "protocol", allowed...)
	p.between(h, path+"healthyThreshold", "healthyThreshold", 2, 10)
	p.between(h, path+"unhealthyThreshold", "unhealthyThreshold", 2, 10)
	p.between(h, path+"interval", "interval", 5, 300)
	p.between(h, path+"timeout", "timeout", 2, 120)
	interval := h.number("interval")
	if interval == 0 {
		interval = 30
	}
	if t := h.number("timeout"); t > interval {
		p.add(path+"timeout", "Health check timeout '%d' must be smaller than or equal to the interval '%d'", t, interval)
	}
	if port := h.str("port"); h.known("port") && port != "traffic-port" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			p.add(path+"port", "must be traffic-port or 1 to 65535, got %q", port)
		}
	}
	for _, name := range []string{"path", "matcher"} {
		if h.known("protocol") && how == "TCP" && h.str(name) != "" {
			p.add(path+name, "is for HTTP and HTTPS")
		}
	}
	if at := h.str("path"); at != "" && !strings.HasPrefix(at, "/") {
		p.add(path+"path", "must begin with a slash, got %q", at)
	}
}

func registerTarget(c *call) error {
	const operation = "RegisterTargets"
	group := c.find(typeTargetGroup, c.in.str("targetGroupArn"))
	if group == nil {
		return fail(operation, "TargetGroupNotFound", "Target groups '%s' not found", c.in.str("targetGroupArn"))
	}
	target := c.in.str("targetId")
	if group.String("targetType") != "ip" {
		return fail(operation, "InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'; the stand-in has no instances", target)
	}
	address, err := netip.ParseAddr(target)
	if err != nil {
		return fail(operation, "ValidationError", "The IP address '%s' is not a valid IPv4 address", target)
	}
	within := slices.ContainsFunc(vpcBlocks(c, group.String("vpcId")), func(block string) bool {
		prefix, err := netip.ParsePrefix(block)
		return err == nil && prefix.Contains(address)
	})
	if !within && !address.IsPrivate() {
		return fail(operation, "ValidationError", "The IP address '%s' is not within a valid address range", target)
	}
	if !within && c.in.str("availabilityZone") != "all" {
		return fail(operation, "ValidationError", "You must specify the Availability Zone 'all' for the IP address '%s' outside the VPC", target)
	}
	for _, other := range c.byProp(typeTargetAttachment, "targetGroupArn", group.ID) {
		if other.String("targetId") == target && other.Props["port"] == c.in["port"] {
			return fail(operation, "ResourceInUse", "aws stand-in: two resources register %s: the first that goes takes the target along", target)
		}
	}
	c.id = group.ID + "-" + hexDigits(26)
	return nil
}

// forwardsTo are the target groups that a listener or rule sends requests to.
func forwardsTo(in props) []string {
	var all []string
	for _, action := range append(in.objects("defaultActions"), in.objects("actions")...) {
		if arn := action.str("targetGroupArn"); arn != "" {
			all = append(all, arn)
		}
		for _, g := range action.object("forward").objects("targetGroups") {
			all = append(all, g.str("arn"))
		}
	}
	return all
}

// balancerOf returns the load balancer of a listener or rule, or nil.
func balancerOf(c *call, r *account.Resource) *account.Resource {
	arn := r.String("loadBalancerArn")
	if listener := r.String("listenerArn"); listener != "" {
		l := c.find(typeListener, listener)
		if l == nil {
			return nil
		}
		arn = l.String("loadBalancerArn")
	}
	return c.find(typeLoadBalancer, arn)
}

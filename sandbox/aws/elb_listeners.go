package aws

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeListener     = "aws:lb/listener:Listener"
	typeListenerRule = "aws:lb/listenerRule:ListenerRule"
)

// securityPolicies are ELB's sets of TLS versions and ciphers.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
var securityPolicies = []string{
	"ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS-1-1-2017-01", "ELBSecurityPolicy-TLS-1-2-2017-01", "ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
	"ELBSecurityPolicy-FS-2018-06", "ELBSecurityPolicy-FS-1-1-2019-08", "ELBSecurityPolicy-FS-1-2-2019-08", "ELBSecurityPolicy-FS-1-2-Res-2019-08",
	"ELBSecurityPolicy-FS-1-2-Res-2020-10", "ELBSecurityPolicy-TLS13-1-0-2021-06", "ELBSecurityPolicy-TLS13-1-1-2021-06",
	"ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
	"ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06",
}

// targetsFor are the protocols of the target groups that a listener of the protocol can forward to.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html#target-group-routing-configuration
var targetsFor = map[string][]string{
	"HTTP": {"HTTP", "HTTPS"}, "HTTPS": {"HTTP", "HTTPS"},
	"TCP": {"TCP", "TCP_UDP"}, "TLS": {"TCP", "TLS"}, "UDP": {"UDP", "TCP_UDP"}, "TCP_UDP": {"TCP_UDP"},
}

// listenerKinds are the listeners of load balancers and their rules.
// Rules: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html and API_CreateRule.html.
var listenerKinds = map[string]kind{
	typeListener: {
		replace: []string{"loadBalancerArn"},
		rules: func(in props, p *problems) {
			p.between(in, "port", "port", 1, 65535)
			p.between(in, "tcpIdleTimeoutSeconds", "tcpIdleTimeoutSeconds", 60, 6000)
			p.oneOf(in, "protocol", "protocol", "HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP")
			p.unknownTo(in, "mutualAuthentication")
			for _, name := range []string{"port", "protocol"} {
				if !in.has(name) {
					p.add(name, "ValidationError: is required for application and network load balancers")
				}
			}
			listenerActions(in, "defaultActions", p)
			secure := in.str("protocol") == "HTTPS" || in.str("protocol") == "TLS"
			if !in.known("protocol") {
				return
			}
			if secure && !in.has("certificateArn") {
				p.add("certificateArn", "CertificateNotFound: a certificate must be specified for %s listeners", in.str("protocol"))
			}
			for _, name := range []string{"certificateArn", "sslPolicy", "alpnPolicy"} {
				if !secure && in.has(name) {
					p.add(name, "is for HTTPS and TLS, got the protocol %s", in.str("protocol"))
				}
			}
			if s := in.str("sslPolicy"); s != "" && !contains(securityPolicies, s) {
				p.add("sslPolicy", "SSLPolicyNotFound: must be one of %v, got %q", securityPolicies, s)
			}
			p.oneOf(in, "alpnPolicy", "alpnPolicy", "HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None")
		},
		create: func(c *call) error {
			lb := c.find(typeLoadBalancer, c.in.str("loadBalancerArn"))
			if lb == nil {
				return fail("CreateListener", "LoadBalancerNotFound", "One or more load balancers not found: %s", c.in.str("loadBalancerArn"))
			}
			c.arn = strings.Replace(lb.ARN, ":loadbalancer/", ":listener/", 1) + "/" + hexDigits(16)
			c.id = c.arn
			if err := checkListener(c, lb); err != nil {
				return err
			}
			if c.in.has("certificateArn") {
				c.standard(props{"sslPolicy": "ELBSecurityPolicy-2016-08"})
			}
			return nil
		},
		update: func(c *call) error { return checkListener(c, c.find(typeLoadBalancer, c.in.str("loadBalancerArn"))) },
		remove: func(c *call) error {
			for _, rule := range c.byProp(typeListenerRule, "listenerArn", c.arn) {
				c.state.Remove(rule)
			}
			return nil
		},
	},
	typeListenerRule: {
		replace: []string{"listenerArn"},
		rules: func(in props, p *problems) {
			p.between(in, "priority", "priority", 1, 50000)
			listenerActions(in, "actions", p)
			conditionRules(in, p)
		},
		create: func(c *call) error {
			listener := c.find(typeListener, c.in.str("listenerArn"))
			if listener == nil {
				return fail("CreateRule", "ListenerNotFound", "One or more listeners not found: %s", c.in.str("listenerArn"))
			}
			c.arn = strings.Replace(listener.ARN, ":listener/", ":listener-rule/", 1) + "/" + hexDigits(16)
			c.id = c.arn
			return checkRule(c)
		},
		update: checkRule,
	},
}

func init() {
	certificatesOf[typeListener] = func(r props) []string { return []string{r.str("certificateArn")} }
}

func checkListener(c *call, lb *account.Resource) error {
	const operation = "CreateListener"
	typ, protocol := lb.String("loadBalancerType"), c.in.str("protocol")
	allowed := map[string][]string{"application": {"HTTP", "HTTPS"}, "network": {"TCP", "TLS", "UDP", "TCP_UDP"}}[typ]
	if !contains(allowed, protocol) {
		return fail(operation, "ValidationError", "Listener protocol '%s' must be one of %v for a load balancer of the type %s", protocol, allowed, typ)
	}
	for _, other := range c.byProp(typeListener, "loadBalancerArn", lb.ID) {
		udp := other.String("protocol") == "UDP" != (protocol == "UDP") // TCP and UDP have ports of their own
		if other.ID != c.id && other.Props["port"] == c.in["port"] && !udp {
			return fail(operation, "DuplicateListener", "A listener already exists on this port for this load balancer '%s': %s", lb.ID, other.ID)
		}
	}
	if arn := c.in.str("certificateArn"); arn != "" {
		certificate := c.find(typeCertificate, arn)
		if certificate == nil {
			return fail(operation, "CertificateNotFound", "Certificate '%s' not found in %s", arn, c.region)
		}
		if certificate.String("status") != "ISSUED" {
			return fail(operation, "UnsupportedCertificate", "The certificate '%s' must have a fully-qualified domain name, a supported signature, and a supported key size: "+
				"its status is %s", arn, certificate.String("status"))
		}
	}
	return checkForwards(c, operation, lb, protocol)
}

// checkForwards: target groups exist, are in the load balancer's VPC, speak its layer, and belong to no other.
func checkForwards(c *call, operation string, lb *account.Resource, protocol string) error {
	for _, arn := range forwardsTo(c.in) {
		group := c.find(typeTargetGroup, arn)
		if group == nil {
			return fail(operation, "TargetGroupNotFound", "One or more target groups not found: %s", arn)
		}
		if !contains(targetsFor[protocol], group.String("protocol")) {
			return fail(operation, "IncompatibleProtocols", "The listener protocol %s is not compatible with the protocol %s of the target group %s", protocol, group.String("protocol"), arn)
		}
		if group.String("vpcId") != lb.String("vpcId") {
			return fail(operation, "InvalidConfigurationRequest", "The target group %s is in %s, and the load balancer in %s", arn, group.String("vpcId"), lb.String("vpcId"))
		}
		for _, typ := range []string{typeListener, typeListenerRule} {
			for _, r := range c.inRegion(typ) {
				if owner := balancerOf(c, r); contains(forwardsTo(r.Props), arn) && owner != nil && owner.ID != lb.ID {
					return fail(operation, "TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", arn)
				}
			}
		}
	}
	if lb.String("loadBalancerType") == "network" {
		for _, action := range c.in.objects("defaultActions") {
			if action.str("type") != "forward" {
				return fail(operation, "InvalidLoadBalancerAction", "A network load balancer forwards only, got the action %s", action.str("type"))
			}
		}
	}
	return nil
}

func checkRule(c *call) error {
	const operation = "CreateRule"
	listener := c.find(typeListener, c.in.str("listenerArn"))
	lb := c.find(typeLoadBalancer, listener.String("loadBalancerArn"))
	if lb.String("loadBalancerType") != "application" {
		return fail(operation, "InvalidConfigurationRequest", "Rules are not supported for the load balancer type %s", lb.String("loadBalancerType"))
	}
	highest := 0
	for _, other := range c.byProp(typeListenerRule, "listenerArn", listener.ID) {
		n := props(other.Props).number("priority")
		highest = max(highest, n)
		if other.ID != c.id && c.in.has("priority") && n == c.in.number("priority") {
			return fail(operation, "PriorityInUse", "Priority '%d' is currently in use: %s", n, other.ID)
		}
	}
	c.standard(props{"priority": float64(highest + 1)})
	return checkForwards(c, operation, lb, listener.String("protocol"))
}

// listenerActions: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
func listenerActions(in props, name string, p *problems) {
	needs := map[string]string{"redirect": "redirect", "fixed-response": "fixedResponse"}
	for i, a := range in.objects(name) {
		path := fmt.Sprintf("%s[%d]", name, i)
		p.oneOf(a, path+".type", "type", "forward", "redirect", "fixed-response", "authenticate-oidc", "authenticate-cognito")
		p.unknownTo(a, "authenticateCognito", "authenticateOidc")
		if part := needs[a.str("type")]; part != "" && !a.has(part) {
			p.add(path+"."+part, "is required for the type %s", a.str("type"))
		}
		if a.str("type") == "forward" && a.has("targetGroupArn") == a.has("forward") {
			p.add(path+".targetGroupArn", "must be set, or forward, and not both")
		}
		if groups := a.object("forward").objects("targetGroups"); a.known("forward") && a.has("forward") && (len(groups) < 1 || len(groups) > 5) {
			p.add(path+".forward.targetGroups", "must be 1 to 5, got %d", len(groups))
		}
		for _, g := range a.object("forward").objects("targetGroups") {
			p.between(g, path+".forward.targetGroups.weight", "weight", 0, 999)
		}
		p.oneOf(a.object("redirect"), path+".redirect.statusCode", "statusCode", "HTTP_301", "HTTP_302")
		if r := a.object("redirect"); r != nil && !slices.ContainsFunc([]string{"host", "path", "port", "protocol"}, r.has) {
			p.add(path+".redirect", "InvalidLoadBalancerAction: the redirect must change host, path, port or protocol, or it would loop")
		}
		f := a.object("fixedResponse")
		p.oneOf(f, path+".fixedResponse.contentType", "contentType", "text/plain", "text/css", "text/html", "application/javascript", "application/json")
		if code, err := strconv.Atoi(f.str("statusCode")); f.known("statusCode") && (err != nil || code/100 != 2 && code/100 != 4 && code/100 != 5) {
			p.add(path+".fixedResponse.statusCode", "must be 2XX, 4XX or 5XX, got %q", f.str("statusCode"))
		}
		if len(f.str("messageBody")) > 1024 {
			p.add(path+".fixedResponse.messageBody", "has at most 1024 characters, got %d", len(f.str("messageBody")))
		}
	}
}

// conditionRules: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
func conditionRules(in props, p *problems) {
	values := 0
	for i, condition := range in.objects("conditions") {
		path := fmt.Sprintf("conditions[%d]", i)
		typ := oneStatement(condition)
		if len(condition) != 1 {
			p.add(path, "must have exactly one kind, got %v", sortedKeys(condition))
		}
		of := condition.object(typ).strings("values")
		values += len(of) + len(condition.objects("queryStrings"))
		for _, v := range of {
			if len(v) > 128 {
				p.add(path+"."+typ, "a value has at most 128 characters, got %d", len(v))
			}
		}
	}
	if values > 5 {
		p.add("conditions", "TooManyValues: a rule has at most 5 values in all conditions, got %d", values)
	}
}

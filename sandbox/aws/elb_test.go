package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (n *network) balancer(typ string, edit map[string]any) made {
	return n.make(typeLoadBalancer, with(map[string]any{"loadBalancerType": typ, "subnets": []any{n.a.id, n.b.id}}, edit))
}

func (n *network) targets(protocol string, edit map[string]any) made {
	return n.make(typeTargetGroup, with(map[string]any{"protocol": protocol, "port": 443, "targetType": "ip", "vpcId": n.vpc.id}, edit))
}

func listen(lb made, protocol string, port int, actions ...any) map[string]any {
	return map[string]any{"loadBalancerArn": lb.id, "protocol": protocol, "port": port, "defaultActions": actions}
}

func forward(group made) map[string]any {
	return map[string]any{"type": "forward", "targetGroupArn": group.id}
}

func TestLoadBalancer_KeepsWhatItUses(t *testing.T) {
	n := newNetwork(t)
	group := n.make(typeSecurityGroup, map[string]any{"vpcId": n.vpc.id})
	lb := n.balancer("network", map[string]any{"securityGroups": []any{group.id}, "enableDeletionProtection": true, "enableCrossZoneLoadBalancing": true})
	targets := n.targets("TCP", map[string]any{"deregistrationDelay": 60, "healthCheck": map[string]any{"protocol": "HTTP", "path": "/ready", "port": "8081"}})
	assert.Regexp(t, `^targetgroup/r\d+-[0-9a-f]{7}/[0-9a-f]{16}$`, targets.outputs.str("arnSuffix"))
	listener := n.make(typeListener, listen(lb, "TCP", 443, forward(targets)))
	n.make(typeTargetAttachment, map[string]any{"targetGroupArn": targets.id, "targetId": "10.0.1.7"})

	assert.ErrorContains(t, n.delete(lb), "deletion protection is enabled")
	assert.ErrorContains(t, n.delete(targets), "ResourceInUse")
	assert.ErrorContains(t, n.delete(n.a), "DependencyViolation")
	assert.ErrorContains(t, n.delete(group), "DependencyViolation")
	assert.ErrorContains(t, n.delete(n.igw), "has some mapped public address(es)")
	fixed := n.balancer("network", map[string]any{"subnets": nil, "subnetMappings": []any{map[string]any{"subnetId": n.a.id, "allocationId": n.eip.id}}})
	assert.Equal(t, []string{n.a.id}, fixed.outputs.strings("subnets"))
	assert.ErrorContains(t, n.delete(n.eip), "InvalidIPAddress.InUse")
	require.NoError(t, n.delete(fixed))
	require.NoError(t, n.delete(n.eip))
	_, err := n.update(lb, map[string]any{"name": lb.outputs["name"], "loadBalancerType": "network", "subnets": []any{n.a.id, n.b.id}, "securityGroups": []any{group.id}})
	require.NoError(t, err)
	require.NoError(t, n.delete(lb))
	assert.Nil(t, n.read(listener).Outputs, "the listeners went with it")
	require.NoError(t, n.delete(targets))
	require.NoError(t, n.delete(group))

	change := diffProps(props{"loadBalancerType": "network"}, props{"loadBalancerType": "network", "securityGroups": []any{"sg-1"}}, kinds[typeLoadBalancer], nil)
	assert.NotEmpty(t, change.ReplaceKeys, "a network load balancer made without security groups never gets any")
	change = diffProps(props{}, props{"securityGroups": []any{"sg-1"}}, kinds[typeLoadBalancer], nil)
	assert.Empty(t, change.ReplaceKeys)
}

func TestLoadBalancer_WritesItsLogsWhereItMay(t *testing.T) {
	n := newNetwork(t)
	n.bucket("closed", "")
	n.bucket("open", allow("delivery.logs.amazonaws.com", "s3:PutObject", "arn:aws:s3:::open/lb/*"))
	to := func(typ, bucket string) map[string]any {
		return map[string]any{"loadBalancerType": typ, "subnets": []any{n.a.id, n.b.id}, "accessLogs": map[string]any{"enabled": true, "bucket": bucket, "prefix": "lb"}}
	}
	n.refuses(t, map[string]refusal{
		"no bucket":    {typeLoadBalancer, to("network", "none"), "The S3 bucket none does not exist"},
		"closed":       {typeLoadBalancer, to("network", "closed"), "Access Denied for bucket: closed"},
		"other writer": {typeLoadBalancer, to("application", "open"), "does not let logdelivery.elasticloadbalancing.amazonaws.com put"},
	})
	n.make(typeLoadBalancer, to("network", "open"))
}

func TestELB_Refuses(t *testing.T) {
	n := newNetwork(t)
	nlb, alb := n.balancer("network", nil), n.balancer("application", nil)
	other := n.balancer("network", nil)
	tcp, web := n.targets("TCP", map[string]any{"name": "tcp"}), n.targets("HTTP", nil)
	certificate := n.issued("dev.cloudinsight.com")
	pending := n.make(typeCertificate, certificateOf("new.cloudinsight.com"))
	n.make(typeListener, listen(nlb, "TCP", 443, forward(tcp)))
	secure := func(c made) map[string]any {
		return with(listen(alb, "HTTPS", 443, forward(web)), map[string]any{"certificateArn": c.id})
	}
	https := n.make(typeListener, secure(certificate))
	assert.Equal(t, "ELBSecurityPolicy-2016-08", https.outputs.str("sslPolicy"))
	assert.ErrorContains(t, n.delete(certificate), "ResourceInUseException")
	far := n.make(typeVPC, map[string]any{"cidrBlock": "10.9.0.0/16"})
	rule := map[string]any{"listenerArn": https.id, "priority": 1, "actions": []any{forward(web)}, "conditions": []any{
		map[string]any{"hostHeader": map[string]any{"values": []any{"api.dev.cloudinsight.com"}}},
	}}
	n.make(typeListenerRule, rule)
	group := map[string]any{"protocol": "TCP", "port": 443, "targetType": "ip", "vpcId": n.vpc.id}
	check := func(h map[string]any) map[string]any { return with(group, map[string]any{"healthCheck": h}) }
	n.refuses(t, map[string]refusal{
		"balancer's name":   {typeLoadBalancer, map[string]any{"name": "internal-x", "subnets": []any{n.a.id, n.b.id}}, "not begin with internal-"},
		"no subnets":        {typeLoadBalancer, map[string]any{}, "one of subnets, subnetMappings"},
		"foreign group":     {typeLoadBalancer, map[string]any{"subnets": []any{n.a.id, n.b.id}, "securityGroups": []any{far.outputs.str("defaultSecurityGroupId")}}, "InvalidSecurityGroup"},
		"no address":        {typeLoadBalancer, map[string]any{"loadBalancerType": "network", "subnetMappings": []any{map[string]any{"subnetId": n.a.id, "allocationId": "eipalloc-0"}}}, "AllocationIdNotFound"},
		"group's name":      {typeTargetGroup, with(group, map[string]any{"name": "tcp"}), "DuplicateTargetGroupName"},
		"group's vpc":       {typeTargetGroup, with(group, map[string]any{"vpcId": "vpc-0"}), "does not exist"},
		"group's delay":     {typeTargetGroup, with(group, map[string]any{"deregistrationDelay": 4000}), "between 0 and 3600"},
		"version over tcp":  {typeTargetGroup, with(group, map[string]any{"protocolVersion": "HTTP2"}), "not supported for target groups with the protocol TCP"},
		"proxy over http":   {typeTargetGroup, with(group, map[string]any{"protocol": "HTTP", "proxyProtocolV2": true}), "not supported for target groups with the protocol HTTP"},
		"cookies over tcp":  {typeTargetGroup, with(group, map[string]any{"stickiness": map[string]any{"type": "lb_cookie"}}), "stickiness.type: must be one of [source_ip]"},
		"lambda":            {typeTargetGroup, with(group, map[string]any{"targetType": "lambda"}), "the stand-in knows targets"},
		"path over tcp":     {typeTargetGroup, check(map[string]any{"protocol": "TCP", "path": "/"}), "healthCheck.path: is for HTTP"},
		"slow check":        {typeTargetGroup, check(map[string]any{"interval": 10, "timeout": 11}), "must be smaller than"},
		"tcp check of http": {typeTargetGroup, with(check(map[string]any{"protocol": "TCP"}), map[string]any{"protocol": "HTTP"}), "healthCheck.protocol: must be one of [HTTP HTTPS]"},
		"no balancer":       {typeListener, listen(made{id: "x"}, "TCP", 443, forward(tcp)), "LoadBalancerNotFound"},
		"http on an nlb":    {typeListener, listen(nlb, "HTTP", 80, forward(web)), "Listener protocol 'HTTP' must be one of"},
		"port twice":        {typeListener, listen(nlb, "TCP", 443, forward(tcp)), "DuplicateListener"},
		"no targets":        {typeListener, listen(nlb, "TCP", 80, forward(made{id: "x"})), "TargetGroupNotFound"},
		"http targets":      {typeListener, listen(nlb, "TCP", 80, forward(web)), "IncompatibleProtocols"},
		"targets elsewhere": {typeListener, listen(nlb, "TCP", 80, forward(n.targets("TCP", map[string]any{"vpcId": far.id}))), "InvalidConfigurationRequest"},
		"targets of two":    {typeListener, listen(other, "TCP", 443, forward(tcp)), "TargetGroupAssociationLimit"},
		"redirect on nlb":   {typeListener, listen(nlb, "TCP", 80, map[string]any{"type": "redirect", "redirect": map[string]any{"statusCode": "HTTP_301", "port": "443"}}), "forwards only"},
		"no certificate":    {typeListener, listen(alb, "HTTPS", 444, forward(web)), "a certificate must be specified"},
		"pending":           {typeListener, with(secure(pending), map[string]any{"port": 444}), "UnsupportedCertificate"},
		"foreign":           {typeListener, with(secure(made{id: "arn:aws:acm:us-east-1:1:certificate/x"}), map[string]any{"port": 444}), "CertificateNotFound"},
		"policy":            {typeListener, with(secure(certificate), map[string]any{"sslPolicy": "TLS13"}), "SSLPolicyNotFound"},
		"loop":              {typeListener, listen(alb, "HTTP", 80, map[string]any{"type": "redirect", "redirect": map[string]any{"statusCode": "HTTP_301"}}), "it would loop"},
		"priority":          {typeListenerRule, rule, "PriorityInUse"},
		"rule of an nlb":    {typeListenerRule, with(rule, map[string]any{"listenerArn": n.make(typeListener, listen(nlb, "TCP", 8443, forward(tcp))).id}), "Rules are not supported"},
		"two conditions":    {typeListenerRule, with(rule, map[string]any{"conditions": []any{map[string]any{"hostHeader": map[string]any{"values": []any{"a"}}, "pathPattern": map[string]any{"values": []any{"b"}}}}}), "exactly one kind"},
		"instance":          {typeTargetAttachment, map[string]any{"targetGroupArn": n.targets("TCP", map[string]any{"targetType": "instance"}).id, "targetId": "i-0"}, "InvalidTarget"},
		"address outside":   {typeTargetAttachment, map[string]any{"targetGroupArn": tcp.id, "targetId": "10.9.0.1"}, "Availability Zone 'all'"},
		"public address":    {typeTargetAttachment, map[string]any{"targetGroupArn": tcp.id, "targetId": "1.1.1.1"}, "not within a valid address range"},
	})
}

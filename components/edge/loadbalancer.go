// Package edge is the way in from the internet: CloudFront, which terminates TLS for the world and serves static assets
// from their bucket, and behind it a network load balancer in the public subnets, whose targets are the pods of the
// ingress controller. Only CloudFront reaches the load balancer, and only with the value of the Lock does a request of it
// count.
//
// It is for environments in the default mode; the web ACL, the certificate and the names come from outside. It refuses
// price classes without South Africa.
package edge

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/alarm"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const loadBalancerType = "cloudinsight:edge:LoadBalancer"

// Port that CloudFront connects to.
const Port = 443

// LoadBalancer is a network load balancer with one listener, which passes TLS on to the pods. It writes no access log:
// network load balancers log connections that they terminate only, and CloudFront logs every request.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html
type LoadBalancer struct {
	pulumi.ResourceState

	// DNSName and ZoneID of the load balancer. They resolve when it listens.
	DNSName pulumi.StringOutput
	ZoneID  pulumi.StringOutput
	// ARN of the load balancer.
	ARN pulumi.StringOutput
	// TargetGroupARN that a TargetGroupBinding binds the pods to.
	TargetGroupARN pulumi.StringOutput
	// SecurityGroupID of the load balancer.
	SecurityGroupID pulumi.StringOutput
	// Ready is what has to be there before targets are bound, and to outlive them.
	Ready []pulumi.Resource

	alarms []alarm.Alarm
}

// LoadBalancerArgs says where the load balancer is and what is behind it.
type LoadBalancerArgs struct {
	// Name of the environment's resources, such as cloudinsight-dev.
	Name string
	// VPCID and its public SubnetIDs, one in each zone.
	VPCID     pulumi.StringInput
	SubnetIDs pulumi.StringArrayInput
	// Targets are the security groups of the pods by label, such as cluster; they are opened for the load balancer.
	Targets map[string]pulumi.StringInput

	// TargetPort of the pods, for TLS (default 443).
	TargetPort int
	// HealthCheckPort and HealthCheckPath of the pods, over HTTP (default 8081 and /nginx-ready, which is where F5's NGINX
	// Ingress Controller says that it is ready).
	HealthCheckPort int
	HealthCheckPath string
	// DrainSeconds that a pod which leaves keeps its connections, up to 3600 (default 120).
	DrainSeconds int
	// Unprotected lets Pulumi and AWS delete the load balancer.
	Unprotected bool
}

var (
	// Pulumi adds a hyphen and seven digits, and a load balancer's name has 32 characters.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
	balancerName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,23}$`)
	checkPath    = regexp.MustCompile(`^/[A-Za-z0-9._~/-]{0,254}$`)
)

// NewLoadBalancer registers the load balancer, its security group, target group and listener.
func NewLoadBalancer(ctx *pulumi.Context, name string, args *LoadBalancerArgs, opts ...pulumi.ResourceOption) (*LoadBalancer, error) {
	a := args.withDefaults()
	if err := a.validate(name); err != nil {
		return nil, fmt.Errorf("load balancer %q: %w", name, err)
	}
	l := &LoadBalancer{}
	if err := ctx.RegisterComponentResourceV2(loadBalancerType, name, pulumi.Map{"name": pulumi.String(a.Name)}, l, opts...); err != nil {
		return nil, fmt.Errorf("load balancer %q: %w", name, err)
	}
	b := &balancer{ctx: ctx, name: name, args: a, parent: pulumi.Parent(l)}
	if err := b.build(l); err != nil {
		return nil, fmt.Errorf("load balancer %q: %w", name, err)
	}
	return l, ctx.RegisterResourceOutputs(l, pulumi.Map{
		"dnsName": l.DNSName, "zoneId": l.ZoneID, "arn": l.ARN, "targetGroupArn": l.TargetGroupARN, "securityGroupId": l.SecurityGroupID,
	})
}

func (args *LoadBalancerArgs) withDefaults() LoadBalancerArgs {
	a := LoadBalancerArgs{}
	if args != nil {
		a = *args
	}
	if a.TargetPort == 0 {
		a.TargetPort = 443
	}
	if a.HealthCheckPort == 0 {
		a.HealthCheckPort = 8081
	}
	if a.HealthCheckPath == "" {
		a.HealthCheckPath = "/nginx-ready"
	}
	if a.DrainSeconds == 0 {
		a.DrainSeconds = 120
	}
	return a
}

func (a *LoadBalancerArgs) validate(name string) error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !balancerName.MatchString(name) {
		problem("logical name: must match %s, so that AWS takes it with Pulumi's suffix, got %q", balancerName, name)
	}
	if a.Name == "" {
		problem("name: is required")
	}
	if a.VPCID == nil {
		problem("vpc id: is required")
	}
	if a.SubnetIDs == nil {
		problem("subnets: are required")
	}
	if len(a.Targets) == 0 {
		problem("targets: must have at least one security group")
	}
	for _, label := range slices.Sorted(maps.Keys(a.Targets)) {
		if label == "" || a.Targets[label] == nil {
			problem("targets: must have a label and a security group each, got %q", label)
		}
	}
	if a.TargetPort < 1 || a.TargetPort > 65535 {
		problem("target port: must be between 1 and 65535, got %d", a.TargetPort)
	}
	if a.HealthCheckPort < 1 || a.HealthCheckPort > 65535 {
		problem("health check port: must be between 1 and 65535, got %d", a.HealthCheckPort)
	}
	if !checkPath.MatchString(a.HealthCheckPath) {
		problem("health check path: must match %s, got %q", checkPath, a.HealthCheckPath)
	}
	if a.DrainSeconds < 0 || a.DrainSeconds > 3600 {
		problem("drain: must be between 1 and 3600 seconds, got %d", a.DrainSeconds)
	}
	return errors.Join(problems...)
}

// balancer carries what the steps share.
type balancer struct {
	ctx      *pulumi.Context
	name     string
	args     LoadBalancerArgs
	parent   pulumi.ResourceOption
	firewall *ec2.SecurityGroup
	rules    []pulumi.Resource
}

func (b *balancer) build(l *LoadBalancer) error {
	if err := b.securityGroup(); err != nil {
		return fmt.Errorf("security group: %w", err)
	}
	made, err := lb.NewLoadBalancer(b.ctx, b.name, &lb.LoadBalancerArgs{
		LoadBalancerType:             pulumi.String("network"),
		Internal:                     pulumi.Bool(false),
		Subnets:                      b.args.SubnetIDs,
		SecurityGroups:               pulumi.StringArray{b.firewall.ID()},
		EnableCrossZoneLoadBalancing: pulumi.Bool(true),
		EnableDeletionProtection:     pulumi.Bool(!b.args.Unprotected),
		Tags:                         b.tags(b.args.Name),
	}, b.parent, pulumi.Protect(!b.args.Unprotected))
	if err != nil {
		return err
	}
	targets, err := b.targetGroup()
	if err != nil {
		return fmt.Errorf("target group: %w", err)
	}
	listener, err := lb.NewListener(b.ctx, b.name, &lb.ListenerArgs{
		LoadBalancerArn: made.Arn,
		Port:            pulumi.Int(Port),
		Protocol:        pulumi.String("TCP"),
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("forward"), TargetGroupArn: targets.Arn,
		}},
		Tags: b.tags(b.args.Name),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("listener: %w", err)
	}
	l.DNSName = pulumi.All(made.DnsName, listener.Arn).ApplyT(first).(pulumi.StringOutput)
	l.ZoneID = made.ZoneId
	l.ARN = made.Arn
	l.TargetGroupARN = targets.Arn
	l.SecurityGroupID = b.firewall.ID().ToStringOutput()
	l.Ready = append([]pulumi.Resource{listener}, b.rules...)
	l.alarms = alarms(b.args.Name, made.ArnSuffix, targets.ArnSuffix)
	return nil
}

func first(values []any) string { return values[0].(string) }

// targetGroup takes pods by address, as a TargetGroupBinding registers them.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
func (b *balancer) targetGroup() (*lb.TargetGroup, error) {
	return lb.NewTargetGroup(b.ctx, b.name, &lb.TargetGroupArgs{
		VpcId:                 b.args.VPCID.ToStringOutput().ToStringPtrOutput(),
		TargetType:            pulumi.String("ip"),
		Protocol:              pulumi.String("TCP"),
		Port:                  pulumi.Int(b.args.TargetPort),
		PreserveClientIp:      pulumi.String("true"),
		DeregistrationDelay:   pulumi.Int(b.args.DrainSeconds),
		ConnectionTermination: pulumi.Bool(true), // after the delay, so that CloudFront does not go on with an old connection
		HealthCheck: lb.TargetGroupHealthCheckArgs{
			Protocol:           pulumi.String("HTTP"),
			Port:               pulumi.String(fmt.Sprint(b.args.HealthCheckPort)),
			Path:               pulumi.String(b.args.HealthCheckPath),
			Matcher:            pulumi.String("200"),
			Interval:           pulumi.Int(10),
			Timeout:            pulumi.Int(5),
			HealthyThreshold:   pulumi.Int(2),
			UnhealthyThreshold: pulumi.Int(2),
		},
		Tags: b.tags(b.args.Name),
	}, b.parent)
}

func (b *balancer) tags(name string) pulumi.StringMap {
	return pulumi.ToStringMap(tags.Of("edge", name))
}

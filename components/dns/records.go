package dns

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// records carries what the steps share.
type records struct {
	ctx    *pulumi.Context
	name   string
	args   HostsArgs
	parent pulumi.ResourceOption
	check  *route53.HealthCheck
}

func (b *records) build(h *Hosts) error {
	if h.CheckedName != "" {
		var err error
		if b.check, err = b.healthCheck(h.CheckedName); err != nil {
			return fmt.Errorf("health check: %w", err)
		}
		h.HealthCheckID = b.check.ID().ToStringOutput()
	}
	if b.args.Secondary != nil {
		if err := b.alias(h.CheckedName, b.args.Target, ""); err != nil {
			return err
		}
	}
	for _, host := range b.args.Hosts {
		if b.args.Secondary == nil {
			if err := b.alias(host, b.args.Target, ""); err != nil {
				return err
			}
			continue
		}
		if err := b.alias(host, b.args.Target, "PRIMARY"); err != nil {
			return err
		}
		if err := b.alias(host, *b.args.Secondary, "SECONDARY"); err != nil {
			return err
		}
	}
	return nil
}

// healthCheck asks from several regions of AWS; three failures in a row, 30 seconds apart, are a failure.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
func (b *records) healthCheck(host string) (*route53.HealthCheck, error) {
	return route53.NewHealthCheck(b.ctx, b.name, &route53.HealthCheckArgs{
		Type:             pulumi.String("HTTPS"),
		Fqdn:             pulumi.String(host),
		Port:             pulumi.Int(443),
		ResourcePath:     pulumi.String(b.args.HealthCheckPath),
		EnableSni:        pulumi.Bool(true),
		RequestInterval:  pulumi.Int(30),
		FailureThreshold: pulumi.Int(3),
		Tags:             pulumi.ToStringMap(tags.Of("dns", b.args.Name+"-api")),
	}, b.parent)
}

// alias leads a host to a target, for IPv4 and IPv6, as one of a pair where role is PRIMARY or SECONDARY.
func (b *records) alias(host string, to Target, role string) error {
	label, _ := b.args.label(host)
	if label == "" {
		label = "apex"
	}
	types := []string{"A", "AAAA"}
	if to.IPv4Only {
		types = types[:1]
	}
	for _, kind := range types {
		child := b.name + "-" + label + "-" + strings.ToLower(kind)
		args := &route53.RecordArgs{
			ZoneId: b.args.ZoneID,
			Name:   pulumi.String(host),
			Type:   pulumi.String(kind),
			Aliases: route53.RecordAliasArray{route53.RecordAliasArgs{
				Name: to.DNSName, ZoneId: to.ZoneID, EvaluateTargetHealth: pulumi.Bool(to.EvaluateHealth),
			}},
		}
		if role != "" {
			child += "-" + strings.ToLower(role)
			args.SetIdentifier = pulumi.String(strings.ToLower(role))
			args.FailoverRoutingPolicies = route53.RecordFailoverRoutingPolicyArray{route53.RecordFailoverRoutingPolicyArgs{Type: pulumi.String(role)}}
		}
		if role == "PRIMARY" {
			args.HealthCheckId = b.check.ID().ToStringOutput().ToStringPtrOutput()
		}
		if _, err := route53.NewRecord(b.ctx, child, args, b.parent); err != nil {
			return fmt.Errorf("record %q: %w", child, err)
		}
	}
	return nil
}

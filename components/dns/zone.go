// Package dns makes what an environment has in DNS: a hosted zone of its own under the registered domain, the certificates
// for it, and the names that lead to what answers. It refuses names outside the zone.
//
// The zone is not signed. A signature counts only when the domain above is signed too and its registrar holds the key,
// both outside of an environment; and a zone that is built again with other keys than the registrar's is gone for everyone
// who checks. Names that somebody forges end at TLS.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-configuring-dnssec.html
package dns

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const zoneType = "cloudinsight:dns:Zone"

// Zone is a public hosted zone that the zone above delegates to.
type Zone struct {
	pulumi.ResourceState

	// ID, known when the world can find the zone and knows who may issue certificates for it.
	ID pulumi.StringOutput
	// ARN for policies.
	ARN pulumi.StringOutput
	// Domain of the zone, such as dev.cloudinsight.com.
	Domain string
	// NameServers that answer for it.
	NameServers pulumi.StringArrayOutput
	// Ready is what has to be there before names are used.
	Ready []pulumi.Resource
}

// ZoneArgs says what the zone is for and where it hangs.
type ZoneArgs struct {
	// Name of the environment's resources, such as cloudinsight-dev.
	Name string
	// Domain of the zone, directly under ParentDomain, whose zone is in the same account.
	Domain       string
	ParentDomain string
	ParentZoneID pulumi.StringInput

	// QueryLog of who asked for what (default none).
	QueryLog *QueryLog
	// Unprotected lets the zone be deleted, together with the records that others have put into it.
	Unprotected bool
}

// domainName is lower case, as Route 53 keeps names.
var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`)

// authorities issue the certificates: Amazon for the edge, Let's Encrypt for what is behind it.
// https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html, https://letsencrypt.org/docs/caa/
var authorities = []string{"amazon.com", "letsencrypt.org"}

// delegationTTL is short, in seconds: a zone that is built again has other name servers.
const delegationTTL = 300

// NewZone registers the zone, its delegation, who may issue certificates, and the log.
func NewZone(ctx *pulumi.Context, name string, args *ZoneArgs, opts ...pulumi.ResourceOption) (*Zone, error) {
	a := ZoneArgs{}
	if args != nil {
		a = *args
	}
	if a.QueryLog != nil {
		log := a.QueryLog.withDefaults()
		a.QueryLog = &log
	}
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("zone %q: %w", name, err)
	}
	z := &Zone{Domain: a.Domain}
	if err := ctx.RegisterComponentResourceV2(zoneType, name, pulumi.Map{"domain": pulumi.String(a.Domain)}, z, opts...); err != nil {
		return nil, fmt.Errorf("zone %q: %w", name, err)
	}
	if err := z.build(ctx, name, a); err != nil {
		return nil, fmt.Errorf("zone %q: %w", name, err)
	}
	return z, ctx.RegisterResourceOutputs(z, pulumi.Map{"id": z.ID, "arn": z.ARN, "nameServers": z.NameServers})
}

func (a *ZoneArgs) validate() error {
	var problems []error
	if a.Name == "" {
		problems = append(problems, errors.New("name: is required"))
	}
	if !domainName.MatchString(a.Domain) {
		problems = append(problems, fmt.Errorf("domain: must be a domain name in lower case, got %q", a.Domain))
	}
	if label, under := strings.CutSuffix(a.Domain, "."+a.ParentDomain); !under || label == "" || strings.Contains(label, ".") {
		problems = append(problems, fmt.Errorf("domain: must be one label under %q, got %q", a.ParentDomain, a.Domain))
	}
	if a.ParentZoneID == nil {
		problems = append(problems, errors.New("parent zone id: is required"))
	}
	if a.QueryLog != nil {
		problems = append(problems, a.QueryLog.validate()...)
	}
	return errors.Join(problems...)
}

func (z *Zone) build(ctx *pulumi.Context, name string, a ZoneArgs) error {
	parent := pulumi.Parent(z)
	zone, err := route53.NewZone(ctx, name, &route53.ZoneArgs{
		Name:         pulumi.String(a.Domain),
		Comment:      pulumi.String("Public names of " + a.Name),
		ForceDestroy: pulumi.Bool(a.Unprotected),
		Tags:         pulumi.ToStringMap(tags.Of("dns", a.Name)),
	}, parent, pulumi.Protect(!a.Unprotected))
	if err != nil {
		return err
	}
	delegation, err := route53.NewRecord(ctx, name+"-delegation", &route53.RecordArgs{
		ZoneId:  a.ParentZoneID,
		Name:    pulumi.String(a.Domain),
		Type:    pulumi.String("NS"),
		Ttl:     pulumi.Int(delegationTTL),
		Records: zone.NameServers,
	}, parent)
	if err != nil {
		return fmt.Errorf("delegation: %w", err)
	}
	issuers, err := route53.NewRecord(ctx, name+"-caa", &route53.RecordArgs{
		ZoneId:  zone.ZoneId,
		Name:    pulumi.String(a.Domain),
		Type:    pulumi.String("CAA"),
		Ttl:     pulumi.Int(3600),
		Records: issue(authorities),
	}, parent)
	if err != nil {
		return fmt.Errorf("caa: %w", err)
	}
	if a.QueryLog != nil {
		if err := a.QueryLog.build(ctx, name, a.Name, a.Domain, zone, parent); err != nil {
			return fmt.Errorf("query log: %w", err)
		}
	}
	z.ID = pulumi.All(zone.ZoneId, delegation.ID(), issuers.ID()).ApplyT(first).(pulumi.StringOutput)
	z.ARN = zone.Arn
	z.NameServers = zone.NameServers
	z.Ready = []pulumi.Resource{delegation, issuers}
	return nil
}

func issue(authorities []string) pulumi.StringArray {
	var records pulumi.StringArray
	for _, authority := range authorities {
		records = append(records, pulumi.String(fmt.Sprintf("0 issue %q", authority)))
	}
	return records
}

func first(values []any) string { return values[0].(string) }

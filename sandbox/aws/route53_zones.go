package aws

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// zoneName is a domain name as Route 53 takes it for a zone: labels of at most 63 characters, 255 in all.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
var zoneName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$`)

// zoneKinds are hosted zones.
// Rules: https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html and API_DeleteHostedZone.html.
var zoneKinds = map[string]kind{
	account.TypeZone: {
		name: "name", nameMax: 255, global: true,
		replace: []string{"name", "delegationSetId"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && (len(n) > 255 || !zoneName.MatchString(strings.ToLower(n))) {
				p.add("name", "must be a domain name, got %q", n)
			}
			if len(in.str("comment")) > 256 {
				p.add("comment", "has at most 256 characters, got %d", len(in.str("comment")))
			}
			p.apart(in, "delegationSetId", "vpcs")
		},
		create: createZone,
		update: checkZoneNetworks,
		remove: removeZone,
	},
}

func createZone(c *call) error {
	if set := c.in.str("delegationSetId"); set != "" {
		return fail("CreateHostedZone", "NoSuchDelegationSet", "A reusable delegation set with the specified ID does not exist: %s", set)
	}
	if err := checkZoneNetworks(c); err != nil {
		return err
	}
	c.id = "Z" + upperID(20)
	c.arn = "arn:aws:route53:::hostedzone/" + c.id
	servers := nameServers()
	c.out = props{"zoneId": c.id, "nameServers": toList(servers), "primaryNameServer": servers[0], "name": domain(c.in.str("name"))}
	c.standard(props{"comment": "Managed by Pulumi", "forceDestroy": false})
	return nil
}

// nameServers are the four of a delegation set, sorted as the provider has them. Two zones never get the same ones here:
// AWS sees to it for zones whose names overlap, and then a delegation says which zone it means.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/GetInfoAboutHostedZone.html
func nameServers() []string {
	var all []string
	for i, end := range []string{"com", "net", "org", "co.uk"} {
		block := rand.IntN(64)
		all = append(all, fmt.Sprintf("ns-%d.awsdns-%02d.%s", 512*i+8*block+rand.IntN(8), block, end))
	}
	slices.Sort(all)
	return all
}

func checkZoneNetworks(c *call) error {
	for _, vpc := range c.in.objects("vpcs") {
		region := vpc.str("vpcRegion")
		if region == "" {
			region = c.p.region
		}
		if c.state.GetIn(region, typeVPC, vpc.str("vpcId")) == nil {
			return fail("CreateHostedZone", "InvalidVPCId", "The VPC: %s in %s doesn't exist", vpc.str("vpcId"), region)
		}
	}
	return nil
}

// removeZone refuses while the zone holds more than its own NS and SOA. With forceDestroy the provider deletes them first.
func removeZone(c *call) error {
	for _, r := range c.state.List(typeRecord) {
		if r.String("zoneId") != c.id {
			continue
		}
		own := r.String("fqdn") == c.in.str("name") && (r.String("type") == "NS" || r.String("type") == "SOA")
		if !own && !c.in.boolean("forceDestroy") {
			return fail("DeleteHostedZone", "HostedZoneNotEmpty",
				"The specified hosted zone contains non-required resource record sets and so cannot be deleted: %s %s", r.String("fqdn"), r.String("type"))
		}
		c.state.Remove(r)
	}
	return nil
}

// domain is a domain name as it is compared: lower case, without the final dot.
func domain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// within says whether the name is the zone's or below it.
func within(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }

// publicZone says whether the Internet sees the zone.
func publicZone(zone *account.Resource) bool { return len(props(zone.Props).objects("vpcs")) == 0 }

// authority returns the public zone that answers the Internet for the name, or why none does. It goes down from the
// registered domain's zone, along the NS records, as a resolver does.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/CreatingNewSubdomain.html
func authority(s *account.State, name string) (*account.Resource, error) {
	if !within(name, account.RegisteredDomain) {
		return nil, fmt.Errorf("no zone of the account is delegated for it: the registered domain is %s", account.RegisteredDomain)
	}
	var at *account.Resource
	for _, zone := range s.List(account.TypeZone) {
		if zone.String("name") == account.RegisteredDomain && zone.URN == "" {
			at = zone
		}
	}
	for at != nil {
		cut := delegation(s, at, name)
		if cut == nil {
			return at, nil
		}
		if at = zoneServedBy(s, cut.String("fqdn"), props(cut.Props).strings("records")); at == nil {
			return nil, fmt.Errorf("%s is delegated to name servers that no zone of the account has: %v", cut.String("fqdn"), cut.Props["records"])
		}
	}
	return nil, fmt.Errorf("the zone of the registered domain %s is gone", account.RegisteredDomain)
}

// delegation returns the NS record of the zone, nearest to it, that hands the name on, or nil.
func delegation(s *account.State, zone *account.Resource, name string) *account.Resource {
	var nearest *account.Resource
	for _, r := range s.List(typeRecord) {
		fqdn := r.String("fqdn")
		if r.String("zoneId") == zone.ID && r.String("type") == "NS" && fqdn != zone.String("name") && within(name, fqdn) &&
			(nearest == nil || len(fqdn) < len(nearest.String("fqdn"))) {
			nearest = r
		}
	}
	return nearest
}

func zoneServedBy(s *account.State, name string, servers []string) *account.Resource {
	for _, zone := range s.List(account.TypeZone) {
		has := props(zone.Props).strings("nameServers")
		known := zone.String("name") == name && publicZone(zone) && len(servers) > 0
		for _, server := range servers {
			known = known && contains(has, domain(server))
		}
		if known {
			return zone
		}
	}
	return nil
}

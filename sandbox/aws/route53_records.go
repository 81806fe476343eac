package aws

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const typeRecord = "aws:route53/record:Record"

// recordTypes: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
var recordTypes = []string{
	"A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT",
}

// routingPolicies are the properties of which a record has one at most; with one it needs a setIdentifier.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
var routingPolicies = []string{
	"cidrRoutingPolicy", "failoverRoutingPolicies", "geolocationRoutingPolicies", "geoproximityRoutingPolicy",
	"latencyRoutingPolicies", "multivalueAnswerRoutingPolicy", "weightedRoutingPolicies",
}

// recordKinds are the records of hosted zones.
// Rules: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
var recordKinds = map[string]kind{
	typeRecord: {
		global:  true,
		replace: []string{"name", "zoneId"},
		rules:   recordRules,
		create: func(c *call) error {
			zone := c.find(account.TypeZone, c.in.str("zoneId"))
			if zone == nil {
				return fail(changeRecords, "NoSuchHostedZone", "No hosted zone found with ID: %s", c.in.str("zoneId"))
			}
			fqdn := recordName(c.in.str("name"), zone.String("name"))
			c.id = strings.Join([]string{zone.ID, domain(c.in.str("name")), c.in.str("type")}, "_")
			if set := c.in.str("setIdentifier"); set != "" {
				c.id += "_" + set
			}
			c.out = props{"fqdn": fqdn}
			return checkRecord(c, zone)
		},
		update: func(c *call) error { return checkRecord(c, c.find(account.TypeZone, c.in.str("zoneId"))) },
	},
}

const changeRecords = "ChangeResourceRecordSets"

func recordRules(in props, p *problems) {
	p.oneOf(in, "type", "type", recordTypes...)
	p.between(in, "ttl", "ttl", 0, 2147483647)
	alias, records := len(in.objects("aliases")) > 0, in.has("records")
	switch {
	case alias && records:
		p.add("aliases", "conflicts with records")
	case alias && in.has("ttl"):
		p.add("ttl", "an alias has the TTL of its target")
	case !alias && !records && !in.has("aliases"):
		p.add("records", "one of records, aliases is required")
	case records && !in.has("ttl"):
		p.add("ttl", "is required with records")
	}
	if len(in.objects("aliases")) > 1 {
		p.add("aliases", "a record has one alias target, got %d", len(in.objects("aliases")))
	}
	p.apart(in, routingPolicies...)
	policy := slices.ContainsFunc(routingPolicies, in.has)
	if policy != in.has("setIdentifier") {
		p.add("setIdentifier", "goes with a routing policy, and a routing policy with it")
	}
	for _, f := range in.objects("failoverRoutingPolicies") {
		p.oneOf(f, "failoverRoutingPolicies.type", "type", "PRIMARY", "SECONDARY")
	}
	for _, w := range in.objects("weightedRoutingPolicies") {
		p.between(w, "weightedRoutingPolicies.weight", "weight", 0, 255)
	}
	if len(in.str("setIdentifier")) > 128 {
		p.add("setIdentifier", "has at most 128 characters, got %d", len(in.str("setIdentifier")))
	}
	p.unknownTo(in, "cidrRoutingPolicy", "geoproximityRoutingPolicy", "geolocationRoutingPolicies")
	recordValues(in, p)
}

func recordValues(in props, p *problems) {
	seen := map[string]bool{}
	values := in.strings("records")
	if in.str("type") == "CNAME" && len(values) > 1 {
		p.add("records", "InvalidChangeBatch: a CNAME has one value, got %d", len(values))
	}
	for i, v := range values {
		path := fmt.Sprintf("records[%d]", i)
		if seen[v] {
			p.add(path, "InvalidChangeBatch: Duplicate Resource Record: '%s'", v)
		}
		seen[v] = true
		if why := recordValue(in.str("type"), v); why != "" {
			p.add(path, "InvalidChangeBatch: Invalid Resource Record: %s, got %q", why, v)
		}
	}
}

// recordValue says what is wrong with a value, or "". Values of the other types are taken as they are.
func recordValue(typ, v string) string {
	address, err := netip.ParseAddr(v)
	fields := strings.Fields(v)
	host := func(s string) bool { return zoneName.MatchString(strings.ToLower(s)) }
	switch {
	case v == "":
		return "Value is empty"
	case typ == "A" && (err != nil || !address.Is4()):
		return "Value is not a valid IPv4 address"
	case typ == "AAAA" && (err != nil || !address.Is6()):
		return "Value is not a valid IPv6 address"
	case (typ == "CNAME" || typ == "NS" || typ == "PTR") && !host(v):
		return "Value is not a domain name"
	case typ == "MX" && (len(fields) != 2 || !host(fields[1])):
		return "Value is no preference and mail server"
	case typ == "CAA" && (len(fields) < 3 || !contains([]string{"issue", "issuewild", "iodef"}, fields[1]) || !strings.HasPrefix(fields[2], `"`)):
		return "Value is no flags, tag and quoted value"
	case typ == "TXT" && slices.ContainsFunc(strings.Split(strings.Trim(v, `"`), `"`), func(part string) bool { return len(part) > 255 }):
		return "CharacterStringTooLong (Value is too long)"
	}
	return ""
}

// recordName is the full name that the provider asks for: it appends the zone's name unless the name ends with it.
func recordName(name, zone string) string {
	switch name = domain(name); {
	case name == "":
		return zone
	case strings.HasSuffix(name, zone):
		return name
	}
	return name + "." + zone
}

func checkRecord(c *call, zone *account.Resource) error {
	invalid := func(format string, args ...any) error {
		return fail(changeRecords, "InvalidChangeBatch", format, args...)
	}
	name, typ, set := fmt.Sprint(c.out["fqdn"]), c.in.str("type"), c.in.str("setIdentifier")
	apex := zone.String("name")
	if !within(name, apex) {
		return invalid("RRSet with DNS name %s. is not permitted in zone %s.", name, apex)
	}
	for _, other := range c.state.List(account.TypeZone) {
		// AWS would make name.of.another.zone.this.zone without a word, and nobody means that.
		if asked, its := domain(c.in.str("name")), other.String("name"); within(asked, its) && !within(asked, apex) {
			return fmt.Errorf("aws stand-in: %s is a name of the zone %s; in the zone %s the provider makes %s of it", asked, its, apex, name)
		}
	}
	if typ == "CNAME" && name == apex {
		return invalid("RRSet of type CNAME with DNS name %s. is not permitted at apex in zone %s.", name, apex)
	}
	if (typ == "NS" || typ == "SOA") && name == apex && !c.in.boolean("allowOverwrite") && c.old == nil {
		return invalid("Tried to create resource record set [name='%s.', type='%s'] but it already exists", name, typ)
	}
	if err := besideOthers(c, zone, name); err != nil {
		return err
	}
	if id := c.in.str("healthCheckId"); id != "" && c.find(typeHealthCheck, id) == nil {
		return fail(changeRecords, "NoSuchHealthCheck", "A health check with id %s does not exist", id)
	}
	for _, failover := range c.in.objects("failoverRoutingPolicies") {
		alias := c.in.objects("aliases")
		if failover.str("type") == "PRIMARY" && !c.in.has("healthCheckId") && (len(alias) == 0 || !alias[0].boolean("evaluateTargetHealth")) {
			return invalid("A health check is required for the failover PRIMARY record %s %s", name, set)
		}
	}
	for _, alias := range c.in.objects("aliases") {
		if err := checkAlias(c, zone, alias); err != nil {
			return err
		}
	}
	return nil
}

// besideOthers judges a record against those of its name.
func besideOthers(c *call, zone *account.Resource, name string) error {
	invalid := func(format string, args ...any) error {
		return fail(changeRecords, "InvalidChangeBatch", format, args...)
	}
	typ, set := c.in.str("type"), c.in.str("setIdentifier")
	for _, other := range c.byProp(typeRecord, "zoneId", zone.ID) {
		if other.URN == c.urn || other.String("fqdn") != name {
			continue
		}
		its, itsSet := other.String("type"), other.String("setIdentifier")
		switch {
		case its != typ && (its == "CNAME" || typ == "CNAME"):
			return invalid("RRSet of type %s with DNS name %s. is not permitted as it conflicts with other records with the same DNS name in zone %s.", typ, name, zone.String("name"))
		case its != typ:
		case itsSet == set:
			if !c.in.boolean("allowOverwrite") {
				return invalid("Tried to create resource record set [name='%s.', type='%s'] but it already exists", name, typ)
			}
		case itsSet == "" || set == "":
			return invalid("RRSet with DNS name %s., type %s, SetIdentifier %s cannot be created as a non multivalue answer rrset exists with the same name and type", name, typ, set)
		default:
			for _, policy := range routingPolicies {
				if (other.Props[policy] != nil) != c.in.has(policy) {
					return invalid("RRSet with DNS name %s., type %s, SetIdentifier %s: all records of a name and type have one routing policy, and %s has another", name, typ, set, itsSet)
				}
			}
			if f, g := c.in.objects("failoverRoutingPolicies"), props(other.Props).objects("failoverRoutingPolicies"); len(f) > 0 && len(g) > 0 && f[0].str("type") == g[0].str("type") {
				return invalid("RRSet with DNS name %s., type %s, SetIdentifier %s: %s is the %s already", name, typ, set, itsSet, f[0].str("type"))
			}
		}
	}
	return nil
}

// checkAlias refuses targets that are not there.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
func checkAlias(c *call, zone *account.Resource, alias props) error {
	name, in, typ := domain(alias.str("name")), alias.str("zoneId"), c.in.str("type")
	target := fmt.Sprintf("Tried to create an alias that targets %s., type %s in zone %s", name, typ, in)
	if in == zone.ID {
		for _, r := range c.byProp(typeRecord, "zoneId", in) {
			if r.String("fqdn") == name && r.String("type") == typ && r.URN != c.urn {
				return nil
			}
		}
		return fail(changeRecords, "InvalidChangeBatch", "%s, but that target was not found", target)
	}
	if typ != "A" && typ != "AAAA" && typ != "HTTPS" {
		return fail(changeRecords, "InvalidChangeBatch", "%s: an alias to an AWS resource has the type A or AAAA", target)
	}
	for _, owner := range aliasTargets(c.state) {
		if owner.zone != in {
			continue
		}
		if !strings.HasSuffix(name, owner.suffix) {
			return fail(changeRecords, "InvalidChangeBatch", "%s, but the alias target name does not lie within the target zone", target)
		}
		if contains(owner.names, name) {
			if alias.boolean("evaluateTargetHealth") && owner.noHealth {
				return fail(changeRecords, "InvalidChangeBatch", "EvaluateTargetHealth cannot be true for the alias target %s", name)
			}
			return nil
		}
		return fail(changeRecords, "InvalidChangeBatch", "%s, but that target was not found", target)
	}
	return fail(changeRecords, "InvalidChangeBatch", "%s, but the account has nothing in that zone", target)
}

// aliasOwner is an AWS zone of host names, and the account's names in it.
type aliasOwner struct {
	zone, suffix string
	names        []string
	noHealth     bool // its targets' health cannot be evaluated
}

func aliasTargets(s *account.State) []aliasOwner {
	edge := aliasOwner{zone: edgeZone, suffix: ".cloudfront.net", noHealth: true}
	for _, r := range s.List(typeDistribution) {
		edge.names = append(edge.names, r.String("domainName"))
	}
	all := []aliasOwner{edge}
	for _, region := range sortedKeys(loadBalancerZones) {
		for _, typ := range sortedKeys(loadBalancerZones[region]) {
			owner := aliasOwner{zone: loadBalancerZones[region][typ], suffix: ".elb." + region + ".amazonaws.com"}
			if typ == "application" {
				owner.suffix = "." + region + ".elb.amazonaws.com"
			}
			for _, r := range s.List(typeLoadBalancer) {
				if r.String("zoneId") == owner.zone {
					name := domain(r.String("dnsName"))
					owner.names = append(owner.names, name, "dualstack."+name)
				}
			}
			all = append(all, owner)
		}
	}
	return all
}

package aws

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

// What the services that hold data have in common.

// storeIdentifier is the form of identifiers of RDS, DocumentDB and ElastiCache:
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints
var storeIdentifier = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (p *problems) identifier(in props, name string, longest int) {
	if n := in.str(name); in.known(name) && (len(n) > longest || !storeIdentifier.MatchString(n)) {
		p.add(name, "must be a lower-case letter, then letters, digits and single hyphens, at most %d, got %q", longest, n)
	}
}

// unknownTo refuses properties whose effect the stand-in cannot tell.
func (p *problems) unknownTo(in props, names ...string) {
	for _, name := range names {
		if in.has(name) {
			p.add(name, "the stand-in does not know what AWS does with it; add it to sandbox/aws")
		}
	}
}

// apart refuses properties of which only one may be set.
func (p *problems) apart(in props, names ...string) {
	var set []string
	for _, name := range names {
		if v := in[name]; v != nil && v != false && v != "" {
			set = append(set, name)
		}
	}
	if len(set) > 1 {
		p.add(set[0], "conflicts with %s", strings.Join(set[1:], ", "))
	}
}

// standard fills in what AWS sets when it is not given.
func (c *call) standard(defaults props) {
	for name, v := range defaults {
		if !c.in.has(name) && c.out[name] == nil {
			c.out[name] = v
		}
	}
}

// value is a property as it will be: what is given, else what AWS has set.
func (c *call) value(name string) any {
	if c.in.has(name) {
		return c.in[name]
	}
	return c.out[name]
}

// spread returns the VPC of subnets and the zones that they are in. They all have to exist and be in one VPC.
func spread(c *call, operation, code string, ids []string) (vpc string, zones []string, err error) {
	for _, id := range ids {
		subnet := c.find(typeSubnet, id)
		if subnet == nil {
			return "", nil, fail(operation, code, "The subnet ID '%s' does not exist in %s", id, c.region)
		}
		if vpc != "" && vpc != subnet.String("vpcId") {
			return "", nil, fail(operation, code, "The subnets must be in one VPC: %s is in %s, others in %s", id, subnet.String("vpcId"), vpc)
		}
		vpc = subnet.String("vpcId")
		if zone := subnet.String("availabilityZone"); !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	slices.Sort(zones)
	return vpc, zones, nil
}

// groupsIn refuses security groups that do not exist or belong to another VPC.
func groupsIn(c *call, operation, code, vpc string, ids []string) error {
	for _, id := range ids {
		group := c.find(typeSecurityGroup, id)
		if group == nil {
			return fail(operation, code, "Invalid security group: '%s' does not exist in %s", id, c.region)
		}
		if group.String("vpcId") != vpc {
			return fail(operation, code, "The security group %s is in %s and the subnets are in %s", id, group.String("vpcId"), vpc)
		}
	}
	return nil
}

// logGroupFor makes the log group that a service makes when it finds none: without retention and key. AWS leaves it behind.
func logGroupFor(c *call, name string) {
	if c.find(typeLogGroup, name) == nil {
		c.state.Put(&account.Resource{Type: typeLogGroup, ID: name, Region: c.region, MadeFor: c.urn, ARN: c.arnOf("logs", "log-group:"+name),
			Props: map[string]any{"name": name, "retentionInDays": 0.0}})
	}
}

// hostLabel is the part of host names that is the account's own in a region, such as c1a2b3c4d5e6.
func (c *call) hostLabel(service string) string {
	sum := sha256.Sum256([]byte(service + c.state.AccountID + c.region))
	return "c" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:11]
}

// hostedZone is the id of the zone of a service's host names; AWS has one for each region.
func (c *call) hostedZone(service string) string {
	sum := sha256.Sum256([]byte(service + c.region))
	return "Z" + base32.StdEncoding.EncodeToString(sum[:])[:13]
}

// generatedName is what the provider calls something that has no name of its own: the prefix, the time and some digits.
func generatedName(prefix string) string {
	if prefix == "" {
		prefix = "tf-"
	}
	return prefix + time.Now().UTC().Format("20060102150405") + hexDigits(8)
}

// upperID is an id of capital letters and digits.
func upperID(n int) string {
	sum := sha256.Sum256([]byte(newUUID()))
	return base32.StdEncoding.EncodeToString(sum[:])[:n]
}

// storeUses are the subnets and security groups that a store's network interfaces are in, and the keys that it is
// encrypted with. None of them can go before the store.
type storeUses struct{ subnets, groups, keys []string }

var storesUse map[string]func(c *call, r props) storeUses

func init() {
	storesUse = map[string]func(c *call, r props) storeUses{
		typeDatabase: databaseUses, typeDocuments: documentsUses, typeKafka: kafkaUses, typeCache: cacheUses, typeProxy: proxyUses, typeSecret: secretUses,
	}
}

// storeUsing returns a store that uses it, or nil.
func storeUsing(c *call, id string, of func(storeUses) []string) *account.Resource {
	for _, typ := range sortedKeys(storesUse) {
		for _, r := range c.inRegion(typ) {
			if slices.Contains(of(storesUse[typ](c, r.Props)), id) {
				return r
			}
		}
	}
	return nil
}

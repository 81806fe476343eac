package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

// registered is the zone of the registered domain, which the account has from the start.
func (w *world) registered() string {
	w.t.Helper()
	id := ""
	w.state(func(s *account.State) {
		for _, zone := range s.List(account.TypeZone) {
			if zone.URN == "" {
				id = zone.ID
			}
		}
	})
	return id
}

// delegate makes an environment's zone and its NS record in the registered zone.
func (w *world) delegate(name string) (zone, record made) {
	w.t.Helper()
	parent := w.registered()
	zone = w.make(account.TypeZone, map[string]any{"name": name})
	record = w.make(typeRecord, map[string]any{"zoneId": parent, "name": name, "type": "NS", "ttl": 300, "records": zone.outputs["nameServers"]})
	return zone, record
}

func recordIn(zone made, name, typ string, values ...any) map[string]any {
	return map[string]any{"zoneId": zone.id, "name": name, "type": typ, "ttl": 60, "records": values}
}

func TestZone_HasFourNameServersAndIsNotDeletedWithRecords(t *testing.T) {
	w := newWorld(t)
	zone := w.make(account.TypeZone, map[string]any{"name": "dev.cloudinsight.com"})
	assert.Len(t, zone.outputs.strings("nameServers"), 4)
	assert.Equal(t, zone.outputs.strings("nameServers")[0], zone.outputs.str("primaryNameServer"))
	assert.Equal(t, "arn:aws:route53:::hostedzone/"+zone.id, zone.outputs.str("arn"))
	found, err := w.provider.hostedZone(props{"name": "dev.cloudinsight.com."})
	require.NoError(t, err)
	assert.Equal(t, zone.id, found["zoneId"])

	record := w.make(typeRecord, recordIn(zone, "api", "A", "10.0.0.1"))
	assert.Equal(t, "api.dev.cloudinsight.com", record.outputs.str("fqdn"))
	assert.Equal(t, zone.id+"_api_A", record.id)
	assert.ErrorContains(t, w.delete(zone), "HostedZoneNotEmpty")
	_, err = w.update(zone, map[string]any{"name": "dev.cloudinsight.com", "forceDestroy": true})
	require.NoError(t, err)
	require.NoError(t, w.delete(zone))
	assert.Nil(t, w.read(record).Outputs, "the records went with the zone")
}

func TestZone_AuthorityFollowsTheDelegations(t *testing.T) {
	w := newWorld(t)
	who := func(name string) (id string, err error) {
		viewErr := w.provider.account.View(func(s *account.State) error {
			var zone *account.Resource
			if zone, err = authority(s, name); zone != nil {
				id = zone.ID
			}
			return nil
		})
		require.NoError(t, viewErr)
		return id, err
	}
	orphan := w.make(account.TypeZone, map[string]any{"name": "dev.cloudinsight.com"})
	id, err := who("api.dev.cloudinsight.com")
	require.NoError(t, err)
	assert.Equal(t, w.registered(), id, "nothing is delegated yet")
	require.NoError(t, w.delete(orphan))

	zone, ns := w.delegate("dev.cloudinsight.com")
	id, err = who("api.dev.cloudinsight.com")
	require.NoError(t, err)
	assert.Equal(t, zone.id, id)
	_, err = w.update(ns, map[string]any{"zoneId": w.registered(), "name": "dev.cloudinsight.com", "type": "NS", "ttl": 300, "records": []any{"ns-1.awsdns-01.com"}})
	require.NoError(t, err)
	_, err = who("api.dev.cloudinsight.com")
	assert.ErrorContains(t, err, "delegated to name servers that no zone of the account has")
	_, err = who("example.org")
	assert.ErrorContains(t, err, "the registered domain is cloudinsight.com")
}

func TestRoute53_Refuses(t *testing.T) {
	w := newWorld(t)
	zone, _ := w.delegate("dev.cloudinsight.com")
	w.make(typeRecord, recordIn(zone, "api", "A", "10.0.0.1"))
	w.make(typeRecord, recordIn(zone, "www", "CNAME", "api.dev.cloudinsight.com"))
	check := w.make(typeHealthCheck, map[string]any{"type": "HTTPS", "fqdn": "api.dev.cloudinsight.com"})
	primary := with(recordIn(zone, "app", "A", "10.0.0.1"), map[string]any{
		"setIdentifier": "one", "failoverRoutingPolicies": []any{map[string]any{"type": "PRIMARY"}}, "healthCheckId": check.id,
	})
	w.make(typeRecord, primary)
	alias := func(name, in string) map[string]any {
		return map[string]any{"zoneId": zone.id, "name": "x", "type": "A", "aliases": []any{map[string]any{"name": name, "zoneId": in, "evaluateTargetHealth": false}}}
	}
	w.refuses(t, map[string]refusal{
		"zone name":         {account.TypeZone, map[string]any{"name": "a..b"}, "must be a domain name"},
		"delegation set":    {account.TypeZone, map[string]any{"name": "a.b", "delegationSetId": "N1"}, "NoSuchDelegationSet"},
		"zone in no vpc":    {account.TypeZone, map[string]any{"name": "a.b", "vpcs": []any{map[string]any{"vpcId": "vpc-1"}}}, "InvalidVPCId"},
		"no zone":           {typeRecord, with(recordIn(zone, "y", "A", "10.0.0.1"), map[string]any{"zoneId": "Z0"}), "NoSuchHostedZone"},
		"type":              {typeRecord, recordIn(zone, "y", "AAA", "10.0.0.1"), "type: must be one of"},
		"no ttl":            {typeRecord, map[string]any{"zoneId": zone.id, "name": "y", "type": "A", "records": []any{"10.0.0.1"}}, "ttl: is required"},
		"no value":          {typeRecord, map[string]any{"zoneId": zone.id, "name": "y", "type": "A"}, "one of records, aliases is required"},
		"address":           {typeRecord, recordIn(zone, "y", "A", "host"), "not a valid IPv4 address"},
		"caa":               {typeRecord, recordIn(zone, "y", "CAA", "letsencrypt.org"), "no flags, tag and quoted value"},
		"value twice":       {typeRecord, recordIn(zone, "y", "A", "10.0.0.1", "10.0.0.1"), "Duplicate Resource Record"},
		"two cnames":        {typeRecord, recordIn(zone, "y", "CNAME", "a.b", "c.d"), "a CNAME has one value"},
		"cname at the apex": {typeRecord, recordIn(zone, "", "CNAME", "a.b"), "not permitted at apex"},
		"beside a cname":    {typeRecord, recordIn(zone, "www", "A", "10.0.0.1"), "conflicts with other records"},
		"name twice":        {typeRecord, recordIn(zone, "api.dev.cloudinsight.com", "A", "10.0.0.2"), "but it already exists"},
		"the zone's own ns": {typeRecord, recordIn(zone, "", "NS", "ns.example.org"), "but it already exists"},
		"other zone":        {typeRecord, recordIn(zone, "api.cloudinsight.com", "A", "10.0.0.2"), "is a name of the zone cloudinsight.com"},
		"almost the zone":   {typeRecord, recordIn(zone, "mydev.cloudinsight.com", "A", "10.0.0.2"), "not permitted in zone dev.cloudinsight.com"},
		"no set identifier": {typeRecord, with(recordIn(zone, "y", "A", "10.0.0.1"), map[string]any{"weightedRoutingPolicies": []any{map[string]any{"weight": 1}}}), "setIdentifier: goes with"},
		"two primaries":     {typeRecord, with(primary, map[string]any{"setIdentifier": "two"}), "one is the PRIMARY already"},
		"mixed policies":    {typeRecord, recordIn(zone, "app", "A", "10.0.0.9"), "cannot be created as"},
		"unwatched primary": {typeRecord, with(primary, map[string]any{"name": "z", "healthCheckId": nil}), "A health check is required"},
		"no health check":   {typeRecord, with(primary, map[string]any{"name": "z", "healthCheckId": "none"}), "NoSuchHealthCheck"},
		"alias to nothing":  {typeRecord, alias("x-1.elb.af-south-1.amazonaws.com", "Z203XCE67M25HM"), "that target was not found"},
		"alias elsewhere":   {typeRecord, alias("x-1.elb.eu-west-1.amazonaws.com", "Z203XCE67M25HM"), "does not lie within the target zone"},
		"alias to no zone":  {typeRecord, alias("x.example.org", "Z0"), "nothing in that zone"},
		"alias in the zone": {typeRecord, alias("none.dev.cloudinsight.com", zone.id), "that target was not found"},
		"check of nothing":  {typeHealthCheck, map[string]any{"type": "HTTPS"}, "one of fqdn, ipAddress is required"},
		"tcp without port":  {typeHealthCheck, map[string]any{"type": "TCP", "fqdn": "a.b"}, "port: is required"},
		"interval":          {typeHealthCheck, map[string]any{"type": "HTTPS", "fqdn": "a.b", "requestInterval": 20}, "must be 10 or 30"},
		"private address":   {typeHealthCheck, map[string]any{"type": "HTTPS", "ipAddress": "10.0.0.1"}, "that the Internet reaches"},
		"two regions":       {typeHealthCheck, map[string]any{"type": "HTTPS", "fqdn": "a.b", "regions": []any{"us-east-1", "eu-west-1"}}, "must be at least 3"},
		"checker region":    {typeHealthCheck, map[string]any{"type": "HTTPS", "fqdn": "a.b", "regions": []any{"us-east-1", "eu-west-1", "af-south-1"}}, `got "af-south-1"`},
		"no alarm":          {typeHealthCheck, map[string]any{"type": "CLOUDWATCH_METRIC", "cloudwatchAlarmName": "a", "cloudwatchAlarmRegion": "eu-west-1"}, "Cannot find the CloudWatch alarm"},
		"no child":          {typeHealthCheck, map[string]any{"type": "CALCULATED", "childHealthchecks": []any{"none"}}, "does not exist"},
	})
	w.make(typeRecord, with(recordIn(zone, "api", "A", "10.0.0.2"), map[string]any{"allowOverwrite": true}))
	w.make(typeRecord, with(primary, map[string]any{"setIdentifier": "two", "failoverRoutingPolicies": []any{map[string]any{"type": "SECONDARY"}}}))
}

func TestRecord_AliasToALoadBalancer(t *testing.T) {
	n := newNetwork(t)
	zone := n.make(account.TypeZone, map[string]any{"name": "dev.cloudinsight.com"})
	for typ, want := range map[string]string{"network": "Z203XCE67M25HM", "application": "Z268VQBMOI5EKX"} {
		lb := n.make(typeLoadBalancer, map[string]any{"loadBalancerType": typ, "internal": true, "subnets": []any{n.a.id, n.b.id}})
		assert.Equal(t, want, lb.outputs.str("zoneId"))
		n.make(typeRecord, map[string]any{"zoneId": zone.id, "name": typ, "type": "A", "aliases": []any{
			map[string]any{"name": lb.outputs.str("dnsName"), "zoneId": lb.outputs.str("zoneId"), "evaluateTargetHealth": true},
		}})
	}
}

func TestQueryLog_WritesFromUSEast1WhereAPolicyLetsIt(t *testing.T) {
	w := newWorld(t)
	zone := w.make(account.TypeZone, map[string]any{"name": "dev.cloudinsight.com"})
	near := w.make(typeLogGroup, map[string]any{"name": "/aws/route53/dev"})
	log := func(group made) map[string]any {
		return map[string]any{"zoneId": zone.id, "cloudwatchLogGroupArn": group.outputs["arn"]}
	}
	_, err := w.try(typeQueryLog, log(near))
	assert.ErrorContains(t, err, "NoSuchCloudWatchLogsLogGroup")
	w.configure("us-east-1")
	group := w.make(typeLogGroup, map[string]any{"name": "/aws/route53/dev"})
	_, err = w.try(typeQueryLog, log(group))
	assert.ErrorContains(t, err, "InsufficientCloudWatchLogsResourcePolicy")
	w.make(typeLogPolicy, map[string]any{"policyName": "dns", "policyDocument": policyOf(`{"Effect":"Allow","Principal":{"Service":"route53.amazonaws.com"},
		"Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"` + group.outputs.str("arn") + `:*"}`)})
	w.make(typeQueryLog, log(group))
	_, err = w.try(typeQueryLog, log(group))
	assert.ErrorContains(t, err, "QueryLoggingConfigAlreadyExists")
}

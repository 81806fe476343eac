package aws

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"

	"github.com/cloudinsight/platform/sandbox/account"
)

// Invoke answers the data sources that the program and the EKS component use.
func (p *Provider) Invoke(_ context.Context, req plugin.InvokeRequest) (plugin.InvokeResponse, error) {
	token := string(req.Tok)
	fn, ok := p.schema.Functions[token]
	if !ok {
		return plugin.InvokeResponse{}, fmt.Errorf("aws stand-in: it does not know the function %q; add it to sandbox/aws", token)
	}
	in := plainMap(req.Args)
	found := &problems{}
	p.checkObject(found, "", fn.Inputs, in)
	if len(found.all) > 0 {
		var failures []plugin.CheckFailure
		for _, f := range found.sorted() {
			failures = append(failures, plugin.CheckFailure{Property: resource.PropertyKey(f.path), Reason: f.reason})
		}
		return plugin.InvokeResponse{Failures: failures}, nil
	}
	out, err := p.answer(token, in)
	if err != nil {
		return plugin.InvokeResponse{}, fmt.Errorf("invoking %s: %w", token, err)
	}
	properties := resource.PropertyMap{}
	for k, v := range out {
		properties[resource.PropertyKey(k)] = rich(v)
	}
	return plugin.InvokeResponse{Properties: properties}, nil
}

func (p *Provider) answer(token string, in props) (map[string]any, error) {
	switch token {
	case "aws:index/getPartition:getPartition":
		return map[string]any{"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}, nil
	case "aws:index/getRegion:getRegion":
		name := p.region
		if in.has("name") {
			name = in.str("name")
		}
		if zonesOf(name) == nil {
			return nil, fail("DescribeRegions", "InvalidParameterValue", "Invalid region: %q", name)
		}
		return map[string]any{"id": name, "name": name, "description": name, "endpoint": "ec2." + name + ".amazonaws.com"}, nil
	case "aws:index/getCallerIdentity:getCallerIdentity":
		return p.callerIdentity()
	case "aws:index/getAvailabilityZones:getAvailabilityZones":
		return p.availabilityZones(in)
	case "aws:route53/getZone:getZone":
		return p.hostedZone(in)
	case "aws:cloudfront/getCachePolicy:getCachePolicy":
		return p.edgePolicy(typeCachePolicy, in)
	case "aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy":
		return p.edgePolicy(typeOriginPolicy, in)
	case "aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy":
		return p.edgePolicy(typeHeadersPolicy, in)
	case "aws:ec2/getManagedPrefixList:getManagedPrefixList":
		return p.managedPrefixList(in)
	case "aws:secretsmanager/getRandomPassword:getRandomPassword":
		return randomPassword(in)
	}
	return nil, fmt.Errorf("aws stand-in: the schema has %q, but nothing answers it", token)
}

// callerIdentity shows an assumed role, as GetCallerIdentity does.
func (p *Provider) callerIdentity() (map[string]any, error) {
	out := map[string]any{}
	// Update, not View: the first look makes the account.
	err := p.account.Update(func(s *account.State) error {
		id, err := p.caller(s, "GetCallerIdentity")
		if err != nil {
			return err
		}
		out["accountId"], out["id"] = s.AccountID, s.AccountID
		out["arn"] = sessionARN(s, id)
		out["userId"] = "AROA" + id.AccessKeyID[4:] + ":sandbox"
		return nil
	})
	return out, err
}

func (p *Provider) availabilityZones(in props) (map[string]any, error) {
	for _, unsupported := range []string{"allAvailabilityZones", "excludeNames", "excludeZoneIds", "filters"} {
		if in.has(unsupported) && !onlyZoneTypeFilter(in) {
			return nil, fmt.Errorf("aws stand-in: getAvailabilityZones does not know %q yet", unsupported)
		}
	}
	var names, ids []string
	for _, z := range zonesOf(p.region) {
		names, ids = append(names, z.name), append(ids, z.id)
	}
	return map[string]any{
		"id": p.region, "names": toList(names), "zoneIds": toList(ids), "groupNames": toList([]string{p.region}),
		"state": in.str("state"),
	}, nil
}

// onlyZoneTypeFilter accepts the filter that leaves local zones out: the stand-in lists none.
func onlyZoneTypeFilter(in props) bool {
	filters := in.objects("filters")
	return len(filters) == 1 && (filters[0].str("name") == "zone-type" || filters[0].str("name") == "opt-in-status")
}

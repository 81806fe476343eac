package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const cachingDisabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

func behaviorTo(origin string) map[string]any {
	return map[string]any{
		"targetOriginId": origin, "viewerProtocolPolicy": "redirect-to-https", "cachePolicyId": cachingDisabled,
		"allowedMethods": []any{"GET", "HEAD"}, "cachedMethods": []any{"HEAD", "GET"},
	}
}

// distributionOf leads everything to one host, with CloudFront's own certificate.
func distributionOf() map[string]any {
	return map[string]any{
		"enabled": true, "defaultCacheBehavior": behaviorTo("lb"),
		"origins": []any{map[string]any{"originId": "lb", "domainName": "x-1.elb.af-south-1.amazonaws.com", "customOriginConfig": map[string]any{
			"httpPort": 80, "httpsPort": 443, "originProtocolPolicy": "https-only", "originSslProtocols": []any{"TLSv1.2"},
		}}},
		"restrictions":      map[string]any{"geoRestriction": map[string]any{"restrictionType": "none"}},
		"viewerCertificate": map[string]any{"cloudfrontDefaultCertificate": true},
	}
}

func presenting(c made, aliases ...any) map[string]any {
	return map[string]any{"aliases": aliases, "viewerCertificate": map[string]any{
		"acmCertificateArn": c.id, "sslSupportMethod": "sni-only", "minimumProtocolVersion": "TLSv1.2_2021",
	}}
}

func TestDistribution_HoldsWhatItUses(t *testing.T) {
	w := newWorld(t)
	w.configure("us-east-1")
	certificate := w.issued("dev.cloudinsight.com")
	acl := w.make(typeWebACL, aclOf(scopeCloudFront))
	bucket := w.make(typeBucket, map[string]any{"bucket": "static-dev"})
	oac := w.make(typeAccessControl, map[string]any{"originAccessControlOriginType": "s3", "signingBehavior": "always", "signingProtocol": "sigv4"})
	headers := w.make(typeHeadersPolicy, map[string]any{"securityHeadersConfig": map[string]any{"contentTypeOptions": map[string]any{"override": true}}})
	function := w.make(typeEdgeFunction, map[string]any{"code": "function handler(e) { return e.request }", "runtime": "cloudfront-js-2.0"})
	in := with(distributionOf(), presenting(certificate, "dev.cloudinsight.com", "api.dev.cloudinsight.com"))
	in["webAclId"] = acl.outputs.str("arn")
	in["origins"] = append(in["origins"].([]any), map[string]any{
		"originId": "static", "domainName": bucket.outputs.str("bucketRegionalDomainName"), "originAccessControlId": oac.id,
	})
	in["orderedCacheBehaviors"] = []any{with(behaviorTo("static"), map[string]any{
		"pathPattern": "/static/*", "responseHeadersPolicyId": headers.id,
		"functionAssociations": []any{map[string]any{"eventType": "viewer-request", "functionArn": function.outputs.str("arn")}},
	})}
	d := w.make(typeDistribution, in)
	assert.Regexp(t, `^d[0-9a-z]{13}\.cloudfront\.net$`, d.outputs.str("domainName"))
	assert.Equal(t, "Z2FDTNDATAQYW2", d.outputs.str("hostedZoneId"))
	assert.Equal(t, "Deployed", d.outputs.str("status"))
	zone := map[string]any{"zoneId": w.registered(), "name": "edge", "type": "A", "aliases": []any{map[string]any{
		"name": d.outputs.str("domainName"), "zoneId": "Z2FDTNDATAQYW2", "evaluateTargetHealth": false,
	}}}
	w.make(typeRecord, zone)
	zone["aliases"].([]any)[0].(map[string]any)["evaluateTargetHealth"] = true
	_, err := w.try(typeRecord, with(zone, map[string]any{"name": "other"}))
	assert.ErrorContains(t, err, "EvaluateTargetHealth cannot be true")

	for code, used := range map[string]made{
		"ResourceInUseException": certificate, "WAFAssociatedItemException": acl, "OriginAccessControlInUse": oac,
		"ResponseHeadersPolicyInUse": headers, "FunctionInUse": function,
	} {
		assert.ErrorContains(t, w.delete(used), code)
	}
	out, err := w.update(d, with(in, map[string]any{"comment": "x"}))
	require.NoError(t, err)
	assert.NotEqual(t, d.outputs["etag"], out["etag"])
	assert.Equal(t, d.outputs["domainName"], out["domainName"])
	require.NoError(t, w.delete(d))
	for _, free := range []made{certificate, acl, oac, headers, function} {
		require.NoError(t, w.delete(free))
	}
}

func TestDistribution_Refuses(t *testing.T) {
	w := newWorld(t)
	regional := w.issued("prod.cloudinsight.com")
	w.configure("us-east-1")
	certificate := w.issued("dev.cloudinsight.com")
	pending := w.make(typeCertificate, certificateOf("new.cloudinsight.com"))
	inRegion := w.make(typeWebACL, aclOf("REGIONAL"))
	oac := w.make(typeAccessControl, map[string]any{"name": "s3", "originAccessControlOriginType": "s3", "signingBehavior": "always", "signingProtocol": "sigv4"})
	w.make(typeBucket, map[string]any{"bucket": "logs-us"})
	w.make(typeDistribution, with(distributionOf(), presenting(certificate, "app.dev.cloudinsight.com")))
	origin := func(edit map[string]any) map[string]any {
		return map[string]any{"origins": []any{with(distributionOf()["origins"].([]any)[0].(map[string]any), edit)}}
	}
	behavior := func(edit map[string]any) map[string]any {
		return map[string]any{"defaultCacheBehavior": with(behaviorTo("lb"), edit)}
	}
	w.refusesChanges(t, typeDistribution, distributionOf(), map[string]change{
		"certificate elsewhere":  {presenting(regional, "prod.cloudinsight.com"), "isn't in us-east-1 region"},
		"certificate pending":    {presenting(pending, "new.cloudinsight.com"), "isn't valid"},
		"alias not covered":      {presenting(certificate, "a.b.dev.cloudinsight.com"), "doesn't cover the alternate domain name"},
		"alias of another":       {presenting(certificate, "app.dev.cloudinsight.com"), "CNAMEAlreadyExists"},
		"alias, no certificate":  {map[string]any{"aliases": []any{"a.com"}}, "you must attach a trusted certificate"},
		"tls of the default":     {map[string]any{"viewerCertificate": map[string]any{"cloudfrontDefaultCertificate": true, "minimumProtocolVersion": "TLSv1.2_2021"}}, "is TLSv1 with CloudFront's own"},
		"regional acl":           {map[string]any{"webAclId": inRegion.outputs.str("arn")}, "InvalidWebACLId"},
		"price class":            {map[string]any{"priceClass": "PriceClass_300"}, "priceClass: must be one of"},
		"no such origin":         {behavior(map[string]any{"targetOriginId": "web"}), "NoSuchOrigin"},
		"no such cache policy":   {behavior(map[string]any{"cachePolicyId": "x"}), "NoSuchCachePolicy"},
		"no such origin policy":  {behavior(map[string]any{"originRequestPolicyId": "x"}), "NoSuchOriginRequestPolicy"},
		"no such headers policy": {behavior(map[string]any{"responseHeadersPolicyId": "x"}), "NoSuchResponseHeadersPolicy"},
		"policy and ttl":         {behavior(map[string]any{"minTtl": 1}), "conflicts with cachePolicyId"},
		"neither policy":         {behavior(map[string]any{"cachePolicyId": nil}), "cachePolicyId: must be set"},
		"methods":                {behavior(map[string]any{"allowedMethods": []any{"GET", "HEAD", "POST"}}), "allowedMethods: must be one of"},
		"signers":                {behavior(map[string]any{"trustedSigners": []any{"self"}}), "the stand-in does not know"},
		"no such function":       {behavior(map[string]any{"functionAssociations": []any{map[string]any{"eventType": "viewer-request", "functionArn": "x"}}}), "not published"},
		"origin's address":       {origin(map[string]any{"domainName": "10.0.0.1"}), "does not refer to a valid host name"},
		"origin's port":          {origin(map[string]any{"customOriginConfig": map[string]any{"httpPort": 81, "httpsPort": 443, "originProtocolPolicy": "https-only", "originSslProtocols": []any{"TLSv1.2"}}}), "must be 80, 443 or"},
		"origin's kind":          {origin(map[string]any{"customOriginConfig": nil}), "customOriginConfig: is required"},
		"origin's path":          {origin(map[string]any{"originPath": "static/"}), "begins with a slash"},
		"host header":            {origin(map[string]any{"customHeaders": []any{map[string]any{"name": "Host", "value": "x"}}}), `cannot add the header "Host"`},
		"oac of nothing":         {origin(map[string]any{"originAccessControlId": "E0"}), "The origin access control doesn't exist"},
		"oac of no bucket":       {origin(map[string]any{"originAccessControlId": oac.id}), "is for S3"},
		"logs to nowhere":        {map[string]any{"loggingConfig": map[string]any{"bucket": "none.s3.amazonaws.com"}}, "does not refer to a valid S3 bucket"},
		"logs without acl":       {map[string]any{"loggingConfig": map[string]any{"bucket": "logs-us.s3.amazonaws.com"}}, "does not enable ACL access"},
		"locations":              {map[string]any{"restrictions": map[string]any{"geoRestriction": map[string]any{"restrictionType": "whitelist"}}}, "go with whitelist"},
	})
	w.refuses(t, map[string]refusal{
		"oac's name twice":        {typeAccessControl, map[string]any{"name": "s3", "originAccessControlOriginType": "s3", "signingBehavior": "always", "signingProtocol": "sigv4"}, "OriginAccessControlAlreadyExists"},
		"security header":         {typeHeadersPolicy, map[string]any{"customHeadersConfig": map[string]any{"items": []any{map[string]any{"header": "X-Frame-Options", "value": "DENY", "override": true}}}}, "is a security header"},
		"empty headers policy":    {typeHeadersPolicy, map[string]any{}, "is required"},
		"frame option":            {typeHeadersPolicy, map[string]any{"securityHeadersConfig": map[string]any{"frameOptions": map[string]any{"frameOption": "ALLOW", "override": true}}}, "must be one of [DENY SAMEORIGIN]"},
		"ttl order":               {typeCachePolicy, cachePolicy(10, 5, "none"), "minTtl: must not be above maxTtl"},
		"key of what is uncached": {typeCachePolicy, cachePolicy(0, 0, "all"), "caching disabled"},
		"empty whitelist":         {typeCachePolicy, cachePolicy(0, 5, "whitelist"), "go with whitelist and allExcept only"},
		"runtime":                 {typeEdgeFunction, map[string]any{"code": "x", "runtime": "nodejs"}, "runtime: must be one of"},
	})
}

func cachePolicy(lowest, highest int, queries string) map[string]any {
	return map[string]any{"minTtl": lowest, "defaultTtl": lowest, "maxTtl": highest, "parametersInCacheKeyAndForwardedToOrigin": map[string]any{
		"cookiesConfig": map[string]any{"cookieBehavior": "none"}, "headersConfig": map[string]any{"headerBehavior": "none"},
		"queryStringsConfig": map[string]any{"queryStringBehavior": queries},
	}}
}

func TestCloudFront_LookUps(t *testing.T) {
	n := newNetwork(t)
	policy, err := n.provider.answer("aws:cloudfront/getCachePolicy:getCachePolicy", props{"name": "Managed-CachingDisabled"})
	require.NoError(t, err)
	assert.Equal(t, cachingDisabled, policy["id"])
	_, err = n.provider.answer("aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy", props{"name": "Managed-Everything"})
	assert.ErrorContains(t, err, "no CloudFront policy matches")
	own := n.make(typeHeadersPolicy, map[string]any{"name": "own", "serverTimingHeadersConfig": map[string]any{"enabled": true, "samplingRate": 1}})
	policy, err = n.provider.answer("aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy", props{"name": "own"})
	require.NoError(t, err)
	assert.Equal(t, own.id, policy["id"])

	list, err := n.provider.answer("aws:ec2/getManagedPrefixList:getManagedPrefixList", props{"name": "com.amazonaws.global.cloudfront.origin-facing"})
	require.NoError(t, err)
	assert.Equal(t, "pl-c0aa4fa9", list["id"])
	_, err = n.provider.answer("aws:ec2/getManagedPrefixList:getManagedPrefixList", props{"name": "com.amazonaws.global.everything"})
	assert.ErrorContains(t, err, "no matching EC2 Managed Prefix List")

	group := n.make(typeSecurityGroup, map[string]any{"vpcId": n.vpc.id})
	from := func(list any, port int) map[string]any {
		return map[string]any{"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": port, "toPort": port, "prefixListId": list}
	}
	n.make(typeIngressRule, from(list["id"], 443))
	_, err = n.try(typeIngressRule, from(list["id"], 80))
	assert.ErrorContains(t, err, "RulesPerSecurityGroupLimitExceeded", "the list counts 55 of 60")
	_, err = n.try(typeIngressRule, from("pl-3b927c52", 80))
	assert.ErrorContains(t, err, "InvalidPrefixListID.NotFound", "that is another region's list")
}

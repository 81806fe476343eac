package aws

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// distributionRules judges a distribution by itself.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-values-specify.html and cloudfront-limits.html
func distributionRules(in props, p *problems) {
	p.unknownTo(in, "continuousDeploymentPolicyId")
	p.oneOf(in, "httpVersion", "httpVersion", "http1.1", "http2", "http3", "http2and3")
	p.oneOf(in, "priceClass", "priceClass", "PriceClass_All", "PriceClass_200", "PriceClass_100")
	if strings.HasPrefix(in.str("defaultRootObject"), "/") {
		p.add("defaultRootObject", "InvalidDefaultRootObject: does not begin with a slash, got %q", in.str("defaultRootObject"))
	}
	if len(in.str("comment")) > 128 {
		p.add("comment", "has at most 128 characters, got %d", len(in.str("comment")))
	}
	seen := map[string]bool{}
	for i, alias := range in.strings("aliases") {
		if !certificateName.MatchString(alias) || seen[alias] {
			p.add(fmt.Sprintf("aliases[%d]", i), "must be a domain name, once, got %q", alias)
		}
		seen[alias] = true
	}
	viewerRules(in, p)
	geo := in.object("restrictions").object("geoRestriction")
	p.oneOf(geo, "restrictions.geoRestriction.restrictionType", "restrictionType", "none", "whitelist", "blacklist")
	if n := len(geo.strings("locations")); in.known("restrictions") && (geo.str("restrictionType") == "none") != (n == 0) {
		p.add("restrictions.geoRestriction.locations", "go with whitelist and blacklist, got %d with %q", n, geo.str("restrictionType"))
	}
	targets := originRules(in, p)
	patterns := map[string]bool{}
	all := behaviors(in)
	for _, path := range sortedKeys(all) {
		b := all[path]
		behaviorRules(b, path, p)
		if id := b.str("targetOriginId"); b.known("targetOriginId") && in.known("origins") && !targets[id] {
			p.add(path+".targetOriginId", "NoSuchOrigin: one or more of your origins or origin groups do not exist: %q", id)
		}
		if pattern := b.str("pathPattern"); pattern != "" && patterns[pattern] {
			p.add(path+".pathPattern", "InvalidArgument: two behaviors have %q", pattern)
		}
		patterns[b.str("pathPattern")] = true
	}
	for i, e := range in.objects("customErrorResponses") {
		path := fmt.Sprintf("customErrorResponses[%d]", i)
		if code := e.number("errorCode"); e.known("errorCode") && !slices.Contains([]int{400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}, code) {
			p.add(path+".errorCode", "CloudFront has no page of one's own for %d", code)
		}
		if (e.number("responseCode") == 0) != (e.str("responsePagePath") == "") && e.known("responseCode") && e.known("responsePagePath") {
			p.add(path+".responseCode", "goes with responsePagePath")
		}
	}
}

func viewerRules(in props, p *problems) {
	v := in.object("viewerCertificate")
	if !in.known("viewerCertificate") {
		return
	}
	p.unknownTo(v, "iamCertificateId")
	own := v.has("acmCertificateArn")
	switch {
	case own == v.boolean("cloudfrontDefaultCertificate"):
		p.add("viewerCertificate", "must have one of acmCertificateArn, cloudfrontDefaultCertificate")
	case own && !v.has("sslSupportMethod"):
		p.add("viewerCertificate.sslSupportMethod", "is required with a certificate of one's own")
	case !own && len(in.strings("aliases")) > 0:
		p.add("viewerCertificate", "InvalidViewerCertificate: to add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate")
	case !own && v.has("minimumProtocolVersion") && v.str("minimumProtocolVersion") != "TLSv1":
		p.add("viewerCertificate.minimumProtocolVersion", "is TLSv1 with CloudFront's own certificate, got %q", v.str("minimumProtocolVersion"))
	}
	p.oneOf(v, "viewerCertificate.sslSupportMethod", "sslSupportMethod", "sni-only", "vip", "static-ip")
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
	p.oneOf(v, "viewerCertificate.minimumProtocolVersion", "minimumProtocolVersion", "SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016",
		"TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")
}

// originRules judges the origins and returns the ids that a behavior may lead to.
func originRules(in props, p *problems) map[string]bool {
	targets := map[string]bool{}
	origins := in.objects("origins")
	if len(origins) > 100 {
		p.add("origins", "TooManyOrigins: at most 100, got %d", len(origins))
	}
	for i, o := range origins {
		path := fmt.Sprintf("origins[%d]", i)
		if id := o.str("originId"); targets[id] {
			p.add(path+".originId", "InvalidArgument: two origins have the id %q", id)
		}
		targets[o.str("originId")] = true
		p.unknownTo(o, "vpcOriginConfig")
		p.apart(o, "s3OriginConfig", "customOriginConfig")
		p.between(o, path+".connectionAttempts", "connectionAttempts", 1, 3)
		p.between(o, path+".connectionTimeout", "connectionTimeout", 1, 10)
		host := o.str("domainName")
		if _, err := netip.ParseAddr(host); o.known("domainName") && (err == nil || !zoneName.MatchString(strings.ToLower(host)) || !strings.Contains(host, ".")) {
			p.add(path+".domainName", "InvalidArgument: the parameter Origin DomainName does not refer to a valid host name, got %q", host)
		}
		if o.known("domainName") && !bucketHost(host) && !o.has("customOriginConfig") {
			p.add(path+".customOriginConfig", "is required for an origin that is no bucket, got %q", host)
		}
		if at := o.str("originPath"); at != "" && (!strings.HasPrefix(at, "/") || strings.HasSuffix(at, "/")) {
			p.add(path+".originPath", "begins with a slash and does not end with one, got %q", at)
		}
		customOrigin(o.object("customOriginConfig"), path+".customOriginConfig", p)
		headersToOrigin(o.objects("customHeaders"), path+".customHeaders", p)
	}
	for i, g := range in.objects("originGroups") {
		for _, m := range g.objects("members") {
			if id := m.str("originId"); m.known("originId") && !targets[id] {
				p.add(fmt.Sprintf("originGroups[%d].members", i), "NoSuchOrigin: no origin has the id %q", id)
			}
		}
	}
	for _, g := range in.objects("originGroups") {
		targets[g.str("originId")] = true
	}
	return targets
}

func customOrigin(o props, path string, p *problems) {
	for _, name := range []string{"httpPort", "httpsPort"} {
		if n := o.number(name); o.known(name) && n != 80 && n != 443 && (n < 1024 || n > 65535) {
			p.add(path+"."+name, "must be 80, 443 or 1024 to 65535, got %d", n)
		}
	}
	p.oneOf(o, path+".originProtocolPolicy", "originProtocolPolicy", "http-only", "https-only", "match-viewer")
	p.between(o, path+".originReadTimeout", "originReadTimeout", 1, 120)
	p.between(o, path+".originKeepaliveTimeout", "originKeepaliveTimeout", 1, 120)
	for _, v := range o.strings("originSslProtocols") {
		if !contains([]string{"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"}, v) {
			p.add(path+".originSslProtocols", "must be of [SSLv3 TLSv1 TLSv1.1 TLSv1.2], got %q", v)
		}
	}
}

// headersToOrigin: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
func headersToOrigin(headers []props, path string, p *problems) {
	if len(headers) > 30 {
		p.add(path, "TooManyOriginCustomHeaders: at most 30, got %d", len(headers))
	}
	forbidden := []string{
		"cache-control", "connection", "content-length", "cookie", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
		"max-forwards", "pragma", "proxy-authenticate", "proxy-authorization", "proxy-connection", "range", "request-range", "te", "trailer", "transfer-encoding",
		"upgrade", "via", "x-real-ip",
	}
	seen := map[string]bool{}
	for _, h := range headers {
		name := strings.ToLower(h.str("name"))
		if contains(forbidden, name) || strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "x-edge-") || seen[name] {
			p.add(path, "InvalidArgument: CloudFront cannot add the header %q, or adds it already", h.str("name"))
		}
		seen[name] = true
		if len(h.str("value")) > 1783 {
			p.add(path, "a value has at most 1783 characters, got %d", len(h.str("value")))
		}
	}
}

func behaviorRules(b props, path string, p *problems) {
	p.unknownTo(b, "fieldLevelEncryptionId", "lambdaFunctionAssociations", "realtimeLogConfigArn", "trustedKeyGroups", "trustedSigners")
	p.oneOf(b, path+".viewerProtocolPolicy", "viewerProtocolPolicy", "allow-all", "https-only", "redirect-to-https")
	methods(b, path, "allowedMethods", p, "GET,HEAD", "GET,HEAD,OPTIONS", "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT")
	methods(b, path, "cachedMethods", p, "GET,HEAD", "GET,HEAD,OPTIONS")
	if b.has("cachePolicyId") == b.has("forwardedValues") && b != nil {
		p.add(path+".cachePolicyId", "must be set, or forwardedValues, and not both")
	}
	if b.has("cachePolicyId") {
		for _, name := range []string{"minTtl", "maxTtl", "defaultTtl"} {
			if b.number(name) != 0 {
				p.add(path+"."+name, "conflicts with cachePolicyId, which has it")
			}
		}
	} else if b.has("originRequestPolicyId") {
		p.add(path+".originRequestPolicyId", "InvalidArgument: needs a cachePolicyId")
	}
	if len(b.str("pathPattern")) > 255 {
		p.add(path+".pathPattern", "has at most 255 characters, got %d", len(b.str("pathPattern")))
	}
	events := map[string]bool{}
	for _, f := range b.objects("functionAssociations") {
		p.oneOf(f, path+".functionAssociations.eventType", "eventType", "viewer-request", "viewer-response")
		if events[f.str("eventType")] {
			p.add(path+".functionAssociations", "InvalidFunctionAssociation: one function for an event, got two for %q", f.str("eventType"))
		}
		events[f.str("eventType")] = true
	}
}

func methods(b props, path, name string, p *problems, allowed ...string) {
	if !b.known(name) {
		return
	}
	got := b.strings(name)
	slices.Sort(got)
	if !contains(allowed, strings.Join(got, ",")) {
		p.add(path+"."+name, "must be one of %q, got %v", allowed, got)
	}
}

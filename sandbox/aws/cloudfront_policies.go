package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeAccessControl = "aws:cloudfront/originAccessControl:OriginAccessControl"
	typeEdgeFunction  = "aws:cloudfront/function:Function"
)

var edgeFunctionName = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)

// edgePolicyKinds are what distributions refer to. None goes while a distribution uses it.
// Rules: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateCachePolicy.html and its neighbors
// API_CreateOriginRequestPolicy.html, API_CreateResponseHeadersPolicy.html, API_CreateOriginAccessControl.html,
// API_CreateFunction.html.
var edgePolicyKinds = map[string]kind{
	typeAccessControl: edgePart("OriginAccessControl", "origin-access-control", 64, func(in props, p *problems) {
		p.oneOf(in, "originAccessControlOriginType", "originAccessControlOriginType", "s3", "mediastore", "mediapackagev2", "lambda")
		p.oneOf(in, "signingBehavior", "signingBehavior", "always", "never", "no-override")
		p.oneOf(in, "signingProtocol", "signingProtocol", "sigv4")
	}, props{"description": "Managed by Pulumi"}),
	typeCachePolicy: edgePart("CachePolicy", "cache-policy", 128, cachePolicyRules,
		props{"defaultTtl": 86400.0, "maxTtl": 31536000.0, "minTtl": 0.0}),
	typeOriginPolicy: edgePart("OriginRequestPolicy", "origin-request-policy", 128, func(in props, p *problems) {
		namesFor(in.object("cookiesConfig"), "cookiesConfig", "cookieBehavior", "cookies", p, "none", "whitelist", "all", "allExcept")
		namesFor(in.object("headersConfig"), "headersConfig", "headerBehavior", "headers", p, "none", "whitelist", "allViewer", "allViewerAndWhitelistCloudFront", "allExcept")
		namesFor(in.object("queryStringsConfig"), "queryStringsConfig", "queryStringBehavior", "queryStrings", p, "none", "whitelist", "all", "allExcept")
	}, nil),
	typeHeadersPolicy: edgePart("ResponseHeadersPolicy", "response-headers-policy", 128, headersPolicyRules, nil),
	typeEdgeFunction: {
		name: "name", nameMax: 64, global: true,
		replace: []string{"name"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "runtime", "runtime", "cloudfront-js-1.0", "cloudfront-js-2.0")
			p.unknownTo(in, "keyValueStoreAssociations")
			if n := in.str("name"); in.known("name") && !edgeFunctionName.MatchString(n) {
				p.add("name", "must match %s, got %q", edgeFunctionName, n)
			}
			if len(in.str("code")) > 10*1024 {
				p.add("code", "FunctionSizeLimitExceeded: has at most 10 KB, got %d bytes", len(in.str("code")))
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			if c.find(typeEdgeFunction, c.id) != nil {
				return fail("CreateFunction", "FunctionAlreadyExists", "A function with the same name already exists in this AWS account: %s", c.id)
			}
			c.arn = c.globalARN("cloudfront", "function/"+c.id)
			c.standard(props{"publish": true, "status": "UNASSOCIATED"})
			return changedFunction(c)
		},
		update: changedFunction,
		remove: func(c *call) error { return refuseUsed(c, "DeleteFunction", "FunctionInUse", c.arn) },
	},
}

func changedFunction(c *call) error {
	c.out["etag"] = "ETV" + upperID(10)
	if c.value("publish") == true {
		c.out["liveStageEtag"] = c.out["etag"]
	}
	return nil
}

// edgePart is something that has a name of its own in the account and is used by distributions.
func edgePart(what, path string, longest int, rules func(props, *problems), standard props) kind {
	return kind{
		name: "name", nameMax: longest, global: true,
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && (n == "" || len(n) > longest) {
				p.add("name", "must have 1 to %d characters, got %q", longest, n)
			}
			rules(in, p)
		},
		create: func(c *call) error {
			if err := ownName(c, what); err != nil {
				return err
			}
			c.id = newUUID()
			if what == "OriginAccessControl" {
				c.id = "E" + upperID(13)
			}
			c.arn = c.globalARN("cloudfront", path+"/"+c.id)
			c.out["etag"] = "E" + upperID(12)
			c.standard(standard)
			return nil
		},
		update: func(c *call) error {
			c.out["etag"] = "E" + upperID(12)
			return ownName(c, what)
		},
		remove: func(c *call) error { return refuseUsed(c, "Delete"+what, what+"InUse", c.id) },
	}
}

func ownName(c *call, what string) error {
	for _, other := range c.byProp(kindOfURN(c.urn), "name", c.in.str("name")) {
		if other.ID != c.id {
			return fail("Create"+what, what+"AlreadyExists", "A %s with the same name exists: %s", what, other.ID)
		}
	}
	return nil
}

// refuseUsed refuses while a distribution names it somewhere.
func refuseUsed(c *call, operation, code, name string) error {
	for _, d := range c.state.List(typeDistribution) {
		if mentions(d.Props, name) {
			return fail(operation, code, "%s is in use by the distribution %s", name, d.ID)
		}
	}
	return nil
}

func mentions(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return v == text
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return mentions(e, text) })
	case map[string]any:
		for _, e := range v {
			if mentions(e, text) {
				return true
			}
		}
	}
	return false
}

// namesFor judges one of the pairs of a behavior and the names that it is about.
func namesFor(in props, path, behavior, names string, p *problems, allowed ...string) {
	p.oneOf(in, path+"."+behavior, behavior, allowed...)
	listed := strings.HasPrefix(in.str(behavior), "whitelist") || in.str(behavior) == "allExcept" || in.str(behavior) == "allViewerAndWhitelistCloudFront"
	if !in.known(behavior) || in.has(names) && !in.known(names) {
		return
	}
	if n := len(in.object(names).strings("items")); listed != (n > 0) {
		p.add(path+"."+names, "go with whitelist and allExcept only, got %d with %s", n, in.str(behavior))
	}
}

func cachePolicyRules(in props, p *problems) {
	for _, name := range []string{"defaultTtl", "maxTtl", "minTtl"} {
		p.between(in, name, name, 0, 31536000)
	}
	if in.known("minTtl") && in.known("maxTtl") && in.number("minTtl") > in.number("maxTtl") {
		p.add("minTtl", "must not be above maxTtl, got %d and %d", in.number("minTtl"), in.number("maxTtl"))
	}
	if d := in.number("defaultTtl"); in.known("defaultTtl") && (in.known("maxTtl") && d > in.number("maxTtl") || d < in.number("minTtl")) {
		p.add("defaultTtl", "must be between minTtl and maxTtl, got %d", d)
	}
	key, path := in.object("parametersInCacheKeyAndForwardedToOrigin"), "parametersInCacheKeyAndForwardedToOrigin"
	namesFor(key.object("cookiesConfig"), path+".cookiesConfig", "cookieBehavior", "cookies", p, "none", "whitelist", "allExcept", "all")
	namesFor(key.object("headersConfig"), path+".headersConfig", "headerBehavior", "headers", p, "none", "whitelist")
	namesFor(key.object("queryStringsConfig"), path+".queryStringsConfig", "queryStringBehavior", "queryStrings", p, "none", "whitelist", "allExcept", "all")
	if in.known("maxTtl") && in.number("maxTtl") == 0 {
		for part, behavior := range map[string]string{"cookiesConfig": "cookieBehavior", "headersConfig": "headerBehavior", "queryStringsConfig": "queryStringBehavior"} {
			if b := key.object(part).str(behavior); b != "none" && b != "" {
				p.add(path+"."+part, "InvalidArgument: the parameter is invalid for a policy with caching disabled, got %q", b)
			}
		}
		if key.boolean("enableAcceptEncodingGzip") || key.boolean("enableAcceptEncodingBrotli") {
			p.add(path, "InvalidArgument: compression is invalid for a policy with caching disabled")
		}
	}
}

// securityHeaders cannot be set as custom headers:
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
var securityHeaders = []string{
	"strict-transport-security", "x-frame-options", "x-content-type-options", "referrer-policy", "x-xss-protection", "content-security-policy",
}

func headersPolicyRules(in props, p *problems) {
	parts := []string{"corsConfig", "customHeadersConfig", "removeHeadersConfig", "securityHeadersConfig", "serverTimingHeadersConfig"}
	if !slices.ContainsFunc(parts, in.has) {
		p.add("securityHeadersConfig", "one of %s is required", strings.Join(parts, ", "))
	}
	custom := in.object("customHeadersConfig").objects("items")
	if len(custom) > 10 {
		p.add("customHeadersConfig.items", "TooManyCustomHeadersInResponseHeadersPolicy: at most 10, got %d", len(custom))
	}
	for i, h := range custom {
		if contains(securityHeaders, strings.ToLower(h.str("header"))) {
			p.add(fmt.Sprintf("customHeadersConfig.items[%d].header", i), "%q is a security header and cannot be set as a custom one", h.str("header"))
		}
	}
	security := in.object("securityHeadersConfig")
	p.oneOf(security.object("frameOptions"), "securityHeadersConfig.frameOptions.frameOption", "frameOption", "DENY", "SAMEORIGIN")
	p.oneOf(security.object("referrerPolicy"), "securityHeadersConfig.referrerPolicy.referrerPolicy", "referrerPolicy", "no-referrer",
		"no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "unsafe-url")
	p.between(security.object("strictTransportSecurity"), "securityHeadersConfig.strictTransportSecurity.accessControlMaxAgeSec", "accessControlMaxAgeSec", 0, 2147483647)
	xss := security.object("xssProtection")
	if xss.boolean("modeBlock") && xss.has("reportUri") {
		p.add("securityHeadersConfig.xssProtection.modeBlock", "conflicts with reportUri")
	}
	p.between(in.object("serverTimingHeadersConfig"), "serverTimingHeadersConfig.samplingRate", "samplingRate", 0, 100)
}

// accessControlOf returns the origin access control, or nil.
func accessControlOf(s *account.State, id string) *account.Resource {
	return s.GetIn("", typeAccessControl, id)
}

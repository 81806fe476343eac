package aws

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeDistribution = "aws:cloudfront/distribution:Distribution"

	// edgeZone is the zone of all distributions' host names:
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
	edgeZone = "Z2FDTNDATAQYW2"
)

// distributionKinds are CloudFront's distributions.
// Rules: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html and API_DistributionConfig.html.
var distributionKinds = map[string]kind{
	typeDistribution: {
		global:  true,
		replace: []string{"staging"},
		rules:   distributionRules,
		create: func(c *call) error {
			c.id = "E" + upperID(13)
			c.arn = c.globalARN("cloudfront", "distribution/"+c.id)
			c.out = props{
				"domainName": "d" + edgeLabel() + ".cloudfront.net", "hostedZoneId": edgeZone, "callerReference": "terraform-" + hexDigits(26),
				"inProgressValidationBatches": 0.0, "trustedSigners": []any{}, "trustedKeyGroups": []any{},
			}
			c.standard(props{"httpVersion": "http2", "priceClass": "PriceClass_All", "retainOnDelete": false, "staging": false, "waitForDeployment": true})
			return changedDistribution(c)
		},
		update: changedDistribution,
		// The provider disables a distribution and waits before it deletes it, so that CloudFront never says DistributionNotDisabled.
		remove: func(c *call) error {
			if c.in.boolean("retainOnDelete") {
				c.kept = "a disabled distribution"
			}
			return nil
		},
	},
}

func init() {
	certificatesOf[typeDistribution] = func(r props) []string {
		return []string{r.object("viewerCertificate").str("acmCertificateArn")}
	}
}

// edgeLabel is thirteen random letters and digits.
func edgeLabel() string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	b := make([]byte, 13)
	_, _ = rand.Read(b) // documented never to fail
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

func changedDistribution(c *call) error {
	operation := "CreateDistribution"
	if c.old != nil {
		operation = "UpdateDistribution"
	}
	for _, check := range []func(*call, string) error{
		checkViewers, checkEdgeACL, checkOrigins, checkBehaviors, checkEdgeLogging,
	} {
		if err := check(c, operation); err != nil {
			return err
		}
	}
	c.out["etag"] = "E" + upperID(12)
	c.out["lastModifiedTime"] = time.Now().UTC().Format("2006-01-02 15:04:05.999 -0700 MST")
	c.out["status"] = "Deployed"
	if c.value("waitForDeployment") == false {
		c.out["status"] = "InProgress"
	}
	return nil
}

// checkViewers: the certificate is ACM's in us-east-1 and covers every alias, and nobody else has an alias of it.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
func checkViewers(c *call, operation string) error {
	aliases := c.in.strings("aliases")
	for _, other := range c.state.List(typeDistribution) {
		for _, alias := range aliases {
			if other.ID != c.id && contains(props(other.Props).strings("aliases"), alias) {
				return fail(operation, "CNAMEAlreadyExists", "One or more of the CNAMEs you provided are already associated with a different resource: %s with %s", alias, other.ID)
			}
		}
	}
	arn := c.in.object("viewerCertificate").str("acmCertificateArn")
	if arn == "" {
		return nil
	}
	certificate := c.state.GetIn("us-east-1", typeCertificate, arn)
	if certificate == nil || certificate.String("status") != "ISSUED" {
		return fail(operation, "InvalidViewerCertificate", "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, "+
			"or doesn't include a valid certificate chain: %s", arn)
	}
	if key := certificate.String("keyAlgorithm"); key != "RSA_2048" && key != "EC_prime256v1" {
		return fail(operation, "InvalidViewerCertificate", "The specified SSL certificate has a key that CloudFront does not support: %s", key)
	}
	for _, alias := range aliases {
		if !covers(certificateNames(certificate.Props), alias) {
			return fail(operation, "InvalidViewerCertificate", "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) "+
				"that you're trying to add: %s", alias)
		}
	}
	return nil
}

func checkEdgeACL(c *call, operation string) error {
	arn := c.in.str("webAclId")
	if arn == "" {
		return nil
	}
	acl := c.byARN(typeWebACL, arn)
	if acl == nil || acl.String("scope") != scopeCloudFront {
		return fail(operation, "InvalidWebACLId", "Web ACL is not accessible by the requester: %s is no web ACL of the scope CLOUDFRONT, by its ARN", arn)
	}
	return nil
}

func checkOrigins(c *call, operation string) error {
	for _, origin := range c.in.objects("origins") {
		control := origin.str("originAccessControlId")
		if control == "" {
			continue
		}
		oac := accessControlOf(c.state, control)
		if oac == nil {
			return fail(operation, "InvalidOriginAccessControl", "The origin access control doesn't exist: %s", control)
		}
		if oac.String("originAccessControlOriginType") == "s3" && !bucketHost(origin.str("domainName")) {
			return fail(operation, "InvalidOriginAccessControl", "The origin access control %s is for S3, and the origin %s is %s", control, origin.str("originId"), origin.str("domainName"))
		}
	}
	return nil
}

// bucketHost says whether the name is a bucket's, of the REST API and not of a website.
func bucketHost(name string) bool {
	return strings.HasSuffix(name, ".amazonaws.com") && strings.Contains(name, ".s3.") && !strings.Contains(name, ".s3-website")
}

func checkBehaviors(c *call, operation string) error {
	all := behaviors(c.in)
	for _, path := range sortedKeys(all) {
		b := all[path]
		for _, policy := range []struct{ name, typ, code string }{
			{"cachePolicyId", typeCachePolicy, "NoSuchCachePolicy"}, {"originRequestPolicyId", typeOriginPolicy, "NoSuchOriginRequestPolicy"},
			{"responseHeadersPolicyId", typeHeadersPolicy, "NoSuchResponseHeadersPolicy"},
		} {
			if id := b.str(policy.name); id != "" && !hasPolicy(c.state, policy.typ, id) {
				return fail(operation, policy.code, "%s: the policy doesn't exist: %s", path, id)
			}
		}
		for _, f := range b.objects("functionAssociations") {
			function := c.byARN(typeEdgeFunction, f.str("functionArn"))
			if function == nil || function.String("liveStageEtag") == "" {
				return fail(operation, "InvalidFunctionAssociation", "%s: the function doesn't exist or is not published: %s", path, f.str("functionArn"))
			}
		}
	}
	return nil
}

// behaviors are all cache behaviors by path.
func behaviors(in props) map[string]props {
	all := map[string]props{"defaultCacheBehavior": in.object("defaultCacheBehavior")}
	for i, b := range in.objects("orderedCacheBehaviors") {
		all[fmt.Sprintf("orderedCacheBehaviors[%d]", i)] = b
	}
	return all
}

// checkEdgeLogging: standard logging writes with the bucket's ACL, and not into regions that have to be opted into.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
func checkEdgeLogging(c *call, operation string) error {
	host := c.in.object("loggingConfig").str("bucket")
	if host == "" {
		return nil
	}
	name, _, ok := strings.Cut(host, ".s3.")
	var bucket *account.Resource
	if ok && strings.HasSuffix(host, ".amazonaws.com") {
		bucket = c.state.Get(typeBucket, name)
	}
	if bucket == nil {
		return fail(operation, "InvalidArgument", "The parameter Logging Bucket does not refer to a valid S3 bucket: %s", host)
	}
	if bucket.Region == "af-south-1" {
		return fail(operation, "InvalidArgument", "CloudFront doesn't deliver standard logs to buckets in %s: %s", bucket.Region, name)
	}
	if owner := c.settingOf(typeBucketOwnership, bucket).object("rule").str("objectOwnership"); owner == "" || owner == "BucketOwnerEnforced" {
		return fail(operation, "InvalidArgument", "The S3 bucket that you specified for CloudFront logs does not enable ACL access: %s", host)
	}
	holds(bucket, "logs of "+c.id)
	c.state.Put(bucket)
	return nil
}

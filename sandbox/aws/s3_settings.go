package aws

import (
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// bucketOf returns a bucket of whichever region, or nil.
func (c *call) bucketOf(name string) *account.Resource { return c.state.Get(typeBucket, name) }

// settingOf are the properties of a bucket's setting of the type; empty when it was never set.
func (c *call) settingOf(typ string, bucket *account.Resource) props {
	if r := c.state.GetIn(bucket.Region, typ, bucket.ID); r != nil {
		return r.Props
	}
	return props{}
}

// bucketAdmits says whether the bucket's policy lets the service do the action on the bucket (key "") or on its objects.
func (c *call) bucketAdmits(bucket *account.Resource, r request, action, key string) bool {
	r.action, r.resource = action, bucket.ARN
	if key != "" {
		r.resource += "/" + key
	}
	return allows(c.settingOf(typeBucketPolicy, bucket)["policy"], r)
}

// holds notes who writes into a bucket: it is not deleted any more without forceDestroy.
func holds(bucket *account.Resource, what string) { bucket.Props[bucketHoldsObjects] = what }

// versioningKind: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html and
// .../userguide/replication-requirements.html.
func versioningKind() kind {
	keepForReplication := func(c *call) error {
		status := c.in.object("versioningConfiguration").str("status")
		if status != "Enabled" && c.find(typeReplication, c.in.str("bucket")) != nil {
			return fail("PutBucketVersioning", "InvalidBucketState",
				"A replication configuration is present on bucket %s, so the versioning state cannot be changed to %s.", c.in.str("bucket"), status)
		}
		if old := c.old.object("versioningConfiguration").str("status"); old != "" && old != "Disabled" && status == "Disabled" {
			return fail("PutBucketVersioning", "IllegalVersioningConfigurationException", "A bucket that had versioning can only suspend it: %s", c.in.str("bucket"))
		}
		return nil
	}
	k := bucketPart("PutBucketVersioning", func(in props, p *problems) {
		p.oneOf(in.object("versioningConfiguration"), "versioningConfiguration.status", "status", "Enabled", "Suspended", "Disabled")
		p.oneOf(in.object("versioningConfiguration"), "versioningConfiguration.mfaDelete", "mfaDelete", "Enabled", "Disabled")
	}, keepForReplication)
	k.remove = func(c *call) error {
		c.in = props{"bucket": c.id, "versioningConfiguration": map[string]any{"status": "Suspended"}}
		return keepForReplication(c)
	}
	return k
}

// checkBucketPolicy: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html and
// .../userguide/access-control-block-public-access.html.
func checkBucketPolicy(c *call) error {
	const operation = "PutBucketPolicy"
	if err := checkPrincipals(c, operation, "MalformedPolicy", c.in["policy"]); err != nil {
		return err
	}
	doc, _, _ := parsePolicy(c.in["policy"])
	arn := "arn:aws:s3:::" + c.in.str("bucket")
	block := c.settingOf(typePublicAccessBlock, c.bucketOf(c.in.str("bucket")))
	for _, s := range doc.Statement {
		for _, resource := range append(asStrings(s.Resource), asStrings(s.NotResource)...) {
			if resource != "*" && resource != arn && !strings.HasPrefix(resource, arn+"/") && resource != arn+"*" {
				return fail(operation, "MalformedPolicy", "Policy has invalid resource: %s is not of bucket %s", resource, c.in.str("bucket"))
			}
		}
		// A bucket blocks public policies unless it was told otherwise.
		if isPublic(s) && block["blockPublicPolicy"] != false {
			return fail(operation, "AccessDenied", "Bucket policies that allow everybody are blocked by the BlockPublicPolicy block public access setting: %s", c.in.str("bucket"))
		}
	}
	return nil
}

// isPublic: everybody is allowed, without a condition that says who.
func isPublic(s statement) bool {
	principal, _ := s.Principal.(map[string]any)
	everybody := s.Principal == "*" || contains(asStrings(principal["AWS"]), "*")
	if s.Effect != "Allow" || !everybody {
		return false
	}
	blocks, _ := s.Condition.(map[string]any)
	for _, keys := range blocks {
		m, _ := keys.(map[string]any)
		for key := range m {
			switch strings.ToLower(key) {
			case "aws:sourcearn", "aws:sourceaccount", "aws:sourcevpc", "aws:sourcevpce", "aws:principalorgid", "aws:principalarn", "aws:principalaccount",
				"aws:sourceip", "aws:userid", "s3:dataaccesspointarn", "s3:dataaccesspointaccount":
				return false
			}
		}
	}
	return true
}

// checkBucketEncryption: the key is one of the bucket's region; a bucket that takes access logs has to stay with SSE-S3.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html and .../userguide/ServerLogs.html
func checkBucketEncryption(c *call) error {
	for _, rule := range c.in.objects("rules") {
		how := rule.object("applyServerSideEncryptionByDefault")
		if how.str("sseAlgorithm") == "AES256" {
			if how.has("kmsMasterKeyId") {
				return fail("PutBucketEncryption", "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms")
			}
			continue
		}
		if err := needAnyKey(c, "PutBucketEncryption", "KMS.NotFoundException", how.str("kmsMasterKeyId")); err != nil {
			return err
		}
		if logged := c.byProp(typeBucketLogging, "targetBucket", c.in.str("bucket")); len(logged) > 0 {
			return fail("PutBucketEncryption", "InvalidRequest", "Bucket %s takes the access logs of %s: S3 delivers none into a bucket whose default is %s",
				c.in.str("bucket"), logged[0].ID, how.str("sseAlgorithm"))
		}
	}
	return nil
}

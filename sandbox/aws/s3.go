package aws

import (
	"net/netip"
	"regexp"
	"strings"
)

const (
	typeBucket            = "aws:s3/bucketV2:BucketV2"
	typeBucketOwnership   = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	typeBucketPolicy      = "aws:s3/bucketPolicy:BucketPolicy"
	typePublicAccessBlock = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	typeBucketEncryption  = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	typeBucketVersioning  = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	// bucketHoldsObjects says who has written into a bucket; such a bucket is not deleted without forceDestroy.
	bucketHoldsObjects = "__objects"
)

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// s3Kinds are buckets and what is set on them by resources of their own.
// Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var s3Kinds = map[string]kind{
	typeBucket: {
		name: "bucket", nameMax: 63,
		replace: []string{"bucket", "bucketPrefix", "objectLockConfiguration.objectLockEnabled", "objectLockEnabled"},
		rules: func(in props, p *problems) {
			n := in.str("bucket")
			_, notIP := netip.ParseAddr(n)
			if in.known("bucket") && (!bucketName.MatchString(n) || strings.Contains(n, "..") || notIP == nil ||
				strings.HasPrefix(n, "xn--") || strings.HasSuffix(n, "-s3alias")) {
				p.add("bucket", "must be 3 to 63 of a-z, 0-9, dot and hyphen, got %q", n)
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("bucket")
			if c.state.Get(typeBucket, c.id) != nil {
				return fail("CreateBucket", "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it: %s", c.id)
			}
			c.arn = "arn:aws:s3:::" + c.id
			c.out = props{
				"region": c.region, "bucketDomainName": c.id + ".s3.amazonaws.com",
				"bucketRegionalDomainName": c.id + ".s3." + c.region + ".amazonaws.com", "hostedZoneId": "Z83WF9RJE8B12",
			}
			return nil
		},
		remove: func(c *call) error {
			if by, held := c.in[bucketHoldsObjects]; held && !c.in.boolean("forceDestroy") {
				return fail("DeleteBucket", "BucketNotEmpty", "The bucket you tried to delete is not empty: %s holds %v; forceDestroy empties it first", c.id, by)
			}
			return nil
		},
	},
	"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2": bucketPart("PutBucketLifecycleConfiguration", lifecycleRules),
	typeBucketOwnership: bucketPart("PutBucketOwnershipControls", func(in props, p *problems) {
		p.oneOf(in.object("rule"), "rule.objectOwnership", "objectOwnership", "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
	}),
	typeBucketPolicy:      bucketPart("PutBucketPolicy", func(in props, p *problems) { resourcePolicy(in, "policy", "s3", 20480, p) }, checkBucketPolicy),
	typePublicAccessBlock: bucketPart("PutPublicAccessBlock", nil),
	typeBucketEncryption: bucketPart("PutBucketEncryption", func(in props, p *problems) {
		for _, rule := range in.objects("rules") {
			p.oneOf(rule.object("applyServerSideEncryptionByDefault"), "rules.applyServerSideEncryptionByDefault.sseAlgorithm", "sseAlgorithm", "AES256", "aws:kms", "aws:kms:dsse")
		}
	}, checkBucketEncryption),
	typeBucketVersioning: versioningKind(),
}

// bucketPart is a setting of a bucket: there is one of each, and it goes with the bucket. The checks judge it against the
// account, when it is made and when it changes.
func bucketPart(operation string, rules func(props, *problems), checks ...func(c *call) error) kind {
	check := func(c *call) error {
		for _, judge := range checks {
			if err := judge(c); err != nil {
				return err
			}
		}
		return nil
	}
	return kind{
		replace: []string{"bucket"},
		rules:   rules,
		update:  check,
		create: func(c *call) error {
			if c.find(typeBucket, c.in.str("bucket")) == nil {
				return fail(operation, "NoSuchBucket", "The specified bucket does not exist in %s: %s", c.region, c.in.str("bucket"))
			}
			if c.find(kindOfURN(c.urn), c.in.str("bucket")) != nil {
				return fail(operation, "OperationAborted", "Two resources set this on bucket %s: the later would undo the earlier", c.in.str("bucket"))
			}
			c.id = c.in.str("bucket")
			return check(c)
		},
	}
}

func lifecycleRules(in props, p *problems) {
	for _, rule := range in.objects("rules") {
		p.oneOf(rule, "rules.status", "status", "Enabled", "Disabled")
		for _, t := range rule.objects("transitions") {
			p.oneOf(t, "rules.transitions.storageClass", "storageClass",
				"GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR")
		}
	}
}

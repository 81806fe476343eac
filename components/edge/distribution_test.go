package edge

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	distributionToken = "aws:cloudfront/distribution:Distribution"
	accessToken       = "aws:cloudfront/originAccessControl:OriginAccessControl"
	headersToken      = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
	sourceToken       = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
	destinationToken  = "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"
	deliveryToken     = "aws:cloudwatch/logDelivery:LogDelivery"
)

func distributionArgs() *DistributionArgs {
	return &DistributionArgs{
		Name: "cloudinsight-prod", Aliases: []string{"prod.cloudinsight.com", "api.prod.cloudinsight.com"},
		CertificateARN: pulumi.String("arn:certificate"), WebACLARN: pulumi.String("arn:acl"), Origin: pulumi.String("edge.elb.amazonaws.com"),
		LockValue: pulumi.String("lock-value"), Log: Log{BucketARN: pulumi.String("arn:logs")},
	}
}

// recordDistribution gives the log its provider; blind leaves it out.
func recordDistribution(t *testing.T, args *DistributionArgs, blind bool) (*pulumitest.Recorder, []any, error) {
	t.Helper()
	values := make(chan []any, 1)
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		if !blind {
			virginia, err := aws.NewProvider(ctx, "virginia", &aws.ProviderArgs{Region: pulumi.String("us-east-1")})
			if err != nil {
				return err
			}
			args.Log.Provider = virginia
		}
		made, err := NewDistribution(ctx, "edge", args)
		if err != nil {
			values <- nil
			return err
		}
		pulumi.All(made.ARN, made.DomainName, made.ZoneID).ApplyT(func(known []any) error { values <- known; return nil })
		return nil
	}, pulumitest.Outputs(distributionToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"arn": "arn:distribution", "domainName": "d1.cloudfront.net", "hostedZoneId": "Z2FDTNDATAQYW2"}
	}), pulumitest.Outputs(destinationToken, func(*pulumitest.Resource) map[string]any { return map[string]any{"arn": "arn:destination"} }))
	return rec, <-values, err
}

func TestDistribution_ServesTheServices(t *testing.T) {
	rec, values, err := recordDistribution(t, distributionArgs(), false)
	require.NoError(t, err)
	assert.Equal(t, []any{"arn:distribution", "d1.cloudfront.net", "Z2FDTNDATAQYW2"}, values)
	made := rec.Named(t, distributionToken, "edge")
	for path, want := range map[string]any{
		"enabled": true, "httpVersion": "http2and3", "isIpv6Enabled": true, "priceClass": "PriceClass_200", "webAclId": "arn:acl",
		"aliases": []any{"prod.cloudinsight.com", "api.prod.cloudinsight.com"}, "restrictions.geoRestriction.restrictionType": "none",
		"viewerCertificate.acmCertificateArn": "arn:certificate", "viewerCertificate.minimumProtocolVersion": "TLSv1.2_2021", "viewerCertificate.sslSupportMethod": "sni-only",
		"defaultCacheBehavior.targetOriginId": "services", "defaultCacheBehavior.viewerProtocolPolicy": "redirect-to-https",
		"defaultCacheBehavior.cachePolicyId": cachingDisabled, "defaultCacheBehavior.originRequestPolicyId": allViewer,
		"defaultCacheBehavior.responseHeadersPolicyId": rec.Named(t, headersToken, "edge").ID, "orderedCacheBehaviors": nil, "loggingConfig": nil,
		"origins[1]": nil, "origins[0].domainName": "edge.elb.amazonaws.com", "origins[0].customOriginConfig.originProtocolPolicy": "https-only",
		"origins[0].customOriginConfig.originSslProtocols": []any{"TLSv1.2"}, "origins[0].customHeaders[0].name": "X-Origin-Lock",
		"origins[0].customHeaders[0].value": pulumitest.Secret{Value: "lock-value"},
	} {
		assert.Equal(t, want, made.Input(path), path)
	}
	assert.Len(t, made.Input("defaultCacheBehavior.allowedMethods"), 7)
	assert.Zero(t, rec.Count(accessToken))
	assert.Len(t, rec.Children(rec.Named(t, distributionType, "edge")), 5)
}

func TestDistribution_Headers(t *testing.T) {
	args := distributionArgs()
	rec, _, err := recordDistribution(t, args, false)
	require.NoError(t, err)
	headers := rec.Named(t, headersToken, "edge")
	for path, want := range map[string]any{
		"strictTransportSecurity.accessControlMaxAgeSec": 63072000.0, "strictTransportSecurity.override": true, "strictTransportSecurity.includeSubdomains": true,
		"contentTypeOptions.override": true, "frameOptions.frameOption": "SAMEORIGIN", "frameOptions.override": false,
		"contentSecurityPolicy.contentSecurityPolicy": "frame-ancestors 'self'", "contentSecurityPolicy.override": false,
		"referrerPolicy.referrerPolicy": "strict-origin-when-cross-origin",
	} {
		assert.Equal(t, want, headers.Input("securityHeadersConfig."+path), path)
	}
}

func TestDistribution_ServesAssetsFromTheirBucket(t *testing.T) {
	args := distributionArgs()
	args.AssetsDomain = pulumi.String("assets.s3.af-south-1.amazonaws.com")
	args.PriceClass, args.MinimumTLS, args.ContentSecurityPolicy = "PriceClass_All", "TLSv1.3_2025", "default-src 'self'"
	rec, _, err := recordDistribution(t, args, false)
	require.NoError(t, err)
	made, access := rec.Named(t, distributionToken, "edge"), rec.Named(t, accessToken, "edge")
	for path, want := range map[string]any{
		"priceClass": "PriceClass_All", "viewerCertificate.minimumProtocolVersion": "TLSv1.3_2025",
		"origins[1].domainName": "assets.s3.af-south-1.amazonaws.com", "origins[1].originAccessControlId": access.ID, "origins[1].customHeaders": nil,
		"orderedCacheBehaviors[0].pathPattern": "/static/*", "orderedCacheBehaviors[0].targetOriginId": "assets", "orderedCacheBehaviors[0].cachePolicyId": cachingOptimized,
		"orderedCacheBehaviors[0].originRequestPolicyId": nil, "orderedCacheBehaviors[0].allowedMethods": []any{"GET", "HEAD", "OPTIONS"},
	} {
		assert.Equal(t, want, made.Input(path), path)
	}
	for path, want := range map[string]any{"originAccessControlOriginType": "s3", "signingBehavior": "always", "signingProtocol": "sigv4"} {
		assert.Equal(t, want, access.Input(path), path)
	}
	assert.Equal(t, "default-src 'self'", rec.Named(t, headersToken, "edge").Input("securityHeadersConfig.contentSecurityPolicy.contentSecurityPolicy"))
}

func TestDistribution_LogsFromVirginia(t *testing.T) {
	rec, _, err := recordDistribution(t, distributionArgs(), false)
	require.NoError(t, err)
	for _, token := range []string{sourceToken, destinationToken, deliveryToken} {
		assert.Equal(t, "virginia", rec.Named(t, token, "edge").Provider, token)
	}
	source := rec.Named(t, sourceToken, "edge")
	assert.Equal(t, "ACCESS_LOGS", source.Input("logType"))
	assert.Equal(t, "arn:distribution", source.Input("resourceArn"))
	assert.Equal(t, "arn:logs", rec.Named(t, destinationToken, "edge").Input("deliveryDestinationConfiguration.destinationResourceArn"))
	delivery := rec.Named(t, deliveryToken, "edge")
	assert.Equal(t, "arn:destination", delivery.Input("deliveryDestinationArn"))
	assert.Equal(t, "cloudinsight-prod-cloudfront", delivery.Input("deliverySourceName"))
	assert.Equal(t, "cloudfront/{DistributionId}/{yyyy}/{MM}/{dd}/{HH}", delivery.Input("s3DeliveryConfigurations[0].suffixPath"))
}

func TestDistribution_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*DistributionArgs)
		want   string
	}{
		"nothing":           {func(a *DistributionArgs) { *a = DistributionArgs{} }, "name: is required\naliases: must have at least one host, got []\ncertificate arn: is required\nweb acl arn: is required\norigin: is required\nlock value: is required\nlog: bucket arn: is required\nlog: provider: is required"},
		"empty alias":       {func(a *DistributionArgs) { a.Aliases = []string{""} }, "aliases: must have at least one host"},
		"no South Africa":   {func(a *DistributionArgs) { a.PriceClass = "PriceClass_100" }, `price class: must be one of ["PriceClass_200" "PriceClass_All"], which have South Africa, got "PriceClass_100"`},
		"old TLS":           {func(a *DistributionArgs) { a.MinimumTLS = "TLSv1" }, `minimum tls: must be one of`},
		"no log's provider": {func(*DistributionArgs) {}, "log: provider: is required"},
	} {
		t.Run(name, func(t *testing.T) {
			args := distributionArgs()
			c.change(args)
			rec, _, err := recordDistribution(t, args, true)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All())
		})
	}
	_, _, err := recordDistribution(t, nil, true)
	assert.ErrorContains(t, err, `distribution "edge": name: is required`)
}

func TestAccess_IsForCloudFrontOfTheAccount(t *testing.T) {
	policy := func(statements func(string) []iam.Statement) string {
		return iam.Document{Statements: statements("arn:aws:s3:::b")}.JSON()
	}
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Sid": "CloudFrontReadsAssets", "Effect": "Allow",
		"Principal": {"Service": ["cloudfront.amazonaws.com"]}, "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/static/*"],
		"Condition": {"ArnLike": {"aws:SourceArn": ["arn:aws:cloudfront::111122223333:distribution/*"]}}}]}`, policy(AssetsAccess("111122223333")))
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Sid": "DeliverCloudFrontLogs", "Effect": "Allow",
		"Principal": {"Service": ["delivery.logs.amazonaws.com"]}, "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::b/*"],
		"Condition": {"StringEquals": {"aws:SourceAccount": ["111122223333"], "s3:x-amz-acl": ["bucket-owner-full-control"]},
			"ArnLike": {"aws:SourceArn": ["arn:aws:logs:us-east-1:111122223333:delivery-source:*"]}}}]}`, policy(LogAccess("111122223333")))
}

package edge

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const distributionType = "cloudinsight:edge:Distribution"

// Distribution is CloudFront in front of an environment.
type Distribution struct {
	pulumi.ResourceState

	// ID and ARN of the distribution.
	ID  pulumi.StringOutput
	ARN pulumi.StringOutput
	// DomainName and ZoneID that alias records lead to.
	DomainName pulumi.StringOutput
	ZoneID     pulumi.StringOutput
}

// DistributionArgs says what is served under which names.
type DistributionArgs struct {
	// Name of the environment's resources, such as cloudinsight-dev.
	Name string
	// Aliases are the hosts that it answers to; the certificate is for all of them.
	Aliases []string
	// CertificateARN of a certificate in us-east-1.
	CertificateARN pulumi.StringInput
	// WebACLARN of a web ACL with the scope CLOUDFRONT.
	WebACLARN pulumi.StringInput
	// Origin is the load balancer's DNS name. Its certificate is for the hosts, whose names are passed on.
	Origin pulumi.StringInput
	// LockValue is the Lock's value that is sent along.
	LockValue pulumi.StringInput

	// AssetsDomain is the regional domain name of the bucket that /static/* is served from; the folder is called static in
	// the bucket too. Its policy has AssetsAccess (default none: the services serve everything).
	AssetsDomain pulumi.StringInput
	// Log takes the access log.
	Log Log

	// PriceClass is PriceClass_200 or PriceClass_All (default PriceClass_200, the cheapest with South Africa).
	PriceClass string
	// ContentSecurityPolicy for answers that have none of their own (default frame-ancestors 'self').
	ContentSecurityPolicy string
	// MinimumTLS of clients, a security policy of CloudFront (default TLSv1.2_2021).
	MinimumTLS string
}

var (
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html: 100 has no South Africa.
	priceClasses = []string{"PriceClass_200", "PriceClass_All"}
	// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
	minimumTLS = []string{"TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"}
)

// NewDistribution registers the distribution, its headers, its way to the bucket and its log.
func NewDistribution(ctx *pulumi.Context, name string, args *DistributionArgs, opts ...pulumi.ResourceOption) (*Distribution, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("distribution %q: %w", name, err)
	}
	d := &Distribution{}
	if err := ctx.RegisterComponentResourceV2(distributionType, name, pulumi.Map{"name": pulumi.String(a.Name)}, d, opts...); err != nil {
		return nil, fmt.Errorf("distribution %q: %w", name, err)
	}
	if err := d.build(ctx, name, a); err != nil {
		return nil, fmt.Errorf("distribution %q: %w", name, err)
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{"id": d.ID, "arn": d.ARN, "domainName": d.DomainName, "zoneId": d.ZoneID})
}

func (args *DistributionArgs) withDefaults() DistributionArgs {
	a := DistributionArgs{}
	if args != nil {
		a = *args
	}
	if a.PriceClass == "" {
		a.PriceClass = "PriceClass_200"
	}
	if a.ContentSecurityPolicy == "" {
		a.ContentSecurityPolicy = "frame-ancestors 'self'"
	}
	if a.MinimumTLS == "" {
		a.MinimumTLS = "TLSv1.2_2021"
	}
	return a
}

func (a *DistributionArgs) validate() error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if a.Name == "" {
		problem("name: is required")
	}
	if len(a.Aliases) == 0 || slices.Contains(a.Aliases, "") {
		problem("aliases: must have at least one host, got %q", a.Aliases)
	}
	for _, one := range []struct {
		field string
		value pulumi.StringInput
	}{{"certificate arn", a.CertificateARN}, {"web acl arn", a.WebACLARN}, {"origin", a.Origin}, {"lock value", a.LockValue}} {
		if one.value == nil {
			problem("%s: is required", one.field)
		}
	}
	problems = append(problems, a.Log.validate()...)
	if !slices.Contains(priceClasses, a.PriceClass) {
		problem("price class: must be one of %q, which have South Africa, got %q", priceClasses, a.PriceClass)
	}
	if !slices.Contains(minimumTLS, a.MinimumTLS) {
		problem("minimum tls: must be one of %q, got %q", minimumTLS, a.MinimumTLS)
	}
	return errors.Join(problems...)
}

func (d *Distribution) build(ctx *pulumi.Context, name string, a DistributionArgs) error {
	parent := pulumi.Parent(d)
	headers, err := a.headers(ctx, name, parent)
	if err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	origins := cloudfront.DistributionOriginArray{a.balancer()}
	var ordered cloudfront.DistributionOrderedCacheBehaviorArray
	if a.AssetsDomain != nil {
		access, err := cloudfront.NewOriginAccessControl(ctx, name, &cloudfront.OriginAccessControlArgs{
			Description:                   pulumi.String("Assets of " + a.Name),
			OriginAccessControlOriginType: pulumi.String("s3"),
			SigningBehavior:               pulumi.String("always"),
			SigningProtocol:               pulumi.String("sigv4"),
		}, parent)
		if err != nil {
			return fmt.Errorf("origin access: %w", err)
		}
		origins = append(origins, a.assets(access))
		ordered = append(ordered, static(headers))
	}
	made, err := cloudfront.NewDistribution(ctx, name, &cloudfront.DistributionArgs{
		Comment:               pulumi.String(a.Name),
		Enabled:               pulumi.Bool(true),
		Aliases:               pulumi.ToStringArray(a.Aliases),
		HttpVersion:           pulumi.String("http2and3"),
		IsIpv6Enabled:         pulumi.Bool(true),
		PriceClass:            pulumi.String(a.PriceClass),
		WebAclId:              a.WebACLARN.ToStringOutput().ToStringPtrOutput(),
		Origins:               origins,
		DefaultCacheBehavior:  services(headers),
		OrderedCacheBehaviors: ordered,
		Restrictions: cloudfront.DistributionRestrictionsArgs{
			GeoRestriction: cloudfront.DistributionRestrictionsGeoRestrictionArgs{RestrictionType: pulumi.String("none")},
		},
		ViewerCertificate: cloudfront.DistributionViewerCertificateArgs{
			AcmCertificateArn:      a.CertificateARN.ToStringOutput().ToStringPtrOutput(),
			MinimumProtocolVersion: pulumi.String(a.MinimumTLS),
			SslSupportMethod:       pulumi.String("sni-only"),
		},
		Tags: pulumi.ToStringMap(tags.Of("edge", a.Name)),
	}, parent)
	if err != nil {
		return err
	}
	if err := a.Log.build(ctx, name, a.Name, made, parent); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	d.ID = made.ID().ToStringOutput()
	d.ARN, d.DomainName, d.ZoneID = made.Arn, made.DomainName, made.HostedZoneId
	return nil
}

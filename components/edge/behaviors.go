package edge

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Origins within the distribution.
const (
	servicesOrigin = "services"
	assetsOrigin   = "assets"
)

// Policies that AWS made and that are the same in every account.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html and
// using-managed-origin-request-policies.html
const (
	cachingDisabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
	cachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
	allViewer        = "216adef6-5c7f-47e4-b989-5492eafa07d3"
)

// balancer is the way to the services. CloudFront asks it by the host of the request, so the certificate that it wants to
// see is the host's.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-cloudfront-to-custom-origin.html
func (a *DistributionArgs) balancer() cloudfront.DistributionOriginArgs {
	return cloudfront.DistributionOriginArgs{
		OriginId:   pulumi.String(servicesOrigin),
		DomainName: a.Origin,
		CustomHeaders: cloudfront.DistributionOriginCustomHeaderArray{cloudfront.DistributionOriginCustomHeaderArgs{
			Name: pulumi.String(LockHeader), Value: pulumi.ToSecret(a.LockValue).(pulumi.StringOutput),
		}},
		CustomOriginConfig: cloudfront.DistributionOriginCustomOriginConfigArgs{
			HttpPort:               pulumi.Int(80), // has to be said, is not used
			HttpsPort:              pulumi.Int(Port),
			OriginProtocolPolicy:   pulumi.String("https-only"),
			OriginSslProtocols:     pulumi.ToStringArray([]string{"TLSv1.2"}),
			OriginReadTimeout:      pulumi.Int(60),
			OriginKeepaliveTimeout: pulumi.Int(60), // NGINX closes after 75 seconds: CloudFront is to be first
		},
	}
}

func (a *DistributionArgs) assets(access *cloudfront.OriginAccessControl) cloudfront.DistributionOriginArgs {
	return cloudfront.DistributionOriginArgs{
		OriginId:              pulumi.String(assetsOrigin),
		DomainName:            a.AssetsDomain,
		OriginAccessControlId: access.ID().ToStringOutput().ToStringPtrOutput(),
	}
}

// services are never cached: they answer each caller with what is theirs.
func services(headers *cloudfront.ResponseHeadersPolicy) cloudfront.DistributionDefaultCacheBehaviorArgs {
	return cloudfront.DistributionDefaultCacheBehaviorArgs{
		TargetOriginId:          pulumi.String(servicesOrigin),
		ViewerProtocolPolicy:    pulumi.String("redirect-to-https"),
		AllowedMethods:          pulumi.ToStringArray([]string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}),
		CachedMethods:           pulumi.ToStringArray([]string{"GET", "HEAD"}),
		Compress:                pulumi.Bool(true),
		CachePolicyId:           pulumi.String(cachingDisabled),
		OriginRequestPolicyId:   pulumi.String(allViewer),
		ResponseHeadersPolicyId: headers.ID().ToStringOutput().ToStringPtrOutput(),
	}
}

// static has no request policy: the bucket must be asked by its own name, and needs no cookies.
func static(headers *cloudfront.ResponseHeadersPolicy) cloudfront.DistributionOrderedCacheBehaviorArgs {
	return cloudfront.DistributionOrderedCacheBehaviorArgs{
		PathPattern:             pulumi.String("/static/*"),
		TargetOriginId:          pulumi.String(assetsOrigin),
		ViewerProtocolPolicy:    pulumi.String("redirect-to-https"),
		AllowedMethods:          pulumi.ToStringArray([]string{"GET", "HEAD", "OPTIONS"}),
		CachedMethods:           pulumi.ToStringArray([]string{"GET", "HEAD"}),
		Compress:                pulumi.Bool(true),
		CachePolicyId:           pulumi.String(cachingOptimized),
		ResponseHeadersPolicyId: headers.ID().ToStringOutput().ToStringPtrOutput(),
	}
}

// headers keep browsers on TLS and content where it belongs. What an application says about its own frames and referrers
// stands; that there is TLS and no guessing of types is not up to it.
func (a *DistributionArgs) headers(ctx *pulumi.Context, name string, parent pulumi.ResourceOption) (*cloudfront.ResponseHeadersPolicy, error) {
	return cloudfront.NewResponseHeadersPolicy(ctx, name, &cloudfront.ResponseHeadersPolicyArgs{
		Comment: pulumi.String("Security headers of " + a.Name),
		SecurityHeadersConfig: cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs{
			StrictTransportSecurity: cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs{
				AccessControlMaxAgeSec: pulumi.Int(2 * 365 * 24 * 3600), IncludeSubdomains: pulumi.Bool(true), Override: pulumi.Bool(true),
			},
			ContentTypeOptions: cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs{Override: pulumi.Bool(true)},
			FrameOptions: cloudfront.ResponseHeadersPolicySecurityHeadersConfigFrameOptionsArgs{
				FrameOption: pulumi.String("SAMEORIGIN"), Override: pulumi.Bool(false),
			},
			ReferrerPolicy: cloudfront.ResponseHeadersPolicySecurityHeadersConfigReferrerPolicyArgs{
				ReferrerPolicy: pulumi.String("strict-origin-when-cross-origin"), Override: pulumi.Bool(false),
			},
			ContentSecurityPolicy: cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicyArgs{
				ContentSecurityPolicy: pulumi.String(a.ContentSecurityPolicy), Override: pulumi.Bool(false),
			},
		},
		RemoveHeadersConfig: cloudfront.ResponseHeadersPolicyRemoveHeadersConfigArgs{
			Items: cloudfront.ResponseHeadersPolicyRemoveHeadersConfigItemArray{
				cloudfront.ResponseHeadersPolicyRemoveHeadersConfigItemArgs{Header: pulumi.String("X-Powered-By")},
			},
		},
	}, parent)
}

package dns

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const certificatesType = "cloudinsight:dns:Certificates"

// Certificates are for a domain and every name directly under it, and renew themselves.
type Certificates struct {
	pulumi.ResourceState

	// CloudFrontARN is in us-east-1, RegionalARN in the region; each is known when the certificate is issued, and empty
	// when it was not asked for.
	CloudFrontARN pulumi.StringOutput
	RegionalARN   pulumi.StringOutput
}

// CertificatesArgs says where certificates are needed; at least one.
type CertificatesArgs struct {
	// Domain such as dev.cloudinsight.com.
	Domain string
	// ZoneID of its hosted zone: a Zone's ID, which is known once the authorities can find it.
	ZoneID pulumi.StringInput
	// CloudFront is the provider of us-east-1 for the certificate of CloudFront (default none).
	CloudFront pulumi.ProviderResource
	// Regional asks for one in the region, for a load balancer.
	Regional bool
}

// NewCertificates registers the certificates, one record that proves the domain for all of them, and the wait for AWS.
func NewCertificates(ctx *pulumi.Context, name string, args *CertificatesArgs, opts ...pulumi.ResourceOption) (*Certificates, error) {
	a := CertificatesArgs{}
	if args != nil {
		a = *args
	}
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("certificates %q: %w", name, err)
	}
	c := &Certificates{CloudFrontARN: pulumi.String("").ToStringOutput(), RegionalARN: pulumi.String("").ToStringOutput()}
	if err := ctx.RegisterComponentResourceV2(certificatesType, name, pulumi.Map{"domain": pulumi.String(a.Domain)}, c, opts...); err != nil {
		return nil, fmt.Errorf("certificates %q: %w", name, err)
	}
	if err := c.build(ctx, name, a); err != nil {
		return nil, fmt.Errorf("certificates %q: %w", name, err)
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"cloudFrontArn": c.CloudFrontARN, "regionalArn": c.RegionalARN})
}

func (a *CertificatesArgs) validate() error {
	var problems []error
	if !domainName.MatchString(a.Domain) {
		problems = append(problems, fmt.Errorf("domain: must be a domain name in lower case, got %q", a.Domain))
	}
	if a.ZoneID == nil {
		problems = append(problems, errors.New("zone id: is required"))
	}
	if a.CloudFront == nil && !a.Regional {
		problems = append(problems, errors.New("certificates: must be for CloudFront, for the region, or both"))
	}
	return errors.Join(problems...)
}

// wanted is one certificate and where its ARN goes.
type wanted struct {
	name     string
	arn      *pulumi.StringOutput
	provider []pulumi.ResourceOption
}

// build proves the domain with one record: AWS asks for the same one for a domain, its wildcard, and every certificate for
// them in the account, in whatever region. https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
func (c *Certificates) build(ctx *pulumi.Context, name string, a CertificatesArgs) error {
	var all []wanted
	if a.CloudFront != nil {
		all = append(all, wanted{name + "-cloudfront", &c.CloudFrontARN, []pulumi.ResourceOption{pulumi.Provider(a.CloudFront)}})
	}
	if a.Regional {
		all = append(all, wanted{name + "-regional", &c.RegionalARN, nil})
	}
	parent := pulumi.Parent(c)
	var proof *route53.Record
	for _, w := range all {
		there := append([]pulumi.ResourceOption{parent}, w.provider...)
		certificate, err := acm.NewCertificate(ctx, w.name, &acm.CertificateArgs{
			DomainName:              pulumi.String(a.Domain),
			SubjectAlternativeNames: pulumi.ToStringArray([]string{"*." + a.Domain}),
			ValidationMethod:        pulumi.String("DNS"),
			Tags:                    pulumi.ToStringMap(tags.Of("dns", a.Domain)),
		}, there...)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		if proof == nil {
			if proof, err = prove(ctx, name, a.ZoneID, certificate, parent); err != nil {
				return fmt.Errorf("%s: proof: %w", w.name, err)
			}
		}
		issued, err := acm.NewCertificateValidation(ctx, w.name, &acm.CertificateValidationArgs{
			CertificateArn:        certificate.Arn,
			ValidationRecordFqdns: pulumi.StringArray{proof.Fqdn},
		}, there...)
		if err != nil {
			return fmt.Errorf("%s: validation: %w", w.name, err)
		}
		*w.arn = issued.CertificateArn
	}
	return nil
}

// prove makes the record that AWS asks for. It overwrites: the record of a certificate that was replaced is the same one.
func prove(ctx *pulumi.Context, name string, zoneID pulumi.StringInput, of *acm.Certificate, parent pulumi.ResourceOption) (*route53.Record, error) {
	option := of.DomainValidationOptions.Index(pulumi.Int(0))
	return route53.NewRecord(ctx, name+"-proof", &route53.RecordArgs{
		ZoneId:         zoneID,
		Name:           option.ResourceRecordName().Elem(),
		Type:           option.ResourceRecordType().Elem(),
		Ttl:            pulumi.Int(300),
		Records:        pulumi.StringArray{option.ResourceRecordValue().Elem()},
		AllowOverwrite: pulumi.Bool(true),
	}, parent)
}

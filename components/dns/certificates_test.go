package dns

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	certificateToken = "aws:acm/certificate:Certificate"
	validationToken  = "aws:acm/certificateValidation:CertificateValidation"
)

func recordCertificates(t *testing.T, args *CertificatesArgs, cloudFront bool, options ...pulumitest.Option) (*pulumitest.Recorder, []any, error) {
	t.Helper()
	arns := make(chan []any, 1)
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		if cloudFront {
			virginia, err := aws.NewProvider(ctx, "virginia", &aws.ProviderArgs{Region: pulumi.String("us-east-1")})
			if err != nil {
				return err
			}
			args.CloudFront = virginia
		}
		made, err := NewCertificates(ctx, "public", args)
		if err != nil {
			arns <- nil
			return err
		}
		if ctx.DryRun() {
			arns <- nil
		}
		pulumi.All(made.CloudFrontARN, made.RegionalARN).ApplyT(func(all []any) error { arns <- all; return nil })
		return nil
	}, append(options, pulumitest.Outputs(certificateToken, func(r *pulumitest.Resource) map[string]any {
		option := map[string]any{"resourceRecordName": "_x.prod.cloudinsight.com.", "resourceRecordType": "CNAME", "resourceRecordValue": "_y.acm-validations.aws."}
		return map[string]any{"arn": "arn:" + r.Name, "domainValidationOptions": []any{option, option}}
	}), pulumitest.Outputs(recordToken, func(r *pulumitest.Resource) map[string]any {
		return map[string]any{"fqdn": "_x.prod.cloudinsight.com"}
	}))...)
	return rec, <-arns, err
}

func certificatesArgs() *CertificatesArgs {
	return &CertificatesArgs{Domain: "prod.cloudinsight.com", ZoneID: pulumi.String("Z1")}
}

func TestCertificates_OneRecordProvesAll(t *testing.T) {
	args := certificatesArgs()
	args.Regional = true
	rec, arns, err := recordCertificates(t, args, true)
	require.NoError(t, err)
	assert.Equal(t, []any{"arn:public-cloudfront", "arn:public-regional"}, arns)

	require.Equal(t, 1, rec.Count(recordToken))
	proof := rec.Named(t, recordToken, "public-proof")
	for path, want := range map[string]any{
		"zoneId": "Z1", "name": "_x.prod.cloudinsight.com.", "type": "CNAME", "records": []any{"_y.acm-validations.aws."}, "allowOverwrite": true,
	} {
		assert.Equal(t, want, proof.Input(path), path)
	}
	for name, provider := range map[string]string{"public-cloudfront": "virginia", "public-regional": ""} {
		certificate := rec.Named(t, certificateToken, name)
		assert.Equal(t, "prod.cloudinsight.com", certificate.Input("domainName"))
		assert.Equal(t, []any{"*.prod.cloudinsight.com"}, certificate.Input("subjectAlternativeNames"))
		assert.Equal(t, "DNS", certificate.Input("validationMethod"))
		validation := rec.Named(t, validationToken, name)
		assert.Equal(t, []any{"_x.prod.cloudinsight.com"}, validation.Input("validationRecordFqdns"))
		assert.True(t, validation.DependsOnNamed(recordToken, "public-proof"))
		assert.Equal(t, provider, certificate.Provider, name)
		assert.Equal(t, provider, validation.Provider, name)
	}
	assert.Len(t, rec.Children(rec.Named(t, certificatesType, "public")), 5)
}

func TestCertificates_OnlyWhatIsAskedFor(t *testing.T) {
	rec, arns, err := recordCertificates(t, certificatesArgs(), true)
	require.NoError(t, err)
	assert.Equal(t, []any{"arn:public-cloudfront", ""}, arns)
	assert.Equal(t, 1, rec.Count(certificateToken))

	args := certificatesArgs()
	args.Regional = true
	rec, arns, err = recordCertificates(t, args, false)
	require.NoError(t, err)
	assert.Equal(t, []any{"", "arn:public-regional"}, arns)
	assert.Equal(t, 1, rec.Count(recordToken))
}

func TestCertificates_PreviewDoesNotKnowTheProof(t *testing.T) {
	rec, _, err := recordCertificates(t, certificatesArgs(), true, pulumitest.Preview())
	require.NoError(t, err)
	proof := rec.Named(t, recordToken, "public-proof")
	assert.Nil(t, proof.Input("name"))
	assert.Equal(t, "Z1", proof.Input("zoneId"))
	assert.Equal(t, 1, rec.Count(validationToken))
}

func TestCertificates_Refuse(t *testing.T) {
	rec, _, err := recordCertificates(t, &CertificatesArgs{Domain: "*.cloudinsight.com"}, false)
	for _, want := range []string{`domain: must be a domain name in lower case, got "*.cloudinsight.com"`, "zone id: is required", "certificates: must be for CloudFront"} {
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, rec.All())
	_, _, err = recordCertificates(t, nil, false)
	assert.ErrorContains(t, err, `certificates "public": domain:`)
}

package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

func certificateOf(names ...any) map[string]any {
	return map[string]any{"domainName": names[0], "subjectAlternativeNames": names[1:], "validationMethod": "DNS"}
}

// proof makes the validation record of the certificate's first name and returns its name.
func (w *world) proof(zone string, certificate made) string {
	w.t.Helper()
	o := certificate.outputs.objects("domainValidationOptions")[0]
	w.make(typeRecord, map[string]any{
		"zoneId": zone, "name": o["resourceRecordName"], "type": "CNAME", "ttl": 60, "records": []any{o["resourceRecordValue"]},
	})
	return o.str("resourceRecordName")
}

// issued is a validated certificate for the domain and what is one label below it, in the provider's region.
func (w *world) issued(name string) made {
	w.t.Helper()
	zone, _ := w.delegate(name)
	c := w.make(typeCertificate, certificateOf(name, "*."+name))
	w.make(typeCertificateValidation, map[string]any{"certificateArn": c.id, "validationRecordFqdns": []any{w.proof(zone.id, c)}})
	return c
}

func TestCertificate_ApexAndWildcardShareOneRecord(t *testing.T) {
	w := newWorld(t)
	zone, _ := w.delegate("dev.cloudinsight.com")
	c := w.make(typeCertificate, certificateOf("dev.cloudinsight.com", "*.dev.cloudinsight.com"))
	options := c.outputs.objects("domainValidationOptions")
	require.Len(t, options, 2)
	assert.Equal(t, options[0]["resourceRecordName"], options[1]["resourceRecordName"])
	assert.Equal(t, options[0]["resourceRecordValue"], options[1]["resourceRecordValue"])
	assert.Equal(t, "PENDING_VALIDATION", c.outputs.str("status"))

	validation := map[string]any{"certificateArn": c.id}
	_, err := w.try(typeCertificateValidation, validation)
	assert.ErrorContains(t, err, "last state: 'PENDING_VALIDATION'")
	assert.ErrorContains(t, err, "has no CNAME")
	_, err = w.try(typeCertificateValidation, with(validation, map[string]any{"validationRecordFqdns": []any{"www.dev.cloudinsight.com"}}))
	assert.ErrorContains(t, err, "missing DNS validation records")
	w.proof(zone.id, c)
	w.make(typeCertificateValidation, validation)
	assert.Equal(t, "ISSUED", plainMap(w.read(c).Outputs).str("status"))
	require.NoError(t, w.delete(c))

	w.configure("us-east-1")
	again := w.make(typeCertificate, certificateOf("dev.cloudinsight.com"))
	assert.Contains(t, again.id, ":us-east-1:")
	assert.Equal(t, options[0]["resourceRecordName"], again.outputs.objects("domainValidationOptions")[0]["resourceRecordName"])
	w.make(typeCertificateValidation, map[string]any{"certificateArn": again.id})
}

func TestCertificate_IsNotIssuedWithoutADelegationOrAgainstACAARecord(t *testing.T) {
	w := newWorld(t)
	orphan := w.make(account.TypeZone, map[string]any{"name": "dev.cloudinsight.com"})
	c := w.make(typeCertificate, certificateOf("dev.cloudinsight.com"))
	w.proof(orphan.id, c)
	_, err := w.try(typeCertificateValidation, map[string]any{"certificateArn": c.id})
	assert.ErrorContains(t, err, "nothing delegates to that zone")
	foreign := w.make(typeCertificate, certificateOf("example.org"))
	_, err = w.try(typeCertificateValidation, map[string]any{"certificateArn": foreign.id})
	assert.ErrorContains(t, err, "no zone of the account is delegated for it")

	w.make(typeRecord, map[string]any{"zoneId": w.registered(), "name": "dev.cloudinsight.com", "type": "NS", "ttl": 300, "records": orphan.outputs["nameServers"]})
	caa := w.make(typeRecord, recordIn(orphan, "", "CAA", `0 issue "letsencrypt.org"`))
	_, err = w.try(typeCertificateValidation, map[string]any{"certificateArn": c.id})
	assert.ErrorContains(t, err, "CAA_ERROR")
	_, err = w.update(caa, recordIn(orphan, "", "CAA", `0 issue "letsencrypt.org"`, `0 issue "amazon.com"`))
	require.NoError(t, err)
	w.make(typeCertificateValidation, map[string]any{"certificateArn": c.id})
}

func TestCertificate_Refuses(t *testing.T) {
	w := newWorld(t)
	many := []any{}
	for _, l := range "abcdefghijk" {
		many = append(many, string(l)+".cloudinsight.com")
	}
	w.refuses(t, map[string]refusal{
		"no name":          {typeCertificate, map[string]any{"validationMethod": "DNS"}, "domainName: is required"},
		"inner wildcard":   {typeCertificate, certificateOf("a.*.cloudinsight.com"), "domainName: must be a domain name"},
		"long name":        {typeCertificate, certificateOf("a123456789012345678901234567890123456789012345678.cloudinsight.com"), "at most 64 characters"},
		"many names":       {typeCertificate, certificateOf(many...), "a certificate has 10 names, got 11"},
		"mail":             {typeCertificate, with(certificateOf("a.com"), map[string]any{"validationMethod": "EMAIL"}), "knows DNS only"},
		"key":              {typeCertificate, with(certificateOf("a.com"), map[string]any{"keyAlgorithm": "RSA_4096"}), "keyAlgorithm: must be one of"},
		"imported":         {typeCertificate, with(certificateOf("a.com"), map[string]any{"privateKey": "x"}), "privateKey: the stand-in does not know"},
		"another region's": {typeCertificateValidation, map[string]any{"certificateArn": "arn:aws:acm:us-east-1:1:certificate/x"}, "in af-south-1"},
	})
}

func TestCertificate_Covers(t *testing.T) {
	names := []string{"a.com", "*.a.com"}
	for host, want := range map[string]bool{"a.com": true, "API.a.com": true, "x.api.a.com": false, "b.com": false, "aa.com": false} {
		assert.Equal(t, want, covers(names, host), host)
	}
}

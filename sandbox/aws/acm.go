package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeCertificate           = "aws:acm/certificate:Certificate"
	typeCertificateValidation = "aws:acm/certificateValidation:CertificateValidation"
)

// certificateName is a domain name that a certificate may have; a wildcard stands for the leftmost label alone.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
var certificateName = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)

// certificateKinds are ACM's public certificates, validated over DNS.
// Rules: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html and API_DeleteCertificate.html,
// https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html.
var certificateKinds = map[string]kind{
	typeCertificate: {
		replace: []string{"domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm", "validationOptions"},
		rules:   certificateRules,
		create:  createCertificate,
		remove: func(c *call) error {
			if user := certificateUser(c.state, c.arn); user != nil {
				return fail("DeleteCertificate", "ResourceInUseException", "Certificate %s in account %s is in use by %s", c.arn, c.state.AccountID, user.ARN)
			}
			return nil
		},
	},
	typeCertificateValidation: {
		replace: []string{"certificateArn", "validationRecordFqdns"},
		create:  validateCertificate,
	},
}

func certificateRules(in props, p *problems) {
	p.unknownTo(in, "certificateAuthorityArn", "certificateBody", "certificateChain", "privateKey", "earlyRenewalDuration", "validationOptions")
	if !in.has("domainName") {
		p.add("domainName", "is required for a requested certificate")
	}
	// The quota is 10: https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html#general-limits
	names := map[string]bool{in.str("domainName"): true}
	if n := in.str("domainName"); in.known("domainName") && (!certificateName.MatchString(n) || len(n) > 64) {
		p.add("domainName", "must be a domain name of at most 64 characters, got %q", n)
	}
	for i, n := range in.strings("subjectAlternativeNames") {
		names[n] = true
		if !certificateName.MatchString(n) || len(n) > 253 {
			p.add(fmt.Sprintf("subjectAlternativeNames[%d]", i), "must be a domain name of at most 253 characters, got %q", n)
		}
	}
	if len(names) > 10 {
		p.add("subjectAlternativeNames", "LimitExceededException: a certificate has 10 names, got %d", len(names))
	}
	p.oneOf(in, "keyAlgorithm", "keyAlgorithm", "RSA_2048", "EC_prime256v1", "EC_secp384r1")
	p.oneOf(in.object("options"), "options.certificateTransparencyLoggingPreference", "certificateTransparencyLoggingPreference", "ENABLED", "DISABLED")
	switch method := in.str("validationMethod"); {
	case method == "EMAIL":
		p.add("validationMethod", "the stand-in reads no mail; it knows DNS only")
	case !in.has("validationMethod"):
		p.add("validationMethod", "is required for a requested certificate")
	default:
		p.oneOf(in, "validationMethod", "validationMethod", "DNS", "EMAIL")
	}
}

func createCertificate(c *call) error {
	c.arn = c.arnOf("acm", "certificate/"+newUUID())
	c.id = c.arn
	c.out = props{
		"status": "PENDING_VALIDATION", "type": "AMAZON_ISSUED", "renewalEligibility": "INELIGIBLE", "pendingRenewal": false,
		"domainValidationOptions": validationOptions(c.state.AccountID, certificateNames(c.in)), "renewalSummaries": []any{}, "validationEmails": []any{},
		"notBefore": "", "notAfter": "",
	}
	c.standard(props{
		"keyAlgorithm": "RSA_2048", "subjectAlternativeNames": []any{c.in.str("domainName")},
		"options": map[string]any{"certificateTransparencyLoggingPreference": "ENABLED"},
	})
	return nil
}

// certificateNames are all names of a certificate, the domain name first.
func certificateNames(in props) []string {
	names := []string{in.str("domainName")}
	for _, n := range in.strings("subjectAlternativeNames") {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// validationOptions are the records that prove who owns the names. ACM derives them from account and domain alone, so a
// wildcard shares the record of its domain, and so do certificates of several regions.
func validationOptions(accountID string, names []string) []any {
	var all []any
	for _, name := range names {
		base := strings.ToLower(strings.TrimPrefix(name, "*."))
		sum := sha256.Sum256([]byte(accountID + base))
		digits := hex.EncodeToString(sum[:])
		all = append(all, map[string]any{
			"domainName": name, "resourceRecordName": "_" + digits[:32] + "." + base + ".",
			"resourceRecordType": "CNAME", "resourceRecordValue": "_" + digits[32:] + ".xlfgrmvvlj.acm-validations.aws.",
		})
	}
	return all
}

// certificateUser returns what presents the certificate to clients, or nil.
func certificateUser(s *account.State, arn string) *account.Resource {
	for _, typ := range sortedKeys(certificatesOf) {
		for _, r := range s.List(typ) {
			if slices.Contains(certificatesOf[typ](r.Props), arn) {
				return r
			}
		}
	}
	return nil
}

// certificatesOf are the ACM certificates that a resource of the type presents.
var certificatesOf = map[string]func(r props) []string{}

// validateCertificate waits, as the provider does, until ACM has issued the certificate. Here that is decided at once:
// ACM finds each record where the Internet would look for it, or the wait would end in the provider's timeout.
func validateCertificate(c *call) error {
	arn := c.in.str("certificateArn")
	certificate := c.find(typeCertificate, arn)
	if certificate == nil {
		return fail("DescribeCertificate", "ResourceNotFoundException", "Could not find certificate %s in %s", arn, c.region)
	}
	options := props(certificate.Props).objects("domainValidationOptions")
	if given := c.in.strings("validationRecordFqdns"); c.in.has("validationRecordFqdns") {
		if err := coversOptions(arn, options, given); err != nil {
			return err
		}
	}
	for _, o := range options {
		if err := proves(c.state, o); err != nil {
			return fmt.Errorf("waiting for ACM Certificate (%s) to be issued: timeout while waiting for state to become 'ISSUED' "+
				"(last state: 'PENDING_VALIDATION', timeout: 1h15m0s): %s: %w", arn, o.str("domainName"), err)
		}
	}
	now := time.Now().UTC().Truncate(24 * time.Hour)
	certificate.Props["status"], certificate.Props["renewalEligibility"] = "ISSUED", "ELIGIBLE"
	certificate.Props["notBefore"] = now.Format(time.RFC3339)
	// 198 days: https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
	certificate.Props["notAfter"] = now.Add(198*24*time.Hour - time.Second).Format(time.RFC3339)
	c.id = now.Format("2006-01-02 15:04:05.999999999 -0700 MST")
	c.state.Put(certificate)
	return nil
}

// coversOptions is the provider's own check of the names that it is given.
func coversOptions(arn string, options []props, given []string) error {
	missing, extra := map[string]bool{}, map[string]bool{}
	for _, o := range options {
		missing[domain(o.str("resourceRecordName"))] = true
	}
	for _, name := range given {
		if name = domain(name); !missing[name] {
			extra[name] = true
		}
	}
	for _, name := range given {
		delete(missing, domain(name))
	}
	if len(missing) > 0 {
		return fmt.Errorf("ACM Certificate (%s): missing DNS validation records: %v", arn, sortedKeys(missing))
	}
	if len(extra) > 0 {
		return fmt.Errorf("ACM Certificate (%s): these records validate nothing: %v", arn, sortedKeys(extra))
	}
	return nil
}

// proves looks the record up as ACM does, from the Internet, and then whether the domain lets Amazon issue for it.
func proves(s *account.State, option props) error {
	name, value := domain(option.str("resourceRecordName")), domain(option.str("resourceRecordValue"))
	zone, err := authority(s, name)
	if err != nil {
		return err
	}
	found, elsewhere := false, ""
	for _, r := range s.List(typeRecord) {
		if r.String("fqdn") != name || r.String("type") != "CNAME" {
			continue
		}
		values := props(r.Props).strings("records")
		if r.String("zoneId") == zone.ID {
			found = len(values) == 1 && domain(values[0]) == value
			continue
		}
		elsewhere = fmt.Sprintf("; zone %s has it, but nothing delegates to that zone", r.String("zoneId"))
	}
	if !found {
		return fmt.Errorf("the zone %s (%s) that answers for it has no CNAME %s with the value %s%s", zone.String("name"), zone.ID, name, value, elsewhere)
	}
	return mayIssue(s, domain(strings.TrimPrefix(option.str("domainName"), "*.")), strings.HasPrefix(option.str("domainName"), "*."))
}

// mayIssue reads the CAA records nearest to the name.
// https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html
func mayIssue(s *account.State, name string, wildcard bool) error {
	for ; strings.Contains(name, "."); name = name[strings.Index(name, ".")+1:] {
		zone, _ := authority(s, name)
		if zone == nil {
			return nil // above the registered domain, in zones of others
		}
		issue, issueWild := caaOf(s, zone.ID, name)
		if wildcard && len(issueWild) > 0 {
			issue = issueWild
		}
		if len(issue) == 0 {
			continue
		}
		for _, ca := range issue {
			if contains([]string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}, ca) {
				return nil
			}
		}
		return fmt.Errorf("CAA_ERROR: the CAA record of %s lets only %v issue", name, issue)
	}
	return nil
}

func caaOf(s *account.State, zone, name string) (issue, issueWild []string) {
	for _, r := range s.List(typeRecord) {
		if r.String("zoneId") != zone || r.String("fqdn") != name || r.String("type") != "CAA" {
			continue
		}
		for _, v := range props(r.Props).strings("records") {
			fields := strings.Fields(v)
			ca, _, _ := strings.Cut(strings.Trim(fields[2], `"`), ";")
			switch fields[1] {
			case "issue":
				issue = append(issue, ca)
			case "issuewild":
				issueWild = append(issueWild, ca)
			}
		}
	}
	return issue, issueWild
}

// covers says whether one of the names stands for the host: itself, or a wildcard for its leftmost label.
func covers(names []string, host string) bool {
	host = strings.ToLower(host)
	_, parent, _ := strings.Cut(host, ".")
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, host) || strings.EqualFold(n, "*."+parent) })
}

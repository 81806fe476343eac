package engine

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/assert"
)

const (
	stackURN  = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
	subnetURN = "urn:pulumi:dev::p::cloudinsight:vpc:Network$aws:ec2/subnet:Subnet::a"
)

func TestMessages(t *testing.T) {
	for text, want := range map[string][]string{
		"error: an unhandled error occurred: program failed: \n1 error occurred:\n\t* config: a: is wrong\nconfig: b: is wrong\n\n": {
			"config: a: is wrong\nconfig: b: is wrong",
		},
		"2 errors occurred:\n\t* first\n\t* rpc error: code = Unknown desc = second\n\n":              {"first", "second"},
		"error: waiting for RPCs: rpc error: code = Unknown desc = 1 error occurred:\n\t* deep\n":     {"deep"},
		"creating a: api error CreateSubnet: InvalidSubnet.Range: The CIDR '10.9.0.0/24' is invalid.": {"creating a: api error CreateSubnet: InvalidSubnet.Range: The CIDR '10.9.0.0/24' is invalid."},
		"": nil,
	} {
		assert.Equal(t, want, messages(text), text)
	}
}

func TestFailureGroupsByResource(t *testing.T) {
	var d diagnostics
	for _, e := range []apitype.DiagnosticEvent{
		{URN: subnetURN, Severity: "error", Prefix: "<{%reset%}>error: ", Message: "<{%fg 1%}>first<{%reset%}>\n"},
		{URN: stackURN, Severity: "error", Message: "update failed"},
		{URN: subnetURN, Severity: "error", Message: "first"},
		{Severity: "error", Message: "of the whole run"},
		{URN: subnetURN, Severity: "error", Message: "second"},
		{URN: subnetURN, Severity: "error", Message: "in passing", Ephemeral: true},
		{URN: subnetURN, Severity: "warning", Message: "a warning"},
		{URN: subnetURN, Severity: "warning", Message: "a warning"},
	} {
		d.add(&e)
	}
	assert.Equal(t, "up dev failed:\n"+
		"  of the whole run\n"+
		"  aws:ec2:Subnet a (in cloudinsight:vpc:Network)\n"+
		"    first\n"+
		"    second", (&Failure{Environment: "dev", Operation: "up", Diagnostics: d.errors()}).Error())
	assert.Contains(t, d.list, Diagnostic{Severity: Warning, URN: subnetURN, Message: "a warning"})
	assert.Len(t, d.list, 5, "repeated messages are kept once")
}

// What only says that something failed is better than nothing.
func TestEchoesAreShownWhenTheyAreAll(t *testing.T) {
	var d diagnostics
	d.add(&apitype.DiagnosticEvent{URN: stackURN, Severity: "error", Message: "update failed"})
	assert.Equal(t, []Diagnostic{{Severity: Error, Message: "update failed"}}, d.errors())
}

func TestLabel(t *testing.T) {
	for urn, want := range map[string]string{
		subnetURN: "aws:ec2:Subnet a (in cloudinsight:vpc:Network)",
		"urn:pulumi:dev::p::kubernetes:apps/v1:Deployment::user": "kubernetes:apps/v1:Deployment user",
		"urn:pulumi:dev::p::a:b:C::with::colons":                 "a:b:C with::colons",
		"not a urn":                                              "not a urn",
	} {
		assert.Equal(t, want, label(urn))
	}
}

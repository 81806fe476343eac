package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUnverified(t *testing.T) {
	const in = "urn:pulumi:dev::p::kubernetes:helm.sh/v3:Release::"
	s := state(t, `[
		{"urn": "`+in+`a", "type": "kubernetes:helm.sh/v3:Release", "custom": true, "outputs": {"__unverified": "release a: not rendered"}},
		{"urn": "`+in+`b", "type": "kubernetes:helm.sh/v3:Release", "custom": true, "outputs": {"name": "b"}},
		{"urn": "`+in+`c", "type": "kubernetes:helm.sh/v3:Release", "custom": true, "delete": true, "outputs": {"__unverified": "gone"}}
	]`, `[]`)
	assert.Equal(t, []string{"release a: not rendered"}, s.unverified())
}

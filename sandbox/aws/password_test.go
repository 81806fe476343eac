package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRandomPassword(t *testing.T) {
	made := func(in props) string {
		out, err := randomPassword(in)
		require.NoError(t, err)
		return out["randomPassword"].(string)
	}
	plain := props{"passwordLength": 40.0, "excludePunctuation": true}
	assert.Regexp(t, `^[a-zA-Z0-9]{40}$`, made(plain))
	one, other := made(plain), made(plain)
	assert.NotEqual(t, one, other)
	assert.Len(t, made(props{}), 32, "the default length")
	assert.Regexp(t, `^[a-z]{8}$`, made(props{"passwordLength": 8.0, "excludePunctuation": true, "excludeUppercase": true, "excludeNumbers": true}))
	for range 20 {
		text := made(props{"passwordLength": 4.0})
		for _, set := range []string{`[a-z]`, `[A-Z]`, `[0-9]`, `[^a-zA-Z0-9]`} {
			assert.Regexp(t, set, text, "each type is in it")
		}
	}
	_, err := randomPassword(props{"passwordLength": 5000.0})
	assert.ErrorContains(t, err, "InvalidParameterException")
}

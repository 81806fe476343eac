package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/aws/schema"
)

func TestExtract_TheEmbeddedSchemaIsFresh(t *testing.T) {
	want, err := Extract(schema.Tokens())
	require.NoError(t, err)
	got, err := schema.Load()
	require.NoError(t, err)
	assert.Equal(t, want, got, "run: go generate ./sandbox/aws/schema")
}

func TestExtract_RefusesATypeThatTheSDKLacks(t *testing.T) {
	_, err := Extract([]string{"aws:ec2/teapot:Teapot"})
	assert.ErrorContains(t, err, `no file teapot.go in package "ec2" of the SDK`)
}

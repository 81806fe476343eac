package aws

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/cloudinsight/platform/sandbox/aws/schema"
)

// stateful are the types whose replacement loses something, as people call them.
var stateful = []struct{ typ, title, part string }{
	{typeDatabase, "PostgreSQL instance", "rds"},
	{typeDocuments, "DocumentDB cluster", "documentdb"},
	{typeDocumentInstance, "DocumentDB instance", "documentdb"},
	{typeKafka, "MSK cluster", "msk"},
	{typeCache, "Redis replication group", "redis"},
	{typeBucket, "S3 bucket", "storage.<purpose>"},
	{typeKey, "KMS key", "keys.<purpose>"},
	{typeSecret, "Secret", "secrets"},
	{"aws:backup/vault:Vault", "Backup vault", "backup"},
	{"aws:ecr/repository:Repository", "ECR repository", "registry"},
}

const replacementHead = "# What a change of what holds data does\n" + `
Generated from what the AWS stand-in of the sandbox knows: ` + "`go test ./sandbox/aws -update`" + `.

A property that the AWS provider cannot change in place is changed by a replacement: the old resource is deleted, with what it holds, and an
empty one is made. The tables say which properties these are. In place does not mean always: AWS still refuses what it does not do,
such as storage that shrinks or an engine that goes back, and so does the stand-in.

The program refuses replacements. Each of these resources carries Pulumi's ` + "`protect`" + `, with which the engine refuses to replace or delete it, at
preview already, and what AWS has as deletion protection of its own besides. A DocumentDB instance holds no data and has neither: its cluster has
both. To do it on purpose takes two deployments: name the part under ` + "`protection.unprotected`" + ` in the stack's file (see
[configuration](configuration.md)) and deploy, which turns both off; then make the change. Take the name out again afterwards.
`

func TestReplacementDocument(t *testing.T) {
	s, err := schema.Load()
	require.NoError(t, err)
	var text strings.Builder
	text.WriteString(replacementHead)
	for _, one := range stateful {
		fmt.Fprintf(&text, "\n## %s\n\n`%s`, part `%s`\n\n| property | change |\n|---|---|\n", one.title, one.typ, one.part)
		for _, name := range sortedKeys(s.Resources[one.typ].Inputs) {
			writeChange(&text, name, kinds[one.typ])
		}
	}
	pulumitest.Golden(t, filepath.Join("..", "..", "docs", "replacement.md"), text.String())
}

// writeChange says what a change of the property does, and of what lies inside it where that differs.
func writeChange(text *strings.Builder, name string, k kind) {
	what := "in place"
	var inside []string
	for _, path := range k.replace {
		if path == name {
			what = "**replaced**"
		} else if top(path) == name {
			inside = append(inside, path)
		}
	}
	for _, c := range k.replaceWhen {
		if c.path == name {
			what = "in place; **replaced** when " + c.when
		}
	}
	fmt.Fprintf(text, "| `%s` | %s |\n", name, what)
	for _, path := range inside {
		fmt.Fprintf(text, "| `%s` | **replaced** |\n", path)
	}
}

func TestReplaceWhen_DependsOnTheDirection(t *testing.T) {
	replaced := func(typ string, old, now props) bool {
		return len(diffProps(old, now, kinds[typ], nil).ReplaceKeys) > 0
	}
	assert.True(t, replaced(typeKafka, props{"kafkaVersion": "3.9.x"}, props{"kafkaVersion": "3.8.x"}))
	assert.False(t, replaced(typeKafka, props{"kafkaVersion": "3.8.x"}, props{"kafkaVersion": "3.9.x"}))
	assert.True(t, replaced(typeCache, props{"engineVersion": "7.1"}, props{"engineVersion": "6.2"}))
	assert.False(t, replaced(typeCache, props{"engineVersion": "6.2"}, props{"engineVersion": "7.1"}))
	assert.True(t, replaced(typeCache, props{"engine": "valkey"}, props{"engine": "redis"}))
	assert.False(t, replaced(typeCache, props{"engine": "redis"}, props{"engine": "valkey"}))
	for version, want := range map[string]bool{"6.2": true, "7.1": false} {
		got := replaced(typeCache, props{"engineVersion": version, "transitEncryptionEnabled": false}, props{"engineVersion": version, "transitEncryptionEnabled": true})
		assert.Equal(t, want, got, version)
	}
	assert.True(t, replaced(typeDocuments, props{}, props{"snapshotIdentifier": "a"}))
	assert.False(t, replaced(typeDocuments, props{"snapshotIdentifier": "a"}, props{}), "what it was made from may be forgotten")
	assert.False(t, replaced(typeDatabase, props{"identifier": "a"}, props{"identifier": "b"}), "an instance can be renamed")
	assert.True(t, replaced(typeKafka, props{"brokerNodeGroupInfo": map[string]any{"clientSubnets": []any{"a"}}},
		props{"brokerNodeGroupInfo": map[string]any{"clientSubnets": []any{"b"}}}))
	assert.False(t, replaced(typeKafka, props{"brokerNodeGroupInfo": map[string]any{"instanceType": "a"}},
		props{"brokerNodeGroupInfo": map[string]any{"instanceType": "b"}}))
}

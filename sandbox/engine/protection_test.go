package engine

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const balancerURN = "urn:pulumi:shared::fixture::fixture:balancer:Balancer$aws:lb/loadBalancer:LoadBalancer::fixture-shared"

// What is protected is replaced and deleted in two steps on purpose, and never in one.
func TestProtectionIsLiftedOnPurposeOnly(t *testing.T) {
	ctx := context.Background()
	e, shown := sandbox(t)
	settings := func(name, protection string) {
		t.Helper()
		configure(t, e, "shared", "config:\n  fixture:groups: 0\n  fixture:balancer: "+name+"\n  fixture:protection: "+protection+"\n")
	}
	settings("first", "{}")
	_, err := e.Up(ctx, "shared")
	require.NoError(t, err, shown)

	t.Run("a replacement is refused with what forces it", func(t *testing.T) {
		settings("second", "{}")
		const want = "\n  aws:lb:LoadBalancer fixture-shared (in fixture:balancer:Balancer)\n" +
			"    must be replaced for this change, and is protected:\n" +
			"      name: \"first\" → \"second\"\n" +
			"    When it is replaced, what it holds is lost.\n" +
			"    To go on without: undo the change. To do it on purpose, in two steps: undo it, add \"balancer\" to unprotected under " +
			"fixture:protection in Pulumi.shared.yaml,\n" +
			"    and run make up ENV=shared, which turns its deletion protection off; then make the change again."
		_, err := e.Up(ctx, "shared")
		assert.EqualError(t, err, "up shared failed:"+want)
		_, err = e.Preview(ctx, "shared")
		assert.EqualError(t, err, "preview shared failed:"+want)

		configure(t, e, "shared", "config:\n  fixture:groups: 2\n  fixture:balancer: second\n  fixture:protection: {}\n")
		_, err = e.Up(ctx, "shared")
		require.Error(t, err)
		assert.Empty(t, groups(t, e, "shared"), "nor is anything else changed")
	})
	t.Run("so is a deletion", func(t *testing.T) {
		settings(`""`, "{}")
		_, err := e.Up(ctx, "shared")
		assert.ErrorContains(t, err, "is not in the settings any more, and is protected from being deleted\n    When it is deleted, ")
		assert.ErrorContains(t, err, `add "balancer" to unprotected`)
	})
	t.Run("down is refused before anything is touched", func(t *testing.T) {
		settings("first", "{}")
		before := shown.Len()
		_, err := e.Down(ctx, "shared")
		assert.ErrorContains(t, err, "  balancer: aws:lb:LoadBalancer\n")
		assert.ErrorContains(t, err, "write into Pulumi.shared.yaml\n  config:\n    fixture:protection:\n      locked: false\n")
		assert.Equal(t, before, shown.Len(), "nothing was begun: %s", shown)
	})
	t.Run("lifted, it is replaced", func(t *testing.T) {
		settings("first", "{unprotected: [balancer]}")
		lifted, err := e.Up(ctx, "shared")
		require.NoError(t, err)
		assert.Equal(t, 1, lifted.Changes["update"], "%v", lifted.Changes)
		settings("second", "{unprotected: [balancer]}")
		preview, err := e.Preview(ctx, "shared")
		require.NoError(t, err)
		assert.Equal(t, []Step{{Op: "replace", URN: balancerURN, Properties: []Property{
			{Path: "name", Old: `"first"`, New: `"second"`, Replaces: true},
		}}}, preview.Steps)
		_, err = e.Up(ctx, "shared")
		require.NoError(t, err)
	})
	t.Run("unlocked, all of it is lifted and goes", func(t *testing.T) {
		settings("second", "{}")
		_, err := e.Up(ctx, "shared")
		require.NoError(t, err)
		settings("second", "{locked: false}")
		start := shown.Len()
		_, err = e.Down(ctx, "shared")
		require.NoError(t, err)
		text := shown.String()[start:]
		assert.Contains(t, text, "lifting the protection of 1 resources of shared\n  ~ aws:lb:LoadBalancer")
		assert.Contains(t, text, "- aws:lb:LoadBalancer")
	})
}

// An environment that was never completed is not completed only to be taken down.
func TestProtectionOfAHalfMadeEnvironmentIsLifted(t *testing.T) {
	ctx := context.Background()
	e, shown := sandbox(t)
	configure(t, e, "shared", "config:\n  fixture:groups: 2\n  fixture:balancer: first\n")
	_, err := e.Up(ctx, "shared")
	require.NoError(t, err)
	// The next up fails on the way: AWS knows no such description.
	configure(t, e, "shared", "config:\n  fixture:groups: 3\n  fixture:balancer: first\n  fixture:description: \"[]\\u00e9\"\n")
	_, err = e.Up(ctx, "shared")
	require.Error(t, err)
	// Nothing is deleted while the protection cannot be lifted.
	configure(t, e, "shared", "config:\n  fixture:groups: -1\n  fixture:protection:\n    locked: false\n")
	_, err = e.Down(ctx, "shared")
	assert.ErrorContains(t, err, "nothing was deleted, since the protection of balancer: aws:lb:LoadBalancer could not be lifted: up shared failed:\n")
	assert.ErrorContains(t, err, "\nMend that and repeat make down ENV=shared")
	assert.Len(t, groups(t, e, "shared"), 2)
	configure(t, e, "shared", "config:\n  fixture:groups: 30\n  fixture:balancer: first\n  fixture:description: \"[]\\u00e9\"\n  fixture:protection:\n    locked: false\n")
	start := shown.Len()
	_, err = e.Down(ctx, "shared")
	require.NoError(t, err)
	text := shown.String()[start:]
	assert.Contains(t, text, "~ aws:lb:LoadBalancer")
	assert.NotContains(t, text, "+ aws:ec2:SecurityGroup")
}

func TestUnlocked(t *testing.T) {
	for text, want := range map[string]bool{
		"":                                       false,
		"config: {}":                             false,
		"config: {p:protection: {}}":             false,
		"config: {p:protection: {locked: true}}": false,
		"config: {p:protection: {locked: false}}": true,
		"config: {q:protection: {locked: false}}": false,
	} {
		p, err := loadProject(folder(t, map[string]string{"Pulumi.yaml": settings, "Pulumi.dev.yaml": text}))
		require.NoError(t, err)
		got, err := p.unlocked("dev")
		require.NoError(t, err)
		assert.Equal(t, want, got, text)
	}
	p, err := loadProject(folder(t, map[string]string{"Pulumi.yaml": settings, "Pulumi.dev.yaml": "config: {p:protection: {locked: perhaps}}"}))
	require.NoError(t, err)
	_, err = p.unlocked("dev")
	assert.EqualError(t, err, `Pulumi.dev.yaml: protection.locked: must be true or false, got "perhaps"`)
}

// The copy that lifts keeps the rest of the stack's settings and the salt.
func TestLiftedCopy(t *testing.T) {
	p, err := loadProject(folder(t, map[string]string{
		"Pulumi.yaml": settings, "Pulumi.dev.yaml": "config:\n  p:size: 3\n  p:protection:\n    disabled: true\n    unprotected: [rds]\n",
		"Pulumi.qa.yaml": "",
	}))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, writeFile(filepath.Join(dir, "Pulumi.dev.yaml"), []byte("encryptionsalt: v1:ours\n"), 0o600))
	require.NoError(t, p.lift(dir, "dev"))
	assertFile(t, filepath.Join(dir, "Pulumi.dev.yaml"), "config:\n    p:size: 3\n    p:protection:\n        disabled: true\n"+
		"        unprotected:\n            - all\n        locked: false\nencryptionsalt: v1:ours\n")
	require.NoError(t, p.lift(dir, "qa"))
	assertFile(t, filepath.Join(dir, "Pulumi.qa.yaml"), "config:\n    p:protection:\n        locked: false\n        unprotected:\n            - all\n")
}

func TestPart(t *testing.T) {
	const in = "urn:pulumi:prod::cloudinsight::"
	for urn, want := range map[string]string{
		in + "cloudinsight:rds:Database$aws:rds/instance:Instance::cloudinsight-prod":                        "rds",
		in + "cloudinsight:rds:Database$aws:rds/instance:Instance::cloudinsight-prod-replica-1":              "rds",
		in + "cloudinsight:keys:Key$aws:kms/key:Key::cloudinsight-prod-data":                                 "keys.data",
		in + "cloudinsight:storage:Bucket$aws:s3/bucketV2:BucketV2::cloudinsight-prod-access-logs":           "storage.accessLogs",
		in + "cloudinsight:storage:Bucket$aws:s3/bucketV2:BucketV2::cloudinsight-prod-replica-assets":        "storage.replicas",
		in + "cloudinsight:backup:Vault$aws:backup/vault:Vault::cloudinsight-prod-recovery":                  "recovery",
		in + "cloudinsight:backup:Vault$aws:backup/vault:Vault::cloudinsight-prod":                           "backup",
		in + "cloudinsight:keys:Key$aws:kms/key:Key::other":                                                  "keys",
		in + "pulumi:providers:aws$cloudinsight:msk:Cluster$aws:msk/cluster:Cluster::cloudinsight-prod-data": "msk",
		in + "aws:kms/key:Key::alone": "aws:kms:Key",
		"not a urn":                   "not a urn",
	} {
		assert.Equal(t, want, part(urn), urn)
	}
}

func TestLoss(t *testing.T) {
	const urn = "urn:pulumi:prod::p::aws:rds/instance:Instance::main"
	for inputs, want := range map[string]string{
		`{"finalSnapshotIdentifier": "main-final"}`:                            `the new one is empty: the data of the old one is in the final snapshot "main-final" only`,
		`{"finalSnapshotIdentifier": "main-final", "skipFinalSnapshot": true}`: "all its data is lost: it takes no final snapshot",
		`{}`: "all its data is lost: it takes no final snapshot",
	} {
		s := state(t, `[{"urn": "`+urn+`", "type": "aws:rds/instance:Instance", "inputs": `+inputs+`}]`, `[]`)
		assert.Equal(t, want, refusal{urn: urn}.loss(s), inputs)
	}
	s := state(t, `[{"urn": "k", "type": "aws:msk/cluster:Cluster"}, {"urn": "u", "type": "aws:lb/loadBalancer:LoadBalancer"}]`, `[]`)
	assert.Equal(t, "all topics with their messages are lost: MSK keeps no backup", refusal{urn: "k"}.loss(s))
	assert.Equal(t, "what it holds is lost", refusal{urn: "u"}.loss(s))
}

// The engine's advice would lift only half of the protection, so its texts must be recognized.
func TestRefusalOf(t *testing.T) {
	for text, want := range map[string]refusal{
		"unable to replace resource \"a\"\nas it is currently marked for protection. To unprotect the resource, remove the `protect` flag": {urn: "a"},
		"unable to replace resource \"a\" as part of replacing \"b\" as it is currently marked for protection. To":                         {urn: "a", along: "b"},
		"resource \"a\" cannot be deleted\nbecause it is protected. To unprotect the resource, either":                                     {urn: "a", deleted: true},
	} {
		got, ok := refusalOf(Diagnostic{Message: text})
		assert.True(t, ok, text)
		assert.Equal(t, want, got)
	}
	_, ok := refusalOf(Diagnostic{Message: "unable to replace resource"})
	assert.False(t, ok)
}

package engine

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlannedSteps(t *testing.T) {
	all := plannedSteps{}
	for _, text := range []string{
		`{"op": "update", "urn": "` + subnetURN + `", "type": "aws:ec2/subnet:Subnet",
			"old": {"custom": true, "inputs": {"size": 1, "list": ["a", {"k": 2}], "password": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}}, "outputs": {"state": "was"}},
			"new": {"custom": true, "inputs": {"size": 2, "list": ["a", {"k": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}], "state": "is", "password": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "y"}}},
			"detailedDiff": {"size": {"diffKind": "update", "inputDiff": true}, "list[1].k": {"diffKind": "update-replace", "inputDiff": true},
				"password": {"diffKind": "update", "inputDiff": true}, "password.inner": {"diffKind": "add", "inputDiff": true},
				"state": {"diffKind": "update"}, "more": {"diffKind": "add", "inputDiff": true}}}`,
		`{"op": "create-replacement", "urn": "` + vpcURN + `", "type": "aws:ec2/vpc:Vpc", "keys": ["cidrBlock"], "diffs": ["cidrBlock", "tags"],
			"old": {"custom": true, "inputs": {"cidrBlock": "a"}}, "new": {"custom": true, "inputs": {"cidrBlock": "b", "tags": {"k": "v"}}}}`,
		`{"op": "delete-replaced", "urn": "` + vpcURN + `", "type": "aws:ec2/vpc:Vpc", "old": {"custom": true}}`,
		`{"op": "same", "urn": "urn:pulumi:dev::p::a:b:C::same", "type": "a:b:C", "old": {"custom": true}}`,
		`{"op": "create", "urn": "urn:pulumi:dev::p::p:b:Component::c", "type": "p:b:Component", "new": {"custom": false}}`,
	} {
		var m apitype.StepEventMetadata
		require.NoError(t, json.Unmarshal([]byte(text), &m))
		all.take(m)
	}
	steps := all.sorted()
	assert.Equal(t, []Step{
		{Op: "replace", URN: vpcURN, Properties: []Property{
			{Path: "cidrBlock", Old: `"a"`, New: `"b"`, Replaces: true},
			{Path: "tags", Old: "-", New: `{"k":"v"}`},
		}},
		{Op: "update", URN: subnetURN, Properties: []Property{
			{Path: "list[1].k", Old: "2", New: "(known after the update)", Replaces: true},
			{Path: "more", Old: "-", New: "-"},
			{Path: "password", Old: "[secret]", New: "[secret]"},
			{Path: "password.inner", Old: "[secret]", New: "[secret]"},
			{Path: "size", Old: "1", New: "2"},
			{Path: "state", Old: `"was"`, New: `"is"`},
		}},
	}, steps)
	assert.Equal(t, "+- aws:ec2:Vpc main\n    cidrBlock: \"a\" → \"b\" (forces replacement)\n    tags: - → {\"k\":\"v\"}", steps[0].String())
}

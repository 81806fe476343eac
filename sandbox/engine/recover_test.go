package engine

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	vpcURN       = "urn:pulumi:dev::p::aws:ec2/vpc:Vpc::main"
	configMapURN = "urn:pulumi:dev::p::kubernetes:core/v1:ConfigMap::settings"
)

func state(t *testing.T, resources, pending string) stackState {
	t.Helper()
	var s stackState
	require.NoError(t, json.Unmarshal([]byte(resources), &s.resources))
	require.NoError(t, json.Unmarshal([]byte(pending), &s.pending))
	return s
}

func TestPlanRepair(t *testing.T) {
	const pendingVPC = `[{"type": "creating", "resource": {"urn": "` + vpcURN + `", "type": "aws:ec2/vpc:Vpc", "custom": true}}]`
	const vpc = `{"urn": "` + vpcURN + `", "type": "aws:ec2/vpc:Vpc", "custom": true, "id": "vpc-1"}`
	for name, c := range map[string]struct {
		resources, pending string
		account            []string // ids of the VPC's URN
		adopt              map[resource.URN]string
		todo               todo
	}{
		"made": {
			`[]`, pendingVPC,
			[]string{"vpc-1"}, map[resource.URN]string{vpcURN: "vpc-1"}, todo{LookUp: []string{vpcURN}},
		},
		"not made":                {`[]`, pendingVPC, nil, nil, todo{}},
		"replacement made":        {`[` + vpc + `]`, pendingVPC, []string{"vpc-1", "vpc-2"}, map[resource.URN]string{vpcURN: "vpc-2"}, todo{LookUp: []string{vpcURN}}},
		"replacement not made":    {`[` + vpc + `]`, pendingVPC, []string{"vpc-1"}, nil, todo{}},
		"being updated":           {`[` + vpc + `]`, `[{"type": "updating", "resource": ` + vpc + `}]`, []string{"vpc-1"}, nil, todo{LookUp: []string{vpcURN}}},
		"being deleted":           {`[` + vpc + `]`, `[{"type": "deleting", "resource": ` + vpc + `}]`, []string{"vpc-1"}, nil, todo{Delete: []string{vpcURN}}},
		"deleted and forgotten":   {`[]`, `[{"type": "deleting", "resource": ` + vpc + `}]`, nil, nil, todo{}},
		"old half of replacement": {`[` + vpc + `, {"urn": "` + vpcURN + `", "custom": true, "id": "vpc-0", "delete": true}]`, `[{"type": "deleting", "resource": ` + vpc + `}]`, nil, nil, todo{}},
		"an object": {
			`[]`, `[{"type": "creating", "resource": {"urn": "` + configMapURN + `", "type": "kubernetes:core/v1:ConfigMap", "custom": true,
				"inputs": {"metadata": {"namespace": "apps", "name": "settings"}}}}]`,
			nil, map[resource.URN]string{configMapURN: "apps/settings"}, todo{LookUp: []string{configMapURN}},
		},
		"component and provider": {
			`[]`, `[{"type": "creating", "resource": {"urn": "urn:pulumi:dev::p::a:b:C::c", "type": "a:b:C", "custom": false}},
				{"type": "creating", "resource": {"urn": "urn:pulumi:dev::p::pulumi:providers:aws::aws", "type": "pulumi:providers:aws", "custom": true}}]`,
			nil, nil, todo{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := planRepair(state(t, c.resources, c.pending), func(_ resource.URN, known map[string]bool) string {
				for _, id := range c.account {
					if !known[id] {
						return id
					}
				}
				return ""
			})
			if c.adopt == nil {
				c.adopt = map[resource.URN]string{}
			}
			assert.Equal(t, c.adopt, got.adopt)
			assert.Equal(t, c.todo, got.todo)
		})
	}
}

// settle keeps what it does not know, large numbers included.
func TestSettle(t *testing.T) {
	before := `{"manifest": {"time": "x", "number": 12345678901234567890}, "metadata": {}, "resources": [
		{"urn": "` + vpcURN + `", "id": "vpc-0", "inputs": {"size": 12345678901234567890}},
		{"urn": "other", "id": "o"}
	], "pending_operations": [
		{"type": "creating", "resource": {"urn": "` + vpcURN + `", "custom": true}},
		{"type": "creating", "resource": {"urn": "never", "custom": true}},
		{"type": "updating", "resource": {"urn": "other"}}
	]}`
	after, err := settle(json.RawMessage(before), map[resource.URN]string{vpcURN: "vpc-1"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"manifest": {"time": "x", "number": 12345678901234567890}, "metadata": {}, "resources": [
		{"urn": "`+vpcURN+`", "id": "vpc-0", "inputs": {"size": 12345678901234567890}, "delete": true},
		{"urn": "other", "id": "o"},
		{"urn": "`+vpcURN+`", "id": "vpc-1", "custom": true}
	]}`, string(after))
	assert.Contains(t, string(after), "12345678901234567890")
}

// A predecessor that is deleted already does not come back.
func TestSettleAfterDeleteBeforeReplace(t *testing.T) {
	after, err := settle(json.RawMessage(`{"resources": [{"urn": "`+vpcURN+`", "id": "vpc-0", "pendingReplacement": true}],
		"pending_operations": [{"type": "creating", "resource": {"urn": "`+vpcURN+`"}}]}`), map[resource.URN]string{vpcURN: "vpc-1"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"resources": [{"urn": "`+vpcURN+`", "id": "vpc-1"}]}`, string(after))
}

func TestObjectID(t *testing.T) {
	assert.Equal(t, "kube-system/a", objectID(map[string]any{"metadata": map[string]any{"namespace": "kube-system", "name": "a"}}))
	assert.Equal(t, "a", objectID(map[string]any{"metadata": map[string]any{"name": "a"}}))
	assert.Empty(t, objectID(map[string]any{"metadata": map[string]any{"namespace": "n"}}))
	assert.Empty(t, objectID(nil))
}

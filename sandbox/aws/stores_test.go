package aws

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

// ground is what databases stand on: a network with a security group, keys and a role for enhanced monitoring.
type ground struct {
	*network
	group, key, monitoring made
}

func newGround(t *testing.T) *ground {
	g := &ground{network: newNetwork(t)}
	g.group = g.make(typeSecurityGroup, map[string]any{"vpcId": g.vpc.id})
	g.key = g.make(typeKey, map[string]any{})
	g.monitoring = g.role("monitoring.rds.amazonaws.com")
	g.make(typeRoleAttachment, map[string]any{"role": g.monitoring.id, "policyArn": "arn:aws:iam::aws:policy/" + monitoringPolicy})
	return g
}

func (g *ground) role(service string) made {
	return g.make(typeRole, map[string]any{"assumeRolePolicy": `{"Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`})
}

// in runs what follows in another region.
func (w *world) in(region string, do func()) {
	w.t.Helper()
	w.configure(region)
	defer w.configure("af-south-1")
	do()
}

func (w *world) state(look func(*account.State)) {
	w.t.Helper()
	require.NoError(w.t, w.provider.account.View(func(s *account.State) error { look(s); return nil }))
}

// changed is a copy of the inputs with other values; nil takes a property away.
func changed(in map[string]any, with map[string]any) map[string]any {
	all := maps.Clone(in)
	for name, v := range with {
		if all[name] = v; v == nil {
			delete(all, name)
		}
	}
	return all
}

// change is a change of inputs that AWS takes as they are, and how it refuses that.
type change struct {
	with map[string]any
	want string
}

// refusesChanges tries each change of the inputs.
func (w *world) refusesChanges(t *testing.T, typ string, in map[string]any, cases map[string]change) {
	t.Helper()
	all := map[string]refusal{}
	for name, c := range cases {
		all[name] = refusal{typ, changed(in, c.with), c.want}
	}
	w.refuses(t, all)
}

// kept are the ids of what AWS keeps of the stack, by why.
func (w *world) kept() map[string]string {
	all := map[string]string{}
	w.state(func(s *account.State) {
		for _, r := range s.Kept("dev") {
			all[r.ID] = r.Kept
			if !r.Until.IsZero() {
				all[r.ID] += " until " + r.Until.Format(time.DateOnly)
			}
		}
	})
	return all
}

// credentials returns the user and password of a managed secret, as the account has them.
func (w *world) credentials(t *testing.T, arn string) map[string]string {
	t.Helper()
	value := map[string]string{}
	w.state(func(s *account.State) {
		secret := s.Get(typeSecret, arn)
		require.NotNil(t, secret, arn)
		require.NoError(t, json.Unmarshal([]byte(secret.String(secretValue)), &value))
	})
	return value
}

func TestParameters_Allowed(t *testing.T) {
	for _, c := range []struct {
		allowed string
		ratio   bool
		value   string
		want    bool
	}{
		{"0,1", false, "1", true},
		{"0,1", false, "on", false},
		{"enabled,disabled,fips-140-3", false, "fips-140-3", true},
		{"6-8388607", false, "84", true},
		{"6-8388607", false, "5", false},
		{"6-8388607", false, "7.5", false},
		{"6-8388607", false, "LEAST({DBInstanceClassMemory/9531392},5000)", true},
		{"-1-2147483647", false, "-1", true},
		{"-1-2147483647", false, "-2", false},
		{"0.0-1.0", true, "0.5", true},
		{"0.0-1.0", true, "1.5", false},
		{"", false, "anything", true},
	} {
		assert.Equal(t, c.want, parameter{allowed: c.allowed, ratio: c.ratio}.allows(c.value), "%s of %s", c.value, c.allowed)
	}
}

func TestIdentities_OneMayOnlyRead(t *testing.T) {
	w := newWorld(t)
	vpc := w.make(typeVPC, map[string]any{"cidrBlock": "10.0.0.0/16"})
	w.state(func(s *account.State) { w.provider.identity = s.Identities[1].AccessKeyID })

	_, err := w.try(typeVPC, map[string]any{"cidrBlock": "10.1.0.0/16"})
	assert.ErrorContains(t, err, "api error CreateVpc: AccessDenied: User: arn:aws:sts::")
	assert.ErrorContains(t, err, ":assumed-role/cloudinsight-preview/sandbox is not authorized to perform: ec2:CreateVpc")
	_, err = w.update(vpc, map[string]any{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	assert.ErrorContains(t, err, "AccessDenied")
	assert.ErrorContains(t, w.delete(vpc), "AccessDenied")
	assert.NotNil(t, w.read(vpc).Outputs, "reading is allowed")
	_, err = w.check(urnOf(typeVPC, "x"), map[string]any{"cidrBlock": "10.1.0.0/16"})
	require.NoError(t, err)

	w.provider.identity = "AKIANOBODY"
	_, err = w.try(typeVPC, map[string]any{"cidrBlock": "10.1.0.0/16"})
	assert.ErrorContains(t, err, "InvalidClientTokenId")
}

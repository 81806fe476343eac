package account

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strings"
	"time"
)

// State is what the account holds.
type State struct {
	AccountID  string      `json:"accountId"` // twelve digits
	Identities []Identity  `json:"identities"`
	Resources  []*Resource `json:"resources"` // not to be changed but through the methods

	shared map[*Resource]string // resources that other looks have too, by the line that they were read from
}

// Identity is a caller: an access key and the principal that it speaks for.
type Identity struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	PrincipalARN    string `json:"principalArn"`
	ReadOnly        bool   `json:"readOnly,omitempty"` // may look at everything and change nothing
}

// Resource is one AWS resource.
type Resource struct {
	Type    string         `json:"type"` // Pulumi type token, e.g. "aws:eks/nodeGroup:NodeGroup"
	ID      string         `json:"id"`   // unique within its type and region
	ARN     string         `json:"arn,omitempty"`
	Region  string         `json:"region,omitempty"`  // empty for global services
	URN     string         `json:"urn,omitempty"`     // who made it; empty for what AWS made along
	MadeFor string         `json:"madeFor,omitempty"` // URN of what AWS made it along with
	Props   map[string]any `json:"props"`             // inputs and outputs under their Pulumi names, as plain JSON values
	Inputs  map[string]any `json:"inputs,omitempty"`  // what the caller asked for; Props is what came of it, and what drifts
	Created time.Time      `json:"created"`

	// Kept says why AWS keeps it after its owner was deleted, such as "final snapshot"; MadeFor is that owner then. What is
	// kept is found by Kept, KeptIn and KeptOf only. AWS deletes it at Until, or never when that is zero.
	Kept  string    `json:"kept,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

// String returns the property as a string, or "" when it is absent or of another type.
func (r *Resource) String(name string) string {
	s, _ := r.Props[name].(string)
	return s
}

// DeployerName and PreviewerName are the roles that the sandbox's identities have assumed: one may do everything, the other
// may read everything.
const (
	DeployerName  = "cloudinsight-deployer"
	PreviewerName = "cloudinsight-preview"
)

// RegisteredDomain is the domain that the account's owner has registered: its public zone is there before any stack,
// and is no stack's.
const RegisteredDomain = "cloudinsight.com"

// TypeZone is the type of Route 53's hosted zones.
const TypeZone = "aws:route53/zone:Zone"

// newState is a fresh account with its two identities, and the zone of the registered domain.
func newState() (*State, error) {
	number, err := rand.Int(rand.Reader, big.NewInt(9e11))
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	s := &State{AccountID: fmt.Sprintf("%012d", number.Int64()+1e11)}
	for _, role := range []string{DeployerName, PreviewerName} {
		key, keyErr := randomCode()
		secret, secretErr := randomCode()
		if err := errors.Join(keyErr, secretErr); err != nil {
			return nil, err
		}
		s.Identities = append(s.Identities, Identity{
			AccessKeyID:     "AKIA" + key[:16],
			SecretAccessKey: secret,
			PrincipalARN:    fmt.Sprintf("arn:aws:iam::%s:role/%s", s.AccountID, role),
			ReadOnly:        role == PreviewerName,
		})
	}
	code, err := randomCode()
	if err != nil {
		return nil, err
	}
	zone := "Z" + code[:20]
	s.Put(&Resource{Type: TypeZone, ID: zone, ARN: "arn:aws:route53:::hostedzone/" + zone, Props: map[string]any{
		"name": RegisteredDomain, "zoneId": zone, "comment": "HostedZone created by Route53 Registrar",
		"callerReference": "RISWorkflow-RD:" + strings.ToLower(code[20:36]), "tags": map[string]any{}, "resourceRecordSetCount": 2,
		// As Route 53 names them: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/GetInfoAboutHostedZone.html
		"nameServers":       []any{"ns-412.awsdns-51.com", "ns-1530.awsdns-63.org", "ns-731.awsdns-27.net", "ns-1802.awsdns-33.co.uk"},
		"primaryNameServer": "ns-412.awsdns-51.com",
	}})
	return s, nil
}

// randomCode is forty random characters of A to Z and 2 to 7.
func randomCode() (string, error) {
	code := make([]byte, 25)
	if _, err := rand.Read(code); err != nil {
		return "", fmt.Errorf("account: %w", err)
	}
	return base32.StdEncoding.EncodeToString(code), nil
}

// Identity returns the identity of an access key, or nil.
func (s *State) Identity(accessKeyID string) *Identity {
	for i := range s.Identities {
		if s.Identities[i].AccessKeyID == accessKeyID {
			return &s.Identities[i]
		}
	}
	return nil
}

// Get returns the resource of that type and id, or nil. An id that is a name may be there once for each region: see GetIn.
func (s *State) Get(typ, id string) *Resource {
	for i, r := range s.Resources {
		if r.ID == id && r.Type == typ && r.Kept == "" {
			return s.own(i)
		}
	}
	return nil
}

// GetIn returns the resource of that type and id in the region, or nil. Global services are in the region "".
func (s *State) GetIn(region, typ, id string) *Resource {
	for i, r := range s.Resources {
		if r.ID == id && r.Type == typ && r.Region == region && r.Kept == "" {
			return s.own(i)
		}
	}
	return nil
}

// FindURN returns the resource that this URN made, or nil.
func (s *State) FindURN(urn string) *Resource {
	for i, r := range s.Resources {
		if r.URN == urn && r.Kept == "" {
			return s.own(i)
		}
	}
	return nil
}

// List returns all resources of a type, by id.
func (s *State) List(typ string) []*Resource {
	var all []*Resource
	for i, r := range s.Resources {
		if r.Type == typ && r.Kept == "" {
			all = append(all, s.own(i))
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	return all
}

// OfStack returns the resources that a Pulumi stack made, and those that AWS made along with them, in the order of their
// making.
func (s *State) OfStack(stack string) []*Resource {
	return s.ofStack(stack, func(r *Resource) bool { return r.Kept == "" })
}

// Kept returns what AWS keeps of a Pulumi stack's deleted resources, in the order of their making.
func (s *State) Kept(stack string) []*Resource {
	return s.ofStack(stack, func(r *Resource) bool { return r.Kept != "" })
}

func (s *State) ofStack(stack string, wanted func(*Resource) bool) []*Resource {
	var all []*Resource
	prefix := "urn:pulumi:" + stack + "::"
	for i, r := range s.Resources {
		if wanted(r) && (strings.HasPrefix(r.URN, prefix) || strings.HasPrefix(r.MadeFor, prefix)) {
			all = append(all, s.own(i))
		}
	}
	return all
}

// Keep marks a resource whose owner is deleted as kept by AWS until then; a zero time is for ever.
func (s *State) Keep(r *Resource, why string, until time.Time) {
	if r.URN != "" {
		r.MadeFor, r.URN = r.URN, ""
	}
	r.Kept, r.Until = why, until.UTC()
}

// KeptIn returns the kept resource of that type and id in the region, or nil.
func (s *State) KeptIn(region, typ, id string) *Resource {
	for _, r := range s.KeptOf(typ) {
		if r.ID == id && r.Region == region {
			return r
		}
	}
	return nil
}

// KeptOf returns the kept resources of a type, in the order of their making.
func (s *State) KeptOf(typ string) []*Resource {
	var all []*Resource
	for i, r := range s.Resources {
		if r.Type == typ && r.Kept != "" {
			all = append(all, s.own(i))
		}
	}
	return all
}

// expire deletes what AWS has kept long enough by now.
func (s *State) expire(now time.Time) {
	s.Resources = slices.DeleteFunc(s.Resources, func(r *Resource) bool {
		return r.Kept != "" && !r.Until.IsZero() && now.After(r.Until)
	})
}

// Put adds the resource, or replaces the one of the same type, id and region.
func (s *State) Put(r *Resource) {
	if r.Created.IsZero() {
		r.Created = time.Now().UTC().Truncate(time.Second)
	}
	for i, old := range s.Resources {
		if old.ID == r.ID && old.Type == r.Type && old.Region == r.Region {
			s.Resources[i] = r
			return
		}
	}
	s.Resources = append(s.Resources, r)
}

// Remove takes the resource out of the account.
func (s *State) Remove(gone *Resource) {
	s.Resources = slices.DeleteFunc(s.Resources, func(r *Resource) bool { return r == gone })
}

// Delete removes the resource of that type and id, and says whether it was there.
func (s *State) Delete(typ, id string) bool {
	r := s.Get(typ, id)
	if r != nil {
		s.Remove(r)
	}
	return r != nil
}

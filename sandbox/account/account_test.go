package account

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func open(t *testing.T) *Account {
	t.Helper()
	return Open(filepath.Join(t.TempDir(), "account.json"))
}

func put(typ, id string) func(*State) error {
	return func(s *State) error {
		s.Put(&Resource{Type: typ, ID: id, URN: "urn:pulumi:dev::p::" + typ + "::" + id, Props: map[string]any{"id": id}})
		return nil
	}
}

func TestAccount_KeepsWhatUpdateDidAndNothingOfAFailedOne(t *testing.T) {
	a := open(t)
	require.NoError(t, a.Update(put("aws:ec2/vpc:Vpc", "vpc-1")))
	refused := errors.New("refused")
	err := a.Update(func(s *State) error {
		s.Delete("aws:ec2/vpc:Vpc", "vpc-1")
		return refused
	})
	require.ErrorIs(t, err, refused)

	var first string
	require.NoError(t, Open(a.Path()).View(func(s *State) error {
		first = s.AccountID
		assert.NotNil(t, s.Get("aws:ec2/vpc:Vpc", "vpc-1"))
		assert.Len(t, s.OfStack("dev"), 1)
		assert.Empty(t, s.OfStack("prod"))
		return nil
	}))
	require.NoError(t, a.View(func(s *State) error { assert.Equal(t, first, s.AccountID); return nil }))
	assert.Len(t, first, 12)
}

func TestAccount_ViewKeepsNothing(t *testing.T) {
	a := open(t)
	require.NoError(t, a.Update(put("t", "1")))
	require.NoError(t, a.View(func(s *State) error { s.Resources = nil; return nil }))
	require.NoError(t, a.View(func(s *State) error { assert.Len(t, s.List("t"), 1); return nil }))
}

func TestAccount_UpdatesOfSeveralOpenersDoNotGetLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "account.json")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			a := Open(path)
			for j := range 10 {
				assert.NoError(t, a.Update(put("t", fmt.Sprintf("%d-%d", i, j))))
			}
		}()
	}
	wg.Wait()
	require.NoError(t, Open(path).View(func(s *State) error { assert.Len(t, s.List("t"), 80); return nil }))
}

func TestAccount_VersionFollowsChanges(t *testing.T) {
	a := open(t)
	none, err := a.Version()
	require.NoError(t, err)
	assert.Empty(t, none)
	require.NoError(t, a.Update(put("t", "1")))
	one, err := a.Version()
	require.NoError(t, err)
	require.NoError(t, a.Update(put("t", "2")))
	two, err := a.Version()
	require.NoError(t, err)
	assert.NotEqual(t, one, two)
}

func TestAccount_DamagedFileIsNamed(t *testing.T) {
	a := open(t)
	require.NoError(t, os.WriteFile(a.Path(), []byte("{"), 0o600))
	assert.ErrorContains(t, a.View(func(*State) error { return nil }), a.Path()+" is damaged")
}

func TestState_ANameIsThereOncePerRegion(t *testing.T) {
	s := &State{}
	for _, region := range []string{"af-south-1", "eu-west-1", "eu-west-1"} {
		s.Put(&Resource{Type: "t", ID: "same", Region: region, Props: map[string]any{}})
	}
	require.Len(t, s.List("t"), 2, "the third put replaced the second")
	s.Remove(s.GetIn("eu-west-1", "t", "same"))
	assert.Nil(t, s.GetIn("eu-west-1", "t", "same"))
	assert.NotNil(t, s.GetIn("af-south-1", "t", "same"))
}

func TestState_AFreshAccountHasTheZoneOfItsDomain(t *testing.T) {
	s, err := newState()
	require.NoError(t, err)
	require.Len(t, s.Resources, 1)
	zone := s.List(TypeZone)[0]
	assert.Equal(t, RegisteredDomain, zone.String("name"))
	assert.Len(t, zone.Props["nameServers"], 4)
	assert.Empty(t, zone.URN+zone.MadeFor, "it is nobody's stack")
	assert.Regexp(t, `^Z[A-Z2-7]{20}$`, zone.ID)
}

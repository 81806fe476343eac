package account

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

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

func TestState_AFreshAccountHasADeployerAndSomebodyWhoMayOnlyRead(t *testing.T) {
	s, err := newState()
	require.NoError(t, err)
	require.Len(t, s.Identities, 2)
	for i, role := range []string{DeployerName, PreviewerName} {
		assert.Equal(t, "arn:aws:iam::"+s.AccountID+":role/"+role, s.Identities[i].PrincipalARN)
		assert.Equal(t, role == PreviewerName, s.Identities[i].ReadOnly)
	}
	assert.NotEqual(t, s.Identities[0].SecretAccessKey, s.Identities[1].SecretAccessKey)
}

func TestState_WhatIsKeptIsNobodysUntilItsTimeIsOver(t *testing.T) {
	a := open(t)
	require.NoError(t, a.Update(func(s *State) error {
		for id, until := range map[string]time.Time{"snapshot": {}, "secret": time.Now().Add(time.Hour), "key": time.Now().Add(-time.Hour)} {
			r := &Resource{Type: "t", ID: id, Region: "af-south-1", URN: "urn:pulumi:dev::p::t::" + id, Props: map[string]any{}}
			s.Put(r)
			s.Keep(r, "for a reason", until)
		}
		s.Put(&Resource{Type: "t", ID: "plain", URN: "urn:pulumi:dev::p::t::plain", Props: map[string]any{}})
		return nil
	}))
	require.NoError(t, Open(a.Path()).View(func(s *State) error {
		require.Len(t, s.List("t"), 1)
		require.Len(t, s.OfStack("dev"), 1)
		assert.Equal(t, "plain", s.OfStack("dev")[0].ID)
		assert.Nil(t, s.Get("t", "secret"))
		assert.Nil(t, s.GetIn("af-south-1", "t", "secret"))
		assert.Nil(t, s.FindURN("urn:pulumi:dev::p::t::secret"))
		assert.False(t, s.Delete("t", "secret"))

		assert.Len(t, s.Kept("dev"), 2, "the key's time is over")
		assert.Empty(t, s.Kept("prod"))
		assert.Len(t, s.KeptOf("t"), 2)
		secret := s.KeptIn("af-south-1", "t", "secret")
		require.NotNil(t, secret)
		assert.Equal(t, "urn:pulumi:dev::p::t::secret", secret.MadeFor)
		assert.Equal(t, "for a reason", secret.Kept)
		assert.Nil(t, s.KeptIn("eu-west-1", "t", "secret"))
		return nil
	}))
}

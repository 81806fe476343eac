package account

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFile_HasAResourceOnEachLine(t *testing.T) {
	a := open(t)
	require.NoError(t, a.Update(put("t", "one")))
	require.NoError(t, a.Update(put("t", "two\nlines")))
	raw, err := os.ReadFile(a.Path())
	require.NoError(t, err)
	assert.True(t, json.Valid(raw))
	zone := 1
	assert.Equal(t, 1+zone+2+1, strings.Count(string(raw), "\n"), "%s", raw)
}

// What one look does to a resource is not seen by others, whichever way the file is laid out.
func TestAccount_LooksDoNotShareResources(t *testing.T) {
	for name, layOut := range map[string]func([]byte) []byte{
		"as written": func(raw []byte) []byte { return raw },
		"laid out by somebody": func(raw []byte) []byte {
			var any map[string]any
			require.NoError(t, json.Unmarshal(raw, &any))
			pretty, err := json.MarshalIndent(any, "", "  ")
			require.NoError(t, err)
			return pretty
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t)
			require.NoError(t, a.Update(put("t", "1")))
			require.NoError(t, a.Update(put("t", "2")))
			raw, err := os.ReadFile(a.Path())
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(a.Path(), layOut(raw), 0o600))

			spoil := func(s *State) error {
				for _, r := range []*Resource{s.Get("t", "1"), s.List("t")[0], s.OfStack("dev")[0]} {
					r.Props["id"], r.Kept = "spoilt", "spoilt"
					r.Kept = ""
				}
				return errors.New("refused")
			}
			require.Error(t, a.View(spoil))
			require.Error(t, a.Update(spoil))
			intact := func(s *State) error { assert.Equal(t, "1", s.Get("t", "1").String("id")); return nil }
			require.NoError(t, a.View(intact))

			require.NoError(t, a.Update(func(s *State) error { s.Get("t", "2").Props["id"] = "changed"; return nil }))
			require.NoError(t, a.View(intact))
			require.NoError(t, Open(a.Path()).View(func(s *State) error {
				assert.Equal(t, "changed", s.Get("t", "2").String("id"))
				assert.Equal(t, "1", s.Get("t", "1").String("id"))
				return nil
			}))
		})
	}
}

package window_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/window"
)

func TestReads(t *testing.T) {
	for text, read := range map[string]func(string) (window.Window, error){
		"02:00-03:00":         window.Daily,
		"23:45-00:15":         window.Daily,
		"00:00-00:30":         window.Daily,
		"sun:00:00-sun:02:00": window.Weekly,
		"sat:23:30-sun:00:30": window.Weekly,
		"tue:22:00-wed:04:59": window.Weekly,
	} {
		w, err := read(text)
		require.NoError(t, err, text)
		assert.Equal(t, text, w.String())
	}
}

func TestRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                    `must be "HH:MM-HH:MM" in UTC, got ""`,
		"2:00-3:00":           `must be "HH:MM-HH:MM" in UTC`,
		"24:00-25:00":         `must be "HH:MM-HH:MM" in UTC`,
		"sun:00:00-sun:02:00": `must be "HH:MM-HH:MM" in UTC`,
		"02:00-02:29":         `must be at least 30 minutes long, got "02:00-02:29"`,
		"02:00-02:00":         "must be at least 30 minutes long",
	} {
		_, err := window.Daily(text)
		assert.ErrorContains(t, err, want, text)
	}
	for text, want := range map[string]string{
		"02:00-03:00":         `must be "ddd:HH:MM-ddd:HH:MM" in UTC`,
		"Sun:00:00-Sun:02:00": `with days such as "sun", got "Sun:00:00-Sun:02:00"`,
		"sun:02:00-sun:02:10": "must be at least 30 minutes long",
		"sun:02:00-sun:01:00": "must be shorter than a day",
		"sun:00:00-mon:00:00": "must be shorter than a day",
	} {
		_, err := window.Weekly(text)
		assert.ErrorContains(t, err, want, text)
	}
}

func TestOverlaps(t *testing.T) {
	for _, c := range []struct {
		daily, weekly string
		want          bool
	}{
		{"02:00-03:00", "sun:00:00-sun:02:00", false},
		{"01:30-02:30", "sun:00:00-sun:02:00", true},
		{"23:45-00:15", "sun:00:00-sun:02:00", true},
		{"23:30-00:00", "sun:00:00-sun:02:00", false},
		{"00:10-00:40", "sat:23:00-sun:00:15", true},
		{"00:15-00:45", "sat:23:00-sun:00:15", false},
		{"23:45-00:15", "sat:23:00-sat:23:50", true},
		{"00:00-00:30", "wed:12:00-wed:14:00", false},
	} {
		d, err := window.Daily(c.daily)
		require.NoError(t, err)
		w, err := window.Weekly(c.weekly)
		require.NoError(t, err)
		assert.Equal(t, c.want, d.Overlaps(w), "%s and %s", c.daily, c.weekly)
		assert.Equal(t, c.want, w.Overlaps(d), "%s and %s", c.weekly, c.daily)
	}
}

// Minute by minute through the week: slower, and too simple to be wrong.
func TestOverlaps_AgreesWithCounting(t *testing.T) {
	const week = 7 * 24 * 60
	w, err := window.Weekly("sat:22:10-sun:01:20")
	require.NoError(t, err)
	maintenance := map[int]bool{}
	for at := 6*24*60 + 22*60 + 10; at < week+80; at++ {
		maintenance[at%week] = true
	}
	for start := 0; start < 24*60; start += 7 {
		end := (start + 45) % (24 * 60)
		d, err := window.Daily(fmt.Sprintf("%02d:%02d-%02d:%02d", start/60, start%60, end/60, end%60))
		require.NoError(t, err)
		want := false
		for day := range 7 {
			for at := range 45 {
				want = want || maintenance[(day*24*60+start+at)%week]
			}
		}
		assert.Equal(t, want, d.Overlaps(w), d.String())
	}
}

func TestZeroValueNeverOpens(t *testing.T) {
	d, err := window.Daily("02:00-03:00")
	require.NoError(t, err)
	assert.False(t, d.Overlaps(window.Window{}))
	assert.Empty(t, window.Window{}.String())
}

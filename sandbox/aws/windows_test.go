package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWindows(t *testing.T) {
	for _, c := range []struct {
		daily, weekly string
		overlap       bool
	}{
		{"02:30-03:30", "sun:00:00-sun:02:00", false},
		{"02:00-03:00", "sun:00:00-sun:02:00", false},
		{"01:59-03:00", "sun:00:00-sun:02:00", true},
		{"23:30-00:30", "mon:00:00-mon:01:00", true},
		{"23:30-00:30", "mon:00:30-mon:01:00", false},
		{"00:00-00:30", "sun:23:30-mon:00:10", true},
		{"12:00-13:00", "sat:23:00-sun:01:00", false},
	} {
		d, ok := dailyWindow(c.daily)
		assert.True(t, ok, c.daily)
		w, ok := weeklyWindow(c.weekly)
		assert.True(t, ok, c.weekly)
		assert.Equal(t, c.overlap, d.overlaps(w), "%s and %s", c.daily, c.weekly)
	}
	for _, text := range []string{"", "2:00-3:00", "24:00-01:00", "02:00-03:60", "02:00"} {
		_, ok := dailyWindow(text)
		assert.False(t, ok, text)
	}
	for _, text := range []string{"", "so:00:00-so:02:00", "xyz:00:00-sun:02:00", "sun:00:00"} {
		_, ok := weeklyWindow(text)
		assert.False(t, ok, text)
	}
}

func TestWindows_Rules(t *testing.T) {
	p := &problems{}
	p.windows(props{"b": "02:00-02:20", "m": "sun:02:10-sun:02:50"}, "b", "m", 30)
	assert.Len(t, p.all, 2)
	assert.Contains(t, p.all[0].reason, "at least 30 minutes")
	assert.Contains(t, p.all[1].reason, "must not overlap")
	p = &problems{}
	p.windows(props{"b": unknown{}, "m": "sun:02:10-sun:02:50"}, "b", "m", 60)
	assert.Len(t, p.all, 1, "what is unknown is judged later")
	assert.Equal(t, "m", p.all[0].path)
}

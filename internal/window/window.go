// Package window reads the times of day and week in which AWS makes backups and does maintenance. All of it is UTC, as
// AWS has it. It refuses windows of less than 30 minutes; that two of them overlap is for the caller to ask.
package window

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	day  = 24 * 60
	week = 7 * day
	// shortest window that AWS takes for RDS and DocumentDB.
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
	shortest = 30
)

// Window is a stretch of time that comes back every day or every week.
type Window struct {
	// start in minutes since midnight, or since Sunday's midnight; length and cycle in minutes.
	start, length, cycle int
}

var (
	daily  = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$`)
	weekly = regexp.MustCompile(`^(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):([0-5]\d)-(sun|mon|tue|wed|thu|fri|sat):([01]\d|2[0-3]):([0-5]\d)$`)
	days   = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// Daily reads a window of every day, "02:00-03:00". It may pass midnight.
func Daily(text string) (Window, error) {
	m := daily.FindStringSubmatch(text)
	if m == nil {
		return Window{}, fmt.Errorf(`must be "HH:MM-HH:MM" in UTC, got %q`, text)
	}
	return between(minutes(m[1], m[2]), minutes(m[3], m[4]), day, text)
}

// Weekly reads a window of every week, "sun:00:00-sun:02:00". Days are lower case, as AWS answers them; otherwise every
// preview would show a change. It may pass the end of the week.
func Weekly(text string) (Window, error) {
	m := weekly.FindStringSubmatch(text)
	if m == nil {
		return Window{}, fmt.Errorf(`must be "ddd:HH:MM-ddd:HH:MM" in UTC with days such as "sun", got %q`, text)
	}
	start := slices.Index(days, m[1])*day + minutes(m[2], m[3])
	end := slices.Index(days, m[4])*day + minutes(m[5], m[6])
	return between(start, end, week, text)
}

func between(start, end, cycle int, text string) (Window, error) {
	length := (end - start + cycle) % cycle
	if length < shortest {
		return Window{}, fmt.Errorf("must be at least %d minutes long, got %q", shortest, text)
	}
	// A day or more of maintenance is a slip of the days; RDS refuses it as well.
	if length >= day {
		return Window{}, fmt.Errorf("must be shorter than a day, got %q", text)
	}
	return Window{start: start, length: length, cycle: cycle}, nil
}

// minutes of a time of day whose digits the patterns have checked.
func minutes(hour, minute string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

// Overlaps says whether the two are ever open at the same time. Windows that only touch do not overlap.
func (w Window) Overlaps(other Window) bool {
	for _, a := range w.starts() {
		for _, b := range other.starts() {
			// From a's start, how far to the next start of b, and the other way round, around the week.
			if (b-a+week)%week < w.length || (a-b+week)%week < other.length {
				return true
			}
		}
	}
	return false
}

// starts are the minutes of the week at which the window opens.
func (w Window) starts() []int {
	if w.cycle == 0 {
		return nil
	}
	var all []int
	for at := w.start; at < week; at += w.cycle {
		all = append(all, at)
	}
	return all
}

// String is the window as it was read.
func (w Window) String() string {
	if w.cycle == 0 {
		return ""
	}
	var b strings.Builder
	for i, at := range []int{w.start, (w.start + w.length) % w.cycle} {
		if i == 1 {
			b.WriteByte('-')
		}
		if w.cycle == week {
			b.WriteString(days[at/day] + ":")
		}
		fmt.Fprintf(&b, "%02d:%02d", at%day/60, at%60)
	}
	return b.String()
}

// Minutes is how long the window is open.
func (w Window) Minutes() int { return w.length }

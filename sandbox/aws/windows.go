package aws

import (
	"regexp"
	"strconv"
	"strings"
)

const minutesOfDay, minutesOfWeek = 24 * 60, 7 * 24 * 60

var (
	dailyText  = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$`)
	weeklyText = regexp.MustCompile(`^([a-z]{3}):([01]\d|2[0-3]):([0-5]\d)-([a-z]{3}):([01]\d|2[0-3]):([0-5]\d)$`)
	weekdays   = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
)

// window is a stretch of minutes; a daily one begins every day, a weekly one once.
type window struct{ start, length int }

// The program has a reader of windows too. This one is apart on purpose: a stand-in that shared it would share its errors.

func dailyWindow(text string) (window, bool) {
	m := dailyText.FindStringSubmatch(text)
	if m == nil {
		return window{}, false
	}
	start, end := minutes(m[1], m[2]), minutes(m[3], m[4])
	return window{start, (end - start + minutesOfDay) % minutesOfDay}, true
}

func weeklyWindow(text string) (window, bool) {
	m := weeklyText.FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return window{}, false
	}
	first, last := weekday(m[1]), weekday(m[4])
	if first < 0 || last < 0 {
		return window{}, false
	}
	start, end := first*minutesOfDay+minutes(m[2], m[3]), last*minutesOfDay+minutes(m[5], m[6])
	return window{start, (end - start + minutesOfWeek) % minutesOfWeek}, true
}

func minutes(hour, minute string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

func weekday(name string) int {
	for i, day := range weekdays {
		if day == name {
			return i
		}
	}
	return -1
}

// overlaps says whether the daily window meets the weekly one on any day.
func (daily window) overlaps(weekly window) bool {
	for day := range 7 {
		start := day*minutesOfDay + daily.start
		// How far one begins after the other, around the week.
		after := (start - weekly.start + minutesOfWeek) % minutesOfWeek
		before := (weekly.start - start + minutesOfWeek) % minutesOfWeek
		if after < weekly.length || before < daily.length {
			return true
		}
	}
	return false
}

// windows refuses a daily and a weekly window that are not of AWS's form, shorter than that many minutes, or overlap.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html (PreferredBackupWindow),
// https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html (SnapshotWindow)
func (p *problems) windows(in props, daily, weekly string, shortest int) {
	d, dailyOK := dailyWindow(in.str(daily))
	if in.known(daily) && (!dailyOK || d.length < shortest) {
		p.add(daily, "must be hh24:mi-hh24:mi of at least %d minutes, got %q", shortest, in.str(daily))
	}
	w, weeklyOK := weeklyWindow(in.str(weekly))
	if in.known(weekly) && (!weeklyOK || w.length < shortest || w.length > minutesOfDay) {
		p.add(weekly, "must be ddd:hh24:mi-ddd:hh24:mi of at least %d minutes and at most a day, got %q", shortest, in.str(weekly))
	}
	if dailyOK && weeklyOK && d.overlaps(w) {
		p.add(daily, "InvalidParameterValue: the backup window and maintenance window must not overlap, got %q and %q", in.str(daily), in.str(weekly))
	}
}

package alarm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudinsight/platform/internal/alarm"
)

func cpu() alarm.Alarm {
	return alarm.Alarm{Name: "db-cpu", Description: "Busy for 15 minutes.", Namespace: "AWS/RDS", Metric: "CPUUtilization", Threshold: 75}
}

func TestAlarm_Defaults(t *testing.T) {
	a := cpu().WithDefaults()
	assert.Equal(t, "Average", a.Statistic)
	assert.Equal(t, 300, a.PeriodSeconds)
	assert.Equal(t, 3, a.Periods)
	assert.Equal(t, alarm.High, a.Severity)
	assert.False(t, a.MissingIsBreaching)
	assert.NoError(t, a.Validate())
}

func TestAlarm_DefaultsLeaveWhatIsSaid(t *testing.T) {
	a := cpu()
	a.Statistic, a.PeriodSeconds, a.Periods, a.Severity = "p99.9", 60, 5, alarm.Critical
	assert.Equal(t, a, a.WithDefaults())
	assert.NoError(t, a.Validate())
}

func TestAlarm_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*alarm.Alarm)
		want   string
	}{
		"no name":        {func(a *alarm.Alarm) { a.Name = "" }, "name: must have 1 to 255 characters"},
		"long name":      {func(a *alarm.Alarm) { a.Name = strings.Repeat("x", 256) }, "name: must have 1 to 255 characters"},
		"no description": {func(a *alarm.Alarm) { a.Description = "" }, "description: must have 1 to 1024 characters, got 0"},
		"no metric":      {func(a *alarm.Alarm) { a.Metric = "" }, `metric: must have a namespace and a name, got "AWS/RDS" and ""`},
		"statistic":      {func(a *alarm.Alarm) { a.Statistic = "Median" }, `got "Median"`},
		"percentile":     {func(a *alarm.Alarm) { a.Statistic = "p101" }, `got "p101"`},
		"period":         {func(a *alarm.Alarm) { a.PeriodSeconds = 90 }, "period: must be 10, 30 or a multiple of 60 seconds, got 90"},
		"periods":        {func(a *alarm.Alarm) { a.Periods = -1 }, "periods: must be at least 1, got -1"},
		"over a day":     {func(a *alarm.Alarm) { a.Periods = 289 }, "periods: must span at most 86400 seconds, got 86700"},
		"over a week":    {func(a *alarm.Alarm) { a.PeriodSeconds, a.Periods = 3600, 169 }, "must span at most 604800 seconds"},
		"severity":       {func(a *alarm.Alarm) { a.Severity = "urgent" }, `severity: must be critical, high, medium or low, got "urgent"`},
	} {
		t.Run(name, func(t *testing.T) {
			a := cpu().WithDefaults()
			c.change(&a)
			assert.ErrorContains(t, a.Validate(), c.want)
		})
	}
}

func TestAlarm_AWeekOfHoursIsAllowed(t *testing.T) {
	a := cpu().WithDefaults()
	a.PeriodSeconds, a.Periods = 3600, 168
	assert.NoError(t, a.Validate())
}

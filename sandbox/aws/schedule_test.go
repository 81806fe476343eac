package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSchedule_TakesWhatEventBridgeTakes(t *testing.T) {
	judge := func(s string, forms ...string) []problem {
		p := &problems{}
		p.schedule(props{"s": s}, "s", "s", forms...)
		return p.all
	}
	for _, s := range []string{
		"cron(0 1 * * ? *)", "cron(0/15 8-17 ? * MON-FRI *)", "cron(30 2 1,15 * ? *)", "cron(0 0 L * ? 2026-2030)", "cron(0 9 ? * 6#3 *)", "cron(0 9 ? * 6L *)", "cron(0 9 15W JAN ? *)",
		"rate(1 hour)", "rate(5 minutes)", "at(2026-01-31T06:00:00)",
	} {
		assert.Empty(t, judge(s, "cron", "rate", "at"), s)
	}
	for s, want := range map[string]string{
		"cron(0 1 * * *)":     "has six fields, got 5",
		"cron(0 1 * * * *)":   "one of day of month and day of week is ?",
		"cron(0 1 ? * ? *)":   "one of day of month and day of week is ?",
		"cron(60 1 * * ? *)":  `minutes of the cron expression can't be "60"`,
		"cron(0 1 * * FRY *)": `day of week of the cron expression can't be "FRY"`,
		"cron(0 1 * 0 ? *)":   `month of the cron expression can't be "0"`,
		"rate(1 hours)":       "must be like rate(1 hour)",
		"rate(5 minute)":      "must be like rate(1 hour)",
		"rate(0 minutes)":     "must be like rate(1 hour)",
		"at(tomorrow)":        "must be like at(",
		"0 1 * * *":           "must be one of the forms",
	} {
		found := judge(s, "cron", "rate", "at")
		if assert.NotEmpty(t, found, s) {
			assert.Contains(t, found[0].reason, want)
		}
	}
	assert.NotEmpty(t, judge("rate(1 hour)", "cron"), "Backup takes cron alone")
}

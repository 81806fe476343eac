package aws

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	rateExpression = regexp.MustCompile(`^rate\(([1-9][0-9]*) (minutes?|hours?|days?)\)$`)
	atExpression   = regexp.MustCompile(`^at\([0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\)$`)
	cronExpression = regexp.MustCompile(`^cron\((.*)\)$`)
)

// cronField is one of the six fields: its bounds, its names and what it may hold beside numbers.
type cronField struct {
	name      string
	low, high int
	names     []string
	special   string
}

// cronFields: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
var cronFields = []cronField{
	{"minutes", 0, 59, nil, ""},
	{"hours", 0, 23, nil, ""},
	{"day of month", 1, 31, nil, "?LW"},
	{"month", 1, 12, []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}, ""},
	{"day of week", 1, 7, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, "?L#"},
	{"year", 1970, 2199, nil, ""},
}

// schedule refuses a known string that is none of the forms: "cron", "rate", "at".
func (p *problems) schedule(in props, path, name string, forms ...string) {
	s, ok := in[name].(string)
	if !ok {
		return
	}
	form, _, _ := strings.Cut(s, "(")
	if !contains(forms, form) {
		p.add(path, "must be one of the forms %v, got %q", forms, s)
		return
	}
	switch form {
	case "rate":
		m := rateExpression.FindStringSubmatch(s)
		if m == nil || (m[1] == "1") == strings.HasSuffix(m[2], "s") {
			p.add(path, "must be like rate(1 hour) or rate(5 minutes), got %q", s)
		}
	case "at":
		if !atExpression.MatchString(s) {
			p.add(path, "must be like at(2026-01-31T06:00:00), got %q", s)
		}
	case "cron":
		m := cronExpression.FindStringSubmatch(s)
		if m == nil {
			p.add(path, "must be like cron(0 1 * * ? *), got %q", s)
			return
		}
		p.cron(path, m[1])
	}
}

func (p *problems) cron(path, expression string) {
	fields := strings.Fields(expression)
	if len(fields) != len(cronFields) {
		p.add(path, "a cron expression has six fields, got %d: %q", len(fields), expression)
		return
	}
	for i, f := range cronFields {
		for _, item := range strings.Split(fields[i], ",") {
			if !f.holds(item) {
				p.add(path, "%s of the cron expression can't be %q: %q", f.name, item, expression)
			}
		}
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		p.add(path, "one of day of month and day of week is ?, and only one: %q", expression)
	}
}

func (f cronField) holds(item string) bool {
	if item == "*" || item == "?" && strings.Contains(f.special, "?") || item == "L" && strings.Contains(f.special, "L") {
		return true
	}
	if base, step, ok := strings.Cut(item, "/"); ok {
		n, err := strconv.Atoi(step)
		return err == nil && n > 0 && f.holds(base)
	}
	if from, to, ok := strings.Cut(item, "-"); ok {
		return f.value(from) && f.value(to)
	}
	if day, nth, ok := strings.Cut(item, "#"); ok && strings.Contains(f.special, "#") {
		n, err := strconv.Atoi(nth)
		return err == nil && n >= 1 && n <= 5 && f.value(day)
	}
	for _, suffix := range []string{"W", "L"} {
		if day, ok := strings.CutSuffix(item, suffix); ok && strings.Contains(f.special, suffix) {
			return f.value(day) || suffix == "W" && day == "L"
		}
	}
	return f.value(item)
}

func (f cronField) value(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= f.low && n <= f.high || contains(f.names, strings.ToUpper(s))
}

// Package alarm holds CloudWatch alarms as values: a component says what matters for itself, components/alarms makes the
// alarms and sends them to whom their severity concerns.
package alarm

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Severity decides who is told, and how.
type Severity string

// The severities, from "wake somebody up" to "read it when there is time".
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Severities lists all of them, the gravest first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low} }

// Alarm watches one metric.
type Alarm struct {
	// Name is unique within the account and region, such as cloudinsight-dev-cpu: up to 255 printable characters.
	Name string
	// Description for whoever is woken: what it means and what to look at first.
	Description string
	// Namespace and Metric, such as AWS/RDS and CPUUtilization.
	Namespace string
	Metric    string
	// Statistic over a period: Average, Minimum, Maximum, Sum, SampleCount, or a percentile such as p99 (default Average).
	Statistic string
	// Dimensions of the metric.
	Dimensions pulumi.StringMap
	// Threshold in the metric's own unit. The alarm rings above it, or with Below, under it.
	Threshold float64
	Below     bool
	// PeriodSeconds is 10, 30 or a multiple of 60 (default 300); the alarm rings when Periods of them in a row
	// breach (default 3).
	PeriodSeconds int
	Periods       int
	// Severity (default High).
	Severity Severity
	// MissingIsBreaching rings when the metric stops coming. Otherwise missing data counts as fine, so a database that
	// is stopped overnight stays quiet, and so does its start in the morning.
	MissingIsBreaching bool
}

// WithDefaults fills in what is left out.
func (a Alarm) WithDefaults() Alarm {
	if a.Statistic == "" {
		a.Statistic = "Average"
	}
	if a.PeriodSeconds == 0 {
		a.PeriodSeconds = 300
	}
	if a.Periods == 0 {
		a.Periods = 3
	}
	if a.Severity == "" {
		a.Severity = High
	}
	return a
}

var (
	statistics = []string{"Average", "Minimum", "Maximum", "Sum", "SampleCount"}
	percentile = regexp.MustCompile(`^p(100|\d{1,2}(\.\d{1,10})?)$`)
)

// Validate returns everything that CloudWatch would refuse. Call it on an alarm with its defaults.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
func (a Alarm) Validate() error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if a.Name == "" || len(a.Name) > 255 {
		refuse("name: must have 1 to 255 characters, got %q", a.Name)
	}
	if a.Description == "" || len(a.Description) > 1024 {
		refuse("description: must have 1 to 1024 characters, got %d", len(a.Description))
	}
	if a.Namespace == "" || a.Metric == "" {
		refuse("metric: must have a namespace and a name, got %q and %q", a.Namespace, a.Metric)
	}
	if !slices.Contains(statistics, a.Statistic) && !a.IsPercentile() {
		refuse("statistic: must be %s or a percentile, got %q", strings.Join(statistics, ", "), a.Statistic)
	}
	if a.PeriodSeconds != 10 && a.PeriodSeconds != 30 && (a.PeriodSeconds < 60 || a.PeriodSeconds%60 != 0) {
		refuse("period: must be 10, 30 or a multiple of 60 seconds, got %d", a.PeriodSeconds)
	}
	if a.Periods < 1 {
		refuse("periods: must be at least 1, got %d", a.Periods)
	}
	if span := a.PeriodSeconds * a.Periods; span > longest(a.PeriodSeconds) {
		refuse("periods: must span at most %d seconds, got %d", longest(a.PeriodSeconds), span)
	}
	if !slices.Contains(Severities(), a.Severity) {
		refuse("severity: must be critical, high, medium or low, got %q", a.Severity)
	}
	return errors.Join(problems...)
}

// IsPercentile says whether the statistic is one like p99, which CloudWatch takes in a property of its own.
func (a Alarm) IsPercentile() bool { return percentile.MatchString(a.Statistic) }

// longest span that CloudWatch evaluates: a week for periods of an hour and more, a day for shorter ones.
func longest(periodSeconds int) int {
	const day = 24 * 60 * 60
	if periodSeconds >= 60*60 {
		return 7 * day
	}
	return day
}

package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// logRetentions are the days that CloudWatch Logs takes.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var logRetentions = []int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

func (j *judge) logs() {
	l := j.config.Logs
	if !slices.Contains(logRetentions, l.RetentionDays) {
		j.add("logs.retentionDays", "must be a retention of CloudWatch Logs (%s), got %d", strings.Trim(fmt.Sprint(logRetentions), "[]"), l.RetentionDays)
	}
	j.between("logs.archiveDays", 1, 3653, l.ArchiveDays)
}

var (
	domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)
	repository = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)
	branchName = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,255}$`)
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

func (j *judge) domain() {
	if !domainName.MatchString(j.config.Domain) {
		j.add("domain", "must be a DNS name such as example.com, got %q", j.config.Domain)
	}
}

func (j *judge) shared() {
	c := j.config
	j.between("registry.keepImages", 10, 1000, c.Registry.KeepImages)
	j.between("registry.untaggedDays", 1, 365, c.Registry.UntaggedDays)
	j.between("security.unusedAccessDays", 1, 365, c.Security.UnusedAccessDays)
	switch {
	case c.Delivery.Repository == "":
		j.add("delivery.repository", "is required")
	case !repository.MatchString(c.Delivery.Repository):
		j.add("delivery.repository", "must be owner/name of a GitHub repository, got %q", c.Delivery.Repository)
	}
	for _, environment := range slices.Sorted(maps.Keys(c.Delivery.Branches)) {
		path := "delivery.branches." + environment
		j.known(path, environment, []string{string(Dev), string(Staging), string(Prod), string(Standby)}, "environment")
		if branch := c.Delivery.Branches[environment]; !branchName.MatchString(branch) {
			j.add(path, "must be a branch name, got %q", branch)
		}
	}
	if b := c.Delivery.StateBucket; b != "" && !bucketName.MatchString(b) {
		j.add("delivery.stateBucket", "must be 3 to 63 of a-z, 0-9, dot and hyphen, got %q", b)
	}
}

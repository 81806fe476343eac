package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/instances"
)

// judge returns every rule that the complete configuration breaks.
func (c *Config) judge(services, jobs []string) Problems {
	j := &judge{config: c, services: services, jobs: jobs}
	j.stack()
	j.tags()
	j.domain()
	j.logs()
	j.protection()
	if c.Environment == Shared {
		j.shared()
	} else {
		j.network()
		j.cluster()
		j.nodeGroups()
		j.access()
		j.data()
		j.apps()
	}
	return j.Problems
}

type judge struct {
	Problems
	config   *Config
	services []string
	jobs     []string
}

func (j *judge) stack() {
	if j.config.Environment == "" {
		j.add("environment", "is required, one of %s", strings.Join(j.config.Environment.values(), ", "))
	}
	j.known("region", j.config.Region, instances.Regions(), "region")
	j.known("drRegion", j.config.DRRegion, instances.Regions(), "region")
	if j.config.DRRegion == j.config.Region {
		j.add("drRegion", "must differ from region, got %q", j.config.DRRegion)
	}
}

// tagValue is what every AWS service takes. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
var tagValue = regexp.MustCompile(`^[\p{L}\p{N} +\-=._:/@]{1,256}$`)

func (j *judge) tags() {
	for path, value := range map[string]string{"tags.owner": j.config.Tags.Owner, "tags.costCenter": j.config.Tags.CostCenter} {
		switch {
		case value == "":
			j.add(path, "is required")
		case !tagValue.MatchString(value):
			j.add(path, "must be 1 to 256 letters, digits, spaces or + - = . _ : / @, got %q", value)
		}
	}
}

func (j *judge) access() { unique(j, "access.teams", j.config.Access.Teams) }

// between notes a number outside its range.
func (j *judge) between(path string, low, high, got int) {
	if got < low || got > high {
		j.add(path, "must be between %d and %d, got %d", low, high, got)
	}
}

// known notes a name that is not in the list, with the one that may have been meant.
func (j *judge) known(path, got string, names []string, kind string) {
	if !slices.Contains(names, got) {
		j.add(path, "must be a known %s, got %q%s", kind, got, suggest(got, names))
	}
}

// unique notes each item that stood in the list before.
func unique[T ~string](j *judge, path string, list []T) {
	for i, item := range list {
		if first := slices.Index(list, item); first < i {
			j.add(fmt.Sprintf("%s[%d]", path, i), "must be named once, got %q again", string(item))
		}
	}
}

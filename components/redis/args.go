package redis

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/window"
)

// https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
const (
	mostNodes      = 6
	shortestWindow = 60 // minutes
	mostUsers      = 100
)

// noSnapshots is -1, so that forgetting to say a number is not to have none.
const noSnapshots = -1

var (
	// ElastiCache makes ids lower case, which would be a change in every preview.
	identifier    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	accountID     = regexp.MustCompile(`^\d{12}$`)
	nodeType      = regexp.MustCompile(`^cache\.[a-z0-9]+\.[a-z0-9]+$`)
	engineVersion = regexp.MustCompile(`^7\.\d+$`)

	classifications = []string{"confidential", "anonymised", "synthetic"}
)

func (args *CacheArgs) withDefaults() CacheArgs {
	a := CacheArgs{}
	if args != nil {
		a = *args
	}
	if a.EngineVersion == "" {
		a.EngineVersion = "7.1"
	}
	if a.Nodes == 0 {
		a.Nodes = 2
	}
	if a.SnapshotRetentionDays == 0 {
		a.SnapshotRetentionDays = 7
	}
	if a.SnapshotWindow == "" {
		a.SnapshotWindow = "01:00-02:00"
	}
	if a.MaintenanceWindow == "" {
		a.MaintenanceWindow = "sun:02:30-sun:03:30"
	}
	if a.LogRetentionDays == 0 {
		a.LogRetentionDays = 90
	}
	if a.Classification == "" {
		a.Classification = "confidential"
	}
	return a
}

func (a *CacheArgs) validate() error {
	var problems []error
	refuse := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if !isIdentifier(a.Name) {
		refuse("name: must be %s, got %q", identifierRule, a.Name)
	}
	if a.Region == "" {
		refuse("region: must be given")
	}
	if !accountID.MatchString(a.AccountID) {
		refuse("account id: must be twelve digits, got %q", a.AccountID)
	}
	for _, input := range []struct {
		what    string
		missing bool
	}{
		{"vpc id", a.VPCID == nil}, {"subnets", a.SubnetIDs == nil}, {"key", a.KeyARN == nil}, {"log key", a.LogKeyARN == nil},
	} {
		if input.missing {
			refuse("%s: must be given", input.what)
		}
	}
	if !engineVersion.MatchString(a.EngineVersion) {
		refuse("engine version: must be 7 and a minor, such as 7.1, got %q", a.EngineVersion)
	}
	if !nodeType.MatchString(a.NodeType) {
		refuse("node type: must be a node type such as cache.r5.large, got %q", a.NodeType)
	}
	if a.Nodes < 1 || a.Nodes > mostNodes {
		refuse("nodes: must be between 1 and %d, got %d", mostNodes, a.Nodes)
	}
	if days := a.SnapshotRetentionDays; days != noSnapshots && (days < 1 || days > 35) {
		refuse("snapshot retention: must be between 1 and 35 days, or -1 for none, got %d", days)
	}
	if a.LogRetentionDays < 1 {
		refuse("log retention: must be positive, got %d days", a.LogRetentionDays)
	}
	if !slices.Contains(classifications, a.Classification) {
		refuse("classification: must be one of %v, got %q", classifications, a.Classification)
	}
	for _, label := range slices.Sorted(maps.Keys(a.Clients)) {
		if label == "" || a.Clients[label] == nil {
			refuse("clients: must have a name and a security group each, got %q", label)
		}
	}
	return errors.Join(slices.Concat(problems, a.validateUsers(), a.validateWindows())...)
}

const identifierRule = "1 to 40 lower-case letters, digits and single hyphens, a letter first and no hyphen last"

func isIdentifier(text string) bool {
	return identifier.MatchString(text) && !strings.Contains(text, "--") && !strings.HasSuffix(text, "-")
}

func (a *CacheArgs) validateUsers() []error {
	var problems []error
	if len(a.Users)+1 > mostUsers {
		problems = append(problems, fmt.Errorf("users: must be at most %d, got %d", mostUsers-1, len(a.Users)))
	}
	for i, user := range a.Users {
		switch {
		case !isIdentifier(user):
			problems = append(problems, fmt.Errorf("users[%d]: must be %s, got %q", i, identifierRule, user))
		case user == "default" || user == a.defaultUser():
			problems = append(problems, fmt.Errorf("users[%d]: %q is the user that is off", i, user))
		case slices.Index(a.Users, user) < i:
			problems = append(problems, fmt.Errorf("users[%d]: must be there once, got %q again", i, user))
		}
	}
	return problems
}

// validateWindows: ElastiCache wants an hour for each, and not the same one.
func (a *CacheArgs) validateWindows() []error {
	var problems []error
	read := func(what, text string, parse func(string) (window.Window, error)) window.Window {
		w, err := parse(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", what, err))
		} else if w.Minutes() < shortestWindow {
			problems = append(problems, fmt.Errorf("%s: must be at least %d minutes long, got %q", what, shortestWindow, text))
		}
		return w
	}
	snapshots := read("snapshot window", a.SnapshotWindow, window.Daily)
	maintenance := read("maintenance window", a.MaintenanceWindow, window.Weekly)
	if len(problems) == 0 && snapshots.Overlaps(maintenance) {
		problems = append(problems, fmt.Errorf("windows: must not overlap, got snapshots at %s and maintenance at %s", snapshots, maintenance))
	}
	return problems
}

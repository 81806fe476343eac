package waf

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Kind of a rule.
type Kind string

// The kinds of rules. All but RateLimit are groups of rules that AWS writes and keeps up to date.
const (
	// RateLimit stops an address that asks too often.
	RateLimit Kind = "rate-limit"
	// IPReputation are addresses that Amazon has seen attack or scan.
	IPReputation Kind = "ip-reputation"
	// AnonymousIP are VPNs, proxies, Tor exits, and the addresses of hosting providers.
	AnonymousIP Kind = "anonymous-ip"
	// OWASPCore is the core rule set: what the OWASP Top 10 describes, such as cross-site scripting.
	OWASPCore Kind = "owasp-core"
	// KnownBadInputs are requests that try known exploits, such as Log4j's.
	KnownBadInputs Kind = "known-bad-inputs"
	// SQLInjection looks for SQL in what a client sends.
	SQLInjection Kind = "sql-injection"
	// AdminProtection refuses the paths of common administration pages.
	AdminProtection Kind = "admin-protection"
	// Linux looks for attacks on files of Linux.
	Linux Kind = "linux"
	// POSIX looks for commands of a shell.
	POSIX Kind = "posix"
)

// Rule is one line of a web ACL.
type Rule struct {
	// Kind of the rule; each is there once at most.
	Kind Kind
	// Count only counts and logs what matches (default: blocks it). Let a new rule count first, and read its log.
	Count bool
	// CountRules of the group only count, while the others block; such as SizeRestrictions_BODY.
	CountRules []string
	// Limit of requests of one address within the window, at least 10 (default 2000); RateLimit only.
	Limit int
	// WindowSeconds that Limit is for: 60, 120, 300 or 600 (default 300); RateLimit only.
	WindowSeconds int
}

// DefaultRules are cheap ones first, since a request that one has blocked costs the others nothing. Two rules within the
// groups only count: programs ask from hosting providers too, Route 53's health checks among them, and the core rule set
// refuses bodies over 8 KB, which is little for what the services take.
// https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
func DefaultRules() []Rule {
	return []Rule{
		{Kind: RateLimit},
		{Kind: IPReputation},
		{Kind: AnonymousIP, CountRules: []string{"HostingProviderIPList"}},
		{Kind: OWASPCore, CountRules: []string{"SizeRestrictions_BODY"}},
		{Kind: KnownBadInputs},
		{Kind: SQLInjection},
	}
}

// group is a managed rule group of AWS.
type group struct {
	name string
	// capacity in web ACL capacity units, fixed when AWS made the group.
	capacity int
}

// groups by kind. https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html,
// aws-managed-rule-groups-use-case.html and aws-managed-rule-groups-ip-rep.html, "WCU".
var groups = map[Kind]group{
	IPReputation:    {"AWSManagedRulesAmazonIpReputationList", 25},
	AnonymousIP:     {"AWSManagedRulesAnonymousIpList", 50},
	OWASPCore:       {"AWSManagedRulesCommonRuleSet", 700},
	KnownBadInputs:  {"AWSManagedRulesKnownBadInputsRuleSet", 200},
	SQLInjection:    {"AWSManagedRulesSQLiRuleSet", 200},
	AdminProtection: {"AWSManagedRulesAdminProtectionRuleSet", 100},
	Linux:           {"AWSManagedRulesLinuxRuleSet", 200},
	POSIX:           {"AWSManagedRulesUnixRuleSet", 100},
}

const (
	// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html: a limit by address
	// alone has no keys to add.
	rateLimitCapacity = 2
	// lowestLimit: https://docs.aws.amazon.com/waf/latest/developerguide/limits.html
	lowestLimit, highestLimit = 10, 2_000_000_000

	// IncludedCapacity is in the price of a request; a web ACL that needs more pays for every 500 more with each request.
	// https://aws.amazon.com/waf/pricing/
	IncludedCapacity = 1500
	// HighestCapacity of a web ACL. https://docs.aws.amazon.com/waf/latest/developerguide/limits.html
	HighestCapacity = 5000
)

var windows = []int{60, 120, 300, 600}

// Kinds lists all kinds in alphabetical order.
func Kinds() []Kind { return slices.Sorted(maps.Keys(withRateLimit())) }

func withRateLimit() map[Kind]int {
	capacities := map[Kind]int{RateLimit: rateLimitCapacity}
	for kind, group := range groups {
		capacities[kind] = group.capacity
	}
	return capacities
}

// Capacity is what the rules need, in web ACL capacity units. A rule of an unknown kind needs none.
func Capacity(rules []Rule) int {
	capacities, sum := withRateLimit(), 0
	for _, rule := range rules {
		sum += capacities[rule.Kind]
	}
	return sum
}

func (r Rule) withDefaults() Rule {
	if r.Kind != RateLimit {
		return r
	}
	if r.Limit == 0 {
		r.Limit = 2000
	}
	if r.WindowSeconds == 0 {
		r.WindowSeconds = 300
	}
	return r
}

// validateRules judges rules that have their defaults.
func validateRules(rules []Rule) error {
	var problems []error
	seen := map[Kind]bool{}
	for i, rule := range rules {
		for _, problem := range rule.validate() {
			problems = append(problems, fmt.Errorf("rules[%d]: %w", i, problem))
		}
		if seen[rule.Kind] {
			problems = append(problems, fmt.Errorf("rules[%d]: kind: must be there once, got %q again", i, rule.Kind))
		}
		seen[rule.Kind] = true
	}
	return errors.Join(problems...)
}

func (r Rule) validate() []error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if r.Kind == RateLimit {
		if r.Limit < lowestLimit || r.Limit > highestLimit {
			problem("limit: must be between %d and %d requests, got %d", lowestLimit, highestLimit, r.Limit)
		}
		if !slices.Contains(windows, r.WindowSeconds) {
			problem("window: must be one of %v seconds, got %d", windows, r.WindowSeconds)
		}
		if len(r.CountRules) > 0 {
			problem("count rules: must be left out, %s is one rule, got %q", r.Kind, r.CountRules)
		}
		return problems
	}
	if _, known := groups[r.Kind]; !known {
		problem("kind: must be one of %q, got %q", Kinds(), r.Kind)
	}
	if r.Limit != 0 || r.WindowSeconds != 0 {
		problem("limit and window: must be left out but for %s, got %d in %d seconds", RateLimit, r.Limit, r.WindowSeconds)
	}
	if r.Count && len(r.CountRules) > 0 {
		problem("count rules: must be left out where the whole group counts, got %q", r.CountRules)
	}
	if slices.Contains(r.CountRules, "") {
		problem("count rules: must have names, got %q", r.CountRules)
	}
	return problems
}

package dns

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Part of the state: a rename ships with an alias.
const hostsType = "cloudinsight:dns:Hosts"

// Hosts are names that lead to a target, and the check whether it answers.
type Hosts struct {
	pulumi.ResourceState

	// Names of the records, as they are asked for.
	Names []string
	// CheckedName is the host that the health check asks, "" without one. What is behind the target has to answer to it.
	CheckedName string
	// HealthCheckID, empty without a check.
	HealthCheckID pulumi.StringOutput
}

// Target is what a host leads to: a CloudFront distribution or a load balancer.
type Target struct {
	// DNSName and ZoneID of the target, as AWS hands them out.
	DNSName pulumi.StringInput
	ZoneID  pulumi.StringInput
	// EvaluateHealth asks the target how it is; for load balancers only, CloudFront does not say.
	EvaluateHealth bool
	// IPv4Only leaves out the names for IPv6.
	IPv4Only bool
}

// HostsArgs says which names there are.
type HostsArgs struct {
	// Name of the environment's resources, such as cloudinsight-dev.
	Name string
	// Domain of the zone and the zone's ID.
	Domain string
	ZoneID pulumi.StringInput
	// Target of all hosts.
	Target Target

	// Hosts in full, the domain itself or one label under it (default the domain, api, grafana and argocd).
	Hosts []string
	// Secondary takes over when the check fails (default none).
	Secondary *Target
	// HealthCheckPath on the host api (default /healthz); NoHealthCheck goes without.
	HealthCheckPath string
	NoHealthCheck   bool
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	urlPath   = regexp.MustCompile(`^/[A-Za-z0-9._~/-]{0,254}$`)
)

// DefaultHosts of a domain: the app itself, its API and the tools of the people who run it.
func DefaultHosts(domain string) []string {
	return []string{domain, "api." + domain, "grafana." + domain, "argocd." + domain}
}

// NewHosts registers the health check and the records.
func NewHosts(ctx *pulumi.Context, name string, args *HostsArgs, opts ...pulumi.ResourceOption) (*Hosts, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("hosts %q: %w", name, err)
	}
	h := &Hosts{Names: a.Hosts, CheckedName: a.checked(), HealthCheckID: pulumi.String("").ToStringOutput()}
	if err := ctx.RegisterComponentResourceV2(hostsType, name, pulumi.Map{"domain": pulumi.String(a.Domain)}, h, opts...); err != nil {
		return nil, fmt.Errorf("hosts %q: %w", name, err)
	}
	b := &records{ctx: ctx, name: name, args: a, parent: pulumi.Parent(h)}
	if err := b.build(h); err != nil {
		return nil, fmt.Errorf("hosts %q: %w", name, err)
	}
	return h, ctx.RegisterResourceOutputs(h, pulumi.Map{"names": pulumi.ToStringArray(h.Names), "healthCheckId": h.HealthCheckID})
}

func (args *HostsArgs) withDefaults() HostsArgs {
	a := HostsArgs{}
	if args != nil {
		a = *args
	}
	if a.Hosts == nil {
		a.Hosts = DefaultHosts(a.Domain)
	}
	if a.HealthCheckPath == "" {
		a.HealthCheckPath = "/healthz"
	}
	return a
}

func (a *HostsArgs) validate() error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if a.Name == "" {
		problem("name: is required")
	}
	if !domainName.MatchString(a.Domain) {
		problem("domain: must be a domain name in lower case, got %q", a.Domain)
	}
	if a.ZoneID == nil {
		problem("zone id: is required")
	}
	for i, host := range a.Hosts {
		if label, ok := a.label(host); !ok || !domainName.MatchString(host) {
			problem("hosts[%d]: must be %s or one label under it, got %q", i, a.Domain, host)
		} else if label == primaryLabel {
			problem("hosts[%d]: must not be %q, which stays with the first target", i, host)
		}
		if slices.Contains(a.Hosts[:i], host) {
			problem("hosts[%d]: must be there once, got %q again", i, host)
		}
	}
	if !a.Target.complete() {
		problem("target: a dns name and its zone's id are required")
	}
	if a.Secondary != nil && !a.Secondary.complete() {
		problem("secondary: a dns name and its zone's id are required")
	}
	if a.Secondary != nil && a.NoHealthCheck {
		problem("secondary: must be left out without a health check, nothing would tell when it is its turn")
	}
	if !urlPath.MatchString(a.HealthCheckPath) {
		problem("health check path: must match %s, got %q", urlPath, a.HealthCheckPath)
	}
	if api := "api." + a.Domain; !a.NoHealthCheck && a.Secondary == nil && !slices.Contains(a.Hosts, api) {
		problem("hosts: must have %q, which the health check asks, got %q", api, a.Hosts)
	}
	return errors.Join(problems...)
}

func (t Target) complete() bool { return t.DNSName != nil && t.ZoneID != nil }

// label of a host within the domain, "" for the domain itself; false where the certificates do not reach.
func (a *HostsArgs) label(host string) (string, bool) {
	if host == a.Domain {
		return "", true
	}
	label, under := strings.CutSuffix(host, "."+a.Domain)
	return label, under && label != "" && !strings.Contains(label, ".")
}

// primaryLabel is the host that leads to the first target whatever happens.
const primaryLabel = "api-primary"

// checked is the host that the check asks. Where a second target can take over it is a host that never moves: asked under
// a name that moves, the second would answer for the first, and the names would go back and forth.
func (a *HostsArgs) checked() string {
	switch {
	case a.NoHealthCheck:
		return ""
	case a.Secondary != nil:
		return primaryLabel + "." + a.Domain
	default:
		return "api." + a.Domain
	}
}

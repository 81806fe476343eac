package apps

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/components/identity"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

var (
	logLevels  = []string{"DEBUG", "INFO", "WARN", "ERROR"}
	regions    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[1-9]$`)
	qosClasses = []corev1.PodQOSClass{corev1.PodQOSBestEffort, corev1.PodQOSBurstable, corev1.PodQOSGuaranteed}
)

// problems collects what is wrong, so that all of it is reported at once.
type problems []error

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

func (a Args) validate() error {
	rows := a.rows()
	p := a.problems(rows)
	if a.ClusterName == nil {
		p.add("clusterName: is required")
	}
	own := len(rows) - len(a.ExtraServices)
	for i, row := range rows {
		where := fmt.Sprintf("catalog[%d]", i)
		if i >= own {
			where = fmt.Sprintf("extraServices[%d]", i-own)
		}
		p = append(p, row.problems(where, a.Environment, rows)...)
		p = append(p, row.clashes(where, rows[:i])...)
	}
	if UsesStore(rows, Kafka) && a.Stores.Kafka != nil {
		p = append(p, flowProblems(topics, rows, a.Stores.Kafka.Brokers)...)
	}
	p = append(p, a.Stores.problems(rows)...)
	images := append(names(rows), topicsName)
	for _, service := range slices.Sorted(maps.Keys(a.Images)) {
		if !slices.Contains(images, service) {
			p.add("images.%s: must name a service or the topics job (%s)", service, strings.Join(images, ", "))
		}
		if image := a.Images[service]; image != "" {
			if err := checkImage(image); err != nil {
				p.add("images.%s: %w", service, err)
			}
		}
	}
	for _, service := range slices.Sorted(maps.Keys(a.Services)) {
		row, ok := find(rows, service)
		if !ok {
			p.add("services.%s: must name a service (%s)", service, strings.Join(names(rows), ", "))
			continue
		}
		p = append(p, a.overrideProblems(row)...)
	}
	return errors.Join(p...)
}

// overrideProblems judges the override of a service.
func (a Args) overrideProblems(row Row) problems {
	var p problems
	where, o := "services."+row.Name, a.Services[row.Name]
	if o.Replicas < 0 {
		p.add("%s.replicas: must be at least 1, got %d", where, o.Replicas)
	}
	if o.LogLevel != "" && !slices.Contains(logLevels, o.LogLevel) {
		p.add("%s.logLevel: must be one of %v, got %q", where, logLevels, o.LogLevel)
	}
	if a.Autoscaling == nil && (o.MinReplicas != 0 || o.MaxReplicas != 0) {
		p.add("%s: must set replicas where there is no autoscaling, got minReplicas %d and maxReplicas %d",
			where, o.MinReplicas, o.MaxReplicas)
	}
	if as := a.settingsOf(row.Name).Autoscaling; as != nil && (as.Min < 1 || as.Max < as.Min) {
		p.add("%s: must have 1 <= minReplicas <= maxReplicas, got %d and %d", where, as.Min, as.Max)
	}
	for _, q := range []struct{ key, got, least string }{
		{"cpu", o.CPU, "10m"},
		{"memory", o.Memory, leastMemory(row.Runtime)},
	} {
		if q.got == "" {
			continue
		}
		if a.QoS == corev1.PodQOSBestEffort {
			p.add("%s.%s: must be left out with qos %q, got %q", where, q.key, a.QoS, q.got)
			continue
		}
		quantity, err := resource.ParseQuantity(q.got)
		if err != nil || quantity.Cmp(resource.MustParse(q.least)) < 0 {
			p.add("%s.%s: must be a quantity of at least %s, got %q", where, q.key, q.least, q.got)
		}
	}
	return p
}

func leastMemory(r Runtime) string {
	if r == JVM {
		return fmt.Sprintf("%dMi", minJVMMemory)
	}
	return "64Mi"
}

func (s Settings) problems(rows []Row) problems {
	var p problems
	if len(validation.IsDNS1123Label(s.Namespace)) > 0 {
		p.add("namespace: must be a DNS label, got %q", s.Namespace)
	}
	if len(validation.IsDNS1123Label(s.Environment)) > 0 {
		p.add("environment: must be a DNS label, got %q", s.Environment)
	}
	if !regions.MatchString(s.Region) {
		p.add("region: must be an AWS region such as af-south-1, got %q", s.Region)
	}
	if !slices.Contains(qosClasses, s.QoS) {
		p.add("qos: must be one of %v, got %q", qosClasses, s.QoS)
	}
	if !slices.Contains(logLevels, s.LogLevel) {
		p.add("logLevel: must be one of %v, got %q", logLevels, s.LogLevel)
	}
	if s.Replicas < 1 {
		p.add("replicas: must be at least 1, got %d", s.Replicas)
	}
	if s.Autoscaling != nil {
		p = append(p, s.autoscalingProblems()...)
	}
	usesStores := slices.ContainsFunc(rows, func(r Row) bool { return len(r.Stores) > 0 })
	if usesStores && len(s.DataTierCIDRs) == 0 {
		p.add("dataTierCidrs: must name the data stores' subnets, got none")
	}
	p = append(p, rangeProblems("dataTierCidrs", s.DataTierCIDRs)...)
	p = append(p, rangeProblems("endpointCidrs", s.EndpointCIDRs)...)
	for i, namespace := range s.IngressNamespaces {
		if len(validation.IsDNS1123Label(namespace)) > 0 {
			p.add("ingressNamespaces[%d]: must be a DNS label, got %q", i, namespace)
		}
	}
	return p
}

// rangeProblems judges ranges of subnets.
func rangeProblems(where string, cidrs []string) problems {
	var p problems
	for i, cidr := range cidrs {
		// A VPC has at most a /16, so that a wider range reaches out of it.
		// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
		if prefix, err := netip.ParsePrefix(cidr); err != nil || prefix != prefix.Masked() || prefix.Bits() < 16 {
			p.add("%s[%d]: must be a network of /16 or smaller, got %q", where, i, cidr)
		}
	}
	return p
}

func (s Settings) autoscalingProblems() problems {
	var p problems
	as := s.Autoscaling
	if s.QoS == corev1.PodQOSBestEffort {
		p.add("autoscaling: needs requests to measure use against, got qos %q", s.QoS)
	}
	if as.Min < 1 {
		p.add("autoscaling.min: must be at least 1, got %d", as.Min)
	}
	if as.Max < as.Min {
		p.add("autoscaling.max: must be at least autoscaling.min (%d), got %d", as.Min, as.Max)
	}
	if as.CPUPercent == 0 && as.MemoryPercent == 0 {
		p.add("autoscaling: must aim at cpuPercent or memoryPercent, got neither")
	}
	for _, c := range []struct {
		key      string
		got, max int
	}{
		{"cpuPercent", as.CPUPercent, 100},
		{"memoryPercent", as.MemoryPercent, 100},
		// https://kubernetes.io/docs/reference/kubernetes-api/autoscaling/horizontal-pod-autoscaler-v2/
		{"scaleUpSeconds", as.ScaleUpSeconds, 3600},
		{"scaleDownSeconds", as.ScaleDownSeconds, 3600},
	} {
		if c.got < 0 || c.got > c.max {
			p.add("autoscaling.%s: must be between 0 and %d, got %d", c.key, c.max, c.got)
		}
	}
	return p
}

// problems of a row by itself, and of the services that it calls.
func (r Row) problems(where, environment string, rows []Row) problems {
	var p problems
	if len(validation.IsDNS1035Label(r.Name)) > 0 {
		p.add("%s.name: must be a DNS label that starts with a letter, got %q", where, r.Name)
	} else if role := roleName(environment, r.Name); len(role) > identity.MaxRoleNameLength {
		p.add("%s.name: must leave the role name %q within %d characters, got %d",
			where, role, identity.MaxRoleNameLength, len(role))
	}
	if r.Name == topicsName {
		p.add("%s.name: must not be %q, which is the job that makes topics", where, topicsName)
	}
	if user := RedisUserName(environment, r.Name); slices.Contains(r.Stores, Redis) && len(user) > maxRedisUserName {
		p.add("%s.name: must leave the Redis user %q within %d characters, got %d", where, user, maxRedisUserName, len(user))
	}
	if !slices.Contains(Runtimes, r.Runtime) {
		p.add("%s.runtime: must be one of %v, got %q", where, Runtimes, r.Runtime)
	}
	// Ports below 1024 need a privilege that the pods drop.
	if r.Port < 1024 || r.Port > 65535 {
		p.add("%s.port: must be between 1024 and 65535, got %d", where, r.Port)
	}
	for i, callee := range r.Calls {
		if _, ok := find(rows, callee); !ok {
			p.add("%s.calls[%d]: must name a service (%s), got %q", where, i, strings.Join(names(rows), ", "), callee)
		} else if callee == r.Name {
			p.add("%s.calls[%d]: must name another service, got %q", where, i, callee)
		}
	}
	for i, store := range r.Stores {
		if _, ok := storePorts[store]; !ok {
			p.add("%s.stores[%d]: must be one of %v, got %q", where, i, slices.Sorted(maps.Keys(storePorts)), store)
		}
	}
	p = append(p, r.eventProblems(where, topics)...)
	if r.SLO <= 0 || r.SLO >= 100 {
		p.add("%s.slo: must be above 0 and below 100 percent, got %v", where, r.SLO)
	}
	for i, dir := range r.Writable {
		if !path.IsAbs(dir) || path.Clean(dir) != dir || dir == "/" || dir == "/tmp" {
			p.add("%s.writable[%d]: must be an absolute path other than / and /tmp, got %q", where, i, dir)
		}
	}
	return p
}

// clashes of a row with the rows before it.
func (r Row) clashes(where string, before []Row) problems {
	var p problems
	for _, other := range before {
		if other.Name == r.Name {
			p.add("%s.name: must be unique, %q is taken", where, r.Name)
		}
		if other.Port == r.Port {
			p.add("%s.port: must be unique, %d is taken by %q", where, r.Port, other.Name)
		}
	}
	return p
}

func names(rows []Row) []string {
	var all []string
	for _, row := range rows {
		all = append(all, row.Name)
	}
	return all
}

package vpc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/addressplan"
)

// validate judges all that can be judged before anything is registered, and returns the address plan.
func (args NetworkArgs) validate(name string) (addressplan.Plan, error) {
	var problems []string
	problem := func(format string, values ...any) {
		problems = append(problems, fmt.Sprintf("network %q: ", name)+fmt.Sprintf(format, values...))
	}

	for path, value := range map[string]string{"region": args.Region, "cluster name": args.ClusterName} {
		if value == "" {
			problem("%s: is required", path)
		}
	}
	for path, zones := range map[string][]string{"zones": args.Zones, "data zones": args.DataZones} {
		if distinct := len(slices.Compact(slices.Sorted(slices.Values(zones)))); distinct < 2 || distinct < len(zones) {
			problem("%s: need at least 2, each once, got %q", path, zones)
		}
	}
	if !slices.Contains([]NATGateways{NATPerZone, NATSingle}, args.NATGateways) {
		problem("nat gateways: must be %s or %s, got %q", NATPerZone, NATSingle, args.NATGateways)
	}
	if !slices.Contains([]LogDestination{LogsToS3, LogsToCloudWatch}, args.FlowLogs.Destination) {
		problem("flow logs: destination must be %s or %s, got %q", LogsToS3, LogsToCloudWatch, args.FlowLogs.Destination)
	}
	if args.FlowLogs.RetentionDays < 0 {
		problem("flow logs: retention must be positive, got %d days", args.FlowLogs.RetentionDays)
	}
	if args.FlowLogs.Destination == LogsToS3 && args.FlowLogs.BucketARN == nil {
		problem("flow logs: bucket ARN is required for destination %s", LogsToS3)
	}
	if args.FlowLogs.Destination == LogsToCloudWatch && args.LogKeyARN == nil {
		problem("log key: is required, flow logs are always encrypted")
	}
	for i, service := range args.InterfaceEndpoints {
		if slices.Index(args.InterfaceEndpoints, service) < i {
			problem("interface endpoints: must name each once, got %q again", service)
		}
	}
	plan, err := addressplan.New(addressplan.Request{
		CIDR: args.CIDR, PodCIDR: args.PodCIDR, Zones: args.Zones, DataZones: args.DataZones, Subnets: args.Subnets,
	})
	var misplanned addressplan.Problems
	errors.As(err, &misplanned)
	for _, p := range misplanned {
		problem("%s", p)
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return addressplan.Plan{}, errors.New(strings.Join(problems, "\n"))
	}
	return plan, nil
}

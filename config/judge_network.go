package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/addressplan"
	"github.com/cloudinsight/platform/internal/instances"
)

// interfaceServices are the AWS services that a network may reach through interface endpoints.
// https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
var interfaceServices = []string{
	"athena", "autoscaling", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticfilesystem",
	"elasticloadbalancing", "events", "glue", "kms", "logs", "monitoring", "rds", "scheduler", "secretsmanager", "sns",
	"sqs", "ssm", "ssmmessages", "states", "sts", "xray",
}

func (j *judge) network() {
	n := j.config.Network
	j.zones("network.zones", n.Zones)
	j.zones("network.dataZones", n.DataZones)
	for _, zone := range n.Zones {
		if zone != "" && !slices.Contains(n.DataZones, zone) {
			j.add("network.dataZones", "must have all of network.zones, lacks %q", zone)
		}
	}
	j.addresses()

	unique(j, "network.interfaceEndpoints", n.InterfaceEndpoints)
	for i, service := range n.InterfaceEndpoints {
		j.known(fmt.Sprintf("network.interfaceEndpoints[%d]", i), service, interfaceServices, "service")
	}
}

func (j *judge) zones(path string, zones []string) {
	known := instances.Zones(j.config.Region)
	if known == nil {
		return // the region has its own problem
	}
	unique(j, path, zones)
	if len(slices.Compact(slices.Sorted(slices.Values(zones)))) < 2 {
		j.add(path, "must name at least 2 zones, got %d", len(zones))
	}
	for i, zone := range zones {
		if !slices.Contains(known, zone) {
			j.add(fmt.Sprintf("%s[%d]", path, i), "must be a zone of region %s (%s), got %q", j.config.Region, strings.Join(known, ", "), zone)
		}
	}
}

func (j *judge) addresses() {
	n := j.config.Network
	if n.CIDR == "" {
		j.add("network.cidr", "is required")
	}
	// A zone that the region lacks has its own problem; it should not look misplaced on top.
	real := func(zones []string) []string {
		known := instances.Zones(j.config.Region)
		return slices.DeleteFunc(slices.Clone(zones), func(zone string) bool { return !slices.Contains(known, zone) })
	}
	n.Zones, n.DataZones = real(n.Zones), real(n.DataZones)
	_, err := n.Plan()
	var problems addressplan.Problems
	errors.As(err, &problems)
	for _, p := range problems {
		if p.Path == "cidr" && n.CIDR == "" {
			continue
		}
		if p.Got == "" {
			j.add("network."+p.Path, "%s", p.Rule)
		} else {
			j.add("network."+p.Path, "%s, got %q", p.Rule, p.Got)
		}
	}
}

// Plan returns the ranges of the subnets.
func (n Network) Plan() (addressplan.Plan, error) {
	return addressplan.New(addressplan.Request{
		CIDR:      n.CIDR,
		PodCIDR:   n.PodCIDR,
		Zones:     n.Zones,
		DataZones: n.DataZones,
		Subnets:   addressplan.Subnets(n.Subnets),
	})
}

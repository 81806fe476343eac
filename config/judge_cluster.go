package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/cloudinsight/platform/internal/addressplan"
)

var (
	minorVersion = regexp.MustCompile(`^1\.[1-9][0-9]$`)
	roleARN      = regexp.MustCompile(`^arn:aws:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}$`)
)

// maxPublicAccessCIDRs is EKS's limit. https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
const maxPublicAccessCIDRs = 40

func (j *judge) cluster() {
	c := j.config.Cluster
	if !minorVersion.MatchString(c.Version) {
		j.add("cluster.version", `must be a Kubernetes minor version such as "1.36", got %q`, c.Version)
	}
	j.publicAccess(c.PublicAccessCIDRs)
	unique(j, "cluster.adminRoleArns", c.AdminRoleARNs)
	for i, arn := range c.AdminRoleARNs {
		if !roleARN.MatchString(arn) {
			j.add(fmt.Sprintf("cluster.adminRoleArns[%d]", i), "must be the ARN of an IAM role, got %q", arn)
		}
	}
	j.serviceRange()
}

// publicAccess keeps the API server from the world. Two halves of the internet are the internet too, hence the limit on
// the length of a range.
func (j *judge) publicAccess(ranges []string) {
	const path = "cluster.publicAccessCidrs"
	unique(j, path, ranges)
	if len(ranges) > maxPublicAccessCIDRs {
		j.add(path, "must have at most %d ranges, got %d", maxPublicAccessCIDRs, len(ranges))
	}
	for i, text := range ranges {
		at := fmt.Sprintf("%s[%d]", path, i)
		prefix, err := netip.ParsePrefix(text)
		switch {
		case err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked():
			j.add(at, "must be an IPv4 range such as 198.51.100.0/24, got %q", text)
		case prefix.Bits() < 8 && j.config.Environment != Dev:
			j.add(at, "must be /8 or longer outside dev, so that the API server is not open to the world, got %q", text)
		case prefix.Bits() >= 8 && slices.ContainsFunc(addressplan.Private, prefix.Overlaps):
			j.add(at, "must be a public range, got %q", text)
		}
	}
}

// serviceRange applies the rules of EKS.
// https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
func (j *judge) serviceRange() {
	const path = "cluster.serviceCidr"
	text := j.config.Cluster.ServiceCIDR
	prefix, err := netip.ParsePrefix(text)
	if err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() {
		j.add(path, "must be an IPv4 range such as 172.20.0.0/16, got %q", text)
		return
	}
	if prefix.Bits() < 12 || prefix.Bits() > 24 {
		j.add(path, "must be between /12 and /24, got %q", text)
	}
	inside := func(private netip.Prefix) bool {
		return private.Bits() <= prefix.Bits() && private.Contains(prefix.Addr())
	}
	if !slices.ContainsFunc(addressplan.Private, inside) {
		j.add(path, "must lie in %s, got %q", privateRanges(), text)
	}
	for key, other := range map[string]string{"network.cidr": j.config.Network.CIDR, "network.podCidr": j.config.Network.PodCIDR} {
		if taken, err := netip.ParsePrefix(other); err == nil && taken.Overlaps(prefix) {
			j.add(path, "must not overlap %s %s, got %q", key, other, text)
		}
	}
}

func privateRanges() string {
	var texts []string
	for _, private := range addressplan.Private {
		texts = append(texts, private.String())
	}
	return strings.Join(texts, ", ")
}

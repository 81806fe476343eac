package vpc

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/addressplan"
)

// Network ACLs keep no state: an answer needs a rule of its own. Answers go to the ports that clients choose from; NAT
// gateways and load balancers use all of them.
// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
const (
	firstClientPort = 1024
	lastPort        = 65535
)

// aclRule is one line of a network ACL; lines are read by rising number until one matches. DNS, time and instance
// metadata of the VPC itself pass without rules.
type aclRule struct {
	number   int
	deny     bool
	protocol string
	from, to int
	cidr     string
}

// acl is the two directions of one tier.
type acl struct {
	ingress, egress []aclRule
}

// source is a range of addresses inside the network.
type source struct {
	name, description string
	prefix            netip.Prefix
}

// inside lists the ranges that the network itself uses.
func (b *builder) inside() []source { return inside(b.plan) }

func inside(plan addressplan.Plan) []source {
	ranges := []source{{"vpc", "the VPC", plan.VPC}}
	if plan.PodRange.IsValid() {
		ranges = append(ranges, source{"pods", "the pods", plan.PodRange})
	}
	return ranges
}

// publicACL serves load balancers, which answer the internet, and NAT gateways, which ask it.
func publicACL(plan addressplan.Plan) acl {
	return acl{
		ingress: slices.Concat(
			allFromInside(plan),
			[]aclRule{
				// Clients of the load balancer; 80 only redirects to 443.
				{number: 200, protocol: "tcp", from: 80, to: 80, cidr: anywhere},
				{number: 210, protocol: "tcp", from: 443, to: 443, cidr: anywhere},
			},
			answersAndTheirSize(),
		),
		egress: slices.Concat(allFromInside(plan), askTheInternet(), answersAndTheirSize()),
	}
}

// privateACL serves nodes. A NAT gateway and a load balancer that keeps its clients' addresses leave those of the
// internet in the packets, so what holds for the public tier holds here too, but for ports below 1024.
func privateACL(plan addressplan.Plan) acl {
	return acl{
		ingress: slices.Concat(allFromInside(plan), answersAndTheirSize()),
		egress:  slices.Concat(allFromInside(plan), askTheInternet(), answersAndTheirSize()),
	}
}

// dataPorts are those that the data stores listen on.
var dataPorts = []struct{ from, to int }{
	{5432, 5432},   // PostgreSQL
	{6379, 6379},   // Redis
	{9094, 9098},   // Kafka over TLS
	{11001, 11002}, // metrics of Kafka, for Prometheus
	{27017, 27017}, // DocumentDB
}

// dataACL lets nodes and pods ask the data stores, the stores replicate among themselves, and nothing else.
func dataACL(plan addressplan.Plan) acl {
	var rules acl
	for i, zone := range slices.Sorted(maps.Keys(plan.Public)) {
		// What stands next to the internet has no business with the data.
		rules.ingress = append(rules.ingress, aclRule{number: 50 + i, deny: true, protocol: "-1", cidr: plan.Public[zone].String()})
	}
	for i, source := range inside(plan) {
		for j, ports := range dataPorts {
			rules.ingress = append(rules.ingress, aclRule{
				number: 100 + 10*j + i, protocol: "tcp", from: ports.from, to: ports.to, cidr: source.prefix.String(),
			})
		}
		rules.egress = append(rules.egress, aclRule{
			number: 100 + i, protocol: "tcp", from: firstClientPort, to: lastPort, cidr: source.prefix.String(),
		})
	}
	for i, zone := range slices.Sorted(maps.Keys(plan.Data)) {
		replicate := aclRule{number: 200 + i, protocol: "-1", cidr: plan.Data[zone].String()}
		rules.ingress = append(rules.ingress, replicate)
		rules.egress = append(rules.egress, replicate)
	}
	return rules
}

// allFromInside leaves traffic within the network to security groups.
func allFromInside(plan addressplan.Plan) []aclRule {
	var rules []aclRule
	for i, source := range inside(plan) {
		rules = append(rules, aclRule{number: 100 + i, protocol: "-1", cidr: source.prefix.String()})
	}
	return rules
}

// askTheInternet lets out the web and the time; mail and shells stay in.
func askTheInternet() []aclRule {
	return []aclRule{
		{number: 200, protocol: "tcp", from: 80, to: 80, cidr: anywhere},
		{number: 210, protocol: "tcp", from: 443, to: 443, cidr: anywhere},
		{number: 220, protocol: "udp", from: 123, to: 123, cidr: anywhere},
	}
}

// answersAndTheirSize passes answers, and the ICMP message that a packet was too large, without which large answers
// vanish.
func answersAndTheirSize() []aclRule {
	return []aclRule{
		{number: 300, protocol: "tcp", from: firstClientPort, to: lastPort, cidr: anywhere},
		{number: 310, protocol: "udp", from: firstClientPort, to: lastPort, cidr: anywhere},
		{number: 320, protocol: "icmp", cidr: anywhere},
	}
}

// ICMP "destination unreachable", "fragmentation needed".
const (
	icmpUnreachable         = 3
	icmpFragmentationNeeded = 4
)

func (r aclRule) action() pulumi.String {
	if r.deny {
		return "deny"
	}
	return "allow"
}

func (r aclRule) icmp() (pulumi.IntPtrInput, pulumi.IntPtrInput) {
	if r.protocol != "icmp" {
		return nil, nil
	}
	return pulumi.Int(icmpUnreachable), pulumi.Int(icmpFragmentationNeeded)
}

func (b *builder) acls(s *subnets) error {
	for _, tier := range []struct {
		name    string
		rules   acl
		subnets []map[string]*ec2.Subnet
	}{
		{"public", publicACL(b.plan), []map[string]*ec2.Subnet{s.public}},
		{"private", privateACL(b.plan), []map[string]*ec2.Subnet{s.private, s.pods}},
		{"data", dataACL(b.plan), []map[string]*ec2.Subnet{s.data}},
	} {
		ids := pulumi.StringArray{}
		for _, group := range tier.subnets {
			for _, zone := range slices.Sorted(maps.Keys(group)) {
				ids = append(ids, group[zone].ID())
			}
		}
		_, err := ec2.NewNetworkAcl(b.ctx, b.name+"-"+tier.name, &ec2.NetworkAclArgs{
			VpcId:     b.vpc.ID(),
			SubnetIds: ids,
			Ingress:   tier.rules.ingressArgs(),
			Egress:    tier.rules.egressArgs(),
			Tags:      b.tags(b.name + "-" + tier.name),
		}, b.parent)
		if err != nil {
			return err
		}
	}
	return nil
}

func (a acl) ingressArgs() ec2.NetworkAclIngressArray {
	rules := ec2.NetworkAclIngressArray{}
	for _, r := range byNumber(a.ingress) {
		icmpType, icmpCode := r.icmp()
		rules = append(rules, ec2.NetworkAclIngressArgs{
			RuleNo: pulumi.Int(r.number), Action: r.action(), Protocol: pulumi.String(r.protocol),
			FromPort: pulumi.Int(r.from), ToPort: pulumi.Int(r.to), CidrBlock: pulumi.String(r.cidr),
			IcmpType: icmpType, IcmpCode: icmpCode,
		})
	}
	return rules
}

func (a acl) egressArgs() ec2.NetworkAclEgressArray {
	rules := ec2.NetworkAclEgressArray{}
	for _, r := range byNumber(a.egress) {
		icmpType, icmpCode := r.icmp()
		rules = append(rules, ec2.NetworkAclEgressArgs{
			RuleNo: pulumi.Int(r.number), Action: r.action(), Protocol: pulumi.String(r.protocol),
			FromPort: pulumi.Int(r.from), ToPort: pulumi.Int(r.to), CidrBlock: pulumi.String(r.cidr),
			IcmpType: icmpType, IcmpCode: icmpCode,
		})
	}
	return rules
}

func byNumber(rules []aclRule) []aclRule {
	return slices.SortedFunc(slices.Values(rules), func(a, b aclRule) int { return cmp.Compare(a.number, b.number) })
}

package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// network is a VPC 10.0.0.0/16 with an internet gateway, a route table, an address and a subnet in two zones.
type network struct {
	*world
	vpc, igw, table, eip, a, b made
}

func newNetwork(t *testing.T) *network {
	n := &network{world: newWorld(t)}
	n.vpc = n.make(typeVPC, map[string]any{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	n.igw = n.make(typeInternetGateway, map[string]any{"vpcId": n.vpc.id})
	n.table = n.make(typeRouteTable, map[string]any{"vpcId": n.vpc.id})
	n.eip = n.make(typeEIP, map[string]any{"domain": "vpc"})
	n.a = n.subnet("10.0.1.0/24", "af-south-1a")
	n.b = n.subnet("10.0.2.0/24", "af-south-1b")
	return n
}

func (n *network) subnet(cidr, zone string) made {
	return n.make(typeSubnet, map[string]any{"vpcId": n.vpc.id, "cidrBlock": cidr, "availabilityZone": zone})
}

// refusal is what AWS would not do, and how it says so.
type refusal struct {
	typ  string
	in   map[string]any
	want string
}

func (w *world) refuses(t *testing.T, cases map[string]refusal) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := w.try(c.typ, c.in)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestNetwork_Refuses(t *testing.T) {
	n := newNetwork(t)
	other := n.make(typeVPC, map[string]any{"cidrBlock": "10.9.0.0/16"})
	elsewhere := n.make(typeSubnet, map[string]any{"vpcId": other.id, "cidrBlock": "10.9.1.0/24", "availabilityZone": "af-south-1a"})
	n.make(typeTableAssociation, map[string]any{"routeTableId": n.table.id, "subnetId": n.a.id})
	n.make(typeRoute, map[string]any{"routeTableId": n.table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": n.igw.id})
	n.make(typeNATGateway, map[string]any{"subnetId": n.a.id, "allocationId": n.eip.id})
	subnet := func(cidr, zone string) map[string]any {
		return map[string]any{"vpcId": n.vpc.id, "cidrBlock": cidr, "availabilityZone": zone}
	}
	n.refuses(t, map[string]refusal{
		"vpc too large":       {typeVPC, map[string]any{"cidrBlock": "10.0.0.0/8"}, "cidrBlock: must be between /16 and /28"},
		"host bits":           {typeVPC, map[string]any{"cidrBlock": "10.0.1.0/16"}, `did you mean "10.0.0.0/16"?`},
		"subnet overlaps":     {typeSubnet, subnet("10.0.1.128/25", "af-south-1a"), "InvalidSubnet.Conflict"},
		"subnet outside":      {typeSubnet, subnet("10.1.1.0/24", "af-south-1a"), "InvalidSubnet.Range"},
		"zone of elsewhere":   {typeSubnet, subnet("10.0.3.0/24", "eu-west-1a"), "InvalidParameterValue: Value (eu-west-1a) for parameter availabilityZone"},
		"no such vpc":         {typeSubnet, map[string]any{"vpcId": "vpc-0", "cidrBlock": "10.0.3.0/24"}, "InvalidVpcID.NotFound"},
		"second igw":          {typeInternetGateway, map[string]any{"vpcId": n.vpc.id}, "already has an internet gateway attached"},
		"address used twice":  {typeNATGateway, map[string]any{"subnetId": n.b.id, "allocationId": n.eip.id}, "Resource.AlreadyAssociated"},
		"nat without igw":     {typeNATGateway, map[string]any{"subnetId": elsewhere.id, "allocationId": n.eip.id}, "has no Internet gateway attached"},
		"nat without address": {typeNATGateway, map[string]any{"subnetId": n.b.id}, "allocationId: is required for a public NAT gateway"},
		"route twice":         {typeRoute, map[string]any{"routeTableId": n.table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": n.igw.id}, "RouteAlreadyExists"},
		"route nowhere":       {typeRoute, map[string]any{"routeTableId": n.table.id, "destinationCidrBlock": "1.0.0.0/8"}, "exactly one of"},
		"associated twice":    {typeTableAssociation, map[string]any{"routeTableId": n.table.id, "subnetId": n.a.id}, "Resource.AlreadyAssociated"},
		"table of another":    {typeTableAssociation, map[string]any{"routeTableId": n.table.id, "subnetId": elsewhere.id}, "belong to different networks"},
		"pod range overlaps":  {typeCIDRAssociation, map[string]any{"vpcId": n.vpc.id, "cidrBlock": "10.0.128.0/17"}, "InvalidVpc.Range"},
		"pod range refused":   {typeCIDRAssociation, map[string]any{"vpcId": n.vpc.id, "cidrBlock": "192.168.0.0/16"}, "is restricted"},
		"acl rule number": {typeNetworkACL, map[string]any{"vpcId": n.vpc.id, "ingress": []any{
			map[string]any{"ruleNo": 0, "action": "allow", "protocol": "-1", "cidrBlock": "0.0.0.0/0", "fromPort": 0, "toPort": 0},
		}}, "ingress[0].ruleNo: must be between 1 and 32766"},
		"acl ports": {typeNetworkACL, map[string]any{"vpcId": n.vpc.id, "egress": []any{
			map[string]any{"ruleNo": 1, "action": "permit", "protocol": "tcp", "cidrBlock": "0.0.0.0/0", "fromPort": 9, "toPort": 1},
		}}, "egress[0].fromPort: must not be above toPort, got 9 and 1"},
		"endpoint service": {typeEndpoint, map[string]any{"vpcId": n.vpc.id, "serviceName": "com.amazonaws.eu-west-1.s3"}, "InvalidServiceName"},
		"endpoint zones": {typeEndpoint, map[string]any{
			"vpcId": n.vpc.id, "serviceName": "com.amazonaws.af-south-1.sts", "vpcEndpointType": "Interface",
			"subnetIds": []any{n.a.id, n.subnet("10.0.4.0/24", "af-south-1a").id},
		}, "DuplicateSubnetsInSameZone"},
	})
	for range 2 {
		n.make(typeVPC, map[string]any{"cidrBlock": "10.50.0.0/16"})
	}
	n.make(typeVPC, map[string]any{"cidrBlock": "10.50.0.0/16"})
	n.refuses(t, map[string]refusal{"sixth vpc": {typeVPC, map[string]any{"cidrBlock": "10.0.0.0/16"}, "VpcLimitExceeded"}})
}

func TestNetwork_DeleteRefusesWhatIsInUse(t *testing.T) {
	n := newNetwork(t)
	nat := n.make(typeNATGateway, map[string]any{"subnetId": n.a.id, "allocationId": n.eip.id})
	group := n.make(typeSecurityGroup, map[string]any{"vpcId": n.vpc.id})
	from := n.make(typeSecurityGroup, map[string]any{"vpcId": n.vpc.id})
	rule := n.make(typeIngressRule, map[string]any{
		"securityGroupId": group.id, "referencedSecurityGroupId": from.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443,
	})
	assert.ErrorContains(t, n.delete(n.vpc), "DependencyViolation: The vpc '"+n.vpc.id+"' has dependencies")
	assert.ErrorContains(t, n.delete(n.a), "a network interface of "+nat.id)
	assert.ErrorContains(t, n.delete(n.eip), "InvalidIPAddress.InUse")
	assert.ErrorContains(t, n.delete(n.igw), "has some mapped public address(es)")
	assert.ErrorContains(t, n.delete(from), "has a dependent object: "+rule.id)
	for _, m := range []made{rule, from, group, nat, n.eip, n.a, n.b, n.table, n.igw, n.vpc} {
		require.NoError(t, n.delete(m), m.typ)
	}
}

func TestSecurityGroup_Refuses(t *testing.T) {
	n := newNetwork(t)
	group := n.make(typeSecurityGroup, map[string]any{"vpcId": n.vpc.id, "name": "web"})
	https := map[string]any{"securityGroupId": group.id, "cidrIpv4": "10.0.0.0/16", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
	n.make(typeIngressRule, https)
	n.refuses(t, map[string]refusal{
		"name twice":    {typeSecurityGroup, map[string]any{"vpcId": n.vpc.id, "name": "web"}, "InvalidGroup.Duplicate"},
		"name of an id": {typeSecurityGroup, map[string]any{"vpcId": n.vpc.id, "name": "sg-web"}, "does not begin with sg-"},
		"rule twice":    {typeIngressRule, https, "InvalidPermission.Duplicate"},
		"two sources":   {typeIngressRule, map[string]any{"securityGroupId": group.id, "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8", "prefixListId": "pl-1"}, "exactly one of"},
		"protocol":      {typeEgressRule, map[string]any{"securityGroupId": group.id, "ipProtocol": "http", "cidrIpv4": "10.0.0.0/8"}, `ipProtocol: must be one of [tcp udp icmp icmpv6 -1], got "http"`},
		"no ports":      {typeEgressRule, map[string]any{"securityGroupId": group.id, "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/8"}, "tcp needs fromPort and toPort"},
		"no group":      {typeEgressRule, map[string]any{"securityGroupId": "sg-0", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"}, "InvalidGroup.NotFound"},
	})
}

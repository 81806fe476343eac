package aws

import "github.com/cloudinsight/platform/sandbox/account"

// routeTargets are the properties that say where a route leads, each with the type that it names.
// "" is a target that the stand-in can't look up.
var routeTargets = map[string]string{
	"gatewayId": typeInternetGateway, "natGatewayId": typeNATGateway, "vpcEndpointId": typeEndpoint,
	"transitGatewayId": "", "vpcPeeringConnectionId": "", "networkInterfaceId": "", "egressOnlyGatewayId": "",
	"carrierGatewayId": "", "coreNetworkArn": "", "localGatewayId": "",
}

var routeDestinations = []string{"destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"}

func routeRules(in props, p *problems) {
	p.cidr(in, "destinationCidrBlock", "destinationCidrBlock", 0, 32)
	exactlyOne(in, p, "", sortedKeys(routeTargets))
	exactlyOne(in, p, "", routeDestinations)
}

// exactlyOne refuses none and several of the named properties.
func exactlyOne(in props, p *problems, path string, names []string) {
	var set []string
	for _, name := range names {
		if in.has(name) {
			set = append(set, name)
		}
	}
	if len(set) != 1 {
		p.add(path, "exactly one of %v must be set, got %v", names, set)
	}
}

// createRoute: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html
func createRoute(c *call) error {
	table := c.find(typeRouteTable, c.in.str("routeTableId"))
	if table == nil {
		return fail("CreateRoute", "InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", c.in.str("routeTableId"))
	}
	if err := checkRouteTarget(c, table.String("vpcId"), c.in); err != nil {
		return err
	}
	for _, other := range c.byProp(typeRoute, "routeTableId", table.ID) {
		for _, d := range routeDestinations {
			if c.in.has(d) && other.Props[d] == c.in[d] {
				return fail("CreateRoute", "RouteAlreadyExists", "The route identified by %s already exists in %s", c.in.str(d), table.ID)
			}
		}
	}
	c.id = "r-" + table.ID + hexDigits(10)
	c.out = props{"state": "active", "origin": "CreateRoute"}
	return nil
}

func checkInlineRoutes(c *call) error {
	for _, route := range c.in.objects("routes") {
		if err := checkRouteTarget(c, c.in.str("vpcId"), route); err != nil {
			return err
		}
	}
	return nil
}

func checkRouteTarget(c *call, vpc string, route props) error {
	for name, typ := range routeTargets {
		id := route.str(name)
		if id == "" || typ == "" || id == "local" {
			continue
		}
		target := c.find(typ, id)
		if target == nil {
			return fail("CreateRoute", "InvalidGatewayID.NotFound", "The target %s '%s' does not exist", name, id)
		}
		if in := vpcOf(c, target); in != vpc {
			return fail("CreateRoute", "InvalidParameterValue", "route table and %s %s belong to different networks (%s and %s)", name, id, vpc, in)
		}
	}
	return nil
}

// vpcOf returns the VPC in which a resource is, through its subnet where need be.
func vpcOf(c *call, r *account.Resource) string {
	if vpc := r.String("vpcId"); vpc != "" {
		return vpc
	}
	if subnet := c.find(typeSubnet, r.String("subnetId")); subnet != nil {
		return subnet.String("vpcId")
	}
	return ""
}

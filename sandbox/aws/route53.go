package aws

import (
	"fmt"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

// hostedZone answers getZone: by id, or by the name of a public zone, with or without the final dot.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html
func (p *Provider) hostedZone(in props) (map[string]any, error) {
	for _, unsupported := range []string{"tags", "vpcId"} {
		if in.has(unsupported) {
			return nil, fmt.Errorf("aws stand-in: getZone does not know %q yet", unsupported)
		}
	}
	name, id := strings.TrimSuffix(in.str("name"), "."), in.str("zoneId")
	if name == "" && id == "" {
		return nil, fmt.Errorf("either name or zone_id must be set")
	}
	var found []*account.Resource
	// Update, not View: the first look makes the account.
	err := p.account.Update(func(s *account.State) error {
		for _, zone := range s.List(account.TypeZone) {
			private := len(props(zone.Props).objects("vpcs")) > 0
			if (id == "" || zone.ID == id) && (name == "" || zone.String("name") == name) && private == in.boolean("privateZone") {
				found = append(found, zone)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no matching Route 53 Hosted Zone found: %s%s", name, id)
	case 1:
	default:
		return nil, fmt.Errorf("multiple Route 53 Hosted Zones matched; use additional constraints to reduce matches to a single Route 53 Hosted Zone: %s", name)
	}
	zone := found[0]
	out := map[string]any{"id": zone.ID, "zoneId": zone.ID, "arn": zone.ARN, "privateZone": in.boolean("privateZone"), "tags": map[string]any{}, "vpcId": ""}
	for k, v := range zone.Props {
		out[k] = v
	}
	return out, nil
}

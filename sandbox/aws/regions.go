package aws

// regions are those that the stand-in knows, each with its availability zones and their ids. The mapping of zone names to
// ids differs from account to account; in this account it is alphabetical.
// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
var regions = map[string][]zone{
	"af-south-1": {{"af-south-1a", "afs1-az1"}, {"af-south-1b", "afs1-az2"}, {"af-south-1c", "afs1-az3"}},
	"eu-west-1":  {{"eu-west-1a", "euw1-az1"}, {"eu-west-1b", "euw1-az2"}, {"eu-west-1c", "euw1-az3"}},
	"us-east-1": {
		{"us-east-1a", "use1-az1"}, {"us-east-1b", "use1-az2"}, {"us-east-1c", "use1-az3"},
		{"us-east-1d", "use1-az4"}, {"us-east-1e", "use1-az5"}, {"us-east-1f", "use1-az6"},
	},
}

type zone struct{ name, id string }

func zonesOf(region string) []zone { return regions[region] }

// zoneID returns the id of a zone of the region, or "".
func zoneID(region, name string) string {
	for _, z := range regions[region] {
		if z.name == name {
			return z.id
		}
	}
	return ""
}

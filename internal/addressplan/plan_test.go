package addressplan_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/addressplan"
)

func zones(letters string) []string {
	var names []string
	for _, letter := range letters {
		names = append(names, "af-south-1"+string(letter))
	}
	return names
}

func TestNew_FollowsTheOffsetsOfTheTiers(t *testing.T) {
	plan, err := addressplan.New(addressplan.Request{
		CIDR: "10.2.0.0/16", PodCIDR: "100.64.0.0/16", Zones: zones("ab"), DataZones: zones("abc"),
	})
	require.NoError(t, err)

	assert.Equal(t, map[string]netip.Prefix{
		"af-south-1a": netip.MustParsePrefix("10.2.1.0/24"),
		"af-south-1b": netip.MustParsePrefix("10.2.2.0/24"),
	}, plan.Public)
	assert.Equal(t, netip.MustParsePrefix("10.2.12.0/24"), plan.Private["af-south-1b"])
	assert.Equal(t, netip.MustParsePrefix("10.2.23.0/24"), plan.Data["af-south-1c"])
	assert.Equal(t, map[string]netip.Prefix{
		"af-south-1a": netip.MustParsePrefix("100.64.0.0/18"),
		"af-south-1b": netip.MustParsePrefix("100.64.64.0/18"),
	}, plan.Pods)
}

// Any range and any choice of zones: subnets lie inside, share no address, and stay put when a zone is added.
func TestNew_Properties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		bits := 16 + random.IntN(5)
		cidr := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(random.IntN(256)), byte(random.IntN(256)), 0}), bits).Masked()
		letters := "abcdefghi"
		count := 2 + random.IntN(7)
		request := addressplan.Request{CIDR: cidr.String(), Zones: zones(letters[:count]), DataZones: zones(letters[:count])}
		small, err := addressplan.New(request)
		require.NoError(t, err, cidr)

		request.Zones, request.DataZones = zones(letters[:count+1]), zones(letters[:count+1])
		large, err := addressplan.New(request)
		require.NoError(t, err, cidr)

		var all []netip.Prefix
		for name, tier := range map[string][2]map[string]netip.Prefix{
			"public":  {small.Public, large.Public},
			"private": {small.Private, large.Private},
			"data":    {small.Data, large.Data},
		} {
			require.Len(t, tier[1], count+1)
			for zone, prefix := range tier[0] {
				require.Equal(t, prefix, tier[1][zone], "%s %s %s moved", cidr, name, zone)
			}
			for _, prefix := range tier[1] {
				require.True(t, cidr.Contains(prefix.Addr()) && prefix.Bits() == bits+8, "%s outside %s", prefix, cidr)
				for _, other := range all {
					require.False(t, other.Overlaps(prefix), "%s: %s overlaps %s", cidr, other, prefix)
				}
				all = append(all, prefix)
			}
		}
	}
}

func TestNew_Refuses(t *testing.T) {
	base := func(change func(*addressplan.Request)) addressplan.Request {
		r := addressplan.Request{CIDR: "10.0.0.0/16", Zones: zones("ab"), DataZones: zones("abc")}
		change(&r)
		return r
	}
	for name, test := range map[string]struct {
		request addressplan.Request
		want    []string
	}{
		"not a range": {
			base(func(r *addressplan.Request) { r.CIDR = "10.0.0.0" }),
			[]string{`cidr: must be an IPv4 range such as 10.0.0.0/16, got "10.0.0.0"`},
		},
		"IPv6": {
			base(func(r *addressplan.Request) { r.CIDR = "fd00::/16" }),
			[]string{`cidr: must be an IPv4 range such as 10.0.0.0/16, got "fd00::/16"`},
		},
		"host bits": {
			base(func(r *addressplan.Request) { r.CIDR = "10.0.0.1/16" }),
			[]string{`cidr: must start at its first address, 10.0.0.0/16, got "10.0.0.1/16"`},
		},
		"too small": {
			base(func(r *addressplan.Request) { r.CIDR = "10.0.0.0/24" }),
			[]string{`cidr: must be between /16 and /20, got "10.0.0.0/24"`},
		},
		"public range": {
			base(func(r *addressplan.Request) { r.CIDR = "52.0.0.0/16" }),
			[]string{`cidr: must lie in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, got "52.0.0.0/16"`},
		},
		"outside and unknown zone": {
			base(func(r *addressplan.Request) {
				r.Subnets.Private = map[string]string{"af-south-1a": "10.9.1.0/24", "af-south-1c": "10.0.13.0/24"}
			}),
			[]string{
				`subnets.private.af-south-1a: must lie inside network.cidr 10.0.0.0/16, got "10.9.1.0/24"`,
				`subnets.private.af-south-1c: must be a zone of the tier, got "af-south-1c"`,
			},
		},
		"subnet too small": {
			base(func(r *addressplan.Request) { r.Subnets.Data = map[string]string{"af-south-1a": "10.0.50.0/29"} }),
			[]string{`subnets.data.af-south-1a: must be between /16 and /28, got "10.0.50.0/29"`},
		},
		"overlap across tiers": {
			base(func(r *addressplan.Request) { r.Subnets.Private = map[string]string{"af-south-1a": "10.0.0.0/20"} }),
			[]string{
				`subnets.private.af-south-1a: must not overlap network.subnets.public.af-south-1a 10.0.1.0/24, got "10.0.0.0/20"`,
				`subnets.private.af-south-1a: must not overlap network.subnets.public.af-south-1b 10.0.2.0/24, got "10.0.0.0/20"`,
				`subnets.private.af-south-1b: must not overlap network.subnets.private.af-south-1a 10.0.0.0/20, got "10.0.12.0/24"`,
			},
		},
		"zone beyond the plan": {
			base(func(r *addressplan.Request) { r.Zones = []string{"xx-north-1a", "xx-north-1k"} }),
			[]string{
				`subnets.public.xx-north-1k: must be given, since the plan ends at zone i`,
				`subnets.private.xx-north-1k: must be given, since the plan ends at zone i`,
			},
		},
		"pods in the VPC": {
			base(func(r *addressplan.Request) { r.PodCIDR = "10.0.128.0/18" }),
			[]string{`podCidr: must not overlap network.cidr 10.0.0.0/16, got "10.0.128.0/18"`},
		},
		"pods in another private range": {
			base(func(r *addressplan.Request) { r.PodCIDR = "172.16.0.0/16" }),
			[]string{`podCidr: must lie in 100.64.0.0/10 or in the private range of network.cidr 10.0.0.0/16, got "172.16.0.0/16"`},
		},
		"pods in the first of 10": {
			base(func(r *addressplan.Request) { r.CIDR, r.PodCIDR = "10.1.0.0/16", "10.0.0.0/16" }),
			[]string{`podCidr: must lie outside 10.0.0.0/16 for a network.cidr in 10.0.0.0/15, got "10.0.0.0/16"`},
		},
		"pods too few": {
			base(func(r *addressplan.Request) { r.PodCIDR = "100.64.0.0/27" }),
			[]string{`podCidr: must be between /16 and /26, got "100.64.0.0/27"`},
		},
		"pods beyond zone d": {
			base(func(r *addressplan.Request) { r.PodCIDR, r.Zones = "100.64.0.0/16", zones("ae") }),
			[]string{`podCidr: has a quarter for each of the zones a to d, got "af-south-1e"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := addressplan.New(test.request)
			var problems addressplan.Problems
			require.ErrorAs(t, err, &problems)
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			assert.ElementsMatch(t, test.want, got)
		})
	}
}

func TestNew_MovedSubnetLeavesTheOthers(t *testing.T) {
	plan, err := addressplan.New(addressplan.Request{
		CIDR: "10.0.0.0/16", Zones: zones("ab"), DataZones: zones("ab"),
		Subnets: addressplan.Subnets{Private: map[string]string{"af-south-1a": "10.0.64.0/20"}},
	})
	require.NoError(t, err)
	assert.Equal(t, "10.0.64.0/20", plan.Private["af-south-1a"].String())
	assert.Equal(t, "10.0.12.0/24", plan.Private["af-south-1b"].String())
}

func ExampleNew() {
	plan, _ := addressplan.New(addressplan.Request{CIDR: "10.0.0.0/16", Zones: []string{"af-south-1a", "af-south-1b"}})
	fmt.Println(plan.Public["af-south-1a"], plan.Private["af-south-1b"])
	// Output: 10.0.1.0/24 10.0.12.0/24
}

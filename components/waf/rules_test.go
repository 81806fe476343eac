package waf

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCapacity_OfTheDefaultsIsInThePrice(t *testing.T) {
	assert.Equal(t, 2+25+50+700+200+200, Capacity(DefaultRules()))
	assert.LessOrEqual(t, Capacity(DefaultRules()), IncludedCapacity)
	assert.Zero(t, Capacity(nil))
}

func TestCapacity_OfAllKindsIsMoreThanThePriceIncludes(t *testing.T) {
	var all []Rule
	for _, kind := range Kinds() {
		all = append(all, Rule{Kind: kind})
	}
	assert.Len(t, all, 9)
	assert.Equal(t, 1577, Capacity(all))
	assert.Greater(t, Capacity(all), IncludedCapacity)
	assert.Less(t, Capacity(all), HighestCapacity)
}

func TestDefaultRules_BlockAndAreCheapFirst(t *testing.T) {
	for _, rule := range DefaultRules() {
		assert.False(t, rule.Count, rule.Kind)
		assert.Empty(t, rule.withDefaults().validate(), rule.Kind)
	}
	assert.Equal(t, RateLimit, DefaultRules()[0].Kind)
}

func TestValidateRules(t *testing.T) {
	for name, c := range map[string]struct {
		rules []Rule
		want  string // none: taken
	}{
		"lowest limit":        {[]Rule{{Kind: RateLimit, Limit: 10, WindowSeconds: 60}}, ""},
		"below AWS's floor":   {[]Rule{{Kind: RateLimit, Limit: 9}}, "rules[0]: limit: must be between 10 and 2000000000 requests, got 9"},
		"odd window":          {[]Rule{{Kind: RateLimit, WindowSeconds: 90}}, "rules[0]: window: must be one of [60 120 300 600] seconds, got 90"},
		"rate without group":  {[]Rule{{Kind: RateLimit, CountRules: []string{"x"}}}, "rules[0]: count rules: must be left out, rate-limit is one rule"},
		"unknown":             {[]Rule{{Kind: "owasp"}}, `rules[0]: kind: must be one of ["admin-protection"`},
		"limit of a group":    {[]Rule{{Kind: Linux, Limit: 5}}, "rules[0]: limit and window: must be left out but for rate-limit, got 5"},
		"twice":               {[]Rule{{Kind: Linux}, {Kind: POSIX}, {Kind: Linux}}, `rules[2]: kind: must be there once, got "linux" again`},
		"counts all and some": {[]Rule{{Kind: Linux, Count: true, CountRules: []string{"LFI_BODY"}}}, "rules[0]: count rules: must be left out where the whole group counts"},
		"nameless":            {[]Rule{{Kind: Linux, CountRules: []string{""}}}, "rules[0]: count rules: must have names"},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.rules {
				c.rules[i] = c.rules[i].withDefaults()
			}
			err := validateRules(c.rules)
			if c.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.want)
		})
	}
}

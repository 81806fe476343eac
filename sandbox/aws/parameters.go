package aws

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parameter is one setting of a family of parameter groups.
type parameter struct {
	static  bool   // takes effect at a restart only
	allowed string // values between commas, or "low-high" of whole numbers; "" for text
	ratio   bool   // allowed bounds are of fractions
}

// allows says whether AWS takes the value. A formula is RDS's own to work out.
func (p parameter) allows(value string) bool {
	if p.allowed == "" || strings.HasPrefix(value, "{") || strings.ContainsAny(value, "()") {
		return true
	}
	low, high, isRange := strings.Cut(p.allowed, "-")
	first, lowErr := strconv.ParseFloat(low, 64)
	last, highErr := strconv.ParseFloat(high, 64)
	if strings.HasPrefix(p.allowed, "-1-") {
		first, lowErr = -1, nil
		last, highErr = strconv.ParseFloat(p.allowed[3:], 64)
		isRange = true
	}
	if !isRange || lowErr != nil || highErr != nil {
		return slices.Contains(strings.Split(p.allowed, ","), value)
	}
	v, err := strconv.ParseFloat(value, 64)
	if !p.ratio && strings.Contains(value, ".") {
		return false
	}
	return err == nil && v >= first && v <= last
}

const (
	toggle    = "0,1"
	anyInt    = "0-2147483647"
	anySigned = "-1-2147483647"
)

// parameterRules judges the parts of a parameter group that need no account: the family and each parameter's form.
func parameterRules(in props, prefix string, known map[string]map[string]parameter, p *problems) {
	family := in.str("family")
	if in.known("family") && known[family] == nil {
		p.add("family", "must be a family of %s that the stand-in knows (%s), got %q", prefix, strings.Join(sortedKeys(known), ", "), family)
	}
	seen := map[string]bool{}
	for i, set := range in.objects("parameters") {
		path := fmt.Sprintf("parameters[%d]", i)
		p.oneOf(set, path+".applyMethod", "applyMethod", "immediate", "pending-reboot")
		if name := set.str("name"); seen[name] {
			p.add(path+".name", "is there twice: %s", name)
		}
		seen[set.str("name")] = true
	}
}

// checkParameters refuses what the family does not have, what a parameter does not take, and a static one that is to take
// effect at once.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html
//
// unset is how a parameter takes effect that does not say it.
func checkParameters(c *call, operation, unset string, known map[string]map[string]parameter) error {
	for _, set := range c.in.objects("parameters") {
		name, value := set.str("name"), set.str("value")
		one, ok := known[c.in.str("family")][name]
		if !ok {
			return fail(operation, "InvalidParameterValue", "Could not find parameter with name: %s (of the family %s the stand-in knows those of sandbox/aws)", name, c.in.str("family"))
		}
		if !one.allows(value) {
			return fail(operation, "InvalidParameterValue", "Invalid parameter value: %s for: %s allowed values are: %s", value, name, one.allowed)
		}
		method := set.str("applyMethod")
		if method == "" {
			method = unset
		}
		if one.static && method == "immediate" {
			return fail(operation, "InvalidParameterCombination", "cannot use immediate apply method for static parameter: %s", name)
		}
	}
	return nil
}

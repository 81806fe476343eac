package aws

import (
	"fmt"
	"regexp"
	"strings"
)

var scanFilter = regexp.MustCompile(`^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$`)

// registryPart is a setting of the account's registry in a region: there is one of each.
func registryPart(operation string, rules func(props, *problems), check func(*call) error) kind {
	if check == nil {
		check = func(*call) error { return nil }
	}
	return kind{
		rules: rules, update: check,
		create: func(c *call) error {
			if other := c.find(kindOfURN(c.urn), c.state.AccountID); other != nil {
				return overwrites(operation, other)
			}
			c.id = c.state.AccountID
			c.out = props{"registryId": c.state.AccountID}
			return check(c)
		},
	}
}

func registryScanRules(in props, p *problems) {
	p.oneOf(in, "scanType", "scanType", "BASIC", "ENHANCED")
	if n := len(in.objects("rules")); n > 2 {
		p.add("rules", "there are at most 2, got %d", n)
	}
	frequencies := map[string][]string{"BASIC": {"SCAN_ON_PUSH", "MANUAL"}, "ENHANCED": {"SCAN_ON_PUSH", "CONTINUOUS_SCAN"}}[in.str("scanType")]
	seen := map[string]bool{}
	for i, rule := range in.objects("rules") {
		path := fmt.Sprintf("rules[%d]", i)
		if frequencies != nil {
			p.oneOf(rule, path+".scanFrequency", "scanFrequency", frequencies...)
		}
		if f := rule.str("scanFrequency"); seen[f] && f != "" {
			p.add(path+".scanFrequency", "must be unique, got %q twice", f)
		}
		seen[rule.str("scanFrequency")] = true
		if len(rule.objects("repositoryFilters")) == 0 {
			p.add(path+".repositoryFilters", "is required")
		}
		for j, f := range rule.objects("repositoryFilters") {
			at := fmt.Sprintf("%s.repositoryFilters[%d]", path, j)
			p.oneOf(f, at+".filterType", "filterType", "WILDCARD")
			if f.known("filter") && !scanFilter.MatchString(f.str("filter")) {
				p.add(at+".filter", "must match %s, got %q", scanFilter, f.str("filter"))
			}
		}
	}
}

func imageReplicationRules(in props, p *problems) {
	rules := in.object("replicationConfiguration").objects("rules")
	if len(rules) > 10 {
		p.add("replicationConfiguration.rules", "there are at most 10, got %d", len(rules))
	}
	unique := map[string]bool{}
	for i, rule := range rules {
		path := fmt.Sprintf("replicationConfiguration.rules[%d]", i)
		if len(rule.objects("destinations")) == 0 {
			p.add(path+".destinations", "is required")
		}
		for _, d := range rule.objects("destinations") {
			unique[d.str("region")+" "+d.str("registryId")] = true
		}
		for j, f := range rule.objects("repositoryFilters") {
			at := fmt.Sprintf("%s.repositoryFilters[%d]", path, j)
			p.oneOf(f, at+".filterType", "filterType", "PREFIX_MATCH")
			if n := len(f.str("filter")); f.known("filter") && (n < 2 || n > 256) {
				p.add(at+".filter", "has 2 to 256 characters, got %q", f.str("filter"))
			}
		}
	}
	if len(unique) > 25 {
		p.add("replicationConfiguration.rules", "there are at most 25 destinations across all rules, got %d", len(unique))
	}
}

func checkImageReplication(c *call) error {
	const operation, code = "PutReplicationConfiguration", "InvalidParameterException"
	for _, rule := range c.in.object("replicationConfiguration").objects("rules") {
		for _, d := range rule.objects("destinations") {
			switch region, registry := d.str("region"), d.str("registryId"); {
			case registry != c.state.AccountID:
				return fmt.Errorf("aws stand-in: it does not know the registry of another account: %s", registry)
			case region == c.region:
				return fail(operation, code, "Replication destination can't be the source registry's own region: %s", region)
			case zonesOf(region) == nil:
				return fail(operation, code, "The replication destination region is not valid or not known to the stand-in (%s): %s",
					strings.Join(sortedKeys(regions), ", "), region)
			}
		}
	}
	return nil
}

var templatePrefix = regexp.MustCompile(`^(ROOT|(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*/?)$`)

// imageTemplateRules: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepositoryCreationTemplate.html
func imageTemplateRules(in props, p *problems) {
	if n := in.str("prefix"); in.known("prefix") && !templatePrefix.MatchString(n) {
		p.add("prefix", "must be ROOT or match %s, got %q", templatePrefix, n)
	}
	for _, use := range in.strings("appliedFors") {
		if use != "PULL_THROUGH_CACHE" && use != "REPLICATION" {
			p.add("appliedFors", "must be of [PULL_THROUGH_CACHE REPLICATION], got %q", use)
		}
	}
	repositoryRules(props{"imageTagMutability": in["imageTagMutability"], "encryptionConfigurations": in["encryptionConfigurations"]}, p)
	imageLifecycleRules("lifecyclePolicy", in, p)
	resourcePolicy(in, "repositoryPolicy", "ecr", 10240, p)
	encrypted := false
	for _, e := range in.objects("encryptionConfigurations") {
		encrypted = encrypted || e.known("encryptionType") && e.str("encryptionType") != "AES256"
	}
	if (in.has("resourceTags") || encrypted) && !in.has("customRoleArn") {
		p.add("customRoleArn", "is required for tags and for encryption with a key")
	}
}

func checkImageTemplate(c *call) error {
	const operation = "CreateRepositoryCreationTemplate"
	if role := c.in.str("customRoleArn"); role != "" {
		if err := needServiceRole(c, operation, "InvalidParameterException", role, "ecr.amazonaws.com"); err != nil {
			return err
		}
	}
	for _, e := range c.in.objects("encryptionConfigurations") {
		if err := needAnyKey(c, operation, "KmsException", e.str("kmsKey")); err != nil {
			return err
		}
	}
	if !c.in.has("repositoryPolicy") {
		return nil
	}
	return checkPrincipals(c, operation, "InvalidParameterException", c.in["repositoryPolicy"])
}

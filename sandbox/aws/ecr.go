package aws

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeRepository       = "aws:ecr/repository:Repository"
	typeImageLifecycle   = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
	typeRepositoryPolicy = "aws:ecr/repositoryPolicy:RepositoryPolicy"
	typeRegistryPolicy   = "aws:ecr/registryPolicy:RegistryPolicy"
	typeRegistryScan     = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
	typeImageReplication = "aws:ecr/replicationConfiguration:ReplicationConfiguration"

	// repositoryHoldsImages are the tags or digests that were pushed; such a repository is not deleted without forceDelete.
	repositoryHoldsImages = "__images"
)

var (
	repositoryName = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)
	scanFilter     = regexp.MustCompile(`^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$`)
)

// ecrKinds are image repositories and what is set for the registry as a whole.
// Rules: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html, API_PutReplicationConfiguration.html,
// API_PutRegistryScanningConfiguration.html.
var ecrKinds = map[string]kind{
	typeRepository: {
		name: "name", nameMax: 256,
		replace: []string{"name", "encryptionConfigurations"},
		rules:   repositoryRules,
		create:  createRepository,
		remove: func(c *call) error {
			if images := c.in.strings(repositoryHoldsImages); len(images) > 0 && !c.in.boolean("forceDelete") {
				return fail("DeleteRepository", "RepositoryNotEmptyException",
					"The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images: %v", c.id, c.state.AccountID, images)
			}
			for _, typ := range []string{typeImageLifecycle, typeRepositoryPolicy} {
				if r := c.find(typ, c.id); r != nil {
					c.state.Remove(r)
				}
			}
			return nil
		},
	},
	typeImageLifecycle: repositoryPart("PutLifecyclePolicy", imageLifecycleRules, nil, "repository", "policy"),
	typeRepositoryPolicy: repositoryPart("SetRepositoryPolicy", func(in props, p *problems) { resourcePolicy(in, "policy", "ecr", 10240, p) },
		func(c *call) error {
			return checkPrincipals(c, "SetRepositoryPolicy", "InvalidParameterException", c.in["policy"])
		}, "repository"),
	typeRegistryPolicy: registryPart("PutRegistryPolicy", func(in props, p *problems) { resourcePolicy(in, "policy", "ecr", 10240, p) },
		func(c *call) error {
			return checkPrincipals(c, "PutRegistryPolicy", "InvalidParameterException", c.in["policy"])
		}),
	typeRegistryScan:     registryPart("PutRegistryScanningConfiguration", registryScanRules, nil),
	typeImageReplication: registryPart("PutReplicationConfiguration", imageReplicationRules, checkImageReplication),
}

func repositoryRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && (len(n) < 2 || len(n) > 256 || !repositoryName.MatchString(n)) {
		p.add("name", "must be 2 to 256 characters and match %s, got %q", repositoryName, n)
	}
	p.oneOf(in, "imageTagMutability", "imageTagMutability", "MUTABLE", "IMMUTABLE")
	for i, e := range in.objects("encryptionConfigurations") {
		path := fmt.Sprintf("encryptionConfigurations[%d]", i)
		p.oneOf(e, path+".encryptionType", "encryptionType", "AES256", "KMS", "KMS_DSSE")
		if e.has("kmsKey") && (e.str("encryptionType") == "AES256" || !e.has("encryptionType")) {
			p.add(path+".kmsKey", "only encryption of type KMS has a key")
		}
	}
}

func createRepository(c *call) error {
	name := c.in.str("name")
	if c.find(typeRepository, name) != nil {
		return fail("CreateRepository", "RepositoryAlreadyExistsException", "The repository with name '%s' already exists in the registry with id '%s'", name, c.state.AccountID)
	}
	for _, e := range c.in.objects("encryptionConfigurations") {
		if err := needAnyKey(c, "CreateRepository", "KmsException", e.str("kmsKey")); err != nil {
			return err
		}
	}
	c.id = name
	c.arn = c.arnOf("ecr", "repository/"+name)
	c.out = props{
		"registryId":    c.state.AccountID,
		"repositoryUrl": fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s", c.state.AccountID, c.region, name),
	}
	if !c.in.has("imageTagMutability") {
		c.out["imageTagMutability"] = "MUTABLE"
	}
	if !c.in.has("encryptionConfigurations") {
		c.out["encryptionConfigurations"] = []any{map[string]any{"encryptionType": "AES256", "kmsKey": ""}}
	}
	return nil
}

// repositoryPart is a policy of a repository: there is one of each.
func repositoryPart(operation string, rules func(props, *problems), check func(*call) error, replace ...string) kind {
	if check == nil {
		check = func(*call) error { return nil }
	}
	return kind{
		replace: replace, rules: rules, update: check,
		create: func(c *call) error {
			name := c.in.str("repository")
			if c.find(typeRepository, name) == nil {
				return fail(operation, "RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", name, c.state.AccountID)
			}
			if other := c.find(kindOfURN(c.urn), name); other != nil {
				return overwrites(operation, other)
			}
			c.id = name
			c.out = props{"registryId": c.state.AccountID}
			return check(c)
		},
	}
}

// overwrites refuses what AWS would take as a change of what is there: the later of two resources would undo the
// earlier, and deleting either would take both away.
func overwrites(operation string, other *account.Resource) error {
	return fail(operation, "Conflict", "%s is set already by %s: one resource would undo the other; a replacement has to be deleted before it is made", other.ID, other.URN)
}

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

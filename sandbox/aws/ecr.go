package aws

import (
	"fmt"
	"regexp"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeRepository       = "aws:ecr/repository:Repository"
	typeImageLifecycle   = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
	typeRepositoryPolicy = "aws:ecr/repositoryPolicy:RepositoryPolicy"
	typeRegistryPolicy   = "aws:ecr/registryPolicy:RegistryPolicy"
	typeRegistryScan     = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
	typeImageReplication = "aws:ecr/replicationConfiguration:ReplicationConfiguration"
	typeImageTemplate    = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"

	// repositoryHoldsImages are the tags or digests that were pushed; such a repository is not deleted without forceDelete.
	repositoryHoldsImages = "__images"
)

var repositoryName = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

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
	typeImageLifecycle: repositoryPart("PutLifecyclePolicy", func(in props, p *problems) { imageLifecycleRules("policy", in, p) }, nil, "repository", "policy"),
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
	typeImageTemplate: {
		replace: []string{"prefix"},
		rules:   imageTemplateRules,
		create: func(c *call) error {
			c.id = c.in.str("prefix")
			if c.find(typeImageTemplate, c.id) != nil {
				return fail("CreateRepositoryCreationTemplate", "TemplateAlreadyExistsException", "The repository creation template already exists: %s", c.id)
			}
			c.out = props{"registryId": c.state.AccountID}
			return checkImageTemplate(c)
		},
		update: checkImageTemplate,
	},
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

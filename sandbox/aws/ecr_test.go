package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

func TestRepository_DefaultsAndDeletion(t *testing.T) {
	w := newWorld(t)
	r := w.make(typeRepository, map[string]any{"name": "cloudinsight/api"})
	assert.Equal(t, w.accountID()+".dkr.ecr.af-south-1.amazonaws.com/cloudinsight/api", r.outputs.str("repositoryUrl"))
	assert.Equal(t, "MUTABLE", r.outputs.str("imageTagMutability"))
	assert.Equal(t, "arn:aws:ecr:af-south-1:"+w.accountID()+":repository/cloudinsight/api", r.outputs.str("arn"))
	w.change(func(s *account.State) { s.Get(typeRepository, r.id).Props[repositoryHoldsImages] = []any{"v1"} })
	assert.ErrorContains(t, w.delete(r), "RepositoryNotEmptyException")
	_, err := w.update(r, map[string]any{"name": "cloudinsight/api", "forceDelete": true})
	require.NoError(t, err)
	require.NoError(t, w.delete(r))
}

func TestECR_Refuses(t *testing.T) {
	w := newWorld(t)
	w.make(typeRepository, map[string]any{"name": "one"})
	lifecycle := func(rules string) map[string]any {
		return map[string]any{"repository": "one", "policy": `{"rules":[` + rules + `]}`}
	}
	const keep = `{"rulePriority":2,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":30},"action":{"type":"expire"}}`
	const untagged = `{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":7},"action":{"type":"expire"}}`
	replicate := func(region, registry string) map[string]any {
		return map[string]any{"replicationConfiguration": map[string]any{"rules": []any{map[string]any{
			"destinations": []any{map[string]any{"region": region, "registryId": registry}},
		}}}}
	}
	scan := func(scanType, frequency, filter string) map[string]any {
		return map[string]any{"scanType": scanType, "rules": []any{map[string]any{
			"scanFrequency": frequency, "repositoryFilters": []any{map[string]any{"filter": filter, "filterType": "WILDCARD"}},
		}}}
	}
	w.refuses(t, map[string]refusal{
		"name":               {typeRepository, map[string]any{"name": "Cloud/api"}, "name: must be 2 to 256 characters"},
		"name twice":         {typeRepository, map[string]any{"name": "one"}, "RepositoryAlreadyExistsException"},
		"mutability":         {typeRepository, map[string]any{"name": "two", "imageTagMutability": "NEVER"}, "must be one of [MUTABLE IMMUTABLE]"},
		"key of no kind":     {typeRepository, map[string]any{"name": "two", "encryptionConfigurations": []any{map[string]any{"kmsKey": "x"}}}, "only encryption of type KMS has a key"},
		"no key":             {typeRepository, map[string]any{"name": "two", "encryptionConfigurations": []any{map[string]any{"encryptionType": "KMS", "kmsKey": "x"}}}, "The KMS key x does not exist"},
		"no repository":      {typeImageLifecycle, map[string]any{"repository": "none", "policy": `{"rules":[` + keep + `]}`}, "RepositoryNotFoundException"},
		"priority twice":     {typeImageLifecycle, lifecycle(keep + "," + keep), "rulePriority: must be at least 1 and unique, got 2"},
		"any is not last":    {typeImageLifecycle, lifecycle(keep + `,{"rulePriority":3,"selection":{"tagStatus":"untagged","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}`), "must be evaluated last"},
		"tagged without":     {typeImageLifecycle, lifecycle(`{"rulePriority":1,"selection":{"tagStatus":"tagged","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}`), "needs tagPrefixList or tagPatternList"},
		"count type":         {typeImageLifecycle, lifecycle(`{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageAge","countNumber":1},"action":{"type":"expire"}}`), "countType: must be one of"},
		"unit":               {typeImageLifecycle, lifecycle(`{"rulePriority":1,"selection":{"tagStatus":"any","countType":"sinceImagePushed","countUnit":"hours","countNumber":1},"action":{"type":"expire"}}`), "countUnit: must be days"},
		"action":             {typeImageLifecycle, lifecycle(`{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"delete"}}`), "must be expire"},
		"unknown word":       {typeImageLifecycle, lifecycle(`{"rulePriority":1,"priority":1}`), `unknown field "priority"`},
		"own region":         {typeImageReplication, replicate("af-south-1", w.accountID()), "can't be the source registry's own region"},
		"another account":    {typeImageReplication, replicate("eu-west-1", "444455556666"), "does not know the registry of another account"},
		"no region":          {typeImageReplication, replicate("mars-north-1", w.accountID()), "not valid or not known"},
		"basic continuously": {typeRegistryScan, scan("BASIC", "CONTINUOUS_SCAN", "*"), "scanFrequency: must be one of [SCAN_ON_PUSH MANUAL]"},
		"filter":             {typeRegistryScan, scan("ENHANCED", "SCAN_ON_PUSH", "A*"), "filter: must match"},
		"policy of others":   {typeRepositoryPolicy, map[string]any{"repository": "one", "policy": policyOf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + w.accountID() + `:role/none"},"Action":"ecr:GetDownloadUrlForLayer"}`)}, "Invalid principal"},
		"policy of s3":       {typeRegistryPolicy, map[string]any{"policy": policyOf(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}`)}, "Policy has invalid action"},
	})
	template := map[string]any{"prefix": "cloudinsight", "appliedFors": []any{"REPLICATION"}, "lifecyclePolicy": `{"rules":[` + keep + `]}`}
	w.refuses(t, map[string]refusal{
		"template's prefix": {typeImageTemplate, with(template, map[string]any{"prefix": "Cloud"}), "prefix: must be ROOT or match"},
		"template's use":    {typeImageTemplate, with(template, map[string]any{"appliedFors": []any{"PUSH"}}), "must be of [PULL_THROUGH_CACHE REPLICATION]"},
		"template's rules":  {typeImageTemplate, with(template, map[string]any{"lifecyclePolicy": `{"rules":[]}`}), "lifecyclePolicy: has 1 to 50 rules"},
		"template's role":   {typeImageTemplate, with(template, map[string]any{"resourceTags": map[string]any{"a": "b"}}), "customRoleArn: is required"},
	})
	w.make(typeImageTemplate, template)
	_, err := w.try(typeImageTemplate, template)
	assert.ErrorContains(t, err, "TemplateAlreadyExistsException")
	policy := w.make(typeImageLifecycle, lifecycle(untagged+","+keep))
	w.make(typeImageReplication, replicate("eu-west-1", w.accountID()))
	w.make(typeRegistryScan, scan("ENHANCED", "CONTINUOUS_SCAN", "*"))
	w.refuses(t, map[string]refusal{
		"lifecycle twice":   {typeImageLifecycle, lifecycle(keep), "one resource would undo the other"},
		"replication twice": {typeImageReplication, replicate("us-east-1", w.accountID()), "one resource would undo the other"},
		"scanning twice":    {typeRegistryScan, scan("BASIC", "MANUAL", "*"), "one resource would undo the other"},
	})
	require.NoError(t, w.delete(policy))
	w.configure("eu-west-1")
	w.make(typeImageReplication, replicate("us-east-1", w.accountID()))
}

package cicd_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

func iamARN(resource string) string { return "arn:aws:iam::111122223333:" + resource }

// here is the context of a request in the primary region, with more.
func here(more ...string) map[string]string {
	context := map[string]string{"aws:RequestedRegion": "af-south-1"}
	for i := 0; i+1 < len(more); i += 2 {
		context[more[i]] = more[i+1]
	}
	return context
}

// policiesOf a role: those of its own making.
func policiesOf(t *testing.T, rec *pulumitest.Recorder, role string) []document {
	t.Helper()
	var all []document
	for _, token := range []string{policyToken, inlineToken} {
		for _, policy := range rec.OfType(token) {
			if policy.Name == role || strings.HasPrefix(policy.Name, role+"-") {
				all = append(all, parse(t, policy.Input("policy").(string)))
			}
		}
	}
	require.NotEmpty(t, all)
	return all
}

func TestDeployRole_Permissions(t *testing.T) {
	rec, err := record(t, withState())
	require.NoError(t, err)
	boundary := parse(t, rec.Named(t, policyToken, "main-boundary").Input("policy").(string))
	deploy := policiesOf(t, rec, "main-deploy-dev")
	const tag, bound, passed = "aws:ResourceTag/Environment", "iam:PermissionsBoundary", "iam:PassedToService"
	database := "arn:aws:rds:af-south-1:111122223333:db:cloudinsight-dev"
	for name, c := range map[string]struct {
		request
		want bool
	}{
		"make a network":                   {request{"ec2:CreateVpc", "*", here()}, true},
		"make one elsewhere":               {request{"ec2:CreateVpc", "*", here("aws:RequestedRegion", "us-west-2")}, false},
		"change its database":              {request{"rds:ModifyDBInstance", database, here(tag, "dev")}, true},
		"change that of prod":              {request{"rds:ModifyDBInstance", "arn:aws:rds:af-south-1:111122223333:db:cloudinsight-prod", here(tag, "prod")}, false},
		"delete a shared key":              {request{"kms:ScheduleKeyDeletion", "arn:aws:kms:af-south-1:111122223333:key/1", here(tag, "shared")}, false},
		"empty its bucket":                 {request{"s3:DeleteObjectVersion", "arn:aws:s3:::cloudinsight-dev-logs-1/x", here()}, true},
		"empty a bucket of prod":           {request{"s3:DeleteObjectVersion", "arn:aws:s3:::cloudinsight-prod-logs-1/x", here()}, false},
		"delete images of all":             {request{"ecr:BatchDeleteImage", "arn:aws:ecr:af-south-1:111122223333:repository/cloudinsight/cost", here()}, false},
		"make a secret":                    {request{"secretsmanager:CreateSecret", "*", here()}, true},
		"read a secret":                    {request{"secretsmanager:GetSecretValue", "arn:aws:secretsmanager:af-south-1:111122223333:secret:x", here(tag, "dev")}, false},
		"decrypt by hand":                  {request{"kms:Decrypt", "arn:aws:kms:af-south-1:111122223333:key/1", here(tag, "dev")}, false},
		"decrypt through a service":        {request{"kms:Decrypt", "arn:aws:kms:af-south-1:111122223333:key/1", here(tag, "dev", "kms:ViaService", "rds.af-south-1.amazonaws.com")}, true},
		"make a role with the boundary":    {request{"iam:CreateRole", iamARN("role/cloudinsight-dev-node"), here(bound, boundaryARN)}, true},
		"make a role without a boundary":   {request{"iam:CreateRole", iamARN("role/cloudinsight-dev-node"), here()}, false},
		"make a role with another":         {request{"iam:CreateRole", iamARN("role/cloudinsight-dev-node"), here(bound, "arn:aws:iam::aws:policy/AdministratorAccess")}, false},
		"make a role of prod":              {request{"iam:CreateRole", iamARN("role/cloudinsight-prod-node"), here(bound, boundaryARN)}, false},
		"lift a boundary":                  {request{"iam:DeleteRolePermissionsBoundary", iamARN("role/cloudinsight-dev-node"), here(bound, boundaryARN)}, false},
		"change the boundary":              {request{"iam:CreatePolicyVersion", boundaryARN, here()}, false},
		"change its own role":              {request{"iam:PutRolePolicy", iamARN("role/cloudinsight-deploy-dev"), here(bound, boundaryARN)}, false},
		"trust somebody else":              {request{"iam:UpdateAssumeRolePolicy", iamARN("role/cloudinsight-deploy-dev"), here()}, false},
		"make a user":                      {request{"iam:CreateUser", iamARN("user/x"), here()}, false},
		"hand its role to EKS":             {request{"iam:PassRole", iamARN("role/cloudinsight-dev-node"), here(passed, "eks.amazonaws.com")}, true},
		"hand its role to Lambda":          {request{"iam:PassRole", iamARN("role/cloudinsight-dev-node"), here(passed, "lambda.amazonaws.com")}, false},
		"put its role on instances":        {request{"iam:AddRoleToInstanceProfile", iamARN("instance-profile/cloudinsight-dev-node"), here()}, true},
		"hand on the deploy role":          {request{"iam:PassRole", iamARN("role/cloudinsight-deploy-dev"), here(passed, "ec2.amazonaws.com")}, false},
		"stop the trail":                   {request{"cloudtrail:StopLogging", "*", here()}, false},
		"write its state":                  {request{"s3:PutObject", "arn:aws:s3:::pulumi-state/.pulumi/stacks/cloudinsight/dev.json", here()}, true},
		"lock its state":                   {request{"s3:PutObject", "arn:aws:s3:::pulumi-state/.pulumi/locks/organization/cloudinsight/dev/1.json", here()}, true},
		"read what the shared stack tells": {request{"s3:GetObject", "arn:aws:s3:::pulumi-state/.pulumi/stacks/cloudinsight/shared.json", here()}, true},
		"write the state of prod":          {request{"s3:PutObject", "arn:aws:s3:::pulumi-state/.pulumi/stacks/cloudinsight/prod.json", here()}, false},
		"change a record":                  {request{"route53:ChangeResourceRecordSets", "*", map[string]string{"aws:RequestedRegion": "us-east-1"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, permits(t, boundary, deploy, c.request))
		})
	}
}

func TestPreviewRole_Permissions(t *testing.T) {
	everything := parse(t, `{"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}`)
	elsewhere, err := record(t, args())
	require.NoError(t, err)
	inBucket, err := record(t, withState())
	require.NoError(t, err)
	const context = "kms:EncryptionContext:aws:s3:arn"
	for name, c := range map[string]struct {
		rec *pulumitest.Recorder
		request
		want bool
	}{
		"describe a cluster":       {elsewhere, request{"eks:DescribeCluster", "arn:aws:eks:af-south-1:111122223333:cluster/cloudinsight-dev", here()}, true},
		"describe a secret":        {elsewhere, request{"secretsmanager:DescribeSecret", "*", here()}, true},
		"read a secret":            {elsewhere, request{"secretsmanager:GetSecretValue", "*", here()}, false},
		"read an object":           {elsewhere, request{"s3:GetObject", "arn:aws:s3:::cloudinsight-prod-cost-data-1/x", here()}, false},
		"read a shared object":     {elsewhere, request{"s3:GetObject", "arn:aws:s3:::cloudinsight-shared-trail-1/x", here()}, false},
		"read a log":               {elsewhere, request{"logs:GetLogEvents", "*", here()}, false},
		"take a message":           {elsewhere, request{"sqs:ReceiveMessage", "*", here()}, false},
		"decrypt":                  {elsewhere, request{"kms:Decrypt", stateKey, here()}, false},
		"read the state":           {inBucket, request{"s3:GetObject", "arn:aws:s3:::pulumi-state/.pulumi/stacks/cloudinsight/prod.json", here()}, true},
		"decrypt the state":        {inBucket, request{"kms:Decrypt", stateKey, here(context, "arn:aws:s3:::pulumi-state/x")}, true},
		"decrypt another object":   {inBucket, request{"kms:Decrypt", stateKey, here(context, "arn:aws:s3:::cloudinsight-prod-cost-data-1/x")}, false},
		"decrypt something else":   {inBucket, request{"kms:Decrypt", stateKey, here()}, false},
		"read an object meanwhile": {inBucket, request{"s3:GetObject", "arn:aws:s3:::cloudinsight-dev-assets-1/x", here()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			boundary := parse(t, c.rec.Named(t, policyToken, "main-boundary").Input("policy").(string))
			policies := policiesOf(t, c.rec, "main-preview")
			// Whatever AWS's own policies may allow some day, what is refused stays refused.
			assert.Equal(t, c.want, permits(t, boundary, append(policies, everything), c.request))
			if c.want {
				assert.True(t, permits(t, boundary, policies, c.request), "by its own policy")
			}
		})
	}
	writes := request{"s3:PutObject", "arn:aws:s3:::pulumi-state/.pulumi/stacks/cloudinsight/dev.json", here()}
	boundary := parse(t, inBucket.Named(t, policyToken, "main-boundary").Input("policy").(string))
	assert.False(t, permits(t, boundary, policiesOf(t, inBucket, "main-preview"), writes), "previews write nothing")
}

func TestBoundary_LeavesRolesWhatTheyNeed(t *testing.T) {
	rec, err := record(t, args())
	require.NoError(t, err)
	boundary := parse(t, rec.Named(t, policyToken, "main-boundary").Input("policy").(string))
	everything := []document{parse(t, `{"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}`)}
	for name, c := range map[string]struct {
		request
		want bool
	}{
		"read a queue":                     {request{"sqs:ReceiveMessage", "*", here()}, true},
		"read a queue in another region":   {request{"sqs:ReceiveMessage", "*", here("aws:RequestedRegion", "us-west-2")}, false},
		"take on a role":                   {request{"sts:AssumeRole", "*", here("aws:RequestedRegion", "eu-central-1")}, true},
		"make a key for a user":            {request{"iam:CreateAccessKey", iamARN("user/x"), here()}, false},
		"join a group":                     {request{"iam:AddUserToGroup", iamARN("group/x"), here()}, false},
		"give a user more":                 {request{"iam:AttachUserPolicy", iamARN("user/x"), here()}, false},
		"read what users may":              {request{"iam:GetUser", iamARN("user/x"), here()}, true},
		"give itself more without a bound": {request{"iam:AttachRolePolicy", iamARN("role/other"), here()}, false},
		"leave the organization":           {request{"organizations:LeaveOrganization", "*", here()}, false},
		"turn GuardDuty off":               {request{"guardduty:DeleteDetector", "*", here()}, false},
		"let another issuer in":            {request{"iam:UpdateOpenIDConnectProviderThumbprint", iamARN("oidc-provider/token.actions.githubusercontent.com"), here()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, permits(t, boundary, everything, c.request))
		})
	}
}

package cicd

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

// What an environment is made of, by the policy that it is permitted with. A managed policy has room for 6,144
// characters, so there is more than one.
var (
	ground = []string{
		"ec2:*Address*", "ec2:*FlowLogs", "ec2:*InternetGateway*", "ec2:*LaunchTemplate*", "ec2:*NatGateway*", "ec2:*NetworkAcl*",
		"ec2:*PlacementGroup*", "ec2:*PrefixList*", "ec2:*Route*", "ec2:*SecurityGroup*", "ec2:*Subnet*", "ec2:*Tags", "ec2:*Vpc*",
		"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:Describe*", "ec2:DetachNetworkInterface", "ec2:Get*", "ec2:RunInstances",
		"autoscaling:Describe*", "ecr:BatchGetImage", "ecr:Describe*", "ecr:ListImages", "eks:*",
	}
	edge = []string{"acm:*", "elasticloadbalancing:*", "wafv2:*"}
	data = []string{
		"athena:*", "backup:*", "backup-storage:*", "config:*Aggregat*", "elasticache:*", "glue:*", "kafka:*", "rds:*", "sqs:*",
	}
	operation = []string{
		"application-autoscaling:*", "cloudwatch:*", "events:*", "fis:*", "logs:*", "rum:*", "scheduler:*", "sns:*", "states:*", "tag:Get*",
	}
	worldwide = []string{"bcm-data-exports:*", "budgets:*", "ce:*", "chatbot:*", "cloudfront:*", "cur:*", "health:Describe*", "route53:*"}
	// secrets are managed and never read.
	secrets = []string{
		"secretsmanager:CancelRotateSecret", "secretsmanager:CreateSecret", "secretsmanager:DeleteResourcePolicy", "secretsmanager:DeleteSecret",
		"secretsmanager:Describe*", "secretsmanager:GetResourcePolicy", "secretsmanager:List*", "secretsmanager:PutResourcePolicy",
		"secretsmanager:RestoreSecret", "secretsmanager:RotateSecret", "secretsmanager:TagResource", "secretsmanager:UntagResource",
		"secretsmanager:UpdateSecret", "secretsmanager:ValidateResourcePolicy",
	}
	keys = []string{
		"kms:CancelKeyDeletion", "kms:Create*", "kms:Delete*", "kms:Describe*", "kms:Disable*", "kms:Enable*", "kms:Get*", "kms:List*", "kms:Put*",
		"kms:RevokeGrant", "kms:RetireGrant", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:Update*",
	}
)

// deployPolicies are what deploying an environment takes, by the end of the policy's name.
func (a *Args) deployPolicies(env string) map[string]iam.Document {
	return map[string]iam.Document{
		"ground": {Statements: []iam.Statement{
			a.manage(ground, edge),
			{Sid: "Worldwide", Actions: worldwide, Resources: []string{"*"}},
			publicParameters(),
			othersStay(env, "cloudfront:*", "ec2:*", "eks:*", "elasticloadbalancing:*", "route53:*"),
		}},
		"data": {Statements: slices.Concat(buckets(env), []iam.Statement{
			a.manage(data, operation, secrets, keys),
			useKeys(),
			secretsStaySecret(),
			othersStay(env, "athena:*", "backup:*", "cloudwatch:*", "elasticache:*", "events:*", "fis:*", "glue:*", "kafka:*", "kms:*", "logs:*",
				"rds:*", "scheduler:*", "secretsmanager:*", "sns:*", "sqs:*", "states:*"),
		})},
		"identity": {Statements: a.roles(env)},
	}
}

// manage permits what an environment is made of in the regions.
func (a *Args) manage(actions ...[]string) iam.Statement {
	return iam.Statement{
		Sid: "InRegions", Actions: slices.Concat(actions...), Resources: []string{"*"},
		Conditions: iam.Conditions{"StringEquals": {"aws:RequestedRegion": a.Regions}},
	}
}

// publicParameters are those in which AWS publishes the images of nodes.
func publicParameters() iam.Statement {
	return iam.Statement{Sid: "PublicParameters", Actions: []string{"ssm:GetParameter*"}, Resources: []string{"arn:aws:ssm:*::parameter/aws/service/*"}}
}

// othersStay refuses to touch what carries the tag of another environment, or of the shared stack. What carries none is
// left to what is permitted.
func othersStay(env string, actions ...string) iam.Statement {
	return iam.Statement{
		Sid: "OthersStay", Deny: true, Actions: actions, Resources: []string{"*"},
		Conditions: iam.Conditions{
			"StringNotEquals": {"aws:ResourceTag/Environment": {env}},
			"Null":            {"aws:ResourceTag/Environment": {"false"}},
		},
	}
}

// useKeys permits what services ask of the caller when they encrypt for it, and only through them.
func useKeys() iam.Statement {
	return iam.Statement{
		Sid: "UseKeysThroughServices", Actions: []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"}, Resources: []string{"*"},
		Conditions: iam.Conditions{"StringLike": {"kms:ViaService": {"*.amazonaws.com"}}},
	}
}

// buckets permits the environment's buckets, which are known by their names, objects included: a bucket of dev is emptied
// when it goes.
func buckets(env string) []iam.Statement {
	own := "arn:aws:s3:::cloudinsight-" + env + "-*"
	return []iam.Statement{
		{
			Sid: "Buckets", Resources: []string{own, own + "/*"},
			Actions: []string{"s3:AbortMultipartUpload", "s3:CreateBucket", "s3:DeleteBucket*", "s3:DeleteObject*", "s3:Get*", "s3:List*", "s3:Put*"},
		},
		{Sid: "FindBuckets", Actions: []string{"s3:GetBucketLocation", "s3:ListAllMyBuckets"}, Resources: []string{"*"}},
	}
}

func secretsStaySecret() iam.Statement {
	return iam.Statement{
		Sid: "SecretsStaySecret", Deny: true, Resources: []string{"*"},
		Actions: []string{"secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"},
	}
}

// stateAccess permits to read all state, for what environments know of the shared stack, and to write that of the
// environment: its checkpoint with history and backups, and its locks.
func (b *builder) stateAccess(env string) pulumi.StringOutput {
	keyUse := b.keyUse("kms:Decrypt", "kms:GenerateDataKey")
	return b.withState(func(bucketARN, keyARN string) iam.Document {
		stack := bucketARN + "/.pulumi/*/cloudinsight/" + env
		return iam.Document{Statements: append(readState(bucketARN, keyARN, keyUse), iam.Statement{
			Sid: "WriteState", Actions: []string{"s3:DeleteObject", "s3:PutObject"}, Resources: []string{stack + ".*", stack + "/*"},
		})}
	})
}

// keyUse are the actions on the state's key, none where it has no key of its own.
func (b *builder) keyUse(actions ...string) []string {
	if b.args.StateKeyARN == nil {
		return nil
	}
	return actions
}

// withState makes a policy that names the bucket of the state and its key.
func (b *builder) withState(policy func(bucketARN, keyARN string) iam.Document) pulumi.StringOutput {
	key := b.args.StateKeyARN
	if key == nil {
		key = pulumi.String("")
	}
	return pulumi.All(b.args.StateBucketARN, key).ApplyT(func(arns []any) string {
		return policy(arns[0].(string), arns[1].(string)).JSON()
	}).(pulumi.StringOutput)
}

func readState(bucketARN, keyARN string, keyUse []string) []iam.Statement {
	read := []iam.Statement{{
		Sid: "ReadState", Actions: []string{"s3:GetObject", "s3:ListBucket"}, Resources: []string{bucketARN, bucketARN + "/*"},
	}}
	if len(keyUse) > 0 {
		read = append(read, iam.Statement{Sid: "UseStateKey", Actions: keyUse, Resources: []string{keyARN}})
	}
	return read
}

// Package secrets makes the places in Secrets Manager where values that nobody can generate are put by hand: a Slack
// webhook, a PagerDuty routing key. The values themselves never pass through the program, so they are in no state, no
// preview and no log; a secret stays empty until someone puts a value into it.
//
// Names are Pulumi's, with a random end: the name of a deleted secret stays taken for its recovery window, and an
// environment that is built again must not meet it. Readers get ARNs. What AWS generates and rotates itself, such as the
// passwords of databases, belongs to the components of those.
package secrets

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const secretsType = "cloudinsight:secrets:Secrets"

// Secrets are empty secrets, each with a guard against readers from outside.
type Secrets struct {
	pulumi.ResourceState

	// ARNs by the key that the secret was asked for with.
	ARNs map[string]pulumi.StringOutput
	// Ready is what has to be there before a value is put or read.
	Ready []pulumi.Resource
}

// Args says which secrets there are.
type Args struct {
	// Name of the environment's resources, such as cloudinsight-dev.
	Name string
	// AccountID of twelve digits; nobody outside it reads a secret, whatever their own policies say.
	AccountID string
	// Secrets by key, such as slack-webhook, with a description for whoever puts the value: at least one.
	Secrets map[string]string
	// KeyARN encrypts the values.
	KeyARN pulumi.StringInput

	// RecoveryWindowDays in which a deleted secret can be had back, 7 to 30 (default 30).
	RecoveryWindowDays int
	// NoRecovery deletes for good and at once.
	NoRecovery bool
	// Unprotected lets Pulumi delete the secrets.
	Unprotected bool
	// Classification of the values, a tag (default confidential).
	Classification string
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	key       = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// NewSecrets registers the secrets and the policy of each.
func NewSecrets(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Secrets, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("secrets %q: %w", name, err)
	}
	s := &Secrets{ARNs: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResourceV2(secretsType, name, pulumi.Map{"name": pulumi.String(a.Name)}, s, opts...); err != nil {
		return nil, fmt.Errorf("secrets %q: %w", name, err)
	}
	arns := pulumi.StringMap{}
	for _, k := range slices.Sorted(maps.Keys(a.Secrets)) {
		if err := s.add(ctx, name+"-"+k, k, a); err != nil {
			return nil, fmt.Errorf("secrets %q: %q: %w", name, k, err)
		}
		arns[k] = s.ARNs[k]
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"arns": arns})
}

func (args *Args) withDefaults() Args {
	a := Args{}
	if args != nil {
		a = *args
	}
	if a.RecoveryWindowDays == 0 && !a.NoRecovery {
		a.RecoveryWindowDays = 30
	}
	if a.Classification == "" {
		a.Classification = "confidential"
	}
	return a
}

func (a *Args) validate() error {
	var problems []error
	if a.Name == "" {
		problems = append(problems, errors.New("name: is required"))
	}
	if !accountID.MatchString(a.AccountID) {
		problems = append(problems, fmt.Errorf("account id: must be twelve digits, got %q", a.AccountID))
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("key arn: is required"))
	}
	if len(a.Secrets) == 0 {
		problems = append(problems, errors.New("secrets: must have at least one"))
	}
	for _, k := range slices.Sorted(maps.Keys(a.Secrets)) {
		if !key.MatchString(k) {
			problems = append(problems, fmt.Errorf("secrets: keys must match %s, got %q", key, k))
		}
		if a.Secrets[k] == "" {
			problems = append(problems, fmt.Errorf("secrets[%q]: must say what the value is, got no description", k))
		}
	}
	// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
	switch days := a.RecoveryWindowDays; {
	case a.NoRecovery && days != 0:
		problems = append(problems, fmt.Errorf("recovery window: must be left out without recovery, got %d days", days))
	case !a.NoRecovery && (days < 7 || days > 30):
		problems = append(problems, fmt.Errorf("recovery window: must be between 7 and 30 days, got %d", days))
	}
	return errors.Join(problems...)
}

// add makes one secret and its policy.
func (s *Secrets) add(ctx *pulumi.Context, name, k string, a Args) error {
	parent := pulumi.Parent(s)
	secret, err := secretsmanager.NewSecret(ctx, name, &secretsmanager.SecretArgs{
		Description:          pulumi.String(a.Secrets[k]),
		KmsKeyId:             a.KeyARN,
		RecoveryWindowInDays: pulumi.Int(a.RecoveryWindowDays),
		Tags: pulumi.ToStringMap(tags.Of("secrets", a.Name+"-"+k, map[string]string{
			"DataClassification": a.Classification,
		})),
	}, parent, pulumi.Protect(!a.Unprotected))
	if err != nil {
		return err
	}
	policy, err := secretsmanager.NewSecretPolicy(ctx, name, &secretsmanager.SecretPolicyArgs{
		SecretArn:         secret.Arn,
		Policy:            pulumi.String(refuseOutsiders(a.AccountID).JSON()),
		BlockPublicPolicy: pulumi.Bool(true),
	}, parent)
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	s.ARNs[k] = secret.Arn
	s.Ready = append(s.Ready, secret, policy)
	return nil
}

// refuseOutsiders keeps a secret in its account, even against policies that are added to it by hand. Services that act
// for themselves have no account and are left to what is allowed.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
func refuseOutsiders(account string) iam.Document {
	return iam.Document{Statements: []iam.Statement{{
		Sid:        "RefuseOutsiders",
		Deny:       true,
		Principals: iam.Principals{Everyone: true},
		Actions:    []string{"secretsmanager:*"},
		Resources:  []string{"*"},
		Conditions: iam.Conditions{
			"StringNotEquals": {"aws:PrincipalAccount": {account}},
			"Bool":            {"aws:PrincipalIsAWSService": {"false"}},
		},
	}}}
}

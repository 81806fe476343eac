// Package keys makes the KMS keys of an environment, one for each domain (data, logs, secrets, the cluster), so that
// access to one says nothing about the others. Policies name the account and services, never the caller of the moment:
// every identity sees the same preview. A key is protected, because what it has encrypted is lost with it.
package keys

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const keyType = "cloudinsight:keys:Key"

// Key is a symmetric encryption key that rotates every year, and its alias.
type Key struct {
	pulumi.ResourceState

	// ARN of the key. It resolves when the alias is there as well.
	ARN pulumi.StringOutput
}

// KeyArgs says whose key it is.
type KeyArgs struct {
	// Alias without "alias/", such as cloudinsight-dev/logs.
	Alias string
	// Description for people.
	Description string
	// AccountID of twelve digits; its IAM policies decide who administers the key.
	AccountID string

	// Users are services that use the key by themselves, each under its conditions.
	Users []ServiceUse
	// DeletionWindowDays between the deletion and the loss of the key, 7 to 30 (default 30).
	DeletionWindowDays int
	// Unprotected lets Pulumi replace and delete the key.
	Unprotected bool
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	alias     = regexp.MustCompile(`^[a-zA-Z0-9/_-]{1,250}$`)
)

// NewKey registers the key and its alias.
func NewKey(ctx *pulumi.Context, name string, args *KeyArgs, opts ...pulumi.ResourceOption) (*Key, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	k := &Key{}
	if err := ctx.RegisterComponentResourceV2(keyType, name, pulumi.Map{"alias": pulumi.String(a.Alias)}, k, opts...); err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	parent := pulumi.Parent(k)
	key, err := kms.NewKey(ctx, name, &kms.KeyArgs{
		Description:          pulumi.String(a.Description),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(a.DeletionWindowDays),
		Policy:               pulumi.String(a.policy().JSON()),
		Tags:                 pulumi.ToStringMap(tags.Of("keys", a.Alias)),
	}, parent, pulumi.Protect(!a.Unprotected))
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	named, err := kms.NewAlias(ctx, name, &kms.AliasArgs{
		Name:        pulumi.String("alias/" + a.Alias),
		TargetKeyId: key.KeyId,
	}, parent)
	if err != nil {
		return nil, fmt.Errorf("key %q: alias: %w", name, err)
	}
	k.ARN = named.TargetKeyArn
	return k, ctx.RegisterResourceOutputs(k, pulumi.Map{"arn": k.ARN})
}

func (args *KeyArgs) withDefaults() KeyArgs {
	a := KeyArgs{}
	if args != nil {
		a = *args
	}
	if a.DeletionWindowDays == 0 {
		a.DeletionWindowDays = 30
	}
	return a
}

func (a *KeyArgs) validate() error {
	var problems []error
	if !alias.MatchString(a.Alias) {
		problems = append(problems, fmt.Errorf("alias: must match %s, got %q", alias, a.Alias))
	}
	if !accountID.MatchString(a.AccountID) {
		problems = append(problems, fmt.Errorf("account id: must be twelve digits, got %q", a.AccountID))
	}
	// https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
	if a.DeletionWindowDays < 7 || a.DeletionWindowDays > 30 {
		problems = append(problems, fmt.Errorf("deletion window: must be between 7 and 30 days, got %d", a.DeletionWindowDays))
	}
	for i, user := range a.Users {
		if user.Service == "" {
			problems = append(problems, fmt.Errorf("users[%d]: service: is required", i))
		}
	}
	return errors.Join(problems...)
}

// policy hands administration to the account's IAM policies and lets each service use the key.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func (a *KeyArgs) policy() iam.Document {
	doc := iam.Document{Statements: []iam.Statement{{
		Sid:        "AccountAdministers",
		Principals: iam.Principals{AWS: []string{"arn:aws:iam::" + a.AccountID + ":root"}},
		Actions:    []string{"kms:*"},
		Resources:  []string{"*"},
	}}}
	for _, user := range a.Users {
		doc.Statements = append(doc.Statements, iam.Statement{
			Principals: iam.Principals{Service: []string{user.Service}},
			Actions:    user.actions(),
			Resources:  []string{"*"},
			Conditions: user.Conditions,
		})
	}
	return doc
}

package secrets

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const loginType = "cloudinsight:secrets:Login"

// Login is a user's name and a password that Secrets Manager made up, for the databases whose password AWS does not manage:
// a PostgreSQL that has read replicas, and a global DocumentDB cluster. The password is a Pulumi secret, encrypted in the
// state, and is made up once.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-limitations
type Login struct {
	pulumi.ResourceState

	// Password as it stands in the secret.
	Password pulumi.StringOutput
	// ARN of the secret, known when the password is in it.
	ARN pulumi.StringOutput
}

// LoginArgs says whose login it is.
type LoginArgs struct {
	// Name of the secret in tags, and Description for people.
	Name        string
	Description string
	// Username beside the password.
	Username string
	// KeyARN encrypts the secret.
	KeyARN pulumi.StringInput

	// NoRecovery deletes for good and at once (default: 30 days to have it back).
	NoRecovery bool
	// Unprotected lets Pulumi delete the secret.
	Unprotected bool
	// Classification of the data behind the login, a tag (default confidential).
	Classification string
}

// login is what AWS writes into the secrets that it manages.
type login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// NewLogin registers the secret and puts a new password into it, once.
func NewLogin(ctx *pulumi.Context, name string, args *LoginArgs, opts ...pulumi.ResourceOption) (*Login, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("login %q: %w", name, err)
	}
	l := &Login{}
	if err := ctx.RegisterComponentResourceV2(loginType, name, pulumi.Map{"name": pulumi.String(a.Name)}, l, opts...); err != nil {
		return nil, fmt.Errorf("login %q: %w", name, err)
	}
	if err := l.build(ctx, name, a); err != nil {
		return nil, fmt.Errorf("login %q: %w", name, err)
	}
	return l, ctx.RegisterResourceOutputs(l, pulumi.Map{"arn": l.ARN})
}

func (args *LoginArgs) withDefaults() LoginArgs {
	a := LoginArgs{}
	if args != nil {
		a = *args
	}
	if a.Classification == "" {
		a.Classification = "confidential"
	}
	return a
}

func (a LoginArgs) validate() error {
	var problems []error
	for field, value := range map[string]string{"name": a.Name, "username": a.Username} {
		if value == "" {
			problems = append(problems, fmt.Errorf("%s: is required", field))
		}
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("key arn: is required"))
	}
	return errors.Join(problems...)
}

func (l *Login) build(ctx *pulumi.Context, name string, a LoginArgs) error {
	parent := pulumi.Parent(l)
	window := 30
	if a.NoRecovery {
		window = 0
	}
	secret, err := secretsmanager.NewSecret(ctx, name, &secretsmanager.SecretArgs{
		Description:          pulumi.String(a.Description),
		KmsKeyId:             a.KeyARN.ToStringOutput().ToStringPtrOutput(),
		RecoveryWindowInDays: pulumi.Int(window),
		Tags:                 pulumi.ToStringMap(tags.Of("secrets", a.Name, map[string]string{"DataClassification": a.Classification})),
	}, parent, pulumi.Protect(!a.Unprotected))
	if err != nil {
		return err
	}
	fresh, err := a.fresh(ctx, parent)
	if err != nil {
		return err
	}
	// Each run makes up another password; the first is the one that stays.
	version, err := secretsmanager.NewSecretVersion(ctx, name, &secretsmanager.SecretVersionArgs{
		SecretId:     secret.ID(),
		SecretString: fresh,
	}, parent, pulumi.IgnoreChanges([]string{"secretString"}))
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	l.ARN = version.Arn
	// What is in the secret, not what this run made up.
	l.Password = pulumi.ToSecret(version.SecretString.Elem().ApplyT(password)).(pulumi.StringOutput)
	return nil
}

// fresh is a login with a new password. RDS and DocumentDB refuse some marks in one, so it has none.
func (a LoginArgs) fresh(ctx *pulumi.Context, parent pulumi.ResourceOption) (pulumi.StringOutput, error) {
	length, plain := 40, true
	made, err := secretsmanager.GetRandomPassword(ctx, &secretsmanager.GetRandomPasswordArgs{
		PasswordLength: &length, ExcludePunctuation: &plain, RequireEachIncludedType: &plain,
	}, parent.(pulumi.InvokeOption))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("random password: %w", err)
	}
	text, err := json.Marshal(login{a.Username, made.RandomPassword})
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return pulumi.ToSecret(pulumi.String(text)).(pulumi.StringOutput), nil
}

func password(text string) (string, error) {
	var found login
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return "", errors.New("secret: must hold a login as JSON") // the reason would quote it
	}
	return found.Password, nil
}

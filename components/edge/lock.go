package edge

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// Part of the state: a rename ships with an alias.
const lockType = "cloudinsight:edge:Lock"

// LockHeader carries the lock's value from CloudFront to what is behind the load balancer.
const LockHeader = "X-Origin-Lock"

// Lock is the secret that requests of this distribution carry, and those of somebody else's do not: the load balancer lets
// all of CloudFront in, so what is behind it refuses requests without one of the values. The values are Pulumi secrets,
// encrypted in the state, and each is made up once.
//
// To rotate, add a label to Accepted, then send it, then take the old one out; each step is an up of its own, so that
// nothing is sent before it is accepted.
type Lock struct {
	pulumi.ResourceState

	// Sent is the value that CloudFront adds to each request.
	Sent pulumi.StringOutput
	// Accepted are the values to let in, in the order of LockArgs.Accepted.
	Accepted []pulumi.StringOutput
	// ARNs of the secrets by label; each holds its value alone, as plain text.
	ARNs map[string]pulumi.StringOutput
}

// LockArgs says which values there are.
type LockArgs struct {
	// Name of the environment's resources, such as cloudinsight-dev.
	Name string
	// KeyARN encrypts the secrets.
	KeyARN pulumi.StringInput

	// Accepted are the labels of one or two values, such as a month (default "first").
	Accepted []string
	// Sent is the label of the one that CloudFront sends (default the first of Accepted).
	Sent string
	// NoRecovery deletes for good and at once (default: 30 days to have it back).
	NoRecovery bool
}

var lockLabel = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// NewLock registers a secret for each label and puts a new value into it, once.
func NewLock(ctx *pulumi.Context, name string, args *LockArgs, opts ...pulumi.ResourceOption) (*Lock, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("lock %q: %w", name, err)
	}
	l := &Lock{ARNs: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResourceV2(lockType, name, pulumi.Map{"name": pulumi.String(a.Name)}, l, opts...); err != nil {
		return nil, fmt.Errorf("lock %q: %w", name, err)
	}
	arns := pulumi.StringMap{}
	for _, label := range a.Accepted {
		version, err := a.value(ctx, name+"-"+label, pulumi.Parent(l))
		if err != nil {
			return nil, fmt.Errorf("lock %q: %s: %w", name, label, err)
		}
		value := pulumi.ToSecret(version.SecretString.Elem()).(pulumi.StringOutput)
		l.Accepted, l.ARNs[label], arns[label] = append(l.Accepted, value), version.Arn, version.Arn
		if label == a.Sent {
			l.Sent = value
		}
	}
	return l, ctx.RegisterResourceOutputs(l, pulumi.Map{"arns": arns})
}

func (args *LockArgs) withDefaults() LockArgs {
	a := LockArgs{}
	if args != nil {
		a = *args
	}
	if a.Accepted == nil {
		a.Accepted = []string{"first"}
	}
	if a.Sent == "" && len(a.Accepted) > 0 {
		a.Sent = a.Accepted[0]
	}
	return a
}

func (a *LockArgs) validate() error {
	var problems []error
	problem := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if a.Name == "" {
		problem("name: is required")
	}
	if a.KeyARN == nil {
		problem("key arn: is required")
	}
	if len(a.Accepted) < 1 || len(a.Accepted) > 2 {
		problem("accepted: must be one label, or two while it is rotated, got %q", a.Accepted)
	}
	for i, label := range a.Accepted {
		if !lockLabel.MatchString(label) {
			problem("accepted[%d]: must match %s, got %q", i, lockLabel, label)
		}
		if slices.Contains(a.Accepted[:i], label) {
			problem("accepted[%d]: must be there once, got %q again", i, label)
		}
	}
	if !slices.Contains(a.Accepted, a.Sent) {
		problem("sent: must be one of those that are accepted, %q, got %q", a.Accepted, a.Sent)
	}
	return errors.Join(problems...)
}

// value is not protected: what it opens is made again with it.
func (a *LockArgs) value(ctx *pulumi.Context, name string, parent pulumi.ResourceOption) (*secretsmanager.SecretVersion, error) {
	window := 30
	if a.NoRecovery {
		window = 0
	}
	secret, err := secretsmanager.NewSecret(ctx, name, &secretsmanager.SecretArgs{
		Description:          pulumi.String("What CloudFront adds to requests to " + a.Name + " as " + LockHeader),
		KmsKeyId:             a.KeyARN.ToStringOutput().ToStringPtrOutput(),
		RecoveryWindowInDays: pulumi.Int(window),
		Tags:                 pulumi.ToStringMap(tags.Of("edge", name, map[string]string{"DataClassification": "confidential"})),
	}, parent)
	if err != nil {
		return nil, err
	}
	length, plain := 40, true
	made, err := secretsmanager.GetRandomPassword(ctx, &secretsmanager.GetRandomPasswordArgs{
		PasswordLength: &length, ExcludePunctuation: &plain,
	}, parent.(pulumi.InvokeOption))
	if err != nil {
		return nil, fmt.Errorf("random value: %w", err)
	}
	// Each run makes up another value; the first is the one that stays.
	return secretsmanager.NewSecretVersion(ctx, name, &secretsmanager.SecretVersionArgs{
		SecretId:     secret.ID(),
		SecretString: pulumi.ToSecret(pulumi.String(made.RandomPassword)).(pulumi.StringOutput),
	}, parent, pulumi.IgnoreChanges([]string{"secretString"}))
}

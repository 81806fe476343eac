package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/accessanalyzer"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/inspector2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// scanImages has Inspector scan the images of the registry, and again whenever a new weakness becomes known.
func (b *builder) scanImages() error {
	enabler, err := inspector2.NewEnabler(b.ctx, b.name, &inspector2.EnablerArgs{
		AccountIds:    pulumi.ToStringArray([]string{b.args.AccountID}),
		ResourceTypes: pulumi.ToStringArray([]string{"ECR"}),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("inspector: %w", err)
	}
	b.account.Ready = append(b.account.Ready, enabler)
	return nil
}

// analyze looks for access from outside the account, and for access that nobody uses: what the quarterly review reads.
func (b *builder) analyze() error {
	for _, analyzer := range []struct {
		name, kind    string
		configuration accessanalyzer.AnalyzerConfigurationPtrInput
	}{
		{"external", "ACCOUNT", nil},
		{"unused", "ACCOUNT_UNUSED_ACCESS", accessanalyzer.AnalyzerConfigurationArgs{
			UnusedAccess: accessanalyzer.AnalyzerConfigurationUnusedAccessArgs{UnusedAccessAge: pulumi.Int(b.args.UnusedAccessDays)},
		}},
	} {
		name := b.args.Name + "-" + analyzer.name
		made, err := accessanalyzer.NewAnalyzer(b.ctx, b.name+"-"+analyzer.name, &accessanalyzer.AnalyzerArgs{
			AnalyzerName:  pulumi.String(name),
			Type:          pulumi.String(analyzer.kind),
			Configuration: analyzer.configuration,
			Tags:          pulumi.ToStringMap(tags.Of("security", name)),
		}, b.parent)
		if err != nil {
			return fmt.Errorf("analyzer %q: %w", analyzer.name, err)
		}
		b.account.AnalyzerARNs[analyzer.name] = made.Arn
		b.account.Ready = append(b.account.Ready, made)
	}
	return nil
}

// setPasswords asks for long passwords that are not used again, and for no change without a reason, which makes them
// worse. The second factor is asked for by the roles that people take on.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
func (b *builder) setPasswords() error {
	if b.args.OnlyRegion {
		return nil
	}
	policy, err := awsiam.NewAccountPasswordPolicy(b.ctx, b.name, &awsiam.AccountPasswordPolicyArgs{
		MinimumPasswordLength:      pulumi.Int(14),
		PasswordReusePrevention:    pulumi.Int(24),
		RequireLowercaseCharacters: pulumi.Bool(true),
		RequireUppercaseCharacters: pulumi.Bool(true),
		RequireNumbers:             pulumi.Bool(true),
		RequireSymbols:             pulumi.Bool(true),
		AllowUsersToChangePassword: pulumi.Bool(true),
	}, b.parent)
	if err != nil {
		return fmt.Errorf("password policy: %w", err)
	}
	b.account.Ready = append(b.account.Ready, policy)
	return nil
}

package backup

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

func (b *Backup) build(ctx *pulumi.Context, name string, a Args) error {
	parent := pulumi.Parent(b)
	vault, err := NewVault(ctx, name, a.vault(), parent)
	if err != nil {
		return err
	}
	b.VaultARN, b.VaultName = vault.ARN, vault.Name
	role, policies, err := newRole(ctx, name, a, parent)
	if err != nil {
		return err
	}
	b.RoleARN = role.Arn
	plan, err := backup.NewPlan(ctx, name, &backup.PlanArgs{
		Name:  pulumi.String(a.Name),
		Rules: backup.PlanRuleArray{a.rule(vault.Name)},
		Tags:  pulumi.ToStringMap(tags.Of("backup", a.Name)),
	}, parent, pulumi.DependsOn(vault.Ready))
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	selection, err := backup.NewSelection(ctx, name, &backup.SelectionArgs{
		Name:       pulumi.String(a.Name),
		PlanId:     plan.ID(),
		IamRoleArn: role.Arn,
		Resources:  a.arns(),
	}, parent, pulumi.DependsOn(policies))
	if err != nil {
		return fmt.Errorf("selection: %w", err)
	}
	b.Ready = append(vault.Ready, selection)
	if a.NoRestoreTests {
		return nil
	}
	return testRestores(ctx, name, a, vault, role, policies, parent)
}

// rule makes one recovery point a day. A job waits an hour at most for its turn, and one that has not ended after eight
// hours is given up before it meets the next.
func (a *Args) rule(vault pulumi.StringInput) backup.PlanRuleArgs {
	rule := backup.PlanRuleArgs{
		RuleName:                   pulumi.String("daily"),
		TargetVaultName:            vault,
		Schedule:                   pulumi.String(a.Schedule),
		ScheduleExpressionTimezone: pulumi.String("Etc/UTC"),
		StartWindow:                pulumi.Int(60),
		CompletionWindow:           pulumi.Int(480),
		Lifecycle:                  backup.PlanRuleLifecycleArgs{DeleteAfter: pulumi.Int(a.RetentionDays)},
		RecoveryPointTags:          pulumi.ToStringMap(tags.Of("backup", a.Name, map[string]string{"DataClassification": a.Classification})),
	}
	if a.CopyVaultARN != nil {
		rule.CopyActions = backup.PlanRuleCopyActionArray{backup.PlanRuleCopyActionArgs{
			DestinationVaultArn: a.CopyVaultARN,
			Lifecycle:           backup.PlanRuleCopyActionLifecycleArgs{DeleteAfter: pulumi.Int(a.CopyRetentionDays)},
		}}
	}
	return rule
}

func (a *Args) arns() pulumi.StringArray {
	var all pulumi.StringArray
	for _, label := range slices.Sorted(maps.Keys(a.Resources)) {
		all = append(all, a.Resources[label].ARN)
	}
	return all
}

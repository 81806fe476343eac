package backup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/tags"
)

// testRestores restores the newest recovery point of each resource on the first of the month. AWS Backup deletes what it
// restored when the time for looking at it is over.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
func testRestores(
	ctx *pulumi.Context, name string, a Args, vault *Vault, role *awsiam.Role, policies []pulumi.Resource, parent pulumi.ResourceOption,
) error {
	plan, err := backup.NewRestoreTestingPlan(ctx, name, &backup.RestoreTestingPlanArgs{
		Name:                       pulumi.String(underscored(a.Name)),
		ScheduleExpression:         pulumi.String("cron(0 8 1 * ? *)"),
		ScheduleExpressionTimezone: pulumi.String("Etc/UTC"),
		StartWindowHours:           pulumi.Int(8),
		RecoveryPointSelection: backup.RestoreTestingPlanRecoveryPointSelectionArgs{
			Algorithm:           pulumi.String("LATEST_WITHIN_WINDOW"),
			IncludeVaults:       pulumi.StringArray{vault.ARN},
			RecoveryPointTypes:  pulumi.ToStringArray([]string{"SNAPSHOT"}),
			SelectionWindowDays: pulumi.Int(leastDays),
		},
		Tags: pulumi.ToStringMap(tags.Of("backup", a.Name)),
	}, parent)
	if err != nil {
		return fmt.Errorf("restore test: %w", err)
	}
	for _, label := range slices.Sorted(maps.Keys(a.Resources)) {
		r := a.Resources[label]
		_, err := backup.NewRestoreTestingSelection(ctx, name+"-"+label, &backup.RestoreTestingSelectionArgs{
			Name:                     pulumi.String(underscored(label)),
			RestoreTestingPlanName:   plan.Name,
			IamRoleArn:               role.Arn,
			ProtectedResourceType:    pulumi.String(r.Type),
			ProtectedResourceArns:    pulumi.StringArray{r.ARN},
			RestoreMetadataOverrides: overrides(r.RestoreMetadata),
			ValidationWindowHours:    pulumi.Int(1),
		}, parent, pulumi.DependsOn(policies))
		if err != nil {
			return fmt.Errorf("restore test: %q: %w", label, err)
		}
	}
	return nil
}

func overrides(metadata map[string]pulumi.StringInput) pulumi.StringMapInput {
	if len(metadata) == 0 {
		return nil
	}
	all := pulumi.StringMap{}
	maps.Copy(all, metadata)
	return all
}

// underscored makes a name of what restore tests may be called: letters, digits and underscores.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreTestingPlanForCreate.html
func underscored(name string) string { return strings.ReplaceAll(name, "-", "_") }

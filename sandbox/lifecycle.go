package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/engine"
)

// operation is one of the engine's runs on an environment.
type operation func(*engine.Engine, context.Context, string) (engine.Result, error)

func newUp() *cobra.Command {
	return lifecycle("up", "Bring an environment up, and the shared stack before it", (*engine.Engine).Up)
}

func newPreview() *cobra.Command {
	var as *string
	cmd := lifecycle("preview", "Say what up would change", func(e *engine.Engine, ctx context.Context, env string) (engine.Result, error) {
		return e.PreviewAs(ctx, env, *as)
	})
	as = cmd.Flags().String("as", account.DeployerName, "the account's role that asks; "+account.PreviewerName+" may only read")
	return cmd
}

func newRefresh() *cobra.Command {
	return lifecycle("refresh", "Find out what has drifted from the recorded state", (*engine.Engine).Refresh)
}

func newDown() *cobra.Command {
	return lifecycle("down", "Remove an environment, and check that nothing is left of it", (*engine.Engine).Down)
}

func lifecycle(use, short string, run operation) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	env := environment(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print the result as JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		e, err := newEngine(*asJSON)
		if err != nil {
			return err
		}
		result, err := run(e, cmd.Context(), *env)
		if err != nil {
			if !*asJSON {
				printSteps(cmd.OutOrStdout(), result.Steps)
			}
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), result)
		}
		printResult(cmd.OutOrStdout(), result)
		return nil
	}
	return cmd
}

func newReport() *cobra.Command {
	cmd := &cobra.Command{Use: "report", Short: "Say what an environment has", Args: cobra.NoArgs}
	env := environment(cmd)
	format := cmd.Flags().String("format", "text", "text, markdown or json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		e, err := newEngine(true)
		if err != nil {
			return err
		}
		report, err := e.Report(cmd.Context(), *env)
		if err != nil {
			return err
		}
		switch *format {
		case "text":
			printReport(cmd.OutOrStdout(), report, textTable)
			printChains(cmd.OutOrStdout(), report.Chains, textTable)
		case "markdown":
			printReport(cmd.OutOrStdout(), report, markdownTable)
			printChains(cmd.OutOrStdout(), report.Chains, markdownTable)
		case "json":
			return printJSON(cmd.OutOrStdout(), report)
		default:
			return fmt.Errorf("--format: must be text, markdown or json, got %q", *format)
		}
		return nil
	}
	return cmd
}

func newTools() *cobra.Command {
	return &cobra.Command{
		Use: "tools", Short: "Build everything that the sandbox runs", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := newEngine(false)
			if err != nil {
				return err
			}
			tools, err := e.Prepare(cmd.Context())
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "ready: engine %s (%s), programs in %s\n", tools.Version, tools.Engine, tools.Bin)
			}
			return err
		},
	}
}

func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

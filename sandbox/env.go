package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

func newEnv() *cobra.Command {
	cmd := &cobra.Command{
		Use: "env", Short: "Print the variables for plain pulumi and kubectl", Args: cobra.NoArgs,
		Long: "Print shell commands that set the environment's variables, for use as\n\n" +
			"  eval \"$(sandbox env --env dev)\"\n\nand then kubectl get pods -A, or pulumi -C \"$SANDBOX_PROJECT\" preview.",
	}
	env := environment(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		e, err := newEngine(true)
		if err != nil {
			return err
		}
		exports, err := e.Exports(cmd.Context(), *env)
		if err != nil {
			return err
		}
		fmt.Fprint(cmd.OutOrStdout(), exports)
		return nil
	}
	return cmd
}

func newKubectl() *cobra.Command {
	cmd := &cobra.Command{
		Use: "kubectl [--env ENV] -- ARGUMENTS", Short: "Run kubectl on an environment's cluster",
		Args: cobra.ArbitraryArgs,
	}
	env := environment(cmd)
	// What comes after the first argument is kubectl's.
	cmd.Flags().SetInterspersed(false)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		e, err := newEngine(true)
		if err != nil {
			return err
		}
		if _, err := os.Stat(e.KubeconfigFile(*env)); err != nil {
			return fmt.Errorf("kubectl: %s has no cluster: bring it up first", *env)
		}
		environ, err := e.Environ(cmd.Context(), *env)
		if err != nil {
			return err
		}
		kubectl := filepath.Join(e.Bin, "kubectl")
		return syscall.Exec(kubectl, append([]string{"kubectl"}, args...), environ)
	}
	return cmd
}

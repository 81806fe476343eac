// Command sandbox runs the platform's program without an AWS account: the real Pulumi engine and the real Kubernetes
// control plane, with stand-ins for what only AWS has.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cloudinsight/platform/sandbox/engine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRoot().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "sandbox",
		Short:         "Run the platform without an AWS account",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newUp(), newPreview(), newRefresh(), newDown(), newReport(), newEnv(), newKubectl(), newTools(),
		newStatus(), newStop(), newPlugin(), newSupervise())
	return root
}

// environment adds the flag --env to a command.
func environment(cmd *cobra.Command) *string {
	return cmd.Flags().String("env", "dev", "environment: dev, staging, prod, recovery or shared")
}

// newEngine returns the engine of the checkout around the working directory. Progress goes to standard error when the
// result on standard output is for a program.
func newEngine(machine bool) (*engine.Engine, error) {
	dir, err := checkout()
	if err != nil {
		return nil, err
	}
	out := os.Stdout
	if machine {
		out = os.Stderr
	}
	return engine.New(engine.Options{ProjectDir: dir, Out: out})
}

// checkout finds the folder with the project file, from the working directory upward.
func checkout() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		_, project := os.Stat(filepath.Join(dir, "Pulumi.yaml"))
		_, tools := os.Stat(filepath.Join(dir, "tools", "engine", "go.mod"))
		if project == nil && tools == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run this inside a checkout of the platform: no Pulumi.yaml with tools/ beside it in " + start + " or above")
		}
	}
}

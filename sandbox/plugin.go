package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/aws"
	"github.com/cloudinsight/platform/sandbox/engine"
	"github.com/cloudinsight/platform/sandbox/kubernetes"
	"github.com/cloudinsight/platform/sandbox/language"
	"github.com/cloudinsight/platform/sandbox/lifeline"
	"github.com/cloudinsight/platform/sandbox/planes"
)

// newPlugin is how the engine starts the sandbox as one of its plugins.
func newPlugin() *cobra.Command {
	cmd := &cobra.Command{Use: "plugin", Hidden: true}
	serve := func(name string, run func() error) *cobra.Command {
		return &cobra.Command{
			// The engine's flags are for the plugin, which knows them.
			Use: name, DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error {
				if err := lifeline.Hold(); err != nil {
					return err
				}
				return run()
			},
		}
	}
	cmd.AddCommand(
		serve("aws", serveAWS),
		serve("kubernetes", func() error { return kubernetes.Serve(os.Args, os.Stdout) }),
		serve("language", func() error { return language.Serve(os.Args, os.Stdout) }),
		&cobra.Command{
			Use: "run PROGRAM ARGUMENTS", DisableFlagParsing: true, Args: cobra.MinimumNArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				code, err := lifeline.Run(args[0], args[1:]...)
				if err == nil && code != 0 {
					os.Exit(code)
				}
				return err
			},
		},
	)
	return cmd
}

// serveAWS serves the stand-in for the account of the sandbox that the engine's environment names.
func serveAWS() error {
	root := os.Getenv(engine.RootVariable)
	if root == "" {
		return fmt.Errorf("%s is not set: start the engine with the variables that \"sandbox env\" prints", engine.RootVariable)
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	return aws.Serve(os.Args, os.Stdout, aws.Options{
		Account:     account.Open(filepath.Join(root, "account.json")),
		Planes:      planes.Planes{Root: root, Bin: filepath.Dir(exe), Sandbox: exe},
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"),
	})
}

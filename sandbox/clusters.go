package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cloudinsight/platform/sandbox/cluster"
)

func newStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "List the environments and their control planes", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := newEngine(true)
			if err != nil {
				return err
			}
			all, err := e.Status()
			if err != nil {
				return err
			}
			var rows [][]string
			for _, s := range all {
				state := "down"
				switch {
				case s.Up:
					state = "up"
				case s.Resources > 0:
					state = "incomplete"
				}
				planes := make([]string, 0, len(s.Clusters))
				for _, c := range s.Clusters {
					running := "stopped"
					if c.Running {
						running = "running at " + c.Endpoint
					}
					planes = append(planes, c.Name+" "+running)
				}
				rows = append(rows, []string{s.Environment, state, count(s.Resources), strings.Join(planes, ", ")})
			}
			textTable(cmd.OutOrStdout(), []string{"ENVIRONMENT", "STATE", "RESOURCES", "CONTROL PLANE"}, rows)
			return nil
		},
	}
}

func newStop() *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "Stop all control planes; what is in them is kept", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := newEngine(true)
			if err != nil {
				return err
			}
			stopped, err := e.Stop(cmd.Context())
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "stopped %d control planes %s\n", len(stopped), strings.Join(stopped, " "))
			}
			return err
		},
	}
}

// newSupervise is the process behind a control plane. It runs on main's goroutine, as cluster.Supervise asks for.
func newSupervise() *cobra.Command {
	return &cobra.Command{
		Use: "supervise DIR", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return cluster.Supervise(cmd.Context(), args[0]) },
	}
}

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
)

// finish has the engine read from the account and the cluster what may exist, and delete what was being deleted.
func (s *session) finish(ctx context.Context, rest todo) error {
	if err := s.onPresent(ctx, rest.LookUp, "refresh", func(ctx context.Context, sink eventSink, targets []string) error {
		_, err := s.stack.Refresh(ctx, optrefresh.Target(targets), optrefresh.EventStreams(sink), optrefresh.SuppressProgress())
		return err
	}); err != nil {
		return err
	}
	if err := s.onPresent(ctx, rest.Delete, "down", func(ctx context.Context, sink eventSink, targets []string) error {
		_, err := s.stack.Destroy(ctx, optdestroy.Target(targets), optdestroy.EventStreams(sink), optdestroy.SuppressProgress())
		return err
	}); err != nil {
		return err
	}
	return s.noteRepair(todo{})
}

// onPresent calls the engine for those of the targets that the state has: others it would refuse.
func (s *session) onPresent(
	ctx context.Context, targets []string, operation string, call func(context.Context, eventSink, []string) error,
) error {
	state, err := s.readState(s.env)
	if err != nil {
		return err
	}
	targets = slices.DeleteFunc(slices.Clone(targets), func(urn string) bool { return len(state.find(urn)) == 0 })
	if len(targets) == 0 {
		return nil
	}
	_, err = s.run(ctx, operation, func(ctx context.Context, sink eventSink) error { return call(ctx, sink, targets) })
	if err != nil {
		return fmt.Errorf("sandbox: repair %s: %w", s.env, err)
	}
	return nil
}

func (s *session) repairFile() string { return filepath.Join(s.projectDir(s.env), "repair.json") }

// noteRepair keeps what is still to be done, in case this run is killed too.
func (s *session) noteRepair(rest todo) error {
	if rest.empty() {
		if err := os.Remove(s.repairFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sandbox: %w", err)
		}
		return nil
	}
	content, err := json.Marshal(rest)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return writeFile(s.repairFile(), content, 0o600)
}

func (s *session) unfinishedRepair() (rest todo, err error) {
	content, err := os.ReadFile(s.repairFile())
	if errors.Is(err, fs.ErrNotExist) {
		return todo{}, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &rest)
	}
	if err != nil {
		return todo{}, fmt.Errorf("sandbox: %w", err)
	}
	return rest, nil
}

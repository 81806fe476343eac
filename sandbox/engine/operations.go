package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"github.com/cloudinsight/platform/sandbox/account"
)

// kubeconfigOutput is the stack output that is written to KubeconfigFile.
const kubeconfigOutput = "kubeconfig"

// Up brings the environment to what its settings say, the shared stack before it when that is not up.
func (e *Engine) Up(ctx context.Context, env string) (Result, error) {
	if err := e.upShared(ctx, env); err != nil {
		return Result{}, err
	}
	return e.with(ctx, env, true, func(s *session) (Result, error) {
		if err := s.foresee(ctx); err != nil {
			return Result{}, err
		}
		if err := s.markUp(false); err != nil {
			return Result{}, err
		}
		var outputs auto.OutputMap
		result, err := s.run(ctx, "up", func(ctx context.Context, sink eventSink) error {
			up, err := s.stack.Up(ctx, optup.EventStreams(sink), optup.SuppressProgress(), optup.SuppressOutputs())
			outputs = up.Outputs
			return err
		})
		if err != nil {
			return result, err
		}
		if err := s.writeKubeconfig(outputs); err != nil {
			return result, err
		}
		if err := s.markUp(true); err != nil {
			return result, err
		}
		if err := e.awaitAutoscalers(ctx, env); err != nil {
			return result, err
		}
		report, err := e.Report(ctx, env)
		result.Report = &report
		return result, err
	})
}

// Preview says what Up would change.
func (e *Engine) Preview(ctx context.Context, env string) (Result, error) {
	return e.PreviewAs(ctx, env, account.DeployerName)
}

// PreviewAs is Preview with the access key of another identity of the account: role is the name of its IAM role. What has
// to be done before a preview, such as repairs, is the deployer's.
func (e *Engine) PreviewAs(ctx context.Context, env, role string) (Result, error) {
	if err := e.upShared(ctx, env); err != nil {
		return Result{}, err
	}
	return e.with(ctx, env, true, func(s *session) (Result, error) {
		if err := s.actAs(ctx, role); err != nil {
			return Result{}, err
		}
		result, err := s.preview(ctx)
		return result, s.explain(result, err)
	})
}

func (s *session) preview(ctx context.Context) (Result, error) {
	result, err := s.run(ctx, "preview", func(ctx context.Context, sink eventSink) error {
		_, err := s.stack.Preview(ctx, optpreview.EventStreams(sink), optpreview.SuppressProgress())
		return err
	})
	// The engine works on many resources at once: only sorted, the same preview reads the same.
	slices.SortFunc(result.Diagnostics, func(a, b Diagnostic) int {
		return cmp.Or(strings.Compare(a.URN, b.URN), strings.Compare(string(a.Severity), string(b.Severity)), strings.Compare(a.Message, b.Message))
	})
	return result, err
}

// Refresh brings the state to what the account and the cluster really have. Changes counts what had drifted.
func (e *Engine) Refresh(ctx context.Context, env string) (Result, error) {
	return e.with(ctx, env, true, func(s *session) (Result, error) {
		return s.run(ctx, "refresh", func(ctx context.Context, sink eventSink) error {
			_, err := s.stack.Refresh(ctx, optrefresh.EventStreams(sink), optrefresh.SuppressProgress(), optrefresh.SuppressOutputs())
			return err
		})
	})
}

// Down removes the environment and checks that nothing of it is left in the account or on this machine, but for what AWS
// keeps on purpose. What is protected is refused, unless the stack's file says that its protection is not locked: then it
// is lifted first.
func (e *Engine) Down(ctx context.Context, env string) (Result, error) {
	if env == SharedStack {
		if users := e.environmentsUp(); len(users) > 0 {
			return Result{}, fmt.Errorf("down %s: is used by %s; take that down first", env, strings.Join(users, ", "))
		}
	}
	if err := e.refuseLocked(env); err != nil {
		return Result{}, err
	}
	return e.with(ctx, env, true, func(s *session) (Result, error) {
		// Again: another run may have ended meanwhile.
		if err := e.refuseLocked(env); err != nil {
			return Result{}, err
		}
		clusters, err := e.clustersOf(env)
		if err != nil {
			return Result{}, err
		}
		complete := e.isUp(env)
		if err := s.markUp(false); err != nil {
			return Result{}, err
		}
		if err := s.lift(ctx, complete); err != nil {
			return Result{}, err
		}
		result, err := s.run(ctx, "down", func(ctx context.Context, sink eventSink) error {
			_, err := s.stack.Destroy(ctx, optdestroy.EventStreams(sink), optdestroy.SuppressProgress())
			return err
		})
		if err != nil {
			return result, err
		}
		left, kept, err := e.leftovers(env, clusters)
		if result.Kept = kept; err != nil || len(left) > 0 {
			failure := &Failure{Environment: env, Operation: "down"}
			for _, what := range left {
				failure.Diagnostics = append(failure.Diagnostics, Diagnostic{Severity: Error, Message: "left behind: " + what})
			}
			return result, errors.Join(err, failure)
		}
		if err := s.stack.Workspace().RemoveStack(ctx, s.stack.Name()); err != nil {
			return result, fmt.Errorf("down %s: %w", env, err)
		}
		if err := os.Remove(e.KubeconfigFile(env)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return result, fmt.Errorf("down %s: %w", env, err)
		}
		return result, nil
	})
}

// with runs an operation under the environment's lock, after repairing what a killed engine has left.
func (e *Engine) with(ctx context.Context, env string, planes bool, operation func(*session) (Result, error)) (Result, error) {
	started := time.Now()
	s, err := e.open(ctx, env)
	if err != nil {
		return Result{}, err
	}
	defer s.close()
	if planes {
		if err := e.startClusters(ctx, env); err != nil {
			return Result{}, err
		}
	}
	recovered, err := s.recover(ctx)
	if err != nil {
		return Result{}, err
	}
	result, err := operation(s)
	result.Recovered = recovered
	result.Duration = time.Since(started)
	return result, err
}

// upShared brings the shared stack up for an environment that comes before it.
func (e *Engine) upShared(ctx context.Context, env string) error {
	if err := e.project.hasStack(env); err != nil {
		return err
	}
	if env == SharedStack || !slices.Contains(e.project.stacks, SharedStack) || e.isUp(SharedStack) {
		return nil
	}
	fmt.Fprintf(e.Out, "bringing the %s stack up first\n", SharedStack)
	_, err := e.Up(ctx, SharedStack)
	return err
}

// isUp says whether the last Up of the environment ended well.
func (e *Engine) isUp(env string) bool {
	_, err := os.Stat(e.upMark(env))
	return err == nil
}

func (e *Engine) upMark(env string) string { return filepath.Join(e.projectDir(env), "up") }

func (s *session) markUp(up bool) error {
	if up {
		return writeFile(s.upMark(s.env), []byte("the last up ended well\n"), 0o600)
	}
	if err := os.Remove(s.upMark(s.env)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
}

// environmentsUp are the environments that have resources, without the shared stack.
func (e *Engine) environmentsUp() []string {
	var up []string
	for _, env := range e.project.stacks {
		if state, err := e.readState(env); env != SharedStack && err == nil && len(state.resources) > 0 {
			up = append(up, env)
		}
	}
	return up
}

// writeKubeconfig keeps the stack's kubeconfig where kubectl finds it.
func (s *session) writeKubeconfig(outputs auto.OutputMap) error {
	output, ok := outputs[kubeconfigOutput]
	if !ok {
		return nil
	}
	text, ok := output.Value.(string)
	if !ok {
		encoded, err := json.Marshal(output.Value)
		if err != nil {
			return fmt.Errorf("sandbox: output %s: %w", kubeconfigOutput, err)
		}
		text = string(encoded)
	}
	return writeFile(s.KubeconfigFile(s.env), []byte(text), 0o600)
}

// leftovers are what a destroyed environment must not have left: resources in the account, control planes here. What AWS
// keeps on purpose is told apart.
func (e *Engine) leftovers(env string, clusters []string) (left, kept []string, err error) {
	err = e.account.View(func(a *account.State) error {
		for _, r := range a.OfStack(env) {
			left = append(left, fmt.Sprintf("%s %s in the account", shortType(r.Type), r.ID))
		}
		for _, r := range a.Kept(env) {
			kept = append(kept, keptText(r))
		}
		return nil
	})
	for _, name := range clusters {
		if plane, openErr := e.Planes().Open(name); openErr == nil {
			left = append(left, "the control plane of "+plane.Name())
		}
	}
	return left, kept, err
}

// keptText says what AWS keeps, why, and for how long.
func keptText(r *account.Resource) string {
	text := fmt.Sprintf("%s %s: %s", shortType(r.Type), r.ID, r.Kept)
	if !r.Until.IsZero() {
		text += " until " + r.Until.Format(time.DateOnly)
	}
	return text
}

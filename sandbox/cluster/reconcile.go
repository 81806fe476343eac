package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/access"
	"github.com/cloudinsight/platform/sandbox/cluster/addons"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
	"github.com/cloudinsight/platform/sandbox/cluster/nodes"
)

const (
	// lookEvery is how often the account is looked at for a change.
	lookEvery = 250 * time.Millisecond

	// resyncEvery is how often everything is compared although nothing seems to have changed, so that what somebody
	// changed by hand in the cluster is set right.
	resyncEvery = 30 * time.Second

	// retryAfter is the pause after something failed.
	retryAfter = time.Second
)

// part is one thing that is kept as the account says.
type part struct {
	name string

	// input is what of the cluster the part depends on; it is left alone while that stays the same.
	input func(c *desired.Cluster) any

	// run makes the cluster so. A positive again asks for another run after that time.
	run func(ctx context.Context, c *desired.Cluster) (problems []desired.Problem, again time.Duration, err error)

	last     string // the input of the last run that succeeded
	dueAt    time.Time
	problems []desired.Problem
}

// reconciler keeps the cluster as the account says.
type reconciler struct {
	dir      string
	name     string
	account  *account.Account
	nodes    *nodes.Manager
	parts    []*part
	wake     chan struct{}
	log      *slog.Logger
	reported string
}

func newReconciler(s *settings, client kubernetes.Interface, version string, log *slog.Logger) *reconciler {
	r := &reconciler{dir: s.Dir, name: s.Name, account: account.Open(s.AccountPath), wake: make(chan struct{}, 1), log: log}
	wakeNodes := &part{
		name:  "nodes",
		input: func(c *desired.Cluster) any { return []any{c.NodeGroups, c.Images, c.Region, c.PrefixDelegation()} },
	}
	r.nodes = nodes.NewManager(client, version, s.Images, log, func() {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	})
	wakeNodes.run = r.nodes.Reconcile
	r.parts = []*part{
		{
			name:  "access",
			input: func(c *desired.Cluster) any { return []any{c.Entries, c.Associations} },
			run: func(ctx context.Context, c *desired.Cluster) ([]desired.Problem, time.Duration, error) {
				problems, missing, err := access.Reconcile(ctx, client, c)
				if missing {
					return problems, retryAfter, err
				}
				return problems, 0, err
			},
		},
		{
			name:  "addons",
			input: func(c *desired.Cluster) any { return []any{c.Addons, c.Region} },
			run: func(ctx context.Context, c *desired.Cluster) ([]desired.Problem, time.Duration, error) {
				problems, err := addons.Reconcile(ctx, client, c, s.ServiceCIDR)
				return problems, 0, err
			},
		},
		wakeNodes,
	}
	return r
}

// run reconciles until ctx ends.
func (r *reconciler) run(ctx context.Context) error {
	managed := make(chan error, 1)
	go func() { managed <- r.nodes.Run(ctx) }()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var seen string
	var c *desired.Cluster
	for {
		if version, err := r.account.Version(); err != nil {
			r.log.Warn("account not read", "error", err)
		} else if c == nil || version != seen {
			err := r.account.View(func(s *account.State) error {
				c = desired.Read(s, r.name)
				return nil
			})
			if err != nil {
				r.log.Warn("account not read", "error", err)
			} else {
				seen = version
			}
		}
		if c != nil {
			r.step(ctx, c)
		}
		select {
		case <-ctx.Done():
			return <-managed
		case <-r.wake:
			r.parts[len(r.parts)-1].dueAt = time.Time{} // the nodes' part
		case <-ticker.C:
		}
	}
}

// step runs the parts that are due and reports their problems.
func (r *reconciler) step(ctx context.Context, c *desired.Cluster) {
	problems := append([]desired.Problem{}, c.Problems...)
	for _, p := range r.parts {
		raw, err := json.Marshal(p.input(c))
		if err != nil {
			r.log.Warn("input not read", "part", p.name, "error", err)
		}
		input, now := string(raw), time.Now()
		if input != p.last || now.After(p.dueAt) {
			var again time.Duration
			p.problems, again, err = p.run(ctx, c)
			p.last, p.dueAt = input, now.Add(resyncEvery)
			if again > 0 {
				p.dueAt = now.Add(again)
			}
			if err != nil && ctx.Err() == nil {
				r.log.Warn("not reconciled", "part", p.name, "error", err)
				p.problems = append(p.problems, desired.Problem{Subject: p.name, Message: err.Error()})
				p.dueAt = now.Add(retryAfter)
			}
		}
		problems = append(problems, p.problems...)
	}
	r.report(problems)
}

const problemsFile = "problems.json"

// report writes the problems where ControlPlane.Problems finds them, and logs them once.
func (r *reconciler) report(problems []desired.Problem) {
	raw, err := json.MarshalIndent(problems, "", "  ")
	if err != nil || string(raw) == r.reported {
		return
	}
	r.reported = string(raw)
	for _, p := range problems {
		r.log.Warn("problem", "subject", p.Subject, "message", p.Message)
	}
	if err := writeFile(filepath.Join(r.dir, problemsFile), raw); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.log.Warn("problems not written", "error", err)
	}
}

func readProblems(dir string) ([]desired.Problem, error) {
	raw, err := os.ReadFile(filepath.Join(dir, problemsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	var problems []desired.Problem
	if err := json.Unmarshal(raw, &problems); err != nil {
		return nil, fmt.Errorf("cluster: %s is damaged: %w", filepath.Join(dir, problemsFile), err)
	}
	return problems, nil
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"
	"k8s.io/client-go/kubernetes"

	"github.com/cloudinsight/platform/sandbox/cluster/nodes"
)

// startPatience is how long the API server may take to answer.
const startPatience = 90 * time.Second

var errVanished = errors.New("the cluster's directory is gone")

// supervisor is the state of one Supervise.
type supervisor struct {
	settings *settings
	identity os.FileInfo // of the authority, which is never rewritten: a directory made anew is not this cluster
	log      *slog.Logger
	family   *family

	mu     sync.Mutex
	record record
}

// Supervise runs the cluster of a directory until ctx ends, the process gets SIGTERM or SIGINT, the directory vanishes or
// a program cannot be kept running. It returns ErrSupervised when the cluster has a supervisor already. The programs are
// children of this process and die with it, so it should do nothing else.
func Supervise(ctx context.Context, dir string) error {
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := readSettings(dir)
	if err != nil {
		return err
	}
	identity, err := os.Stat(pki(dir, "ca.crt"))
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	v := &supervisor{
		settings: s, identity: identity,
		log:    slog.New(slog.NewTextHandler(logFile(dir, "supervisor"), nil)),
		record: record{process: processOf(os.Getpid()), Children: map[string]process{}},
	}
	if err := v.record.write(dir); err != nil {
		return err
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopSignals := v.endOnSignal(cancel)
	defer stopSignals()
	go v.endWithDirectory(ctx, cancel)

	v.family = newFamily(ctx, v.childChanged, v.intact, v.log)
	err = v.run(ctx, cancel)
	v.family.end()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	switch {
	case errors.Is(err, errVanished), errors.Is(err, errSignalled), errors.Is(err, context.Canceled):
		v.log.Info("ended", "reason", err)
		return nil
	case err != nil:
		v.log.Error("gave up", "error", err)
		_ = writeFile(filepath.Join(dir, failureFile), []byte(err.Error()+"\n"))
	}
	return err
}

// run brings everything up and then waits for the end.
func (v *supervisor) run(ctx context.Context, fail context.CancelCauseFunc) error {
	s := v.settings
	p, err := v.prepare(ctx)
	if err != nil {
		return err
	}
	start := func(names ...string) {
		for _, name := range names {
			v.family.start(program{
				name: name, path: filepath.Join(s.BinDir, name), arguments: s.arguments(name, p), log: logFile(s.Dir, name),
			}, fail)
		}
	}
	start(programEtcd, programAPIServer)
	client, err := kubernetes.NewForConfig(s.restConfig(certNodes))
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	version, err := v.awaitAPIServer(ctx, client)
	if err != nil {
		return err
	}
	start(programController, programScheduler, programKwok)

	r := newReconciler(s, client, version, v.log)
	failed := make(chan error, 1)
	go func() { failed <- r.run(ctx) }()
	v.update(func(r *record) { r.Ready = true })
	v.log.Info("ready", "endpoint", s.endpoint(), "version", version)
	select {
	case <-ctx.Done():
		<-failed //nolint:errcheck // it ends because the context does
		return context.Cause(ctx)
	case err := <-failed:
		return err
	}
}

// prepare writes the files that depend on this start's ports and opens the token webhook.
func (v *supervisor) prepare(ctx context.Context) (ports, error) {
	s := v.settings
	if err := s.awaitPort(ctx); err != nil {
		return ports{}, err
	}
	var p ports
	var err error
	if p.etcdClient, err = etcdClientPorts.free(s.Dir); err != nil {
		return p, err
	}
	if p.etcdPeer, err = etcdPeerPorts.free(s.Dir); err != nil {
		return p, err
	}
	if p.webhook, err = v.serveTokens(ctx); err != nil {
		return p, err
	}
	if err := writeWebhookConfig(s, p.webhook); err != nil {
		return p, err
	}
	return p, writeFile(filepath.Join(s.Dir, stagesFile), nodes.Stages)
}

// awaitAPIServer returns the server's version once it is ready.
func (v *supervisor) awaitAPIServer(ctx context.Context, client kubernetes.Interface) (version string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startPatience, fmt.Errorf("cluster %q: the API server is not ready after %s", v.settings.Name, startPatience))
	defer cancel()
	for {
		var code int
		result := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx)
		if result.StatusCode(&code); result.Error() == nil && code == http.StatusOK {
			info, err := client.Discovery().ServerVersion()
			if err == nil {
				return info.GitVersion, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

var errSignalled = errors.New("told to end")

func (v *supervisor) endOnSignal(cancel context.CancelCauseFunc) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGHUP)
	go func() {
		if got, ok := <-signals; ok {
			cancel(fmt.Errorf("%w: %s", errSignalled, got))
		}
	}()
	return func() { signal.Stop(signals); close(signals) }
}

// endWithDirectory ends the supervisor when its cluster has been removed by hand, or its owner is gone.
func (v *supervisor) endWithDirectory(ctx context.Context, cancel context.CancelCauseFunc) {
	s := v.settings
	var owner process
	if s.OwnerPID > 0 {
		owner = processOf(s.OwnerPID)
	}
	for {
		if err := v.intact(); err != nil {
			cancel(err)
			return
		}
		if s.OwnerPID > 0 && !owner.alive() {
			cancel(fmt.Errorf("%w: its owner, process %d, is gone", errSignalled, s.OwnerPID))
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// intact is errVanished once the directory is gone, or has another cluster.
func (v *supervisor) intact() error {
	now, err := os.Stat(pki(v.settings.Dir, "ca.crt"))
	if err != nil || !os.SameFile(now, v.identity) {
		return errVanished
	}
	return nil
}

func (v *supervisor) childChanged(name string, p process) {
	v.update(func(r *record) { r.Children[name] = p })
}

func (v *supervisor) update(change func(*record)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change(&v.record)
	if err := v.record.write(v.settings.Dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		v.log.Warn("record not written", "error", err)
	}
}

// logFile is logs/NAME.log, kept to 10 MB and one predecessor.
func logFile(dir, name string) *lumberjack.Logger {
	return &lumberjack.Logger{Filename: filepath.Join(dir, "logs", name+".log"), MaxSize: 10, MaxBackups: 1}
}

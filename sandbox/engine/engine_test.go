package engine

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
)

// sandbox returns an engine for the fixture project with a sandbox of its own; the programs are the checkout's.
func sandbox(t *testing.T) (*Engine, *bytes.Buffer) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the real engine")
	}
	checkout, err := filepath.Abs("../..")
	require.NoError(t, err)
	dir := t.TempDir()
	for _, name := range []string{"Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.shared.yaml"} {
		content, err := os.ReadFile(filepath.Join("testdata/project", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o444))
	}
	program := filepath.Join(dir, "program")
	out, err := exec.Command("go", "build", "-o", program, "./testdata/program").CombinedOutput()
	require.NoError(t, err, string(out))
	var shown bytes.Buffer
	e, err := New(Options{ProjectDir: dir, SourceDir: checkout, Program: program, Out: &shown})
	require.NoError(t, err)
	return e, &shown
}

func configure(t *testing.T, e *Engine, env, content string) {
	t.Helper()
	path := filepath.Join(e.ProjectDir, stackFile(env))
	require.NoError(t, os.Chmod(path, 0o644))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

func groups(t *testing.T, e *Engine, env string) []string {
	t.Helper()
	var ids []string
	require.NoError(t, e.Account().View(func(s *account.State) error {
		for _, r := range s.OfStack(env) {
			// The VPC's own group was made by AWS.
			if r.Type == "aws:ec2/securityGroup:SecurityGroup" && r.URN != "" {
				ids = append(ids, r.ID)
			}
		}
		return nil
	}))
	return ids
}

// The life of an environment: the shared stack first, up, no change, a change, and down to nothing.
func TestLifeOfAnEnvironment(t *testing.T) {
	t.Setenv("AWS_PROFILE", "operator")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	ctx := context.Background()
	e, shown := sandbox(t)

	up, err := e.Up(ctx, "dev")
	require.NoError(t, err, shown)
	assert.Contains(t, shown.String(), "bringing the shared stack up first")
	assert.Contains(t, shown.String(), "+ aws:ec2:SecurityGroup group-2 (in fixture:index:Networks)")
	assert.Len(t, groups(t, e, "shared"), 1)
	assert.Len(t, groups(t, e, "dev"), 3)
	assert.Equal(t, map[string]any{"groups": float64(3), "password": "[secret]"}, up.Report.Outputs)
	assert.Equal(t, Component{Name: "networks", Type: "fixture:index:Networks", AWS: 4}, up.Report.Components[0])
	info, err := os.Stat(e.KubeconfigFile("dev"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	again, err := e.Up(ctx, "dev")
	require.NoError(t, err)
	assert.Zero(t, again.Changed(), "a second up must change nothing: %v", again.Changes)

	configure(t, e, "dev", "config:\n  fixture:groups: 4\n")
	preview, err := e.Preview(ctx, "dev")
	require.NoError(t, err)
	assert.Equal(t, 1, preview.Changes["create"])
	assert.Len(t, groups(t, e, "dev"), 3, "a preview makes nothing")

	_, err = e.Down(ctx, "shared")
	assert.ErrorContains(t, err, "is used by dev")
	down, err := e.Down(ctx, "dev")
	require.NoError(t, err)
	assert.Positive(t, down.Changes["delete"])
	assert.Empty(t, groups(t, e, "dev"))
	_, err = e.Down(ctx, "shared")
	require.NoError(t, err)

	written, err := filepath.Glob(filepath.Join(e.ProjectDir, "Pulumi*"))
	require.NoError(t, err)
	assert.Len(t, written, 3, "the operator's folder is not written to")
	config, err := os.ReadFile(filepath.Join(e.ProjectDir, "Pulumi.dev.yaml"))
	require.NoError(t, err)
	assert.NotContains(t, string(config), "encryptionsalt")
	assert.NotContains(t, shown.String(), "do-not-show")
}

// What was changed behind the engine's back is found by a refresh, and set right by the next up.
func TestDrift(t *testing.T) {
	ctx := context.Background()
	e, _ := sandbox(t)
	_, err := e.Up(ctx, "shared")
	require.NoError(t, err)
	gone := groups(t, e, "shared")[0]
	require.NoError(t, e.Account().Update(func(s *account.State) error {
		s.Delete("aws:ec2/securityGroup:SecurityGroup", gone)
		return nil
	}))
	refreshed, err := e.Refresh(ctx, "shared")
	require.NoError(t, err)
	assert.Equal(t, 1, refreshed.Changes["delete"])
	_, err = e.Up(ctx, "shared")
	require.NoError(t, err)
	assert.Len(t, groups(t, e, "shared"), 1)
}

// A refused configuration is shown as the program says it: once, without wrappings.
func TestProgramErrors(t *testing.T) {
	ctx := context.Background()
	e, _ := sandbox(t)
	configure(t, e, "shared", "config:\n  fixture:groups: -1\n")
	_, err := e.Preview(ctx, "shared")
	var failure *Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "preview shared failed:\n"+
		"  config: fixture:groups: must not be negative, got -1\n"+
		"  config: fixture:other: is wrong too", err.Error())

	configure(t, e, "shared", "config:\n  fixture:groups: 101\n")
	_, err = e.Up(ctx, "shared")
	require.ErrorAs(t, err, &failure)
	assert.Contains(t, err.Error(), "up shared failed:\n  program program: exit status 2\n  panic: too many", "a crash shows its trace")

	_, err = e.Up(ctx, "qa")
	assert.ErrorContains(t, err, `must be one of dev, shared (each has its Pulumi.<environment>.yaml), got "qa"`)
}

// An engine that is killed in the middle leaves nothing that the next up does not settle.
func TestKilledEngine(t *testing.T) {
	ctx := context.Background()
	e, _ := sandbox(t)
	configure(t, e, "shared", "config:\n  fixture:groups: 40\n")
	for _, after := range []int{1, 5, 9} {
		o := e.Options
		o.Out = &killer{locks: filepath.Join(e.stateDir(), ".pulumi/locks/organization/fixture/shared/*.json"), after: after}
		doomed, err := New(o)
		require.NoError(t, err)
		_, err = doomed.Up(ctx, "shared")
		require.Error(t, err)
	}
	made := groups(t, e, "shared")
	up, err := e.Up(ctx, "shared")
	require.NoError(t, err)
	ids := groups(t, e, "shared")
	assert.Len(t, ids, 40, "made twice, or not at all")
	assert.Subset(t, ids, made, "what was made before the kill is kept")
	t.Log(strings.Join(up.Recovered, "\n"))
	again, err := e.Up(ctx, "shared")
	require.NoError(t, err)
	assert.Zero(t, again.Changed(), "%v", again.Changes)
	_, err = e.Down(ctx, "shared")
	require.NoError(t, err)
}

// killer kills the engine that holds the stack's lock when so many resources were made.
type killer struct {
	locks string
	after int
}

func (k *killer) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "+ aws:ec2:SecurityGroup") {
		if k.after--; k.after == 0 {
			files, _ := filepath.Glob(k.locks)
			for _, f := range files {
				if pid, err := holder(f); err == nil && pid != 0 {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		}
	}
	return len(p), nil
}

// A preview by another identity is the same preview, and makes no difference to the runs after it.
func TestPreviewByAnotherCaller(t *testing.T) {
	ctx := context.Background()
	e, _ := sandbox(t)
	_, err := e.Up(ctx, "shared")
	require.NoError(t, err)
	configure(t, e, "shared", "config:\n  fixture:groups: 9\n  fixture:description: other\n")
	deployer, err := e.Preview(ctx, "shared")
	require.NoError(t, err)
	previewer, err := e.PreviewAs(ctx, "shared", account.PreviewerName)
	require.NoError(t, err)
	assert.Len(t, deployer.Steps, 9)
	assert.Equal(t, deployer.Steps, previewer.Steps)
	assert.Equal(t, deployer.Changes, previewer.Changes)
	assert.Equal(t, deployer.Diagnostics, previewer.Diagnostics)

	require.NoError(t, e.Account().View(func(s *account.State) error {
		for _, identity := range s.Identities {
			vars, err := e.variables("shared", path.Base(identity.PrincipalARN), *e.tools)
			require.NoError(t, err)
			assert.Equal(t, identity.AccessKeyID, vars["AWS_ACCESS_KEY_ID"])
			assert.Equal(t, identity.SecretAccessKey, vars["AWS_SECRET_ACCESS_KEY"])
		}
		return nil
	}))
	_, err = e.PreviewAs(ctx, "shared", "nobody")
	assert.EqualError(t, err, `identity: must be one of the account's roles cloudinsight-deployer, cloudinsight-preview, got "nobody"`)
}

// What AWS keeps on purpose is told apart from what an environment has left behind.
func TestLeftovers(t *testing.T) {
	e, err := New(Options{ProjectDir: folder(t, map[string]string{"Pulumi.yaml": settings})})
	require.NoError(t, err)
	require.NoError(t, e.Account().Update(func(s *account.State) error {
		for _, id := range []string{"lost", "snapshot", "secret"} {
			s.Put(&account.Resource{Type: "aws:rds/snapshot:Snapshot", ID: id, URN: "urn:pulumi:dev::p::aws:rds/snapshot:Snapshot::" + id})
		}
		s.Keep(s.Get("aws:rds/snapshot:Snapshot", "snapshot"), "final snapshot", time.Time{})
		s.Keep(s.Get("aws:rds/snapshot:Snapshot", "secret"), "scheduled for deletion", time.Date(2199, 1, 2, 3, 4, 5, 0, time.UTC))
		return nil
	}))
	left, kept, err := e.leftovers("dev", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"aws:rds:Snapshot lost in the account"}, left)
	assert.Equal(t, []string{
		"aws:rds:Snapshot snapshot: final snapshot", "aws:rds:Snapshot secret: scheduled for deletion until 2199-01-02",
	}, kept)
}

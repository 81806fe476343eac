package language

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// request is a run of a shell script as the program.
func request(t *testing.T, script string) (*pulumirpc.RunRequest, string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "program"), []byte("#!/bin/sh\n"+script), 0o755))
	options, err := structpb.NewStruct(map[string]any{"binary": "program"})
	require.NoError(t, err)
	return &pulumirpc.RunRequest{
		Project: "p", Stack: "dev", Organization: "org", Pwd: dir, DryRun: true, Parallel: 4, MonitorAddress: "127.0.0.1:1",
		Config: map[string]string{"p:key": `{"a":1}`}, ConfigSecretKeys: []string{"p:secret"},
		Info: &pulumirpc.ProgramInfo{RootDirectory: dir, ProgramDirectory: dir, Options: options},
	}, dir
}

// The program gets what the Go SDK reads.
func TestRunPassesTheRun(t *testing.T) {
	req, dir := request(t, "env > seen\n")
	got, err := (&host{engine: "127.0.0.1:2"}).Run(context.Background(), req)
	require.NoError(t, err)
	assert.Empty(t, got.GetError())
	assert.False(t, got.GetBail())
	seen, err := os.ReadFile(filepath.Join(dir, "seen"))
	require.NoError(t, err)
	for _, want := range []string{
		"PULUMI_PROJECT=p\n", "PULUMI_STACK=dev\n", "PULUMI_ORGANIZATION=org\n", "PULUMI_DRY_RUN=true\n", "PULUMI_PARALLEL=4\n",
		"PULUMI_MONITOR=127.0.0.1:1\n", "PULUMI_ENGINE=127.0.0.1:2\n", `PULUMI_CONFIG={"p:key":"{\"a\":1}"}` + "\n",
		`PULUMI_CONFIG_SECRET_KEYS=["p:secret"]` + "\n", "PULUMI_ROOT_DIRECTORY=" + dir + "\n",
	} {
		assert.Contains(t, string(seen), want)
	}
}

func TestRunReportsHowTheProgramEnded(t *testing.T) {
	for name, c := range map[string]struct {
		script, wantError string
		bail              bool
	}{
		"has told the engine": {"exit 32\n", "", true},
		"crashed":             {"exit 2\n", "program program: exit status 2", false},
		"killed":              {"kill -9 $$\n", "program program: signal: killed", false},
	} {
		t.Run(name, func(t *testing.T) {
			req, _ := request(t, c.script)
			got, err := (&host{}).Run(context.Background(), req)
			require.NoError(t, err)
			assert.Equal(t, c.wantError, got.GetError())
			assert.Equal(t, c.bail, got.GetBail())
		})
	}
}

func TestRunNeedsABuiltProgram(t *testing.T) {
	req, _ := request(t, "")
	req.Info.Options = nil
	_, err := (&host{}).Run(context.Background(), req)
	assert.Equal(t, codes.InvalidArgument, status.Code(err))
	assert.ErrorContains(t, err, "runtime.options.binary")
}

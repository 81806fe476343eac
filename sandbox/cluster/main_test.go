package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

const (
	testName   = "cloudinsight-test"
	testRegion = "af-south-1"
)

// shared is the control plane that most tests use; it runs from the first that asks for it to the end of the package.
var shared *fixture

type fixture struct {
	plane   *ControlPlane
	account *account.Account
	client  kubernetes.Interface
}

// TestMain is the supervisor as well: the tests run this very binary as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "supervise" {
		if err := Supervise(context.Background(), os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if shared != nil {
		if err := shared.plane.Delete(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		_ = os.RemoveAll(filepath.Dir(shared.plane.Dir()))
	}
	os.Exit(code)
}

// programs is the directory of the control plane's programs.
func programs(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CLOUDINSIGHT_BIN")
	if dir == "" {
		var err error
		dir, err = filepath.Abs("../../.sandbox/bin")
		require.NoError(t, err)
	}
	if _, err := os.Stat(filepath.Join(dir, programAPIServer)); err != nil {
		t.Fatalf("no control plane programs in %s: run `make tools`, or set CLOUDINSIGHT_BIN", dir)
	}
	return dir
}

func testOptions(t *testing.T, dir string) Options {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return Options{
		Dir: filepath.Join(dir, "cluster"), Name: testName, Region: testRegion, Version: "1.36", BinDir: programs(t),
		Supervisor: []string{self, "supervise"}, AccountPath: filepath.Join(dir, "account.json"), OwnerPID: os.Getpid(),
	}
}

func testContext(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// newPlane makes a control plane of the test's own.
func newPlane(t *testing.T) *fixture {
	t.Helper()
	f := makeFixture(t, testOptions(t, t.TempDir()))
	t.Cleanup(func() { require.NoError(t, f.plane.Delete(context.Background())) })
	return f
}

// sharedPlane returns the package's control plane, with a cluster in the account that has no add-ons of its own.
func sharedPlane(t *testing.T) *fixture {
	t.Helper()
	if shared == nil {
		dir, err := os.MkdirTemp("", "cluster-test-") //nolint:usetesting // outlives this test: TestMain removes it
		require.NoError(t, err)
		shared = makeFixture(t, testOptions(t, dir))
	}
	return shared
}

func makeFixture(t *testing.T, options Options) *fixture {
	t.Helper()
	acct := account.Open(options.AccountPath)
	require.NoError(t, acct.Update(func(s *account.State) error {
		s.Put(&account.Resource{Type: desired.TypeCluster, ID: testName, Region: testRegion, Props: map[string]any{
			"name": testName, "bootstrapSelfManagedAddons": false,
		}})
		for zone, cidr := range map[string]string{"a": "10.2.11.0/24", "b": "10.2.12.0/24"} {
			s.Put(&account.Resource{Type: desired.TypeSubnet, ID: "subnet-" + zone, Region: testRegion, Props: map[string]any{
				"availabilityZone": testRegion + zone, "cidrBlock": cidr,
			}})
		}
		return nil
	}))
	began := time.Now()
	plane, err := Create(testContext(t, 2*time.Minute), options)
	require.NoError(t, err)
	t.Logf("control plane made in %s", time.Since(began).Round(10*time.Millisecond))
	client, err := kubernetes.NewForConfig(plane.AdminConfig())
	require.NoError(t, err)
	return &fixture{plane: plane, account: acct, client: client}
}

// put changes the account.
func (f *fixture) put(t *testing.T, typ, id string, props map[string]any) {
	t.Helper()
	props["clusterName"] = testName
	require.NoError(t, f.account.Update(func(s *account.State) error {
		s.Put(&account.Resource{Type: typ, ID: id, Region: testRegion, Props: props})
		return nil
	}))
}

func (f *fixture) remove(t *testing.T, typ, id string) {
	t.Helper()
	require.NoError(t, f.account.Update(func(s *account.State) error {
		s.Delete(typ, id)
		return nil
	}))
}

package kubernetes

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/sandbox/account"
	controlplane "github.com/cloudinsight/platform/sandbox/cluster"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
	"github.com/cloudinsight/platform/sandbox/cluster/nodes"
	"github.com/cloudinsight/platform/sandbox/kubernetes/definitions"
)

// placeholder is an image that every node has; missingImage one that no registry has.
const (
	placeholder  = nodes.PlaceholderImage
	missingImage = "registry.example.com/nothing:1"
)

// shared is the control plane of all tests, with two nodes. The first test that needs it starts it.
var shared struct {
	once  sync.Once
	plane *controlplane.ControlPlane
	err   error
	dir   string
}

// TestMain is the control plane's supervisor as well: the tests run this very binary as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "supervise" {
		if err := controlplane.Supervise(context.Background(), os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	quiet()
	flag.Parse()
	// The tests on the control plane mostly wait for it.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	code := m.Run()
	if shared.plane != nil {
		if err := shared.plane.Delete(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	_ = os.RemoveAll(shared.dir)
	os.Exit(code)
}

// testCluster returns the path of a kubeconfig for the shared control plane.
func testCluster(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	shared.once.Do(func() { shared.plane, shared.err = startCluster() })
	require.NoError(t, shared.err)
	return shared.plane.AdminKubeconfig()
}

func startCluster() (*controlplane.ControlPlane, error) {
	const name, region, group = "cloudinsight-test", "af-south-1", "general"
	dir, err := os.MkdirTemp("", "kubernetes-test-")
	if err != nil {
		return nil, err
	}
	shared.dir = dir
	if err := definitions.Build(context.Background(), filepath.Join(dir, definitions.Folder)); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	bin := os.Getenv("CLOUDINSIGHT_BIN")
	if bin == "" {
		bin = "../../.sandbox/bin"
	}
	if bin, err = filepath.Abs(bin); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(bin, "kube-apiserver")); err != nil {
		return nil, fmt.Errorf("no control plane programs in %s: run `make tools`, or set CLOUDINSIGHT_BIN", bin)
	}
	path := filepath.Join(dir, "account.json")
	err = account.Open(path).Update(func(s *account.State) error {
		put := func(typ, id string, props map[string]any) {
			s.Put(&account.Resource{Type: typ, ID: id, Region: region, Props: props})
		}
		put(desired.TypeCluster, name, map[string]any{"name": name, "bootstrapSelfManagedAddons": false})
		put(desired.TypeSubnet, "subnet-a", map[string]any{"availabilityZone": region + "a", "cidrBlock": "10.2.11.0/24"})
		put(desired.TypeAddon, "vpc-cni", map[string]any{"clusterName": name, "addonName": "vpc-cni", "addonVersion": "v1.20.4-eksbuild.1"})
		put(desired.TypeNodeGroup, group, map[string]any{
			"clusterName": name, "nodeGroupName": group, "subnetIds": []any{"subnet-a"}, "instanceTypes": []any{"m5.xlarge"},
			"capacityType": "ON_DEMAND", "amiType": "AL2023_x86_64_STANDARD", "scalingConfig": map[string]any{"desiredSize": 2},
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	plane, err := controlplane.Create(ctx, controlplane.Options{
		Dir: filepath.Join(dir, "cluster"), Name: name, Region: region, Version: "1.36", BinDir: bin,
		Supervisor: []string{self, "supervise"}, AccountPath: path, OwnerPID: os.Getpid(),
	})
	if err != nil {
		return nil, err
	}
	return plane, plane.WaitNodes(ctx, group, 2)
}

// Package planes keeps one local control plane for each EKS cluster of the sandbox's account, in a folder named after it.
package planes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/aws"
	"github.com/cloudinsight/platform/sandbox/cluster"
)

// OwnerVariable is the environment variable with the process that the control planes must not outlive, such as a
// test's. Without it they run until they are stopped.
const OwnerVariable = "SANDBOX_OWNER"

// clusterType is the type of an EKS cluster in the account.
const clusterType = "aws:eks/cluster:Cluster"

// Planes are the control planes of one sandbox. They implement aws.ControlPlanes.
type Planes struct {
	Root    string // the sandbox's folder
	Bin     string // the servers' programs
	Sandbox string // the sandbox's own program, which supervises them
}

var _ aws.ControlPlanes = Planes{}

func (p Planes) dir(name string) string { return filepath.Join(p.Root, "clusters", name) }

func (p Planes) account() *account.Account {
	return account.Open(filepath.Join(p.Root, "account.json"))
}

func (p Planes) supervisor() []string { return []string{p.Sandbox, "supervise"} }

// Create makes and starts the control plane of a cluster; one that a killed run has left is taken up.
func (p Planes) Create(ctx context.Context, c aws.ClusterSpec) (endpoint, certificateAuthority string, err error) {
	owner := 0
	if given := os.Getenv(OwnerVariable); given != "" {
		if owner, err = strconv.Atoi(given); err != nil {
			return "", "", fmt.Errorf("%s: must be a process id, got %q", OwnerVariable, given)
		}
	}
	plane, err := cluster.Create(ctx, cluster.Options{
		Dir: p.dir(c.Name), Name: c.Name, Region: c.Region, Version: c.Version, BinDir: p.Bin, Supervisor: p.supervisor(),
		AccountPath: filepath.Join(p.Root, "account.json"), OIDCIssuer: c.OIDCIssuer, ServiceCIDR: c.ServiceCIDR, OwnerPID: owner,
	})
	if errors.Is(err, cluster.ErrExists) {
		if plane, err = cluster.Open(p.dir(c.Name), p.supervisor()); err == nil {
			err = plane.Start(ctx)
		}
	}
	if err != nil {
		return "", "", err
	}
	certificateAuthority, err = plane.CertificateAuthority()
	return plane.Endpoint(), certificateAuthority, err
}

// Delete stops the control plane and removes its folder. A missing one is no error.
func (p Planes) Delete(ctx context.Context, name string) error {
	return cluster.Remove(ctx, p.dir(name))
}

// WaitNodes returns when the node group has that many Ready nodes, or with the reason why it has not.
func (p Planes) WaitNodes(ctx context.Context, name, group string, count int) error {
	plane, err := cluster.Open(p.dir(name), nil)
	if err != nil {
		return err
	}
	return plane.WaitNodes(ctx, group, count)
}

// Open returns the control plane of a cluster, running or not.
func (p Planes) Open(name string) (*cluster.ControlPlane, error) {
	return cluster.Open(p.dir(name), p.supervisor())
}

// List returns all control planes, running or not.
func (p Planes) List() ([]*cluster.ControlPlane, error) {
	dirs, err := cluster.List(filepath.Join(p.Root, "clusters"))
	if err != nil {
		return nil, err
	}
	var all []*cluster.ControlPlane
	for _, dir := range dirs {
		plane, err := cluster.Open(dir, p.supervisor())
		if errors.Is(err, cluster.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, plane)
	}
	return all, nil
}

package cluster

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
	"github.com/cloudinsight/platform/sandbox/cluster/nodes"
)

var (
	// ErrExists is returned by Create when the directory already has a cluster.
	ErrExists = errors.New("already has a cluster")

	// ErrNotFound is returned by Open when the directory has no cluster, or only the rest of an interrupted Create.
	ErrNotFound = errors.New("has no cluster")

	// ErrSupervised is returned by Supervise when another process supervises the cluster.
	ErrSupervised = errors.New("is supervised by another process")

	// ErrPortTaken is returned by Start when another program listens on the API server's port.
	ErrPortTaken = errors.New("the API server's port is taken")
)

// ControlPlane is a cluster on this machine, running or stopped.
type ControlPlane struct{ settings settings }

// Create makes a cluster in the options' directory and starts it. What an interrupted Create left there is replaced; a
// whole cluster is not (ErrExists). When the start fails, nothing stays behind.
func Create(ctx context.Context, options Options) (*ControlPlane, error) {
	options = options.withDefaults()
	if err := options.validate(); err != nil {
		return nil, err
	}
	for _, path := range []*string{&options.Dir, &options.BinDir, &options.AccountPath} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return nil, fmt.Errorf("cluster: %w", err)
		}
		*path = absolute
	}
	switch _, err := readSettings(options.Dir); {
	case err == nil:
		return nil, fmt.Errorf("cluster: %s: %w", options.Dir, ErrExists)
	case !errors.Is(err, ErrNotFound):
		return nil, err
	}
	if err := os.RemoveAll(options.Dir); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(options.Dir, "logs"), 0o700); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	port, err := apiServerPorts.free(options.Dir)
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{settings{Options: options, APIPort: port}}
	if err := c.build(); err != nil {
		return nil, err
	}
	if err := c.Start(ctx); err != nil {
		return nil, errors.Join(err, c.Delete(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// build writes the files that stay the same over the cluster's life; the settings come last.
func (c *ControlPlane) build() error {
	s := &c.settings
	if err := makeCertificates(s.Dir, s.ServiceCIDR); err != nil {
		return err
	}
	for _, certificate := range []string{certAdmin, certController, certScheduler, certNodes} {
		if err := writeKubeconfig(s.Dir, certificate, s.endpoint(), s.Name); err != nil {
			return err
		}
	}
	if err := writeFile(filepath.Join(s.Dir, authenticationFile), authenticationConfig); err != nil {
		return err
	}
	return s.write()
}

// Open finds the cluster of a directory; see ErrNotFound. Supervisor is the command that Start will run, as in Options;
// nil keeps the one of the last time.
func Open(dir string, supervisor []string) (*ControlPlane, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	s, err := readSettings(dir)
	if err != nil {
		return nil, err
	}
	if supervisor != nil {
		s.Supervisor = supervisor
	}
	return &ControlPlane{*s}, nil
}

// List returns the directories below parent that have a cluster, or the rest of one.
func List(parent string) ([]string, error) {
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	var dirs []string
	for _, entry := range entries {
		if entry.IsDir() {
			dirs = append(dirs, filepath.Join(parent, entry.Name()))
		}
	}
	return dirs, nil
}

// Name is the name of the EKS cluster.
func (c *ControlPlane) Name() string { return c.settings.Name }

// Dir is the cluster's directory.
func (c *ControlPlane) Dir() string { return c.settings.Dir }

// Endpoint is the URL of the API server; it is the same for the cluster's whole life.
func (c *ControlPlane) Endpoint() string { return c.settings.endpoint() }

// OIDCIssuer is the issuer of the service accounts' tokens.
func (c *ControlPlane) OIDCIssuer() string { return c.settings.OIDCIssuer }

// ServiceCIDR is the range of service addresses.
func (c *ControlPlane) ServiceCIDR() string { return c.settings.ServiceCIDR }

// CertificateAuthority is the authority that signed the API server's certificate, PEM in base64 as EKS gives it.
func (c *ControlPlane) CertificateAuthority() (string, error) {
	raw, err := os.ReadFile(pki(c.settings.Dir, "ca.crt"))
	if err != nil {
		return "", fmt.Errorf("cluster: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// AdminConfig calls the API server as the sandbox itself, whom no access entry can lock out.
func (c *ControlPlane) AdminConfig() *rest.Config { return c.settings.restConfig(certAdmin) }

// AdminKubeconfig is the path of a kubeconfig for the same. Its context has the cluster's name.
func (c *ControlPlane) AdminKubeconfig() string { return kubeconfigPath(c.settings.Dir, certAdmin) }

// WaitNodes returns when the node group has exactly n nodes, all Ready and as the account describes them now. It fails at
// once when the group can have no nodes, and when ctx ends, with the reason of every node that is not ready.
func (c *ControlPlane) WaitNodes(ctx context.Context, group string, n int) error {
	client, err := kubernetes.NewForConfig(c.AdminConfig())
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return nodes.Wait(ctx, client, account.Open(c.settings.AccountPath), c.settings.Name, group, n)
}

// Problems are what the supervisor could not bring about of what the account asks for, as of its last look.
func (c *ControlPlane) Problems() ([]desired.Problem, error) { return readProblems(c.settings.Dir) }

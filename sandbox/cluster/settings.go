package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// Options say what Create makes. Dir, Name, Region, BinDir, Supervisor and AccountPath are required.
type Options struct {
	// Dir is the directory that belongs to this cluster; everything that it keeps is there.
	Dir string `json:"-"`

	// Name is the name of the EKS cluster in the account.
	Name string `json:"name"`

	// Region is the cluster's region, such as af-south-1.
	Region string `json:"region"`

	// Version is the Kubernetes minor version, such as 1.36. A server of another minor is refused; empty takes any.
	Version string `json:"version"`

	// BinDir has the programs etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok.
	BinDir string `json:"binDir"`

	// Supervisor is the command that runs Supervise; the cluster's directory is appended to it. Start replaces it by the
	// one given to Open, so that a checkout may move.
	Supervisor []string `json:"supervisor"`

	// AccountPath is the file of the sandbox's account.
	AccountPath string `json:"accountPath"`

	// OIDCIssuer is the https URL that signs the service accounts' tokens, in EKS's shape. Default: an issuer of the
	// cluster's region that is made from its name.
	OIDCIssuer string `json:"oidcIssuer"`

	// ServiceCIDR is the range of service addresses. Default 172.20.0.0/16, as EKS chooses in a VPC in 10.0.0.0/8.
	ServiceCIDR string `json:"serviceCIDR"`

	// Images can be pulled besides those that nodes.CheckImage knows.
	Images []string `json:"images,omitempty"`

	// OwnerPID is a process that the cluster must not outlive, such as a test's; 0 for none.
	OwnerPID int `json:"ownerPID,omitempty"`
}

// settings are what a cluster keeps about itself in settings.json. The file is written once everything before it is
// there, so a directory without it is the rest of a Create that was interrupted.
type settings struct {
	Options
	APIPort int `json:"apiPort"`
}

const settingsFile = "settings.json"

func (o Options) withDefaults() Options {
	if o.ServiceCIDR == "" {
		o.ServiceCIDR = "172.20.0.0/16"
	}
	if o.OIDCIssuer == "" {
		o.OIDCIssuer = fmt.Sprintf("https://oidc.eks.%s.amazonaws.com/id/%s", o.Region, strings.ToUpper(shortHash(o.Name, 32)))
	}
	return o
}

func (o Options) validate() error {
	var errs []error
	for _, required := range []struct{ name, value string }{
		{"Dir", o.Dir}, {"Name", o.Name}, {"Region", o.Region}, {"BinDir", o.BinDir}, {"AccountPath", o.AccountPath},
		{"Supervisor", strings.Join(o.Supervisor, "")},
	} {
		if required.value == "" {
			errs = append(errs, fmt.Errorf("cluster: %s: must be set", required.name))
		}
	}
	if prefix, err := netip.ParsePrefix(o.ServiceCIDR); err != nil || !prefix.Addr().Is4() || prefix.Bits() > 24 {
		errs = append(errs, fmt.Errorf("cluster: ServiceCIDR: must be an IPv4 range of at least 256 addresses, got %q", o.ServiceCIDR))
	}
	if !strings.HasPrefix(o.OIDCIssuer, "https://") {
		errs = append(errs, fmt.Errorf("cluster: OIDCIssuer: must be an https URL, got %q", o.OIDCIssuer))
	}
	for _, program := range programNames {
		if o.BinDir == "" {
			break
		}
		if _, err := os.Stat(filepath.Join(o.BinDir, program)); err != nil {
			errs = append(errs, fmt.Errorf("cluster: program %s: not in %s", program, o.BinDir))
		}
	}
	return errors.Join(errs...)
}

func readSettings(dir string) (*settings, error) {
	raw, err := os.ReadFile(filepath.Join(dir, settingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cluster: %s: %w", dir, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	s := &settings{}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("cluster: %s is damaged: %w", filepath.Join(dir, settingsFile), err)
	}
	s.Dir = dir
	return s, nil
}

func (s *settings) write() error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return writeFile(filepath.Join(s.Dir, settingsFile), append(raw, '\n'))
}

// writeFile replaces the file whole, readable by its owner only.
func writeFile(path string, content []byte) error {
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	defer os.Remove(next.Name()) // gone already, unless something failed
	_, err = next.Write(content)
	if err := errors.Join(err, next.Close()); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := os.Rename(next.Name(), path); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return nil
}

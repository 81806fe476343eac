package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

// lifetime of the certificates: the sandbox's clusters do not rotate them.
const lifetime = 10 * 365 * 24 * time.Hour

// The certificates of a cluster, each as pki/NAME.crt and pki/NAME.key. One authority signs them all.
const (
	certServer     = "apiserver"          // serves the API server, etcd and the token webhook; their client to each other
	certAdmin      = "admin"              // the kubeconfig of the sandbox itself
	certController = "controller-manager" // system:kube-controller-manager
	certScheduler  = "scheduler"          // system:kube-scheduler
	certNodes      = "nodes"              // kwok and the supervisor's node manager
)

func pki(dir, name string) string { return filepath.Join(dir, "pki", name) }

// makeCertificates makes the authority, the certificates that it signs, and the key pair for service accounts.
func makeCertificates(dir, serviceCIDR string) error {
	if err := os.MkdirAll(filepath.Join(dir, "pki"), 0o700); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	ca, err := newAuthority(dir)
	if err != nil {
		return err
	}
	services, err := netip.ParsePrefix(serviceCIDR)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	server := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		// The first address of the range is the service kubernetes.default.
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), services.Masked().Addr().Next().AsSlice()},
	}
	if err := ca.sign(dir, certServer, server); err != nil {
		return err
	}
	for name, subject := range map[string]pkix.Name{
		certAdmin: {CommonName: "sandbox-admin", Organization: []string{"system:masters"}},
		// All controllers under one user that may do everything: an identity for each costs seconds at every start.
		certController: {CommonName: "system:kube-controller-manager", Organization: []string{"system:masters"}},
		certScheduler:  {CommonName: "system:kube-scheduler"},
		certNodes:      {CommonName: "sandbox-nodes", Organization: []string{"system:masters"}},
	} {
		client := &x509.Certificate{Subject: subject, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		if err := ca.sign(dir, name, client); err != nil {
			return err
		}
	}

	// EKS signs service account tokens with RS256.
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := writePEM(pki(dir, "service-accounts.key"), "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)); err != nil {
		return err
	}
	return writePEM(pki(dir, "service-accounts.pub"), "PUBLIC KEY", public)
}

// authority is the certificate authority of one cluster.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(dir string) (*authority, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "kubernetes"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	certificate, err := write(dir, "ca", template, template, key, key)
	if err != nil {
		return nil, err
	}
	return &authority{certificate: certificate, key: key}, nil
}

func (ca *authority) sign(dir, name string, template *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	_, err = write(dir, name, template, ca.certificate, key, ca.key)
	return err
}

// write signs the template and writes certificate and key.
func write(dir, name string, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	template.SerialNumber = serial
	// An hour back, for clocks that are set right after the machine has started.
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(lifetime)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("cluster: certificate %s: %w", name, err)
	}
	rawKey, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("cluster: key %s: %w", name, err)
	}
	if err := writePEM(pki(dir, name+".crt"), "CERTIFICATE", der); err != nil {
		return nil, err
	}
	if err := writePEM(pki(dir, name+".key"), "EC PRIVATE KEY", rawKey); err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func writePEM(path, kind string, der []byte) error {
	return writeFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// shortHash is the first n hexadecimal digits of the text's SHA-256.
func shortHash(text string, n int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:n]
}

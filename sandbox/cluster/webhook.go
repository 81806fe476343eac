package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/access"
)

// serveTokens answers the API server's token reviews on a port of loopback until ctx ends. Callers need a certificate of
// the cluster's authority.
func (v *supervisor) serveTokens(ctx context.Context) (port int, err error) {
	s := v.settings
	certificate, err := tls.LoadX509KeyPair(pki(s.Dir, certServer+".crt"), pki(s.Dir, certServer+".key"))
	if err != nil {
		return 0, fmt.Errorf("cluster: %w", err)
	}
	rawCA, err := os.ReadFile(pki(s.Dir, "ca.crt"))
	if err != nil {
		return 0, fmt.Errorf("cluster: %w", err)
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(rawCA)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate},
		ClientCAs: authorities, ClientAuth: tls.RequireAndVerifyClientCert,
	})
	if err != nil {
		return 0, fmt.Errorf("cluster: token webhook: %w", err)
	}
	handler := http.NewServeMux()
	handler.Handle("POST /authenticate", &access.Authenticator{Account: account.Open(s.AccountPath), Cluster: s.Name, Log: v.log})
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(slogWriter{v.log}, "", 0),
	}
	go func() { _ = server.Serve(listener) }() // ends with the listener
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// slogWriter logs the lines of an HTTP server.
type slogWriter struct{ log *slog.Logger }

func (w slogWriter) Write(p []byte) (int, error) {
	w.log.Debug(string(p))
	return len(p), nil
}

// writeWebhookConfig tells the API server where the webhook is.
func writeWebhookConfig(s *settings, port int) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["webhook"] = &clientcmdapi.Cluster{
		Server: fmt.Sprintf("https://127.0.0.1:%d/authenticate", port), CertificateAuthority: pki(s.Dir, "ca.crt"),
	}
	config.AuthInfos["apiserver"] = &clientcmdapi.AuthInfo{
		ClientCertificate: pki(s.Dir, certServer+".crt"), ClientKey: pki(s.Dir, certServer+".key"),
	}
	config.Contexts["webhook"] = &clientcmdapi.Context{Cluster: "webhook", AuthInfo: "apiserver"}
	config.CurrentContext = "webhook"
	raw, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return writeFile(filepath.Join(s.Dir, webhookFile), raw)
}

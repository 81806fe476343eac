package cluster

import (
	"fmt"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfigPath is the kubeconfig of one of the cluster's certificates.
func kubeconfigPath(dir, certificate string) string {
	return filepath.Join(dir, certificate+".kubeconfig")
}

// writeKubeconfig writes a kubeconfig that calls server with a client certificate; names only files of the cluster.
func writeKubeconfig(dir, certificate, server, cluster string) error {
	config := clientcmdapi.NewConfig()
	config.Clusters[cluster] = &clientcmdapi.Cluster{Server: server, CertificateAuthority: pki(dir, "ca.crt")}
	config.AuthInfos[certificate] = &clientcmdapi.AuthInfo{
		ClientCertificate: pki(dir, certificate+".crt"), ClientKey: pki(dir, certificate+".key"),
	}
	config.Contexts[cluster] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: certificate}
	config.CurrentContext = cluster
	raw, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("cluster: kubeconfig: %w", err)
	}
	return writeFile(kubeconfigPath(dir, certificate), raw)
}

// restConfig calls the API server with one of the cluster's certificates. The sandbox's own calls are not throttled by
// the client.
func (s *settings) restConfig(certificate string) *rest.Config {
	return &rest.Config{
		Host: s.endpoint(),
		TLSClientConfig: rest.TLSClientConfig{
			CAFile: pki(s.Dir, "ca.crt"), CertFile: pki(s.Dir, certificate+".crt"), KeyFile: pki(s.Dir, certificate+".key"),
		},
		QPS: -1,
	}
}

func (s *settings) endpoint() string { return fmt.Sprintf("https://127.0.0.1:%d", s.APIPort) }

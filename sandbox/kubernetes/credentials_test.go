package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// TestExecCredentials uses a kubeconfig as the eks component makes it: inline, with a command that gets credentials.
func TestExecCredentials(t *testing.T) {
	t.Parallel()
	admin, err := clientcmd.LoadFromFile(testCluster(t))
	require.NoError(t, err)
	dir := t.TempDir()
	file := func(data []byte, path string) []byte {
		if len(data) == 0 {
			data, err = os.ReadFile(path)
			require.NoError(t, err)
		}
		return data
	}
	for _, user := range admin.AuthInfos {
		credential, err := json.Marshal(map[string]any{
			"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": map[string]any{
				"clientCertificateData": string(file(user.ClientCertificateData, user.ClientCertificate)),
				"clientKeyData":         string(file(user.ClientKeyData, user.ClientKey))}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "credential"), credential, 0o600))
		*user = clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1beta1", Command: filepath.Join(dir, "get-token"), Args: []string{"eks", "get-token"},
			InteractiveMode: clientcmdapi.NeverExecInteractiveMode}}
	}
	for _, c := range admin.Clusters {
		c.CertificateAuthorityData = file(c.CertificateAuthorityData, c.CertificateAuthority)
		c.CertificateAuthority = ""
	}
	script := "#!/bin/sh\necho called >> '" + dir + "/calls'\ncat '" + dir + "/credential'\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "get-token"), []byte(script), 0o700))
	text, err := clientcmd.Write(*admin)
	require.NoError(t, err)

	s := newStack(t, nil)
	_, err = s.p.Configure(t.Context(), plugin.ConfigureRequest{Inputs: resource.PropertyMap{
		"kubeconfig": resource.MakeSecret(resource.NewStringProperty(string(text)))}})
	require.NoError(t, err)
	s.namespace("exec", nil)
	var group sync.WaitGroup
	for i := range 10 {
		group.Go(func() {
			name := fmt.Sprintf("c%d", i)
			assert.NoError(t, s.up(name, manifest("v1", "ConfigMap", "exec", name, nil)))
		})
	}
	group.Wait()
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(calls), "called"), "one credential serves all requests")

	without := newStack(t, nil)
	without.p.patience.missing = 0
	_, err = without.p.Configure(t.Context(), plugin.ConfigureRequest{Inputs: resource.PropertyMap{
		"kubeconfig": resource.NewStringProperty(strings.ReplaceAll(string(text), "get-token", "no-token"))}})
	require.NoError(t, err)
	require.ErrorContains(t, without.up("late", manifest("v1", "ConfigMap", "exec", "late", nil)), "no-token: no such file")
}

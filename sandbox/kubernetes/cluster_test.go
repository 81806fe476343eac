package kubernetes

import (
	"os"
	"testing"
)

func testCluster(t *testing.T) string {
	t.Helper()
	path := os.Getenv("SANDBOX_TEST_KUBECONFIG")
	if path == "" {
		t.Skip("no cluster")
	}
	return path
}

// placeholder is an image that every sandbox node has; missingImage one that no registry has.
const (
	placeholder  = "registry.k8s.io/e2e-test-images/agnhost:2.53"
	missingImage = "no.such/image:1"
)

package cluster

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/cluster/nodes"
)

const (
	programEtcd       = "etcd"
	programAPIServer  = "kube-apiserver"
	programController = "kube-controller-manager"
	programScheduler  = "kube-scheduler"
	programKwok       = "kwok"
)

var programNames = []string{programEtcd, programAPIServer, programController, programScheduler, programKwok}

// nodeGrace is how long a node may be silent before it counts as lost; kwok reports every minute.
const nodeGrace = 150 * time.Second

// ports are those that are chosen anew at every start.
type ports struct{ etcdClient, etcdPeer, webhook int }

// arguments returns the command line of one of the programs.
func (s *settings) arguments(program string, p ports) []string {
	switch program {
	case programEtcd:
		return s.etcdArguments(p)
	case programAPIServer:
		return s.apiServerArguments(p)
	case programController:
		return s.controllerArguments()
	case programScheduler:
		return []string{
			"--kubeconfig=" + kubeconfigPath(s.Dir, certScheduler),
			"--leader-elect=false",
			"--secure-port=0",
		}
	default:
		return []string{
			"--kubeconfig=" + kubeconfigPath(s.Dir, certNodes),
			"--config=" + filepath.Join(s.Dir, stagesFile),
			"--manage-nodes-with-annotation-selector=" + nodes.ManagedSelector,
			// Without leases: a restarted kwok would have to wait for its predecessor's to run out.
			"--node-lease-duration-seconds=0",
		}
	}
}

// etcdArguments: writes are not forced to disk. What is lost with the machine is a sandbox.
func (s *settings) etcdArguments(p ports) []string {
	client, peer := fmt.Sprintf("https://127.0.0.1:%d", p.etcdClient), fmt.Sprintf("https://127.0.0.1:%d", p.etcdPeer)
	return []string{
		"--name=sandbox",
		"--data-dir=" + filepath.Join(s.Dir, "etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=sandbox=" + peer,
		"--client-cert-auth", "--peer-client-cert-auth",
		"--trusted-ca-file=" + pki(s.Dir, "ca.crt"), "--peer-trusted-ca-file=" + pki(s.Dir, "ca.crt"),
		"--cert-file=" + pki(s.Dir, certServer+".crt"), "--peer-cert-file=" + pki(s.Dir, certServer+".crt"),
		"--key-file=" + pki(s.Dir, certServer+".key"), "--peer-key-file=" + pki(s.Dir, certServer+".key"),
		"--unsafe-no-fsync",
		"--snapshot-count=5000",
		"--auto-compaction-mode=periodic", "--auto-compaction-retention=10m",
		"--log-level=warn",
	}
}

// apiServerArguments: authorization and admission as on EKS (the plugins that are on by default include Pod Security,
// LimitRanger and ResourceQuota); anonymous callers see nothing but the health checks.
// https://docs.aws.amazon.com/eks/latest/userguide/platform-versions.html
func (s *settings) apiServerArguments(p ports) []string {
	return []string{
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
		fmt.Sprintf("--secure-port=%d", s.APIPort),
		"--tls-cert-file=" + pki(s.Dir, certServer+".crt"),
		"--tls-private-key-file=" + pki(s.Dir, certServer+".key"),
		"--client-ca-file=" + pki(s.Dir, "ca.crt"),
		fmt.Sprintf("--etcd-servers=https://127.0.0.1:%d", p.etcdClient),
		"--etcd-cafile=" + pki(s.Dir, "ca.crt"),
		"--etcd-certfile=" + pki(s.Dir, certServer+".crt"),
		"--etcd-keyfile=" + pki(s.Dir, certServer+".key"),
		"--authentication-config=" + filepath.Join(s.Dir, authenticationFile),
		"--authentication-token-webhook-config-file=" + filepath.Join(s.Dir, webhookFile),
		"--authentication-token-webhook-version=v1",
		// Short, so that a changed access entry counts soon.
		"--authentication-token-webhook-cache-ttl=5s",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction,ExtendedResourceToleration",
		"--service-account-issuer=" + s.OIDCIssuer,
		"--api-audiences=https://kubernetes.default.svc," + s.OIDCIssuer,
		"--service-account-key-file=" + pki(s.Dir, "service-accounts.pub"),
		"--service-account-signing-key-file=" + pki(s.Dir, "service-accounts.key"),
		"--service-cluster-ip-range=" + s.ServiceCIDR,
		"--allow-privileged=true",
		"--default-watch-cache-size=20",
		"--enable-priority-and-fairness=false",
		"--profiling=false",
	}
}

// controllerArguments: one set of the usual controllers, without an election to win first.
func (s *settings) controllerArguments() []string {
	return []string{
		"--kubeconfig=" + kubeconfigPath(s.Dir, certController),
		"--leader-elect=false",
		"--secure-port=0",
		"--service-account-private-key-file=" + pki(s.Dir, "service-accounts.key"),
		"--root-ca-file=" + pki(s.Dir, "ca.crt"),
		"--cluster-signing-cert-file=" + pki(s.Dir, "ca.crt"),
		"--cluster-signing-key-file=" + pki(s.Dir, "ca.key"),
		"--cluster-name=" + s.Name,
		"--allocate-node-cidrs=false",
		"--node-monitor-grace-period=" + nodeGrace.String(),
		// A new autoscaler is first looked at after this time, and that is when its workload gets its minimum.
		"--horizontal-pod-autoscaler-sync-period=5s",
		"--profiling=false",
	}
}

const (
	stagesFile         = "stages.yaml"
	authenticationFile = "authentication.yaml"
	webhookFile        = "webhook.kubeconfig"
)

// authenticationConfig opens nothing but the health checks to anonymous callers, as EKS does.
// https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-standard.html
var authenticationConfig = []byte(strings.TrimLeft(`
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous:
  enabled: true
  conditions:
  - path: /healthz
  - path: /livez
  - path: /readyz
`, "\n"))

// Package cluster runs a real Kubernetes control plane on this machine in place of an EKS cluster's: etcd, API server,
// controller manager and scheduler, and kwok for the nodes. Everything that Kubernetes decides (admission, quotas, RBAC,
// Pod Security, scheduling, rollouts) is decided by its own code; only the nodes are simulated.
//
// Use Create once per cluster, then Open and Start to find it again; the address of the API server stays the same, since
// Pulumi's state and kubeconfigs hold it. The programs are children of one detached supervisor process per cluster, which
// runs Supervise. It watches the sandbox's account and keeps the cluster as AWS would: nodes for the node groups (package
// nodes), add-ons (package addons), access entries and policies (package access). What the account says is read in one
// place (package desired).
//
// Nothing is left behind: the programs die with their supervisor, however that ends, and the supervisor ends when its
// directory is removed. All ports are on loopback. Keys are readable by their owner only.
//
// What is not there: containers, the network between pods, volumes, metrics (a HorizontalPodAutoscaler reports that it
// has none), logs and exec. IPv4 only.
package cluster

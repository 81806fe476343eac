// Package eks builds an environment's Kubernetes cluster: the control plane through pulumi-eks, and with plain AWS
// resources what that component does not do well: node groups with launch templates, managed add-ons at pinned versions,
// the OIDC provider, Pod Identity.
//
// The control plane has no default node group, no bundled CNI and API authentication only. Its endpoint is private unless
// CIDR blocks are listed. Order matters and is spelled out: log group before cluster, vpc-cni before nodes, CoreDNS and
// the other add-ons that run as Deployments after them. Whatever is applied to the cluster has to depend on Ready, so
// that it is gone before the nodes and the access that it needs.
package eks

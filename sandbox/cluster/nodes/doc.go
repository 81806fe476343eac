// Package nodes plays the part of EC2 and of the kubelets for one cluster: it keeps a Node object for every instance that
// the account's node groups ask for, and prepares the pods that the scheduler puts there.
//
// What a node offers (processors, memory, pods, labels, taints, zone) follows what a managed node of that instance type
// reports on EKS, because that is what scheduling, quotas and spreading decide on. From there kwok takes over: its stages
// (Stages) report the nodes' health and let prepared pods run and finish. Two things are judged here and not there,
// since they change while the cluster runs: whether an image exists, and which address in the subnet is free.
package nodes

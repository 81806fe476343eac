// Package stacks says what each Pulumi stack is made of.
//
// There are five: dev, staging, prod and recovery are environments of one shape, the last being prod's in its second region;
// shared holds what they have in common and what an account has once. Deploy reads the stack's configuration, judges it
// whole, and only then registers anything.
//
// An environment grows from the ground up, and each step gets what the ones before it made:
//
//	shared's outputs → keys → buckets → network → cluster → data stores → safety
//	                                       namespace, access → topics → apps
//
// The data stores wait for the network and for no other store; a service waits for the stores that its row in the catalog
// names. Safety is what watches the stores and keeps their contents: alarms, secrets, backups, copies in the second region.
//
// Kubernetes objects depend on the cluster's nodes and add-ons, so that they are applied when there is somewhere to run,
// and destroyed while there still is someone to destroy them.
package stacks

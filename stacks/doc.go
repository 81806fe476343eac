// Package stacks says what each Pulumi stack is made of.
//
// There are four: dev, staging and prod are environments of one shape, shared holds what they have in common. Deploy
// reads the stack's configuration, judges it whole, and only then registers anything.
//
// An environment grows from the ground up, and each step gets what the ones before it made:
//
//	keys → network → cluster → namespace, access → apps
//
// Kubernetes objects depend on the cluster's nodes and add-ons, so that they are applied when there is somewhere to run,
// and destroyed while there still is someone to destroy them.
package stacks

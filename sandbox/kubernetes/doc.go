// Package kubernetes is the sandbox's stand-in for the Kubernetes provider plugin (pulumi-resource-kubernetes 4.30.0).
//
// It serves the same protocol to the same engine for the same SDK, and works on a real API server: objects are applied
// by server-side apply under a field manager of their own, validated by a server-side dry run at preview, awaited until
// they are ready, and explained from the cluster's own objects and events when they are not.
//
// It differs from the official plugin where a sandbox needs it to, always in the direction of refusing or resuming:
//   - what it does not do (charts as components, manifests rendered to files, client-side apply, invokes) is an error by name;
//   - a Helm release is recorded, and the custom resource definitions of its operator are installed, but its chart is not
//     fetched: it warns of that, and the state says so;
//   - a custom resource is ready once the API server has accepted it: no operator runs that could say more;
//   - a failure that is certain (Pod Security, quota, an image that cannot be pulled) ends the wait after seconds;
//   - an object left by an interrupted run is recognized by its field manager and taken up again, so that a killed
//     update can simply be run once more. Any other object that exists already is refused, as the official plugin does.
package kubernetes

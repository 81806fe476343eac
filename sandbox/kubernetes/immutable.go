package kubernetes

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// fieldRules are paths of fields; a rule covers everything below it. "*" stands for every item of a list.
type fieldRules [][]string

func (r fieldRules) match(path resource.PropertyPath) bool {
	return slices.ContainsFunc(r, func(rule []string) bool {
		if len(path) < len(rule) {
			return false
		}
		for i, want := range rule {
			if name, isName := path[i].(string); want != "*" && (!isName || name != want) || want == "*" && isName {
				return false
			}
		}
		return true
	})
}

// onIdentity holds for every kind.
var onIdentity = fieldRules{{"kind"}, {"metadata", "name"}, {"metadata", "namespace"}}

// onKind holds the fields that the API server refuses to change, and those that the official provider replaces an object
// for (a Job's parallelism, a StatefulSet's history). Without them an update would only fail at the server.
var onKind = map[schema.GroupKind]fieldRules{
	{Group: "apps", Kind: "Deployment"}: {{"spec", "selector"}},
	{Group: "apps", Kind: "DaemonSet"}:  {{"spec", "selector"}},
	{Group: "apps", Kind: "ReplicaSet"}: {{"spec", "selector"}},
	{Group: "apps", Kind: "StatefulSet"}: {
		{"spec", "podManagementPolicy"}, {"spec", "revisionHistoryLimit"}, {"spec", "selector"},
		{"spec", "serviceName"}, {"spec", "volumeClaimTemplates"},
	},
	{Group: "batch", Kind: "Job"}: {
		{"spec", "completions"}, {"spec", "parallelism"}, {"spec", "selector"}, {"spec", "template"},
	},
	{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}:        {{"roleRef"}},
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}: {{"roleRef"}},
	{Group: "storage.k8s.io", Kind: "StorageClass"}: {
		{"parameters"}, {"provisioner"}, {"reclaimPolicy"}, {"volumeBindingMode"},
	},
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"}: {{"value"}, {"preemptionPolicy"}},
	{Kind: "PersistentVolumeClaim"}:                     {{"spec"}},
	{Kind: "PersistentVolume"}: {
		{"spec", "awsElasticBlockStore"}, {"spec", "csi"}, {"spec", "hostPath"}, {"spec", "local"}, {"spec", "nfs"},
	},
	{Kind: "ResourceQuota"}: {{"spec", "scopes"}, {"spec", "scopeSelector"}},
	{Kind: "Service"}:       {{"spec", "clusterIP"}},
	{Kind: "Pod"}:           podFields,
}

// podFields are all fields of a pod except those few that can change while it runs.
var podFields = func() fieldRules {
	rules := fieldRules{}
	for _, f := range []string{
		"affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases",
		"hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector", "overhead",
		"preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName",
		"schedulerName", "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace", "subdomain",
		"terminationGracePeriodSeconds", "topologySpreadConstraints", "volumes",
	} {
		rules = append(rules, []string{"spec", f})
	}
	for _, list := range []string{"containers", "initContainers"} {
		for _, f := range []string{
			"name", "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "ports",
			"readinessProbe", "resources", "securityContext", "startupProbe", "stdin", "stdinOnce",
			"terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir",
		} {
			rules = append(rules, []string{"spec", list, "*", f})
		}
	}
	return rules
}()

// immutable returns the fields of an object whose change replaces it. Patches are replaced only when they move to
// another object. ConfigMaps and Secrets are replaced on new data so that what mounts them rolls over, unless the
// provider is told to change them in place; one marked immutable has no choice.
func immutable(o object, s settings, olds resource.PropertyMap) fieldRules {
	if o.patch {
		return onIdentity
	}
	rules := slices.Concat(onIdentity, onKind[o.gvk.GroupKind()])
	frozen := bare(olds["immutable"])
	isFrozen := frozen.IsBool() && frozen.BoolValue()
	if isFrozen {
		rules = append(rules, []string{"immutable"})
	}
	switch o.gvk.GroupKind() {
	case schema.GroupKind{Kind: "ConfigMap"}:
		if !s.enableConfigMapMutable || isFrozen {
			rules = append(rules, []string{"data"}, []string{"binaryData"})
		}
	case schema.GroupKind{Kind: "Secret"}:
		rules = append(rules, []string{"type"})
		if !s.enableSecretMutable || isFrozen {
			rules = append(rules, []string{"data"}, []string{"stringData"})
		}
	}
	return rules
}

package kubernetes

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// object names one object of the cluster, and how the resource holds it: as a whole, or (patch) as some fields of an
// object that belongs to somebody else.
type object struct {
	gvk       schema.GroupVersionKind
	namespace string // empty for cluster-scoped objects
	name      string
	patch     bool
}

// String reads like `deployment "cloudinsight-dev/cost"`.
func (o object) String() string {
	return fmt.Sprintf("%s %q", strings.ToLower(o.gvk.Kind), o.id())
}

// id is the resource's id: namespace/name, or the name of a cluster-scoped object.
func (o object) id() resource.ID {
	if o.namespace == "" {
		return resource.ID(o.name)
	}
	return resource.ID(o.namespace + "/" + o.name)
}

// withID returns the object at an id.
func (o object) withID(id resource.ID) object {
	namespace, name, ok := strings.Cut(string(id), "/")
	if !ok {
		namespace, name = "", string(id)
	}
	o.namespace, o.name = namespace, name
	return o
}

// parseType reads a type token: kubernetes:<group>/<version>:<Kind>, with "core" for the group without a name and a
// "Patch" suffix for patch resources. kind is the kind that the inputs name, empty when there are none; it tells a
// patch of a Foo from a kind whose own name ends in Patch.
func parseType(typ tokens.Type, kind string) (object, error) {
	parts := strings.Split(string(typ), ":")
	if len(parts) != 3 || parts[0] != "kubernetes" {
		return object{}, unsupported(fmt.Sprintf("type %q", typ))
	}
	group, version, ok := strings.Cut(parts[1], "/")
	switch {
	case !ok, parts[2] == "":
		return object{}, unsupported(fmt.Sprintf("type %q", typ))
	case group == "helm.sh":
		return object{}, unsupported(fmt.Sprintf("type %q (Helm)", typ))
	case group == "meta", group == "yaml", group == "kustomize":
		return object{}, unsupported(fmt.Sprintf("type %q", typ))
	case group == "core":
		group = ""
	}
	o := object{gvk: schema.GroupVersionKind{Group: group, Version: version, Kind: parts[2]}}
	if base, isPatch := strings.CutSuffix(parts[2], "Patch"); isPatch && base != "" && kind != parts[2] {
		o.gvk.Kind, o.patch = base, true
	}
	if strings.HasSuffix(o.gvk.Kind, "List") && builtinGroup(group) {
		return object{}, unsupported(fmt.Sprintf("type %q (a list: register its objects one by one)", typ))
	}
	if kind != "" && kind != o.gvk.Kind {
		return object{}, fmt.Errorf("kind: must be %q as in the type %q, got %q", o.gvk.Kind, typ, kind)
	}
	return o, nil
}

// clusterScoped are the kinds of Kubernetes itself that live in no namespace. Custom kinds are asked of the server.
var clusterScoped = map[schema.GroupKind]bool{
	{Kind: "Namespace"}:        true,
	{Kind: "Node"}:             true,
	{Kind: "PersistentVolume"}: true,
	{Group: "admissionregistration.k8s.io", Kind: "MutatingAdmissionPolicy"}:          true,
	{Group: "admissionregistration.k8s.io", Kind: "MutatingAdmissionPolicyBinding"}:   true,
	{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}:     true,
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicy"}:        true,
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicyBinding"}: true,
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"}:   true,
	{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}:                 true,
	{Group: "apiregistration.k8s.io", Kind: "APIService"}:                             true,
	{Group: "certificates.k8s.io", Kind: "CertificateSigningRequest"}:                 true,
	{Group: "certificates.k8s.io", Kind: "ClusterTrustBundle"}:                        true,
	{Group: "flowcontrol.apiserver.k8s.io", Kind: "FlowSchema"}:                       true,
	{Group: "flowcontrol.apiserver.k8s.io", Kind: "PriorityLevelConfiguration"}:       true,
	{Group: "networking.k8s.io", Kind: "IPAddress"}:                                   true,
	{Group: "networking.k8s.io", Kind: "IngressClass"}:                                true,
	{Group: "networking.k8s.io", Kind: "ServiceCIDR"}:                                 true,
	{Group: "node.k8s.io", Kind: "RuntimeClass"}:                                      true,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}:                         true,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}:                  true,
	{Group: "resource.k8s.io", Kind: "DeviceClass"}:                                   true,
	{Group: "resource.k8s.io", Kind: "DeviceTaintRule"}:                               true,
	{Group: "resource.k8s.io", Kind: "ResourceSlice"}:                                 true,
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"}:                               true,
	{Group: "storage.k8s.io", Kind: "CSIDriver"}:                                      true,
	{Group: "storage.k8s.io", Kind: "CSINode"}:                                        true,
	{Group: "storage.k8s.io", Kind: "StorageClass"}:                                   true,
	{Group: "storage.k8s.io", Kind: "VolumeAttachment"}:                               true,
	{Group: "storage.k8s.io", Kind: "VolumeAttributesClass"}:                          true,
	{Group: "storagemigration.k8s.io", Kind: "StorageVersionMigration"}:               true,
}

// builtinGroup tells the API groups of Kubernetes itself from those of custom resources.
func builtinGroup(group string) bool {
	switch group {
	case "", "apps", "autoscaling", "batch", "policy", "extensions",
		"apiextensions.k8s.io", "apiregistration.k8s.io", "admissionregistration.k8s.io", "authentication.k8s.io",
		"authorization.k8s.io", "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
		"flowcontrol.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io",
		"resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io":
		return true
	}
	return false
}

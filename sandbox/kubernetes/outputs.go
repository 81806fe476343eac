package kubernetes

import (
	"fmt"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cloudinsight/platform/sandbox/kubernetes/definitions"
)

// What the state holds besides the object: who applied it, and the apiVersion that it was first created with.
const (
	outputManager = resource.PropertyKey("__fieldManager")
	outputInitial = resource.PropertyKey("__initialApiVersion")
)

// outputs is the state of an object: the object as it lives in the cluster, with the inputs' secrets marked. The
// bookkeeping of field ownership stays out of it: it is long, and changes whenever anybody touches the object.
func (r request) outputs(live *unstructured.Unstructured) resource.PropertyMap {
	content := live.DeepCopy()
	content.SetManagedFields(nil)
	out := resource.NewPropertyMapFromMap(content.Object)
	if r.object.gvk.Group == "" && r.object.gvk.Kind == "Secret" {
		for _, key := range []resource.PropertyKey{"data", "stringData"} {
			if v, ok := out[key]; ok {
				out[key] = resource.MakeSecret(v)
			}
		}
	}
	out = withSecretsOf(resource.NewObjectProperty(r.inputs), resource.NewObjectProperty(out)).ObjectValue()
	if kind := r.object.gvk.GroupKind(); !definitions.Verified(kind) {
		out[outputUnverified] = resource.NewStringProperty(fmt.Sprintf(
			"%s: not verified: its operator has no Go module with the definition of %s, so anything was accepted", r.object, kind))
	}
	out[outputManager] = resource.NewStringProperty(r.manager)
	out[outputInitial] = resource.NewStringProperty(r.initial)
	return out
}

func (r request) idOf(live *unstructured.Unstructured) resource.ID {
	o := r.object
	o.name, o.namespace = live.GetName(), live.GetNamespace()
	return o.id()
}

// notReady reports an object that exists but did not get ready. The engine keeps it in the state and comes back to it.
func notReady(id resource.ID, inputs, outputs resource.PropertyMap, reasons []string) error {
	hide := redactor(inputs)
	for i, reason := range reasons {
		reasons[i] = hide.Replace(reason)
	}
	options := plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true}
	state, err := plugin.MarshalProperties(outputs, options)
	if err != nil {
		return fmt.Errorf("state of %s: %w", id, err)
	}
	in, err := plugin.MarshalProperties(inputs, options)
	if err != nil {
		return fmt.Errorf("inputs of %s: %w", id, err)
	}
	return rpcerror.WithDetails(
		rpcerror.New(codes.Unknown, strings.Join(reasons, "; ")),
		&pulumirpc.ErrorResourceInitFailed{Id: string(id), Properties: state, Inputs: in, Reasons: reasons})
}

// managersOf lists who owns fields of an object, in brackets; nothing when the server did not write it down.
func managersOf(live *unstructured.Unstructured) string {
	seen := map[string]bool{}
	var names []string
	for _, f := range live.GetManagedFields() {
		if name := fmt.Sprintf("%q", f.Manager); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	sort.Strings(names)
	if len(names) == 0 {
		return ""
	}
	return " (its fields belong to " + strings.Join(names, ", ") + ")"
}

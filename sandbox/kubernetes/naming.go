package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// Annotations of objects that steer the provider. The first two are its own, the others the program's.
const (
	annotationManager     = "pulumi.com/field-manager"
	annotationAutonamed   = "pulumi.com/autonamed"
	annotationSkipAwait   = "pulumi.com/skipAwait"
	annotationTimeout     = "pulumi.com/timeoutSeconds"
	annotationWaitFor     = "pulumi.com/waitFor"
	annotationPatchForce  = "pulumi.com/patchForce"
	annotationPropagation = "pulumi.com/deletionPropagationPolicy"
)

// maxName is the longest name that every kind accepts when pods are derived from it (DNS label).
const maxName = 63

// fieldManager names the owner of a resource's fields. It is derived from the URN, not drawn at random: an object that
// carries it was made by this very resource, which is how an interrupted run is told from a collision.
func fieldManager(urn resource.URN) string {
	return "pulumi-kubernetes-" + digest(string(urn))
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:4])
}

// autoname makes the name of an object that the program does not name: the resource's name and eight hex digits. The
// first object of a URN always gets the same digits, so that a run repeated after a kill finds what it made; the
// replacement of a recorded object gets others, drawn from seed.
func autoname(urn resource.URN, seed []byte, replacement bool) string {
	suffix := digest(string(urn))
	if replacement {
		suffix = digest(string(urn), string(seed))
	}
	base := strings.Trim(dnsName(urn.Name()), "-.")
	if over := len(base) + 1 + len(suffix) - maxName; over > 0 {
		base = strings.TrimRight(base[:len(base)-over], "-.")
	}
	if base == "" {
		base = "object"
	}
	return base + "-" + suffix
}

// dnsName makes a resource name acceptable as an object name.
func dnsName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
}

// nameObject returns the metadata with a name in it, keeping the one in the old inputs when that was made up here too.
// The second result is a reason to refuse.
func nameObject(
	req plugin.CheckRequest, o object, metadata resource.PropertyMap, replacement bool,
) (resource.PropertyMap, string) {
	if has(metadata, "generateName") {
		return metadata, "metadata.generateName is not supported with server-side apply: leave the name out to get a generated one"
	}
	if has(metadata, "name") {
		return metadata, ""
	}
	if o.patch {
		return metadata, "metadata.name: must be set: a patch says which object it changes"
	}
	metadata = metadata.Copy()
	if old := oldMetadata(req.Olds); annotated(old, annotationAutonamed) && has(old, "name") {
		metadata["name"] = old["name"]
	} else if a := req.Autonaming; a != nil && a.Mode == plugin.AutonamingModeDisabled {
		return metadata, "metadata.name: must be set: automatic naming is disabled"
	} else if a != nil && a.ProposedName != "" {
		metadata["name"] = resource.NewStringProperty(a.ProposedName)
	} else {
		metadata["name"] = resource.NewStringProperty(autoname(req.URN, req.RandomSeed, replacement))
	}
	annotations := resource.PropertyMap{}
	if given := bare(metadata["annotations"]); given.IsObject() {
		annotations = given.ObjectValue().Copy()
	} else if given.IsComputed() {
		return metadata, fmt.Sprintf("metadata.name: must be set when metadata.annotations is not known yet (%s)", o.gvk.Kind)
	}
	annotations[annotationAutonamed] = resource.NewStringProperty("true")
	metadata["annotations"] = resource.NewObjectProperty(annotations)
	return metadata, ""
}

func oldMetadata(olds resource.PropertyMap) resource.PropertyMap {
	if m := bare(olds["metadata"]); m.IsObject() {
		return m.ObjectValue()
	}
	return nil
}

func has(m resource.PropertyMap, key resource.PropertyKey) bool {
	v := bare(m[key])
	return v.IsComputed() || v.IsString() && v.StringValue() != ""
}

// annotated says whether an annotation of the metadata is "true".
func annotated(metadata resource.PropertyMap, key string) bool {
	return annotation(metadata, key) == "true"
}

func annotation(metadata resource.PropertyMap, key string) string {
	annotations := bare(metadata["annotations"])
	if !annotations.IsObject() {
		return ""
	}
	if v := bare(annotations.ObjectValue()[resource.PropertyKey(key)]); v.IsString() {
		return v.StringValue()
	}
	return ""
}

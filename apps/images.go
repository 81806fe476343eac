package apps

import (
	"errors"
	"fmt"

	"github.com/distribution/reference"
)

// placeholderImage stands in for a service whose image does not exist yet. It
// answers 200 on every path, runs as any user and writes nothing. The tag is
// the one that Kubernetes' own tests of the same minor use.
const placeholderImage = "registry.k8s.io/e2e-test-images/agnhost:2.63.0"

// placeholderAnnotation marks what runs the placeholder.
const placeholderAnnotation = "cloudinsight.com/placeholder-image"

// ImageNames are the names that Args.Images may hold: the services of the
// catalog, and the job that makes topics.
func ImageNames() []string { return append(names(Catalog()), topicsName) }

// placeholderArgs make the placeholder listen where the service would.
func placeholderArgs(port int) []string {
	return []string{"netexec", fmt.Sprintf("--http-port=%d", port), "--udp-port=-1"}
}

// checkImage refuses references that can change under a running service.
func checkImage(image string) error {
	ref, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return fmt.Errorf("must be an image reference, got %q", image)
	}
	if _, ok := ref.(reference.Digested); ok {
		return nil
	}
	tagged, ok := ref.(reference.Tagged)
	if !ok {
		return fmt.Errorf("must name a tag or a digest, got %q", image)
	}
	if tagged.Tag() == "latest" {
		return errors.New("must not be the tag latest, which changes under running pods")
	}
	return nil
}

// imageVersion is the tag of a checked image, or "" when a digest pins it.
func imageVersion(image string) string {
	ref, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return ""
	}
	if tagged, ok := ref.(reference.Tagged); ok {
		return tagged.Tag()
	}
	return ""
}

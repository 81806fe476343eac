package nodes

import (
	"fmt"
	"strings"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

// PlaceholderImage runs in place of a service that has no image yet: the test image that Kubernetes 1.36.3 itself uses.
const PlaceholderImage = "registry.k8s.io/e2e-test-images/agnhost:2.63.0"

// eksRegistries are the accounts from which EKS serves its add-ons, by region; other regions use the default.
// https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html
var eksRegistries = map[string]string{"af-south-1": "877085696533"}

const eksDefaultRegistry = "602401143452"

// EKSRegistry is the host that serves EKS's own images in the region.
func EKSRegistry(region string) string {
	number, ok := eksRegistries[region]
	if !ok {
		number = eksDefaultRegistry
	}
	return fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com", number, region)
}

// CheckImage says in the words of containerd why the image cannot be pulled, or nil. Known are the placeholder, what EKS
// itself serves, what somebody pushed to the account's registries, and the extra ones.
func CheckImage(c *desired.Cluster, image string, extra []string) error {
	if image == PlaceholderImage || c.Images[image] {
		return nil
	}
	for _, known := range extra {
		if image == known {
			return nil
		}
	}
	registry, repository := splitImage(image)
	if registry == EKSRegistry(c.Region) || strings.HasPrefix(registry, eksDefaultRegistry+".dkr.ecr.") {
		return nil
	}
	reason := "no registry of the sandbox has it: known are the account's ECR repositories, EKS's add-ons and " + PlaceholderImage
	if strings.HasPrefix(registry, c.AccountID+".dkr.ecr.") {
		reason = fmt.Sprintf("nothing was pushed under that tag or digest to repository %q of account %s", repository, c.AccountID)
	}
	return fmt.Errorf("failed to pull and unpack image %q: failed to resolve reference %q: not found: %s", image, image, reason)
}

// splitImage cuts REGISTRY/REPOSITORY[:TAG][@DIGEST]; an image without registry is Docker Hub's.
func splitImage(image string) (registry, repository string) {
	registry, rest, ok := strings.Cut(image, "/")
	if !ok || !strings.ContainsAny(registry, ".:") {
		registry, rest = "docker.io", image
	}
	rest, _, _ = strings.Cut(rest, "@")
	repository, _, _ = strings.Cut(rest, ":")
	return registry, repository
}

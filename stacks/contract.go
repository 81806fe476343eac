package stacks

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/config"
)

// Names of the outputs that the shared stack hands to the environments: it exports them, they read them. All are text.
const (
	// SharedRegion and SharedRecoveryRegion are the regions that environments can be in.
	SharedRegion         = "region"
	SharedRecoveryRegion = "recoveryRegion"
	// SharedDomain and SharedZoneID are the registered domain and the id of its public hosted zone.
	SharedDomain = "domain"
	SharedZoneID = "zoneId"
	// SharedRegistryHost and SharedRecoveryRegistryHost are the hosts of the container registry in each region.
	SharedRegistryHost         = "registryHost"
	SharedRecoveryRegistryHost = "recoveryRegistryHost"
	// SharedAccessLogsBucket and SharedRecoveryAccessLogsBucket name the bucket of each region that the buckets there log
	// requests to.
	SharedAccessLogsBucket         = "accessLogsBucket"
	SharedRecoveryAccessLogsBucket = "recoveryAccessLogsBucket"
	// SharedArtifactsBucket is the name of the bucket of build and test results.
	SharedArtifactsBucket = "artifactsBucket"
	// SharedPermissionsBoundaryARN is the policy that bounds every role that the program makes.
	SharedPermissionsBoundaryARN = "permissionsBoundaryArn"
)

// contract is what an environment knows of the shared stack.
type contract struct {
	home, recovery                                          site
	domain, zoneID, artifactsBucket, permissionsBoundaryARN string
}

// site is what the shared stack has in each of its regions.
type site struct{ region, registryHost, accessLogsBucket string }

// fields are the contract's values under the names of their outputs.
func (c *contract) fields() map[string]*string {
	return map[string]*string{
		SharedRegion: &c.home.region, SharedRegistryHost: &c.home.registryHost, SharedAccessLogsBucket: &c.home.accessLogsBucket,
		SharedRecoveryRegion: &c.recovery.region, SharedRecoveryRegistryHost: &c.recovery.registryHost,
		SharedRecoveryAccessLogsBucket: &c.recovery.accessLogsBucket,
		SharedDomain:                   &c.domain, SharedZoneID: &c.zoneID, SharedArtifactsBucket: &c.artifactsBucket,
		SharedPermissionsBoundaryARN: &c.permissionsBoundaryARN,
	}
}

// at returns what the shared stack has in a region that was judged to be one of its.
func (c *contract) at(region string) site {
	if region == c.recovery.region {
		return c.recovery
	}
	return c.home
}

// readShared reads the shared stack's outputs. They are plain values, so that what is decided by them is decided at preview;
// all that are missing are named at once.
func readShared(ctx *pulumi.Context, cfg *config.Config) (*contract, error) {
	name := fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), config.Shared)
	ref, err := pulumi.NewStackReference(ctx, name, nil)
	if err != nil {
		return nil, fmt.Errorf("stack %s: %w", name, err)
	}
	c := &contract{}
	var problems []error
	fields := c.fields()
	for _, output := range slices.Sorted(maps.Keys(fields)) {
		found, err := ref.GetOutputDetails(output)
		if err != nil {
			return nil, fmt.Errorf("stack %s: output %q: %w", name, output, err)
		}
		switch value := found.Value.(type) {
		case string:
			*fields[output] = value
		case nil:
			problems = append(problems, fmt.Errorf("stack %s: output %q is missing: bring the stack up at this version of the program first", name, output))
		default:
			problems = append(problems, fmt.Errorf("stack %s: output %q: must be text, got %T", name, output, value))
		}
	}
	return c, errors.Join(append(problems, c.judge(name, cfg)...)...)
}

// judge says what of the configuration does not fit the shared stack.
func (c *contract) judge(stack string, cfg *config.Config) []error {
	var problems []error
	regions := []string{c.home.region, c.recovery.region}
	for path, region := range map[string]string{"region": cfg.Region, "drRegion": cfg.DRRegion} {
		if !slices.Contains(regions, region) && !slices.Contains(regions, "") {
			problems = append(problems, fmt.Errorf("config: %s: must be a region of the stack %s (%s), got %q", path, stack, strings.Join(regions, ", "), region))
		}
	}
	if c.domain != "" && c.domain != cfg.Domain {
		problems = append(problems, fmt.Errorf("config: domain: must be that of the stack %s, %s, got %q", stack, c.domain, cfg.Domain))
	}
	slices.SortFunc(problems, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return problems
}

package aws

import (
	"fmt"
	"strings"

	"github.com/cloudinsight/platform/internal/managed"
)

// offeredThere is what an error tells instead of a class that a region lacks.
func offeredThere(service managed.Service, region string) string {
	return fmt.Sprintf("%s has %s there", region, strings.Join(managed.Families(service, region), ", "))
}

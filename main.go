// Command cloudinsight is the Pulumi program: it declares one environment, or the shared stack, as package stacks has it.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/stacks"
)

func main() { pulumi.Run(stacks.Deploy) }

package aws

import (
	"context"
	"fmt"
	"strings"

	"github.com/cloudinsight/platform/internal/instances"
)

const typeNodeGroup = "aws:eks/nodeGroup:NodeGroup"

// amiTypes are the node images that the stand-in knows, each with its architecture. Amazon Linux 2 has none since
// Kubernetes 1.33: https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html
var amiTypes = map[string]string{
	"AL2023_x86_64_STANDARD": "amd64", "AL2023_ARM_64_STANDARD": "arm64",
	"BOTTLEROCKET_x86_64": "amd64", "BOTTLEROCKET_ARM_64": "arm64",
}

// nodeKinds are managed node groups.
// Rules: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html and .../userguide/launch-templates.html.
var nodeKinds = map[string]kind{
	typeNodeGroup: {
		name: "nodeGroupName", nameMax: 63,
		replace: []string{
			"clusterName", "nodeGroupName", "nodeGroupNamePrefix", "nodeRoleArn", "subnetIds", "instanceTypes", "amiType", "capacityType",
			"diskSize", "remoteAccess", "launchTemplate.id", "launchTemplate.name",
		},
		rules:        nodeGroupRules,
		create:       createNodeGroup,
		settle:       waitForNodes,
		update:       updateNodeGroup,
		settleUpdate: waitForNodes,
	},
}

func nodeGroupRules(in props, p *problems) {
	p.oneOf(in, "capacityType", "capacityType", "ON_DEMAND", "SPOT", "CAPACITY_BLOCK")
	p.oneOf(in, "amiType", "amiType", append(sortedKeys(amiTypes), "CUSTOM")...)
	scaling := in.object("scalingConfig")
	p.between(scaling, "scalingConfig.minSize", "minSize", 0, 450)
	p.between(scaling, "scalingConfig.maxSize", "maxSize", 1, 450)
	if scaling.known("minSize") && scaling.known("desiredSize") && scaling.known("maxSize") {
		low, want, high := scaling.number("minSize"), scaling.number("desiredSize"), scaling.number("maxSize")
		if low > want || want > high {
			p.add("scalingConfig", "must hold minSize <= desiredSize <= maxSize, got %d, %d, %d", low, want, high)
		}
	}
	for i, taint := range in.objects("taints") {
		p.oneOf(taint, fmt.Sprintf("taints[%d].effect", i), "effect", "NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE")
	}
	update := in.object("updateConfig")
	p.between(update, "updateConfig.maxUnavailable", "maxUnavailable", 1, 100)
	p.between(update, "updateConfig.maxUnavailablePercentage", "maxUnavailablePercentage", 1, 100)
	if in.has("launchTemplate") && in.has("diskSize") {
		p.add("diskSize", "belongs into the launch template when there is one")
	}
	for k := range in.object("labels") {
		if strings.Contains(k, "kubernetes.io/") && !strings.HasPrefix(k, "node.kubernetes.io/") {
			p.add("labels."+k, "the prefix is reserved, the kubelet may not set it")
		}
	}
}

func createNodeGroup(c *call) error {
	const operation = "CreateNodegroup"
	cluster, err := c.needCluster(operation)
	if err != nil {
		return err
	}
	if cluster.String("status") != "ACTIVE" {
		return fail(operation, "InvalidRequestException", "Cluster '%s' is not in ACTIVE status", cluster.ID)
	}
	c.id = cluster.ID + ":" + c.in.str("nodeGroupName")
	if c.find(typeNodeGroup, c.id) != nil {
		return fail(operation, "ResourceInUseException", "NodeGroup already exists with name %s and cluster name %s", c.in.str("nodeGroupName"), cluster.ID)
	}
	role := roleOf(c, c.in.str("nodeRoleArn"))
	if role == nil || !trusts(role, "ec2.amazonaws.com") {
		return fail(operation, "InvalidParameterException", "The provided role doesn't exist or ec2.amazonaws.com may not assume it: %s", c.in.str("nodeRoleArn"))
	}
	// https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
	if !attached(c, role.ID, "AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy") {
		return fail(operation, "InvalidParameterException", "The role %s has no worker node policy: nodes could not join the cluster", role.ID)
	}
	if !attached(c, role.ID, "AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly") {
		return fail(operation, "InvalidParameterException", "The role %s may not pull from ECR: nodes could not start their pods", role.ID)
	}
	if err := checkTemplate(c); err != nil {
		return err
	}
	ami := c.in.str("amiType")
	if ami == "" {
		ami = "AL2023_x86_64_STANDARD"
	}
	types := c.in.strings("instanceTypes")
	if len(types) == 0 {
		types = []string{"t3.medium"}
	}
	if err := checkTypes(c, cluster.Props["vpcConfig"], types, ami); err != nil {
		return err
	}
	name := c.in.str("nodeGroupName")
	c.arn = c.arnOf("eks", fmt.Sprintf("nodegroup/%s/%s/%s", cluster.ID, name, newUUID()))
	c.out = props{
		"amiType": ami, "instanceTypes": toList(types), "status": "ACTIVE", "version": cluster.String("version"),
		"resources": []any{map[string]any{
			"autoscalingGroups": []any{map[string]any{"name": "eks-" + name + "-" + newUUID()}},
		}},
	}
	if !c.in.has("capacityType") {
		c.out["capacityType"] = "ON_DEMAND"
	}
	if !c.in.has("launchTemplate") && !c.in.has("diskSize") {
		c.out["diskSize"] = 20.0
	}
	if !c.in.has("releaseVersion") {
		c.out["releaseVersion"] = cluster.String("version") + ".0-20261101"
	}
	return nil
}

func checkTemplate(c *call) error {
	template := c.in.object("launchTemplate")
	if template == nil {
		return nil
	}
	for _, t := range c.inRegion(typeLaunchTemplate) {
		if t.ID == template.str("id") || t.String("name") == template.str("name") {
			version := template.str("version")
			latest := props(t.Props).number("latestVersion")
			if version == "$Latest" || version == "$Default" {
				return nil
			}
			var n int
			if _, err := fmt.Sscanf(version, "%d", &n); err != nil || n < 1 || n > latest {
				return fail("CreateNodegroup", "InvalidRequestException", "The launch template %s has no version %q, the latest is %d", t.ID, version, latest)
			}
			return nil
		}
	}
	return fail("CreateNodegroup", "InvalidParameterException", "Launch template not found: %v", template)
}

// checkTypes refuses subnets outside the cluster's VPC and instance types that do not run there.
func checkTypes(c *call, vpcConfig any, types []string, ami string) error {
	const operation = "CreateNodegroup"
	config, _ := vpcConfig.(map[string]any)
	subnets := c.in.strings("subnetIds")
	if len(subnets) == 0 {
		return fail(operation, "InvalidParameterException", "Subnets are required")
	}
	for _, id := range subnets {
		subnet := c.find(typeSubnet, id)
		if subnet == nil || subnet.String("vpcId") != props(config).str("vpcId") {
			return fail(operation, "InvalidParameterException", "The subnet ID '%s' does not exist in the cluster's VPC", id)
		}
		for _, name := range types {
			facts, known := instances.Lookup(name)
			if !known {
				return fail(operation, "InvalidParameterException", "The following supplied instance types do not exist or are not known to the stand-in: [%s]", name)
			}
			if !instances.Offered(name, subnet.String("availabilityZone")) {
				return fail(operation, "InvalidParameterException",
					"Your requested instance type (%s) is not supported in your requested Availability Zone (%s)", name, subnet.String("availabilityZone"))
			}
			if arch := amiTypes[ami]; arch != "" && arch != facts.Arch {
				return fail(operation, "InvalidParameterException", "[%s] is not a valid instance type for requested amiType %s", name, ami)
			}
		}
	}
	return nil
}

func updateNodeGroup(c *call) error {
	if err := checkTemplate(c); err != nil {
		return err
	}
	return nil
}

// waitForNodes holds the call until the group's nodes are Ready, as EKS keeps a group CREATING or UPDATING.
func waitForNodes(ctx context.Context, c *call) error {
	want := c.in.object("scalingConfig").number("desiredSize")
	if err := c.p.planes.WaitNodes(ctx, c.in.str("clusterName"), c.in.str("nodeGroupName"), want); err != nil {
		return fmt.Errorf("node group %q: %w", c.in.str("nodeGroupName"), err)
	}
	return nil
}

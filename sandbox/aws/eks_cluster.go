package aws

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeCluster = "aws:eks/cluster:Cluster"
	typeAddon   = "aws:eks/addon:Addon"
)

// clusterVersions are in standard support on 2026-11-23, oldest first.
// https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-standard.html
var clusterVersions = []string{"1.34", "1.35", "1.36", "1.37"}

// addonVersions are the add-on versions that the stand-in knows to exist, by add-on and cluster version. Those without a
// cluster version suit all. `aws eks describe-addon-versions` is the source to extend it from.
var addonVersions = map[string]map[string][]string{
	"vpc-cni":                {"": {"v1.22.3-eksbuild.1", "v1.22.4-eksbuild.3"}},
	"eks-pod-identity-agent": {"": {"v1.3.10-eksbuild.3"}},
	"aws-ebs-csi-driver":     {"": {"v1.63.1-eksbuild.1", "v1.66.0-eksbuild.1"}},
	"metrics-server":         {"": {"v0.9.0-eksbuild.11"}},
	"coredns":                {"1.35": {"v1.13.2-eksbuild.21"}, "1.36": {"v1.14.3-eksbuild.3", "v1.14.3-eksbuild.23"}},
	"kube-proxy":             {"1.35": {"v1.35.3-eksbuild.21"}, "1.36": {"v1.36.0-eksbuild.21", "v1.36.0-eksbuild.25"}},
}

// selfManaged are what EKS installs by itself unless told not to.
var selfManaged = []string{"vpc-cni", "kube-proxy", "coredns"}

var (
	clusterName     = regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$`)
	controlPlaneLog = []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}
)

// clusterKinds are the EKS control plane and its add-ons.
// Rules: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html, .../userguide/network-reqs.html,
// .../APIReference/API_CreateAddon.html.
var clusterKinds = map[string]kind{
	typeCluster: {
		name: "name", nameMax: 100,
		replace: []string{
			"name", "roleArn", "bootstrapSelfManagedAddons", "kubernetesNetworkConfig.serviceIpv4Cidr", "kubernetesNetworkConfig.ipFamily",
			"accessConfig.bootstrapClusterCreatorAdminPermissions", "encryptionConfig", "outpostConfig",
		},
		rules:        clusterRules,
		create:       createCluster,
		settle:       startControlPlane,
		update:       updateCluster,
		remove:       removeCluster,
		settleRemove: func(ctx context.Context, c *call) error { return c.p.planes.Delete(ctx, c.id) },
	},
	typeAddon: {
		replace: []string{"clusterName", "addonName"},
		rules: func(in props, p *problems) {
			conflicts := []string{"NONE", "OVERWRITE", "PRESERVE"}
			p.oneOf(in, "resolveConflictsOnCreate", "resolveConflictsOnCreate", conflicts[:2]...)
			p.oneOf(in, "resolveConflictsOnUpdate", "resolveConflictsOnUpdate", conflicts...)
			document(in, "configurationValues", p)
		},
		create: createAddon,
		update: checkAddonVersion,
	},
}

func clusterRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !clusterName.MatchString(n) {
		p.add("name", "must match %s, got %q", clusterName, n)
	}
	p.oneOf(in, "version", "version", clusterVersions...)
	vpc := in.object("vpcConfig")
	if vpc.known("endpointPublicAccess") && vpc.known("endpointPrivateAccess") &&
		!vpc.boolean("endpointPublicAccess") && !vpc.boolean("endpointPrivateAccess") {
		p.add("vpcConfig", "private and public endpoint access cannot both be off")
	}
	blocks := vpc.strings("publicAccessCidrs")
	for i, block := range blocks {
		if _, err := parseCIDR(block); err != nil {
			p.add(fmt.Sprintf("vpcConfig.publicAccessCidrs[%d]", i), "%v", err)
		}
	}
	if len(blocks) > 40 {
		p.add("vpcConfig.publicAccessCidrs", "the quota is 40, got %d", len(blocks))
	}
	for i, typ := range in.strings("enabledClusterLogTypes") {
		if !contains(controlPlaneLog, typ) {
			p.add(fmt.Sprintf("enabledClusterLogTypes[%d]", i), "must be one of %v, got %q", controlPlaneLog, typ)
		}
	}
	p.oneOf(in.object("accessConfig"), "accessConfig.authenticationMode", "authenticationMode", "API", "API_AND_CONFIG_MAP", "CONFIG_MAP")
	p.cidr(in.object("kubernetesNetworkConfig"), "kubernetesNetworkConfig.serviceIpv4Cidr", "serviceIpv4Cidr", 12, 24)
	p.oneOf(in.object("upgradePolicy"), "upgradePolicy.supportType", "supportType", "STANDARD", "EXTENDED")
}

func createCluster(c *call) error {
	const operation = "CreateCluster"
	name := c.in.str("name")
	if c.find(typeCluster, name) != nil {
		return fail(operation, "ResourceInUseException", "Cluster already exists with name: %s", name)
	}
	if role := roleOf(c, c.in.str("roleArn")); role == nil || !trusts(role, "eks.amazonaws.com") {
		return fail(operation, "InvalidParameterException", "Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", c.in.str("roleArn"))
	}
	vpc, err := clusterSubnets(c)
	if err != nil {
		return err
	}
	for _, id := range c.in.object("vpcConfig").strings("securityGroupIds") {
		if group := c.find(typeSecurityGroup, id); group == nil || group.String("vpcId") != vpc {
			return fail(operation, "InvalidParameterException", "The security group %s does not exist in %s", id, vpc)
		}
	}
	if key := c.in.object("encryptionConfig").object("provider").str("keyArn"); key != "" && keyOf(c, key) == nil {
		return fail(operation, "InvalidParameterException", "The keyArn %s in encryptionConfig provider is invalid", key)
	}
	c.id = name
	c.arn = c.arnOf("eks", "cluster/"+name)
	version := c.in.str("version")
	if version == "" {
		version = clusterVersions[len(clusterVersions)-2]
	}
	issuer := fmt.Sprintf("https://oidc.eks.%s.amazonaws.com/id/%s", c.region, strings.ToUpper(hexDigits(32)))
	config, _ := clone(map[string]any(c.in.object("vpcConfig"))).(map[string]any)
	config["vpcId"] = vpc
	config["clusterSecurityGroupId"] = addClusterGroup(c, vpc)
	network := map[string]any{"serviceIpv4Cidr": serviceCIDR(c), "ipFamily": "ipv4"}
	access, _ := clone(map[string]any(c.in.object("accessConfig"))).(map[string]any)
	if access == nil {
		access = map[string]any{"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": true}
	}
	c.out = props{
		"version": version, "status": "CREATING", "platformVersion": "eks.1", "createdAt": time.Now().UTC().Format(time.RFC3339),
		"vpcConfig": config, "kubernetesNetworkConfig": network, "accessConfig": access,
		"identities":    []any{map[string]any{"oidcs": []any{map[string]any{"issuer": issuer}}}},
		"upgradePolicy": map[string]any{"supportType": "EXTENDED"},
	}
	if c.in.has("upgradePolicy") {
		c.out["upgradePolicy"] = c.in["upgradePolicy"]
	}
	if len(c.in.strings("enabledClusterLogTypes")) > 0 {
		// EKS makes the group when it is missing, without retention or key: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
		if group := "/aws/eks/" + name + "/cluster"; c.find(typeLogGroup, group) == nil {
			c.state.Put(&account.Resource{Type: typeLogGroup, ID: group, Region: c.region, MadeFor: c.urn, Props: map[string]any{"name": group}})
		}
	}
	return addCreatorEntry(c, access)
}

// clusterSubnets returns the VPC of the cluster's subnets, which have to be in two zones at least.
func clusterSubnets(c *call) (vpc string, err error) {
	zones := map[string]bool{}
	for _, id := range c.in.object("vpcConfig").strings("subnetIds") {
		subnet := c.find(typeSubnet, id)
		if subnet == nil {
			return "", fail("CreateCluster", "InvalidParameterException", "The subnet ID '%s' does not exist", id)
		}
		if vpc != "" && vpc != subnet.String("vpcId") {
			return "", fail("CreateCluster", "InvalidParameterException", "Subnets specified must belong to the same VPC: %s is in %s", id, subnet.String("vpcId"))
		}
		vpc = subnet.String("vpcId")
		zones[subnet.String("availabilityZone")] = true
	}
	if len(zones) < 2 {
		return "", fail("CreateCluster", "InvalidParameterException", "Subnets specified must be in at least two different AZs, got %v", sortedKeys(zones))
	}
	return vpc, nil
}

// addClusterGroup makes the security group that EKS shares between control plane and nodes.
func addClusterGroup(c *call, vpc string) string {
	group := &account.Resource{Type: typeSecurityGroup, ID: newID("sg"), Region: c.region, MadeFor: c.urn, Props: map[string]any{
		"name": fmt.Sprintf("eks-cluster-sg-%s-%s", c.id, hexDigits(9)), "vpcId": vpc,
		"description": "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.",
	}}
	group.ARN = c.arnOf("ec2", "security-group/"+group.ID)
	c.state.Put(group)
	return group.ID
}

func serviceCIDR(c *call) string {
	if given := c.in.object("kubernetesNetworkConfig").str("serviceIpv4Cidr"); given != "" {
		return given
	}
	return "172.20.0.0/16"
}

// startControlPlane is what AWS does for ten minutes.
func startControlPlane(ctx context.Context, c *call) error {
	issuer := ""
	if ids := props(c.out).objects("identities"); len(ids) > 0 {
		issuer = ids[0].objects("oidcs")[0].str("issuer")
	}
	endpoint, authority, err := c.p.planes.Create(ctx, ClusterSpec{
		Name: c.id, Region: c.region, Version: c.out.str("version"), ServiceCIDR: serviceCIDR(c), OIDCIssuer: issuer,
	})
	if err != nil {
		c.out["status"] = "FAILED"
		return fmt.Errorf("cluster %q: control plane: %w", c.id, err)
	}
	c.out["status"], c.out["endpoint"] = "ACTIVE", endpoint
	c.out["certificateAuthority"] = map[string]any{"data": authority}
	c.out["certificateAuthorities"] = []any{map[string]any{"data": authority}}
	return nil
}

// updateCluster: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
func updateCluster(c *call) error {
	const operation = "UpdateClusterConfig"
	was, want := c.old.str("version"), c.in.str("version")
	if want != "" && want != was {
		if step := minor(want) - minor(was); step != 1 {
			return fail("UpdateClusterVersion", "InvalidParameterException", "Unsupported Kubernetes minor version update from %s to %s", was, want)
		}
		return fmt.Errorf("aws stand-in: the local control plane is Kubernetes %s and cannot be upgraded to %s in place; make a new cluster (docs: sandbox)", was, want)
	}
	before, after := c.old.object("accessConfig").str("authenticationMode"), c.in.object("accessConfig").str("authenticationMode")
	if before == "API" && after != "API" {
		return fail(operation, "InvalidParameterException", "Unsupported authentication mode update from %s to %s", before, after)
	}
	vpc, err := clusterSubnets(c)
	if err != nil {
		return err
	}
	config, _ := clone(map[string]any(c.in.object("vpcConfig"))).(map[string]any)
	config["vpcId"], config["clusterSecurityGroupId"] = vpc, c.old.object("vpcConfig")["clusterSecurityGroupId"]
	c.out["vpcConfig"] = config
	return nil
}

func minor(version string) int {
	_, m, _ := strings.Cut(version, ".")
	n, _ := strconv.Atoi(m)
	return n
}

func removeCluster(c *call) error {
	if groups := c.byProp(typeNodeGroup, "clusterName", c.id); len(groups) > 0 {
		return fail("DeleteCluster", "ResourceInUseException", "Cluster has nodegroups attached: %s", groups[0].ID)
	}
	c.state.Delete(typeSecurityGroup, c.in.object("vpcConfig").str("clusterSecurityGroupId"))
	// What belongs to the cluster goes with it.
	for _, typ := range []string{typeAccessEntry, typeAccessPolicy, typeAddon, typePodIdentity} {
		for _, r := range c.byProp(typ, "clusterName", c.id) {
			c.state.Delete(typ, r.ID)
		}
	}
	return nil
}

func (c *call) needCluster(operation string) (*account.Resource, error) {
	cluster := c.find(typeCluster, c.in.str("clusterName"))
	if cluster == nil {
		return nil, fail(operation, "ResourceNotFoundException", "No cluster found for name: %s", c.in.str("clusterName"))
	}
	return cluster, nil
}

func createAddon(c *call) error {
	cluster, err := c.needCluster("CreateAddon")
	if err != nil {
		return err
	}
	name := c.in.str("addonName")
	c.id = cluster.ID + ":" + name
	if c.find(typeAddon, c.id) != nil {
		return fail("CreateAddon", "ResourceInUseException", "Addon already exists: %s", name)
	}
	if err := checkAddonVersion(c); err != nil {
		return err
	}
	// An add-on does not take over what EKS installed unless told to: .../userguide/managing-add-ons.html
	if cluster.Props["bootstrapSelfManagedAddons"] != false && contains(selfManaged, name) && c.in.str("resolveConflictsOnCreate") != "OVERWRITE" {
		return fail("CreateAddon", "ConfigurationConflict",
			"Conflicts found when trying to apply %s: EKS has installed it already. Will not continue due to resolve conflicts mode", name)
	}
	c.arn = c.arnOf("eks", fmt.Sprintf("addon/%s/%s/%s", cluster.ID, name, newUUID()))
	now := time.Now().UTC().Format(time.RFC3339)
	c.out = props{"createdAt": now, "modifiedAt": now}
	if !c.in.has("addonVersion") {
		all := knownAddonVersions(name, cluster.String("version"))
		c.out["addonVersion"] = all[len(all)-1]
	}
	return nil
}

func knownAddonVersions(name, cluster string) []string {
	return append(addonVersions[name][""], addonVersions[name][cluster]...)
}

func checkAddonVersion(c *call) error {
	cluster, err := c.needCluster("DescribeAddonVersions")
	if err != nil {
		return err
	}
	name, version := c.in.str("addonName"), c.in.str("addonVersion")
	known := knownAddonVersions(name, cluster.String("version"))
	if addonVersions[name] == nil {
		return fail("CreateAddon", "InvalidParameterException", "Addon %s specified is not supported (the stand-in knows %v)", name, sortedKeys(addonVersions))
	}
	if len(known) == 0 || version != "" && !contains(known, version) {
		return fail("CreateAddon", "InvalidParameterException",
			"Addon version specified is not supported: %s %q on Kubernetes %s; supported: %v", name, version, cluster.String("version"), known)
	}
	for _, association := range c.in.objects("podIdentityAssociations") {
		if roleOf(c, association.str("roleArn")) == nil {
			return fail("CreateAddon", "InvalidParameterException", "The role %s does not exist", association.str("roleArn"))
		}
	}
	if role := c.in.str("serviceAccountRoleArn"); role != "" && roleOf(c, role) == nil {
		return fail("CreateAddon", "InvalidParameterException", "The role %s does not exist", role)
	}
	return nil
}

package eks

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	awseks "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
	"github.com/cloudinsight/platform/internal/tags"
)

// addon is one managed add-on.
type addon struct {
	name, version string
	// configuration is JSON of the add-on's own schema.
	configuration pulumi.StringPtrInput
	// serviceAccount gets a role of the AWS-managed policy by Pod Identity; both are empty for add-ons without a role.
	serviceAccount, policy string
}

// addonsBeforeNodes are those that a node needs to become Ready, and those that only run on nodes as they come.
func (b *builder) addonsBeforeNodes() ([]pulumi.Resource, error) {
	return b.newAddons(nil,
		addon{
			name: "vpc-cni", version: b.addons.VPCCNI, configuration: b.cniConfiguration(),
			serviceAccount: "aws-node", policy: "AmazonEKS_CNI_Policy",
		},
		addon{name: "kube-proxy", version: b.addons.KubeProxy},
		addon{name: "eks-pod-identity-agent", version: b.addons.PodIdentityAgent},
	)
}

// addonsAfterNodes run as Deployments: without nodes they would stay degraded.
func (b *builder) addonsAfterNodes(nodes []pulumi.Resource) ([]pulumi.Resource, error) {
	return b.newAddons(nodes,
		addon{name: "coredns", version: b.addons.CoreDNS},
		addon{
			name: "aws-ebs-csi-driver", version: b.addons.EBSCSI, configuration: b.csiConfiguration(),
			serviceAccount: "ebs-csi-controller-sa", policy: "service-role/AmazonEBSCSIDriverPolicy",
		},
		addon{name: "metrics-server", version: b.addons.MetricsServer},
	)
}

func (b *builder) newAddons(after []pulumi.Resource, addons ...addon) ([]pulumi.Resource, error) {
	var made []pulumi.Resource
	for _, a := range addons {
		args := &awseks.AddonArgs{
			ClusterName:         b.clusterName,
			AddonName:           pulumi.String(a.name),
			AddonVersion:        pulumi.String(a.version),
			ConfigurationValues: a.configuration,
			// The cluster comes with self-managed copies of the first three; the managed ones take over.
			ResolveConflictsOnCreate: pulumi.String("OVERWRITE"),
			ResolveConflictsOnUpdate: pulumi.String("OVERWRITE"),
			Tags:                     pulumi.ToStringMap(tags.Of("eks", b.args.Name+"-"+a.name)),
		}
		needs := after
		if a.policy != "" {
			role, err := b.newRole(a.name, iam.AssumePodIdentity(), a.policy)
			if err != nil {
				return nil, err
			}
			args.PodIdentityAssociations = awseks.AddonPodIdentityAssociationArray{&awseks.AddonPodIdentityAssociationArgs{
				ServiceAccount: pulumi.String(a.serviceAccount), RoleArn: role.Arn,
			}}
			needs = slices.Concat(after, role.policies)
		}
		r, err := awseks.NewAddon(b.ctx, b.name+"-"+a.name, args, b.parent, pulumi.DependsOn(needs))
		if err != nil {
			return nil, fmt.Errorf("add-on %q: %w", a.name, err)
		}
		made = append(made, r)
	}
	return made, nil
}

// cniValues is the part of the vpc-cni add-on's configuration that is set.
type cniValues struct {
	EnableNetworkPolicy string            `json:"enableNetworkPolicy"`
	Env                 map[string]string `json:"env"`
	ENIConfig           *eniConfig        `json:"eniConfig,omitempty"`
}

type eniConfig struct {
	Create  bool                 `json:"create"`
	Region  string               `json:"region"`
	Subnets map[string]eniSubnet `json:"subnets"`
}

type eniSubnet struct {
	ID             string   `json:"id"`
	SecurityGroups []string `json:"securityGroups"`
}

// cniConfiguration turns on network policy and prefix delegation, and custom networking when pods have subnets.
// https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html and cni-custom-network-tutorial.html
func (b *builder) cniConfiguration() pulumi.StringPtrInput {
	values := cniValues{
		EnableNetworkPolicy: "true",
		Env:                 map[string]string{"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
	}
	if len(b.args.PodSubnets) == 0 {
		return pulumi.String(marshal(values))
	}
	values.Env["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] = "true"
	values.Env["ENI_CONFIG_LABEL_DEF"] = "topology.kubernetes.io/zone"
	zones := slices.Sorted(maps.Keys(b.args.PodSubnets))
	known := pulumi.StringArray{b.cluster.EksCluster.VpcConfig().ClusterSecurityGroupId().Elem()}
	for _, zone := range zones {
		known = append(known, b.args.PodSubnets[zone])
	}
	return known.ToStringArrayOutput().ApplyT(func(ids []string) string {
		values.ENIConfig = &eniConfig{Create: true, Region: b.args.Region, Subnets: map[string]eniSubnet{}}
		for i, zone := range zones {
			values.ENIConfig.Subnets[zone] = eniSubnet{ID: ids[i+1], SecurityGroups: ids[:1]}
		}
		return marshal(values)
	}).(pulumi.StringOutput).ToStringPtrOutput()
}

// csiConfiguration tags the volumes of persistent volume claims: default tags do not reach them.
func (b *builder) csiConfiguration() pulumi.StringPtrInput {
	type controller struct {
		ExtraVolumeTags map[string]string `json:"extraVolumeTags"`
	}
	return pulumi.String(marshal(map[string]controller{"controller": {tags.Merge(b.args.Tags, map[string]string{"Component": "eks"})}}))
}

// marshal is for maps, strings and structs of them, which always have a JSON form.
func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

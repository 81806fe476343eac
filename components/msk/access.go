package msk

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awsvpc "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Where brokers answer Prometheus: Kafka's own metrics, and those of the machine one port above.
// https://docs.aws.amazon.com/msk/latest/developerguide/open-monitoring.html
const (
	jmxPort  = 11001
	nodePort = 11002
)

// TopicARN is the ARN of a topic of a cluster, for IAM policies; the topic may hold wildcards.
// https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html
func TopicARN(clusterARN, topic string) string { return inside(clusterARN, "topic", topic) }

// GroupARN is the ARN of a consumer group of a cluster, for IAM policies; the group may hold wildcards.
func GroupARN(clusterARN, group string) string { return inside(clusterARN, "group", group) }

// inside names what a cluster holds: the cluster's ARN with another type, and the name at its end.
func inside(clusterARN, kind, name string) string {
	return strings.Replace(clusterARN, ":cluster/", ":"+kind+"/", 1) + "/" + name
}

// securityGroup lets the clients in and nobody out: brokers answer and never call.
func (b *builder) securityGroup() (*ec2.SecurityGroup, []pulumi.Resource, error) {
	group, err := ec2.NewSecurityGroup(b.ctx, b.name, &ec2.SecurityGroupArgs{
		VpcId:       b.args.VPCID,
		Description: pulumi.String("Kafka brokers of " + b.args.Name),
		Tags:        b.tags(b.args.Name),
	}, b.parent)
	if err != nil {
		return nil, nil, err
	}
	clients, err := b.allow(group, b.name+"-from-", "Kafka with IAM", Port, Port, b.args.Clients)
	if err != nil {
		return nil, nil, err
	}
	metrics, err := b.allow(group, b.name+"-metrics-from-", "Prometheus metrics", jmxPort, nodePort, b.args.MetricsClients)
	if err != nil {
		return nil, nil, err
	}
	return group, slices.Concat(clients, metrics), nil
}

// allow opens a range of ports to security groups, one rule each.
func (b *builder) allow(group *ec2.SecurityGroup, prefix, what string, from, to int, sources map[string]pulumi.StringInput) ([]pulumi.Resource, error) {
	var rules []pulumi.Resource
	for _, label := range slices.Sorted(maps.Keys(sources)) {
		rule, err := awsvpc.NewSecurityGroupIngressRule(b.ctx, prefix+label, &awsvpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId:           group.ID(),
			Description:               pulumi.String(what + " from " + label),
			IpProtocol:                pulumi.String("tcp"),
			FromPort:                  pulumi.Int(from),
			ToPort:                    pulumi.Int(to),
			ReferencedSecurityGroupId: sources[label],
			Tags:                      b.tags(prefix + label),
		}, b.parent)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

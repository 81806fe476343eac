package apps

import (
	"slices"

	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	networkingv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/networking/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// identityAgent hands pods the credentials of their IAM role.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
const (
	identityAgent     = "169.254.170.23/32"
	identityAgentPort = 80
)

const httpsPort = 443

// notInternet are the ranges that HTTPS to the outside does not include: private
// networks, and link-local addresses with the instance metadata among them.
var notInternet = []string{"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}

// newNetworkPolicy opens the flows that the rows name, and no other.
func newNetworkPolicy(ctx *pulumi.Context, name string, a ServiceArgs, opts ...pulumi.ResourceOption) error {
	_, err := networkingv1.NewNetworkPolicy(ctx, name, &networkingv1.NetworkPolicyArgs{
		Metadata: a.metadata(nil),
		Spec: &networkingv1.NetworkPolicySpecArgs{
			PodSelector: metav1.LabelSelectorArgs{MatchLabels: pulumi.ToStringMap(selector(a.Row.Name))},
			PolicyTypes: pulumi.ToStringArray([]string{"Ingress", "Egress"}),
			Ingress:     a.ingress(),
			Egress:      a.egress(),
		},
	}, opts...)
	return err
}

// ingress admits the service's callers and, for a public one, the ingress.
func (a ServiceArgs) ingress() networkingv1.NetworkPolicyIngressRuleArray {
	from := networkingv1.NetworkPolicyPeerArray{}
	for _, caller := range callers(a.Catalog, a.Row.Name) {
		from = append(from, pods(caller))
	}
	if a.Row.Public {
		for _, namespace := range a.IngressNamespaces {
			from = append(from, &networkingv1.NetworkPolicyPeerArgs{NamespaceSelector: metav1.LabelSelectorArgs{
				MatchLabels: pulumi.StringMap{"kubernetes.io/metadata.name": pulumi.String(namespace)},
			}})
		}
	}
	if len(from) == 0 {
		return nil // a rule without peers would admit everyone
	}
	return networkingv1.NetworkPolicyIngressRuleArray{&networkingv1.NetworkPolicyIngressRuleArgs{
		From: from, Ports: tcp(a.Row.Port),
	}}
}

// egress lets the service reach its callees, its stores, its AWS credentials,
// the AWS services it calls and, where the row says so, the outside. The
// namespace opens DNS.
func (a ServiceArgs) egress() networkingv1.NetworkPolicyEgressRuleArray {
	rules := networkingv1.NetworkPolicyEgressRuleArray{
		rule(identityAgentPort, block(identityAgent)),
	}
	for _, row := range a.Catalog {
		if slices.Contains(a.Row.Calls, row.Name) {
			rules = append(rules, rule(row.Port, pods(row.Name)))
		}
	}
	for _, store := range a.Row.Stores {
		rules = append(rules, rule(a.Stores.port(store), blocks(a.DataTierCIDRs)...))
	}
	if a.callsAWS() && len(a.EndpointCIDRs) > 0 {
		rules = append(rules, rule(httpsPort, blocks(a.EndpointCIDRs)...))
	}
	if a.reachesOutside() {
		rules = append(rules, rule(httpsPort, block("0.0.0.0/0", notInternet...)))
	}
	return rules
}

// readsSecrets says whether a store of the row lets in those who know a secret.
// Kafka and Redis take tokens that the process signs by itself.
func (r Row) readsSecrets() bool {
	return slices.Contains(r.Stores, PostgreSQL) || slices.Contains(r.Stores, DocumentDB)
}

// callsAWS says whether the service sends requests to AWS's own interfaces.
func (a ServiceArgs) callsAWS() bool { return a.Row.readsSecrets() || a.Row.CostData }

// reachesOutside says whether the service may send HTTPS out of the VPC. Readers
// of cost data may: S3 has public addresses also behind its gateway endpoint.
func (a ServiceArgs) reachesOutside() bool {
	return a.Row.Outbound || a.Row.CostData || a.Row.readsSecrets() && len(a.EndpointCIDRs) == 0
}

func rule(port int, to ...networkingv1.NetworkPolicyPeerInput) *networkingv1.NetworkPolicyEgressRuleArgs {
	return &networkingv1.NetworkPolicyEgressRuleArgs{To: networkingv1.NetworkPolicyPeerArray(to), Ports: tcp(port)}
}

// pods of a service of the same namespace.
func pods(service string) *networkingv1.NetworkPolicyPeerArgs {
	return &networkingv1.NetworkPolicyPeerArgs{
		PodSelector: metav1.LabelSelectorArgs{MatchLabels: pulumi.ToStringMap(selector(service))},
	}
}

func blocks(cidrs []string) []networkingv1.NetworkPolicyPeerInput {
	var peers []networkingv1.NetworkPolicyPeerInput
	for _, cidr := range cidrs {
		peers = append(peers, block(cidr))
	}
	return peers
}

func block(cidr string, except ...string) *networkingv1.NetworkPolicyPeerArgs {
	b := &networkingv1.IPBlockArgs{Cidr: pulumi.String(cidr)}
	if len(except) > 0 {
		b.Except = pulumi.ToStringArray(except)
	}
	return &networkingv1.NetworkPolicyPeerArgs{IpBlock: b}
}

func tcp(port int) networkingv1.NetworkPolicyPortArray {
	return networkingv1.NetworkPolicyPortArray{&networkingv1.NetworkPolicyPortArgs{
		Protocol: pulumi.String("TCP"), Port: pulumi.Int(port),
	}}
}

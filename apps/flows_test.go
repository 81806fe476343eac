package apps

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// endpoint is one side of a connection: a pod, or an address outside.
type endpoint struct {
	pod       map[string]string // labels; nil for an address
	namespace string
	address   string
}

// cluster judges connections by the policies of the services' namespace.
type cluster struct {
	t        *testing.T
	policies []networkingv1.NetworkPolicy
	pods     map[string]endpoint
}

func newCluster(t *testing.T, args *Args) cluster {
	rec := run(t, args)
	c := cluster{t: t, pods: map[string]endpoint{}}
	for _, r := range rec.OfType(policyType) {
		c.policies = append(c.policies, as[networkingv1.NetworkPolicy](t, r))
	}
	for _, r := range rec.OfType(deploymentType) {
		d := as[appsv1.Deployment](t, r)
		c.pods[d.Name] = endpoint{pod: d.Spec.Template.Labels, namespace: d.Namespace}
	}
	for _, r := range rec.OfType(jobType) {
		j := as[batchv1.Job](t, r)
		c.pods["topics"] = endpoint{pod: j.Spec.Template.Labels, namespace: j.Namespace}
	}
	return c
}

// allowed says whether both sides allow the connection.
func (c cluster) allowed(from, to endpoint, port int) bool {
	return c.admits(from, to, port, false) && c.admits(to, from, port, true)
}

// admits says whether the policies of a pod, if it is one of ours, have a rule
// for the peer. A pod that no policy selects is not tested here.
func (c cluster) admits(own, peer endpoint, port int, ingress bool) bool {
	if own.pod == nil || own.namespace != c.policies[0].Namespace {
		return true
	}
	for _, p := range c.policies {
		if !c.selects(&p.Spec.PodSelector, own.pod) {
			continue
		}
		if ingress {
			for _, rule := range p.Spec.Ingress {
				if c.matches(rule.From, rule.Ports, peer, port, p.Namespace) {
					return true
				}
			}
			continue
		}
		for _, rule := range p.Spec.Egress {
			if c.matches(rule.To, rule.Ports, peer, port, p.Namespace) {
				return true
			}
		}
	}
	return false
}

func (c cluster) matches(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, e endpoint, port int, namespace string) bool {
	require.NotEmpty(c.t, peers, "a rule without peers is open to all")
	require.NotEmpty(c.t, ports, "a rule without ports opens all of them")
	if ports[0].Port.IntValue() != port {
		return false
	}
	for _, peer := range peers {
		switch {
		case peer.IPBlock != nil:
			if e.pod == nil && inBlock(*peer.IPBlock, e.address) {
				return true
			}
		case peer.NamespaceSelector != nil:
			if c.selects(peer.NamespaceSelector, map[string]string{"kubernetes.io/metadata.name": e.namespace}) {
				return true
			}
		case e.namespace == namespace && c.selects(peer.PodSelector, e.pod):
			return true
		}
	}
	return false
}

func (c cluster) selects(selector *metav1.LabelSelector, of map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	require.NoError(c.t, err)
	return s.Matches(labels.Set(of))
}

func inBlock(block networkingv1.IPBlock, address string) bool {
	ip := netip.MustParseAddr(address)
	for _, except := range block.Except {
		if netip.MustParsePrefix(except).Contains(ip) {
			return false
		}
	}
	return netip.MustParsePrefix(block.CIDR).Contains(ip)
}

func TestFlows(t *testing.T) {
	c := newCluster(t, argsOf("staging"))
	address := func(a string) endpoint { return endpoint{address: a} }
	ingress := endpoint{pod: map[string]string{"app": "nginx"}, namespace: "ingress"}
	stranger := endpoint{pod: map[string]string{"app.kubernetes.io/name": "frontend", "app.kubernetes.io/part-of": "cloudinsight"}, namespace: "other"}
	data, metadata, internet := address("10.1.22.9"), address("169.254.169.254"), address("203.0.113.7")

	for name, flow := range map[string]struct {
		from, to endpoint
		port     int
		want     bool
	}{
		"ingress to frontend":            {ingress, c.pods["frontend"], 3000, true},
		"ingress to a service":           {ingress, c.pods["cost"], 8082, true},
		"ingress on another port":        {ingress, c.pods["cost"], 9090, false},
		"another namespace's frontend":   {stranger, c.pods["user"], 8081, false},
		"frontend to user":               {c.pods["frontend"], c.pods["user"], 8081, true},
		"frontend to user, another port": {c.pods["frontend"], c.pods["user"], 8080, false},
		"user to frontend":               {c.pods["user"], c.pods["frontend"], 3000, false},
		"anomaly to metric":              {c.pods["anomaly"], c.pods["metric"], 8083, true},
		"metric to anomaly":              {c.pods["metric"], c.pods["anomaly"], 8084, false},
		"anomaly to notification":        {c.pods["anomaly"], c.pods["notification"], 8086, false},
		"user to PostgreSQL":             {c.pods["user"], data, 5432, true},
		"cost to PostgreSQL":             {c.pods["cost"], data, 5432, false},
		"cost to DocumentDB":             {c.pods["cost"], data, 27017, true},
		"cost to Kafka with IAM":         {c.pods["cost"], data, 9098, true},
		"cost to Kafka in plaintext":     {c.pods["cost"], data, 9092, false},
		"user to Kafka":                  {c.pods["user"], data, 9098, false},
		"frontend to Redis":              {c.pods["frontend"], data, 6379, true},
		"metric to Redis":                {c.pods["metric"], data, 6379, false},
		"DocumentDB's port elsewhere":    {c.pods["cost"], address("10.1.11.9"), 27017, false},
		"notification to the internet":   {c.pods["notification"], internet, 443, true},
		"notification over plain HTTP":   {c.pods["notification"], internet, 80, false},
		"forecast to AWS, for secrets":   {c.pods["forecast"], internet, 443, true},
		"frontend to the internet":       {c.pods["frontend"], internet, 443, false},
		"HTTPS into the VPC":             {c.pods["notification"], data, 443, false},
		"instance metadata":              {c.pods["notification"], metadata, 80, false},
		"Pod Identity agent":             {c.pods["forecast"], address("169.254.170.23"), 80, true},
		"topics job to Kafka":            {c.pods["topics"], data, 9098, true},
		"topics job to DocumentDB":       {c.pods["topics"], data, 27017, false},
		"topics job's credentials":       {c.pods["topics"], address("169.254.170.23"), 80, true},
		"topics job to the internet":     {c.pods["topics"], internet, 443, false},
		"topics job to a service":        {c.pods["topics"], c.pods["cost"], 8082, false},
		"frontend to the topics job":     {c.pods["frontend"], c.pods["topics"], 80, false},
	} {
		assert.Equal(t, flow.want, c.allowed(flow.from, flow.to, flow.port), name)
	}
}

// With endpoints in the VPC, who only reads secrets stays inside.
func TestFlows_InterfaceEndpoints(t *testing.T) {
	args := argsOf("staging")
	args.EndpointCIDRs = []string{"10.1.11.0/24", "10.1.12.0/24"}
	c := newCluster(t, args)
	endpointAddress, internet := endpoint{address: "10.1.12.40"}, endpoint{address: "203.0.113.7"}
	for service, want := range map[string]struct{ endpoints, internet bool }{
		"frontend":     {false, false}, // signs its own tokens for Redis
		"user":         {true, true},   // single sign-on
		"cost":         {true, true},
		"metric":       {true, true},
		"anomaly":      {true, false},
		"forecast":     {true, false},
		"notification": {true, true},
		"topics":       {false, false},
	} {
		assert.Equal(t, want.endpoints, c.allowed(c.pods[service], endpointAddress, 443), "%s to the endpoints", service)
		assert.Equal(t, want.internet, c.allowed(c.pods[service], internet, 443), "%s to the internet", service)
		assert.False(t, c.allowed(c.pods[service], endpoint{address: "10.1.13.1"}, 443), service)
	}
}

// Cost data is in S3, whose gateway endpoint has public addresses.
func TestFlows_CostDataIsOutside(t *testing.T) {
	args := argsOf("staging")
	args.EndpointCIDRs = []string{"10.1.11.0/24"}
	args.ExtraServices = []Row{{Name: "report", Runtime: JVM, Port: 9000, CostData: true}}
	c := newCluster(t, args)
	assert.True(t, c.allowed(c.pods["report"], endpoint{address: "203.0.113.7"}, 443))
	assert.True(t, c.allowed(c.pods["report"], endpoint{address: "10.1.11.7"}, 443))
	assert.False(t, c.allowed(c.pods["report"], endpoint{address: "10.1.22.9"}, 27017))
}

func TestFlows_StoreOnAnotherPort(t *testing.T) {
	args := argsOf("staging")
	args.Stores.PostgreSQL.Port = 6432
	c := newCluster(t, args)
	data := endpoint{address: "10.1.22.9"}
	assert.True(t, c.allowed(c.pods["user"], data, 6432))
	assert.False(t, c.allowed(c.pods["user"], data, 5432))
}

// Of the data tier, exactly the stores of the row are open.
func TestFlows_OnlyTheStoresOfTheRow(t *testing.T) {
	c := newCluster(t, argsOf("prod"))
	for _, row := range Catalog() {
		for store, port := range storePorts {
			want := slices.Contains(row.Stores, store)
			assert.Equal(t, want, c.allowed(c.pods[row.Name], endpoint{address: "10.1.22.9"}, port), "%s to %s", row.Name, store)
		}
	}
}

// The open flows between services are exactly those of the catalog.
func TestFlows_OnlyWhatTheCatalogueNames(t *testing.T) {
	c := newCluster(t, argsOf("prod"))
	for _, from := range Catalog() {
		for _, to := range Catalog() {
			if from.Name == to.Name {
				continue
			}
			want := slices.Contains(from.Calls, to.Name)
			assert.Equal(t, want, c.allowed(c.pods[from.Name], c.pods[to.Name], to.Port), "%s to %s", from.Name, to.Name)
		}
	}
}

// A service that nobody calls and that is not public admits no one.
func TestFlows_NoCallers(t *testing.T) {
	args := argsOf("dev")
	args.ExtraServices = []Row{{Name: "batch", Runtime: JVM, Port: 9000}}
	c := newCluster(t, args)
	for name, pod := range c.pods {
		assert.False(t, c.allowed(pod, c.pods["batch"], 9000), name)
	}
	assert.False(t, c.allowed(endpoint{pod: map[string]string{}, namespace: "ingress"}, c.pods["batch"], 9000))
}

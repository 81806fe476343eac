// Package definitions holds the custom resource definitions that Helm charts bring, for a stand-in that cannot fetch the
// charts: read from the Go module of the chart's operator where that has them, so that the API server judges custom
// resources as it would with the chart. For operators without such a module it makes definitions that accept anything,
// and says of their kinds that they are not verified.
//
// It refuses a module whose content is not the pinned one.
package definitions

import (
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Folder is where Build's files are, beside the sandbox's programs.
const Folder = "crds"

// Operator is what a chart installs, as far as its definitions go.
type Operator struct {
	Name    string   // names its file and labels its definitions
	Charts  []string // charts that bring the definitions
	Module  string   // Go module with the definitions; empty where there is none
	Version string   // of the module
	Sum     string   // of the module's content, as go.sum has it
	Files   []string // patterns of path.Match inside the module
	// Switch is the value of the chart that installs the definitions, dotted; empty for a chart that always does.
	Switch string
	// Off says that the chart leaves the definitions out unless Switch is true.
	Off bool
	// Kinds are the kinds of an operator without a module.
	Kinds []Kind
}

// Kind is a kind whose definition cannot be had.
type Kind struct {
	Group, Version, Kind, Plural string
	Cluster                      bool // cluster-scoped
}

// Operators are all known operators.
var Operators = []Operator{
	{
		Name: "cert-manager", Charts: []string{"cert-manager"},
		Module: "github.com/cert-manager/cert-manager", Version: "v1.21.2", Sum: "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
		Files: []string{"deploy/crds/*.yaml"}, Switch: "crds.enabled", Off: true,
	},
	{
		Name: "external-secrets", Charts: []string{"external-secrets"},
		Module: "github.com/external-secrets/external-secrets", Version: "v1.3.2", Sum: "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
		Files: []string{"config/crds/bases/*.yaml"}, Switch: "installCRDs",
	},
	{
		Name: "argo-cd", Charts: []string{"argo-cd"},
		Module: "github.com/argoproj/argo-cd/v3", Version: "v3.6.1", Sum: "h1:OmhqeKiR3C//awbFrhQqFdtRI+Qiv17j8vqm3UkMj/g=",
		Files: []string{"manifests/crds/*-crd.yaml"}, Switch: "crds.install",
	},
	{
		Name: "argo-rollouts", Charts: []string{"argo-rollouts"},
		Module: "github.com/argoproj/argo-rollouts", Version: "v1.10.2", Sum: "h1:sEPWsY+HUvnXj3Vh0ejb+GDTceQ/palqhFo2FVQJMk0=",
		Files: []string{"manifests/crds/*-crd.yaml"}, Switch: "installCRDs",
	},
	{
		Name: "external-dns", Charts: []string{"external-dns"},
		Module: "sigs.k8s.io/external-dns", Version: "v0.23.0", Sum: "h1:35KyAZtLN8o5nIE0aPKfyhILbf5HHkKPJby/4FowPJM=",
		Files: []string{"charts/external-dns/crds/*.yaml"},
	},
	{
		Name: "istio", Charts: []string{"base"},
		Module: "istio.io/api", Version: "v1.31.4", Sum: "h1:AcnncYrlDj1PJkym7h88Gggkef4MAra8QpGaXRMsr+E=",
		Files: []string{"kubernetes/customresourcedefinitions.gen.yaml"},
	},
	{
		Name: "gateway-api", Charts: []string{"gateway-api-crds"},
		Module: "sigs.k8s.io/gateway-api", Version: "v1.7.0", Sum: "h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=",
		Files: []string{"config/crd/standard/gateway.networking.k8s.io_*.yaml"},
	},
	{
		Name: "prometheus-operator", Charts: []string{"kube-prometheus-stack", "prometheus-operator-crds"},
		Module: "github.com/prometheus-operator/prometheus-operator", Version: "v0.85.0", Sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
		Files: []string{"example/prometheus-operator-crd/*.yaml"}, Switch: "crds.enabled",
	},
	{
		Name: "aws-load-balancer-controller", Charts: []string{"aws-load-balancer-controller"},
		Kinds: []Kind{
			{Group: "elbv2.k8s.aws", Version: "v1beta1", Kind: "TargetGroupBinding", Plural: "targetgroupbindings"},
			{Group: "elbv2.k8s.aws", Version: "v1beta1", Kind: "IngressClassParams", Plural: "ingressclassparams", Cluster: true},
		},
	},
	{
		Name: "nginx-ingress", Charts: []string{"nginx-ingress"}, Switch: "controller.enableCustomResources",
		Kinds: []Kind{
			{Group: "k8s.nginx.org", Version: "v1", Kind: "VirtualServer", Plural: "virtualservers"},
			{Group: "k8s.nginx.org", Version: "v1", Kind: "VirtualServerRoute", Plural: "virtualserverroutes"},
			{Group: "k8s.nginx.org", Version: "v1", Kind: "TransportServer", Plural: "transportservers"},
			{Group: "k8s.nginx.org", Version: "v1", Kind: "Policy", Plural: "policies"},
			{Group: "k8s.nginx.org", Version: "v1", Kind: "GlobalConfiguration", Plural: "globalconfigurations"},
		},
	},
	{
		Name: "kong", Charts: []string{"kong", "ingress"},
		Kinds: []Kind{
			{Group: "configuration.konghq.com", Version: "v1", Kind: "KongPlugin", Plural: "kongplugins"},
			{Group: "configuration.konghq.com", Version: "v1", Kind: "KongClusterPlugin", Plural: "kongclusterplugins", Cluster: true},
			{Group: "configuration.konghq.com", Version: "v1", Kind: "KongConsumer", Plural: "kongconsumers"},
			{Group: "configuration.konghq.com", Version: "v1", Kind: "KongIngress", Plural: "kongingresses"},
			{Group: "configuration.konghq.com", Version: "v1beta1", Kind: "KongConsumerGroup", Plural: "kongconsumergroups"},
			{Group: "configuration.konghq.com", Version: "v1beta1", Kind: "KongUpstreamPolicy", Plural: "kongupstreampolicies"},
			{Group: "configuration.konghq.com", Version: "v1alpha1", Kind: "KongVault", Plural: "kongvaults", Cluster: true},
		},
	},
}

// ForChart finds the operator of a chart, given by its name or by its OCI reference.
func ForChart(chart string) (Operator, bool) {
	name := path.Base(chart)
	for _, o := range Operators {
		for _, c := range o.Charts {
			if c == name {
				return o, true
			}
		}
	}
	return Operator{}, false
}

// Verified says whether the API server judges objects of a kind: false for kinds whose definition accepts anything.
func Verified(kind schema.GroupKind) bool {
	for _, o := range Operators {
		for _, k := range o.Kinds {
			if k.Group == kind.Group && k.Kind == kind.Kind {
				return false
			}
		}
	}
	return true
}

// Installs says whether a chart with these values brings the operator's definitions.
func (o Operator) Installs(values map[string]any) bool {
	if o.Switch == "" {
		return true
	}
	var at any = values
	for _, key := range strings.Split(o.Switch, ".") {
		m, _ := at.(map[string]any)
		at = m[key]
	}
	if on, ok := at.(bool); ok {
		return on
	}
	return !o.Off
}

// String is the operator with its version, as messages name it.
func (o Operator) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s", o.Name, o.Version))
}

func (o Operator) file() string { return o.Name + "-" + o.Version + ".json" }

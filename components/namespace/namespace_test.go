package namespace

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	k8score "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

const (
	spaceType  = "kubernetes:core/v1:Namespace"
	quotaType  = "kubernetes:core/v1:ResourceQuota"
	rangeType  = "kubernetes:core/v1:LimitRange"
	policyType = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
)

func valid() *Args {
	return &Args{
		Namespace: "shop", Environment: "prod", KubernetesVersion: "1.36",
		Quota: Quota{Pods: 40, RequestsCPU: 1500, RequestsMemory: 2048, LimitsCPU: 1500, LimitsMemory: 2048},
	}
}

func run(t *testing.T, args *Args) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := NewNamespace(ctx, "shop", args)
		return err
	})
}

// as reads a recorded object the way the API server would.
func as[T any](t *testing.T, r *pulumitest.Resource) T {
	t.Helper()
	text, err := json.Marshal(r.Inputs)
	require.NoError(t, err)
	var object T
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&object), "%s: %s", r.Type, text)
	return object
}

func TestNamespace_Defaults(t *testing.T) {
	rec := run(t, valid())

	space := as[k8score.Namespace](t, rec.Named(t, spaceType, "shop"))
	assert.Equal(t, "shop", space.Name)
	for _, mode := range []string{"enforce", "audit", "warn"} {
		assert.Equal(t, "restricted", space.Labels["pod-security.kubernetes.io/"+mode])
		assert.Equal(t, "v1.36", space.Labels["pod-security.kubernetes.io/"+mode+"-version"])
	}
	assert.Equal(t, map[string]any{
		"pods": "40", "requests.cpu": "1500m", "requests.memory": "2Gi", "limits.cpu": "1500m", "limits.memory": "2Gi",
		"services.loadbalancers": "0", "services.nodeports": "0",
	}, rec.Named(t, quotaType, "shop").Input("spec.hard"))

	for _, r := range rec.All() {
		switch r.Type {
		case namespaceType:
		case spaceType:
			assert.Equal(t, namespaceType, r.Parent.Type)
		default:
			require.NotNil(t, r.Parent, r.Type)
			assert.Equal(t, namespaceType, r.Parent.Type, r.Type)
			assert.True(t, r.DependsOnNamed(spaceType, "shop"), r.Type)
			assert.Equal(t, "shop", r.Input("metadata.namespace"), r.Type)
		}
	}
}

// container applies the default sizes to a container as the API server's
// LimitRanger does: a limit that has no default gets the maximum.
func container(t *testing.T, rec *pulumitest.Recorder) (requests, limits k8score.ResourceList) {
	for _, item := range as[k8score.LimitRange](t, rec.Named(t, rangeType, "shop")).Spec.Limits {
		if item.Type != k8score.LimitTypeContainer {
			continue
		}
		requests, limits = item.DefaultRequest, item.Default
		if limits == nil {
			limits = item.Max
		}
	}
	return requests, limits
}

func TestNamespace_DefaultSizesKeepTheClass(t *testing.T) {
	guaranteed := run(t, valid())
	requests, limits := container(t, guaranteed)
	require.NotEmpty(t, limits)
	assert.Equal(t, limits, requests)
	ratio := as[k8score.LimitRange](t, guaranteed.Named(t, rangeType, "shop")).Spec.Limits[1].MaxLimitRequestRatio
	assert.Equal(t, "1", ratio.Cpu().String())
	assert.Equal(t, "1", ratio.Memory().String())

	args := valid()
	args.QoS = k8score.PodQOSBurstable
	requests, limits = container(t, run(t, args))
	assert.Negative(t, requests.Cpu().Cmp(*limits.Cpu()))
	assert.Negative(t, requests.Memory().Cmp(*limits.Memory()))

	args.QoS, args.Quota = k8score.PodQOSBestEffort, Quota{Pods: 14}
	requests, limits = container(t, run(t, args))
	assert.Empty(t, requests)
	assert.Empty(t, limits)
}

// A quota on requests or limits refuses pods that have none.
func TestNamespace_BestEffortQuotaCountsOnlyObjects(t *testing.T) {
	rec := run(t, &Args{
		Namespace: "shop", Environment: "dev", KubernetesVersion: "1.36",
		QoS: k8score.PodQOSBestEffort, Quota: Quota{Pods: 14},
	})
	assert.Equal(t, map[string]any{"pods": "14", "services.loadbalancers": "0", "services.nodeports": "0"},
		rec.Named(t, quotaType, "shop").Input("spec.hard"))
}

func TestNamespace_RefusesTrafficExceptDNS(t *testing.T) {
	rec := run(t, valid())
	deny := as[networkingv1.NetworkPolicy](t, rec.Named(t, policyType, "shop-default-deny")).Spec
	both := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	assert.Equal(t, both, deny.PolicyTypes)
	assert.Empty(t, deny.PodSelector.MatchLabels, "every pod")
	assert.Empty(t, deny.Ingress)
	assert.Empty(t, deny.Egress)

	dns := as[networkingv1.NetworkPolicy](t, rec.Named(t, policyType, "shop-allow-dns")).Spec
	assert.Empty(t, dns.PodSelector.MatchLabels, "every pod")
	assert.Empty(t, dns.Ingress)
	require.Len(t, dns.Egress, 1)
	require.Len(t, dns.Egress[0].To, 1, "one peer: this namespace and this label, not either")
	assert.Equal(t, map[string]string{"kubernetes.io/metadata.name": "kube-system"}, dns.Egress[0].To[0].NamespaceSelector.MatchLabels)
	assert.Equal(t, map[string]string{"k8s-app": "kube-dns"}, dns.Egress[0].To[0].PodSelector.MatchLabels)
	for _, port := range dns.Egress[0].Ports {
		assert.Equal(t, 53, port.Port.IntValue())
	}
	assert.Len(t, dns.Egress[0].Ports, 2)
	assert.Equal(t, 2, rec.Count(policyType))
}

func TestNamespace_Refused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Args)
		want   string
	}{
		"name":           {func(a *Args) { a.Namespace = "My_Shop" }, `namespace: must be a DNS label, got "My_Shop"`},
		"environment":    {func(a *Args) { a.Environment = "" }, `environment: must be a DNS label, got ""`},
		"version":        {func(a *Args) { a.KubernetesVersion = "1.36.3" }, `kubernetesVersion: must be a minor such as 1.36, got "1.36.3"`},
		"latest version": {func(a *Args) { a.KubernetesVersion = "latest" }, `kubernetesVersion: must be a minor`},
		"class":          {func(a *Args) { a.QoS = "Best" }, `qos: must be one of [BestEffort Burstable Guaranteed], got "Best"`},
		"no pods":        {func(a *Args) { a.Quota.Pods = 0 }, "quota.pods: must be at least 1, got 0"},
		"no requests":    {func(a *Args) { a.Quota.RequestsMemory = 0 }, "quota.requestsMemory: must be at least 1, got 0"},
		"limits below requests": {func(a *Args) { a.Quota.LimitsCPU = 1 },
			"quota.limitsCpu: must be at least quota.requestsCpu (1500), got 1"},
		"BestEffort with sums": {func(a *Args) { a.QoS = k8score.PodQOSBestEffort }, `quota: must bound only pods with qos "BestEffort"`},
	} {
		t.Run(name, func(t *testing.T) {
			args := valid()
			c.change(args)
			rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
				_, err := NewNamespace(ctx, "shop", args)
				return err
			})
			require.ErrorContains(t, err, `namespace "shop": `+c.want)
			assert.Empty(t, rec.All())
		})
	}
}

package addons

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
	"github.com/cloudinsight/platform/sandbox/cluster/nodes"
)

func built(t *testing.T, addon desired.Addon) objects {
	t.Helper()
	c := &desired.Cluster{Name: "dev", Region: "af-south-1", Addons: []desired.Addon{addon}}
	o, err := catalog[addon.Name](builder{cluster: c, addon: addon, serviceCIDR: "172.20.0.0/16"})
	require.NoError(t, err)
	return o
}

func (o objects) templates() (all []corev1.PodTemplateSpec) {
	for _, x := range o.daemonSets {
		all = append(all, x.Spec.Template)
	}
	for _, x := range o.deployments {
		all = append(all, x.Spec.Template)
	}
	return all
}

func TestEveryAddonCanRun(t *testing.T) {
	for name := range catalog {
		t.Run(name, func(t *testing.T) {
			o := built(t, desired.Addon{Name: name, Version: "v1.2.3-eksbuild.1", Managed: true})
			accounts := map[string]bool{}
			for _, a := range o.accounts {
				accounts[a.Name] = true
			}
			require.NotEmpty(t, o.templates())
			for _, template := range o.templates() {
				assert.NotEmpty(t, template.Spec.PriorityClassName)
				assert.True(t, accounts[template.Spec.ServiceAccountName], "service account %q is not made", template.Spec.ServiceAccountName)
				for _, c := range append(template.Spec.Containers, template.Spec.InitContainers...) {
					assert.NoError(t, nodes.CheckImage(&desired.Cluster{Region: "af-south-1"}, c.Image, nil))
				}
			}
		})
	}
}

// What the add-ons of a node and of the cluster request is what the capacity of small nodes is planned with.
func TestRequests(t *testing.T) {
	for name, want := range map[string]struct{ milliCPU, memoryMiB int64 }{
		"vpc-cni": {50, 0}, "kube-proxy": {100, 0}, "coredns": {100, 70}, "metrics-server": {100, 200},
		"aws-ebs-csi-driver": {30 + 60, 120 + 240}, "eks-pod-identity-agent": {0, 0},
	} {
		var milliCPU, memoryMiB int64
		for _, template := range built(t, desired.Addon{Name: name}).templates() {
			for _, c := range template.Spec.Containers {
				milliCPU += c.Resources.Requests.Cpu().MilliValue()
				memoryMiB += c.Resources.Requests.Memory().Value() >> 20
			}
		}
		assert.Equal(t, want.milliCPU, milliCPU, name)
		assert.Equal(t, want.memoryMiB, memoryMiB, name)
	}
}

func TestConfigurationValuesCount(t *testing.T) {
	three := 3
	config := desired.AddonConfig{ReplicaCount: &three, Resources: &desired.Resources{Requests: map[string]string{"cpu": "250m"}}}
	o := built(t, desired.Addon{Name: "coredns", Config: config})
	assert.Equal(t, int32(3), *o.deployments[0].Spec.Replicas)
	requests := o.deployments[0].Spec.Template.Spec.Containers[0].Resources.Requests
	assert.Equal(t, "250m", requests.Cpu().String())
	assert.Equal(t, "70Mi", requests.Memory().String(), "what is not named stays")
	assert.Equal(t, "172.20.0.10", o.services[0].Spec.ClusterIP)

	config.Resources.Requests["cpu"] = "much"
	addon := desired.Addon{Name: "coredns", Config: config}
	_, err := catalog["coredns"](builder{cluster: &desired.Cluster{}, addon: addon, serviceCIDR: "172.20.0.0/16"})
	assert.ErrorContains(t, err, `resources: cpu: want a quantity, got "much"`)
}

package apps

import (
	"testing"

	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestService_Pod(t *testing.T) {
	rec := run(t, argsOf("prod"))
	for service, want := range map[string]struct {
		port               int32
		start, ready, live string
		startupSeconds     int32
		mounts             []string
	}{
		"frontend": {3000, "/api/health", "/api/health", "/api/health", 60, []string{"/tmp", "/app/.next/cache"}},
		"user": {8081, "/actuator/health/liveness", "/actuator/health/readiness", "/actuator/health/liveness", 300,
			[]string{"/tmp"}},
	} {
		t.Run(service, func(t *testing.T) {
			d := as[appsv1.Deployment](t, rec.Named(t, deploymentType, "apps-"+service))
			spec := d.Spec.Template.Spec
			require.Len(t, spec.Containers, 1)
			c := spec.Containers[0]
			assert.Equal(t, want.port, c.Ports[0].ContainerPort)
			assert.Equal(t, want.start, c.StartupProbe.HTTPGet.Path)
			assert.Equal(t, want.ready, c.ReadinessProbe.HTTPGet.Path)
			assert.Equal(t, want.live, c.LivenessProbe.HTTPGet.Path)
			assert.Equal(t, want.startupSeconds, c.StartupProbe.PeriodSeconds*c.StartupProbe.FailureThreshold)
			assert.Greater(t, *d.Spec.ProgressDeadlineSeconds, want.startupSeconds)
			var mounts []string
			for i, m := range c.VolumeMounts {
				mounts = append(mounts, m.MountPath)
				assert.Equal(t, spec.Volumes[i].Name, m.Name)
				assert.NotNil(t, spec.Volumes[i].EmptyDir)
			}
			assert.Equal(t, want.mounts, mounts)

			assert.Equal(t, service, spec.ServiceAccountName)
			assert.False(t, *spec.AutomountServiceAccountToken)
			assert.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
			assert.Greater(t, *spec.TerminationGracePeriodSeconds, c.Lifecycle.PreStop.Sleep.Seconds+drainSeconds)
			assert.Equal(t, 0, d.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue())
			for key, value := range d.Spec.Selector.MatchLabels {
				assert.Equal(t, value, d.Spec.Template.Labels[key], key)
			}
		})
	}
}

func TestService_Address(t *testing.T) {
	rec := run(t, argsOf("prod"))
	d := as[appsv1.Deployment](t, rec.Named(t, deploymentType, "apps-cost"))
	s := as[corev1.Service](t, rec.Named(t, addressType, "apps-cost"))
	assert.Equal(t, d.Spec.Selector.MatchLabels, s.Spec.Selector)
	assert.EqualValues(t, 80, s.Spec.Ports[0].Port)
	assert.Equal(t, d.Spec.Template.Spec.Containers[0].Ports[0].Name, s.Spec.Ports[0].TargetPort.String())
	assert.Equal(t, "99.95", s.Annotations["cloudinsight.com/slo-availability"])
	assert.Equal(t, "http://cost", rec.Named(t, configMapType, "apps-frontend").Input("data.COST_SERVICE_URL"))
}

func TestService_PlaceholderListensWhereTheServiceWould(t *testing.T) {
	d := as[appsv1.Deployment](t, run(t, argsOf("dev")).Named(t, deploymentType, "apps-metric"))
	c := d.Spec.Template.Spec.Containers[0]
	assert.Equal(t, placeholderImage, c.Image)
	assert.Equal(t, []string{"netexec", "--http-port=8083", "--udp-port=-1"}, c.Args)
	assert.Equal(t, "true", d.Annotations[placeholderAnnotation])
	assert.Equal(t, "true", d.Spec.Template.Annotations[placeholderAnnotation])
}

func TestService_NewConfigurationReplacesThePods(t *testing.T) {
	annotations := func(service, level, database string) map[string]string {
		args := argsOf("dev")
		args.LogLevel = level
		args.Stores.PostgreSQL.Host = pulumi.String(database)
		return as[appsv1.Deployment](t, run(t, args).Named(t, deploymentType, "apps-"+service)).Spec.Template.Annotations
	}
	info := annotations("user", "INFO", "a")
	assert.Len(t, info["cloudinsight.com/config-checksum"], 16)
	assert.Equal(t, info, annotations("user", "INFO", "a"))
	assert.NotEqual(t, info, annotations("user", "DEBUG", "a"))
	assert.NotEqual(t, info, annotations("user", "INFO", "b"), "an output of a store counts too")
	assert.Equal(t, annotations("cost", "INFO", "a"), annotations("cost", "INFO", "b"), "of a store that it does not use, not")
}

// A service stands by itself too, for a row that is in no catalog.
func TestService_Alone(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := NewService(ctx, "report", &ServiceArgs{
			Settings:    Settings{Namespace: "shop", Environment: "dev", Region: "af-south-1"},
			Row:         Row{Name: "report", Runtime: JVM, Port: 9000},
			ClusterName: pulumi.String("cloudinsight-dev"),
		})
		return err
	})
	d := as[appsv1.Deployment](t, rec.Named(t, deploymentType, "report"))
	assert.Equal(t, corev1.PodQOSGuaranteed, qosOf(d.Spec.Template.Spec))
	assert.Equal(t, "cloudinsight-dev-app-report", rec.Named(t, roleType, "report").Input("name"))
	assert.Zero(t, rec.Count(rolePolicyType), "no store, no permission")
}

func TestService_Refused(t *testing.T) {
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := NewService(ctx, "report", &ServiceArgs{
			Settings: Settings{Namespace: "shop", Environment: "dev", Region: "af-south-1"},
			Row:      Row{Name: "report", Runtime: JVM, Port: 90, Stores: []Store{PostgreSQL}},
			Image:    "registry.example/report:latest",
		})
		return err
	})
	for _, problem := range []string{
		"row.port: must be between 1024 and 65535, got 90", "clusterName: is required", "image: must not be the tag latest",
		"stores.postgresql: is required by report",
	} {
		assert.ErrorContains(t, err, problem)
	}
	assert.Empty(t, rec.All())
}

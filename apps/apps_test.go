package apps

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func TestApps_Defaults(t *testing.T) {
	rec := run(t, &Args{
		Settings: Settings{Namespace: "shop", Environment: "prod", Region: "af-south-1", DataTierCIDRs: []string{"10.0.21.0/24"}},
		Stores:   fakeStores(names(Catalog())...),
	})

	for token, count := range map[string]int{
		appsType: 1, serviceType: 7, topicsType: 1, "cloudinsight:identity:Workload": 8,
		deploymentType: 7, addressType: 7, configMapType: 8, policyType: 8, pdbType: 7, hpaType: 0, jobType: 1,
		"kubernetes:core/v1:ServiceAccount": 8, roleType: 8, rolePolicyType: 9,
		"aws:eks/podIdentityAssociation:PodIdentityAssociation": 8,
	} {
		assert.Equal(t, count, rec.Count(token), token)
	}
	d := as[appsv1.Deployment](t, rec.Named(t, deploymentType, "apps-user"))
	assert.EqualValues(t, 3, *d.Spec.Replicas)
	assert.Equal(t, corev1.PodQOSGuaranteed, qosOf(d.Spec.Template.Spec))
	assert.Equal(t, "WARN", rec.Named(t, configMapType, "apps-user").Input("data.LOG_LEVEL"))
}

func TestApps_EverythingSet(t *testing.T) {
	placeholders := make(chan []string, 1)
	args := argsOf("staging")
	args.Images = map[string]string{"user": "registry.example/user:v1.4.0"}
	args.Services = map[string]Override{"cost": {MinReplicas: 3, MaxReplicas: 9, CPU: "750m", Memory: "1Gi", LogLevel: "DEBUG"}}
	args.ExtraServices = []Row{{Name: "report", Runtime: Node, Port: 9000, Calls: []string{"cost"}}}
	args.ClusterName = pulumi.String("cloudinsight-staging")
	args.PermissionsBoundary = pulumi.String("arn:aws:iam::123456789012:policy/boundary")
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		apps, err := NewApps(ctx, "apps", args)
		if err != nil {
			return err
		}
		assert.Len(t, apps.Services, 8)
		apps.Placeholders.ApplyT(func(names []string) error { placeholders <- names; return nil })
		return nil
	})

	assert.Equal(t, 8, rec.Count(serviceType))
	assert.Equal(t, 8, rec.Count(hpaType))
	assert.Equal(t, []string{"frontend", "cost", "metric", "anomaly", "forecast", "notification", "report", "topics"}, <-placeholders)
	for _, role := range rec.OfType(roleType) {
		assert.Equal(t, "arn:aws:iam::123456789012:policy/boundary", role.Input("permissionsBoundary"))
	}

	user := as[appsv1.Deployment](t, rec.Named(t, deploymentType, "apps-user"))
	assert.Nil(t, user.Spec.Replicas, "the autoscaler owns the count")
	assert.Equal(t, "registry.example/user:v1.4.0", user.Spec.Template.Spec.Containers[0].Image)
	assert.Equal(t, "v1.4.0", user.Spec.Template.Labels["app.kubernetes.io/version"])
	assert.NotContains(t, user.Annotations, placeholderAnnotation)
	assert.Empty(t, user.Spec.Template.Spec.Containers[0].Args)

	cost := as[autoscalingv2.HorizontalPodAutoscaler](t, rec.Named(t, hpaType, "apps-cost"))
	assert.EqualValues(t, 3, *cost.Spec.MinReplicas)
	assert.EqualValues(t, 9, cost.Spec.MaxReplicas)
	assert.Equal(t, "DEBUG", rec.Named(t, configMapType, "apps-cost").Input("data.LOG_LEVEL"))
	limits := as[appsv1.Deployment](t, rec.Named(t, deploymentType, "apps-cost")).Spec.Template.Spec.Containers[0].Resources.Limits
	assert.Equal(t, "750m", limits.Cpu().String())
	assert.Equal(t, "1Gi", limits.Memory().String())

	report := rec.Named(t, configMapType, "apps-report")
	assert.Equal(t, "http://cost", report.Input("data.COST_SERVICE_URL"))
}

func TestApps_EveryChildHasItsParent(t *testing.T) {
	rec := run(t, argsOf("prod"))
	for _, r := range rec.All() {
		switch {
		case r.Type == appsType:
			assert.Nil(t, r.Parent)
		case r.Type == serviceType, r.Type == topicsType:
			require.NotNil(t, r.Parent, r.Name)
			assert.Equal(t, appsType, r.Parent.Type)
		case r.Parent != nil && r.Parent.Type == "cloudinsight:identity:Workload":
		case r.Name == "apps-topics":
			require.NotNil(t, r.Parent, r.Type)
			assert.Equal(t, topicsType, r.Parent.Type, r.Type)
		default:
			require.NotNil(t, r.Parent, r.Name)
			assert.Equal(t, serviceType, r.Parent.Type, "%s %s", r.Type, r.Name)
			assert.Equal(t, r.Name, r.Parent.Name)
		}
	}
}

func TestApps_RefusesBeforeAnythingIsRegistered(t *testing.T) {
	args := argsOf("dev")
	args.ClusterName = pulumi.String("cloudinsight-dev")
	args.ExtraServices = []Row{{Name: "user", Runtime: JVM, Port: 9000}}
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		_, err := NewApps(ctx, "apps", args)
		return err
	})
	require.ErrorContains(t, err, `apps "apps": extraServices[0].name: must be unique, "user" is taken`)
	assert.Empty(t, rec.All())
}

func TestApps_WaitForWhatTheyDependOn(t *testing.T) {
	args := argsOf("staging")
	args.ClusterName = pulumi.String("cloudinsight-staging")
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var guard struct{ pulumi.CustomResourceState }
		if err := ctx.RegisterResource("test:test:Guard", "guard", nil, &guard); err != nil {
			return err
		}
		args.DependsOn = []pulumi.Resource{&guard}
		_, err := NewApps(ctx, "apps", args)
		return err
	})
	guard := rec.Named(t, "test:test:Guard", "guard").URN
	for _, r := range rec.All() {
		if strings.HasPrefix(r.Type, "kubernetes:") {
			assert.Contains(t, r.DependsOn, guard, "%s %s", r.Type, r.Name)
		}
	}
	user := rec.Named(t, deploymentType, "apps-user")
	for _, token := range []string{
		configMapType, "kubernetes:core/v1:ServiceAccount", "aws:eks/podIdentityAssociation:PodIdentityAssociation",
	} {
		assert.Contains(t, user.DependsOn, rec.Named(t, token, "apps-user").URN, token)
	}
}

func TestApps_ByEnvironment(t *testing.T) {
	for name, env := range environments {
		t.Run(name, func(t *testing.T) {
			rec := run(t, argsOf(name))
			for _, r := range rec.OfType(deploymentType) {
				d := as[appsv1.Deployment](t, r)
				assert.Equal(t, env.settings.QoS, qosOf(d.Spec.Template.Spec), r.Name)
				if env.settings.Autoscaling == nil {
					assert.EqualValues(t, env.settings.Replicas, *d.Spec.Replicas, r.Name)
				} else {
					assert.Nil(t, d.Spec.Replicas, r.Name)
				}
				assert.Len(t, d.Spec.Template.Spec.TopologySpreadConstraints, map[string]int{"dev": 0, "staging": 2, "prod": 2}[name])
			}
			assert.Equal(t, map[string]int{"dev": 0, "staging": 7, "prod": 7}[name], rec.Count(hpaType))
			for _, r := range rec.OfType(hpaType) {
				assert.Equal(t, hpaSummary[name], summary(as[autoscalingv2.HorizontalPodAutoscaler](t, r)), r.Name)
			}
			assert.Equal(t, map[string]int{"dev": 0, "staging": 7, "prod": 7}[name], rec.Count(pdbType))
			for _, r := range rec.OfType(pdbType) {
				spec := as[policyv1.PodDisruptionBudget](t, r).Spec
				if name == "staging" {
					assert.Equal(t, 1, spec.MinAvailable.IntValue(), r.Name)
					assert.Nil(t, spec.MaxUnavailable, r.Name)
				} else {
					assert.Equal(t, 1, spec.MaxUnavailable.IntValue(), r.Name)
					assert.Nil(t, spec.MinAvailable, r.Name)
				}
			}
			config := rec.Named(t, configMapType, "apps-user")
			assert.Equal(t, env.settings.LogLevel, config.Input("data.LOG_LEVEL"))
			assert.Equal(t, name, config.Input("data.SPRING_PROFILES_ACTIVE"))
		})
	}
}

// hpaSummary is spec section 2.
var hpaSummary = map[string]string{
	"staging": "2-5 cpu 50 memory 60 up 0 down 180",
	"prod":    "3-20 cpu 70 memory 80 up 300 down 600",
}

func summary(hpa autoscalingv2.HorizontalPodAutoscaler) string {
	text := fmt.Sprintf("%d-%d", *hpa.Spec.MinReplicas, hpa.Spec.MaxReplicas)
	for _, m := range hpa.Spec.Metrics {
		text += fmt.Sprintf(" %s %d", m.Resource.Name, *m.Resource.Target.AverageUtilization)
	}
	return text + fmt.Sprintf(" up %d down %d",
		*hpa.Spec.Behavior.ScaleUp.StabilizationWindowSeconds, *hpa.Spec.Behavior.ScaleDown.StabilizationWindowSeconds)
}

// Whatever the rows, the pods satisfy Pod Security "restricted" as Kubernetes
// itself judges it, and are in the class that was asked for.
func TestPods_RestrictedAndInTheirClass(t *testing.T) {
	judge, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	require.NoError(t, err)
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.MajorMinorVersion(1, 36)}
	random := rand.New(rand.NewPCG(1, 2))

	for _, qos := range qosClasses {
		args := argsOf("prod")
		args.QoS = qos
		if qos == corev1.PodQOSBestEffort {
			args.Autoscaling = nil
		}
		args.Images, args.Services = map[string]string{}, map[string]Override{}
		for i := range 40 {
			row := randomRow(random, i)
			args.ExtraServices = append(args.ExtraServices, row)
			if random.IntN(2) == 0 {
				args.Images[row.Name] = fmt.Sprintf("registry.example/%s:v%d", row.Name, i)
			}
			if qos != corev1.PodQOSBestEffort && random.IntN(2) == 0 {
				args.Services[row.Name] = Override{
					CPU: fmt.Sprintf("%dm", 10+random.IntN(4000)), Memory: fmt.Sprintf("%dMi", 384+random.IntN(4000)),
				}
			}
		}
		args.Stores = fakeStores(names(args.rows())...)
		rec := run(t, args)
		templates := map[string]corev1.PodTemplateSpec{}
		for _, r := range rec.OfType(deploymentType) {
			templates[r.Name] = as[appsv1.Deployment](t, r).Spec.Template
		}
		for _, r := range rec.OfType(jobType) {
			templates[r.Name] = as[batchv1.Job](t, r).Spec.Template
		}
		assert.Len(t, templates, 7+40+1)
		for name, template := range templates {
			verdict := policy.AggregateCheckResults(judge.EvaluatePod(restricted, &template.ObjectMeta, &template.Spec))
			assert.True(t, verdict.Allowed, "%s: %s", name, verdict.ForbiddenDetail())
			assert.Equal(t, qos, qosOf(template.Spec), name)
		}
	}
}

func randomRow(random *rand.Rand, i int) Row {
	rows := Catalog()
	row := Row{
		Name:     fmt.Sprintf("extra-%d", i),
		Runtime:  Runtimes[random.IntN(len(Runtimes))],
		Port:     10000 + i,
		Public:   random.IntN(2) == 0,
		Outbound: random.IntN(2) == 0,
	}
	for _, callee := range rows[:random.IntN(len(rows))] {
		row.Calls = append(row.Calls, callee.Name)
	}
	row.Stores = append(row.Stores, []Store{PostgreSQL, DocumentDB, Kafka, Redis}[:random.IntN(5)]...)
	if slices.Contains(row.Stores, Kafka) {
		row.Consumes = []string{topics[random.IntN(len(topics))].Name}
	}
	row.CostData = random.IntN(2) == 0
	for n := range random.IntN(3) {
		row.Writable = append(row.Writable, fmt.Sprintf("/data/%d", n))
	}
	return row
}

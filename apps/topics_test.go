package apps

import (
	"encoding/json"
	"testing"

	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

const topicsImage = "registry.example/topics:v1.0.0"

func topicsArgs() *TopicsArgs {
	return &TopicsArgs{
		Settings: Settings{Namespace: "shop", Environment: "dev", Region: "af-south-1", DataTierCIDRs: []string{"10.2.21.0/24"}},
		Kafka:    fakeStores().Kafka, Image: topicsImage, ClusterName: pulumi.String("cloudinsight-dev"),
	}
}

func runTopics(t *testing.T, args *TopicsArgs) *pulumitest.Recorder {
	t.Helper()
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := NewTopics(ctx, "topics", args)
		return err
	})
}

func jobOf(t *testing.T, rec *pulumitest.Recorder) batchv1.Job {
	t.Helper()
	return as[batchv1.Job](t, rec.Named(t, jobType, "topics"))
}

func TestTopics_Job(t *testing.T) {
	rec := runTopics(t, topicsArgs())
	job := jobOf(t, rec)
	spec := job.Spec.Template.Spec
	require.Len(t, spec.Containers, 1)
	c := spec.Containers[0]

	assert.Regexp(t, `^topics-[0-9a-f]{8}$`, job.Name)
	assert.Equal(t, "shop", job.Namespace)
	assert.Equal(t, topicsImage, c.Image)
	assert.Equal(t, []string{"--topics", "/etc/topics/topics.json"}, c.Args)
	assert.Equal(t, []corev1.EnvVar{
		{Name: "AWS_REGION", Value: "af-south-1"},
		{Name: "KAFKA_BOOTSTRAP_SERVERS", Value: "b-1.example:9098,b-2.example:9098"},
	}, c.Env)
	assert.Equal(t, "topics", spec.ServiceAccountName)
	assert.False(t, *spec.AutomountServiceAccountToken)
	assert.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
	assert.Equal(t, corev1.RestartPolicyNever, spec.RestartPolicy)
	assert.EqualValues(t, 4, *job.Spec.BackoffLimit)
	assert.Less(t, *job.Spec.ActiveDeadlineSeconds, int64(600), "the provider waits as long")
	assert.Nil(t, job.Spec.TTLSecondsAfterFinished, "it would be made again by the next update")
	assert.Equal(t, corev1.PodQOSGuaranteed, qosOf(spec))
	assert.NotContains(t, job.Annotations, placeholderAnnotation)
	assert.Equal(t, "v1.0.0", job.Labels["app.kubernetes.io/version"])

	assert.Equal(t, "cloudinsight-dev-app-topics", rec.Named(t, roleType, "topics").Input("name"))
	for _, token := range []string{
		configMapType, policyType, "kubernetes:core/v1:ServiceAccount", rolePolicyType,
		"aws:eks/podIdentityAssociation:PodIdentityAssociation",
	} {
		assert.True(t, rec.Named(t, jobType, "topics").DependsOnNamed(token, "topics"), token)
	}
}

func TestTopics_Table(t *testing.T) {
	rec := runTopics(t, topicsArgs())
	config := as[corev1.ConfigMap](t, rec.Named(t, configMapType, "topics"))
	job := jobOf(t, rec)
	volume := job.Spec.Template.Spec.Volumes[0]
	assert.Equal(t, config.Name, volume.ConfigMap.Name)
	assert.Equal(t, "/etc/topics", job.Spec.Template.Spec.Containers[0].VolumeMounts[0].MountPath)
	assert.True(t, *config.Immutable)

	var specs []topicSpec
	require.NoError(t, json.Unmarshal([]byte(config.Data["topics.json"]), &specs))
	require.Len(t, specs, len(TopicCatalog()))
	for i, topic := range TopicCatalog() {
		assert.Equal(t, topicSpec{
			Name: topic.Name, Partitions: topic.Partitions, RetentionHours: topic.RetentionHours, ReplicationFactor: 3,
			Config: map[string]string{"cleanup.policy": "delete", "min.insync.replicas": "2"},
		}, specs[i])
	}
	assert.Contains(t, config.Data["topics.json"], `"retentionHours": 168,`)
	assert.Contains(t, config.Data["topics.json"], `"replicationFactor": 3,`)
}

// Other topics or another image are another job; anything else is the same.
func TestTopics_NameFollowsTheWork(t *testing.T) {
	name := func(change func(*TopicsArgs)) string {
		args := topicsArgs()
		change(args)
		rec := runTopics(t, args)
		job := jobOf(t, rec)
		assert.Equal(t, job.Name, rec.Named(t, configMapType, "topics").Input("metadata.name"))
		return job.Name
	}
	first := name(func(*TopicsArgs) {})
	assert.Equal(t, first, name(func(*TopicsArgs) {}))
	assert.Equal(t, first, name(func(a *TopicsArgs) { a.LogLevel = "DEBUG" }))
	image := name(func(a *TopicsArgs) { a.Image = "registry.example/topics:v1.1.0" })
	assert.NotEqual(t, first, image)
	table := name(func(a *TopicsArgs) { a.Topics = []Topic{{Name: "cost.collected", Partitions: 48, RetentionHours: 24}} })
	assert.NotEqual(t, first, table)
	assert.NotEqual(t, image, table)
}

func TestTopics_Placeholder(t *testing.T) {
	args := topicsArgs()
	args.Image = ""
	job := jobOf(t, runTopics(t, args))
	assert.Equal(t, placeholderImage, job.Spec.Template.Spec.Containers[0].Image)
	assert.Equal(t, []string{"help"}, job.Spec.Template.Spec.Containers[0].Args, "ends, and well")
	assert.Equal(t, "true", job.Annotations[placeholderAnnotation])
}

func TestTopics_WaitsForTheBrokers(t *testing.T) {
	rec := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var brokers, space made
		for name, r := range map[string]*made{"brokers": &brokers, "namespace": &space} {
			if err := ctx.RegisterResource(madeType, name, nil, r); err != nil {
				return err
			}
		}
		args := topicsArgs()
		args.Kafka.Ready = []pulumi.Resource{&brokers}
		args.DependsOn = []pulumi.Resource{&space}
		_, err := NewTopics(ctx, "topics", args)
		return err
	})
	job := rec.Named(t, jobType, "topics")
	assert.True(t, job.DependsOnNamed(madeType, "brokers"))
	for _, token := range []string{jobType, configMapType, policyType, "kubernetes:core/v1:ServiceAccount"} {
		assert.True(t, rec.Named(t, token, "topics").DependsOnNamed(madeType, "namespace"), token)
	}
	assert.False(t, rec.Named(t, policyType, "topics").DependsOnNamed(madeType, "brokers"), "what does not need brokers does not wait")
}

func TestTopics_Refused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*TopicsArgs)
		want   string
	}{
		"no Kafka":     {func(a *TopicsArgs) { a.Kafka = nil }, "stores.kafka: is required by topics"},
		"no brokers":   {func(a *TopicsArgs) { a.Kafka.BootstrapBrokers = nil }, "stores.kafka.bootstrapBrokers: is required"},
		"no cluster":   {func(a *TopicsArgs) { a.ClusterName = nil }, "clusterName: is required"},
		"no namespace": {func(a *TopicsArgs) { a.Namespace = "" }, "namespace: must be a DNS label"},
		"no data tier": {func(a *TopicsArgs) { a.DataTierCIDRs = nil }, "dataTierCidrs: must name the data stores' subnets, got none"},
		"image":        {func(a *TopicsArgs) { a.Image = "r/topics" }, "image: must name a tag or a digest"},
		"topic": {func(a *TopicsArgs) { a.Topics = []Topic{{Name: "a b", Partitions: 3, RetentionHours: 1}} },
			"topics.a b: must be named by 1 to 245 letters"},
	} {
		t.Run(name, func(t *testing.T) {
			args := topicsArgs()
			c.change(args)
			rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
				_, err := NewTopics(ctx, "topics", args)
				return err
			})
			require.ErrorContains(t, err, `topics "topics": `+c.want)
			assert.Empty(t, rec.All())
		})
	}
}

func TestImageNames(t *testing.T) {
	assert.Equal(t, []string{"frontend", "user", "cost", "metric", "anomaly", "forecast", "notification", "topics"}, ImageNames())
}

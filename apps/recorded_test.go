package apps

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/cloudinsight/platform/internal/pulumitest"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

const (
	deploymentType = "kubernetes:apps/v1:Deployment"
	hpaType        = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
	pdbType        = "kubernetes:policy/v1:PodDisruptionBudget"
	policyType     = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
	configMapType  = "kubernetes:core/v1:ConfigMap"
	addressType    = "kubernetes:core/v1:Service"
	jobType        = "kubernetes:batch/v1:Job"
	roleType       = "aws:iam/role:Role"
	rolePolicyType = "aws:iam/rolePolicy:RolePolicy"
)

// run registers the services of the arguments under mocks.
func run(t *testing.T, args *Args) *pulumitest.Recorder {
	t.Helper()
	args.ClusterName = pulumi.String("cloudinsight-test")
	return pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := NewApps(ctx, "apps", args)
		return err
	})
}

// clusterARN is that of the Kafka cluster of fakeStores.
const clusterARN = "arn:aws:kafka:af-south-1:111122223333:cluster/cloudinsight-test/0a1b-2"

// fakeStores are all stores, with a Redis user for each of the services.
func fakeStores(services ...string) Stores {
	users := map[string]pulumi.StringOutput{}
	for _, service := range services {
		users[service] = pulumi.String("arn:aws:elasticache:af-south-1:111122223333:user:" + service).ToStringOutput()
	}
	return Stores{
		PostgreSQL: &PostgreSQLStore{
			Host: pulumi.String("pg.example"), ReaderHost: pulumi.String("pg-ro.example"), Database: "cloudinsight",
			SecretARN: pulumi.String("arn:secret:pg"), SecretKeyARN: pulumi.String("arn:key:pg"),
		},
		DocumentDB: &DocumentDBStore{
			Host: pulumi.String("docs.example"), ReaderHost: pulumi.String("docs-ro.example"),
			SecretARN: pulumi.String("arn:secret:docs"), SecretKeyARN: pulumi.String("arn:key:docs"),
		},
		Kafka: &KafkaStore{BootstrapBrokers: pulumi.String("b-1.example:9098,b-2.example:9098"), ClusterARN: pulumi.String(clusterARN)},
		Redis: &RedisStore{
			Host: pulumi.String("redis.example"), ReaderHost: pulumi.String("redis-ro.example"), UserARNs: users,
			ReplicationGroupARN: pulumi.String("arn:aws:elasticache:af-south-1:111122223333:replicationgroup:cloudinsight-test"),
		},
		CostData: &CostDataStore{
			QueueURL: pulumi.String("https://sqs.example/cost"), Database: pulumi.String("cost"), Workgroup: pulumi.String("cost-wg"),
			Policy: pulumi.String(`{"Version":"2012-10-17","Statement":[]}`),
		},
	}
}

// as reads a recorded object the way the API server would, refusing fields that
// its type does not have.
func as[T any](t *testing.T, r *pulumitest.Resource) T {
	t.Helper()
	text, err := json.Marshal(r.Inputs)
	require.NoError(t, err)
	var object T
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&object), "%s %s: %s", r.Type, r.Name, text)
	return object
}

// qosOf is the class that Kubernetes gives a pod.
// https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
func qosOf(spec corev1.PodSpec) corev1.PodQOSClass {
	any, equal := false, true
	for _, c := range spec.Containers {
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			limit, limited := c.Resources.Limits[name]
			request, requested := c.Resources.Requests[name]
			any = any || limited || requested
			equal = equal && limited && (!requested || request.Cmp(limit) == 0)
		}
	}
	switch {
	case !any:
		return corev1.PodQOSBestEffort
	case equal:
		return corev1.PodQOSGuaranteed
	default:
		return corev1.PodQOSBurstable
	}
}

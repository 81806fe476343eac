package apps

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cloudinsight/platform/components/identity"
	"github.com/cloudinsight/platform/internal/iam"
	batchv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/batch/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	networkingv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/networking/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	k8score "k8s.io/api/core/v1"
)

const topicsType = "cloudinsight:apps:Topics"

// topicsName is the job's image, service account and network policy.
const topicsName = "topics"

const (
	topicsFolder = "/etc/topics"
	topicsFile   = "topics.json"
)

// Topics makes the topics of the event flow: a job in the cluster, since the
// brokers answer nobody outside of the VPC. It brings topics to what the table
// says and can run any number of times; it deletes none.
type Topics struct {
	pulumi.ResourceState

	// Job is the name of the Job, known once it has completed.
	Job pulumi.StringOutput
	// RoleARN is the IAM role of the job.
	RoleARN pulumi.StringOutput
	// Ready is what has to be there before a topic can be used.
	Ready []pulumi.Resource
}

// TopicsArgs configures the job.
type TopicsArgs struct {
	Settings
	// Topics to make, dead-letter topics not included: each gets one (default:
	// those of the catalog).
	Topics []Topic
	// Kafka is where.
	Kafka *KafkaStore
	// Image is the image reference of tools/topics; "" runs the placeholder,
	// which makes no topic.
	Image string

	// ClusterName is the EKS cluster, for the job's IAM role.
	ClusterName pulumi.StringInput
	// PermissionsBoundary limits the role (optional).
	PermissionsBoundary pulumi.StringPtrInput
	// DependsOn must exist before anything is applied to the cluster.
	DependsOn []pulumi.Resource
}

// topicsSizes are of the job's one pod.
var topicsSizes = map[k8score.PodQOSClass]Size{
	k8score.PodQOSBestEffort: {},
	k8score.PodQOSBurstable:  {RequestCPU: 50, RequestMemory: 64, LimitCPU: 250, LimitMemory: 128},
	k8score.PodQOSGuaranteed: {RequestCPU: 100, RequestMemory: 128, LimitCPU: 100, LimitMemory: 128},
}

// NewTopics registers the job and what it needs.
func NewTopics(ctx *pulumi.Context, name string, args *TopicsArgs, opts ...pulumi.ResourceOption) (*Topics, error) {
	a := args.withDefaults()
	if err := a.validate(); err != nil {
		return nil, fmt.Errorf("topics %q: %w", name, err)
	}
	t := &Topics{}
	if err := ctx.RegisterComponentResourceV2(topicsType, name, a.inputs(), t, opts...); err != nil {
		return nil, fmt.Errorf("topics %q: %w", name, err)
	}
	child := pulumi.Composite(pulumi.Parent(t), pulumi.DependsOn(a.DependsOn))

	workload, err := identity.NewWorkload(ctx, name, &identity.WorkloadArgs{
		RoleName:            roleName(a.Environment, topicsName),
		Namespace:           a.Namespace,
		ServiceAccount:      topicsName,
		Labels:              a.labels(),
		ClusterName:         a.ClusterName,
		Policy:              a.policy(),
		PermissionsBoundary: a.PermissionsBoundary,
		DependsOn:           a.DependsOn,
	}, pulumi.Parent(t))
	if err != nil {
		return nil, err
	}
	config, err := corev1.NewConfigMap(ctx, name, &corev1.ConfigMapArgs{
		Metadata:  a.metadata(a.objectName(), nil),
		Data:      pulumi.StringMap{topicsFile: pulumi.String(a.table())},
		Immutable: pulumi.Bool(true),
	}, child)
	if err != nil {
		return nil, err
	}
	flows, err := networkingv1.NewNetworkPolicy(ctx, name, &networkingv1.NetworkPolicyArgs{
		Metadata: a.metadata(topicsName, nil),
		Spec: &networkingv1.NetworkPolicySpecArgs{
			PodSelector: metav1.LabelSelectorArgs{MatchLabels: pulumi.ToStringMap(selector(topicsName))},
			PolicyTypes: pulumi.ToStringArray([]string{"Ingress", "Egress"}),
			Egress: networkingv1.NetworkPolicyEgressRuleArray{
				rule(identityAgentPort, block(identityAgent)),
				rule(storePorts[Kafka], blocks(a.DataTierCIDRs)...),
			},
		},
	}, child)
	if err != nil {
		return nil, err
	}
	ready := slices.Concat(workload.Ready, a.Kafka.Ready, []pulumi.Resource{config, flows})
	job, err := batchv1.NewJob(ctx, name, &batchv1.JobArgs{
		Metadata: a.metadata(a.objectName(), a.annotations()),
		Spec:     a.jobSpec(),
	}, child, pulumi.DependsOn(ready))
	if err != nil {
		return nil, err
	}

	t.Job = job.Metadata.Name().Elem()
	t.RoleARN = workload.RoleARN
	t.Ready = []pulumi.Resource{job}
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{"job": t.Job, "roleArn": t.RoleARN})
}

func (a *TopicsArgs) withDefaults() TopicsArgs {
	var args TopicsArgs
	if a != nil {
		args = *a
	}
	args.Settings = args.Settings.withDefaults()
	args.Kafka = Stores{Kafka: args.Kafka}.withDefaults().Kafka
	if len(args.Topics) == 0 {
		args.Topics = topics
	}
	return args
}

func (a TopicsArgs) validate() error {
	user := []Row{{Name: topicsName, Stores: []Store{Kafka}}}
	p := a.problems(user)
	p = append(p, Stores{Kafka: a.Kafka}.problems(user)...)
	for _, topic := range a.Topics {
		p = append(p, topic.problems()...)
	}
	if a.ClusterName == nil {
		p.add("clusterName: is required")
	}
	if a.Image != "" {
		if err := checkImage(a.Image); err != nil {
			p.add("image: %w", err)
		}
	}
	return errors.Join(p...)
}

func (a TopicsArgs) inputs() pulumi.Map {
	var names []string
	for _, topic := range a.Topics {
		names = append(names, topic.Name)
	}
	return pulumi.Map{"topics": pulumi.ToStringArray(names), "image": pulumi.String(imageOr(a.Image))}
}

// topicSpec is a topic in the words of tools/topics.
type topicSpec struct {
	Name              string            `json:"name"`
	Partitions        int               `json:"partitions"`
	RetentionHours    int               `json:"retentionHours"`
	ReplicationFactor int               `json:"replicationFactor"`
	Config            map[string]string `json:"config"`
}

// table is the content of the file that the job reads.
func (a TopicsArgs) table() string {
	var specs []topicSpec
	for _, topic := range withDeadLetters(a.Topics) {
		specs = append(specs, topicSpec{
			Name: topic.Name, Partitions: topic.Partitions, RetentionHours: topic.RetentionHours, ReplicationFactor: replicas,
			Config: map[string]string{"cleanup.policy": "delete", "min.insync.replicas": fmt.Sprint(inSyncReplicas)},
		})
	}
	text, err := json.MarshalIndent(specs, "", "  ")
	if err != nil {
		panic(err) // texts and numbers have a JSON form
	}
	return string(text)
}

// objectName changes with what the job does: a Job cannot be changed, so that
// other topics or another image are another Job.
func (a TopicsArgs) objectName() string {
	return topicsName + "-" + hashOf([]string{a.table(), imageOr(a.Image)}, 4)
}

// policy is what the job may do: describe the cluster, and make and change the
// topics of the table. It can neither read nor write an event.
func (a TopicsArgs) policy() pulumi.StringOutput {
	return a.Kafka.ClusterARN.ToStringOutput().ApplyT(func(cluster string) string {
		return makeTopics(cluster, withDeadLetters(a.Topics)).JSON()
	}).(pulumi.StringOutput)
}

func makeTopics(cluster string, topics []Topic) iam.Document {
	var names []string
	for _, topic := range topics {
		names = append(names, topic.Name)
	}
	return iam.Document{Statements: []iam.Statement{
		{
			Sid:       "ConnectKafka",
			Actions:   []string{"kafka-cluster:Connect", "kafka-cluster:DescribeCluster"},
			Resources: []string{cluster},
		},
		{
			Sid: "MakeTopics",
			Actions: []string{
				"kafka-cluster:AlterTopic", "kafka-cluster:AlterTopicDynamicConfiguration", "kafka-cluster:CreateTopic",
				"kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration",
			},
			Resources: topicARNs(cluster, names),
		},
	}}
}

func (a TopicsArgs) labels() map[string]string {
	return a.Settings.labels(topicsName, "job", imageOr(a.Image))
}

func (a TopicsArgs) annotations() map[string]string {
	if a.Image == "" {
		return map[string]string{placeholderAnnotation: "true"}
	}
	return nil
}

func (a TopicsArgs) metadata(name string, annotations map[string]string) *metav1.ObjectMetaArgs {
	meta := &metav1.ObjectMetaArgs{
		Name:      pulumi.String(name),
		Namespace: pulumi.String(a.Namespace),
		Labels:    pulumi.ToStringMap(a.labels()),
	}
	if len(annotations) > 0 {
		meta.Annotations = pulumi.ToStringMap(annotations)
	}
	return meta
}

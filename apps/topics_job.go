package apps

import (
	batchv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/batch/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	// topicsRetries are for brokers that are just restarting.
	topicsRetries = 4
	// topicsSeconds end the job before the provider, which waits ten minutes,
	// gives up without its reason.
	topicsSeconds = 8 * 60
)

// jobSpec has no time to live: a Job that removes itself would be made again by
// the next update.
func (a TopicsArgs) jobSpec() *batchv1.JobSpecArgs {
	return &batchv1.JobSpecArgs{
		BackoffLimit:          pulumi.Int(topicsRetries),
		ActiveDeadlineSeconds: pulumi.Int(topicsSeconds),
		Template: &corev1.PodTemplateSpecArgs{
			Metadata: &metav1.ObjectMetaArgs{
				Labels:      pulumi.ToStringMap(a.labels()),
				Annotations: pulumi.ToStringMap(a.annotations()),
			},
			Spec: &corev1.PodSpecArgs{
				ServiceAccountName:           pulumi.String(topicsName),
				AutomountServiceAccountToken: pulumi.Bool(false),
				EnableServiceLinks:           pulumi.Bool(false),
				RestartPolicy:                pulumi.String("Never"), // a failed pod stays, with its log
				SecurityContext:              restrictedPod(),
				Containers:                   corev1.ContainerArray{a.container()},
				Volumes: corev1.VolumeArray{&corev1.VolumeArgs{
					Name:      pulumi.String(topicsName),
					ConfigMap: &corev1.ConfigMapVolumeSourceArgs{Name: pulumi.String(a.objectName())},
				}},
			},
		},
	}
}

// container has the brokers in its own words, not by reference: a new broker
// cluster has no topics, so that its job has to run again.
func (a TopicsArgs) container() *corev1.ContainerArgs {
	container := &corev1.ContainerArgs{
		Name:            pulumi.String(topicsName),
		Image:           pulumi.String(imageOr(a.Image)),
		ImagePullPolicy: pulumi.String("IfNotPresent"), // tags are immutable
		Args:            pulumi.ToStringArray(a.arguments()),
		Env: corev1.EnvVarArray{
			&corev1.EnvVarArgs{Name: pulumi.String("AWS_REGION"), Value: pulumi.String(a.Region)},
			&corev1.EnvVarArgs{
				Name: pulumi.String("KAFKA_BOOTSTRAP_SERVERS"), Value: a.Kafka.BootstrapBrokers.ToStringOutput().ToStringPtrOutput(),
			},
		},
		SecurityContext: restrictedContainer(),
		VolumeMounts: corev1.VolumeMountArray{&corev1.VolumeMountArgs{
			Name: pulumi.String(topicsName), MountPath: pulumi.String(topicsFolder), ReadOnly: pulumi.Bool(true),
		}},
	}
	if size := topicsSizes[a.QoS]; size != (Size{}) {
		container.Resources = size.resources()
	}
	return container
}

// arguments of the tool; the placeholder prints its help and is done.
func (a TopicsArgs) arguments() []string {
	if a.Image == "" {
		return []string{"help"}
	}
	return []string{"--topics", topicsFolder + "/" + topicsFile}
}

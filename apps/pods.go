package apps

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/api/resource"
)

const (
	portName = "http"
	// userID owns nothing outside the writable directories.
	userID = 10001
	// settleSeconds is how long a pod goes on serving after it was told to
	// stop, until ingress and callers have dropped its address.
	settleSeconds = 10
	// drainSeconds is what requests in flight get after that.
	drainSeconds = 30
	// graceSeconds until the pod is killed: both, and some to exit.
	graceSeconds = settleSeconds + drainSeconds + 20
	// scratchMiB bounds each writable directory; they live on the node's disk.
	scratchMiB = 128
	// probeSeconds is how often a container is probed.
	probeSeconds = 5
)

func newDeployment(
	ctx *pulumi.Context, name string, a ServiceArgs, environment pulumi.StringMap, opts ...pulumi.ResourceOption,
) (*appsv1.Deployment, error) {
	annotations := map[string]string{}
	if a.Image == "" {
		annotations[placeholderAnnotation] = "true"
	}
	spec := &appsv1.DeploymentSpecArgs{
		Selector:             metav1.LabelSelectorArgs{MatchLabels: pulumi.ToStringMap(selector(a.Row.Name))},
		RevisionHistoryLimit: pulumi.Int(5),
		// A rollout fails no earlier than its slowest pod may start.
		ProgressDeadlineSeconds: pulumi.Int(int((profiles[a.Row.Runtime].startup + 2*time.Minute).Seconds())),
		Strategy: &appsv1.DeploymentStrategyArgs{
			Type: pulumi.String("RollingUpdate"),
			RollingUpdate: &appsv1.RollingUpdateDeploymentArgs{
				MaxUnavailable: pulumi.Int(0),
				MaxSurge:       pulumi.String(fmt.Sprintf("%d%%", surgePercent)),
			},
		},
		Template: &corev1.PodTemplateSpecArgs{
			Metadata: &metav1.ObjectMetaArgs{
				Labels:      pulumi.ToStringMap(a.labels()),
				Annotations: a.podAnnotations(environment),
			},
			Spec: a.podSpec(),
		},
	}
	// The autoscaler owns the count; naming it here too would make every update
	// undo its work.
	if a.Autoscaling == nil {
		spec.Replicas = pulumi.Int(a.Replicas)
	}
	return appsv1.NewDeployment(ctx, name, &appsv1.DeploymentArgs{
		Metadata: a.metadata(annotations),
		Spec:     spec,
	}, opts...)
}

// podAnnotations change with the configuration, so that new values reach the
// process, which reads them only when it starts.
func (a ServiceArgs) podAnnotations(environment pulumi.StringMap) pulumi.StringMap {
	annotations := pulumi.StringMap{
		"cloudinsight.com/config-checksum": environment.ToStringMapOutput().ApplyT(checksum).(pulumi.StringOutput),
	}
	if a.Image == "" {
		annotations[placeholderAnnotation] = pulumi.String("true")
	}
	return annotations
}

// checksum is a short text for a value, the same for the same value.
func checksum(values map[string]string) string { return hashOf(values, 8) }

// hashOf is the beginning of a value's hash, in hexadecimal digits.
func hashOf(value any, bytes int) string {
	text, err := json.Marshal(value) // maps are sorted by key
	if err != nil {
		panic(err) // what is hashed here are texts and numbers, which have a JSON form
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:bytes])
}

// podSpec satisfies Pod Security "restricted".
func (a ServiceArgs) podSpec() *corev1.PodSpecArgs {
	spec := &corev1.PodSpecArgs{
		ServiceAccountName:            pulumi.String(a.Row.Name),
		AutomountServiceAccountToken:  pulumi.Bool(false),
		EnableServiceLinks:            pulumi.Bool(false),
		TerminationGracePeriodSeconds: pulumi.Int(graceSeconds),
		SecurityContext:               restrictedPod(),
		Containers:                    corev1.ContainerArray{a.container()},
	}
	volumes := corev1.VolumeArray{}
	for i := range a.writable() {
		volumes = append(volumes, &corev1.VolumeArgs{
			Name:     pulumi.String(volumeName(i)),
			EmptyDir: &corev1.EmptyDirVolumeSourceArgs{SizeLimit: pulumi.String(mebibytes(scratchMiB))},
		})
	}
	spec.Volumes = volumes
	if a.floor() > 1 {
		spec.TopologySpreadConstraints = corev1.TopologySpreadConstraintArray{
			a.spread("topology.kubernetes.io/zone"),
			a.spread("kubernetes.io/hostname"),
		}
	}
	return spec
}

func (a ServiceArgs) container() *corev1.ContainerArgs {
	p := profiles[a.Row.Runtime]
	container := &corev1.ContainerArgs{
		Name:            pulumi.String(a.Row.Name),
		Image:           pulumi.String(a.image()),
		ImagePullPolicy: pulumi.String("IfNotPresent"), // tags are immutable
		Ports: corev1.ContainerPortArray{&corev1.ContainerPortArgs{
			Name: pulumi.String(portName), ContainerPort: pulumi.Int(a.Row.Port),
		}},
		EnvFrom: corev1.EnvFromSourceArray{&corev1.EnvFromSourceArgs{
			ConfigMapRef: &corev1.ConfigMapEnvSourceArgs{Name: pulumi.String(a.Row.Name)},
		}},
		SecurityContext: restrictedContainer(),
		Lifecycle: &corev1.LifecycleArgs{PreStop: &corev1.LifecycleHandlerArgs{
			Sleep: &corev1.SleepActionArgs{Seconds: pulumi.Int(settleSeconds)},
		}},
		StartupProbe:   probe(p.start, int(p.startup.Seconds())/probeSeconds),
		ReadinessProbe: probe(p.ready, 3),
		LivenessProbe:  probe(p.live, 6),
	}
	mounts := corev1.VolumeMountArray{}
	for i, dir := range a.writable() {
		mounts = append(mounts, &corev1.VolumeMountArgs{Name: pulumi.String(volumeName(i)), MountPath: pulumi.String(dir)})
	}
	container.VolumeMounts = mounts
	if a.Size != (Size{}) {
		container.Resources = a.Size.resources()
	}
	if a.Image == "" {
		container.Args = pulumi.ToStringArray(placeholderArgs(a.Row.Port))
	}
	return container
}

// restrictedPod and restrictedContainer satisfy Pod Security "restricted", and
// let a process write nowhere but to its volumes.
func restrictedPod() *corev1.PodSecurityContextArgs {
	return &corev1.PodSecurityContextArgs{
		RunAsNonRoot:   pulumi.Bool(true),
		RunAsUser:      pulumi.Int(userID),
		RunAsGroup:     pulumi.Int(userID),
		FsGroup:        pulumi.Int(userID),
		SeccompProfile: &corev1.SeccompProfileArgs{Type: pulumi.String("RuntimeDefault")},
	}
}

func restrictedContainer() *corev1.SecurityContextArgs {
	return &corev1.SecurityContextArgs{
		AllowPrivilegeEscalation: pulumi.Bool(false),
		ReadOnlyRootFilesystem:   pulumi.Bool(true),
		Capabilities:             &corev1.CapabilitiesArgs{Drop: pulumi.ToStringArray([]string{"ALL"})},
	}
}

// writable are the directories that the process may write to.
func (a ServiceArgs) writable() []string { return append([]string{"/tmp"}, a.Row.Writable...) }

func volumeName(i int) string { return fmt.Sprintf("scratch-%d", i) }

// probe asks the container's port; failures in a row make it fail.
func probe(path string, failures int) *corev1.ProbeArgs {
	return &corev1.ProbeArgs{
		HttpGet:          &corev1.HTTPGetActionArgs{Path: pulumi.String(path), Port: pulumi.String(portName)},
		PeriodSeconds:    pulumi.Int(probeSeconds),
		TimeoutSeconds:   pulumi.Int(3),
		FailureThreshold: pulumi.Int(failures),
	}
}

// spread asks for even pods per zone or node, per version of the service. It
// is a wish: a full zone must not keep a pod from running.
func (a ServiceArgs) spread(topology string) *corev1.TopologySpreadConstraintArgs {
	return &corev1.TopologySpreadConstraintArgs{
		TopologyKey:       pulumi.String(topology),
		MaxSkew:           pulumi.Int(1),
		WhenUnsatisfiable: pulumi.String("ScheduleAnyway"),
		LabelSelector:     metav1.LabelSelectorArgs{MatchLabels: pulumi.ToStringMap(selector(a.Row.Name))},
		MatchLabelKeys:    pulumi.ToStringArray([]string{"pod-template-hash"}),
	}
}

func (s Size) resources() *corev1.ResourceRequirementsArgs {
	return &corev1.ResourceRequirementsArgs{
		Requests: quantities(s.RequestCPU, s.RequestMemory),
		Limits:   quantities(s.LimitCPU, s.LimitMemory),
	}
}

// quantities are spelled the way the API server returns them, so that nothing
// differs on the next run.
func quantities(millicores, memoryMiB int) pulumi.StringMap {
	return pulumi.StringMap{
		"cpu":    pulumi.String(resource.NewMilliQuantity(int64(millicores), resource.DecimalSI).String()),
		"memory": pulumi.String(mebibytes(memoryMiB)),
	}
}

func mebibytes(n int) string {
	return resource.NewQuantity(int64(n)<<20, resource.BinarySI).String()
}

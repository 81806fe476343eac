package engine

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// autoscalerPatience is how long autoscalers may take to bring their workloads to the minimum: their first look comes
// within 15 seconds, and the pods have to start.
const autoscalerPatience = time.Minute

// awaitAutoscalers waits until the workloads of the environment that have an autoscaler run its minimum of pods. The
// program leaves their number to the autoscaler, so the engine is done before they are. Pods that do not come are no error
// here: the report names them.
func (e *Engine) awaitAutoscalers(ctx context.Context, env string) error {
	names, err := e.clustersOf(env)
	if err != nil {
		return err
	}
	for _, name := range names {
		plane, err := e.Planes().Open(name)
		if err != nil {
			return fmt.Errorf("cluster %q: %w", name, err)
		}
		client, err := kubernetes.NewForConfig(plane.AdminConfig())
		if err != nil {
			return fmt.Errorf("cluster %q: %w", name, err)
		}
		err = wait.PollUntilContextTimeout(ctx, time.Second, autoscalerPatience, true, func(ctx context.Context) (bool, error) {
			minimum, err := autoscaledMinimum(ctx, client)
			if err != nil {
				return false, err
			}
			deployments, err := client.AppsV1().Deployments("").List(ctx, metav1.ListOptions{})
			if err != nil {
				return false, err
			}
			for _, d := range deployments.Items {
				if d.Status.ReadyReplicas < minimum[d.Namespace+"/"+d.Name] {
					return false, nil
				}
			}
			return true, nil
		})
		if err != nil && !wait.Interrupted(err) {
			return fmt.Errorf("cluster %q: %w", name, err)
		}
	}
	return ctx.Err()
}

// autoscaledMinimum is the smallest number of pods of each deployment that has an autoscaler, by namespace/name.
func autoscaledMinimum(ctx context.Context, client kubernetes.Interface) (map[string]int32, error) {
	autoscalers, err := client.AutoscalingV2().HorizontalPodAutoscalers("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	minimum := map[string]int32{}
	for _, a := range autoscalers.Items {
		if a.Spec.ScaleTargetRef.Kind == "Deployment" && a.Spec.MinReplicas != nil {
			minimum[a.Namespace+"/"+a.Spec.ScaleTargetRef.Name] = *a.Spec.MinReplicas
		}
	}
	return minimum, nil
}

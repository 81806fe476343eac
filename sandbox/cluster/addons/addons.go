// Package addons runs a cluster's EKS add-ons: it applies the workloads that EKS would install, with their real requests,
// priorities and tolerations, so that the room they take on a node and what "kubectl get pods -A" lists is true.
//
// The containers are not the real ones (no container runs in the sandbox) and neither is the rest of an add-on: no
// metrics API, no volumes, no DNS answers.
package addons

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

const (
	// managedLabel marks the objects that this package keeps; its value is the add-on.
	managedLabel = "sandbox.cloudinsight.com/addon"

	fieldManager = "eks"
)

// objects are what one add-on consists of.
type objects struct {
	daemonSets  []*appsv1.DaemonSet
	deployments []*appsv1.Deployment
	services    []*corev1.Service
	accounts    []*corev1.ServiceAccount
	budgets     []*policyv1.PodDisruptionBudget
}

// Names lists the add-ons that this package can run, besides which any is refused.
func Names() []string {
	var names []string
	for name := range catalog {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Reconcile makes the add-ons' workloads those of the account. An add-on that the sandbox does not know is a problem.
func Reconcile(ctx context.Context, client kubernetes.Interface, c *desired.Cluster, serviceCIDR string) ([]desired.Problem, error) {
	var all objects
	var problems []desired.Problem
	for _, addon := range c.Addons {
		build, ok := catalog[addon.Name]
		if !ok {
			problems = append(problems, desired.Problem{
				Subject: fmt.Sprintf("add-on %q", addon.Name),
				Message: "nothing runs for it in the sandbox: known are " + strings.Join(Names(), ", "),
			})
			continue
		}
		o, err := build(builder{cluster: c, addon: addon, serviceCIDR: serviceCIDR})
		if err != nil {
			problems = append(problems, desired.Problem{Subject: fmt.Sprintf("add-on %q", addon.Name), Message: err.Error()})
			continue
		}
		all.add(o)
	}
	return problems, errors.Join(all.apply(ctx, client), all.prune(ctx, client))
}

func (o *objects) add(more objects) {
	o.daemonSets = append(o.daemonSets, more.daemonSets...)
	o.deployments = append(o.deployments, more.deployments...)
	o.services = append(o.services, more.services...)
	o.accounts = append(o.accounts, more.accounts...)
	o.budgets = append(o.budgets, more.budgets...)
}

// apply sends every object by server-side apply, so that applying it again changes nothing.
func (o *objects) apply(ctx context.Context, client kubernetes.Interface) error {
	force := true
	options := metav1.PatchOptions{FieldManager: fieldManager, Force: &force}
	var errs []error
	send := func(name string, object any, patch func(raw []byte) error) {
		raw, err := json.Marshal(object)
		if err == nil {
			err = patch(raw)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("add-on object %q: %w", name, err))
		}
	}
	const system, how = metav1.NamespaceSystem, types.ApplyPatchType
	for _, x := range o.accounts {
		send(x.Name, x, func(raw []byte) error {
			_, err := client.CoreV1().ServiceAccounts(system).Patch(ctx, x.Name, how, raw, options)
			return err
		})
	}
	for _, x := range o.services {
		send(x.Name, x, func(raw []byte) error {
			_, err := client.CoreV1().Services(system).Patch(ctx, x.Name, how, raw, options)
			return err
		})
	}
	for _, x := range o.daemonSets {
		send(x.Name, x, func(raw []byte) error {
			is, err := client.AppsV1().DaemonSets(system).Patch(ctx, x.Name, how, raw, options)
			return stillThere(is, err)
		})
	}
	for _, x := range o.deployments {
		send(x.Name, x, func(raw []byte) error {
			is, err := client.AppsV1().Deployments(system).Patch(ctx, x.Name, how, raw, options)
			return stillThere(is, err)
		})
	}
	for _, x := range o.budgets {
		send(x.Name, x, func(raw []byte) error {
			_, err := client.PolicyV1().PodDisruptionBudgets(system).Patch(ctx, x.Name, how, raw, options)
			return err
		})
	}
	return errors.Join(errs...)
}

// stillThere is an error for a workload of a former add-on that is still being deleted: it has to be made again after
// that.
func stillThere(object metav1.Object, err error) error {
	if err == nil && object.GetDeletionTimestamp() != nil {
		return errors.New("is still being deleted")
	}
	return err
}

// prune deletes what a former add-on left. A workload stays until its pods are gone: a controller that sees one of the same
// name again too soon may wait minutes for pods that it believes to be on their way.
func (o *objects) prune(ctx context.Context, client kubernetes.Interface) error {
	const system = metav1.NamespaceSystem
	foreground := metav1.DeletePropagationForeground
	managed, remove := metav1.ListOptions{LabelSelector: managedLabel}, metav1.DeleteOptions{PropagationPolicy: &foreground}
	core, apps, policy := client.CoreV1(), client.AppsV1(), client.PolicyV1()
	var errs []error
	check := func(err error) bool {
		if err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("add-ons: %w", err))
		}
		return err == nil
	}
	if list, err := apps.DaemonSets(system).List(ctx, managed); check(err) {
		for _, x := range list.Items {
			if !slices.ContainsFunc(o.daemonSets, func(want *appsv1.DaemonSet) bool { return want.Name == x.Name }) {
				check(apps.DaemonSets(system).Delete(ctx, x.Name, remove))
			}
		}
	}
	if list, err := apps.Deployments(system).List(ctx, managed); check(err) {
		for _, x := range list.Items {
			if !slices.ContainsFunc(o.deployments, func(want *appsv1.Deployment) bool { return want.Name == x.Name }) {
				check(apps.Deployments(system).Delete(ctx, x.Name, remove))
			}
		}
	}
	if list, err := policy.PodDisruptionBudgets(system).List(ctx, managed); check(err) {
		for _, x := range list.Items {
			if !slices.ContainsFunc(o.budgets, func(want *policyv1.PodDisruptionBudget) bool { return want.Name == x.Name }) {
				check(policy.PodDisruptionBudgets(system).Delete(ctx, x.Name, remove))
			}
		}
	}
	if list, err := core.Services(system).List(ctx, managed); check(err) {
		for _, x := range list.Items {
			if !slices.ContainsFunc(o.services, func(want *corev1.Service) bool { return want.Name == x.Name }) {
				check(core.Services(system).Delete(ctx, x.Name, remove))
			}
		}
	}
	if list, err := core.ServiceAccounts(system).List(ctx, managed); check(err) {
		for _, x := range list.Items {
			if !slices.ContainsFunc(o.accounts, func(want *corev1.ServiceAccount) bool { return want.Name == x.Name }) {
				check(core.ServiceAccounts(system).Delete(ctx, x.Name, remove))
			}
		}
	}
	return errors.Join(errs...)
}

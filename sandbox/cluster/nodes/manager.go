package nodes

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"

	"github.com/cloudinsight/platform/sandbox/cluster/desired"
)

// Manager keeps the nodes of one cluster and prepares their pods.
type Manager struct {
	client         kubernetes.Interface
	log            *slog.Logger
	kubeletVersion string
	extraImages    []string

	nodes   corelisters.NodeLister
	pods    cache.Indexer
	synced  []cache.InformerSynced
	start   func(stop <-chan struct{})
	queue   workqueue.TypedRateLimitingInterface[string]
	records record.EventRecorder

	mu        sync.Mutex
	cluster   *desired.Cluster
	addresses map[string]netip.Addr // given to pods, by namespace/name
}

// shortly is when Reconcile wants to be called again after a step that has to be followed by another.
const shortly = 300 * time.Millisecond

// byNode indexes pods by the node that they are bound to.
const byNode = "node"

// NewManager returns a manager that works through client once it is run. Wake is called whenever something happened in
// the cluster that Reconcile may have to answer. ExtraImages can be pulled besides those that CheckImage knows.
func NewManager(client kubernetes.Interface, kubeletVersion string, extraImages []string, log *slog.Logger, wake func()) *Manager {
	factory := informers.NewSharedInformerFactory(client, 0)
	m := &Manager{
		client: client, log: log, kubeletVersion: kubeletVersion, extraImages: extraImages,
		nodes:     factory.Core().V1().Nodes().Lister(),
		start:     factory.Start,
		queue:     workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](50*time.Millisecond, 10*time.Second)),
		cluster:   &desired.Cluster{},
		addresses: map[string]netip.Addr{},
	}
	nodeInformer, podInformer := factory.Core().V1().Nodes().Informer(), factory.Core().V1().Pods().Informer()
	m.pods = podInformer.GetIndexer()
	m.synced = []cache.InformerSynced{nodeInformer.HasSynced, podInformer.HasSynced}

	must(podInformer.AddIndexers(cache.Indexers{byNode: func(obj any) ([]string, error) {
		return []string{obj.(*corev1.Pod).Spec.NodeName}, nil
	}}))
	_, err := podInformer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { m.podChanged(obj.(*corev1.Pod), wake) },
		UpdateFunc: func(_, obj any) { m.podChanged(obj.(*corev1.Pod), wake) },
		DeleteFunc: func(obj any) { m.podDeleted(obj); wake() },
	})
	must(err)
	_, err = nodeInformer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { wake() },
		UpdateFunc: func(old, new any) {
			// Heartbeats are the bulk of the updates and change nothing here.
			if a, b := old.(*corev1.Node), new.(*corev1.Node); isReady(a) != isReady(b) || a.Generation != b.Generation {
				wake()
			}
		},
		DeleteFunc: func(obj any) { m.nodeDeleted(obj); wake() },
	})
	must(err)
	return m
}

// must is for registrations that fail only when an informer has already been stopped.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Run watches the cluster and prepares pods until ctx ends.
func (m *Manager) Run(ctx context.Context) error {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	defer broadcaster.Shutdown()
	m.records = m.newRecorder(broadcaster)
	m.start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), m.synced...) {
		return ctx.Err()
	}
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() { m.work(ctx) })
	}
	<-ctx.Done()
	m.queue.ShutDown()
	workers.Wait()
	return nil
}

// setCluster makes the account's new content known to the pods that wait for an image.
func (m *Manager) setCluster(c *desired.Cluster) {
	m.mu.Lock()
	m.cluster = c
	m.mu.Unlock()
	for _, obj := range m.pods.List() {
		if pod := obj.(*corev1.Pod); waitsForImage(pod) {
			m.queue.Add(pod.Namespace + "/" + pod.Name)
		}
	}
}

// networkPluginRuns says whether the node's pod of the vpc-cni add-on is ready.
func (m *Manager) networkPluginRuns(node string) bool {
	for _, pod := range m.podsOn(node) {
		if isNetworkPlugin(pod) && podReady(pod) {
			return true
		}
	}
	return false
}

func (m *Manager) podsOn(node string) []*corev1.Pod {
	objects, err := m.pods.ByIndex(byNode, node)
	if err != nil {
		return nil
	}
	var pods []*corev1.Pod
	for _, obj := range objects {
		pods = append(pods, obj.(*corev1.Pod))
	}
	return pods
}

func isNetworkPlugin(pod *corev1.Pod) bool {
	return pod.Namespace == metav1.NamespaceSystem && pod.Labels["k8s-app"] == "aws-node"
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func internalIP(node *corev1.Node) string {
	for _, a := range node.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return a.Address
		}
	}
	return ""
}

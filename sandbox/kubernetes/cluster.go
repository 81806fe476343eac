package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// cluster is the API server that the provider works on. It connects on first use.
type cluster struct {
	settings settings
	warn     func(ctx context.Context, text string)

	once    sync.Once
	err     error // why there is no client: the kubeconfig, not the network
	dynamic dynamic.Interface
	cache   discovery.CachedDiscoveryInterface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
	// fallback is the namespace of namespaced objects that name none.
	fallback string

	refreshMu sync.Mutex
	refreshed time.Time

	probeOnce sync.Once
	probeErr  error
}

func newCluster(s settings, warn func(ctx context.Context, text string)) *cluster {
	return &cluster{settings: s, warn: warn}
}

// connect builds the clients. All of them share one HTTP client, so one credential from the kubeconfig's exec plugin.
func (c *cluster) connect() error {
	c.once.Do(func() { c.err = c.build() })
	return c.err
}

func (c *cluster) build() error {
	overrides := &clientcmd.ConfigOverrides{
		CurrentContext: c.settings.context,
		Context:        clientcmdapi.Context{Cluster: c.settings.cluster, Namespace: c.settings.namespace},
	}
	var loader clientcmd.ClientConfig
	if c.settings.kubeconfig != "" {
		raw, err := loadKubeconfig(c.settings.kubeconfig)
		if err != nil {
			return fmt.Errorf("kubeconfig: %w", err)
		}
		loader = clientcmd.NewNonInteractiveClientConfig(*raw, c.settings.context, overrides, nil)
	} else {
		loader = clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), overrides)
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	if c.fallback, _, err = loader.Namespace(); err != nil || c.fallback == "" {
		c.fallback = "default"
	}
	config.QPS, config.Burst = float32(c.settings.qps), int(c.settings.burst)
	config.UserAgent = "pulumi-kubernetes/" + Version
	config.WarningHandlerWithContext = warnings(c.warn)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(config, client); err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	disco, err := discovery.NewDiscoveryClientForConfigAndClient(config, client)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	c.cache = memory.NewMemCacheClient(disco)
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(c.cache)
	return nil
}

type warnings func(ctx context.Context, text string)

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (w warnings) HandleWarningHeaderWithContext(ctx context.Context, code int, _, text string) {
	if code == 299 && text != "" {
		w(ctx, text)
	}
}

// reachable says whether the API server answers, asking it once: previews use it to decide whether to validate.
func (c *cluster) reachable(ctx context.Context) error {
	c.probeOnce.Do(func() {
		if c.probeErr = c.connect(); c.probeErr != nil {
			return
		}
		done := make(chan error, 1)
		go func() {
			_, err := c.cache.ServerVersion()
			done <- err
		}()
		select {
		case c.probeErr = <-done:
		case <-time.After(10 * time.Second):
			c.probeErr = errors.New("no answer after 10s")
		case <-ctx.Done():
			c.probeErr = ctx.Err()
		}
	})
	return c.probeErr
}

// mapping finds the REST resource of a kind. A kind that is not known yet makes the discovery cache fresh, at most once
// a second: a definition created in the same run is found that way.
func (c *cluster) mapping(o object) (*meta.RESTMapping, error) {
	if err := c.connect(); err != nil {
		return nil, err
	}
	m, err := c.mapper.RESTMapping(o.gvk.GroupKind(), o.gvk.Version)
	if meta.IsNoMatchError(err) && c.refresh() {
		m, err = c.mapper.RESTMapping(o.gvk.GroupKind(), o.gvk.Version)
	}
	return m, err
}

func (c *cluster) refresh() bool {
	c.refreshMu.Lock()
	defer c.refreshMu.Unlock()
	if time.Since(c.refreshed) < time.Second {
		return false
	}
	c.refreshed = time.Now()
	c.mapper.Reset()
	return true
}

// resource returns the client for an object, and the object with the namespace that it really has.
func (c *cluster) resource(o object) (dynamic.ResourceInterface, object, error) {
	m, err := c.mapping(o)
	if err != nil {
		return nil, o, err
	}
	if m.Scope.Name() != meta.RESTScopeNameNamespace {
		o.namespace = ""
		return c.dynamic.Resource(m.Resource), o, nil
	}
	if o.namespace == "" {
		o.namespace = c.fallback
	}
	return c.dynamic.Resource(m.Resource).Namespace(o.namespace), o, nil
}

// namespaceFor gives the namespace of an object that names none: the default one when its kind is namespaced, none when
// it is cluster-scoped or when that cannot be known (a custom kind whose definition is not there).
func (c *cluster) namespaceFor(ctx context.Context, o object) string {
	if c.connect() != nil || clusterScoped[o.gvk.GroupKind()] {
		return ""
	}
	if builtinGroup(o.gvk.Group) {
		return c.fallback
	}
	if c.reachable(ctx) != nil {
		return ""
	}
	m, err := c.mapping(o)
	if err != nil || m.Scope.Name() != meta.RESTScopeNameNamespace {
		return ""
	}
	return c.fallback
}

// unreachable tells an API server that does not answer (or cannot be asked: no credentials) from one that refuses.
func unreachable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return apierrors.IsServiceUnavailable(err)
	}
	var netErr net.Error
	var urlErr *url.Error
	return errors.As(err, &netErr) || errors.As(err, &urlErr)
}

package apps

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func TestArgs_Refused(t *testing.T) {
	row := func(change func(*Row)) func(*Args) {
		return func(a *Args) {
			r := Row{Name: "report", Runtime: JVM, Port: 9000}
			change(&r)
			a.ExtraServices = []Row{r}
		}
	}
	cases := map[string]struct {
		change func(*Args)
		want   string
	}{
		"no namespace":   {func(a *Args) { a.Namespace = "" }, `namespace: must be a DNS label, got ""`},
		"no environment": {func(a *Args) { a.Environment = "" }, `environment: must be a DNS label, got ""`},
		"no cluster":     {func(a *Args) { a.ClusterName = nil }, "clusterName: is required"},
		"no region":      {func(a *Args) { a.Region = "Cape Town" }, `region: must be an AWS region such as af-south-1, got "Cape Town"`},
		"unknown qos":    {func(a *Args) { a.QoS = "Best" }, `qos: must be one of [BestEffort Burstable Guaranteed], got "Best"`},
		"log level":      {func(a *Args) { a.LogLevel = "warn" }, `logLevel: must be one of [DEBUG INFO WARN ERROR], got "warn"`},
		"replicas":       {func(a *Args) { a.Replicas = -1 }, "replicas: must be at least 1, got -1"},
		"autoscaling of BestEffort": {func(a *Args) { a.QoS = corev1.PodQOSBestEffort },
			`autoscaling: needs requests to measure use against, got qos "BestEffort"`},
		"min of 0":   {func(a *Args) { a.Autoscaling.Min = 0 }, "autoscaling.min: must be at least 1, got 0"},
		"min > max":  {func(a *Args) { a.Autoscaling.Min = 6 }, "autoscaling.max: must be at least autoscaling.min (6), got 5"},
		"no target":  {func(a *Args) { a.Autoscaling.CPUPercent, a.Autoscaling.MemoryPercent = 0, 0 }, "autoscaling: must aim at"},
		"over 100 %": {func(a *Args) { a.Autoscaling.CPUPercent = 101 }, "autoscaling.cpuPercent: must be between 0 and 100, got 101"},
		"window":     {func(a *Args) { a.Autoscaling.ScaleDownSeconds = 3601 }, "autoscaling.scaleDownSeconds: must be between 0 and 3600, got 3601"},

		"no data tier":     {func(a *Args) { a.DataTierCIDRs = nil }, "dataTierCidrs: must name the data stores' subnets, got none"},
		"open data tier":   {func(a *Args) { a.DataTierCIDRs[1] = "0.0.0.0/0" }, `dataTierCidrs[1]: must be a network of /16 or smaller, got "0.0.0.0/0"`},
		"address as range": {func(a *Args) { a.DataTierCIDRs[0] = "10.1.21.7/24" }, `dataTierCidrs[0]: must be a network`},
		"open endpoints":   {func(a *Args) { a.EndpointCIDRs = []string{"0.0.0.0/0"} }, `endpointCidrs[0]: must be a network of /16 or smaller, got "0.0.0.0/0"`},
		"ingress":          {func(a *Args) { a.IngressNamespaces = []string{"a b"} }, `ingressNamespaces[0]: must be a DNS label, got "a b"`},

		"unknown image key":   {func(a *Args) { a.Images = map[string]string{"usr": "r/u:v1"} }, "images.usr: must name a service or the topics job (frontend, user,"},
		"latest":              {func(a *Args) { a.Images = map[string]string{"user": "r/u:latest"} }, "images.user: must not be the tag latest"},
		"unknown override":    {func(a *Args) { a.Services = map[string]Override{"usr": {}} }, "services.usr: must name a service"},
		"override min > max":  {func(a *Args) { a.Services = map[string]Override{"user": {MinReplicas: 9}} }, "services.user: must have 1 <= minReplicas <= maxReplicas, got 9 and 5"},
		"override log level":  {func(a *Args) { a.Services = map[string]Override{"user": {LogLevel: "all"}} }, `services.user.logLevel: must be one of`},
		"override replicas":   {func(a *Args) { a.Services = map[string]Override{"user": {Replicas: -1}} }, "services.user.replicas: must be at least 1, got -1"},
		"override of no HPA":  {func(a *Args) { a.Autoscaling = nil; a.Services = map[string]Override{"user": {MaxReplicas: 9}} }, "services.user: must set replicas"},
		"override cpu":        {func(a *Args) { a.Services = map[string]Override{"user": {CPU: "many"}} }, `services.user.cpu: must be a quantity of at least 10m, got "many"`},
		"too small for a JVM": {func(a *Args) { a.Services = map[string]Override{"user": {Memory: "256Mi"}} }, `services.user.memory: must be a quantity of at least 384Mi, got "256Mi"`},
		"BestEffort with a size": {func(a *Args) {
			a.QoS, a.Autoscaling = corev1.PodQOSBestEffort, nil
			a.Services = map[string]Override{"user": {CPU: "1"}}
		}, `services.user.cpu: must be left out with qos "BestEffort", got "1"`},

		"duplicate name": {row(func(r *Row) { r.Name = "user" }), `extraServices[0].name: must be unique, "user" is taken`},
		"bad name":       {row(func(r *Row) { r.Name = "My_Service" }), `extraServices[0].name: must be a DNS label that starts with a letter, got "My_Service"`},
		"long name":      {row(func(r *Row) { r.Name = strings.Repeat("a", 60) }), "within 64 characters, got 85"},
		"runtime":        {row(func(r *Row) { r.Runtime = "php" }), `extraServices[0].runtime: must be one of [node jvm], got "php"`},
		"port clash":     {row(func(r *Row) { r.Port = 8081 }), `extraServices[0].port: must be unique, 8081 is taken by "user"`},
		"low port":       {row(func(r *Row) { r.Port = 80 }), "extraServices[0].port: must be between 1024 and 65535, got 80"},
		"high port":      {row(func(r *Row) { r.Port = 65536 }), "extraServices[0].port: must be between 1024 and 65535, got 65536"},
		"unknown callee": {row(func(r *Row) { r.Calls = []string{"usr"} }), `extraServices[0].calls[0]: must name a service (frontend,`},
		"calls itself":   {row(func(r *Row) { r.Calls = []string{"report"} }), `extraServices[0].calls[0]: must name another service, got "report"`},
		"unknown store":  {row(func(r *Row) { r.Stores = []Store{"mysql"} }), `extraServices[0].stores[0]: must be one of [documentdb kafka postgresql redis], got "mysql"`},
		"the job's name": {row(func(r *Row) { r.Name = "topics" }), `extraServices[0].name: must not be "topics", which is the job that makes topics`},
		"long Redis user": {func(a *Args) {
			name := strings.Repeat("a", 20)
			a.ExtraServices = []Row{{Name: name, Runtime: JVM, Port: 9000, Stores: []Store{Redis}}}
			a.Stores = fakeStores(names(a.rows())...)
		}, `within 40 characters, got 41`},
		"unknown topic": {row(func(r *Row) { r.Stores, r.Consumes = []Store{Kafka}, []string{"cost"} }),
			`extraServices[0].consumes[0]: must be a topic of the event flow, got "cost"`},
		"objective":     {row(func(r *Row) { r.SLO = 100 }), "extraServices[0].slo: must be above 0 and below 100 percent, got 100"},
		"writable root": {row(func(r *Row) { r.Writable = []string{"/"} }), `extraServices[0].writable[0]: must be an absolute path other than / and /tmp, got "/"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			args := argsOf("staging")
			args.ClusterName = pulumi.String("cloudinsight-staging")
			require.NoError(t, args.withDefaults().validate(), "before the change")
			c.change(args)
			err := args.withDefaults().validate()
			require.ErrorContains(t, err, c.want)
			assert.Len(t, strings.Split(err.Error(), "\n"), 1, "one problem, one line: %v", err)
		})
	}
}

func TestArgs_AllProblemsAtOnce(t *testing.T) {
	var args *Args
	err := args.withDefaults().validate()
	for _, key := range []string{"namespace:", "environment:", "dataTierCidrs:", "clusterName:"} {
		assert.ErrorContains(t, err, key)
	}
}

func TestArgs_TopicsThatNobodyReads(t *testing.T) {
	all := topics
	t.Cleanup(func() { topics = all })
	topics = append(slices.Clone(all), Topic{Name: "cost.archived", Partitions: 6, RetentionHours: 24})
	args := argsOf("staging")
	args.ClusterName = pulumi.String("cloudinsight-staging")
	err := args.withDefaults().validate()
	require.ErrorContains(t, err, "topics.cost.archived: must be produced by a service, got none")
	require.ErrorContains(t, err, "topics.cost.archived: must be consumed by a service, got none")
}

package apps

import "slices"

// Runtime is what a service runs on; it decides startup time, memory and
// health endpoints.
type Runtime string

// The runtimes of the catalog.
const (
	Node Runtime = "node" // Next.js
	JVM  Runtime = "jvm"  // Spring Boot
)

// Runtimes lists every valid Runtime.
var Runtimes = []Runtime{Node, JVM}

// Store is a data store that a service reads or writes.
type Store string

// The data stores of the data tier.
const (
	PostgreSQL Store = "postgresql"
	DocumentDB Store = "documentdb"
	Kafka      Store = "kafka"
	Redis      Store = "redis"
)

// storePorts is where each store listens in the data tier. Kafka's is the
// listener for IAM authentication over TLS.
// https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html
var storePorts = map[Store]int{PostgreSQL: 5432, DocumentDB: 27017, Kafka: 9098, Redis: 6379}

// Row is one service: all that the platform has to know about it.
type Row struct {
	// Name is the service's name in the cluster and in DNS (RFC 1035 label).
	Name string
	// Runtime decides sizes, probes and startup budget.
	Runtime Runtime
	// Port is where the container listens, 1024 to 65535. No two services
	// share one, so that all of them can be forwarded to one machine.
	Port int
	// Calls names the services it sends requests to.
	Calls []string
	// Stores are the data stores it uses.
	Stores []Store
	// Produces and Consumes name the topics of [TopicCatalog] that it writes and
	// reads. A service with Kafka has at least one, and none without.
	Produces, Consumes []string
	// CostData services read the Cost and Usage Report: the queue that
	// announces its files, and the database over them.
	CostData bool
	// Public services accept requests from the ingress namespaces.
	Public bool
	// Outbound services send HTTPS to addresses outside the VPC.
	Outbound bool
	// SLO is the availability target in percent (default 99.9).
	SLO float64
	// Writable lists directories the process writes to, besides /tmp.
	Writable []string
}

// defaultSLO is the availability target of a service that names none, percent.
const defaultSLO = 99.9

// catalog is the product. Every Spring service calls user for the keys that
// verify a caller's token; anomaly and forecast read what cost and metric
// collected. That there is something to read, and what came out of it, travels
// as events through Kafka: nobody calls notification but the frontend.
var catalog = []Row{
	{Name: "frontend", Runtime: Node, Port: 3000, Public: true, SLO: 99.9,
		Calls:  []string{"user", "cost", "metric", "anomaly", "forecast", "notification"},
		Stores: []Store{Redis}, Writable: []string{"/app/.next/cache"}},
	{Name: "user", Runtime: JVM, Port: 8081, Public: true, SLO: 99.99,
		Stores: []Store{PostgreSQL, Redis}, Outbound: true}, // single sign-on
	{Name: "cost", Runtime: JVM, Port: 8082, Public: true, SLO: 99.95, Calls: []string{"user"},
		Stores: []Store{DocumentDB, Kafka, Redis}, CostData: true,
		Produces: []string{costCollected}, Outbound: true}, // customers' cloud accounts
	{Name: "metric", Runtime: JVM, Port: 8083, Public: true, Calls: []string{"user"},
		Stores: []Store{DocumentDB, Kafka}, Produces: []string{metricCollected}, Outbound: true}, // customers' cloud accounts
	{Name: "anomaly", Runtime: JVM, Port: 8084, Public: true, Calls: []string{"user", "cost", "metric"},
		Stores:   []Store{DocumentDB, Kafka},
		Consumes: []string{costCollected, metricCollected}, Produces: []string{anomalyDetected}},
	{Name: "forecast", Runtime: JVM, Port: 8085, Public: true, Calls: []string{"user", "cost", "metric"},
		Stores:   []Store{DocumentDB, Kafka},
		Consumes: []string{costCollected, metricCollected}, Produces: []string{forecastUpdated}},
	{Name: "notification", Runtime: JVM, Port: 8086, Public: true, Calls: []string{"user"},
		Stores: []Store{DocumentDB, Kafka}, Consumes: []string{anomalyDetected, forecastUpdated}, Outbound: true}, // e-mail, chat
}

// Catalog returns the product's services with their defaults filled in.
func Catalog() []Row {
	rows := make([]Row, 0, len(catalog))
	for _, row := range catalog {
		rows = append(rows, row.withDefaults())
	}
	return rows
}

func (r Row) withDefaults() Row {
	if r.SLO == 0 {
		r.SLO = defaultSLO
	}
	return r
}

// callers names the rows that call the service, in their order.
func callers(rows []Row, name string) []string {
	var names []string
	for _, row := range rows {
		if slices.Contains(row.Calls, name) {
			names = append(names, row.Name)
		}
	}
	return names
}

// find returns the row of that name.
func find(rows []Row, name string) (Row, bool) {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == name })
	if i < 0 {
		return Row{}, false
	}
	return rows[i], true
}

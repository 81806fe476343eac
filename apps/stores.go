package apps

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Stores are the data stores of an environment, as the components that made
// them hand them out. One that no service uses may be nil; one that a service
// uses is required.
type Stores struct {
	PostgreSQL *PostgreSQLStore
	DocumentDB *DocumentDBStore
	Kafka      *KafkaStore
	Redis      *RedisStore
	CostData   *CostDataStore
}

// PostgreSQLStore is a PostgreSQL database.
type PostgreSQLStore struct {
	Host pulumi.StringInput
	// ReaderHost is where reads may go instead (optional).
	ReaderHost pulumi.StringInput
	// SecretARN is the secret with username and password, SecretKeyARN the key
	// that it is encrypted with.
	SecretARN, SecretKeyARN pulumi.StringInput
	Port                    int // default 5432
	Database                string
}

// DocumentDBStore is a DocumentDB cluster.
type DocumentDBStore struct {
	Host pulumi.StringInput
	// ReaderHost is where reads may go instead (optional).
	ReaderHost pulumi.StringInput
	// SecretARN is the secret with username and password, SecretKeyARN the key
	// that it is encrypted with; without one it is AWS's own, which whoever may
	// read the secret may use.
	SecretARN, SecretKeyARN pulumi.StringInput
	Port                    int // default 27017
}

// KafkaStore is an MSK cluster with IAM access control.
type KafkaStore struct {
	// BootstrapBrokers as host:port, with commas.
	BootstrapBrokers pulumi.StringInput
	ClusterARN       pulumi.StringInput
	// Brokers is their number, at least 3 (default 3).
	Brokers int
	// Ready must exist before topics are made.
	Ready []pulumi.Resource
}

// RedisStore is a cache whose users authenticate with IAM.
type RedisStore struct {
	Host pulumi.StringInput
	// ReaderHost is where reads may go instead (optional).
	ReaderHost          pulumi.StringInput
	ReplicationGroupARN pulumi.StringInput
	// UserARNs are the users by service; their names are those of
	// [RedisUserName].
	UserARNs map[string]pulumi.StringOutput
	Port     int // default 6379
}

// CostDataStore is the Cost and Usage Report.
type CostDataStore struct {
	// QueueURL is the queue that announces new files.
	QueueURL pulumi.StringInput
	// Database and Workgroup are those to query the files with, in Athena.
	Database, Workgroup pulumi.StringInput
	// Policy is what its reader may do, as JSON of an iam.Document.
	Policy pulumi.StringInput
}

// StoresOf returns the stores that the rows use, in alphabetical order.
func StoresOf(rows []Row) []Store {
	var used []Store
	for _, row := range rows {
		used = append(used, row.Stores...)
	}
	slices.Sort(used)
	return slices.Compact(used)
}

// UsesStore says whether any row uses the store.
func UsesStore(rows []Row, store Store) bool { return len(UsersOf(rows, store)) > 0 }

// UsersOf names the services that use the store, in the order of the rows.
func UsersOf(rows []Row, store Store) []string {
	var users []string
	for _, row := range rows {
		if slices.Contains(row.Stores, store) {
			users = append(users, row.Name)
		}
	}
	return users
}

// UsesCostData says whether any row reads the Cost and Usage Report.
func UsesCostData(rows []Row) bool {
	return slices.ContainsFunc(rows, func(r Row) bool { return r.CostData })
}

// RedisUserName is the cache's user of a service. Redis knows a user by its
// name, AWS by its id; with IAM both are the same.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
func RedisUserName(environment, service string) string {
	return "cloudinsight-" + environment + "-" + service
}

// maxRedisUserName is AWS's limit on the id of a user.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUser.html
const maxRedisUserName = 40

func (s Stores) withDefaults() Stores {
	if s.PostgreSQL != nil {
		own := *s.PostgreSQL
		own.Port = portOr(own.Port, PostgreSQL)
		s.PostgreSQL = &own
	}
	if s.DocumentDB != nil {
		own := *s.DocumentDB
		own.Port = portOr(own.Port, DocumentDB)
		s.DocumentDB = &own
	}
	if s.Kafka != nil {
		own := *s.Kafka
		if own.Brokers == 0 {
			own.Brokers = replicas
		}
		s.Kafka = &own
	}
	if s.Redis != nil {
		own := *s.Redis
		own.Port = portOr(own.Port, Redis)
		s.Redis = &own
	}
	return s
}

func portOr(port int, store Store) int {
	if port == 0 {
		return storePorts[store]
	}
	return port
}

// port is where a store listens.
func (s Stores) port(store Store) int {
	switch {
	case store == PostgreSQL && s.PostgreSQL != nil:
		return s.PostgreSQL.Port
	case store == DocumentDB && s.DocumentDB != nil:
		return s.DocumentDB.Port
	case store == Redis && s.Redis != nil:
		return s.Redis.Port
	default:
		return storePorts[store]
	}
}

// problems judges that the stores which the rows use are there, and whole.
func (s Stores) problems(rows []Row) problems {
	var p problems
	for _, store := range StoresOf(rows) {
		users, absent := UsersOf(rows, store), false
		switch store {
		case PostgreSQL:
			if absent = s.PostgreSQL == nil; !absent {
				p = append(p, s.PostgreSQL.problems()...)
			}
		case DocumentDB:
			if absent = s.DocumentDB == nil; !absent {
				p = append(p, s.DocumentDB.problems()...)
			}
		case Kafka:
			if absent = s.Kafka == nil; !absent {
				p = append(p, s.Kafka.problems()...)
			}
		case Redis:
			if absent = s.Redis == nil; !absent {
				p = append(p, s.Redis.problems(users)...)
			}
		default:
			continue // the row's own problem
		}
		if absent {
			p.add("stores.%s: is required by %s", store, strings.Join(users, ", "))
		} else if port := s.port(store); port < 1 || port > 65535 {
			p.add("stores.%s.port: must be between 1 and 65535, got %d", store, port)
		}
	}
	if UsesCostData(rows) {
		p = append(p, s.CostData.problems()...)
	}
	return p
}

func (s *PostgreSQLStore) problems() problems {
	p := missing("stores.postgresql", map[string]pulumi.Input{
		"host": s.Host, "secretArn": s.SecretARN, "secretKeyArn": s.SecretKeyARN,
	})
	if s.Database == "" {
		p.add("stores.postgresql.database: is required")
	}
	return p
}

func (s *DocumentDBStore) problems() problems {
	return missing("stores.documentdb", map[string]pulumi.Input{"host": s.Host, "secretArn": s.SecretARN})
}

func (s *KafkaStore) problems() problems {
	p := missing("stores.kafka", map[string]pulumi.Input{"bootstrapBrokers": s.BootstrapBrokers, "clusterArn": s.ClusterARN})
	if s.Brokers < replicas {
		p.add("stores.kafka.brokers: must be at least the %d replicas of a topic, got %d", replicas, s.Brokers)
	}
	return p
}

func (s *RedisStore) problems(users []string) problems {
	p := missing("stores.redis", map[string]pulumi.Input{"host": s.Host, "replicationGroupArn": s.ReplicationGroupARN})
	for _, user := range users {
		if _, ok := s.UserARNs[user]; !ok {
			p.add("stores.redis.userArns.%s: is required", user)
		}
	}
	return p
}

func (s *CostDataStore) problems() problems {
	if s == nil {
		return problems{errors.New("stores.costData: is required by a service with costData")}
	}
	return missing("stores.costData", map[string]pulumi.Input{
		"queueUrl": s.QueueURL, "database": s.Database, "workgroup": s.Workgroup, "policy": s.Policy,
	})
}

// missing reports the fields that nothing was wired to.
func missing(where string, fields map[string]pulumi.Input) problems {
	var p problems
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if fields[key] == nil {
			p.add("%s.%s: is required", where, key)
		}
	}
	return p
}

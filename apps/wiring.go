package apps

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// trustBundle is where images carry the certificates that RDS, its proxy and
// DocumentDB are verified by. No public list of authorities has those of RDS
// and DocumentDB: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem.
const trustBundle = "/etc/ssl/certs/rds-global-bundle.pem"

// documentDBOptions are what a connection to DocumentDB needs: it has one
// replica set, and no retryable writes, which drivers try unless told.
// https://docs.aws.amazon.com/documentdb/latest/developerguide/functional-differences.html
const documentDBOptions = "tls=true&replicaSet=" + replicaSet + "&readPreference=secondaryPreferred&retryWrites=false"

const replicaSet = "rs0"

// How clients of MSK authenticate with the pod's IAM role.
// https://docs.aws.amazon.com/msk/latest/developerguide/configure-clients-for-iam-access-control.html
const (
	kafkaProtocol  = "SASL_SSL"
	kafkaMechanism = "AWS_MSK_IAM"
	kafkaLogin     = "software.amazon.msk.auth.iam.IAMLoginModule required;"
	kafkaCallback  = "software.amazon.msk.auth.iam.IAMClientCallbackHandler"
)

// environment is the configuration of the process. It holds where stores and
// secrets are, never a secret.
func (a ServiceArgs) environment() pulumi.StringMap {
	p := profiles[a.Row.Runtime]
	env := pulumi.ToStringMap(p.settings(a.Row, a.Settings, a.Size))
	env["LOG_LEVEL"] = pulumi.String(a.LogLevel)
	env["AWS_REGION"] = pulumi.String(a.Region)
	for _, callee := range a.Row.Calls {
		env[envName(callee)+"_SERVICE_URL"] = pulumi.String(url(callee))
	}
	for _, store := range a.Row.Stores {
		a.addStore(env, store)
	}
	if a.Row.CostData {
		env["COST_DATA_QUEUE_URL"] = a.Stores.CostData.QueueURL
		env["COST_DATA_DATABASE"] = a.Stores.CostData.Database
		env["COST_DATA_WORKGROUP"] = a.Stores.CostData.Workgroup
	}
	if p.stores != nil {
		p.stores(env, a)
	}
	return env
}

// addStore adds where a store is, in words that any runtime can read.
func (a ServiceArgs) addStore(env pulumi.StringMap, store Store) {
	add := func(key string, value pulumi.StringInput) {
		if value != nil { // what is optional may be absent
			env[envName(string(store))+"_"+key] = value
		}
	}
	text := func(key, value string) { add(key, pulumi.String(value)) }
	if store != Kafka {
		text("PORT", fmt.Sprint(a.Stores.port(store)))
	}
	switch store {
	case PostgreSQL:
		s := a.Stores.PostgreSQL
		add("HOST", s.Host)
		add("READER_HOST", s.ReaderHost)
		text("DATABASE", s.Database)
		add("SECRET_ARN", s.SecretARN)
		text("SSLMODE", "verify-full")
		text("SSLROOTCERT", trustBundle)
	case DocumentDB:
		s := a.Stores.DocumentDB
		add("HOST", s.Host)
		add("READER_HOST", s.ReaderHost)
		text("DATABASE", a.Row.Name)
		add("SECRET_ARN", s.SecretARN)
		text("OPTIONS", documentDBOptions)
		text("TLS_CA_FILE", trustBundle)
	case Kafka:
		add("BOOTSTRAP_SERVERS", a.Stores.Kafka.BootstrapBrokers)
		text("SECURITY_PROTOCOL", kafkaProtocol)
		text("SASL_MECHANISM", kafkaMechanism)
		for _, topic := range a.Row.writes() {
			text("TOPIC_"+envName(topic), topic)
		}
		for _, topic := range a.Row.Consumes {
			text("TOPIC_"+envName(topic), topic)
		}
		if len(a.Row.Consumes) > 0 {
			text("CONSUMER_GROUP", consumerGroup(a.Row.Name))
		}
	case Redis:
		s := a.Stores.Redis
		add("HOST", s.Host)
		add("READER_HOST", s.ReaderHost)
		text("USER", RedisUserName(a.Environment, a.Row.Name))
		text("KEY_PREFIX", redisPrefix(a))
		add("REPLICATION_GROUP", s.ReplicationGroupARN.ToStringOutput().ApplyT(resourceName).(pulumi.StringOutput))
		text("TLS", "true")
		text("AUTH", "iam")
	}
}

// redisPrefix begins the keys that the service's user may touch; the cache
// refuses all others.
func redisPrefix(a ServiceArgs) string { return RedisUserName(a.Environment, a.Row.Name) + ":" }

// resourceName is what an ARN ends in, after its type. A token for Redis is
// signed for the replication group's.
func resourceName(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }

// writes are the topics that the row writes to: its own, and for what it fails
// on the dead-letter topics of those it reads.
func (r Row) writes() []string {
	all := slices.Clone(r.Produces)
	for _, topic := range r.Consumes {
		all = append(all, deadLetterOf(topic))
	}
	return all
}

// springStores adds what Spring Boot 3 reads by itself.
// https://docs.spring.io/spring-boot/3.5/appendix/application-properties/index.html
func springStores(env pulumi.StringMap, a ServiceArgs) {
	text := func(key, value string) { env["SPRING_"+key] = pulumi.String(value) }
	uses := func(store Store) bool { return slices.Contains(a.Row.Stores, store) }
	if uses(PostgreSQL) {
		s := a.Stores.PostgreSQL
		env["SPRING_DATASOURCE_URL"] = pulumi.Sprintf("jdbc:postgresql://%s:%d/%s?sslmode=verify-full&sslrootcert=%s",
			s.Host, s.Port, s.Database, trustBundle)
	}
	if uses(DocumentDB) {
		s := a.Stores.DocumentDB
		env["SPRING_DATA_MONGODB_HOST"] = s.Host
		text("DATA_MONGODB_PORT", fmt.Sprint(s.Port))
		text("DATA_MONGODB_DATABASE", a.Row.Name)
		text("DATA_MONGODB_AUTHENTICATION_DATABASE", "admin")
		text("DATA_MONGODB_REPLICA_SET_NAME", replicaSet)
		text("DATA_MONGODB_SSL_BUNDLE", "aws")
		text("SSL_BUNDLE_PEM_AWS_TRUSTSTORE_CERTIFICATE", "file:"+trustBundle)
	}
	if uses(Kafka) {
		env["SPRING_KAFKA_BOOTSTRAP_SERVERS"] = a.Stores.Kafka.BootstrapBrokers
		text("KAFKA_SECURITY_PROTOCOL", kafkaProtocol)
		text("KAFKA_PROPERTIES_SASL_MECHANISM", kafkaMechanism)
		text("KAFKA_PROPERTIES_SASL_JAAS_CONFIG", kafkaLogin)
		text("KAFKA_PROPERTIES_SASL_CLIENT_CALLBACK_HANDLER_CLASS", kafkaCallback)
		if len(a.Row.Consumes) > 0 {
			text("KAFKA_CONSUMER_GROUP_ID", consumerGroup(a.Row.Name))
		}
	}
	if uses(Redis) {
		s := a.Stores.Redis
		env["SPRING_DATA_REDIS_HOST"] = s.Host
		text("DATA_REDIS_PORT", fmt.Sprint(s.Port))
		text("DATA_REDIS_USERNAME", RedisUserName(a.Environment, a.Row.Name))
		text("DATA_REDIS_SSL_ENABLED", "true")
		text("CACHE_REDIS_KEY_PREFIX", redisPrefix(a))
		text("SESSION_REDIS_NAMESPACE", redisPrefix(a)+"session")
	}
	if a.Row.readsSecrets() {
		env["SPRING_CONFIG_IMPORT"] = a.springSecrets()
		// AWS changes the passwords every week. A pool keeps the one it was made
		// with, so it is made again, with all that hangs on it.
		// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
		text("CLOUD_AWS_SECRETSMANAGER_RELOAD_STRATEGY", "restart_context")
		env["MANAGEMENT_ENDPOINT_RESTART_ENABLED"] = pulumi.String("true")
	}
}

// springSecrets names the secrets for Spring Cloud AWS to read when the process
// starts; their username and password become those of the data sources.
// https://docs.awspring.io/spring-cloud-aws/docs/3.4.0/reference/html/index.html
func (a ServiceArgs) springSecrets() pulumi.StringOutput {
	var imports []any
	add := func(arn pulumi.StringInput, prefix string) {
		imports = append(imports, pulumi.Sprintf("aws-secretsmanager:%s?prefix=%s", arn, prefix))
	}
	if slices.Contains(a.Row.Stores, PostgreSQL) {
		add(a.Stores.PostgreSQL.SecretARN, "spring.datasource.")
	}
	if slices.Contains(a.Row.Stores, DocumentDB) {
		add(a.Stores.DocumentDB.SecretARN, "spring.data.mongodb.")
	}
	return pulumi.Sprintf(strings.TrimSuffix(strings.Repeat("%s,", len(imports)), ","), imports...)
}

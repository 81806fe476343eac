package aws

// postgresParameters are those of PostgreSQL that matter here, of every family.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
var postgresParameters = func() map[string]map[string]parameter {
	common := map[string]parameter{
		"autovacuum":                          {allowed: toggle},
		"autovacuum_analyze_scale_factor":     {allowed: "0-100", ratio: true},
		"autovacuum_max_workers":              {static: true, allowed: "1-262143"},
		"autovacuum_naptime":                  {allowed: "1-2147483"},
		"autovacuum_vacuum_cost_delay":        {allowed: "-1-100", ratio: true},
		"autovacuum_vacuum_cost_limit":        {allowed: "-1-10000"},
		"autovacuum_vacuum_scale_factor":      {allowed: "0-100", ratio: true},
		"checkpoint_timeout":                  {allowed: "30-3600"},
		"client_encoding":                     {},
		"default_transaction_isolation":       {allowed: "serializable,repeatable read,read committed,read uncommitted"},
		"effective_cache_size":                {allowed: "1-2147483647"},
		"hot_standby_feedback":                {allowed: toggle},
		"idle_in_transaction_session_timeout": {allowed: anyInt},
		"idle_session_timeout":                {allowed: anyInt},
		"lock_timeout":                        {allowed: anyInt},
		"log_autovacuum_min_duration":         {allowed: anySigned},
		"log_checkpoints":                     {allowed: toggle},
		"log_connections":                     {allowed: toggle},
		"log_disconnections":                  {allowed: toggle},
		"log_duration":                        {allowed: toggle},
		"log_error_verbosity":                 {allowed: "terse,default,verbose"},
		"log_lock_waits":                      {allowed: toggle},
		"log_min_duration_statement":          {allowed: anySigned},
		"log_min_error_statement":             {allowed: "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic"},
		"log_min_messages":                    {allowed: "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic"},
		"log_statement":                       {allowed: "none,ddl,mod,all"},
		"log_temp_files":                      {allowed: anySigned},
		"maintenance_work_mem":                {allowed: "1024-2147483647"},
		"max_connections":                     {static: true, allowed: "6-8388607"},
		"max_locks_per_transaction":           {static: true, allowed: "10-2147483647"},
		"max_logical_replication_workers":     {static: true, allowed: "0-262143"},
		"max_parallel_workers":                {allowed: "0-1024"},
		"max_parallel_workers_per_gather":     {allowed: "0-1024"},
		"max_replication_slots":               {static: true, allowed: "5-8388607"},
		"max_slot_wal_keep_size":              {allowed: anySigned},
		"max_wal_senders":                     {static: true, allowed: "5-8388607"},
		"max_wal_size":                        {allowed: "128-201326592"},
		"max_worker_processes":                {static: true, allowed: "0-262143"},
		"password_encryption":                 {allowed: "md5,scram-sha-256"},
		"pg_stat_statements.max":              {static: true, allowed: "100-2147483647"},
		"pg_stat_statements.track":            {allowed: "top,all,none"},
		"pgaudit.log":                         {},
		"pgaudit.role":                        {allowed: "rds_pgaudit"},
		"random_page_cost":                    {allowed: "0-1.79769e+308", ratio: true},
		"rds.accepted_password_auth_method":   {allowed: "md5+scram,scram"},
		"rds.force_admin_logging_level":       {},
		"rds.force_autovacuum_logging_level":  {},
		"rds.force_ssl":                       {allowed: toggle},
		"rds.log_retention_period":            {allowed: "1440-10080"},
		"rds.logical_replication":             {static: true, allowed: toggle},
		"rds.restrict_password_commands":      {static: true, allowed: toggle},
		"shared_buffers":                      {static: true, allowed: "16-1073741823"},
		"shared_preload_libraries":            {static: true},
		"ssl_max_protocol_version":            {allowed: "TLSv1.2,TLSv1.3"},
		"ssl_min_protocol_version":            {allowed: "TLSv1.2,TLSv1.3"},
		"statement_timeout":                   {allowed: anyInt},
		"tcp_keepalives_count":                {allowed: anyInt},
		"tcp_keepalives_idle":                 {allowed: anyInt},
		"tcp_keepalives_interval":             {allowed: anyInt},
		"timezone":                            {},
		"track_activity_query_size":           {static: true, allowed: "100-1048576"},
		"track_functions":                     {allowed: "none,pl,all"},
		"track_io_timing":                     {allowed: toggle},
		"wal_keep_size":                       {allowed: anyInt},
		"wal_receiver_timeout":                {allowed: "0-3600000"},
		"wal_sender_timeout":                  {allowed: "0-3600000"},
		"work_mem":                            {allowed: "64-2147483647"},
	}
	all := map[string]map[string]parameter{}
	for major := range postgresVersions {
		all["postgres"+major] = common
	}
	return all
}()

// documentParameters are those of DocumentDB.
// https://docs.aws.amazon.com/documentdb/latest/developerguide/cluster_parameter_groups-list_of_parameters.html
var documentParameters = func() map[string]map[string]parameter {
	first := map[string]parameter{
		"audit_logs":                           {allowed: "enabled,disabled,ddl,dml_read,dml_write,all,none"},
		"change_stream_log_retention_duration": {allowed: "3600-604800"},
		"profiler":                             {allowed: "enabled,disabled"},
		"profiler_sampling_rate":               {allowed: "0.0-1.0", ratio: true},
		"profiler_threshold_ms":                {allowed: "50-2147483646"},
		"tls":                                  {static: true, allowed: "disabled,enabled,fips-140-3,tls1.2+,tls1.3+"},
		"ttl_monitor":                          {allowed: "enabled,disabled"},
	}
	fifth := map[string]parameter{
		"default_collection_compression": {allowed: "enabled,disabled"},
		"planner_version":                {allowed: "1.0,2.0,3.0"},
	}
	for name, one := range first {
		fifth[name] = one
	}
	return map[string]map[string]parameter{"docdb3.6": first, "docdb4.0": first, "docdb5.0": fifth, "docdb8.0": fifth}
}()

// cacheParameters by family.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
var cacheParameters = func() map[string]map[string]parameter {
	const yesNo = "yes,no"
	common := map[string]parameter{
		"acl-pubsub-default": {allowed: "allchannels,resetchannels"}, "activedefrag": {allowed: yesNo}, "activerehashing": {allowed: yesNo},
		"active-defrag-cycle-max": {allowed: "1-75"}, "active-defrag-cycle-min": {allowed: "1-75"}, "active-defrag-ignore-bytes": {allowed: anyInt},
		"active-defrag-threshold-lower": {allowed: "1-100"}, "active-defrag-threshold-upper": {allowed: "1-100"},
		"client-output-buffer-limit-normal-hard-limit": {allowed: anyInt}, "client-output-buffer-limit-normal-soft-limit": {allowed: anyInt},
		"client-output-buffer-limit-normal-soft-seconds": {allowed: anyInt}, "client-output-buffer-limit-pubsub-hard-limit": {allowed: anyInt},
		"client-output-buffer-limit-pubsub-soft-limit": {allowed: anyInt}, "client-output-buffer-limit-pubsub-soft-seconds": {allowed: anyInt},
		"close-on-replica-write": {allowed: yesNo}, "cluster-enabled": {static: true, allowed: yesNo}, "databases": {static: true, allowed: "1-1200000"},
		"lazyfree-lazy-eviction": {allowed: yesNo}, "lazyfree-lazy-expire": {allowed: yesNo}, "lazyfree-lazy-server-del": {allowed: yesNo},
		"lazyfree-lazy-user-del": {allowed: yesNo}, "lfu-decay-time": {allowed: anyInt}, "lfu-log-factor": {allowed: anyInt},
		"list-compress-depth": {static: true, allowed: anyInt},
		"maxmemory-policy":    {allowed: "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction"},
		"maxmemory-samples":   {allowed: "1-2147483647"}, "min-replicas-max-lag": {allowed: anyInt}, "min-replicas-to-write": {allowed: anyInt},
		"notify-keyspace-events": {}, "proto-max-bulk-len": {allowed: "1048576-536870912"}, "repl-backlog-size": {allowed: "16384-2147483647"},
		"repl-backlog-ttl": {allowed: anyInt}, "reserved-memory-percent": {allowed: "0-100"}, "set-max-intset-entries": {allowed: anyInt},
		"slowlog-log-slower-than": {allowed: anySigned}, "slowlog-max-len": {allowed: anyInt}, "stream-node-max-bytes": {allowed: anyInt},
		"stream-node-max-entries": {allowed: anyInt}, "tcp-keepalive": {allowed: anyInt}, "timeout": {allowed: anyInt},
		"tracking-table-max-keys": {allowed: "1-100000000"},
	}
	return map[string]map[string]parameter{"redis6.x": common, "redis7": common, "valkey7": common, "valkey8": common}
}()

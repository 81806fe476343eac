package aws

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const typeKafkaConfiguration = "aws:msk/configuration:Configuration"

// What a server property holds.
const (
	whole  = "a whole number"
	number = "a number"
	truth  = "true or false"
	words  = "text"
)

// serverProperties are those that MSK lets a configuration set.
// https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-properties.html
var serverProperties = map[string]string{
	"allow.everyone.if.no.acl.found": truth, "auto.create.topics.enable": truth, "compression.type": words, "connections.max.idle.ms": whole,
	"default.replication.factor": whole, "delete.topic.enable": truth, "group.initial.rebalance.delay.ms": whole,
	"group.max.session.timeout.ms": whole, "group.min.session.timeout.ms": whole, "leader.imbalance.per.broker.percentage": whole,
	"log.cleaner.delete.retention.ms": whole, "log.cleaner.min.cleanable.ratio": number, "log.cleanup.policy": words,
	"log.flush.interval.messages": whole, "log.flush.interval.ms": whole, "log.message.timestamp.difference.max.ms": whole,
	"log.message.timestamp.type": words, "log.retention.bytes": whole, "log.retention.hours": whole, "log.retention.minutes": whole,
	"log.retention.ms": whole, "log.roll.ms": whole, "log.segment.bytes": whole, "max.incremental.fetch.session.cache.slots": whole,
	"message.max.bytes": whole, "min.insync.replicas": whole, "num.io.threads": whole, "num.network.threads": whole, "num.partitions": whole,
	"num.recovery.threads.per.data.dir": whole, "num.replica.fetchers": whole, "offsets.retention.minutes": whole,
	"offsets.topic.replication.factor": whole, "replica.fetch.max.bytes": whole, "replica.fetch.response.max.bytes": whole,
	"replica.lag.time.max.ms": whole, "replica.selector.class": words, "replica.socket.receive.buffer.bytes": whole,
	"socket.receive.buffer.bytes": whole, "socket.request.max.bytes": whole, "socket.send.buffer.bytes": whole,
	"transaction.max.timeout.ms": whole, "transaction.state.log.min.isr": whole, "transaction.state.log.replication.factor": whole,
	"transactional.id.expiration.ms": whole, "unclean.leader.election.enable": truth, "zookeeper.session.timeout.ms": whole,
}

var configurationName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]*$`)

var configurationKind = kind{
	name: "name", nameMax: 255,
	replace: []string{"name", "kafkaVersions"},
	rules: func(in props, p *problems) {
		if n := in.str("name"); in.known("name") && !configurationName.MatchString(n) {
			p.add("name", "must match %s, got %q", configurationName, n)
		}
		for _, version := range in.strings("kafkaVersions") {
			if !slices.Contains(kafkaVersions, version) {
				p.add("kafkaVersions", "must be of %v, got %q", kafkaVersions, version)
			}
		}
		serverPropertyRules(in.str("serverProperties"), p)
	},
	create: func(c *call) error {
		name := c.in.str("name")
		if len(c.byProp(typeKafkaConfiguration, "name", name)) > 0 {
			return fail("CreateConfiguration", "ConflictException", "A resource with this name already exists: %s", name)
		}
		c.arn = c.arnOf("kafka", "configuration/"+name+"/"+newUUID()+"-"+hexDigits(1))
		c.id = c.arn
		c.out["latestRevision"] = 1.0
		c.standard(props{"description": ""})
		return nil
	},
	update: func(c *call) error {
		last, _ := c.out["latestRevision"].(float64)
		c.out["latestRevision"] = last + 1
		return nil
	},
	remove: func(c *call) error {
		for _, cluster := range c.inRegion(typeKafka) {
			if props(cluster.Props).object("configurationInfo").str("arn") == c.arn {
				return fail("DeleteConfiguration", "BadRequestException", "Configuration is in use by one or more clusters: %s", cluster.String("clusterName"))
			}
		}
		return nil
	},
}

func serverPropertyRules(text string, p *problems) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		kind, known := serverProperties[name]
		switch {
		case !ok:
			p.add("serverProperties", "BadRequestException: must be lines of name=value, got %q", line)
		case !known:
			p.add("serverProperties", "BadRequestException: unsupported configuration property %q", name)
		case !isA(kind, value):
			p.add("serverProperties", "BadRequestException: %s must be %s, got %q", name, kind, value)
		}
	}
}

func isA(kind, value string) bool {
	var err error
	switch kind {
	case whole:
		_, err = strconv.ParseInt(value, 10, 64)
	case number:
		_, err = strconv.ParseFloat(value, 64)
	case truth:
		return value == "true" || value == "false"
	}
	return err == nil && value != ""
}

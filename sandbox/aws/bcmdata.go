package aws

import (
	"regexp"
	"strings"
)

const typeExport = "aws:bcmdata/export:Export"

// exportTables are the tables of Data Exports, each with what can be set for it.
// https://docs.aws.amazon.com/cur/latest/userguide/dataexports-table-dictionary.html
var exportTables = map[string]map[string][]string{
	"COST_AND_USAGE_REPORT": {
		"BILLING_VIEW_ARN": nil, "TIME_GRANULARITY": {"HOURLY", "DAILY", "MONTHLY"}, "INCLUDE_RESOURCES": {"TRUE", "FALSE"},
		"INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY": {"TRUE", "FALSE"}, "INCLUDE_SPLIT_COST_ALLOCATION_DATA": {"TRUE", "FALSE"},
		"INCLUDE_CAPACITY_RESERVATION_DATA": {"TRUE", "FALSE"}, "INCLUDE_IAM_PRINCIPAL_DATA": {"TRUE", "FALSE"},
	},
	"COST_OPTIMIZATION_RECOMMENDATIONS": {"INCLUDE_ALL_RECOMMENDATIONS": {"TRUE", "FALSE"}, "FILTER": nil},
	"FOCUS_1_0_AWS":                     {},
	"FOCUS_1_2_AWS":                     {"TIME_GRANULARITY": {"HOURLY", "DAILY", "MONTHLY"}},
	"COST_AND_USAGE_DASHBOARD":          {},
	"CARBON_EMISSIONS":                  {},
}

var (
	exportName  = regexp.MustCompile(`^[0-9A-Za-z!\-_.*'()]{1,128}$`)
	exportQuery = regexp.MustCompile(`(?is)^\s*SELECT\s+(.+?)\s+FROM\s+([A-Za-z0-9_]+)\b`)
)

// bcmdataKinds are the exports of cost and usage data.
// Rules: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_bcmDataExports_Export.html,
// https://docs.aws.amazon.com/cur/latest/userguide/dataexports-data-query.html and .../userguide/dataexports-s3-bucket.html.
var bcmdataKinds = map[string]kind{
	typeExport: {
		replace: []string{"export.dataQueries[0].tableConfigurations"},
		rules:   exportRules,
		create: func(c *call) error {
			if c.region != "us-east-1" {
				return fail("CreateExport", "UnknownEndpoint", "Data Exports are made in us-east-1 alone: bcm-data-exports.%s.amazonaws.com does not exist", c.region)
			}
			export := c.in.object("export")
			for _, other := range c.inRegion(typeExport) {
				if props(other.Props).object("export").str("name") == export.str("name") {
					return fail("CreateExport", "ValidationException", "An export with the name %s already exists", export.str("name"))
				}
			}
			c.arn = c.arnOf("bcm-data-exports", "export/"+export.str("name")+"-"+newUUID())
			c.id = c.arn
			return checkExport(c)
		},
		update: checkExport,
	},
}

func exportRules(in props, p *problems) {
	if !in.has("export") {
		p.add("export", "is required")
		return
	}
	export := in.object("export")
	if n := export.str("name"); export.known("name") && !exportName.MatchString(n) {
		p.add("export.name", "must match %s, got %q", exportName, n)
	}
	for _, list := range []string{"dataQueries", "destinationConfigurations", "refreshCadences"} {
		if n := len(export.objects(list)); n != 1 && !hasUnknown(export[list]) {
			p.add("export."+list, "must be exactly one, got %d", n)
		}
	}
	for _, q := range export.objects("dataQueries") {
		queryRule(q, p)
	}
	for _, r := range export.objects("refreshCadences") {
		p.oneOf(r, "export.refreshCadences.frequency", "frequency", "SYNCHRONOUS")
	}
	for _, d := range export.objects("destinationConfigurations") {
		if len(d.objects("s3Destinations")) != 1 {
			p.add("export.destinationConfigurations.s3Destinations", "must be exactly one, got %d", len(d.objects("s3Destinations")))
		}
		for _, s := range d.objects("s3Destinations") {
			outputRules(s, p)
		}
	}
}

func outputRules(destination props, p *problems) {
	const path = "export.destinationConfigurations.s3Destinations.s3OutputConfigurations"
	if len(destination.objects("s3OutputConfigurations")) != 1 {
		p.add(path, "must be exactly one, got %d", len(destination.objects("s3OutputConfigurations")))
	}
	for _, o := range destination.objects("s3OutputConfigurations") {
		p.oneOf(o, path+".outputType", "outputType", "CUSTOM")
		p.oneOf(o, path+".overwrite", "overwrite", "CREATE_NEW_REPORT", "OVERWRITE_REPORT")
		p.oneOf(o, path+".format", "format", "TEXT_OR_CSV", "PARQUET")
		p.oneOf(o, path+".compression", "compression", "GZIP", "PARQUET")
		if o.known("format") && o.known("compression") && (o.str("format") == "PARQUET") != (o.str("compression") == "PARQUET") {
			p.add(path+".compression", "is PARQUET for PARQUET and GZIP for TEXT_OR_CSV, got %s for %s", o.str("compression"), o.str("format"))
		}
	}
}

func queryRule(q props, p *problems) {
	if !q.known("queryStatement") {
		return
	}
	m := exportQuery.FindStringSubmatch(q.str("queryStatement"))
	if m == nil {
		p.add("export.dataQueries.queryStatement", "must be SELECT columns FROM table, got %q", q.str("queryStatement"))
		return
	}
	if strings.TrimSpace(m[1]) == "*" {
		p.add("export.dataQueries.queryStatement", "Data Exports select columns by their names, got *")
	}
	table := m[2]
	settings, ok := exportTables[table]
	if !ok {
		p.add("export.dataQueries.queryStatement", "must be FROM one of %v, got %q", sortedKeys(exportTables), table)
		return
	}
	configurations := q.object("tableConfigurations")
	for _, configured := range sortedKeys(configurations) {
		path := "export.dataQueries.tableConfigurations." + configured
		if configured != table {
			p.add(path, "the query is from %s", table)
			continue
		}
		given := configurations.object(configured)
		for _, name := range sortedKeys(given) {
			allowed, ok := settings[name]
			if !ok {
				p.add(path+"."+name, "%s has only %v", table, sortedKeys(settings))
			} else if allowed != nil {
				p.oneOf(given, path+"."+name, name, allowed...)
			}
		}
	}
}

func checkExport(c *call) error {
	const operation = "CreateExport"
	export, _ := clone(map[string]any(c.in.object("export"))).(map[string]any)
	export["exportArn"] = c.arn
	c.out["export"] = export
	for _, d := range c.in.object("export").objects("destinationConfigurations") {
		for _, s := range d.objects("s3Destinations") {
			bucket := c.bucketOf(s.str("s3Bucket"))
			if bucket == nil {
				return fail(operation, "ValidationException", "The S3 bucket %s does not exist", s.str("s3Bucket"))
			}
			if bucket.Region != s.str("s3Region") {
				return fail(operation, "ValidationException", "The S3 bucket %s is in %s, not in %s", bucket.ID, bucket.Region, s.str("s3Region"))
			}
			write := c.asService("bcm-data-exports.amazonaws.com", c.arn, "", "")
			if !c.bucketAdmits(bucket, write, "s3:PutObject", s.str("s3Prefix")+"/data") {
				return fail(operation, "ValidationException", "The policy of S3 bucket %s does not let bcm-data-exports.amazonaws.com put %s/*", bucket.ID, s.str("s3Prefix"))
			}
			holds(bucket, "cost data")
		}
	}
	return nil
}

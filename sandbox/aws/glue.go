package aws

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	typeCatalogDatabase = "aws:glue/catalogDatabase:CatalogDatabase"
	typeCatalogTable    = "aws:glue/catalogTable:CatalogTable"
	typeCrawler         = "aws:glue/crawler:Crawler"
	typeWorkgroup       = "aws:athena/workgroup:Workgroup"

	// workgroupHoldsQueries are the saved and past queries; such a workgroup is not deleted without forceDestroy.
	workgroupHoldsQueries = "__queries"
)

var (
	catalogName   = regexp.MustCompile(`^[^A-Z]{1,255}$`)
	workgroupName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,128}$`)
)

// glueKinds are the data catalog and what fills it.
// Rules: https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html, API_TableInput.html, API_CreateCrawler.html.
var glueKinds = map[string]kind{
	typeCatalogDatabase: {
		name: "name", nameMax: 255,
		replace: []string{"name", "catalogId"},
		rules:   func(in props, p *problems) { catalogNameRule(in, p) },
		create: func(c *call) error {
			if err := c.ownCatalog(); err != nil {
				return err
			}
			c.id = c.state.AccountID + ":" + c.in.str("name")
			if c.find(typeCatalogDatabase, c.id) != nil {
				return fail("CreateDatabase", "AlreadyExistsException", "Database already exists: %s", c.in.str("name"))
			}
			c.arn = c.arnOf("glue", "database/"+c.in.str("name"))
			c.out = props{"catalogId": c.state.AccountID}
			if !c.in.has("createTableDefaultPermissions") {
				c.out["createTableDefaultPermissions"] = []any{map[string]any{
					"permissions": []any{"ALL"}, "principal": map[string]any{"dataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
				}}
			}
			return c.needLocation("CreateDatabase", c.in.str("locationUri"))
		},
		update: func(c *call) error { return c.needLocation("UpdateDatabase", c.in.str("locationUri")) },
		remove: func(c *call) error {
			for _, t := range c.byProp(typeCatalogTable, "databaseName", c.in.str("name")) { // Glue deletes them with their database
				c.state.Remove(t)
			}
			return nil
		},
	},
	typeCatalogTable: {
		name: "name", nameMax: 255,
		replace: []string{"name", "databaseName", "catalogId", "partitionIndices", "openTableFormatInput"},
		rules:   catalogTableRules,
		create: func(c *call) error {
			if err := c.ownCatalog(); err != nil {
				return err
			}
			database := c.find(typeCatalogDatabase, c.state.AccountID+":"+c.in.str("databaseName"))
			if database == nil {
				return fail("CreateTable", "EntityNotFoundException", "Database %s not found.", c.in.str("databaseName"))
			}
			c.id = database.ID + ":" + c.in.str("name")
			if c.find(typeCatalogTable, c.id) != nil {
				return fail("CreateTable", "AlreadyExistsException", "Table already exists: %s", c.in.str("name"))
			}
			c.arn = c.arnOf("glue", "table/"+c.in.str("databaseName")+"/"+c.in.str("name"))
			c.out = props{"catalogId": c.state.AccountID}
			return c.needLocation("CreateTable", c.in.object("storageDescriptor").str("location"))
		},
		update: func(c *call) error {
			return c.needLocation("UpdateTable", c.in.object("storageDescriptor").str("location"))
		},
	},
	typeCrawler: {
		name: "name", nameMax: 255,
		replace: []string{"name"},
		rules:   crawlerRules,
		create: func(c *call) error {
			c.id = c.in.str("name")
			if c.find(typeCrawler, c.id) != nil {
				return fail("CreateCrawler", "AlreadyExistsException", "Crawler with name %s already exists", c.id)
			}
			c.arn = c.arnOf("glue", "crawler/"+c.id)
			return checkCrawler(c)
		},
		update: checkCrawler,
	},
}

func catalogNameRule(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !catalogName.MatchString(n) {
		p.add("name", "has 1 to 255 characters and no upper-case letters, got %q", n)
	}
}

// ownCatalog refuses another account's.
func (c *call) ownCatalog() error {
	if id := c.in.str("catalogId"); id != "" && id != c.state.AccountID {
		return fmt.Errorf("aws stand-in: it does not know the catalog of another account: %s", id)
	}
	return nil
}

// needLocation refuses a place in a bucket that does not exist. The services take such a place and whoever reads from it
// or writes to it then fails.
func (c *call) needLocation(operation, location string) error {
	if location == "" {
		return nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	if !strings.HasPrefix(location, "s3://") || c.bucketOf(name) == nil {
		return fail(operation, "InvalidInputException", "%q is not a place in a bucket that exists: s3://bucket/prefix/", location)
	}
	return nil
}

func catalogTableRules(in props, p *problems) {
	catalogNameRule(in, p)
	p.oneOf(in, "tableType", "tableType", "EXTERNAL_TABLE", "VIRTUAL_VIEW", "GOVERNED")
	// Athena refuses every query on a table with a column twice.
	// https://docs.aws.amazon.com/athena/latest/ug/troubleshooting-athena.html
	seen := map[string]bool{}
	for _, list := range [][]props{in.object("storageDescriptor").objects("columns"), in.objects("partitionKeys")} {
		for _, column := range list {
			if n := strings.ToLower(column.str("name")); n != "" && seen[n] {
				p.add("storageDescriptor.columns", "a column or partition key is there once, got %q twice", n)
			} else {
				seen[n] = true
			}
		}
	}
}

func crawlerRules(in props, p *problems) {
	targets := 0
	for _, list := range []string{"s3Targets", "catalogTargets", "deltaTargets", "dynamodbTargets", "hudiTargets", "icebergTargets", "jdbcTargets", "mongodbTargets"} {
		if in.has(list) {
			targets++
		}
	}
	if targets == 0 {
		p.add("s3Targets", "a crawler needs a target")
	}
	p.schedule(in, "schedule", "schedule", "cron")
	jsonObject(in, "configuration", p)
	p.oneOf(in.object("recrawlPolicy"), "recrawlPolicy.recrawlBehavior", "recrawlBehavior", "CRAWL_EVERYTHING", "CRAWL_NEW_FOLDERS_ONLY", "CRAWL_EVENT_MODE")
	change := in.object("schemaChangePolicy")
	p.oneOf(change, "schemaChangePolicy.deleteBehavior", "deleteBehavior", "LOG", "DELETE_FROM_DATABASE", "DEPRECATE_IN_DATABASE")
	p.oneOf(change, "schemaChangePolicy.updateBehavior", "updateBehavior", "LOG", "UPDATE_IN_DATABASE")
	if in.object("recrawlPolicy").str("recrawlBehavior") == "CRAWL_NEW_FOLDERS_ONLY" && (change.str("deleteBehavior") != "LOG" || change.str("updateBehavior") != "LOG") {
		p.add("schemaChangePolicy", "a crawler of new folders only has LOG for both behaviors, got %q and %q", change.str("deleteBehavior"), change.str("updateBehavior"))
	}
	if in.known("tablePrefix") && len(in.str("tablePrefix")) > 128 {
		p.add("tablePrefix", "has at most 128 characters, got %d", len(in.str("tablePrefix")))
	}
}

func checkCrawler(c *call) error {
	const operation = "CreateCrawler"
	role := c.in.str("role")
	if !strings.HasPrefix(role, "arn:") {
		role = c.globalARN("iam", "role/"+role)
	}
	if err := needServiceRole(c, operation, "InvalidInputException", role, "glue.amazonaws.com"); err != nil {
		return err
	}
	for _, list := range []string{"catalogTargets", "deltaTargets", "dynamodbTargets", "hudiTargets", "icebergTargets", "jdbcTargets", "mongodbTargets"} {
		if c.in.has(list) && list != "catalogTargets" {
			return fmt.Errorf("aws stand-in: it does not know crawlers of %s", list)
		}
	}
	for _, t := range c.in.objects("catalogTargets") {
		for _, table := range t.strings("tables") {
			if c.find(typeCatalogTable, c.state.AccountID+":"+t.str("databaseName")+":"+table) == nil {
				return fail(operation, "EntityNotFoundException", "Table %s.%s not found.", t.str("databaseName"), table)
			}
		}
	}
	for _, t := range c.in.objects("s3Targets") {
		if err := c.needLocation(operation, t.str("path")); err != nil {
			return err
		}
		for _, name := range []string{"eventQueueArn", "dlqEventQueueArn"} {
			if arn := t.str(name); arn != "" && c.queueByARN(arn) == nil {
				return fail(operation, "InvalidInputException", "The queue %s does not exist in %s", arn, c.region)
			}
		}
	}
	return nil
}

// athenaKinds are workgroups.
// Rules: https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateWorkGroup.html and API_WorkGroupConfiguration.html.
var athenaKinds = map[string]kind{
	typeWorkgroup: {
		name: "name", nameMax: 128,
		replace: []string{"name"},
		rules: func(in props, p *problems) {
			if n := in.str("name"); in.known("name") && !workgroupName.MatchString(n) {
				p.add("name", "must match %s, got %q", workgroupName, n)
			}
			p.oneOf(in, "state", "state", "ENABLED", "DISABLED")
			if cutoff, ok := in.object("configuration")["bytesScannedCutoffPerQuery"].(float64); ok && cutoff < 10485760 {
				p.add("configuration.bytesScannedCutoffPerQuery", "must be at least 10485760 (10 MiB), got %.0f", cutoff)
			}
			encryption := in.object("configuration").object("resultConfiguration").object("encryptionConfiguration")
			path := "configuration.resultConfiguration.encryptionConfiguration"
			p.oneOf(encryption, path+".encryptionOption", "encryptionOption", "SSE_S3", "SSE_KMS", "CSE_KMS")
			if encryption.known("encryptionOption") && strings.HasSuffix(encryption.str("encryptionOption"), "_KMS") != encryption.has("kmsKeyArn") {
				p.add(path+".kmsKeyArn", "goes together with SSE_KMS and CSE_KMS, got %q", encryption.str("encryptionOption"))
			}
		},
		create: func(c *call) error {
			c.id = c.in.str("name")
			if c.id == "primary" || c.find(typeWorkgroup, c.id) != nil {
				return fail("CreateWorkGroup", "InvalidRequestException", "WorkGroup is already created: %s", c.id)
			}
			c.arn = c.arnOf("athena", "workgroup/"+c.id)
			if !c.in.has("state") {
				c.out["state"] = "ENABLED"
			}
			return checkWorkgroup(c)
		},
		update: checkWorkgroup,
		remove: func(c *call) error {
			if len(c.in.strings(workgroupHoldsQueries)) > 0 && !c.in.boolean("forceDestroy") {
				return fail("DeleteWorkGroup", "InvalidRequestException", "WorkGroup %s is not empty", c.id)
			}
			return nil
		},
	},
}

func checkWorkgroup(c *call) error {
	const operation = "CreateWorkGroup"
	result := c.in.object("configuration").object("resultConfiguration")
	if err := needAnyKey(c, operation, "InvalidRequestException", result.object("encryptionConfiguration").str("kmsKeyArn")); err != nil {
		return err
	}
	if role := c.in.object("configuration").str("executionRole"); role != "" {
		if err := needServiceRole(c, operation, "InvalidRequestException", role, "athena.amazonaws.com"); err != nil {
			return err
		}
	}
	return c.needLocation(operation, result.str("outputLocation"))
}

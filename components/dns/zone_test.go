package dns

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudinsight/platform/internal/pulumitest"
)

const (
	zoneToken   = "aws:route53/zone:Zone"
	recordToken = "aws:route53/record:Record"
	groupToken  = "aws:cloudwatch/logGroup:LogGroup"
	policyToken = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
	queryToken  = "aws:route53/queryLog:QueryLog"
)

func zoneArgs() *ZoneArgs {
	return &ZoneArgs{Name: "cloudinsight-prod", Domain: "prod.cloudinsight.com", ParentDomain: "cloudinsight.com", ParentZoneID: pulumi.String("Z0")}
}

func zoned() pulumitest.Option {
	return pulumitest.Outputs(zoneToken, func(*pulumitest.Resource) map[string]any {
		return map[string]any{"zoneId": "Z1", "arn": "arn:aws:route53:::hostedzone/Z1", "nameServers": []any{"ns-1.example", "ns-2.example"}}
	})
}

// recordZone builds a zone; with log it has a query log, whose provider is made on the way.
func recordZone(t *testing.T, args *ZoneArgs, log *QueryLog) (*pulumitest.Recorder, string, error) {
	t.Helper()
	id := make(chan string, 1)
	rec, err := pulumitest.RunErr(t, func(ctx *pulumi.Context) error {
		if log != nil {
			virginia, err := aws.NewProvider(ctx, "virginia", &aws.ProviderArgs{Region: pulumi.String("us-east-1")})
			if err != nil {
				return err
			}
			log.Provider, args.QueryLog = virginia, log
		}
		zone, err := NewZone(ctx, "public", args)
		if err != nil {
			id <- ""
			return err
		}
		zone.ID.ApplyT(func(text string) string { id <- text; return text })
		return nil
	}, zoned())
	return rec, <-id, err
}

func TestZone_IsDelegatedAndSaysWhoIssues(t *testing.T) {
	rec, id, err := recordZone(t, zoneArgs(), nil)
	require.NoError(t, err)
	assert.Equal(t, "Z1", id)
	zone := rec.Named(t, zoneToken, "public")
	assert.Equal(t, "prod.cloudinsight.com", zone.Input("name"))
	assert.True(t, zone.Protect)
	assert.Equal(t, false, zone.Input("forceDestroy"))
	assert.Equal(t, "dns", zone.Input("tags.Component"))

	delegation := rec.Named(t, recordToken, "public-delegation")
	for path, want := range map[string]any{
		"zoneId": "Z0", "name": "prod.cloudinsight.com", "type": "NS", "ttl": 300.0, "records": []any{"ns-1.example", "ns-2.example"},
	} {
		assert.Equal(t, want, delegation.Input(path), path)
	}
	caa := rec.Named(t, recordToken, "public-caa")
	assert.Equal(t, "Z1", caa.Input("zoneId"))
	assert.Equal(t, []any{`0 issue "amazon.com"`, `0 issue "letsencrypt.org"`}, caa.Input("records"))
	assert.Zero(t, rec.Count(queryToken))
	assert.Len(t, rec.Children(rec.Named(t, zoneType, "public")), 3)
}

func TestZone_EverythingSet(t *testing.T) {
	args := zoneArgs()
	args.Unprotected = true
	rec, _, err := recordZone(t, args, &QueryLog{KeyARN: pulumi.String("arn:logs"), AccountID: pulumitest.AccountID, RetentionDays: 7})
	require.NoError(t, err)
	zone := rec.Named(t, zoneToken, "public")
	assert.False(t, zone.Protect)
	assert.Equal(t, true, zone.Input("forceDestroy"), "external-dns leaves records")

	group := rec.Named(t, groupToken, "public-queries")
	for path, want := range map[string]any{"name": "/aws/route53/prod.cloudinsight.com", "kmsKeyId": "arn:logs", "retentionInDays": 7.0} {
		assert.Equal(t, want, group.Input(path), path)
	}
	query := rec.Named(t, queryToken, "public-queries")
	assert.True(t, query.DependsOnNamed(groupToken, "public-queries"))
	assert.True(t, query.DependsOnNamed(policyToken, "public-queries"))
	assert.Equal(t, "virginia", group.Provider, "Route 53 writes there only")
	assert.Equal(t, "virginia", rec.Named(t, policyToken, "public-queries").Provider)
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Sid": "DeliverQueryLogs", "Effect": "Allow",
		"Principal": {"Service": ["route53.amazonaws.com"]}, "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
		"Resource": ["arn:aws:logs:us-east-1:111122223333:log-group:/aws/route53/prod.cloudinsight.com:*"], "Condition": {
			"StringEquals": {"aws:SourceAccount": ["111122223333"]}, "ArnLike": {"aws:SourceArn": ["arn:aws:route53:::hostedzone/*"]}}}]}`,
		rec.Named(t, policyToken, "public-queries").Input("policyDocument").(string))
	assert.Len(t, rec.Children(rec.Named(t, zoneType, "public")), 6)
}

func TestZone_QueryLogIsKeptNinetyDays(t *testing.T) {
	rec, _, err := recordZone(t, zoneArgs(), &QueryLog{KeyARN: pulumi.String("arn:logs"), AccountID: pulumitest.AccountID})
	require.NoError(t, err)
	assert.Equal(t, 90.0, rec.Named(t, groupToken, "public-queries").Input("retentionInDays"))
}

func TestZone_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ZoneArgs)
		want   string
	}{
		"nothing":      {func(a *ZoneArgs) { *a = ZoneArgs{} }, "name: is required\ndomain: must be a domain name"},
		"upper case":   {func(a *ZoneArgs) { a.Domain = "Prod.cloudinsight.com" }, `domain: must be a domain name in lower case, got "Prod.cloudinsight.com"`},
		"elsewhere":    {func(a *ZoneArgs) { a.Domain = "prod.example.com" }, `domain: must be one label under "cloudinsight.com", got "prod.example.com"`},
		"the parent":   {func(a *ZoneArgs) { a.Domain = "cloudinsight.com" }, `domain: must be one label under`},
		"two labels":   {func(a *ZoneArgs) { a.Domain = "a.b.cloudinsight.com" }, `domain: must be one label under`},
		"no parent":    {func(a *ZoneArgs) { a.ParentZoneID = nil }, "parent zone id: is required"},
		"log, nothing": {func(a *ZoneArgs) { a.QueryLog = &QueryLog{} }, "query log: provider: is required\nquery log: key arn: is required\nquery log: account id: must be twelve digits"},
		"retention":    {func(a *ZoneArgs) { a.QueryLog = &QueryLog{RetentionDays: -1} }, "query log: retention: must be positive, got -1 days"},
	} {
		t.Run(name, func(t *testing.T) {
			args := zoneArgs()
			c.change(args)
			rec, _, err := recordZone(t, args, nil)
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, rec.All())
		})
	}
	_, _, err := recordZone(t, nil, nil)
	assert.ErrorContains(t, err, `zone "public": name: is required`)
}

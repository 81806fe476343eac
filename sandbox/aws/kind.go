package aws

import (
	"context"
	"fmt"
	"maps"
	"sort"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
)

// kind is what AWS does with one resource type, beyond its schema.
type kind struct {
	// name is the property that Pulumi fills with a generated name when it is absent, at most nameMax long.
	name    string
	nameMax int

	// replace are the properties that AWS can't change in place. A path may go into objects ("vpcConfig.subnetIds").
	replace []string

	// replaceWhen adds properties that AWS can't change in this direction, such as a version that goes back.
	replaceWhen []condition

	// global says that the service has no regions.
	global bool

	// rules judges inputs alone, at preview already.
	rules func(in props, p *problems)

	// create judges the inputs against the account and gives id, ARN and outputs. It runs under the account's lock.
	create func(c *call) error

	// settle does what takes long, after create and without the lock: what AWS reports as CREATING meanwhile.
	// What it puts into c.out is kept.
	settle func(ctx context.Context, c *call) error

	// update judges a change in place; c.old is what was there.
	update func(c *call) error

	// settleUpdate is to update what settle is to create.
	settleUpdate func(ctx context.Context, c *call) error

	// remove refuses while something depends on the resource, and cleans up what AWS made along with it.
	remove func(c *call) error

	// settleRemove runs after the resource is gone from the account, without the lock.
	settleRemove func(ctx context.Context, c *call) error
}

// condition is a change of one property that AWS can't make in place, though it can make others of it.
type condition struct {
	path string
	when string                    // in words, for the documentation: "lowered"
	is   func(old, now props) bool // of all inputs
}

// kinds are all that the stand-in knows, by type token.
var kinds = map[string]kind{}

func init() {
	for _, service := range []map[string]kind{
		networkKinds, gatewayKinds, securityKinds, endpointKinds, computeKinds, clusterKinds, nodeKinds, accessKinds,
		iamKinds, kmsKinds, logKinds, s3Kinds, s3LinkKinds, elbKinds, wafKinds, ecrKinds, sqsKinds, snsKinds, backupKinds,
		restoreKinds, cloudwatchKinds, eventKinds, sfnKinds, schedulerKinds, glueKinds, athenaKinds, bcmdataKinds, configKinds, cloudtrailKinds,
		analyzerKinds, guarddutyKinds, inspectorKinds, fisKinds,
		databaseKinds, databaseGroupKinds, databaseProxyKinds, documentKinds, documentGroupKinds, kafkaKinds, scalingKinds,
		cacheKinds, cacheUserKinds, secretKinds,
		zoneKinds, recordKinds, healthCheckKinds, queryLogKinds, certificateKinds,
		distributionKinds, edgePolicyKinds, targetKinds, listenerKinds, deliveryKinds,
	} {
		maps.Copy(kinds, service)
	}
}

// call is one create, update or delete.
type call struct {
	p      *Provider
	state  *account.State
	region string
	urn    string
	id     string
	arn    string
	in     props // inputs; for a delete the outputs
	old    props // update only: what was there
	out    props // outputs beside the inputs

	// kept and until are set by a remove that leaves the resource behind, out of sight; see account.State.Keep.
	kept  string
	until time.Time
}

// failure is an error in AWS's words.
type failure struct{ operation, code, message string }

func (f *failure) Error() string {
	return fmt.Sprintf("api error %s: %s: %s", f.operation, f.code, f.message)
}

// fail is AWS's refusal of an operation.
func fail(operation, code, format string, args ...any) error {
	return &failure{operation, code, fmt.Sprintf(format, args...)}
}

// arnOf is an ARN of the account in the call's region.
func (c *call) arnOf(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, c.region, c.state.AccountID, resource)
}

// globalARN is an ARN of a service without regions.
func (c *call) globalARN(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s::%s:%s", service, c.state.AccountID, resource)
}

// find returns the resource of that type and id in the call's region, or nil.
func (c *call) find(typ, id string) *account.Resource {
	if kinds[typ].global {
		return c.state.GetIn("", typ, id)
	}
	return c.state.GetIn(c.region, typ, id)
}

// byProp lists the resources of a type in the call's region whose property has the value.
func (c *call) byProp(typ, name string, value any) []*account.Resource {
	var all []*account.Resource
	for _, r := range c.state.List(typ) {
		if (kinds[typ].global || r.Region == c.region) && r.Props[name] == value {
			all = append(all, r)
		}
	}
	return all
}

// holding lists the resources of a type in the call's region whose list property holds the value.
func (c *call) holding(typ, name, value string) []*account.Resource {
	var all []*account.Resource
	for _, r := range c.state.List(typ) {
		if kinds[typ].global || r.Region == c.region {
			for _, s := range props(r.Props).strings(name) {
				if s == value {
					all = append(all, r)
					break
				}
			}
		}
	}
	return all
}

// problems collects what is wrong with inputs.
type problems struct{ all []problem }

type problem struct{ path, reason string }

func (p *problems) add(path, format string, args ...any) {
	p.all = append(p.all, problem{path, fmt.Sprintf(format, args...)})
}

func (p *problems) sorted() []problem {
	sort.SliceStable(p.all, func(i, j int) bool { return p.all[i].path < p.all[j].path })
	return p.all
}

// oneOf refuses a known string that is not among the allowed.
func (p *problems) oneOf(in props, path, name string, allowed ...string) {
	v, ok := in[name].(string)
	if !ok {
		return
	}
	for _, a := range allowed {
		if v == a {
			return
		}
	}
	p.add(path, "must be one of %v, got %q", allowed, v)
}

// between refuses a known number outside the bounds.
func (p *problems) between(in props, path, name string, low, high int) {
	if v, ok := in[name].(float64); ok && (v < float64(low) || v > float64(high)) {
		p.add(path, "must be between %d and %d, got %v", low, high, v)
	}
}

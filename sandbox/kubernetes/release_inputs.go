package kubernetes

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// releaseType is the type of Helm releases.
const releaseType = tokens.Type("kubernetes:helm.sh/v3:Release")

// maxReleaseName is the longest name that Helm takes.
const maxReleaseName = 53

// inputAutonamed marks a release whose name was made up here.
const inputAutonamed = resource.PropertyKey("__autonamed")

var (
	exactVersion = regexp.MustCompile(`^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	releaseName  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)
)

// releaseInputs are the properties of a release in the SDK of Version, with what each takes.
var releaseInputs = map[resource.PropertyKey]string{
	"allowNullValues": "a boolean", "atomic": "a boolean", "chart": "a string", "cleanupOnFail": "a boolean",
	"compat": "a string", "createNamespace": "a boolean", "dependencyUpdate": "a boolean", "description": "a string",
	"devel": "a boolean", "disableCRDHooks": "a boolean", "disableOpenapiValidation": "a boolean",
	"disableWebhooks": "a boolean", "forceUpdate": "a boolean", "keyring": "a string", "lint": "a boolean",
	"maxHistory": "a number", "name": "a string", "namespace": "a string", "postrender": "a string",
	"recreatePods": "a boolean", "renderSubchartNotes": "a boolean", "replace": "a boolean",
	"repositoryOpts": "an object", "resetValues": "a boolean", "reuseValues": "a boolean", "skipAwait": "a boolean",
	"skipCrds": "a boolean", "timeout": "a number", "valueYamlFiles": "a list", "values": "an object",
	"verify": "a boolean", "version": "a string", "waitForJobs": "a boolean",
}

// repositoryInputs are the properties of a release's repositoryOpts: all strings.
var repositoryInputs = []resource.PropertyKey{"caFile", "certFile", "keyFile", "password", "repo", "username"}

// checkRelease completes a release with its name and namespace, and refuses what the SDK does not know, what has the
// wrong type, and a chart without an exact version or a repository.
func (p *Provider) checkRelease(_ context.Context, req plugin.CheckRequest) (plugin.CheckResponse, error) {
	_, c, err := p.configured()
	if err != nil {
		return plugin.CheckResponse{}, err
	}
	news := resource.PropertyMap{}
	for key, value := range req.News {
		if !strings.HasPrefix(string(key), "__") {
			news[key] = value
		}
	}
	if failures := releaseProblems(news); len(failures) > 0 {
		return plugin.CheckResponse{Properties: news, Failures: failures}, nil
	}
	if len(req.Olds) > 0 {
		p.recorded.Store(req.URN, true)
	}
	// Without a cluster, at a first preview, the default namespace is not known yet.
	if !has(news, "namespace") && c.connect() == nil {
		news["namespace"] = resource.NewStringProperty(c.fallback)
	}
	if !has(news, "name") {
		_, replacement := p.recorded.Load(req.URN)
		name, problem := nameRelease(req, replacement)
		if problem != "" {
			return refuse(news, "name", "%s", problem)
		}
		news["name"], news[inputAutonamed] = resource.NewStringProperty(name), resource.NewBoolProperty(true)
	}
	return plugin.CheckResponse{Properties: news}, nil
}

// nameRelease makes the name of a release that the program does not name, or keeps the one made before. The second result
// is a reason to refuse.
func nameRelease(req plugin.CheckRequest, replacement bool) (name, problem string) {
	a := req.Autonaming
	switch old := textOf(bare(req.Olds["name"])); {
	case old != "" && bare(req.Olds[inputAutonamed]).IsBool():
		return old, ""
	case a != nil && a.Mode == plugin.AutonamingModeDisabled:
		return "", "must be set: automatic naming is disabled"
	case a != nil && a.ProposedName != "":
		return a.ProposedName, ""
	}
	name = autoname(req.URN, req.RandomSeed, replacement)
	if over := len(name) - maxReleaseName; over > 0 {
		// The digits at the end are what tells releases apart.
		cut := strings.LastIndex(name, "-")
		name = strings.TrimRight(name[:cut-over], "-.") + name[cut:]
	}
	return name, ""
}

func releaseProblems(in resource.PropertyMap) []plugin.CheckFailure {
	var problems []plugin.CheckFailure
	refuse := func(key resource.PropertyKey, format string, args ...any) {
		problems = append(problems, plugin.CheckFailure{Property: key, Reason: fmt.Sprintf(format, args...)})
	}
	for _, key := range in.StableKeys() {
		value := bare(in[key])
		want, known := releaseInputs[key]
		switch {
		case key == "manifest", key == "resourceNames":
			refuse(key, "must not be set: it is what the release gives")
		case !known:
			refuse(key, "is not a property of a Helm release in the Kubernetes SDK v%s", Version)
		case value.IsNull(), value.IsComputed():
		case !isA(value, want):
			refuse(key, "must be %s, got %s", want, value.TypeString())
		}
	}
	chart, version, name := bare(in["chart"]), bare(in["version"]), bare(in["name"])
	for key, v := range map[resource.PropertyKey]resource.PropertyValue{"chart": chart, "version": version} {
		switch {
		case v.IsComputed():
			refuse(key, "must be known at preview")
		case !has(in, key):
			refuse(key, "must be set")
		}
	}
	if has(in, "version") && version.IsString() && !exactVersion.MatchString(version.StringValue()) {
		refuse("version", "must be one exact version like 1.2.3: a range installs another chart on another day, got %q", version.StringValue())
	}
	if has(in, "name") && name.IsString() && (len(name.StringValue()) > maxReleaseName || !releaseName.MatchString(name.StringValue())) {
		refuse("name", "must be a DNS name of at most %d characters, got %q", maxReleaseName, name.StringValue())
	}
	if timeout := bare(in["timeout"]); timeout.IsNumber() && timeout.NumberValue() < 0 {
		refuse("timeout", "must be at least 0 seconds, got %v", timeout.NumberValue())
	}
	for _, problem := range repositoryProblems(textOf(chart), bare(in["repositoryOpts"])) {
		refuse("repositoryOpts", "%s", problem)
	}
	slices.SortFunc(problems, func(a, b plugin.CheckFailure) int { return strings.Compare(string(a.Property), string(b.Property)) })
	return problems
}

// repositoryProblems are what is wrong with where the chart comes from.
func repositoryProblems(chart string, options resource.PropertyValue) []string {
	var problems []string
	var given resource.PropertyMap
	if options.IsObject() {
		given = options.ObjectValue()
	}
	for _, key := range given.StableKeys() {
		switch value := bare(given[key]); {
		case !slices.Contains(repositoryInputs, key):
			problems = append(problems, fmt.Sprintf("%s: is not a property of it", key))
		case !value.IsNull() && !value.IsComputed() && !value.IsString():
			problems = append(problems, fmt.Sprintf("%s: must be a string, got %s", key, value.TypeString()))
		}
	}
	switch remote := strings.HasPrefix(chart, "oci://"); {
	case chart == "", options.IsComputed():
	case remote && has(given, "repo"):
		problems = append(problems, fmt.Sprintf("repo: must not be set for the OCI reference %q", chart))
	case !remote && strings.ContainsAny(chart, "/:"):
		problems = append(problems, fmt.Sprintf("the chart must be the name of one in repo or an OCI reference, got %q", chart))
	case !remote && !has(given, "repo"):
		problems = append(problems, fmt.Sprintf("repo: must be set for the chart %q, so that every machine finds it", chart))
	}
	return problems
}

func isA(v resource.PropertyValue, what string) bool {
	switch what {
	case "a boolean":
		return v.IsBool()
	case "a number":
		return v.IsNumber()
	case "a list":
		return v.IsArray()
	case "an object":
		return v.IsObject()
	}
	return v.IsString()
}

// release is a Helm release as the program registers it. The request names it in messages and owns its objects.
type release struct {
	request
	chart, version  string
	createNamespace bool
	skipDefinitions bool
	values          map[string]any // nil values where they are not known at preview
}

// newRelease reads a release from its checked inputs.
func newRelease(urn resource.URN, in resource.PropertyMap, seconds float64) release {
	r := release{
		request: request{
			urn: urn, inputs: in, manager: fieldManager(urn), timeout: defaultTimeout,
			object: object{
				gvk:  schema.GroupVersionKind{Group: "helm.sh", Version: "v3", Kind: "Release"},
				name: textOf(bare(in["name"])), namespace: textOf(bare(in["namespace"])),
			},
		},
		chart: textOf(bare(in["chart"])), version: textOf(bare(in["version"])),
		createNamespace: isTrue(in["createNamespace"]), skipDefinitions: isTrue(in["skipCrds"]),
		values: map[string]any{},
	}
	if values := bare(in["values"]); values.IsObject() {
		r.values = plainMap(values.ObjectValue())
	}
	if given := bare(in["timeout"]); seconds == 0 && given.IsNumber() {
		seconds = given.NumberValue()
	}
	if seconds > 0 {
		r.timeout = time.Duration(seconds * float64(time.Second))
	}
	return r
}

func isTrue(v resource.PropertyValue) bool {
	v = bare(v)
	return v.IsBool() && v.BoolValue()
}

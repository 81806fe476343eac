package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// settings is the provider's configuration. An unset setting falls back to the environment variable that the official
// plugin reads, then to the zero value.
type settings struct {
	kubeconfig        string // content or path; empty means the default loading rules (KUBECONFIG, ~/.kube/config)
	context           string // kubeconfig context; empty means the current one
	cluster           string // kubeconfig cluster that overrides the context's
	namespace         string // for namespaced objects that name none; empty means the context's, then "default"
	clusterIdentifier string // identity of the cluster; see DiffConfig

	deleteUnreachable           bool // a cluster that does not answer counts as gone when deleting
	skipUpdateUnreachable       bool // a cluster that does not answer leaves objects as recorded
	enableConfigMapMutable      bool // ConfigMap data is updated in place instead of replacing the object
	enableSecretMutable         bool // same for Secrets
	enablePatchForce            bool // take fields over from other managers without asking
	upsertExistingObjects       bool // take objects over that exist already
	suppressDeprecationWarnings bool

	qps   float64 // requests per second; default 200
	burst float64 // requests at once; default 400
}

// boolSetting is a switch: its key, the environment variable that sets its default, and its place.
type boolSetting struct {
	key   resource.PropertyKey
	env   string
	field func(*settings) *bool
}

var boolSettings = []boolSetting{
	{"deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE", func(s *settings) *bool { return &s.deleteUnreachable }},
	{"skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", func(s *settings) *bool { return &s.skipUpdateUnreachable }},
	{"enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", func(s *settings) *bool { return &s.enableConfigMapMutable }},
	{"enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE", func(s *settings) *bool { return &s.enableSecretMutable }},
	{"enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE", func(s *settings) *bool { return &s.enablePatchForce }},
	{"upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS", func(s *settings) *bool { return &s.upsertExistingObjects }},
	{"suppressDeprecationWarnings", "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS", func(s *settings) *bool { return &s.suppressDeprecationWarnings }},
}

// ignoredSettings belong to Helm and have no effect on what this provider does.
var ignoredSettings = []resource.PropertyKey{"helmReleaseSettings", "suppressHelmHookWarnings", "alwaysRender", "version", "pluginDownloadURL"}

// parseSettings reads the provider's inputs. Unknown values are left at their default: the engine never configures a
// provider before all of them are known.
func parseSettings(in resource.PropertyMap) (settings, []plugin.CheckFailure) {
	s := settings{qps: 200, burst: 400}
	var problems []plugin.CheckFailure
	refuse := func(key resource.PropertyKey, format string, args ...any) {
		problems = append(problems, plugin.CheckFailure{Property: key, Reason: fmt.Sprintf(format, args...)})
	}
	texts := map[resource.PropertyKey]*string{
		"kubeconfig": &s.kubeconfig, "context": &s.context, "cluster": &s.cluster,
		"namespace": &s.namespace, "clusterIdentifier": &s.clusterIdentifier,
	}
	for _, b := range boolSettings {
		value, err := boolFrom(os.Getenv(b.env))
		if err != nil {
			refuse(b.key, "environment variable %s: %s", b.env, err)
		}
		*b.field(&s) = value
	}
	for _, key := range in.StableKeys() {
		value := bare(in[key])
		if value.IsNull() || value.IsComputed() {
			continue
		}
		if text, ok := texts[key]; ok {
			if !value.IsString() {
				refuse(key, "must be a string, got %s", value.TypeString())
				continue
			}
			*text = value.StringValue()
			continue
		}
		i := slices.IndexFunc(boolSettings, func(b boolSetting) bool { return b.key == key })
		switch {
		case i >= 0:
			v, err := boolOf(value)
			if err != nil {
				refuse(key, "%s", err)
			}
			*boolSettings[i].field(&s) = v
		case key == "kubeClientSettings":
			if err := clientSettings(value, &s); err != nil {
				refuse(key, "%s", err)
			}
		case key == "enableServerSideApply":
			if on, err := boolOf(value); err != nil || !on {
				refuse(key, "must be true: the sandbox's provider has server-side apply only")
			}
		case key == "renderYamlToDirectory":
			refuse(key, "is not supported by the sandbox's provider: it applies objects to a cluster")
		case !slices.Contains(ignoredSettings, key):
			refuse(key, "is not a setting of the Kubernetes provider v%s", Version)
		}
	}
	if s.kubeconfig != "" {
		if _, err := loadKubeconfig(s.kubeconfig); err != nil {
			refuse("kubeconfig", "%s", err)
		}
	}
	return s, problems
}

// clientSettings reads kubeClientSettings, which arrives as an object or as its JSON text.
func clientSettings(value resource.PropertyValue, s *settings) error {
	raw := plain(value)
	if text, ok := raw.(string); ok {
		if err := json.Unmarshal([]byte(text), &raw); err != nil {
			return fmt.Errorf("must be an object: %w", err)
		}
	}
	fields, ok := raw.(map[string]any)
	if !ok {
		return fmt.Errorf("must be an object, got %s", value.TypeString())
	}
	for key, into := range map[string]*float64{"qps": &s.qps, "burst": &s.burst} {
		switch v := fields[key].(type) {
		case nil:
		case float64:
			*into = v
		case int64:
			*into = float64(v)
		default:
			return fmt.Errorf("%s: must be a number, got %v", key, v)
		}
	}
	return nil
}

func boolOf(v resource.PropertyValue) (bool, error) {
	switch {
	case v.IsBool():
		return v.BoolValue(), nil
	case v.IsString():
		return boolFrom(v.StringValue())
	}
	return false, fmt.Errorf("must be true or false, got %s", v.TypeString())
}

func boolFrom(text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("must be true or false, got %q", text)
	}
	return v, nil
}

// CheckConfig refuses settings that are mistyped, unknown, or not supported here.
func (p *Provider) CheckConfig(_ context.Context, req plugin.CheckConfigRequest) (plugin.CheckConfigResponse, error) {
	_, problems := parseSettings(req.News)
	return plugin.CheckConfigResponse{Properties: req.News, Failures: problems}, nil
}

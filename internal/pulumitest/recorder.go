// Package pulumitest runs a Pulumi program without an engine and records what it registers, so that tests can ask
// about it: which resources, with which inputs, options and parents.
//
// Each resource gets an id and an ARN of the kind that AWS gives. What a program cannot have from its own inputs, such
// as the answer of a data source or the outputs of a remote component, has to be told with Invoke and Outputs; an
// invoke that nobody told about is an error.
//
// Under mocks nothing is checked against a provider's schema and default tags are not filled in; the sandbox does that.
package pulumitest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// Project is the name of the Pulumi project that programs run in.
const Project = "cloudinsight"

// Option changes how a program is run.
type Option func(*run)

type run struct {
	t       testing.TB
	stack   string
	config  map[string]string
	preview bool
	outputs map[string]func(*Resource) map[string]any
	invokes map[string]func(map[string]any) map[string]any
	// stacks are the outputs of other stacks by their full name.
	stacks map[string]map[string]any
	// references by the remote component that hands them out.
	references map[string][]reference
}

// Stack runs the program as the project's own stack, with the values of its Pulumi.<stack>.yaml (default a stack named
// test without configuration).
func Stack(name string) Option {
	return func(r *run) {
		r.stack = name
		r.config = StackConfig(r.t, name)
	}
}

// Config gives the program these values, by key with namespace.
func Config(values map[string]string) Option {
	return func(r *run) { r.config = values }
}

// Preview runs the program as a preview does: ids and outputs are unknown.
func Preview() Option {
	return func(r *run) { r.preview = true }
}

// Outputs gives each resource of a type these outputs on top of its inputs. The resource is complete, so they may be
// made from its name, id and inputs.
func Outputs(token string, outputs func(*Resource) map[string]any) Option {
	return func(r *run) { r.outputs[token] = outputs }
}

// Invoke answers a data source.
func Invoke(token string, answer func(args map[string]any) map[string]any) Option {
	return func(r *run) { r.invokes[token] = answer }
}

// Run runs the program and fails the test when it fails.
func Run(t testing.TB, program pulumi.RunFunc, options ...Option) *Recorder {
	t.Helper()
	recorder, err := RunErr(t, program, options...)
	require.NoError(t, err)
	return recorder
}

// RunErr runs the program and returns its error together with what it had registered by then. The test must not be
// parallel: configuration reaches a program through the environment.
func RunErr(t testing.TB, program pulumi.RunFunc, options ...Option) (*Recorder, error) {
	t.Helper()
	r := &run{
		t:       t,
		stack:   "test",
		config:  map[string]string{},
		outputs: map[string]func(*Resource) map[string]any{},
		invokes: map[string]func(map[string]any) map[string]any{},

		stacks:     map[string]map[string]any{},
		references: map[string][]reference{},
	}
	for _, option := range options {
		option(r)
	}
	text, err := json.Marshal(r.config)
	require.NoError(t, err)
	t.Setenv(pulumi.EnvConfig, string(text))

	recorder := &Recorder{run: r, byURN: map[string]*Resource{}}
	err = pulumi.RunErr(r.withStands(program), pulumi.WithMocks(Project, r.stack, recorder), func(info *pulumi.RunInfo) {
		info.DryRun = r.preview
		info.Config = r.config
	})
	return recorder, err
}

// Recorder holds what a program registered. It is safe for the concurrent calls of a program; ask it when the program
// has ended.
type Recorder struct {
	run *run

	mutex sync.Mutex
	byURN map[string]*Resource
}

// Resource is one registered resource.
type Resource struct {
	Type, Name, URN, ID string
	// Custom resources live at a provider; the others are components.
	Custom bool
	// Parent is nil for a child of the stack.
	Parent *Resource
	// Inputs are plain Go values: maps, lists, text, float64, bool, or Secret. A preview leaves out what it does not know.
	Inputs map[string]any
	// Provider is the name of the explicit provider, empty for the default one.
	Provider string
	Options
}

// Options are the resource options that a registration carried.
type Options struct {
	Protect, RetainOnDelete, DeleteBeforeReplace bool
	// DependsOn holds URNs; Aliases URNs, or type and name where those were given.
	DependsOn, Aliases              []string
	IgnoreChanges, ReplaceOnChanges []string
}

// All returns the resources ordered by type and name.
func (r *Recorder) All() []*Resource {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var all []*Resource
	for _, found := range r.byURN {
		all = append(all, found)
	}
	slices.SortFunc(all, func(a, b *Resource) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name), strings.Compare(a.URN, b.URN))
	})
	return all
}

// OfType returns the resources of one type, ordered by name.
func (r *Recorder) OfType(token string) []*Resource {
	return r.where(func(found *Resource) bool { return found.Type == token })
}

// Count returns how many resources there are of one type.
func (r *Recorder) Count(token string) int { return len(r.OfType(token)) }

// Children returns the resources whose parent is this one.
func (r *Recorder) Children(of *Resource) []*Resource {
	return r.where(func(found *Resource) bool { return found.Parent == of })
}

func (r *Recorder) where(matches func(*Resource) bool) []*Resource {
	return slices.DeleteFunc(r.All(), func(found *Resource) bool { return !matches(found) })
}

// Named returns the resource of a type and name, and fails the test when there is not exactly one.
func (r *Recorder) Named(t testing.TB, token, name string) *Resource {
	t.Helper()
	found := r.where(func(one *Resource) bool { return one.Type == token && one.Name == name })
	if len(found) != 1 {
		var names []string
		for _, one := range r.OfType(token) {
			names = append(names, one.Name)
		}
		require.Failf(t, "no such resource", "%s %q: want one, got %d; of the type there are %q", token, name, len(found), names)
	}
	return found[0]
}

// Input returns the value at a property path such as "tags.Name" or "ingress[0].fromPort"; nil where there is none.
func (r *Resource) Input(path string) any {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		panic(fmt.Sprintf("pulumitest: path %q: %v", path, err))
	}
	var value any = r.Inputs
	for _, step := range parsed {
		switch at := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[at]
		case int:
			list, _ := value.([]any)
			if at < 0 || at >= len(list) {
				return nil
			}
			value = list[at]
		}
	}
	return value
}

// DependsOnNamed says whether the resource waits for the one of a type and name, as an option or through an input.
func (r *Resource) DependsOnNamed(token, name string) bool {
	return slices.ContainsFunc(r.DependsOn, func(urn string) bool {
		parsed := resource.URN(urn)
		return string(parsed.Type()) == token && parsed.Name() == name
	})
}

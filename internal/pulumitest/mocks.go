package pulumitest

import (
	"fmt"
	"hash/fnv"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// AccountID and Region are where recorded resources live.
const (
	AccountID = "111122223333"
	Region    = "af-south-1"
)

// Call answers an invoke with what Invoke was told.
func (r *Recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	answer, ok := r.run.invokes[args.Token]
	if !ok {
		return nil, fmt.Errorf("invoke %s: not answered in this test; tell pulumitest.Invoke", args.Token)
	}
	return resource.NewPropertyMapFromMap(answer(plain(args.Args))), nil
}

// NewResource records a registration and makes up the state that a provider would have answered.
func (r *Recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.TypeToken == stackReference {
		return r.run.stackOutputs(args.ID)
	}
	if args.RegisterRPC == nil {
		return "", nil, fmt.Errorf("read of %s %q: a program makes what it needs, it reads nothing", args.TypeToken, args.Name)
	}
	if state, ok := r.run.stand(args.TypeToken, args.Name); ok {
		return "stand", state, nil
	}
	found := &Resource{
		Type:     args.TypeToken,
		Name:     args.Name,
		Custom:   args.Custom,
		Inputs:   plain(args.Inputs),
		Provider: providerName(args.Provider),
		Options:  optionsOf(args.RegisterRPC),
	}
	if err := r.record(found, args.RegisterRPC.GetParent()); err != nil {
		return "", nil, err
	}

	state := args.Inputs.Copy()
	if r.run.preview {
		// Nothing exists yet; what the state lacks, the SDK takes for unknown.
		return "", state, nil
	}
	maps.Copy(state, resource.NewPropertyMapFromMap(r.outputs(found)))
	maps.Copy(state, r.run.referenced(found.Type))
	return found.ID, state, nil
}

func (r *Recorder) record(found *Resource, parent string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	parentType := tokens.Type("")
	if urn := resource.URN(parent); parent != "" && urn.QualifiedType() != resource.RootStackType {
		parentType = urn.QualifiedType()
		found.Parent = r.byURN[parent]
	}
	urn := resource.NewURN(tokens.QName(r.run.stack), Project, parentType, tokens.Type(found.Type), found.Name)
	found.URN = string(urn)
	if r.byURN[found.URN] != nil {
		return fmt.Errorf("%s: registered twice", found.URN)
	}
	r.byURN[found.URN] = found
	if found.Custom {
		found.ID = idOf(found)
	}
	return nil
}

// outputs are those that components read: the ARN, what its type has on top, and what the test has told.
func (r *Recorder) outputs(found *Resource) map[string]any {
	outputs := map[string]any{}
	if found.Custom {
		if arn := arnOf(found); arn != "" {
			outputs["arn"] = arn
		}
		if more, ok := typeOutputs[found.Type]; ok {
			maps.Copy(outputs, more(found))
		}
	}
	if told, ok := r.run.outputs[found.Type]; ok {
		maps.Copy(outputs, told(found))
	}
	return outputs
}

func optionsOf(rpc *pulumirpc.RegisterResourceRequest) Options {
	options := Options{
		Protect:             rpc.GetProtect(),
		RetainOnDelete:      rpc.GetRetainOnDelete(),
		DeleteBeforeReplace: rpc.GetDeleteBeforeReplace(),
		DependsOn:           rpc.GetDependencies(),
		IgnoreChanges:       rpc.GetIgnoreChanges(),
		ReplaceOnChanges:    rpc.GetReplaceOnChanges(),
	}
	for _, alias := range rpc.GetAliases() {
		if spec := alias.GetSpec(); spec != nil {
			options.Aliases = append(options.Aliases, strings.Trim(spec.GetType()+" "+spec.GetName(), " "))
		} else {
			options.Aliases = append(options.Aliases, alias.GetUrn())
		}
	}
	return options
}

// Secret wraps an input that Pulumi keeps encrypted.
type Secret struct{ Value any }

// plain turns properties into Go values.
func plain(properties resource.PropertyMap) map[string]any {
	return properties.MapRepl(nil, plainValue)
}

func plainValue(value resource.PropertyValue) (any, bool) {
	switch {
	case value.IsSecret():
		return Secret{value.SecretValue().Element.MapRepl(nil, plainValue)}, true
	case value.IsResourceReference():
		return string(value.ResourceReferenceValue().URN), true
	default:
		return nil, false
	}
}

// providerName takes the name out of a reference, which is a URN and an id; default providers have none.
func providerName(reference string) string {
	urn, _, ok := strings.Cut(reference, "::pulumi:providers:")
	if !ok || urn == "" {
		return ""
	}
	full := reference[:strings.LastIndex(reference, "::")]
	return resource.URN(full).Name()
}

// digits is a stable text of hexadecimal digits for a resource.
func digits(found *Resource, n int) string {
	hash := fnv.New128a()
	hash.Write([]byte(found.URN))
	return fmt.Sprintf("%x", hash.Sum(nil))[:n]
}

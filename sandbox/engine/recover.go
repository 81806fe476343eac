package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/cloudinsight/platform/sandbox/account"
)

// repair is what to do about the operations that a killed engine had begun.
type repair struct {
	adopt map[resource.URN]string // resources that may have been made, with the id to look for
	todo  todo
	notes []string // for the operator
}

// todo is what the engine has to do once its state is settled.
type todo struct {
	LookUp []string `json:"lookUp,omitempty"` // resources that may have been made or changed
	Delete []string `json:"delete,omitempty"` // resources whose deletion had begun
}

func (t todo) empty() bool { return len(t.LookUp)+len(t.Delete) == 0 }

// recover settles the operations that a killed engine left open, so that nothing is made twice and nothing is orphaned.
// What may exist is put into the state and then looked up by the engine itself, which drops what is not there.
func (s *session) recover(ctx context.Context) ([]string, error) {
	state, err := s.readState(s.env)
	if err != nil {
		return nil, err
	}
	rest, err := s.unfinishedRepair()
	if err != nil || len(state.pending) == 0 && rest.empty() {
		return nil, err
	}
	if len(state.pending) == 0 {
		return nil, s.finish(ctx, rest)
	}
	fmt.Fprintf(s.Out, "repairing %s: an engine was killed in the middle of %d operations\n", s.env, len(state.pending))
	var r repair
	err = s.account.View(func(a *account.State) error {
		r = planRepair(state, func(urn resource.URN, known map[string]bool) string {
			for _, made := range a.Resources {
				if made.URN == string(urn) && !known[made.ID] {
					return made.ID
				}
			}
			return ""
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	rest.LookUp = append(rest.LookUp, r.todo.LookUp...)
	rest.Delete = append(rest.Delete, r.todo.Delete...)
	// Noted first: once the state is settled, nothing else says what has to be done.
	if err := s.noteRepair(rest); err != nil {
		return nil, err
	}
	exported, err := s.stack.Export(ctx)
	if err != nil {
		return nil, fmt.Errorf("sandbox: read the state of %s: %w", s.env, err)
	}
	if exported.Deployment, err = settle(exported.Deployment, r.adopt); err != nil {
		return nil, fmt.Errorf("sandbox: repair the state of %s: %w", s.env, err)
	}
	if err := s.stack.Import(ctx, exported); err != nil {
		return nil, fmt.Errorf("sandbox: repair the state of %s: %w", s.env, err)
	}
	return r.notes, s.finish(ctx, rest)
}

// planRepair decides about each open operation. inAccount finds the AWS resource that a URN has made, other than the
// known ones.
func planRepair(state stackState, inAccount func(resource.URN, map[string]bool) string) repair {
	r := repair{adopt: map[resource.URN]string{}}
	note := func(op apitype.OperationV2, outcome string) {
		r.notes = append(r.notes, fmt.Sprintf("%s: interrupted while %s, %s", label(string(op.Resource.URN)), op.Type, outcome))
	}
	for _, op := range state.pending {
		if !op.Resource.Custom || isProvider(op.Resource) {
			continue
		}
		urn := op.Resource.URN
		recorded := state.find(string(urn))
		switch {
		case op.Type == apitype.OperationTypeCreating:
			id := findMade(op.Resource, recorded, inAccount)
			if id == "" {
				note(op, "not made")
				continue
			}
			r.adopt[urn] = id
			r.todo.LookUp = append(r.todo.LookUp, string(urn))
			note(op, "looked up as "+id)
		case len(recorded) == 0:
		case op.Type == apitype.OperationTypeDeleting && len(recorded) == 1 && !recorded[0].Delete:
			r.todo.Delete = append(r.todo.Delete, string(urn))
			note(op, "deleted")
		case op.Type == apitype.OperationTypeDeleting:
			// The old half of a replacement is marked for deletion, and the next run sees to it.
		default:
			r.todo.LookUp = append(r.todo.LookUp, string(urn))
			note(op, "looked up again")
		}
	}
	return r
}

// findMade returns the id under which a resource may have been made, other than those that are recorded.
func findMade(r apitype.ResourceV3, recorded []apitype.ResourceV3, inAccount func(resource.URN, map[string]bool) string) string {
	known := map[string]bool{}
	for _, old := range recorded {
		known[string(old.ID)] = true
	}
	switch pkg, _, _ := strings.Cut(string(r.Type), ":"); pkg {
	case "aws":
		return inAccount(r.URN, known)
	case "kubernetes":
		if id := objectID(r.Inputs); !known[id] {
			return id
		}
	}
	return ""
}

func isProvider(r apitype.ResourceV3) bool {
	return strings.HasPrefix(string(r.Type), "pulumi:providers:")
}

// objectID is the id that the Kubernetes provider gives an object: namespace/name, or the name outside namespaces.
func objectID(inputs map[string]any) string {
	metadata, _ := inputs["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	if namespace, _ := metadata["namespace"].(string); namespace != "" && name != "" {
		return namespace + "/" + name
	}
	return name
}

// settle removes the open operations from a deployment and adds the resources to adopt. What it does not know of the
// deployment's format stays as it is.
func settle(deployment json.RawMessage, adopt map[resource.URN]string) (json.RawMessage, error) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(deployment, &whole); err != nil {
		return nil, err
	}
	var resources []map[string]any
	var pending []struct {
		Resource map[string]any        `json:"resource"`
		Type     apitype.OperationType `json:"type"`
	}
	for key, into := range map[string]any{"resources": &resources, "pending_operations": &pending} {
		if raw, ok := whole[key]; ok {
			decoder := json.NewDecoder(strings.NewReader(string(raw)))
			decoder.UseNumber()
			if err := decoder.Decode(into); err != nil {
				return nil, err
			}
		}
	}
	for _, op := range pending {
		urn, _ := op.Resource["urn"].(string)
		id, ok := adopt[resource.URN(urn)]
		if !ok || op.Type != apitype.OperationTypeCreating {
			continue
		}
		resources = supersede(resources, urn)
		op.Resource["id"] = id
		resources = append(resources, op.Resource)
	}
	delete(whole, "pending_operations")
	var err error
	if whole["resources"], err = json.Marshal(resources); err != nil {
		return nil, err
	}
	return json.Marshal(whole)
}

// supersede does to the predecessor of a replacement what the engine would have done: one that is deleted already goes,
// one that still exists is marked for deletion.
func supersede(resources []map[string]any, urn string) []map[string]any {
	kept := resources[:0]
	for _, r := range resources {
		if r["urn"] == urn && r["delete"] != true {
			if r["pendingReplacement"] == true {
				continue
			}
			r["delete"] = true
		}
		kept = append(kept, r)
	}
	return kept
}

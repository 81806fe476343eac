package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/cloudinsight/platform/sandbox/account"
)

// repair is what to do about the operations that a killed engine had begun.
type repair struct {
	adopt map[resource.URN]string // resources that may have been made, with the id to look for
	check []resource.URN          // resources that may have been changed or deleted
	notes []string                // for the operator
}

// recover settles the operations that a killed engine left open, so that nothing is made twice and nothing is orphaned.
// What may exist is put into the state and then looked up by the engine itself, which drops what is not there.
func (s *session) recover(ctx context.Context) ([]string, error) {
	state, err := s.readState(s.env)
	if err != nil {
		return nil, err
	}
	targets, err := s.unfinishedRepair()
	if err != nil || len(state.pending) == 0 && len(targets) == 0 {
		return nil, err
	}
	if len(state.pending) == 0 {
		return nil, s.lookUp(ctx, targets)
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
	for urn := range r.adopt {
		targets = append(targets, string(urn))
	}
	for _, urn := range r.check {
		targets = append(targets, string(urn))
	}
	// Noted first: once the state is settled, nothing else says that these have to be looked up.
	if err := s.noteRepair(targets); err != nil {
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
	return r.notes, s.lookUp(ctx, targets)
}

// lookUp has the engine read the resources from the account and the cluster, and ends the repair.
func (s *session) lookUp(ctx context.Context, targets []string) error {
	state, err := s.readState(s.env)
	if err != nil {
		return err
	}
	present := map[string]bool{}
	for _, r := range state.resources {
		present[string(r.URN)] = true
	}
	// A target that a killed repair has dropped already would be an error.
	targets = slices.DeleteFunc(targets, func(urn string) bool { return !present[urn] })
	if len(targets) > 0 {
		_, err := s.run(ctx, "refresh", func(ctx context.Context, sink eventSink) error {
			_, err := s.stack.Refresh(ctx, optrefresh.Target(targets), optrefresh.EventStreams(sink), optrefresh.SuppressProgress())
			return err
		})
		if err != nil {
			return fmt.Errorf("sandbox: look up what %s has: %w", s.env, err)
		}
	}
	return s.noteRepair(nil)
}

func (s *session) repairFile() string { return filepath.Join(s.projectDir(s.env), "repair.json") }

// noteRepair keeps the resources that are still to be looked up, in case this run is killed too.
func (s *session) noteRepair(targets []string) error {
	if len(targets) == 0 {
		if err := os.Remove(s.repairFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sandbox: %w", err)
		}
		return nil
	}
	content, err := json.Marshal(targets)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return writeFile(s.repairFile(), content, 0o600)
}

func (s *session) unfinishedRepair() ([]string, error) {
	content, err := os.ReadFile(s.repairFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var targets []string
	if err == nil {
		err = json.Unmarshal(content, &targets)
	}
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return targets, nil
}

// planRepair decides about each open operation. inAccount finds the AWS resource that a URN has made, other than the
// known ones.
func planRepair(state stackState, inAccount func(resource.URN, map[string]bool) string) repair {
	known := map[resource.URN]map[string]bool{}
	for _, r := range state.resources {
		if known[r.URN] == nil {
			known[r.URN] = map[string]bool{}
		}
		known[r.URN][string(r.ID)] = true
	}
	r := repair{adopt: map[resource.URN]string{}}
	note := func(op apitype.OperationV2, outcome string) {
		r.notes = append(r.notes, fmt.Sprintf("%s: interrupted while %s, %s", label(string(op.Resource.URN)), op.Type, outcome))
	}
	for _, op := range state.pending {
		urn := op.Resource.URN
		if op.Type != apitype.OperationTypeCreating {
			if known[urn] != nil && op.Resource.Custom && !isProvider(op.Resource) {
				r.check = append(r.check, urn)
				note(op, "looked up again")
			}
			continue
		}
		id := ""
		switch pkg, _, _ := strings.Cut(string(op.Resource.Type), ":"); {
		case !op.Resource.Custom || isProvider(op.Resource):
		case pkg == "aws":
			id = inAccount(urn, known[urn])
		case pkg == "kubernetes":
			if id = objectID(op.Resource.Inputs); known[urn][id] {
				id = ""
			}
		}
		if id == "" {
			note(op, "not made")
			continue
		}
		r.adopt[urn] = id
		note(op, "looked up as "+id)
	}
	return r
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

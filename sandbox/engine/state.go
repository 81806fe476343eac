package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// stackState is what the engine has recorded of a stack.
type stackState struct {
	resources []apitype.ResourceV3
	pending   []apitype.OperationV2 // begun by an engine that did not live to see the end
}

// readState reads a stack's state from the file backend; a stack that was never brought up has none. Reading the file
// saves a call of the CLI, which takes longer than everything else here.
func (e *Engine) readState(env string) (stackState, error) {
	path := filepath.Join(e.stateDir(), ".pulumi", "stacks", e.project.Name, env+".json")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return stackState{}, nil
	}
	if err != nil {
		return stackState{}, fmt.Errorf("sandbox: %w", err)
	}
	var versioned apitype.VersionedCheckpoint
	if err := json.Unmarshal(content, &versioned); err != nil {
		return stackState{}, fmt.Errorf("%s: %w", path, err)
	}
	var checkpoint apitype.CheckpointV3
	if err := json.Unmarshal(versioned.Checkpoint, &checkpoint); err != nil {
		return stackState{}, fmt.Errorf("%s: %w", path, err)
	}
	if checkpoint.Latest == nil {
		return stackState{}, nil
	}
	return stackState{resources: checkpoint.Latest.Resources, pending: checkpoint.Latest.PendingOperations}, nil
}

// find returns what is recorded under a URN: none, one, or the halves of a replacement.
func (s stackState) find(urn string) []apitype.ResourceV3 {
	var found []apitype.ResourceV3
	for _, r := range s.resources {
		if string(r.URN) == urn {
			found = append(found, r)
		}
	}
	return found
}

// outputs are the stack's outputs; those that are secret are named, not shown.
func (s stackState) outputs() map[string]any {
	for _, r := range s.resources {
		if r.Type == resource.RootStackType {
			shown := map[string]any{}
			for name, value := range r.Outputs {
				shown[name] = withoutSecrets(value)
			}
			return shown
		}
	}
	return nil
}

// secretShown stands where a secret is.
const secretShown = "[secret]"

// withoutSecrets replaces what the engine has marked as secret.
func withoutSecrets(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if v[resource.SigKey] == resource.SecretSig {
			return secretShown
		}
		shown := make(map[string]any, len(v))
		for k, item := range v {
			shown[k] = withoutSecrets(item)
		}
		return shown
	case []any:
		shown := make([]any, len(v))
		for i, item := range v {
			shown[i] = withoutSecrets(item)
		}
		return shown
	default:
		return value
	}
}

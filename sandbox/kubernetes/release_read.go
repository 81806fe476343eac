package kubernetes

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// readRelease returns the release as its record has it. One whose definitions somebody deleted is reported, and the next
// run brings them back.
func (p *Provider) readRelease(ctx context.Context, req plugin.ReadRequest) (plugin.ReadResponse, error) {
	s, c, err := p.configured()
	if err != nil {
		return plugin.ReadResponse{}, err
	}
	r := newRelease(req.URN, req.Inputs, req.Timeout)
	r.object = r.object.withID(req.ID)
	ctx, done := p.operation(about(ctx, req.URN))
	defer done()
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	var found *releaseRecord
	err = p.settleReachable(ctx, r.request, func() error {
		if err := c.connect(); err != nil {
			return err
		}
		found, _, err = c.readRecord(ctx, r)
		return err
	})
	switch {
	case unreachable(err) && s.deleteUnreachable:
		p.log.warning(req.URN, fmt.Sprintf("%s: taken as gone: the cluster cannot be reached", r.object))
		return plugin.ReadResponse{}, nil
	case unreachable(err) && s.skipUpdateUnreachable:
		return plugin.ReadResponse{ReadResult: plugin.ReadResult{ID: req.ID, Inputs: req.Inputs, Outputs: req.State}}, nil
	case err != nil:
		return plugin.ReadResponse{}, describe(r.request, err)
	case found == nil:
		return plugin.ReadResponse{}, nil
	}
	in := refreshedRelease(r, *found)
	in["name"], in["namespace"] = resource.NewStringProperty(r.object.name), resource.NewStringProperty(r.object.namespace)
	seen := newRelease(req.URN, in, req.Timeout)
	out, err := p.releaseOutputs(ctx, c, seen, found.Revision)
	if err != nil {
		return plugin.ReadResponse{}, describe(r.request, err)
	}
	if o, wanted := seen.operator(); wanted {
		missing, err := p.missingDefinitions(ctx, c, o)
		if err != nil {
			return plugin.ReadResponse{}, describe(r.request, err)
		}
		if len(missing) > 0 {
			reason := fmt.Sprintf("%s: its definitions are gone: %s", r.object, strings.Join(missing, ", "))
			return plugin.ReadResponse{}, notReady(req.ID, in, out, []string{reason})
		}
	}
	return plugin.ReadResponse{ReadResult: plugin.ReadResult{ID: req.ID, Inputs: in, Outputs: out}}, nil
}

// diffRelease compares two states of a release. Another name or namespace is another release; the old one goes first,
// since both may need the same definitions.
func diffRelease(req plugin.DiffRequest) plugin.DiffResponse {
	show := func(in resource.PropertyMap) resource.PropertyMap {
		return reveal(resource.NewObjectProperty(in)).ObjectValue()
	}
	detailed := plugin.NewDetailedDiffFromObjectDiff(show(req.OldInputs).Diff(show(req.NewInputs)), true)
	if len(detailed) == 0 {
		return plugin.DiffResponse{Changes: plugin.DiffNone}
	}
	for _, path := range []string{"name", "namespace"} {
		if d, ok := detailed[path]; ok {
			detailed[path] = d.ToReplace()
		}
	}
	return plugin.DiffResponse{Changes: plugin.DiffSome, DetailedDiff: detailed, DeleteBeforeReplace: true}
}

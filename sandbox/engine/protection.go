package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"gopkg.in/yaml.v3"
)

// protectionKey is the area of a stack's file that says what is protected from replacement and deletion.
const protectionKey = "protection"

// protected are the resources that the engine refuses to replace or delete.
func (s stackState) protected() []apitype.ResourceV3 {
	return slices.DeleteFunc(slices.Clone(s.resources), func(r apitype.ResourceV3) bool { return !r.Protect })
}

// refuseLocked is the error of taking down an environment that has protected resources, unless its file says that it may be.
func (e *Engine) refuseLocked(env string) error {
	state, err := e.readState(env)
	if err != nil {
		return err
	}
	protected := state.protected()
	if len(protected) == 0 {
		return nil
	}
	unlocked, err := e.project.unlocked(env)
	if err != nil || unlocked {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "down %s: nothing was touched, since these parts hold data and are protected:\n", env)
	for _, part := range partsOf(protected) {
		fmt.Fprintf(&b, "  %s\n", part)
	}
	fmt.Fprintf(&b, "To remove them on purpose, with all that they hold, write into %s\n"+
		"  config:\n    %s:\n      locked: false\n"+
		"and repeat make down ENV=%s. It lifts the protection with an update first, then deletes; final snapshots are taken and kept.",
		stackFile(env), e.project.area(protectionKey), env)
	return errors.New(b.String())
}

// partsOf lists resources by the part of the stack that they belong to, one part a line: "documentdb: aws:docdb:Cluster".
func partsOf(resources []apitype.ResourceV3) []string {
	types := map[string][]string{}
	var order []string
	for _, r := range resources {
		name := part(string(r.URN))
		if types[name] == nil {
			order = append(order, name)
		}
		if t := shortType(string(r.Type)); !slices.Contains(types[name], t) {
			types[name] = append(types[name], t)
		}
	}
	slices.Sort(order)
	for i, name := range order {
		order[i] = name + ": " + strings.Join(types[name], ", ")
	}
	return order
}

// lift updates the environment with nothing protected, so that the program switches off the deletion protection of AWS
// as well as that of Pulumi. An environment that is half made is not completed for that: only what is protected is updated.
func (s *session) lift(ctx context.Context, complete bool) error {
	state, err := s.readState(s.env)
	if err != nil {
		return err
	}
	protected := state.protected()
	if len(protected) == 0 {
		return nil
	}
	if err := s.project.lift(s.projectDir(s.env), s.env); err != nil {
		return err
	}
	var targets []string
	for _, r := range protected {
		targets = append(targets, string(r.URN))
	}
	if complete {
		targets = nil
	}
	fmt.Fprintf(s.Out, "lifting the protection of %d resources of %s\n", len(protected), s.env)
	_, failure := s.run(ctx, "up", func(ctx context.Context, sink eventSink) error {
		_, err := s.stack.Up(ctx, optup.Target(targets), optup.EventStreams(sink), optup.SuppressProgress(), optup.SuppressOutputs())
		return err
	})
	if failure == nil || ctx.Err() != nil {
		return failure
	}
	if state, err = s.readState(s.env); err != nil {
		return err
	}
	if left := state.protected(); len(left) > 0 {
		return fmt.Errorf("down %[1]s: nothing was deleted, since the protection of %[2]s could not be lifted: %[3]w\n"+
			"Mend that and repeat make down ENV=%[1]s: what is lifted stays so. Undo changes of the settings that make up has not "+
			"applied yet. What cannot be mended is lifted by hand: see docs/sandbox.md, \"Down, on purpose\"",
			s.env, strings.Join(partsOf(left), "; "), failure)
	}
	// What failed was something else, which is about to be deleted anyway.
	fmt.Fprintf(s.Out, "nothing is protected any more; going on after this:\n%s\n", failure)
	return nil
}

// area is the full name of an area of the configuration.
func (p project) area(name string) string { return p.Name + ":" + name }

// unlocked says whether a stack's file allows its protection to be lifted as a whole.
func (p project) unlocked(stack string) (bool, error) {
	settings, err := readYAML(filepath.Join(p.dir, stackFile(stack)))
	if err != nil {
		return false, err
	}
	locked := field(field(field(settings, "config"), p.area(protectionKey)), "locked")
	if locked == nil {
		return false, nil
	}
	var value bool
	if err := locked.Decode(&value); err != nil {
		return false, fmt.Errorf("%s: %s.locked: must be true or false, got %q", stackFile(stack), protectionKey, locked.Value)
	}
	return !value, nil
}

// lift rewrites the sandbox's copy of a stack's file: nothing is protected. The rest of the area stays.
func (p project) lift(dir, stack string) error {
	settings, err := p.stackSettings(dir, stack)
	if err != nil {
		return err
	}
	area := ensure(ensure(settings, "config"), p.area(protectionKey))
	set(area, "locked", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
	set(area, "unprotected", &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{scalar("all")}})
	return writeYAML(filepath.Join(dir, stackFile(stack)), settings)
}

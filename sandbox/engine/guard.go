package engine

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// What the engine says of a protected resource. Its advice, to lift the protection in the state, would leave that of AWS on.
var (
	refusedReplace = regexp.MustCompile(`unable to replace resource "([^"]+)"(?:\s+as part of replacing "([^"]+)")?\s+as it is currently marked for protection`)
	refusedDelete  = regexp.MustCompile(`resource "([^"]+)" cannot be deleted\s+because it is protected`)
)

// refusal is a protected resource that a run would have replaced or deleted.
type refusal struct {
	urn     string
	along   string // the resource that it would have been replaced along with
	deleted bool   // it is not in the program any more
}

func refusalOf(d Diagnostic) (refusal, bool) {
	if m := refusedReplace.FindStringSubmatch(d.Message); m != nil {
		return refusal{urn: m[1], along: m[2]}, true
	}
	if m := refusedDelete.FindStringSubmatch(d.Message); m != nil {
		return refusal{urn: m[1], deleted: true}, true
	}
	return refusal{}, false
}

// foresee finds what a run would have to replace or delete although it is protected, before anything is changed: the engine
// itself stops on the way. Only an environment that has something protected is asked; other errors are for the run to say.
func (s *session) foresee(ctx context.Context) error {
	state, err := s.readState(s.env)
	if err != nil || len(state.protected()) == 0 {
		return err
	}
	result, err := s.preview(ctx)
	var failure *Failure
	if !errors.As(err, &failure) || !slices.ContainsFunc(failure.Diagnostics, isRefusal) {
		return ctx.Err()
	}
	failure.Operation = "up"
	return s.explain(result, failure)
}

// explain turns what a preview says of protected resources into what the operator needs to know: which property it was, what
// would be lost, and what to do. Other errors stay as they are.
func (s *session) explain(result Result, err error) error {
	var failure *Failure
	if !errors.As(err, &failure) || !slices.ContainsFunc(failure.Diagnostics, isRefusal) {
		return err
	}
	state, stateErr := s.readState(s.env)
	if stateErr != nil {
		return errors.Join(failure, stateErr)
	}
	for i, d := range failure.Diagnostics {
		if r, ok := refusalOf(d); ok {
			failure.Diagnostics[i] = Diagnostic{Severity: Error, URN: r.urn, Message: r.text(s, result.Steps, state)}
		}
	}
	return failure
}

func isRefusal(d Diagnostic) bool {
	_, ok := refusalOf(d)
	return ok
}

func (r refusal) text(s *session, steps []Step, state stackState) string {
	var b strings.Builder
	why, act := "must be replaced for this change, and is protected:", "replaced"
	switch {
	case r.deleted:
		why, act = "is not in the settings any more, and is protected from being deleted", "deleted"
	case r.along != "":
		why = "would be replaced along with " + label(r.along) + ", and is protected"
	}
	b.WriteString(why)
	forced := 0
	for _, step := range steps {
		for _, p := range step.Properties {
			if step.URN == r.urn && p.Replaces {
				fmt.Fprintf(&b, "\n  %s: %s → %s", p.Path, p.Old, p.New)
				forced++
			}
		}
	}
	if !r.deleted && r.along == "" && forced == 0 {
		b.WriteString("\n  (the preview says which property)")
	}
	fmt.Fprintf(&b, "\nWhen it is %s, %s.", act, r.loss(state))
	fmt.Fprintf(&b, "\nTo go on without: undo the change. To do it on purpose, in two steps: undo it, add %q to unprotected under %s in %s,\n"+
		"and run make up ENV=%s, which turns its deletion protection off; then make the change again.",
		part(r.urn), s.project.area(protectionKey), stackFile(s.env), s.env)
	return b.String()
}

// losses say what goes with a resource, by type.
var losses = map[string]string{
	"aws:s3/bucketV2:BucketV2":         "all objects in it are lost, their old versions included",
	"aws:s3/bucket:Bucket":             "all objects in it are lost, their old versions included",
	"aws:kms/key:Key":                  "everything that it has encrypted can't be read any more, once its waiting time is over",
	"aws:kms/replicaKey:ReplicaKey":    "copies that it has encrypted can't be read any more, once its waiting time is over",
	"aws:msk/cluster:Cluster":          "all topics with their messages are lost: MSK keeps no backup",
	"aws:backup/vault:Vault":           "the recovery points in it are lost",
	"aws:ecr/repository:Repository":    "all images in it are lost",
	"aws:secretsmanager/secret:Secret": "its value is lost, once its waiting time is over",
}

// snapshotted are the types that take a final snapshot, unless they are told not to.
var snapshotted = []string{
	"aws:rds/instance:Instance", "aws:rds/cluster:Cluster", "aws:docdb/cluster:Cluster", "aws:elasticache/replicationGroup:ReplicationGroup",
}

// loss says what would be gone with the resource.
func (r refusal) loss(state stackState) string {
	var old apitype.ResourceV3
	if found := state.find(r.urn); len(found) > 0 {
		old = found[0]
	}
	if text, ok := losses[string(old.Type)]; ok {
		return text
	}
	if !slices.Contains(snapshotted, string(old.Type)) {
		return "what it holds is lost"
	}
	if snapshot, _ := old.Inputs["finalSnapshotIdentifier"].(string); snapshot != "" && old.Inputs["skipFinalSnapshot"] != true {
		return fmt.Sprintf("the new one is empty: the data of the old one is in the final snapshot %q only", snapshot)
	}
	return "all its data is lost: it takes no final snapshot"
}

package kubernetes

import (
	"os"
	"strings"
	"time"
)

// Environment variables that shorten or lengthen the provider's patience (Go durations; used by tests).
const (
	envFailAfter          = "SANDBOX_KUBERNETES_FAIL_AFTER"
	envUnschedulableAfter = "SANDBOX_KUBERNETES_UNSCHEDULABLE_AFTER"
	envCrashAfter         = "SANDBOX_KUBERNETES_CRASH_AFTER"
	envMissingAfter       = "SANDBOX_KUBERNETES_MISSING_AFTER"
)

// patience is how long a failure must last, without any progress of the object, before the wait is given up. Whatever
// it allows, the wait ends with the operation's own timeout.
type patience struct {
	certain       time.Duration // refused by admission or quota, image cannot be pulled: nobody will lift it; default 15s
	unschedulable time.Duration // no node fits: nodes may be joining; default 30s
	crashing      time.Duration // containers that end or cannot be configured: what they need may be coming; default 60s
	missing       time.Duration // namespace, definition or API server not there yet; default 30s
}

func patienceFromEnv() patience {
	return patience{
		certain:       durationFrom(envFailAfter, 15*time.Second),
		unschedulable: durationFrom(envUnschedulableAfter, 30*time.Second),
		crashing:      durationFrom(envCrashAfter, time.Minute),
		missing:       durationFrom(envMissingAfter, 30*time.Second),
	}
}

func durationFrom(name string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv(name)); err == nil && d > 0 {
		return d
	}
	return otherwise
}

// class sorts problems by how sure it is that they stay.
type class int

const (
	final         class = iota // the cluster itself has given up: no patience
	refused                    // a controller's pod was refused: by Pod Security, a quota, a limit range, a webhook
	certain                    // will not pass on its own
	unschedulable              // no node fits
	crashing                   // a container ends or cannot start
	hint                       // explains a wait, but ends none: a probe that fails while a program starts
)

func (p patience) of(k class) (limit time.Duration, ends bool) {
	switch k {
	case final:
		return 0, true
	case refused, certain:
		return p.certain, true
	case unschedulable:
		return p.unschedulable, true
	case crashing:
		return p.crashing, true
	}
	return 0, false
}

// problem is one thing that keeps an object from being ready.
type problem struct {
	class class
	text  string
}

// verdict is what one look at an object says.
type verdict struct {
	ready    bool
	progress string // what is waited for: "[1/2] waiting for 3 replicas, 1 available"
	state    string // the same as a fact, for errors: "1 of 3 replicas available"; empty means progress will do
	problems []problem
}

// fact is the state in words that fit after the object's name.
func (v verdict) fact() string {
	if v.state != "" {
		return v.state
	}
	// A progress line leads with its step: [1/2].
	if _, rest, ok := strings.Cut(v.progress, "] "); ok {
		return rest
	}
	return v.progress
}

// flicker is how long a problem may be out of sight and still count as lasting: an image pull changes its state between
// attempts.
const flicker = 10 * time.Second

// vigil remembers over the looks at one object how long each class of problem has lasted.
type vigil struct {
	patience patience
	progress string
	moved    time.Time           // when progress last changed
	first    map[class]time.Time // since when a class is seen
	last     map[class]time.Time
}

func newVigil(p patience, now time.Time) *vigil {
	return &vigil{patience: p, moved: now, first: map[class]time.Time{}, last: map[class]time.Time{}}
}

// overdue takes in a verdict and returns the problems that have lasted too long.
func (v *vigil) overdue(now time.Time, seen verdict) []problem {
	if seen.progress != v.progress {
		v.progress, v.moved = seen.progress, now
	}
	var out []problem
	for _, p := range seen.problems {
		if last, ok := v.last[p.class]; !ok || now.Sub(last) > flicker {
			v.first[p.class] = now
		}
		v.last[p.class] = now
		since := v.first[p.class]
		if since.Before(v.moved) {
			since = v.moved
		}
		if limit, ends := v.patience.of(p.class); ends && now.Sub(since) >= limit {
			out = append(out, p)
		}
	}
	return out
}

package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// module is a set of programs that is built from one pinned Go module.
type module struct {
	title    string // for the operator
	takes    string // about how long the first build takes on two cores
	dir      string // below the checkout
	flags    []string
	packages []string
	makes    []string // the programs' names
}

// heartbeat is how often a long build says that it is still at work.
const heartbeat = 30 * time.Second

// module builds the programs unless their stamp says that these very ones are there.
func (b Builder) module(ctx context.Context, m module) error {
	dir := filepath.Join(b.Source, m.dir)
	want, err := stamp([]string{filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum")},
		append(append([]string{runtime.Version(), runtime.GOOS, runtime.GOARCH}, m.flags...), m.packages...)...)
	if err != nil {
		return err
	}
	if b.fresh(m.makes, want) {
		return nil
	}
	// Built aside and moved into place: a running server keeps its own file.
	staging, err := os.MkdirTemp(b.Bin, ".build-")
	if err != nil {
		return fmt.Errorf("tools: %w", err)
	}
	defer os.RemoveAll(staging)
	out := staging + string(filepath.Separator)
	if len(m.makes) == 1 {
		out = filepath.Join(staging, m.makes[0])
	}
	err = b.long(m.title, m.takes, true, func() ([]byte, error) {
		return goBuild(ctx, dir, append(append([]string{"-o", out}, m.flags...), m.packages...)...)
	})
	if err != nil {
		return err
	}
	for _, name := range m.makes {
		if err := os.Rename(filepath.Join(staging, name), filepath.Join(b.Bin, name)); err != nil {
			return fmt.Errorf("tools: %w", err)
		}
	}
	return b.setStamp(m.makes[0], want)
}

// fresh says whether all of the programs are there and were built with this stamp, which is kept under the first's name.
func (b Builder) fresh(makes []string, want string) bool {
	for _, name := range makes {
		if !exists(filepath.Join(b.Bin, name)) {
			return false
		}
	}
	got, err := os.ReadFile(b.stampPath(makes[0]))
	return err == nil && string(got) == want
}

func (b Builder) stampPath(name string) string { return filepath.Join(b.Bin, ".stamps", name) }

func (b Builder) setStamp(name, value string) error {
	if err := os.MkdirAll(filepath.Join(b.Bin, ".stamps"), 0o755); err != nil {
		return fmt.Errorf("tools: %w", err)
	}
	if err := os.WriteFile(b.stampPath(name), []byte(value), 0o644); err != nil {
		return fmt.Errorf("tools: %w", err)
	}
	return nil
}

// stamp is a hash of files and of what else decides over a build.
func stamp(files []string, more ...string) (string, error) {
	h := sha256.New()
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("tools: %w", err)
		}
		fmt.Fprintf(h, "%d\n%s\n", len(content), content)
	}
	for _, s := range more {
		fmt.Fprintf(h, "%q\n", s)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// long runs a build and, when it is announced, says how it goes. A failed build shows its whole output.
func (b Builder) long(title, takes string, announced bool, build func() ([]byte, error)) error {
	start := time.Now()
	if announced {
		fmt.Fprintf(b.Out, "building %s (about %s the first time) ...\n", title, takes)
		ticker := time.NewTicker(heartbeat)
		done := make(chan struct{})
		defer func() { ticker.Stop(); close(done) }()
		go func() {
			for {
				select {
				case <-done:
					return
				case <-ticker.C:
					fmt.Fprintf(b.Out, "  still building %s (%s)\n", title, time.Since(start).Round(time.Second))
				}
			}
		}()
	}
	output, err := build()
	if err != nil {
		return fmt.Errorf("building %s: %w\n%s", title, err, strings.TrimSpace(string(output)))
	}
	if announced {
		fmt.Fprintf(b.Out, "  built %s in %s\n", title, time.Since(start).Round(time.Second))
	}
	return nil
}

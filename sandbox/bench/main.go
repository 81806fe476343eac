// Command bench measures the sandbox: how long an environment takes to come up, to be looked at again and to go, and how
// that compares with the engine's own work on as many plain resources. Each environment gets a sandbox of its own, which is
// removed afterwards.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/cloudinsight/platform/sandbox/engine"
)

// The limits, on two cores.
const (
	upLimit      = 90 * time.Second
	previewLimit = 15 * time.Second
	ratioLimit   = 1.25
)

var environments = []string{"dev", "staging", "prod"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	checkout, err := os.Getwd()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "cloudinsight-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var measured []environment
	for _, name := range environments {
		fmt.Printf("measuring %s\n", name)
		m, err := measure(ctx, checkout, filepath.Join(dir, name), name)
		if err != nil {
			return err
		}
		fmt.Printf("measuring %d plain resources\n", m.resources)
		if m.plain, err = measurePlain(ctx, checkout, filepath.Join(dir, name+"-plain"), m.resources); err != nil {
			return err
		}
		measured = append(measured, m)
	}
	printTable(measured)
	return nil
}

// environment is what was measured of one environment.
type environment struct {
	name      string
	resources int
	preview   time.Duration // of an environment that is not up
	up        time.Duration // from nothing
	again     time.Duration // with nothing to change
	look      time.Duration // preview with nothing to change
	down      time.Duration
	after     time.Duration // up after down
	engine    times
	plain     times
}

// times are the engine's own, without what the sandbox does around it.
type times struct{ up, again, preview time.Duration }

func measure(ctx context.Context, checkout, root, name string) (m environment, err error) {
	e, err := engine.New(engine.Options{
		ProjectDir: checkout, Root: root, Bin: filepath.Join(checkout, ".sandbox", "bin"), Owner: os.Getpid(),
	})
	if err != nil {
		return m, err
	}
	defer func() {
		// What was measured is taken down; after a failure the control planes at least do not stay.
		_, stopErr := e.Stop(context.WithoutCancel(ctx))
		err = errors.Join(err, stopErr)
	}()
	if _, err := e.Up(ctx, engine.SharedStack); err != nil {
		return m, err
	}
	m.name = name
	var last engine.Result
	for _, step := range []struct {
		run    func(context.Context, string) (engine.Result, error)
		took   *time.Duration
		engine *time.Duration
	}{
		{e.Preview, &m.preview, &m.engine.preview},
		{e.Up, &m.up, &m.engine.up},
		{e.Up, &m.again, &m.engine.again},
		{e.Preview, &m.look, nil},
		{e.Down, &m.down, nil},
		{e.Up, &m.after, nil},
		{e.Down, nil, nil},
	} {
		if last, err = step.run(ctx, name); err != nil {
			return m, err
		}
		if step.took != nil {
			*step.took = last.Duration
		}
		if step.engine != nil {
			*step.engine = last.Engine
		}
		if n := last.Changes["same"]; n > 0 {
			m.resources = n
		}
	}
	return m, nil
}

func printTable(measured []environment) {
	fmt.Printf("\n%d processors, programs built, sandbox empty before\n\n", runtime.NumCPU())
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(title, limit string, value func(environment) string) {
		fmt.Fprintf(w, "%s\t", title)
		for _, m := range measured {
			fmt.Fprintf(w, "%s\t", value(m))
		}
		fmt.Fprintf(w, "%s\t\n", limit)
	}
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
	ratio := func(ours, plain time.Duration) string {
		return fmt.Sprintf("%.1f / %.1f s = %.2f", ours.Seconds(), plain.Seconds(), ours.Seconds()/plain.Seconds())
	}
	row("", "limit", func(m environment) string { return m.name })
	row("resources", "", func(m environment) string { return fmt.Sprint(m.resources) })
	row("preview of nothing", seconds(previewLimit), func(m environment) string { return seconds(m.preview) })
	row("up from nothing", seconds(upLimit), func(m environment) string { return seconds(m.up) })
	row("up, no change", seconds(upLimit), func(m environment) string { return seconds(m.again) })
	row("preview, no change", seconds(previewLimit), func(m environment) string { return seconds(m.look) })
	row("down", "", func(m environment) string { return seconds(m.down) })
	row("up after down", seconds(upLimit), func(m environment) string { return seconds(m.after) })
	limit := fmt.Sprintf("%.2f", ratioLimit)
	row("engine / plain: preview", limit, func(m environment) string { return ratio(m.engine.preview, m.plain.preview) })
	row("engine / plain: no change", limit, func(m environment) string { return ratio(m.engine.again, m.plain.again) })
	row("engine / plain: up", "waits for nodes and pods", func(m environment) string { return ratio(m.engine.up, m.plain.up) })
	w.Flush()
}

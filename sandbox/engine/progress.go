package engine

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"golang.org/x/term"
)

const (
	frame     = 200 * time.Millisecond // how often the live line is drawn
	quiet     = 20 * time.Second       // after so long without a line a plain output says what is still running
	slowAfter = time.Second            // steps that took longer say so
)

// progress shows a run: a line for each resource that was changed, and below it, on a terminal, what is going on.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	width    int // of the terminal; 0 when the output is none
	started  time.Time
	lastLine time.Time
	running  map[string]time.Time // by URN
	done     int
	stop     chan struct{}
	stopped  sync.WaitGroup
}

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, started: time.Now(), lastLine: time.Now(), running: map[string]time.Time{}, stop: make(chan struct{})}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			p.width = width
		}
	}
	p.stopped.Add(1)
	go p.draw()
	return p
}

// begin notes that a step has started.
func (p *progress) begin(m apitype.StepEventMetadata) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if changing(m.Op) {
		p.running[m.URN] = time.Now()
	}
}

// end shows a finished step. what is empty for a step that changed nothing worth a line.
func (p *progress) end(m apitype.StepEventMetadata, mark string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	begun, timed := p.running[m.URN]
	delete(p.running, m.URN)
	p.done++
	if mark == "" || !worthALine(m) {
		return
	}
	took := ""
	if d := time.Since(begun); timed && d >= slowAfter {
		took = fmt.Sprintf(" (%s)", d.Round(100*time.Millisecond))
	}
	p.line("  %s %s%s", mark, label(m.URN), took)
}

// close ends the display.
func (p *progress) close() {
	close(p.stop)
	p.stopped.Wait()
}

func (p *progress) draw() {
	defer p.stopped.Done()
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			p.mu.Lock()
			p.erase()
			p.mu.Unlock()
			return
		case <-ticker.C:
			p.mu.Lock()
			if p.width > 0 {
				p.erase()
				text := fmt.Sprintf("  %s, %d done%s", time.Since(p.started).Round(time.Second), p.done, p.atWork())
				fmt.Fprint(p.out, text[:min(len(text), p.width-1)])
			} else if len(p.running) > 0 && time.Since(p.lastLine) > quiet {
				p.line("  %s, %d done%s", time.Since(p.started).Round(time.Second), p.done, p.atWork())
			}
			p.mu.Unlock()
		}
	}
}

// atWork names what is running, the longest first.
func (p *progress) atWork() string {
	if len(p.running) == 0 {
		return ""
	}
	urns := make([]string, 0, len(p.running))
	for urn := range p.running {
		urns = append(urns, urn)
	}
	slices.SortFunc(urns, func(a, b string) int { return p.running[a].Compare(p.running[b]) })
	names := make([]string, 0, 3)
	for _, urn := range urns[:min(3, len(urns))] {
		names = append(names, fmt.Sprintf("%s %s", label(urn), time.Since(p.running[urn]).Round(time.Second)))
	}
	text := fmt.Sprintf(", %d at work: %s", len(urns), strings.Join(names, ", "))
	if len(urns) > 3 {
		text += ", ..."
	}
	return text
}

func (p *progress) line(format string, args ...any) {
	p.erase()
	fmt.Fprintf(p.out, format+"\n", args...)
	p.lastLine = time.Now()
}

func (p *progress) erase() {
	if p.width > 0 {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// worthALine leaves out what is only bookkeeping of the engine.
func worthALine(m apitype.StepEventMetadata) bool {
	return !strings.HasPrefix(m.Type, "pulumi:") && (isCustom(m.New) || isCustom(m.Old))
}

func isCustom(s *apitype.StepEventStateMetadata) bool { return s != nil && s.Custom }

func changing(op apitype.OpType) bool {
	return op != apitype.OpSame && op != apitype.OpRead && op != apitype.OpRefresh && op != apitype.OpReadDiscard
}

package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

// Severity of a diagnostic.
type Severity string

// The severities, as the engine names them.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Diagnostic is one message about a resource, or about the whole run when URN is empty.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	URN      string   `json:"urn,omitempty"`
	Message  string   `json:"message"`
}

// Failure is a run that the engine refused or did not finish.
type Failure struct {
	Environment string
	Operation   string       // up, preview, refresh or down
	Diagnostics []Diagnostic // what went wrong, at least one
}

// Error lists the problems, grouped by resource.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s failed:", f.Operation, f.Environment)
	last := "-"
	for _, d := range f.Diagnostics {
		if d.URN != last {
			last = d.URN
			if d.URN != "" {
				fmt.Fprintf(&b, "\n  %s", label(d.URN))
			}
		}
		indent := "\n  "
		if d.URN != "" {
			indent = "\n    "
		}
		b.WriteString(indent + strings.ReplaceAll(d.Message, "\n", indent))
	}
	return b.String()
}

// diagnostics collects the messages of a run.
type diagnostics struct {
	list   []Diagnostic
	output []string // lines that the program wrote by itself, such as a stack trace
}

// outputKept is how many of the program's own lines are kept for the report of a crash.
const outputKept = 40

func (d *diagnostics) add(e *apitype.DiagnosticEvent) {
	if e.Ephemeral {
		return
	}
	text := strings.TrimSpace(colors.Never.Colorize(e.Prefix + e.Message))
	switch e.Severity {
	case "error", "warning":
		for _, message := range messages(text) {
			d.append(Diagnostic{Severity: Severity(e.Severity), URN: problemURN(e.URN), Message: message})
		}
	case "info#err":
		if e.URN == "" || strings.Contains(e.URN, "::pulumi:pulumi:Stack::") {
			d.output = append(d.output, text)
			d.output = d.output[max(0, len(d.output)-outputKept):]
		}
	case "info":
		if text != "" {
			d.append(Diagnostic{Severity: Info, URN: problemURN(e.URN), Message: text})
		}
	}
}

// append adds what was not said before.
func (d *diagnostics) append(n Diagnostic) {
	if !slices.Contains(d.list, n) {
		d.list = append(d.list, n)
	}
}

// problemURN leaves the stack itself unnamed: what is said of it is said of the whole run.
func problemURN(urn string) string {
	if strings.Contains(urn, "::pulumi:pulumi:Stack::") {
		return ""
	}
	return urn
}

var (
	// The wrappings that Pulumi puts around an error, in the order in which they are taken off.
	wrappings = regexp.MustCompile(`^(error: |warning: |an unhandled error occurred: |program failed:\s*|` +
		`waiting for RPCs: |rpc error: code = \w+ desc = |1 error occurred:\s*\* )`)
	listHead = regexp.MustCompile(`^\d+ errors occurred:\s*\* `)
	listItem = regexp.MustCompile(`\n\s*\* `)

	// echoes say that something else has failed; they are left out when that is known.
	echoes = regexp.MustCompile(`^(update failed|preview failed|destroy failed|refresh failed|resource monitor shut down.*|` +
		`.*error reading from server: EOF|.*the resource monitor has been shut down.*|.*transport is closing.*|` +
		`.*connection error: desc = "transport:.*|.*marshaling properties: awaiting input property.*|.*code = Unavailable.*|` +
		`.*context canceled|.*the client connection is closing.*)$`)
)

// messages unwraps an error text; a list becomes its items.
func messages(text string) []string {
	text = strings.TrimSpace(text)
	for {
		short := strings.TrimSpace(text[len(wrappings.FindString(text)):])
		if short == text {
			break
		}
		text = short
	}
	if head := listHead.FindString(text); head != "" {
		var all []string
		for _, item := range listItem.Split(text[len(head):], -1) {
			all = append(all, messages(item)...)
		}
		return all
	}
	if text == "" {
		return nil
	}
	return []string{text}
}

// errors are the problems worth showing, those of one resource together.
func (d *diagnostics) errors() []Diagnostic {
	var real, echo []Diagnostic
	for _, n := range d.list {
		switch {
		case n.Severity != Error:
		case echoes.MatchString(n.Message):
			echo = append(echo, n)
		default:
			real = append(real, n)
		}
	}
	if len(real) == 0 {
		real = echo
	}
	for i, n := range real {
		if strings.HasPrefix(n.Message, "program ") {
			// It crashed: what it wrote last says where.
			real[i].Message = strings.Join(append([]string{n.Message}, d.output...), "\n")
		}
	}
	slices.SortStableFunc(real, func(a, b Diagnostic) int { return strings.Compare(a.URN, b.URN) })
	return real
}

// label is a resource as an operator knows it: its type, its name and the component that it belongs to.
func label(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) < 4 {
		return urn
	}
	types := strings.Split(parts[2], "$")
	text := shortType(types[len(types)-1]) + " " + parts[3]
	if len(types) > 1 {
		text += " (in " + shortType(types[len(types)-2]) + ")"
	}
	return text
}

// shortType drops what repeats: aws:ec2/subnet:Subnet is aws:ec2:Subnet.
func shortType(typ string) string {
	parts := strings.Split(typ, ":")
	if len(parts) != 3 {
		return typ
	}
	module, rest, _ := strings.Cut(parts[1], "/")
	if rest != "" && !strings.EqualFold(rest, parts[2]) {
		module = parts[1]
	}
	return parts[0] + ":" + module + ":" + parts[2]
}

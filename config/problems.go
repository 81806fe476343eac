package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problems is everything that is wrong with a configuration, sorted by path.
type Problems []Problem

// Problem is one rule that a configuration breaks.
type Problem struct {
	// Path of the value as the user typed it, such as network.zones[1].
	Path string
	// Text says the rule and what was found instead.
	Text string
}

// Error prints one problem a line.
func (p Problems) Error() string {
	var lines []string
	for _, problem := range p {
		lines = append(lines, fmt.Sprintf("config: %s: %s", problem.Path, problem.Text))
	}
	return strings.Join(lines, "\n")
}

func (p *Problems) add(path, format string, args ...any) {
	*p = append(*p, Problem{Path: path, Text: fmt.Sprintf(format, args...)})
}

func (p Problems) sort() {
	slices.SortFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text, b.Text))
	})
}

// concern says whether a problem is at the path, above it or below it: a value of the wrong type was not read, so what
// the rules say about it would be about the default.
func (p Problems) concern(path string) bool {
	return slices.ContainsFunc(p, func(problem Problem) bool {
		return within(path, problem.Path) || within(problem.Path, path)
	})
}

func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// suggest names what may have been meant, or what there is to choose from.
func suggest(got string, known []string) string {
	best, distance := "", len(got)/3+2
	for _, name := range known {
		if d := editDistance(strings.ToLower(got), strings.ToLower(name)); d < distance {
			best, distance = name, d
		}
	}
	if best != "" {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	return ", known are " + strings.Join(known, ", ")
}

// editDistance counts the letters to insert, delete or replace on the way from a to b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

package main_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/cloudinsight/platform"

type goPackage struct {
	ImportPath, Dir  string
	GoFiles, Imports []string
}

// packages lists the packages of the module.
func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

// room is the first folder of a package path: stacks, components, ...; "" is the program itself.
func room(importPath string) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
	first, _, _ := strings.Cut(rest, "/")
	return first
}

func TestHouse_ArrowsPointOneWay(t *testing.T) {
	allowed := map[string][]string{
		"":           {"stacks"},
		"stacks":     {"apps", "components", "config", "internal"},
		"apps":       {"components", "internal"},
		"components": {"internal"},
		"config":     {"internal"},
		"internal":   {"internal"},
		"sandbox":    {"sandbox", "internal"},
	}
	for _, p := range packages(t) {
		from := room(p.ImportPath)
		require.Contains(t, allowed, from, "%s: a room that the house does not have; draw its arrows here", p.ImportPath)
		for _, imported := range p.Imports {
			to := room(imported)
			if strings.HasPrefix(imported, module) && (to != from || from == "components") {
				assert.Contains(t, allowed[from], to, "%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

func TestHouse_CloudSDKsStayWhereResourcesAreMade(t *testing.T) {
	for _, p := range packages(t) {
		if r := room(p.ImportPath); r == "stacks" || r == "apps" || r == "components" {
			continue
		}
		for _, imported := range p.Imports {
			sdk := regexp.MustCompile(`^github\.com/pulumi/pulumi-(aws|eks|kubernetes)/`).MatchString(imported)
			assert.False(t, sdk, "%s imports %s", p.ImportPath, imported)
		}
	}
}

func TestHouse_EveryPackageHasOneComment(t *testing.T) {
	for _, p := range packages(t) {
		var commented []string
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			require.NoError(t, err)
			if f.Doc != nil {
				commented = append(commented, name)
			}
		}
		assert.Len(t, commented, 1, "%s: package comments in %v", p.ImportPath, commented)
	}
}

// eachFile calls look for every text file that is checked in.
func eachFile(t *testing.T, look func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path == ".git" || path == ".sandbox" || d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".md", ".yaml", ".yml", ".mod", "":
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			look(filepath.ToSlash(path), string(text))
		}
		return nil
	})
	require.NoError(t, err)
}

var makeCommand = regexp.MustCompile("`make ([a-z][a-z-]*)|^make ([a-z][a-z-]*)")

func TestHouse_DocsNameOnlyTargetsAndFilesThatExist(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	require.NoError(t, err)
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	eachFile(t, func(path, text string) {
		if filepath.Ext(path) != ".md" {
			return
		}
		for line := range strings.Lines(text) {
			for _, m := range makeCommand.FindAllStringSubmatch(line, -1) {
				target := m[1] + m[2]
				assert.Regexp(t, `(?m)^`+target+`:`, string(makefile), "%s: make %s", path, target)
			}
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				_, err := os.Stat(filepath.Join(filepath.Dir(path), m[1]))
				assert.NoError(t, err, "%s links to %s", path, m[1])
			}
		}
	})
}

func TestHouse_NothingIsLeftOpen(t *testing.T) {
	open := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	eachFile(t, func(path, text string) {
		assert.False(t, open.MatchString(text), "%s: something is left open: make it an issue", path)
	})
}

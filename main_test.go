package main

import (
	"bytes"
	"cmp"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "holdfast"

// mayImport is the layout: which of our folders each folder may import, besides itself. "" is main.
func mayImport() map[string][]string {
	return map[string][]string{
		"":       {"internal/cli"},
		"views":  {"tui/view", "core", "keymap", "themes", "internal/text"},
		"tui":    {"tui/view", "tui/table", "tui/overlay", "tui/content", "tui/detail", "tui/jobs", "tui/frame", "tui/terminal", "core", "keymap", "themes", "internal/text"},
		"demo":   {"core"},
		"core":   nil,
		"keymap": nil,
		"themes": nil,
		"docs":   {"core", "internal/redistest"}, // the programs of docs/bench.sh and docs/pictures.sh

		"tui/view":     {"core", "keymap", "themes", "internal/text"},
		"tui/table":    {"tui/view", "tui/overlay", "core", "keymap", "themes", "internal/text"},
		"tui/overlay":  {"core", "keymap", "themes", "internal/text"},
		"tui/content":  {"themes", "internal/text"},
		"tui/detail":   {"tui/view", "tui/content", "tui/overlay", "core", "keymap", "themes", "internal/text"},
		"tui/jobs":     {"tui/view", "tui/table", "tui/overlay", "tui/detail", "tui/terminal", "core", "keymap", "internal/text"},
		"tui/frame":    {"tui/view", "tui/table", "themes", "internal/text"},
		"tui/terminal": nil,

		"internal/cli":       {"views", "tui", "tui/view", "demo", "core", "keymap", "themes", "internal/config", "internal/print", "internal/text"},
		"internal/config":    {"views", "tui", "core", "keymap", "themes", "internal/text"},
		"internal/print":     {"core", "internal/text"},
		"internal/text":      nil,
		"internal/redistest": {"core"},
	}
}

// folder is the top-level folder of a package of ours; of one in internal or tui, its folder there.
func folder(pkg string) (name string, ours bool) {
	if pkg == module {
		return "", true
	}
	path, ours := strings.CutPrefix(pkg, module+"/")
	name, rest, _ := strings.Cut(path, "/")
	if below, _, _ := strings.Cut(rest, "/"); below != "" && (name == "internal" || name == "tui") {
		name += "/" + below
	}
	return name, ours
}

// imports of every package that ours need outside their tests, ours among them.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	// A cached result of go test holds until something changes that the test itself looked at: what go list reads is not
	// seen, so look at every folder.
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if path == ".git" && d.IsDir() {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("go", "list", "-deps", "-f", `{{if not .Standard}}{{.ImportPath}} {{join .Imports " "}}{{end}}`, "./...")
	var complaint bytes.Buffer
	list.Stderr = &complaint
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &complaint)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 0 {
			found[fields[0]] = fields[1:]
		}
	}
	return found
}

func TestImportsRunOneWay(t *testing.T) {
	all, allowed := imports(t), mayImport()
	for _, pkg := range slices.Sorted(maps.Keys(all)) {
		from, ours := folder(pkg)
		if !ours {
			continue
		}
		may, known := allowed[from]
		if !known {
			t.Errorf("%s lies outside the layout", pkg)
			continue
		}
		for _, imported := range all[pkg] {
			if to, ours := folder(imported); ours && to != from && !slices.Contains(may, to) {
				t.Errorf("%s imports %s", pkg, imported)
			}
		}
	}
}

// A service that imports core gets no terminal library with it.
func TestCoreNeedsNoTerminal(t *testing.T) {
	all := imports(t)
	seen := map[string]bool{}
	var follow func(path []string)
	follow = func(path []string) {
		pkg := path[len(path)-1]
		if seen[pkg] {
			return
		}
		seen[pkg] = true
		if strings.HasPrefix(pkg, "charm.land/") || strings.HasPrefix(pkg, "github.com/charmbracelet/") {
			t.Errorf("core needs %s", strings.Join(path, " -> "))
			return
		}
		for _, imported := range all[pkg] {
			follow(append(slices.Clip(path), imported))
		}
	}
	for pkg := range all {
		if name, ours := folder(pkg); ours && name == "core" {
			follow([]string{pkg})
		}
	}
	if len(seen) == 0 {
		t.Error("no core was found")
	}
}

func TestTestServersStayInTests(t *testing.T) {
	for pkg, imported := range imports(t) {
		if slices.Contains(imported, module+"/internal/redistest") {
			t.Errorf("%s imports redistest outside its tests", pkg)
		}
	}
}

// maxLines is how many lines a package may have, without its tests: more than that nobody has in mind at once.
const maxLines = 2500

// larger are the packages that may have more. Numbers go down only, and who is below maxLines leaves the list.
func larger() map[string]int {
	return map[string]int{
		"tui":                  3000, // the root model, which joins all the others
		"core/layout":          4500,
		"core/insight":         3000,
		"core/live":            2750,
		"internal/cli":         3250,
		"views":                3000,
		"core/kvstore/redisdb": 2750,
		"core/actorstore":      2750,
	}
}

func TestPackagesStaySmall(t *testing.T) {
	lines := map[string]int{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == ".git" && d.IsDir() { // it is a file in a work tree of its own
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		lines[filepath.ToSlash(filepath.Dir(path))] += bytes.Count(source, []byte("\n"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, n := range lines {
		if may := cmp.Or(larger()[pkg], maxLines); n > may {
			t.Errorf("%s has %d lines without its tests, at most %d are allowed: take a part out that has an idea of its own", pkg, n, may)
		}
	}
	for pkg, may := range larger() {
		if lines[pkg] <= maxLines {
			t.Errorf("%s has %d lines: it needs no place among the larger packages any more", pkg, lines[pkg])
		} else if lines[pkg] <= may-500 {
			t.Errorf("%s has %d lines: lower its number from %d", pkg, lines[pkg], may)
		}
	}
}

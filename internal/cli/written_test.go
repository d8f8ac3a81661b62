package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/core/kvstore"
	"holdfast/internal/config"
	"holdfast/internal/redistest"
)

// writers are the places where the program makes files, and why none of them shows what it should not.
var writers = map[string]string{
	"core/operate/trailfile.go":                "the audit file, escaped as JSON",
	"core/operate/flushfile.go":                "flushed records: JSON as it was stored, all else escaped as JSON",
	"core/files/files.go":                      "opens the log file, whose lines are cleaned",
	"internal/config/filters.go":               "filters, escaped as TOML",
	"internal/cli/internal/replica/replica.go": "the name of a database in its escaped form",
	"core/kvstore/files.go":                    "backups and what is spooled: for programs alone",
	"tui/jobs/edit.go":                         "the document itself, for the editor: what is saved must be what was there",
}

// A file of a new kind must be thought about, too.
func TestWhoWritesFilesIsKnown(t *testing.T) {
	var found []string
	err := fs.WalkDir(os.DirFS(checkout), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "docs", "internal/redistest", "core/kvstore/internal"}, path):
			return filepath.SkipDir
		case d.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(checkout, path), nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, is := n.(*ast.SelectorExpr); is {
				if pkg, is := call.X.(*ast.Ident); is && pkg.Name == "os" && slices.Contains([]string{"Create", "CreateTemp", "OpenFile", "WriteFile"}, call.Sel.Name) {
					found = append(found, path)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if writers[path] == "" {
			t.Errorf("%s makes files: say here what keeps them safe to show", path)
		}
	}
	for path := range writers {
		if !slices.Contains(found, path) {
			t.Errorf("%s makes no files", path)
		}
	}
}

// Whoever reads a file that holdfast writes with cat must not be at the mercy of what strangers stored.
func TestNoFileActsOnATerminal(t *testing.T) {
	s := newServer(t, redistest.Single(t))
	dir := t.TempDir()
	audit := filepath.Join(dir, "audit.jsonl")
	flags := func(more ...string) []string {
		return append(more, "--audit-file", audit, "--log-file", filepath.Join(dir, "log"), "--flush-dir", filepath.Join(dir, "flushed"))
	}
	const documents = `{"n":"` + "\u009b\u202e" + `"}`
	for i, evil := range hostile {
		s.push(t, evil, documents)
		if err := s.c.RPush(ctx, "buf:{text}:list", evil).Err(); err != nil {
			t.Fatal(err)
		}
		s.set(t, "lock:"+evil, evil, 0)
		s.run(t, flags("flush", evil)...).ok(t)
		s.run(t, flags("bump", "ns", evil)...)
		s.run(t, flags("unlock", "lock:"+evil, "--token", evil)...)
		s.run(t, flags("lock", "lock:"+evil, "--ttl", "1h", "--token", evil)...)
		s.put(t, "db", &kvstore.KVPair{Key: []byte{byte('a' + i)}, Value: []byte(evil)})
		if err := redirectLog(filepath.Join(dir, "log")); err != nil {
			t.Fatal(err)
		}
		libraryLog().Printf(ctx, "from %s: %q", evil, evil)
		filters := &config.Filters{Path: filepath.Join(dir, "filters.toml")}
		if err := filters.Save("locks", []string{strings.ToValidUTF8(evil, "?")}); err != nil {
			t.Fatal(err)
		}
		if all, err := filters.Load(); err != nil || all["locks"][0] != strings.ToValidUTF8(evil, "?") {
			t.Errorf("the filter %q became %q, %v", evil, all["locks"], err)
		}
	}
	s.run(t, flags("flush", "text")...).ok(t)
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			kept := strings.Contains(path, "flushed") && line == documents+"\n"
			if r, bad := unsafe(line); bad && !kept {
				t.Errorf("%s has %q: %q", path, r, line)
			}
		}
		if r, bad := unsafe(filepath.Base(path)); bad {
			t.Errorf("the name %q has %q", path, r)
		}
		return nil
	})
	if want := len(hostile) + 4; err != nil || seen != want {
		t.Errorf("%d files were written, want %d: %v", seen, want, err)
	}
}
